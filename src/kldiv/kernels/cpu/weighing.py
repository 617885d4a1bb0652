"""Weighing a row of logits: its sums about a centre, in three ways.

With weights e = exp(zp − top), t = zp − zq − centre and φ(t) = e^(−t) − 1 + t, the sums are Σ e, Σ e·t,
Σ e·φ(t) and, where q's gradient is wanted, Σ e·(e^(−t) − 1). Which way may be taken, `centring` decides.
Meanwhile what is read and written next is brought near.
"""

import math
from typing import Any, NamedTuple

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.lanes import doubled, every, first_of, none_are, read, sum_of, width, write
from kldiv.kernels.cpu.machine import by_precision, like, multiply_add, select, wide_vectors
from kldiv.kernels.cpu.memory import AHEAD, prefetch, prefetch_to_write
from kldiv.kernels.cpu.vector import exponential, exponential_parts

# So many numbers are added in the kernel's precision before their sum is added in double precision.
BLOCK = 2048
# And so many where the divergence is what is left of two sums.
_SHORT_BLOCK = 256
# CAREFUL: t and what its rounding has lost. PLAIN: t as it comes. APART: e^(−t) from q's own weights, where
# neither t nor e^(−t) is kept.
CAREFUL, PLAIN, APART = range(3)
# The rounding of a difference costs e^(−t) as many units as it is large: up to this, a few are all it costs.
_FAR = 6.0
# The least finite numbers.
_LEAST_32, _LEAST_64 = -3.4028234663852886e38, -1.7976931348623157e308
# Below this t, e^(−t) nears overflow, and p may have underflowed where q has not.
_WILDEST_32, _WILDEST_64 = -60.0, -600.0
# Beyond this t, q has nothing of an outcome that p may have, however little.
_MASKED = 1e30
# Less than the exponential of what is too large for one.
_TOO_MANY = 1e30


# --- outcomes ---------------------------------------------------------------------------------------


@compiled
def difference(a: Any, b: Any) -> Any:
    """a − b and what its rounding lost (Knuth's two-sum)."""
    gap = a - b
    virtual = gap - a
    return gap, (a - (gap - virtual)) - (b + virtual)


@compiled
def finite(z: Any, least: Any) -> Any:
    """z, or the least finite number for −∞: outcomes masked on both sides then differ by 0 and weigh 0."""
    return select(z < least, least, z)


class Scale(NamedTuple):
    """What logits are multiplied by, as two numbers: high alone may cost an exponent of 20 twenty units."""

    high: Any
    low: Any


@compiled
def scale_of(x: Any, scale: Any) -> Any:
    """A number of double precision as two in the type of x."""
    high = like(x, scale)
    return Scale(high, like(x, scale - high))


@compiled
def _scaled(gap: Any, scale: Any) -> Any:
    """gap·scale, rounded once: its low part alone would always be rounded the same way."""
    return multiply_add(gap, scale.high, gap * scale.low)


@compiled
def weight(a: Any, top: Any, scale: Any, careful: Any) -> Any:
    """exp((a − top)·scale); if careful with what its exponent has lost, up to 16 rounding units at 20."""
    if not careful:
        return exponential(_scaled(a - top, scale))
    gap, lost = difference(a, top)
    exponent = gap * scale.high
    e = exponential(exponent)
    lost = multiply_add(gap, scale.high, -exponent) + multiply_add(gap, scale.low, lost * scale.high)
    return select(e > like(e, 0.0), multiply_add(e, lost, e), e)


@compiled
def less_centre(a: Any, b: Any, centre: Any, low: Any, scale: Any, careful: Any) -> Any:
    """t = (a − b − centre − low)·scale, and minus what its rounding lost, which e^(−t) would multiply.

    Or, not careful, the difference to `centre` as it comes, and 0.
    """
    if not careful:
        return (a - b - centre) * scale.high, like(centre, 0.0)
    gap, lost = difference(a, b)
    off, more = difference(gap, centre)
    lost = (lost + more) - low
    whole = off + lost
    lost -= whole - off
    t = whole * scale.high
    return t, multiply_add(-whole, scale.high, t) - multiply_add(whole, scale.low, lost * scale.high)


@compiled
def is_beyond(t: Any) -> Any:
    """Whether t is out of the range of the careful way."""
    return (t < by_precision(t, _WILDEST_32, _WILDEST_64)) | (t > like(t, _MASKED))


