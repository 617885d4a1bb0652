"""Weighing a row of logits: its sums about a centre, in three ways.

With weights e = exp(zp − top), t = zp − zq − centre and φ(t) = e^(−t) − 1 + t, the sums are Σ e, Σ e·t and
Σ e·φ(t). Which way may be taken, `centring` decides.
"""

from typing import Any

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.machine import (
    accumulate,
    by_precision,
    like,
    magnitude,
    multiply_add,
    select,
    wide_vectors,
    widen,
)
from kldiv.kernels.cpu.optional import part
from kldiv.kernels.cpu.vector import exponential, exponential_parts

BLOCK = 2048
# CAREFUL: t and what its rounding has lost. PLAIN: t as it comes. APART: e^(−t) from q's own weights, where
# neither t nor e^(−t) is kept.
CAREFUL, PLAIN, APART = range(3)
# The rounding of a difference costs e^(−t) as many units as it is large: up to this, a few are all it costs.
_FAR = 6.0
# From here on, rare outcomes alone may set two distributions apart, the others being close.
_FARTHEST = 10.0
# Where w differs less from e, on the average of e, their rounding shows.
_STRAYED = 0.3
# The least finite numbers.
_LEAST_32, _LEAST_64 = -3.4028234663852886e38, -1.7976931348623157e308
# Below this t, e^(−t) nears overflow, and p may have underflowed where q has not.
_WILDEST_32, _WILDEST_64 = -60.0, -600.0
# The exponential of this is finite in single precision, and so is the sum of a block of less than the next.
_MOST, _TOO_MANY = 88.0, 1e30


# --- one block of a row -----------------------------------------------------------------------------


@compiled
def _difference(a: Any, b: Any) -> Any:
    """a − b and what its rounding lost (Knuth's two-sum)."""
    gap = a - b
    virtual = gap - a
    return gap, (a - (gap - virtual)) - (b + virtual)


@compiled
def finite(z: Any, least: Any) -> Any:
    """z, or the least finite number for −∞: outcomes masked on both sides then differ by 0 and weigh 0."""
    return select(z < least, least, z)


@compiled
def _less_centre(a: Any, b: Any, centre: Any, low: Any, scale: Any) -> Any:
    """t = (a − b − centre − low)·scale, and minus what its rounding lost, which e^(−t) would multiply.

    With `low` None the difference as it comes, and None.
    """
    if low is None:
        return (a - b - centre) * scale, None
    gap, lost = _difference(a, b)
    off, more = _difference(gap, centre)
    lost = (lost + more) - low
    whole = off + lost
    lost -= whole - off
    t = whole * scale
    return t, multiply_add(-whole, scale, t) - lost * scale


@compiled
def _is_beyond(t: Any, low: Any) -> Any:
    """Whether t is out of the range of the careful way, or with `low` None of the plain one."""
    if low is None:
        return magnitude(t) > like(t, _FAR)
    return t < by_precision(t, _WILDEST_32, _WILDEST_64)


@compiled
def _weigh(
    zp: Any, zq: Any, top: Any, centre: Any, low: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), and whether some t is out of range.

    What is not None is written: e, t, e^(−t) and e^(−t) − 1; without the ratios, gaps are e·(e^(−t) − 1).
    """
    wide_vectors()
    least, beyond_range = by_precision(top, _LEAST_32, _LEAST_64), False
    total = moment = excess = like(top, 0.0)
    for j in range(len(zp)):
        a, b = finite(widen(top, zp[j]), least), finite(widen(top, zq[j]), least)
        e = exponential((a - top) * scale)
        t, lost = _less_centre(a, b, centre, low, scale)
        ratio, gap, beyond = exponential_parts(-t, lost)
        if weights is not None:
            weights[j] = e
        if differences is not None:
            differences[j] = t
        if ratios is not None:
            ratios[j] = ratio
            gaps[j] = gap
        elif gaps is not None:
            gaps[j] = e * gap
        total, moment, excess = (
            accumulate(total, e),
            accumulate(moment, e * t),
            accumulate(excess, e * beyond),
        )
        beyond_range |= _is_beyond(t, low)
    return total, moment, excess, beyond_range


@compiled
def _weigh_apart(zp: Any, zq: Any, top: Any, q_top: Any, scale: Any, weights: Any, gaps: Any) -> Any:
    """Σ e, Σ e·t, Σ w and Σ |w − e| for w = e·e^(−t), and whether some t is out of range.

    Written is what `_weigh` writes.
    `top` and `q_top` are what exponents are less than scaled logits. What rounds an exponent moves its t
    likewise, as if the logit had been another: D(p‖q) hardly depends on that.
    """
    wide_vectors()
    most, zero, beyond_range = like(top, _MOST), like(top, 0.0), False
    total = moment = q_total = strayed = zero
    for j in range(len(zp)):
        x = multiply_add(widen(top, zp[j]), scale, -top)
        y = multiply_add(widen(top, zq[j]), scale, -q_top)
        e, w = exponential(x), exponential(select(y > most, most, y))
        # Without weight, t may be any number.
        t = select(e > zero, x - y, zero)
        if weights is not None:
            weights[j] = e
        if gaps is not None:
            gaps[j] = w - e
        total, moment = accumulate(total, e), accumulate(moment, e * t)
        q_total, strayed = accumulate(q_total, w), accumulate(strayed, magnitude(w - e))
        beyond_range |= t > like(top, _FARTHEST)
    return total, moment, q_total, strayed, beyond_range


# --- a row ------------------------------------------------------------------------------------------


@compiled
def weigh_blocks(
    zp: Any, zq: Any, top: Any, centre: Any, scale: Any, way: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), and whether some t was out of range, at which all ways but the careful stop."""
    wide_vectors()
    high = like(scale, centre)
    low = like(scale, centre - high)
    total = moment = excess = strayed = 0.0
    wild = False
    for i in range(0, len(zp), BLOCK):
        j = i + BLOCK
        p, q, e, t = zp[i:j], zq[i:j], part(weights, i, j), part(differences, i, j)
        gap, ratio = part(gaps, i, j), part(ratios, i, j)
        if way == APART:
            w, m, of_q, s, out = _weigh_apart(p, q, top * scale, (top - high) * scale, scale, e, gap)
            x, out = float(of_q) - float(w) + float(m), out | (of_q > like(of_q, _TOO_MANY))
            strayed += s
        elif way == PLAIN:
            w, m, x, out = _weigh(p, q, top, high, None, scale, e, t, gap, ratio)
        else:
            w, m, x, out = _weigh(p, q, top, high, low, scale, e, t, gap, ratio)
        total, moment, excess, wild = total + w, moment + m, excess + x, wild | out
        if way != CAREFUL and wild:
            break
    # What most slopes are made of is a difference of w and e.
    return total, moment, excess, wild | (way == APART and not strayed > _STRAYED * total)
