"""The variance of a sum over outcomes by leaving out one value at a time.

Efron & Stein 1981, The jackknife estimate of variance: what one value fewer changes, squared and added up.
It is the delta method with differences in place of slopes, which at a count of 0 may be infinite. There the
difference is what one value more would change, and how many such values count is for the caller to say.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kldiv.estimators.intervals import Floats

Terms = Callable[[Floats, Floats, Floats, Floats], Floats]
"""A sum over outcomes, term by term, of counts x and y of samples of n and m."""


class Changes(NamedTuple):
    """What one value fewer changes in a term, over all values of an outcome."""

    sums: Floats
    squares: Floats
    """The sum of the squares."""


def jackknife(terms: Terms, x: Floats, y: Floats, unseen: float) -> Floats:
    """The variance of the sum of the terms, of samples that are drawn independently.

    An outcome that one sample alone shows counts `unseen` values in the other.
    """
    n, m = (each.sum(-1, keepdims=True) for each in (x, y))
    parts = (
        changes.squares.sum(-1) - changes.sums.sum(-1) ** 2 / size[..., 0]
        for changes, size in zip(one_by_one(terms, x, y, n, m, unseen), (n, m), strict=True)
    )
    # The changes of one term alone are all the same; a rounding error may make less of them.
    variance: Floats = np.maximum(sum(parts, np.zeros(x.shape[:-1])), 0.0)
    return variance


def one_by_one(
    terms: Terms, x: Floats, y: Floats, n: Floats, m: Floats, unseen: float
) -> tuple[Changes, Changes]:
    """For each outcome, leaving out its values of P's sample and those of Q's."""
    whole = terms(x, y, n, m)
    fewer = (
        terms(x - np.minimum(x, 1.0), y, n, m),
        terms(x, y - np.minimum(y, 1.0), n, m),
    )
    more = terms(x + (x == 0), y, n, m), terms(x, y + (y == 0), n, m)
    # Outcomes of neither sample don't count.
    lacking = np.where(x + y > 0, unseen, 0.0)
    of_p, of_q = (
        _changes(count, whole, without, other, lacking)
        for count, without, other in zip((x, y), fewer, more, strict=True)
    )
    return of_p, of_q


def _changes(count: Floats, whole: Floats, without: Floats, other: Floats, lacking: Floats) -> Changes:
    seen = count > 0
    # A weight below 1 goes as a whole, and changes as much for its size.
    change = np.where(seen, (whole - without) / np.where(seen, np.minimum(count, 1.0), 1.0), other - whole)
    values = np.where(seen, count, lacking)
    return Changes(values * change, values * change**2)
