"""Looks at calls of kl_div: what their arguments look like, what they returned, and what they should have.

Nothing here runs inside the program's autograd graph or draws a random number.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kldiv.auditing.divergence import divergence, terms
from kldiv.auditing.reading import Calls, Kind
from kldiv.auditing.spaces import Floats, Look, Looks, Numbers, Space, look, looks

# The bits of a float32 that one made of half precision lacks.
_LACKING = ((torch.bfloat16, 0xFFFF), (torch.float16, 0x1FFF))
# A result above this does not come of rounding alone.
_CLOSE = 1e-3


class Observation(NamedTuple):
    """One call looked at. Numbers are those of the rows read; None is what could not be read.

    `input` and `target` begin with what a side's space is and between what its sums lie, as in `Look`.
    `expected` is what the call returns in float64; `divergence` is D(P‖Q), reduced likewise but over
    distributions; `alike` says that the two sides differ by no more than their dtype rounds.
    """

    of: Kind
    outcomes: int
    dim: int = -1
    whole: bool = False
    input_space: Space | None = None
    input_low: float = math.nan
    input_high: float = math.nan
    target_space: Space | None = None
    target_low: float = math.nan
    target_high: float = math.nan
    returned: float | None = None
    expected: float | None = None
    negative: bool = False
    alike: bool = False
    divergence: float | None = None
    masked: bool = False
    unread: str = ""

    @property
    def input(self) -> Look | None:
        """What the input looks like."""
        return self.input_space and Look(self.input_space, self.input_low, self.input_high)

    @property
    def target(self) -> Look | None:
        """What the target looks like."""
        return self.target_space and Look(self.target_space, self.target_low, self.target_high)

    @property
    def distributed(self) -> bool:
        """Whether a side is a distribution along the dimension that was read along."""
        return bool({self.input_space, self.target_space} & {"log-probabilities", "probabilities"})

    @property
    def has_numbers(self) -> bool:
        """Whether both sides are more than NaN and infinities."""
        return not {self.input_space, self.target_space} & {None, "no numbers"}

    @property
    def nonfinite(self) -> bool:
        """Whether the call returned an infinity or NaN."""
        return self.returned is not None and not math.isfinite(self.returned)


def observe(calls: Calls, *, compare: bool) -> list[Observation]:
    """Look at each call; `compare` also computes the divergence of the first that has one."""
    kind, rows = calls.kind, calls.rows
    with np.errstate(all="ignore"):
        sides = (
            *looks(calls.input, _epsilon(calls.input, kind.input_dtype)),
            *_looks_of_target(kind, calls.target),
        )
        columns = (*sides, calls.returned, *_checked(calls))
        seen = [
            Observation(kind, rows.outcomes, rows.dim, rows.all, *each) for each in zip(*columns, strict=True)
        ]
        return _compared(calls, seen) if compare else seen


def _epsilon(numbers: Numbers, dtype: torch.dtype) -> float:
    """How the numbers were rounded: in their own precision, or in a half one if all lack its further bits."""
    if dtype is torch.float32:
        bits = np.bitwise_or.reduce(numbers.view(np.uint32), None)
        for half, lacking in _LACKING:
            if not bits & lacking:
                return torch.finfo(half).eps
    return torch.finfo(dtype).eps


def _looks_of_target(kind: Kind, target: Numbers) -> Looks:
    """What the target of each call looks like; rows of zeros mask what is padded."""
    epsilon = _epsilon(target, kind.target_dtype)
    if kind.log_target or np.logical_and.reduce(target, None):
        return looks(target, epsilon)
    each = [look(_unmasked(rows), epsilon) for rows in target]
    return Looks(*map(list, zip(*each, strict=True)))


def _unmasked(rows: Numbers) -> Numbers:
    used = rows.any(-1)
    return rows[used] if used.any() else rows


def _checked(calls: Calls) -> tuple[list[float | None], list[bool], list[bool]]:
    """Of each call `expected`, `negative` and `alike`.

    The terms are worked out where they can tell: for results that may have lost their digits, or that are
    one for each outcome.
    """
    kind, returned = calls.kind, np.array(calls.returned)
    small = np.abs(returned) < _CLOSE * calls.rows.count
    if not (kind.half or kind.reduction == "none" or small.any()):
        return [None] * len(returned), (returned < 0).tolist(), [False] * len(returned)
    given, target = calls.input.astype(np.float64), calls.target.astype(np.float64)
    each = terms(given, target, log_target=kind.log_target)
    expected = _reduced(each, kind).tolist() if calls.rows.all else [None] * len(returned)
    negative = (each.sum(-1) < 0).any(-1) if kind.reduction == "none" else returned < 0
    alike = (np.abs(returned) < _CLOSE) & _rounded(each, given, target, kind)
    return expected, negative.tolist(), alike.tolist()


def _reduced(each: Floats, kind: Kind) -> Floats:
    """The terms of each call as it reduces them; "none" is added up, as its result is."""
    sums: Floats = each.mean((1, 2)) if kind.reduction == "mean" else each.sum((1, 2))
    return sums / kind.shape[0] if kind.reduction == "batchmean" else sums


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
    used = slice(None) if seen.of.log_target else target.any(-1)
    values = divergence(target[used], seen.target.space, given[used], seen.input.space)
    if not len(values):
        return seen
    of_sum = seen.of.reduction in {"sum", "none"}
    value = values.sum() * (calls.rows.count / calls.rows.read) if of_sum else values.mean()
    return seen._replace(divergence=float(value), masked=len(values) < len(given))
