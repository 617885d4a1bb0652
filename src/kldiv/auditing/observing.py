"""Looks at one call of kl_div: what its arguments look like, what it returned, and what it should have.

Nothing here runs inside the program's autograd graph or draws a random number. The arguments are read as
NumPy arrays, a bounded part of them, so that no mode or profiler of the program sees an operation more
than the reading.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from kldiv.auditing.divergence import divergence, terms
from kldiv.auditing.spaces import Floats, Look, look

# Of a larger tensor some rows are read, this many elements or one row.
_ELEMENTS = 1 << 14
# A result above this does not come of rounding alone.
_CLOSE = 1e-3
_REDUCTIONS = ("none", "mean", "sum")
_HALF = frozenset({torch.float16, torch.bfloat16})
_EPSILON = {dtype: torch.finfo(dtype).eps for dtype in (torch.float64, torch.float32, *_HALF)}


class Arguments(NamedTuple):
    """The arguments of F.kl_div, by its names and in its order."""

    input: Tensor
    target: Tensor
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str | int = "mean"
    log_target: bool = False

    @property
    def legacy(self) -> bool:
        """Whether a deprecated argument decides the reduction."""
        return self.size_average is not None or self.reduce is not None

    @property
    def reduced_by(self) -> str:
        """The reduction that takes effect; torch.kl_div numbers them."""
        if self.legacy:
            averaged = "mean" if self.size_average is not False else "sum"
            return averaged if self.reduce is not False else "none"
        return self.reduction if isinstance(self.reduction, str) else _REDUCTIONS[self.reduction]


class Observation(NamedTuple):
    """One call looked at. Numbers are those of the rows read; None is what could not be read.

    `expected` is what the call returns in float64; `divergence` is D(P‖Q), reduced likewise but over
    distributions; `alike` says that the two sides differ by no more than their dtype rounds.
    """

    shape: tuple[int, ...]
    outcomes: int
    dtype: str
    half: bool
    reduction: str
    legacy: bool
    log_target: bool
    swapped_gradient: bool
    input: Look | None = None
    target: Look | None = None
    returned: float | None = None
    expected: float | None = None
    divergence: float | None = None
    nonfinite: bool = False
    negative: bool = False
    whole: bool = False
    masked: bool = False
    alike: bool = False
    unread: str = ""


def observe(arguments: Arguments, result: Tensor, *, compare: bool) -> Observation:
    """Look at one call and its result; `compare` also computes the divergence, which costs more."""
    unread = _unreadable(arguments)
    if unread:
        return _observation(arguments, -1, unread=unread)
    with torch._C.DisableTorchFunction(), np.errstate(all="ignore"):
        return _read(arguments, result, compare=compare)


def _observation(arguments: Arguments, dim: int, **read: object) -> Observation:
    given = arguments.input
    return Observation(
        shape=tuple(given.shape),
        outcomes=given.shape[dim] if given.ndim else 1,
        dtype=str(given.dtype).removeprefix("torch."),
        half=given.dtype in _HALF,
        reduction=arguments.reduced_by,
        legacy=arguments.legacy,
        log_target=bool(arguments.log_target),
        swapped_gradient=arguments.target.requires_grad and not given.requires_grad,
        **read,  # type: ignore[arg-type]
    )


def _unreadable(arguments: Arguments) -> str:
    """Why the numbers can't be read, or nothing."""
    if torch._C._is_tracing() or torch._C._len_torch_dispatch_stack():
        return "while PyTorch traces or another tool watches"
    return _unreadable_tensor(arguments.input) or _unreadable_tensor(arguments.target)


def _unreadable_tensor(tensor: Tensor) -> str:
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return "inside a torch.func transform"
    if type(tensor) not in {Tensor, torch.nn.Parameter}:
        return f"of type {type(tensor).__name__}"
    if tensor.is_meta or tensor.layout != torch.strided or tensor.dtype not in _EPSILON:
        return "without readable floating-point values"
    if not tensor.numel() or not tensor.ndim:
        return "without outcomes"
    capturing = tensor.is_cuda and torch.cuda.is_current_stream_capturing()
    return "captured in a CUDA graph" if capturing else ""


