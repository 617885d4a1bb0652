"""The total variation distance of two tables of counts, whose slope has a jump where p = q.

No delta method holds there. If the truth is a distance, spread over the outcomes as `patterns` has it, then
each difference of frequencies is normal and its absolute value folded normal (Leone, Nelson & Nottingham
1961, eqs. 3 and 4), which gives the mean and the variance of the distance as counted. The estimate is the
distance whose mean is what was counted, and the interval all those that what was counted does not contradict.
Where p = q what chance does is known exactly (`chance_differences`); it takes the normal's place there, and
less and less of it as the two part. Of two outcomes the limits are binomial ones (`two_outcomes`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kldiv.definition import TotalVariation
from kldiv.estimators.chance_differences import NORMAL_MEAN, NORMAL_VARIANCE, Differences, differences
from kldiv.estimators.counted import CountedDivergence, End, frequencies, total
from kldiv.estimators.intervals import Floats, Interval, Quantiles
from kldiv.estimators.patterns import Observed, ratio
from kldiv.estimators.two_outcomes import FEW, difference_interval

# A sixth of the skewness of a folded normal variable at 0, √2·(4 − π)/(π − 2)^(3/2) (Cornish & Fisher 1938).
_SKEWNESS = math.sqrt(2) * (4 - math.pi) / (math.pi - 2) ** 1.5 / 6
# Halvings of [0, 1]: far closer than any estimate is to the truth.
_HALVINGS = 30


class Moments(NamedTuple):
    """Of the distance as counted, if the truth is a given one."""

    mean: Floats
    deviation: Floats
    chance: Floats
    """Which share of its variance is of outcomes that chance alone may tell apart."""


class Line(NamedTuple):
    """Two observed distributions, the pooled one, the sizes of the samples, and what chance does."""

    p: Floats
    q: Floats
    pooled: Floats
    n: Floats
    m: Floats
    by_chance: Differences

    @property
    def spread(self) -> Floats:
        """1/n + 1/m for the outcomes that either shows; the others add nothing."""
        return np.where(self.pooled > 0, 1 / self.n + 1 / self.m, 0.0)

    @property
    def observed(self) -> Floats:
        """The distance as counted."""
        distance: Floats = 0.5 * abs(self.p - self.q).sum(-1)
        return distance

    @property
    def seen(self) -> Observed:
        """The differences, for the pattern."""
        least = np.finfo(float).eps * self.spread / (self.n + self.m)
        by_chance = np.maximum(self.by_chance.square, least)
        return Observed(self.p - self.q, self.variance(self.p, self.q), by_chance)

    @property
    def skewness(self) -> Floats:
        """A sixth of the distance's as counted if P = Q: of a sum over outcomes, of which one is not free."""
        second, third = ((self.by_chance.square**power).sum(-1) for power in (1.0, 1.5))
        free = 1 - 1 / np.maximum((self.pooled > 0).sum(-1), 2)
        return ratio(_SKEWNESS * third, second**1.5 * np.sqrt(free))

    def moments(self, distance: Floats, shares: Floats) -> Moments:
        """Those of the distance as counted, if the truth is `distance`."""
        from scipy.special import ndtr  # noqa: PLC0415 (slow to load, and the worked example needs none)

        times = np.minimum(distance / np.maximum(self.observed, np.finfo(float).tiny), 1.0)[..., None]
        p, q = (self.pooled + times * (each - self.pooled) for each in (self.p, self.q))
        size = 2 * distance[..., None] * shares
        variance, of_chance = self.variance(p, q), self.variance(self.pooled, self.pooled)
        deviation = np.sqrt(variance)
        divisor = np.where(self.pooled > 0, np.maximum(deviation, np.finfo(float).eps), 1.0)
        away = size / divisor
        kept, bell = 2 * ndtr(away) - 1, NORMAL_MEAN * np.exp(-0.5 * away**2)
        folded, lost = deviation * bell + size * kept, 1 - kept
        # Of a rare outcome that P has more often |d| is larger, however small d is, by as much as was seen:
        # how far d strays is no error then.
        by_chance = self.by_chance.mean + self.by_chance.slope * (self.p - self.q)
        mean = folded + lost * (by_chance - NORMAL_MEAN * deviation)
        # Var|d| on the diagonal.
        own = size**2 + variance - folded**2
        own += lost * (self.by_chance.variance - NORMAL_VARIANCE * of_chance)
        slope = np.sign(self.p - self.q) * kept
        both = own.sum(-1) + self.covariances(slope, bell / divisor, p, q)
        chance = (lost * variance).sum(-1) / np.maximum(variance.sum(-1), np.finfo(float).tiny)
        return Moments(0.5 * mean.sum(-1), 0.5 * np.sqrt(np.maximum(both, 0.0)), chance)

    def variance(self, p: Floats, q: Floats) -> Floats:
        """Of the difference of both frequencies of each outcome; unbiased, for of rare ones it adds up."""
        return _variance(p, self.n) + _variance(q, self.m)

    def covariances(self, slope: Floats, curvature: Floats, p: Floats, q: Floats) -> Floats:
        """The sum of Cov(|d_i|, |d_j|) over i ≠ j, to the second order in Cov(d_i, d_j).

        By Mehler's formula, Σ over k of E[f⁽ᵏ⁾]·E[g⁽ᵏ⁾]·Cov(d_i, d_j)ᵏ/k!, where Cov(d_i, d_j) is
        −p_i·p_j/n − q_i·q_j/m. The second term is what ties two outcomes together at p = q.
        """
        first = _cross(slope * p) / self.n[..., 0] + _cross(slope * q) / self.m[..., 0]
        second = _cross(curvature * self.pooled**2 * self.spread)
        return 0.5 * second - first


