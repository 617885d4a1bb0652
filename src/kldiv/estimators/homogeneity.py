"""The G-test that two samples are of one distribution, also where outcomes are rare.

Its statistic varies as χ² where every outcome is frequent. Of many rare ones it is far greater by chance
alone, and of values that occur once it is always the same. Given the pooled counts, its mean and variance
where P = Q are known whatever the distribution is, as in `agreement`: it is compared with the multiple of a
χ² variable that has these.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kldiv.estimators.agreement import FEWEST, binomial, hypergeometric, pooled_counts
from kldiv.estimators.counted import KULLBACK_LEIBLER, frequencies
from kldiv.estimators.intervals import Floats

# A variance that is this small beside its parts is a rounding error.
_NOTHING = 1e-9


class _Moments(NamedTuple):
    """By the pooled count of an outcome: what its term and P's count of it do where P = Q."""

    pooled: Floats
    mean: Floats
    variance: Floats
    covariance: Floats
    of_count: Floats


def homogeneity_p_value(x: Floats, y: Floats) -> float:
    """The probability of a G as great if P = Q, of which a multiple is taken for χ².

    G = 2·[n·D(p‖r) + m·D(q‖r)], r the pooled frequencies (Sokal & Rohlf 1995, §17.4). Where every outcome
    is frequent the multiple is 1, with K − 1 degrees of freedom for K outcomes that either sample shows.
    """
    from scipy.special import chdtrc  # noqa: PLC0415 (slow to load, and the worked example needs none)

    shown = x + y > 0
    x, y = x[shown], y[shown]
    n, m = float(x.sum()), float(y.sum())
    mean, variance = by_chance_where_equal(x + y, n, m)
    if variance == 0:
        return 1.0
    freedom = 2 * mean**2 / variance
    return float(chdtrc(freedom, _statistic(x, y, n, m) * freedom / mean))


def _statistic(x: Floats, y: Floats, n: float, m: float) -> float:
    """G with all its digits, of which the sum of its terms has few where p and q are close."""
    p, q, pooled = frequencies(x), frequencies(y), frequencies(x + y)
    return 2 * float(n * KULLBACK_LEIBLER.plug_in(p, pooled) + m * KULLBACK_LEIBLER.plug_in(q, pooled))


def by_chance_where_equal(pooled: Floats, n: float, m: float) -> tuple[float, float]:
    """The mean and variance of G, given the pooled counts; the variance is 0 where it can be one thing only.

    The counts of P's sample are independent binomial ones but for their sum: what G has in common with that
    is taken from it, and a degree of freedom from the rest.
    """
    moments = _moments(n, m)
    frequent = pooled > moments.pooled[-1]

    def summed(values: Floats, of_frequent: Floats) -> float:
        return float(np.where(frequent, of_frequent, np.interp(pooled, moments.pooled, values)).sum())

    some, none = np.ones_like(pooled), np.zeros_like(pooled)
    mean = summed(moments.mean, 1 - pooled / (n + m))
    variance = summed(moments.variance, 2 * some)
    in_common = summed(moments.covariance, none) ** 2
    left = variance - in_common / summed(moments.of_count, pooled * n * m / (n + m) ** 2)
    return mean, left * (1 - 1 / len(pooled)) if left > _NOTHING * variance else 0.0


@lru_cache(maxsize=256)
def _moments(n: float, m: float) -> _Moments:
    """The moments by the pooled count, for samples of n and m; beyond the last an outcome is frequent."""
    pooled = pooled_counts(n, m)[:, None]
    rest = np.maximum(pooled - FEWEST, 0.0)
    x, y = (FEWEST, rest) if n <= m else (rest, FEWEST)
    exact, independent = (
        np.where(pooled >= FEWEST, share, 0.0) for share in (hypergeometric(x, y, n, m), binomial(x, y, n, m))
    )
    term = _terms(x, y, n, m)
    mean, count = (independent * term).sum(1), (independent * x).sum(1)
    return _Moments(
        pooled[:, 0],
        (exact * term).sum(1),
        (independent * term**2).sum(1) - mean**2,
        (independent * term * x).sum(1) - mean * count,
        (independent * x**2).sum(1) - count**2,
    )


def _terms(x: Floats, y: Floats, n: float, m: float) -> Floats:
    """What an outcome adds to G, of whole counts."""
    from scipy.special import xlogy  # noqa: PLC0415 (as above)

    pooled = np.maximum(x + y, 1.0) / (n + m)
    terms = xlogy(x, x / (n * pooled)) + xlogy(y, y / (m * pooled))
    return 2 * np.asarray(terms, np.float64)
