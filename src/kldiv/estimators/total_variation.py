"""The total variation distance of two tables of counts, whose slope has a jump where p = q.

No delta method holds there. If the truth is a distance, spread over the outcomes as the observed differences
are, then each difference of frequencies is normal and its absolute value folded normal (Leone, Nelson &
Nottingham 1961, eqs. 3 and 4), which gives the mean and the variance of the distance as counted. The estimate
is the distance whose mean is what was counted, and the interval all those that what was counted does not
contradict.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kldiv.definition import TotalVariation
from kldiv.estimators.counted import CountedDivergence, frequencies, total
from kldiv.estimators.intervals import Floats, Interval, Quantiles

# A sixth of the skewness of a folded normal variable at 0, √2·(4 − π)/(π − 2)^(3/2) (Cornish & Fisher 1938).
_SKEWNESS = math.sqrt(2) * (4 - math.pi) / (math.pi - 2) ** 1.5 / 6
# Halvings of [0, 1], until a double has no more digits.
_HALVINGS = 55


class Line(NamedTuple):
    """Two observed distributions, the pooled one, and the sizes of the samples."""

    p: Floats
    q: Floats
    pooled: Floats
    n: Floats
    m: Floats

    @property
    def observed(self) -> Floats:
        """The distance as counted."""
        distance: Floats = 0.5 * abs(self.p - self.q).sum(-1)
        return distance

    @property
    def pattern(self) -> Floats:
        """How the distance is spread over the outcomes, with what chance adds so that it is 0 nowhere."""
        chance = _binomial_variance(self.pooled, self.n + self.m) * (self.n / self.m + self.m / self.n + 2)
        size = np.sqrt((self.p - self.q) ** 2 + chance)
        share: Floats = size / np.maximum(size.sum(-1, keepdims=True), np.finfo(float).tiny)
        return share

    def moments(self, distance: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the distance as counted, if the truth is `distance`."""
        from scipy.special import ndtr  # noqa: PLC0415 (slow to load, and the worked example needs none)

        times = np.minimum(distance / np.maximum(self.observed, np.finfo(float).tiny), 1.0)[..., None]
        p, q = (self.pooled + times * (each - self.pooled) for each in (self.p, self.q))
        size = 2 * distance[..., None] * self.pattern
        variance = _binomial_variance(p, self.n) + _binomial_variance(q, self.m)
        deviation = np.sqrt(variance)
        ratio = size / deviation
        kept = 2 * ndtr(ratio) - 1
        folded = math.sqrt(2 / math.pi) * deviation * np.exp(-0.5 * ratio**2) + size * kept
        # Var|d| on the diagonal; elsewhere Cov(d_i, d_j), of which a fold keeps sign_i·sign_j.
        own = (size**2 + variance - folded**2).sum(-1)
        sign = np.sign(self.p - self.q) * kept
        pairs = _cross(sign * p) / self.n[..., 0] + _cross(sign * q) / self.m[..., 0]
        return 0.5 * folded.sum(-1), 0.5 * np.sqrt(np.maximum(own - pairs, 0.0))


def _binomial_variance(share: Floats, size: Floats) -> Floats:
    """Of a frequency, with half a count more on both sides, so that a share of 0 or 1 may vary too."""
    smoothed = (share * size + 0.5) / (size + 1)
    variance: Floats = smoothed * (1 - smoothed) / size
    return variance


def _cross(terms: Floats) -> Floats:
    """Σ over i ≠ j of terms_i·terms_j."""
    cross: Floats = terms.sum(-1) ** 2 - (terms**2).sum(-1)
    return cross


def line(x: Floats, y: Floats) -> Line:
    """The line of two tables of counts."""
    return Line(frequencies(x), frequencies(y), frequencies(x + y), total(x), total(y))


@dataclass(frozen=True)
class CountedTotalVariation(CountedDivergence):
    """½ Σ |p − q|, in [0, 1]."""

    definition: TotalVariation

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """The distance at which the one counted is what is expected; 0 where none is so small."""
        of = line(x, y)
        return _solve(of, lambda distance: of.moments(distance)[0])

    def interval(self, x: Floats, y: Floats, quantiles: Quantiles, *, skewness: bool) -> Interval:
        """The distances from which what was counted is no more than the quantiles away."""
        of = line(x, y)
        freedom = np.maximum((x + y > 0).sum(-1) - 1.0, 1.0)
        third = _SKEWNESS * (quantiles.above**2 - 1) / np.sqrt(freedom) if skewness else 0.0

        def end(quantile: Floats | float) -> Floats:
            def height(distance: Floats) -> Floats:
                mean, deviation = of.moments(distance)
                return mean + quantile * deviation

            return _solve(of, height)

        return Interval(end(quantiles.above + third), end(min(quantiles.below, 0.0)))

    def score(self, x: Floats, y: Floats, truth: float) -> Floats:
        """By the moments at the truth."""
        of = line(x, y)
        mean, deviation = of.moments(np.full_like(of.observed, truth))
        scored: Floats = (of.observed - mean) / np.where(deviation > 0, deviation, 1.0)
        return scored


def _solve(of: Line, height: Callable[[Floats], Floats]) -> Floats:
    """The distance in [0, 1] at which a rising height meets the distance as counted."""
    low, high = np.zeros_like(of.observed), np.ones_like(of.observed)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        below = height(middle) < of.observed
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    # An end that never moved is the bound itself.
    return np.where(low == 0, 0.0, high)


TOTAL_VARIATION = CountedTotalVariation(TotalVariation())
