"""The variance of a sum over outcomes by leaving out one value at a time.

Efron & Stein 1981, The jackknife estimate of variance: what one value fewer changes, squared and added up.
It is the delta method with differences in place of slopes, which at a count of 0 may be infinite. An outcome
that one sample alone shows counts half a value in the other, whose difference is what one more would change.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kldiv.estimators.intervals import Floats

# Half a count for an outcome that was never seen (Krichevsky & Trofimov 1981).
_HALF = 0.5


Terms = Callable[[Floats, Floats, Floats, Floats], Floats]
"""A sum over outcomes, term by term, of counts x and y of samples of n and m."""


class Changes(NamedTuple):
    """What one value fewer changes in a term, over all values of an outcome."""

    sums: Floats
    squares: Floats
    """The sum of the squares."""


def jackknife(terms: Terms, x: Floats, y: Floats) -> Floats:
    """The variance of the sum of the terms, of samples that are drawn independently."""
    n, m = (each.sum(-1, keepdims=True) for each in (x, y))
    parts = (
        changes.squares.sum(-1) - changes.sums.sum(-1) ** 2 / size[..., 0]
        for changes, size in zip(one_by_one(terms, x, y, n, m), (n, m), strict=True)
    )
    # The changes of one term alone are all the same; a rounding error may make less of them.
    variance: Floats = np.maximum(sum(parts, np.zeros(x.shape[:-1])), 0.0)
    return variance


def one_by_one(terms: Terms, x: Floats, y: Floats, n: Floats, m: Floats) -> tuple[Changes, Changes]:
    """For each outcome, leaving out its values of P's sample and those of Q's."""
    whole = terms(x, y, n, m)
    fewer = (
        terms(x - np.minimum(x, 1.0), y, n, m),
        terms(x, y - np.minimum(y, 1.0), n, m),
    )
    more = terms(x + (x == 0), y, n, m), terms(x, y + (y == 0), n, m)
    shown = x + y > 0
    of_p, of_q = (
        _changes(count, whole, without, other, shown)
        for count, without, other in zip((x, y), fewer, more, strict=True)
    )
    return of_p, of_q


def _changes(
    count: Floats, whole: Floats, without: Floats, other: Floats, shown: NDArray[np.bool_]
) -> Changes:
    unseen = (count == 0) & shown
    # A weight below 1 goes as a whole, and changes as much for its size.
    change = np.where(
        unseen, other - whole, (whole - without) / np.where(count > 0, np.minimum(count, 1.0), 1.0)
    )
    values = np.where(unseen, _HALF, count)
    return Changes(values * change, values * change**2)
