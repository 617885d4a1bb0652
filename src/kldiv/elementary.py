"""The elementary functions of divergences, each without cancellation where p and q are close.

They are written once for NumPy and for torch: `xp` is either, and the functions used have one name in both.
"""

import math
from typing import Any

Array = Any
Namespace = Any

# φ(x) = x²/2! − x³/3! + …; below |x| = 1/2 the terms after x¹⁶ are under 2⁻⁵³ of the first.
_SERIES = [(-1) ** k / math.factorial(k) for k in range(2, 17)]
_SERIES_RADIUS = 0.5
# p·e^16 can't overflow, and beyond it q − p·(1 − d) has nothing left to cancel.
_FAR = 16.0


def exp_remainder(xp: Namespace, x: Array) -> Array:
    """φ(x) = e^(−x) − 1 + x >= 0: what the exponential keeps beyond its tangent."""
    near = xp.clip(x, -_SERIES_RADIUS, _SERIES_RADIUS)
    series = xp.zeros_like(x)
    for coefficient in reversed(_SERIES):
        series = series * near + coefficient
    return xp.where(abs(x) < _SERIES_RADIUS, series * near * near, xp.expm1(-x) + x)


def shrinkage(xp: Namespace, d: Array) -> Array:
    """e^(−|d|) − 1; at 0 it has the derivative from below, where |d| has none, for those who ask d > 0."""
    return xp.where(d > 0, xp.expm1(-xp.clip(d, 0, None)), xp.expm1(xp.clip(d, None, 0)))


def difference(xp: Namespace, p: Array, q: Array, d: Array) -> Array:
    """p − q, with every digit of d where the two are close."""
    return xp.where(d > 0, -p, q) * shrinkage(xp, d)


def relative_entropy(xp: Namespace, p: Array, q: Array, d: Array) -> Array:
    """p·log(p/q) − p + q = p·φ(d) >= 0, the term of the Kullback–Leibler divergence.

    Kullback & Leibler 1951; in this non-negative form Boyd & Vandenberghe 2004, §3.2.6.
    """
    return xp.where(d > -_FAR, p * exp_remainder(xp, xp.clip(d, -_FAR, None)), q - p * (1 - d))


def log_ratio_of_probabilities(xp: Namespace, p: Array, q: Array) -> Array:
    """log(p/q) for positive p and q, through p − q where that is exact (Sterbenz's lemma)."""
    ratio = p / q
    close = abs(p - q) < 0.5 * q
    representable = (ratio > 0) & (ratio < math.inf)
    # Each branch is fed only what it can digest, so that none of them makes a NaN or a warning.
    by_difference = xp.log1p(xp.where(close, p - q, 0.0) / q)
    by_ratio = xp.log(xp.where(representable, ratio, 1.0))
    far = xp.where(representable, by_ratio, xp.log(p) - xp.log(q))
    return xp.where(close, by_difference, far)


def log_ratio_to_mixture(xp: Namespace, weight: float, rest: float, d: Array) -> Array:
    """log(p/m) for the mixture m = weight·p + rest·q, from d = log(p/q); rest is 1 − weight.

    Both weights are handed over, so that a small one keeps its digits.
    """
    # log1p's argument is close to −1 only for d above 1 and a light p.
    top = 1 if weight < rest else None
    middle = -xp.log1p(rest * xp.expm1(-xp.clip(d, -_FAR, top)))
    shrink = xp.exp(-abs(d))
    below = d - xp.log(rest + weight * shrink) if rest > 0 else 0 * d
    ratio = xp.where(d < -_FAR, below, middle)
    if top is None:
        return ratio
    return xp.where(d > top, -xp.log(weight + rest * shrink) if weight > 0 else d, ratio)
