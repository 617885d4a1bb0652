"""What a tensor holds, said by its type: Logits, LogProbs, Probs or Counts.

A bare array is refused everywhere, because nothing about its numbers tells log-probabilities from
logits for sure. Each wrapper takes a tensor, an array or a (nested) list; lists become float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, SupportsIndex

import numpy as np
import torch
from torch import Tensor

from kldiv.errors import InputTypeError, InvalidInputError, ShapeError

_FLOATING = frozenset({torch.float64, torch.float32, torch.bfloat16, torch.float16})

ArrayLike = Tensor | np.ndarray[Any, Any] | Sequence[Any]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Distribution:
    """Values and the dimension that runs over the outcomes; use one of its four kinds.

    Args:
        values: a tensor, array or nested list of at least one dimension.
        dim: the event dimension, the one that runs over the outcomes.
        validate: check the values once, here. False skips the check: for a hot loop, a captured graph,
            or `torch.func.vmap`, where reading values back costs or is impossible.

    Raises:
        InputTypeError: not a dense array of real numbers, or of a dtype this kind can't have.
        ShapeError: no dimension, no such dimension, or no outcome along it.
        InvalidInputError: values that this kind can't have; the message has the first of them.
    """

    values: Tensor
    dim: int
    space: ClassVar[str]
    """What the values are, as the kernels call it."""
    integers: ClassVar[bool] = False

    def __init__(self, values: ArrayLike, dim: SupportsIndex = -1, *, validate: bool = True) -> None:
        kind = type(self)
        tensor = _floating(values, kind.__name__, integers=kind.integers)
        shape = tensor.shape
        if type(dim) is not int or not -len(shape) <= dim < len(shape) or not shape[dim]:
            dim = _checked_dim(tensor, dim, kind.__name__)
        # A frozen instance has no other way to be made.
        fields = self.__dict__
        fields["values"], fields["dim"] = tensor, dim
        if validate and kind._validate is not Distribution._validate:
            self._validate_readable(tensor.detach().movedim(dim, -1))

    def _validate_readable(self, rows: Tensor) -> None:
        """Validate; PyTorch's own error for values that can't be read says nothing of how to go on."""
        try:
            self._validate(rows)
        except RuntimeError as error:
            kind, reason = type(self).__name__, str(error).partition(". ")[0]
            raise InvalidInputError(
                f"{kind} can't read its values to check them ({reason}); write {kind}(values, validate=False)"
            ) from error

    def _validate(self, rows: Tensor) -> None:
        """Raise if `rows`, the values with the event dimension last, can't be of this kind."""

    def __repr__(self) -> str:
        shape, dtype = tuple(self.values.shape), self.values.dtype
        return f"{type(self).__name__}(shape={shape}, dtype={dtype}, dim={self.dim})"


class Logits(Distribution):
    """Unnormalised log-probabilities: softmax over `dim` gives the distribution.

    −∞ is an outcome of probability 0. A row without a finite logit, or with a NaN or +∞, is no
    distribution and its results are NaN, as softmax's are.

    Example:
        >>> Logits([0.0, 1.0, -1.0])
        Logits(shape=(3,), dtype=torch.float64, dim=-1)
    """

    space = "logits"


class LogProbs(Distribution):
    """Natural logarithms of probabilities, as `log_softmax` gives them; −∞ is probability 0.

    Example:
        >>> LogProbs(torch.log_softmax(torch.zeros(2, 4), -1))
        LogProbs(shape=(2, 4), dtype=torch.float32, dim=-1)
    """

    space = "log_probs"

    def _validate(self, rows: Tensor) -> None:
        _refuse(rows, rows.isnan(), "LogProbs", "is not a number", "a number <= 0")
        slack = _tolerance(rows)
        _refuse(
            rows, rows > slack, "LogProbs", "is positive", "a logarithm <= 0; Logits(...) takes any number"
        )
        _check_sum(in_double(rows).exp(), slack, "LogProbs", "their exponentials", "Logits(...) normalises")


class Probs(Distribution):
    """Probabilities: >= 0 and of sum 1, to what the dtype's epsilon makes of the softmax of so many.

    Example:
        >>> Probs([0.4, 0.4, 0.2])
        Probs(shape=(3,), dtype=torch.float64, dim=-1)
    """

    space = "probs"
    integers: ClassVar[bool] = True

    def _validate(self, rows: Tensor) -> None:
        _refuse(rows, rows.isnan(), "Probs", "is not a number", "a number between 0 and 1")
        _refuse(
            rows, rows < 0, "Probs", "is negative", "a number between 0 and 1; Logits(...) takes any number"
        )
        _check_sum(in_double(rows), _tolerance(rows), "Probs", "the probabilities", "Counts(...) normalises")


class Counts(Distribution):
    """Non-negative weights, such as counts; divided by their sum over `dim`, which must be positive.

    Example:
        >>> Counts([2, 2, 1])
        Counts(shape=(3,), dtype=torch.float64, dim=-1)
    """

    space = "counts"
    integers: ClassVar[bool] = True

    def _validate(self, rows: Tensor) -> None:
        finite = "a finite number >= 0"
        _refuse(rows, ~rows.isfinite(), "Counts", "is not finite", finite)
        _refuse(rows, rows < 0, "Counts", "is negative", finite)
        empty = in_double(rows).sum(-1) <= 0
        if bool(empty.any()):
            raise InvalidInputError(
                f"Counts{_row_name(empty)} sums to 0; expected at least one positive count in each row"
            )


def in_double(values: Tensor) -> Tensor:
    """In double precision; in single on Apple's GPUs, which have no double."""
    return values.float() if values.device.type == "mps" else values.double()