@compiled
def _weigh(
    zp: Any, zq: Any, first: Any, end: Any, ahead: Any, top: Any, centre: Any, low: Any, scale: Any,
    careful: Any, weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), Σ e·(e^(−t) − 1), and whether some t is out of range, a wide one if `careful`.

    What is not None is written: e, t, e^(−t) and e^(−t) − 1; without the ratios, gaps are e·(e^(−t) − 1).
    Without the gaps, their sum is Σ e·φ(t) − Σ e·t, which is enough for the value.
    """
    wide_vectors()
    zero, least, none = like(top, 0.0), by_precision(top, _LEAST_32, _LEAST_64), like(top, -math.inf)
    all_weights = all_moments = all_excess = all_gaps = doubled(zero)
    lowest = select(careful, by_precision(top, _WILDEST_32, _WILDEST_64), like(top, -_FAR))
    highest, beyond_range = select(careful, like(top, _MASKED), like(top, _FAR)), none_are(zero)
    for start in range(first, end, BLOCK):
        total = moment = excess = grown = zero
        for j in range(start, smaller(start + BLOCK, end), width(top)):
            prefetch(zp, j + ahead[0])
            prefetch(zq, j + ahead[1])
            a, b = finite(read(none, zp, j), least), finite(read(none, zq, j), least)
            e = weight(a, top, scale, careful)
            t, lost = less_centre(a, b, centre, low, scale, careful)
            ratio, gap, beyond = exponential_parts(-t, lost)
            if weights is not None:
                write(weights, j, e)
            if differences is not None:
                prefetch_to_write(differences, j + AHEAD)
                write(differences, j, t)
            if gaps is not None:
                prefetch_to_write(gaps, j + AHEAD)
            if ratios is not None:
                write(ratios, j, ratio)
                write(gaps, j, gap)
                grown = multiply_add(e, gap, grown)
            elif gaps is not None:
                write(gaps, j, e * gap)
                grown += e * gap
            total, moment = total + e, multiply_add(e, t, moment)
            excess = multiply_add(e, beyond, excess)
            beyond_range |= (t < lowest) | (t > highest)
        all_weights, all_moments = all_weights + doubled(total), all_moments + doubled(moment)
        all_excess, all_gaps = all_excess + doubled(excess), all_gaps + doubled(grown)
        if not careful and first_of(beyond_range) < width(top):
            break
    some_are_beyond = first_of(beyond_range) < width(top)
    of_p, first_moment, beyond_it = sum_of(all_weights), sum_of(all_moments), sum_of(all_excess)
    growth = beyond_it - first_moment if gaps is None else sum_of(all_gaps)
    return of_p, first_moment, beyond_it, growth, some_are_beyond


@compiled
def weigh_apart(
    zp: Any, zq: Any, first: Any, end: Any, ahead: Any, highest: Any, centre: Any, scale: Any,
    weights: Any, gaps: Any,
) -> Any:  # fmt: skip
    """As `weigh`, with q's own weights w = exp(zq − q_top) for e·e^(−t), which is what gaps are.

    What rounds an exponent moves its t likewise, as if the logit had been another: D(p‖q) hardly depends on
    that. But for a scale that is rounded one rounding does.
    """
    wide_vectors()
    top, q_top, scales = every(highest), every(highest - centre), Scale(every(scale.high), every(scale.low))
    zero, least, none = like(top, 0.0), by_precision(top, _LEAST_32, _LEAST_64), like(top, -math.inf)
    all_weights = all_moments = all_of_q = doubled(zero)
    farthest, of_top, of_q_top = zero, top * scales.high, q_top * scales.high
    is_rounded = scale.low != like(scale.low, 0.0)
    for start in range(first, end, _SHORT_BLOCK):
        total = moment = q_total = zero
        for j in range(start, smaller(start + _SHORT_BLOCK, end), width(top)):
            prefetch(zp, j + ahead[0])
            prefetch(zq, j + ahead[1])
            a, b = read(none, zp, j), read(none, zq, j)
            if is_rounded:
                x, y = _scaled(finite(a, least) - top, scales), _scaled(finite(b, least) - q_top, scales)
            else:
                x, y = multiply_add(a, scales.high, -of_top), multiply_add(b, scales.high, -of_q_top)
            e, w = exponential(x), exponential(y)
            t = x - y
            farthest = select(t > farthest, t, farthest)
            # Without weight, t may be any number.
            t = select(e > zero, t, zero)
            if weights is not None:
                write(weights, j, e)
            if gaps is not None:
                prefetch_to_write(gaps, j + AHEAD)
                write(gaps, j, w)
            total, moment, q_total = total + e, multiply_add(e, t, moment), q_total + w
        all_weights, all_moments = all_weights + doubled(total), all_moments + doubled(moment)
        all_of_q += doubled(q_total)
    of_p, first_moment, of_q = sum_of(all_weights), sum_of(all_moments), sum_of(all_of_q)
    wild = (of_q > _TOO_MANY) | (first_of(farthest > like(farthest, _MASKED)) < width(top))
    return of_p, first_moment, of_q - of_p + first_moment, of_q - of_p, wild


# --- a row ------------------------------------------------------------------------------------------


@compiled
def weigh(
    zp: Any, zq: Any, first: Any, end: Any, ahead: Any, top: Any, centre: Any, rest: Any, scale: Any,
    way: Any, weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), Σ e·(e^(−t) − 1) from `first` to `end`, and whether some t was out of range.

    The centre is the sum of `centre` and a small `rest`, which the careful way alone heeds. `end` is that of
    the row, or a whole number of registers after `first`. `ahead` says how far after each of both logits lies
    one that will be read later.
    """
    high = like(scale.high, centre)
    # Where something else is to be written this is left out when it is compiled.
    if differences is None and ratios is None and way == APART:
        return weigh_apart(zp, zq, first, end, ahead, top, high, scale, weights, gaps)
    about = every(top), every(high), every(like(high, (centre - high) + rest))
    scales = Scale(every(scale.high), every(scale.low))
    return _weigh(zp, zq, first, end, ahead, *about, scales, way != PLAIN, weights, differences, gaps, ratios)
