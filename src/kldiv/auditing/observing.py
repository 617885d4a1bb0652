"""Looks at calls of kl_div: what their arguments look like, what they returned, and what they should have.

Nothing here runs inside the program's autograd graph or draws a random number.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kldiv.auditing.divergence import divergence, rounded_terms, terms, to_half
from kldiv.auditing.reading import Calls, Dims, Kind
from kldiv.auditing.spaces import Floats, Look, Numbers, Space, look, looks

# The bits of a float32 that one made of half precision lacks.
_LACKING = ((torch.bfloat16, 0xFFFF), (torch.float16, 0x1FFF))
# A result above this does not come of rounding alone.
_CLOSE = 1e-3
_PERHAPS = 0.5
_MASKED = Look("masked", math.nan, math.nan)


class Observation(NamedTuple):
    """One call looked at. Numbers are those of the rows read; None is what could not be read.

    `input` and `target` begin with what a side's space is and between what its sums lie, as in `Look`.
    `computed` is what the call returned, or of half precision what it makes of the rows read; `expected` is
    the same in float64; `least` is the result, or the least sum over the outcomes of one that is not reduced;
    `divergence` is D(P‖Q), reduced likewise but over distributions; `alike` says that
    the two sides differ by no more than their dtype rounds.
    """

    of: Kind
    outcomes: int
    dims: Dims = (-1,)
    rows: int = 1
    rows_read: int = 1
    input_space: Space | None = None
    input_low: float = math.nan
    input_high: float = math.nan
    target_space: Space | None = None
    target_low: float = math.nan
    target_high: float = math.nan
    returned: float | None = None
    computed: float | None = None
    expected: float | None = None
    least: float | None = None
    alike: bool = False
    divergence: float | None = None
    masked: bool = False
    unread: str = ""

    @property
    def whole(self) -> bool:
        """Whether all its rows were read."""
        return self.rows_read == self.rows

    @property
    def input(self) -> Look | None:
        """What the input looks like."""
        return self.input_space and Look(self.input_space, self.input_low, self.input_high)

    @property
    def target(self) -> Look | None:
        """What the target looks like."""
        return self.target_space and Look(self.target_space, self.target_low, self.target_high)

    @property
    def distributions(self) -> float:
        """How many sides are distributions along the dimensions read along.

        Where all is masked there may be some; and one side alone may sum to 1 along several dimensions
        because its other rows are masked.
        """
        if self.target_space == "masked":
            return _PERHAPS
        sides = self.input_space, self.target_space
        number = sum(space in {"log-probabilities", "probabilities"} for space in sides)
        return number if len(self.dims) == 1 or number != 1 else _PERHAPS / 2

    @property
    def distributed(self) -> bool:
        """Whether a side is one, or nothing says that none is."""
        return self.distributions > 0

    @property
    def has_numbers(self) -> bool:
        """Whether both sides are more than NaN and infinities."""
        return not {self.input_space, self.target_space} & {None, "no numbers", "masked"}

    @property
    def nonfinite(self) -> bool:
        """Whether the call returned an infinity or NaN."""
        return self.returned is not None and not math.isfinite(self.returned)


def observe(calls: Calls, *, compare: bool) -> list[Observation]:
    """Look at each call; `compare` also computes the divergence of the first that has one."""
    kind, rows = calls.kind, calls.rows
    with np.errstate(all="ignore"):
        columns = (*_looks_of(calls), calls.returned, *_checked(calls))
        of_all = (kind, rows.outcomes, rows.dims, rows.count, rows.read)
        seen = [Observation(*of_all, *each) for each in zip(*columns, strict=True)]
        return _compared(calls, seen) if compare else seen


def _epsilon(numbers: Numbers, dtype: torch.dtype) -> float:
    """How the numbers were rounded: in their own precision, or in a half one if all lack its further bits."""
    if dtype is torch.float32:
        bits = np.bitwise_or.reduce(numbers.view(np.uint32), None)
        for half, lacking in _LACKING:
            if not bits & lacking:
                return torch.finfo(half).eps
    return torch.finfo(dtype).eps


def _looks_of(calls: Calls) -> tuple[list[Any], ...]:
    """What input and target of each call look like, a column each of what a `Look` holds."""
    given, target, kind = calls.input, calls.target, calls.kind
    epsilons = _epsilon(given, kind.input_dtype), _epsilon(target, kind.target_dtype)
    if np.logical_and.reduce(target, None):
        return (*looks(given, epsilons[0]), *looks(target, epsilons[1]))
    each = [
        (*look(given[number][used], epsilons[0]), *look(target[number][used], epsilons[1]))
        if used.any()
        else (*_MASKED, *_MASKED)
        for number, used in enumerate(_used(calls))
    ]
    return tuple(map(list, zip(*each, strict=True)))


def _used(calls: Calls) -> NDArray[np.bool]:
    """Of each call which rows count: those of zeros alone mask what is padded."""
    used: NDArray[np.bool] = np.logical_or.reduce(calls.target, -1)
    if calls.kind.log_target:
        used |= np.logical_or.reduce(calls.input, -1)
    return used


def _checked(calls: Calls) -> tuple[list[Any], ...]:
    """Of each call `computed`, `expected`, `least` and `alike`.

    The terms are worked out where they can tell: for results that may have lost their digits, or that are
    one for each outcome.
    """
    kind, returned = calls.kind, np.array(calls.returned)
    small = np.abs(returned) < _CLOSE * calls.rows.count
    if not (kind.half or kind.reduction == "none" or small.any()):
        return calls.returned, [None] * len(returned), calls.returned, [False] * len(returned)
    given, target = calls.input.astype(np.float64), calls.target.astype(np.float64)
    each = terms(given, target, log_target=kind.log_target)
    least = each.sum(-1).min(-1).tolist() if kind.reduction == "none" else calls.returned
    alike = (np.abs(returned) < _CLOSE) & _rounded(each, given, target, kind)
    return *_computed(calls, each), least, alike.tolist()


def _computed(calls: Calls, each: Floats) -> tuple[list[Any], list[Any]]:
    """What each call makes of the rows read, and what it would in float64: not of a part in float32."""
    half = calls.kind.half
    if calls.rows.all:
        return calls.returned, _reduced(each, calls).tolist()
    if not half:
        return calls.returned, [None] * len(each)
    rounded = rounded_terms(calls.input, calls.target, half, log_target=calls.kind.log_target)
    sums, divisor = rounded.sum((1, 2)), np.float32(_divisor(calls))
    if calls.kind.reduction == "batchmean":  # PyTorch divides the rounded sum; a mean it rounds once
        sums = to_half(sums, half)
    return to_half(sums / divisor, half).tolist(), _reduced(each, calls).tolist()


def _reduced(each: Floats, calls: Calls) -> Floats:
    """The terms of each call as it reduces them; "none" is added up, as its result is."""
    sums: Floats = each.sum((1, 2))
    return sums / _divisor(calls)


def _divisor(calls: Calls) -> float:
    """What a sum over the rows read is divided by."""
    kind, rows = calls.kind, calls.rows
    if kind.reduction == "mean":
        return rows.read * rows.outcomes
    return kind.shape[0] * rows.read / rows.count if kind.reduction == "batchmean" else 1


def _rounded(each: Floats, given: Floats, target: Floats, kind: Kind) -> NDArray[np.bool]:
    """Whether every term is what rounding a logarithm makes of 0."""
    p = np.exp(target) if kind.log_target else target
    rounding = 4 * torch.finfo(kind.input_dtype).eps * p * (1 + np.abs(given))
    alike: NDArray[np.bool] = np.logical_and.reduce(np.abs(each) <= rounding, (1, 2))
    return alike


def _compared(calls: Calls, seen: list[Observation]) -> list[Observation]:
    """The same, the first whose sides hold numbers with D(P‖Q)."""
    for number, each in enumerate(seen):
        compared = _with_divergence(each, calls, number)
        if compared.divergence is not None:
            return [*seen[:number], compared, *seen[number + 1 :]]
    return seen


def _with_divergence(seen: Observation, calls: Calls, number: int) -> Observation:
    if seen.input is None or seen.target is None or not seen.has_numbers:
        return seen
    given, target = calls.input[number].astype(np.float64), calls.target[number].astype(np.float64)
    used = _used(calls)[number]
    values = divergence(target[used], seen.target.space, given[used], seen.input.space)
    of_sum = seen.of.reduction in {"sum", "none"}
    value = values.sum() * (calls.rows.count / calls.rows.read) if of_sum else values.mean()
    return seen._replace(divergence=float(value), masked=len(values) < len(given))
