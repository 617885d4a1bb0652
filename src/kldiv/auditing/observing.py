"""Looks at calls of kl_div: what their arguments look like, what they returned, and what they should have.

Nothing here runs inside the program's autograd graph or draws a random number.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kldiv.auditing.divergence import divergence, terms
from kldiv.auditing.reading import Batch, Kind, Large, Sides
from kldiv.auditing.spaces import Floats, Look, Looks, Space, look, looks

# A result above this does not come of rounding alone.
_CLOSE = 1e-3
_DISTRIBUTIONS = frozenset({"log-probabilities", "probabilities"})


class Observation(NamedTuple):
    """One call looked at. Numbers are those of the rows read; None is what could not be read.

    `input` and `target` begin with what a side's space is and between what its sums lie, as in `Look`.
    `expected` is what the call returns in float64; `divergence` is D(P‖Q), reduced likewise but over
    distributions; `alike` says that the two sides differ by no more than their dtype rounds.
    """

    of: Kind
    outcomes: int
    dim: int = -1
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
    def nonfinite(self) -> bool:
        """Whether the call returned an infinity or NaN."""
        return self.returned is not None and not math.isfinite(self.returned)


def observe(calls: Batch | Large, *, compare: bool) -> list[Observation]:
    """Look at the calls of a batch; `compare` also computes the divergence of the first that has one."""
    with torch._C.DisableTorchFunction(), np.errstate(all="ignore"):
        seen = _along(calls, -1)
        for dim in range(calls.dimensions - 1):
            if all(map(_is_distribution, seen)):
                break
            further = _along(calls, dim)
            seen = [
                a if _is_distribution(a) or not _is_distribution(b) else b
                for a, b in zip(seen, further, strict=True)
            ]
        return _compared(calls, seen) if compare else seen


def _is_distribution(seen: Observation) -> bool:
    """Whether a side sums to 1 along the dimension that it was read along."""
    return seen.input_space in _DISTRIBUTIONS or seen.target_space in _DISTRIBUTIONS


def _along(calls: Batch | Large, dim: int) -> list[Observation]:
    """What is seen of each call if its outcomes lie along `dim`."""
    kind, sides, returned = calls.kind, calls.sides(dim), np.array(calls.returned)
    each = terms(sides.input, sides.target, log_target=kind.log_target)
    whole = sides.input.shape[1] == sides.rows
    negative = (each.sum(-1) < 0).any(-1) if kind.reduction == "none" else returned < 0
    columns = (
        *looks(sides.input, torch.finfo(kind.input_dtype).eps),
        *_looks_of_target(kind, sides.target),
        calls.returned,
        _reduced(each, kind).tolist() if whole else [None] * len(returned),
        negative.tolist(),
        _alike(returned, each, sides, kind).tolist(),
    )
    outcomes = sides.input.shape[-1]
    return [Observation(kind, outcomes, dim, *one) for one in zip(*columns, strict=True)]


def _looks_of_target(kind: Kind, calls: Floats) -> Looks:
    """What the target of each call looks like; rows of zeros mask what is padded."""
    epsilon = torch.finfo(kind.target_dtype).eps
    if kind.log_target or np.logical_and.reduce(calls, None):
        return looks(calls, epsilon)
    each = [look(_unmasked(rows), epsilon) for rows in calls]
    return Looks(*map(list, zip(*each, strict=True)))


def _unmasked(rows: Floats) -> Floats:
    used = rows.any(-1)
    return rows[used] if used.any() else rows


def _reduced(each: Floats, kind: Kind) -> Floats:
    """The terms of each call as it reduces them; "none" is added up, as its result is."""
    sums: Floats = each.mean((1, 2)) if kind.reduction == "mean" else each.sum((1, 2))
    return sums / kind.shape[0] if kind.reduction == "batchmean" else sums


def _alike(returned: Floats, each: Floats, sides: Sides, kind: Kind) -> NDArray[np.bool]:
    """Whether every term is what rounding a logarithm makes of 0."""
    small = np.abs(returned) < _CLOSE
    if small.any():
        p = np.exp(sides.target) if kind.log_target else sides.target
        rounding = 4 * torch.finfo(kind.input_dtype).eps * p * (1 + np.abs(sides.input))
        small &= (np.abs(each) <= rounding).all((1, 2))
    return small


def _compared(calls: Batch | Large, seen: list[Observation]) -> list[Observation]:
    """The same, the first whose sides hold numbers with D(P‖Q)."""
    for number, each in enumerate(seen):
        compared = _with_divergence(each, calls.sides(each.dim), number)
        if compared.divergence is not None:
            return [*seen[:number], compared, *seen[number + 1 :]]
    return seen


def _with_divergence(seen: Observation, sides: Sides, number: int) -> Observation:
    if seen.input is None or seen.target is None or "no numbers" in {seen.input.space, seen.target.space}:
        return seen
    given, target = sides.input[number], sides.target[number]
    used = slice(None) if seen.of.log_target else target.any(-1)
    values = divergence(target[used], seen.target.space, given[used], seen.input.space)
    if not len(values):
        return seen
    of_sum = seen.of.reduction in {"sum", "none"}
    value = values.sum() * (sides.rows / len(given)) if of_sum else values.mean()
    return seen._replace(divergence=float(value), masked=len(values) < len(given))