def _floating(values: object, kind: str, *, integers: bool) -> Tensor:
    """`values` as a floating-point tensor; integers become float64 where the kind may have them."""
    tensor = values if isinstance(values, Tensor) else _from_array(values, kind)
    if tensor.layout is not torch.strided or tensor.is_nested:
        raise _not_dense(tensor, kind)
    if tensor.dtype in _FLOATING:
        return tensor
    if integers and not tensor.is_complex() and not tensor.is_floating_point() and tensor.dtype != torch.bool:
        return in_double(tensor)
    hint = ""
    if not tensor.is_complex() and tensor.dtype != torch.bool:
        hint = f"; write {kind}(values.float())" if isinstance(values, Tensor) else ", 1.0 rather than 1"
    raise InputTypeError(
        f"{kind} got {str(tensor.dtype).removeprefix('torch.')} values of shape {tuple(tensor.shape)}; "
        f"expected floating-point values{hint}"
    )


def _not_dense(tensor: Tensor, kind: str) -> InputTypeError:
    if tensor.is_nested:
        return InputTypeError(
            f"{kind} got a nested tensor; expected rows of one length, "
            "write torch.nested.to_padded_tensor(values, padding) with what the missing outcomes are"
        )
    layout = str(tensor.layout).removeprefix("torch.").removeprefix("_")
    return InputTypeError(
        f"{kind} got a tensor of layout {layout}; expected a dense one, write {kind}(values.to_dense())"
    )


def _from_array(values: object, kind: str) -> Tensor:
    array, name = _array_of(values, kind), type(values).__name__
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:  # noqa: PLR2004 (bytes of a float64)
        hint = ', write values.astype("float64")' if hasattr(values, "astype") else ""
        raise InputTypeError(
            f"{kind} got {name} of {array.dtype} values; expected numbers of at most 64 bits in a tensor, "
            f"array or list{hint}"
        )
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))


def _array_of(values: object, kind: str) -> np.ndarray[Any, Any]:
    if isinstance(values, Distribution):
        raise InputTypeError(f"{kind} got {values!r}, which says already what it holds; expected an array")
    if isinstance(values, np.ma.MaskedArray):
        raise InputTypeError(
            f"{kind} got a masked array; expected a plain one, write values.filled(...) with what "
            "the masked outcomes are"
        )
    try:
        return np.array(values)
    except (ValueError, TypeError, RuntimeError) as error:
        name = type(values).__name__
        reason = f"{name} that is no rectangular array: {error}"
        if isinstance(values, list | tuple) and any(isinstance(each, Tensor) for each in values):
            reason = f"{name} of tensors; write {kind}(torch.stack(values)), which keeps their gradients"
        raise InputTypeError(f"{kind} got {reason}") from error


def _checked_dim(tensor: Tensor, dim: SupportsIndex, kind: str) -> int:
    shape = tuple(tensor.shape)
    if tensor.ndim == 0:
        raise ShapeError(f"{kind} got a single number; expected a dimension that runs over the outcomes")
    number = dim.__index__() if hasattr(dim, "__index__") and not isinstance(dim, bool) else tensor.ndim
    if not -tensor.ndim <= number < tensor.ndim:
        raise ShapeError(
            f"{kind} got dim={dim!r} for values of shape {shape}; "
            f"expected a whole number from {-tensor.ndim} to {tensor.ndim - 1}"
        )
    if tensor.shape[number] == 0:
        raise ShapeError(f"{kind} got values of shape {shape}; expected at least one outcome along dim {dim}")
    return number


def _tolerance(rows: Tensor) -> float:
    """How far from 1 a sum may be: n rounded terms, of logarithms up to log n, in the values' own dtype.

    PyTorch's softmax divides by a sum that it adds up in 16 places at most, in single precision for what is
    shorter: of a million terms that sum is off by 1e-4, a third of what is allowed for.
    """
    size, eps = rows.shape[-1], torch.finfo(rows.dtype).eps
    summing = min(eps, torch.finfo(torch.float32).eps) * size / 512
    return 4 * eps * (1 + math.log(size)) + summing


def _refuse(rows: Tensor, bad: Tensor, kind: str, what: str, expected: str) -> None:
    """Raise with the first bad value and its index, if there is one."""
    if bool(bad.any()):
        index = tuple(int(i) for i in bad.nonzero()[0])
        where = f"outcome {index[-1]}" + (f" of row {_index(index[:-1])}" if index[:-1] else "")
        raise InvalidInputError(
            f"{kind}: {where} is {rows[index].item():.6g}, which {what}; expected {expected}"
        )


def _check_sum(probabilities: Tensor, tolerance: float, kind: str, of: str, otherwise: str) -> None:
    """Raise with the first row whose sum is not 1 to within `tolerance`."""
    sums = probabilities.sum(-1)
    bad = ~((sums - 1).abs() <= tolerance)
    if bool(bad.any()):
        seen = sums[bad][0].item()
        raise InvalidInputError(
            f"{kind}{_row_name(bad)}: {of} sum to {_distinct_from_one(seen)}; "
            f"expected 1 ± {tolerance:.1g} ({otherwise} instead, validate=False skips this check)"
        )


def _distinct_from_one(number: float) -> str:
    """Enough digits to tell the sum from 1."""
    short = f"{number:.6g}"
    return short if float(short) != 1 else repr(number)


def _row_name(bad: Tensor) -> str:
    """' row i' for the first bad row of a batch, nothing where there is no batch."""
    return f" row {_index(tuple(int(i) for i in bad.nonzero()[0]))}" if bad.ndim else ""


def _index(index: tuple[int, ...]) -> str:
    return str(index[0]) if len(index) == 1 else str(index)