def _read(arguments: Arguments, result: Tensor, *, compare: bool) -> Observation:
    given, target = arguments.input.detach(), arguments.target.detach()
    if given.shape != target.shape:
        given, target = torch.broadcast_tensors(given, target)  # type: ignore[no-untyped-call]
    dim, sides, looks = _event_dimension(given, target, log_target=arguments.log_target)
    whole = sides[0].size == given.numel()
    returned = float(result.detach().sum()) if result.ndim else result.item()
    each = terms(*sides, log_target=arguments.log_target)
    kl = None
    if compare:
        used = slice(None) if arguments.log_target else sides[1].any(-1)
        kl = _divergence((sides[0][used], sides[1][used]), looks)
    rows = given.numel() // given.shape[dim]
    negative = bool((each.sum(-1) < 0).any()) if arguments.reduced_by == "none" else returned < 0
    return _observation(
        arguments,
        dim,
        input=looks[0],
        target=looks[1],
        returned=returned,
        expected=_reduced(each, arguments.reduced_by, given.shape[0]) if whole else None,
        divergence=_reduced_over_rows(kl, arguments.reduced_by, rows / len(sides[0])),
        nonfinite=not math.isfinite(returned),
        negative=negative,
        whole=whole,
        masked=kl is not None and len(kl) < len(sides[0]),
        alike=abs(returned) < _CLOSE and _alike(each, sides, arguments),
    )


def _alike(each: Floats, sides: tuple[Floats, Floats], arguments: Arguments) -> bool:
    """Whether every term is what rounding a logarithm makes of 0."""
    given, target = sides
    p = np.exp(target) if arguments.log_target else target
    rounding = 4 * _EPSILON[arguments.input.dtype] * p * (1 + np.abs(given))
    return bool((np.abs(each) <= rounding).all())


def _event_dimension(
    given: Tensor, target: Tensor, *, log_target: bool
) -> tuple[int, tuple[Floats, Floats], tuple[Look, Look]]:
    """The dimension along which a side is a distribution, the last if none is; the rows read, and looks."""
    first = None
    for dim in (-1, *range(given.ndim - 1)):
        sides = _rows(given, dim), _rows(target, dim)
        looks = (
            look(sides[0], _EPSILON[given.dtype]),
            look(_unmasked(sides[1], log_target=log_target), _EPSILON[target.dtype]),
        )
        first = first or (dim, sides, looks)
        if any(each.space in {"log-probabilities", "probabilities"} for each in looks):
            return dim, sides, looks
    assert first is not None  # noqa: S101 (a tensor has a dimension here)
    return first


def _rows(tensor: Tensor, dim: int) -> Floats:
    """Some rows along a dimension, evenly spaced, as float64."""
    if dim != -1:
        tensor = tensor.movedim(dim, -1)
    outcomes = tensor.shape[-1]
    most = max(1, _ELEMENTS // outcomes)
    count = tensor.numel() // outcomes
    if count > most:
        chosen = np.linspace(0, count - 1, most).astype(np.int64)
        index = tuple(torch.from_numpy(each) for each in np.unravel_index(chosen, tensor.shape[:-1]))
        tensor = tensor[index]
    array = (tensor.float() if tensor.dtype in _HALF else tensor).cpu().numpy()
    return array.astype(np.float64).reshape(-1, outcomes)


def _unmasked(rows: Floats, *, log_target: bool) -> Floats:
    """The rows without those that are all 0, by which a target masks padding."""
    if log_target or np.logical_and.reduce(rows, None):
        return rows
    used = rows.any(-1)
    return rows[used] if used.any() else rows


def _divergence(sides: tuple[Floats, Floats], looks: tuple[Look, Look]) -> Floats | None:
    if "no numbers" in {each.space for each in looks}:
        return None
    given, target = sides
    return divergence(target, looks[1].space, given, looks[0].space)


def _reduced(each: Floats, reduction: str, batch: int) -> float:
    """The terms as the call reduces them; "none" is added up, as its result is."""
    if reduction == "mean":
        return float(each.mean())
    return float(each.sum()) / (batch if reduction == "batchmean" else 1)


def _reduced_over_rows(values: Floats | None, reduction: str, share: float) -> float | None:
    """Divergences as `kldiv.kl` reduces them; all are `share` times as many as these, which are read."""
    if values is None or not len(values):
        return None
    return float(values.sum()) * share if reduction in {"sum", "none"} else float(values.mean())
