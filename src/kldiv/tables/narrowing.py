"""Exact quantiles of a column too long to be sorted: guesses of them say between which values they lie.

A sample, or an engine's own approximation, gives values near each quantile. Counting how many rows are below
each of these, and how many are at or below it, settles between which two a quantile is, and how many rows
are in between: few, to be sorted. However bad the guesses are, what comes out is exact.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple


class Probe(NamedTuple):
    """A value, how many rows are below it, and how many are at or below it."""

    value: Any
    below: int
    upto: int


class Gap(NamedTuple):
    """The values between two, both excluded; None for no bound."""

    low: Any | None
    high: Any | None


class Narrowed(NamedTuple):
    """What is left to look for: quantiles of the values in these gaps, taken together."""

    settled: dict[int, Any]
    """The quantiles that are a probe's value, by their amounts."""
    gaps: list[Gap]
    """Ascending."""
    amounts: dict[int, int]
    """Among the rows in the gaps, for each amount that is not settled."""
    rows: int
    """How many are in the gaps."""


def narrowed(amounts: Sequence[int], probes: Sequence[Probe], total: int) -> Narrowed:
    """Where the quantiles past these amounts of `total` rows are; the values of the probes ascend.

    Example:
        >>> narrowed([2, 6], [Probe("c", 2, 3), Probe("e", 4, 5), Probe("h", 7, 8)], 10)
        Narrowed(settled={2: 'c'}, gaps=[Gap(low='e', high='h')], amounts={6: 1}, rows=2)
    """
    left = Narrowed({}, [], {}, 0)
    last = None
    for amount in sorted(set(amounts)):
        place = bisect_right(probes, amount, key=lambda each: each.below) - 1
        low = probes[place] if place >= 0 else Probe(None, 0, 0)
        if amount < low.upto:
            left.settled[amount] = low.value
            continue
        high = probes[place + 1] if place + 1 < len(probes) else Probe(None, total, total)
        if place != last:
            left.gaps.append(Gap(low.value, high.value))
            left = left._replace(rows=left.rows + high.below - low.upto)
            last = place
        # From the end of this gap, which is the last so far.
        left.amounts[amount] = left.rows - (high.below - amount)
    return left


def fractions(amounts: Sequence[int], total: int, error: float) -> list[float]:
    """Which quantiles to guess: a little below and above each, by the error that a guess may have."""
    around = [amount / total + sign * error for amount in amounts for sign in (-1, 1)]
    return sorted({min(max(each, 0.0), 1.0) for each in around})