def _variance(share: Floats, size: Floats) -> Floats:
    """Of a frequency; weights may sum to less than two values."""
    variance: Floats = share * (1 - share) / np.maximum(size - 1, size / 2)
    return variance


def _cross(terms: Floats) -> Floats:
    """Σ over i ≠ j of terms_i·terms_j."""
    cross: Floats = terms.sum(-1) ** 2 - (terms**2).sum(-1)
    return cross


def line(x: Floats, y: Floats) -> Line:
    """The line of two tables of counts."""
    pooled, by_chance = frequencies(x + y), differences(x, y)
    return Line(frequencies(x), frequencies(y), pooled, total(x), total(y), by_chance)


@dataclass(frozen=True)
class CountedTotalVariation(CountedDivergence):
    """½ Σ |p − q|, in [0, 1]."""

    definition: TotalVariation

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """The distance at which the one counted is what is expected; 0 where none is so small."""
        of = line(x, y)
        shares = of.seen.shares(of.seen.patterns().likely)
        return _solve(of.observed, lambda distance: of.moments(distance, shares).mean)

    def interval(self, x: Floats, y: Floats, quantiles: Quantiles, *, skewness: bool) -> Interval:
        """The distances from which what was counted is no more than the quantiles away.

        Where two outcomes were shown, or one, and the quantiles are a normal's, it is that of two outcomes.
        """
        # Of one there is nothing to draw anew.
        few = (x + y > 0).sum(-1) <= (FEW if skewness else 1)
        exact = difference_interval(x, y, quantiles.share)
        if few.all():
            return exact
        inverted = self._inverted(line(x, y), quantiles, skewness=skewness)
        low, high = (np.where(few, *each) for each in zip(exact, inverted, strict=True))
        return Interval(low, high)

    def _inverted(self, of: Line, quantiles: Quantiles, *, skewness: bool) -> Interval:
        third = max(quantiles.above**2 - 1, 0.0) * of.skewness if skewness else 0.0
        unlike, _, alike = (of.seen.shares(each) for each in of.seen.patterns())

        def end(quantile: float, skewed: Floats | float, seen: Floats, shares: Floats) -> Floats:
            def height(distance: Floats) -> Floats:
                mean, deviation, chance = of.moments(distance, shares)
                # What is told from 0 is normal, and has no skewness.
                return mean + (quantile + skewed * chance) * deviation

            return _solve(seen, height)

        # Samples that agree better than chance don't prove that P = Q.
        by_chance = of.moments(np.zeros_like(of.observed), alike).mean
        low = end(quantiles.above, third, of.observed, unlike)
        return Interval(low, end(min(quantiles.below, 0.0), 0.0, np.maximum(of.observed, by_chance), alike))

    def score(self, x: Floats, y: Floats, truth: float, end: End) -> Floats:  # noqa: ARG002
        """By the moments at the truth, the same for either end."""
        of = line(x, y)
        shares = of.seen.shares(of.seen.patterns().likely)
        mean, deviation, _ = of.moments(np.full_like(of.observed, truth), shares)
        scored: Floats = (of.observed - mean) / np.where(deviation > 0, deviation, 1.0)
        return scored


def _solve(seen: Floats, height: Callable[[Floats], Floats]) -> Floats:
    """The distance in [0, 1] at which a rising height meets what was seen."""
    low, high = np.zeros_like(seen), np.ones_like(seen)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        below = height(middle) < seen
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    # An end that never moved is the bound itself.
    return np.where(low == 0, 0.0, high)


TOTAL_VARIATION = CountedTotalVariation(TotalVariation())
