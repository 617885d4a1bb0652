"""Weighing a row of logits: its sums about a centre, in three ways.

With weights e = exp(zp − top), t = zp − zq − centre and φ(t) = e^(−t) − 1 + t, the sums are Σ e, Σ e·t and
Σ e·φ(t). Which way may be taken, `centring` decides.
"""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.machine import (
    accumulate,
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
# CAREFUL: t and what its rounding has lost. PLAIN: t as it comes. APART: e^(−t) from q's own weights.
CAREFUL, PLAIN, APART = range(3)
# The rounding of a difference costs e^(−t) as many units as it is large: up to this, a few are all it costs.
_FAR = 6.0
# The exponential of this is finite in single precision, and so is the sum of a block of less than the next.
_MOST, _TOO_MANY = 88.0, 1e30


# --- one block of a row -----------------------------------------------------------------------------


@compiled
def _difference(a: Any, b: Any) -> Any:
    """a − b and what its rounding lost (Knuth's two-sum)."""
    gap = a - b
    virtual = gap - a
    return gap, (a - (gap - virtual)) - (b + virtual)


def _least(x: Any) -> Any:
    """The least finite number of the type of x."""
    raise NotImplementedError


def _single_least(x: Any) -> Any:
    return like(x, -3.4028234663852886e38)


def _double_least(x: Any) -> Any:
    return like(x, -1.7976931348623157e308)


@overload(_least)
def _least_of(x: Any) -> Callable[..., Any]:
    return _single_least if x == types.float32 else _double_least


def _wildest(x: Any) -> Any:
    """Below this t, e^(−t) nears overflow, and p may have underflowed where q has not."""
    raise NotImplementedError


def _single_wildest(x: Any) -> Any:
    return like(x, -60.0)


def _double_wildest(x: Any) -> Any:
    return like(x, -600.0)


@overload(_wildest)
def _wildest_of(x: Any) -> Callable[..., Any]:
    return _single_wildest if x == types.float32 else _double_wildest


@compiled
def finite(z: Any, least: Any) -> Any:
    """z, or the least finite number for −∞: outcomes masked on both sides then differ by 0 and weigh 0."""
    return select(z < least, least, z)


def _less_centre(a: Any, b: Any, centre: Any, low: Any, scale: Any) -> Any:
    """t = (a − b − centre − low)·scale, and minus what its rounding lost, which e^(−t) would multiply.

    With `low` None the difference as it comes, and None.
    """
    raise NotImplementedError


def _plainly(a: Any, b: Any, centre: Any, low: Any, scale: Any) -> Any:  # noqa: ARG001
    return (a - b - centre) * scale, None


def _carefully(a: Any, b: Any, centre: Any, low: Any, scale: Any) -> Any:
    gap, lost = _difference(a, b)
    off, more = _difference(gap, centre)
    lost = (lost + more) - low
    whole = off + lost
    lost -= whole - off
    t = whole * scale
    return t, multiply_add(-whole, scale, t) - lost * scale


@overload(_less_centre)
def _less_centre_of(a: Any, b: Any, centre: Any, low: Any, scale: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _plainly if isinstance(low, types.NoneType) else _carefully


def _is_beyond(t: Any, low: Any) -> Any:
    """Whether t is out of the range of the careful way, or with `low` None of the plain one."""
    raise NotImplementedError


def _beyond_plain(t: Any, low: Any) -> Any:  # noqa: ARG001
    return magnitude(t) > like(t, _FAR)


def _beyond_careful(t: Any, low: Any) -> Any:  # noqa: ARG001
    return t < _wildest(t)


@overload(_is_beyond)
def _is_beyond_of(t: Any, low: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _beyond_plain if isinstance(low, types.NoneType) else _beyond_careful


@compiled
def _weigh(
    zp: Any, zq: Any, top: Any, centre: Any, low: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), and whether some t is out of range.

    What is not None is written: e, t, e^(−t) and e^(−t) − 1; without the ratios, gaps are e·(e^(−t) − 1).
    """
    wide_vectors()
    least, beyond_range = _least(top), False
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
def _weigh_apart(
    zp: Any, zq: Any, top: Any, q_top: Any, scale: Any, weights: Any, differences: Any, gaps: Any
) -> Any:  # fmt: skip
    """Σ e, Σ e·t and Σ w for w = e·e^(−t); written as by `_weigh`.

    `top` and `q_top` are what exponents are less than scaled logits. What rounds an exponent moves its t
    likewise, as if the logit had been another: D(p‖q) hardly depends on that.
    """
    wide_vectors()
    most, zero = like(top, _MOST), like(top, 0.0)
    total = moment = q_total = zero
    for j in range(len(zp)):
        x = multiply_add(widen(top, zp[j]), scale, -top)
        y = multiply_add(widen(top, zq[j]), scale, -q_top)
        e, w = exponential(x), exponential(select(y > most, most, y))
        # Without weight, t may be any number.
        t = select(e > zero, x - y, zero)
        if weights is not None:
            weights[j] = e
        if differences is not None:
            differences[j] = t
        if gaps is not None:
            gaps[j] = w - e
        total, moment, q_total = accumulate(total, e), accumulate(moment, e * t), accumulate(q_total, w)
    return total, moment, q_total


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
    total, moment, excess, wild = 0.0, 0.0, 0.0, False
    for i in range(0, len(zp), BLOCK):
        j = i + BLOCK
        if way == APART:
            w, m, of_q = _weigh_apart(
                zp[i:j], zq[i:j], top * scale, (top - high) * scale, scale,
                part(weights, i, j), part(differences, i, j), part(gaps, i, j),
            )  # fmt: skip
            x, out = float(of_q) - float(w) + float(m), of_q > like(of_q, _TOO_MANY)
        elif way == PLAIN:
            w, m, x, out = _weigh(
                zp[i:j], zq[i:j], top, high, None, scale,
                part(weights, i, j), part(differences, i, j), part(gaps, i, j), part(ratios, i, j),
            )  # fmt: skip
        else:
            w, m, x, out = _weigh(
                zp[i:j], zq[i:j], top, high, low, scale,
                part(weights, i, j), part(differences, i, j), part(gaps, i, j), part(ratios, i, j),
            )  # fmt: skip
        total, moment, excess, wild = total + w, moment + m, excess + x, wild | out
        if way != CAREFUL and wild:
            break
    return total, moment, excess, wild
