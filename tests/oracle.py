"""Textbook definitions in 60 digits, which share no code with the library, and the tests' comparison.

Everything takes plain numbers: one row of values, the space it is in, and a temperature. Logarithms are
natural. Derivatives are central differences in the same 60 digits, off by some 1e-36.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from mpmath import mp, mpf

mp.dps = 60
_STEP = mpf(10) ** -18
_SLOPE_ERROR = mpf(10) ** -33

Row = Sequence[float]
Exact = list[mpf]


def probabilities(values: Row, space: str = "logits", temperature: float = 1.0) -> Exact:
    """The distribution that a row of logits, log-probabilities, probabilities or counts stands for."""
    exact = [mpf(value) for value in values]
    if space in ("probs", "counts"):
        weights = [x ** (1 / mpf(temperature)) if x else mpf(0) for x in exact]
    else:
        top = max(exact)
        weights = [mp.exp((x - top) / mpf(temperature)) if x != -mp.inf else mpf(0) for x in exact]
    total = mp.fsum(weights)
    return [weight / total for weight in weights]


def kl(p: Exact, q: Exact) -> mpf:
    """Σ p·log(p/q)."""
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return mp.inf
    return mp.fsum(a * mp.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def unnormalised_kl(p: Row, q: Row) -> mpf:
    """Σ p·log(p/q) − p + q, of numbers that sum to 1 only as far as their rounding lets them."""
    p, q = [mpf(x) for x in p], [mpf(x) for x in q]
    return kl(p, q) - mp.fsum(p) + mp.fsum(q)


def entropy(p: Exact) -> mpf:
    """−Σ p·log p."""
    return -mp.fsum(a * mp.log(a) for a in p if a > 0)


def cross_entropy(p: Exact, q: Exact) -> mpf:
    """−Σ p·log q."""
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return mp.inf
    return -mp.fsum(a * mp.log(b) for a, b in zip(p, q, strict=True) if a > 0)


def jeffreys(p: Exact, q: Exact) -> mpf:
    """D(p‖q) + D(q‖p)."""
    return kl(p, q) + kl(q, p)


def skew_kl(p: Exact, q: Exact, weight: float) -> mpf:
    """D(p‖w·p + (1 − w)·q)."""
    return kl(p, _mixture(p, q, weight))


def js(p: Exact, q: Exact, weight: float) -> mpf:
    """w·D(p‖m) + (1 − w)·D(q‖m); a side of weight 0 costs nothing."""
    middle, w = _mixture(p, q, weight), mpf(weight)
    return (w * kl(p, middle) if w > 0 else 0) + ((1 - w) * kl(q, middle) if w < 1 else 0)


def renyi(p: Exact, q: Exact, order: float) -> mpf:
    """log Σ p^α·q^(1−α) / (α − 1), and its limits at 0, 1 and ∞."""
    pairs = [(a, b) for a, b in zip(p, q, strict=True) if a > 0]
    alpha = mpf(order)
    if order == 1:
        return kl(p, q)
    if order > 1 and any(b == 0 for _, b in pairs):
        return mp.inf
    if order == 0:
        return (
            -mp.log(1 - mp.fsum(b for a, b in zip(p, q, strict=True) if a == 0))
            if any(b for _, b in pairs)
            else mp.inf
        )
    if order == math.inf:
        return mp.log(max(a / b for a, b in pairs))
    total = mp.fsum(a**alpha * b ** (1 - alpha) for a, b in pairs if b > 0)
    return mp.log(total) / (alpha - 1) if total > 0 else mp.inf


def total_variation(p: Exact, q: Exact) -> mpf:
    """½ Σ |p − q|."""
    return mp.fsum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2


def hellinger(p: Exact, q: Exact) -> mpf:
    """√(½ Σ (√p − √q)²)."""
    return mp.sqrt(mp.fsum((mp.sqrt(a) - mp.sqrt(b)) ** 2 for a, b in zip(p, q, strict=True)) / 2)


def chi2(p: Exact, q: Exact) -> mpf:
    """Σ (p − q)²/q."""
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return mp.inf
    return mp.fsum((a - b) ** 2 / b for a, b in zip(p, q, strict=True) if b > 0)


def _mixture(p: Exact, q: Exact, weight: float) -> Exact:
    return [mpf(weight) * a + (1 - mpf(weight)) * b for a, b in zip(p, q, strict=True)]


def slopes(function: Callable[[Exact], mpf], values: Row) -> Exact:
    """The derivatives of a function of a row, by central differences; −∞ stays where it is, with slope 0."""
    exact = [mpf(value) for value in values]
    return [mpf(0) if x == -mp.inf else _slope(function, exact, i) for i, x in enumerate(exact)]


def _slope(function: Callable[[Exact], mpf], values: Exact, i: int) -> mpf:
    above = function([*values[:i], values[i] + _STEP, *values[i + 1 :]])
    below = function([*values[:i], values[i] - _STEP, *values[i + 1 :]])
    slope = (above - below) / (2 * _STEP)
    return slope if abs(slope) > _SLOPE_ERROR else mpf(0)


def kl_slopes(p: Exact, q: Exact) -> tuple[Exact, Exact]:
    """The derivatives of D(p‖q) by the logits of p and of q: p·(log(p/q) − D) and q − p."""
    divergence = kl(p, q)
    of_p = [a * (mp.log(a / b) - divergence) if a > 0 else mpf(0) for a, b in zip(p, q, strict=True)]
    return of_p, [b - a for a, b in zip(p, q, strict=True)]


def assert_close(
    actual: torch.Tensor, expected: object, units: float, *, normwise: bool = False, label: str = ""
) -> None:
    """Hold `actual` to `expected` within `units` of its dtype's epsilon, relative to each expected number.

    Infinities and NaNs must be in the same places. With `normwise`, relative to the largest number along
    the last dimension. What is under the dtype's least normal number may be lost.
    """
    info = torch.finfo(actual.dtype)
    seen, wanted = actual.detach().double().numpy(), _as_objects(expected)
    assert seen.shape == wanted.shape, f"{label}: shape {seen.shape}, expected {wanted.shape}"
    rounded = _rounded(wanted, info)
    special = ~np.isfinite(rounded) | ~np.isfinite(seen)
    same = (seen == rounded) | (np.isnan(seen) & np.isnan(rounded))
    assert bool(same[special].all()), f"{label}: {seen}, expected {rounded}"
    size = np.where(special, 0.0, abs(rounded))
    scale = size.max(-1, keepdims=True) if normwise and size.ndim else size
    error = np.where(special, 0.0, _distance(seen, wanted, special))
    excess = np.atleast_1d(error / (units * info.eps * scale + info.tiny))
    worst = np.unravel_index(excess.argmax(), excess.shape) if excess.size else ()
    assert not excess.size or excess[worst] <= 1, (
        f"{label}: worst at {tuple(map(int, worst))}: {np.atleast_1d(seen)[worst]!r}, expected "
        f"{np.atleast_1d(rounded)[worst]!r}, {excess[worst] * units:.3g} epsilon apart, allowed {units}"
    )


def _as_objects(expected: object) -> np.ndarray:
    if isinstance(expected, torch.Tensor):
        expected = expected.detach().double().numpy()
    return np.array(expected, dtype=object)


def _rounded(wanted: np.ndarray, info: torch.finfo) -> np.ndarray:
    """The exact numbers as floats, ∞ beyond the dtype's range."""
    exact = [mpf(x) for x in wanted.reshape(-1)]
    floats = [math.copysign(math.inf, x) if abs(x) > mpf(info.max) else float(x) for x in exact]
    return np.array(floats, dtype=float).reshape(wanted.shape)


def _distance(seen: np.ndarray, wanted: np.ndarray, special: np.ndarray) -> np.ndarray:
    pairs = zip(seen.reshape(-1), wanted.reshape(-1), special.reshape(-1), strict=True)
    apart = [0.0 if skip else float(abs(mpf(float(a)) - mpf(b))) for a, b, skip in pairs]
    return np.array(apart).reshape(seen.shape)
