"""Confidence intervals by inverting a score: every δ that the estimate does not contradict.

Where P and Q are close a divergence is a quadratic form, its plug-in value c times a noncentral χ² (Salicrú
et al. 1994, On the applications of divergence type measures in testing statistical hypotheses, thm. 3.1),
and the delta method's variance at the estimate, 0 where both samples agree, is no guide. So the variance is
taken at the δ that is asked about, as Wilson 1927 does for a proportion:

    (D̂ − δ)² <= z²·(V₀ + 4·c·δ),

V₀ the variance at P = Q, for many counts of each outcome 2·c₀²·(K−1) with c₀ = f''(1)/2·(1/n + 1/m), and
4·c·δ the delta method's, for a noncentral χ² with c = c₀ exactly. docs/estimators.md has its coverage.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# (z² − 1)/6 of the skewness κ₃/σ³ of a centred χ² variable, in units of c/σ: 8·c³·ν/(2·c²·ν)/6 (Cornish &
# Fisher 1938).
_SKEWNESS = 2 / 3
# (z² − 1)/6 of a skewness, as there.
_SIXTH = 1 / 6


class Quantiles(NamedTuple):
    """How far D̂ strays from δ in standard deviations: below, in the lower tail, and above, in the upper."""

    below: float
    above: float
    share: float
    """The probability of either tail."""


class Interval(NamedTuple):
    """The two ends of an interval."""

    low: Floats
    high: Floats


class Hidden(NamedTuple):
    """What outcomes never seen may add to an estimate: three cumulants."""

    mean: Floats
    variance: Floats
    third: Floats


class Moments(NamedTuple):
    """What the interval knows of a statistic: see `score_interval`."""

    center: Floats
    """The bias-corrected estimate, less the bias it has left where P = Q."""
    scale: Floats
    """c: near P = Q the plug-in value is c times a noncentral χ², and its variance grows by 4·c a nat."""
    null_variance: Floats
    """The variance where P = Q."""
    hidden: Hidden
    """How much lower than the truth it may be for outcomes never seen."""
    bias: Floats
    """The bias at P = Q, which the center is less; elsewhere there may be less of it."""
    more: Floats
    """How much more of it there seems to be where P and Q differ."""
    doubt: Floats
    """The variance of what tells that."""
    unfounded: Floats
    """How much of the bias at P = Q is of outcomes that a sample lacks not by chance."""


def normal_quantiles(confidence: float) -> Quantiles:
    """Of the standard normal distribution."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return Quantiles(-z, z, (1 - confidence) / 2)


def score_interval(below: Moments, above: Moments, quantiles: Quantiles, *, skewness: bool) -> Interval:
    """The two ends of all δ with below <= (D̂ − δ)/√(V₀ + 4·c·δ) <= above, by the moments for either.

    The lower end moves by the skewness of a χ² variable if the quantiles don't have it, and is below 0 where
    P = Q is not excluded. Where they surely differ neither end counts on a bias that is known at P = Q alone.
    The upper end allows for what is hidden. Estimates below 0 are taken for 0 there: a sample that agrees
    better than chance does not prove that P = Q (power constraint: Cowan et al. 2011).
    """
    center, scale, variance, _, bias, more, doubt, _ = below
    shift = _SKEWNESS * (quantiles.above**2 - 1) * scale if skewness else 0.0
    trusting, wary = (
        _solve(center + less - shift, scale, variance + varies, quantiles.above)
        for less, varies in ((0.0, 0.0), (np.minimum(np.minimum(bias, -more), 0.0), doubt))
    )
    low, away = _as_sure(trusting, wary, np.sqrt(variance))
    return Interval(low, _upper_end(above, away, min(quantiles.below, 0.0)))


def lower_end(center: Floats, scale: Floats, variance: Floats, z: float) -> Floats:
    """The lower end that the skewness of a χ² variable moves, of a statistic without a bias."""
    return _solve(center - _SKEWNESS * (z**2 - 1) * scale, scale, variance, z)


def _upper_end(moments: Moments, wary: Floats, z: float) -> Floats:
    """The upper end; a bias that is known at P = Q alone is not counted on as far as it is wary."""
    hidden = moments.hidden
    distrusted = np.maximum(wary * np.maximum(moments.bias, 0.0), moments.unfounded)
    reached = np.maximum(moments.center, 0.0) + hidden.mean + distrusted
    variance = moments.null_variance + hidden.variance
    varied = np.where(hidden.third > 0, variance + 4 * moments.scale * reached, 1.0)
    skewed = _SIXTH * max(z**2 - 1, 0.0) * hidden.third / varied
    return _solve(reached + skewed, moments.scale, variance, z)


def _as_sure(trusting: Floats, wary: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """The lower end, the less trusting the farther it is from 0, and how wary it is, from 0 to 1.

    Wholly so from one standard deviation at P = Q on. In between it is where the line from one to the other
    says as much as it is away: positive if P = Q is excluded, for there the bias is known.
    """
    excluded = trusting > 0
    divisor = np.where(excluded, deviation + trusting - wary, 1.0)
    away = np.where(excluded, np.minimum(trusting / np.where(divisor > 0, divisor, 1.0), 1.0), 0.0)
    return np.where(excluded, np.where(wary >= deviation, wary, away * deviation), trusting), away


def score(moments: Moments, truth: Floats | float) -> Floats:
    """(D̂ − δ)/√(V₀ + 4·c·δ); where nothing varies, as of single values, it is undivided."""
    variance = moments.null_variance + 4 * moments.scale * truth
    scored: Floats = (moments.center - truth) / np.sqrt(np.where(variance > 0, variance, 1.0))
    return scored


def _solve(center: Floats, scale: Floats, variance: Floats, z: float) -> Floats:
    """The δ with center − δ = z·√(V₀ + 4·c·max(δ, 0))."""
    at_zero = z * np.sqrt(variance)
    root = np.sqrt(np.maximum(variance + 4 * scale * center + 4 * (scale * z) ** 2, 0.0))
    inside: Floats = center + 2 * scale * z**2 - z * root
    return np.where(center < at_zero, center - at_zero, inside)
