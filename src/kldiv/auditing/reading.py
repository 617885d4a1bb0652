"""Reads the numbers of a call before the program can change them.

They are read as NumPy arrays, a bounded part of them, so that no mode or profiler of the program sees an
operation more than the reading.
"""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from kldiv.auditing.arguments import Arguments, Options
from kldiv.auditing.spaces import Numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF = frozenset({torch.float16, torch.bfloat16})


class Kind(NamedTuple):
    """What calls that are looked at together share."""

    shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    input_dtype: torch.dtype
    target_dtype: torch.dtype
    result_dtype: torch.dtype
    swapped_gradient: bool
    options: tuple[Any, ...]

    @property
    def dtype(self) -> str:
        """The input's dtype, as it is called."""
        return str(self.input_dtype).removeprefix("torch.")

    @property
    def half(self) -> str:
        """What the half precision of the result is called, or nothing; autocast computes in float32."""
        return str(self.result_dtype).removeprefix("torch.") if self.result_dtype in _HALF else ""

    @property
    def reduction(self) -> str:
        """The reduction that takes effect."""
        return Options(*self.options).reduced_by

    @property
    def legacy(self) -> bool:
        """Whether a deprecated argument decides the reduction."""
        return Options(*self.options).legacy

    @property
    def log_target(self) -> bool:
        """Whether the call says that the target is in logarithms."""
        return bool(Options(*self.options).log_target)


def kind_of(arguments: Arguments, result: Tensor) -> Kind:
    """The kind of a call, which no number decides."""
    given, target, options = arguments
    swapped = target.requires_grad and not given.requires_grad
    return Kind(given.shape, target.shape, given.dtype, target.dtype, result.dtype, swapped, options)


class Rows:
    """Which rows of tensors of one shape are read: all, or some evenly spaced ones.

    A row lies along `dim`, and has `outcomes`; there are `count` of them, of which no more are read than have
    `most` elements, but one.
    """

    def __init__(self, shape: tuple[int, ...], dim: int, most: int) -> None:
        self.shape, self.dim, self.outcomes = shape, dim, shape[dim]
        self.count = math.prod(shape) // self.outcomes
        self.read = min(self.count, max(1, most // self.outcomes))
        self._index: tuple[NDArray[np.int64], ...] | None = None
        others = [size for number, size in enumerate(shape) if number != dim % len(shape)]
        self.layout: tuple[int, ...] = (*others, self.outcomes)
        if self.read < self.count:
            self.layout = (self.read, self.outcomes)
            chosen = np.linspace(0, self.count - 1, self.read).astype(np.int64)
            self._index = tuple(np.unravel_index(chosen, others))

    @property
    def all(self) -> bool:
        """Whether all are read."""
        return self._index is None

    def of(self, tensor: Tensor) -> Numbers:
        """The rows in their `layout`, which may be the tensor's own memory."""
        if tensor.is_cpu and tensor.dtype not in _HALF:
            array: Numbers = tensor.numpy(force=True)
            if self.dim != -1:
                array = np.moveaxis(array, self.dim, -1)
            return array if self._index is None else array[self._index]
        tensor = tensor.detach().movedim(self.dim, -1)
        if self._index is not None:
            tensor = tensor[tuple(torch.from_numpy(each) for each in self._index)]
        numbers: Numbers = (tensor.float() if tensor.dtype in _HALF else tensor).cpu().numpy()
        return numbers


class Calls(NamedTuple):
    """Calls of one kind, with input and target of shape (calls, rows read, outcomes)."""

    kind: Kind
    rows: Rows
    input: Numbers
    target: Numbers
    returned: list[float]

    def along(self, dim: int) -> "Calls":
        """The same numbers, all of which are here, in rows along this dimension."""
        if dim == self.rows.dim:
            return self
        rows = Rows(self.rows.shape, dim, math.prod(self.rows.shape))
        given, target = (self._turned(side, rows) for side in (self.input, self.target))
        return self._replace(rows=rows, input=given, target=target)

    def _turned(self, side: Numbers, rows: "Rows") -> Numbers:
        others = [size for number, size in enumerate(rows.shape) if number != self.rows.dim % len(rows.shape)]
        whole = np.moveaxis(side.reshape(-1, *others, self.rows.outcomes), -1, _axis(self.rows.dim))
        return np.moveaxis(whole, _axis(rows.dim), -1).reshape(-1, rows.read, rows.outcomes)


def _axis(dim: int) -> int:
    """Where a dimension of a call's tensor stands among several calls."""
    return dim if dim < 0 else dim + 1


def single(kind: Kind, rows: Rows, sides: tuple[Tensor, Tensor], returned: float) -> Calls:
    """One call, which is not copied."""
    given, target = (rows.of(side).reshape(1, rows.read, rows.outcomes) for side in sides)
    return Calls(kind, rows, given, target, [returned])


class Batch:
    """Copies of calls of one kind, at most this many of them."""

    def __init__(self, kind: Kind, rows: Rows, most: int) -> None:
        self.kind, self._rows, self._most = kind, rows, most
        self._returned: list[float] = []
        self._input, self._target = (
            np.empty((most, *rows.layout), np.float64 if dtype is torch.float64 else np.float32)
            for dtype in (kind.input_dtype, kind.target_dtype)
        )

    def add(self, sides: tuple[Tensor, Tensor], returned: float) -> bool:
        """Copy a call; the answer is whether there is room for another."""
        number, of = len(self._returned), self._rows.of
        self._input[number], self._target[number] = of(sides[0]), of(sides[1])
        self._returned.append(returned)
        return number + 1 < self._most

    @property
    def calls(self) -> Calls:
        """What has been added."""
        count, rows = len(self._returned), self._rows
        shape = (count, rows.read, rows.outcomes)
        given, target = (side[:count].reshape(shape) for side in (self._input, self._target))
        return Calls(self.kind, rows, given, target, self._returned)


def sides_of(arguments: Arguments) -> tuple[Tensor, Tensor]:
    """Input and target, in one shape."""
    given, target, _ = arguments
    if given.shape == target.shape:
        return given, target
    sides: tuple[Tensor, Tensor] = torch.broadcast_tensors(given.detach(), target.detach())  # type: ignore[no-untyped-call]
    return sides


def number_of(result: Tensor) -> float:
    """What the call returned, added up where it is not one number."""
    return float(result.detach().sum()) if result.ndim else result.item()
