"""How much two frequencies of an outcome differ by chance where P = Q, given its pooled count.

As in `agreement`, how many of the t values of an outcome are P's is then hypergeometric, whatever the
distribution is. A normal variable in its place has the mean of |p − q| wrong where t is small, takes it for
variable where it is not (one value is always in one sample alone), and knows no slope: of a sample that is
expected to show an outcome once, more values than that tell a greater difference than fewer do.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kldiv.estimators.agreement import FEWEST, hypergeometric, pooled_counts
from kldiv.estimators.intervals import Floats

# Of a normal variable of variance 1 about 0: the mean and the variance of its absolute value.
NORMAL_MEAN = math.sqrt(2 / math.pi)
NORMAL_VARIANCE = 1 - 2 / math.pi


class Differences(NamedTuple):
    """Of |d|, d the difference of an outcome's two frequencies, by chance."""

    mean: Floats
    slope: Floats
    """Cov(|d|, d)/Var(d)."""
    variance: Floats
    """What is left of it when d is known: of |d| − slope·d."""
    square: Floats
    """The mean of d²."""


class _Table(NamedTuple):
    """By the pooled count of an outcome, the same of d over its standard deviation."""

    pooled: Floats
    standardised: Differences


def differences(x: Floats, y: Floats) -> Differences:
    """What chance does to each outcome of tables of the same sizes."""
    n, m = (float(each.reshape(-1, each.shape[-1])[0].sum()) for each in (x, y))
    table, pooled = _table(n, m), x + y
    mean, slope, variance, _ = (
        np.interp(pooled, table.pooled, each, right=beyond)
        for each, beyond in zip(table.standardised, (NORMAL_MEAN, 0.0, NORMAL_VARIANCE, 1.0), strict=True)
    )
    own = _variance(pooled, n, m)
    return Differences(mean * np.sqrt(own), slope, variance * own, own)


def _variance(pooled: Floats, n: float, m: float) -> Floats:
    """Of d (Johnson, Kemp & Kotz 2005, Univariate Discrete Distributions, §6.3)."""
    size = n + m
    # Weights may sum to less than two values.
    left = np.maximum(size - pooled, 0.0) / max(size - 1, size / 2)
    variance: Floats = pooled * left / (n * m)
    return variance


@lru_cache(maxsize=256)
def _table(n: float, m: float) -> _Table:
    pooled = pooled_counts(n, m)[:, None]
    rest = np.maximum(pooled - FEWEST, 0.0)
    x, y = (FEWEST, rest) if n <= m else (rest, FEWEST)
    share = np.where(pooled >= FEWEST, hypergeometric(x, y, n, m), 0.0)
    difference = x / n - y / m
    mean, square, signed = (
        (share * each).sum(1) for each in (abs(difference), difference**2, abs(difference) * difference)
    )
    varies = square > 0
    scale = np.where(varies, square, 1.0)
    return _Table(
        pooled[:, 0],
        Differences(
            np.where(varies, mean / np.sqrt(scale), NORMAL_MEAN),
            np.where(varies, signed / scale, 0.0),
            np.where(varies, (square - mean**2 - signed**2 / scale) / scale, NORMAL_VARIANCE),
            np.ones_like(scale),
        ),
    )
