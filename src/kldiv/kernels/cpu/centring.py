"""From the logits of a pair of distributions to what every divergence of them needs: centred log-ratios.

With weights e = exp(zp − max zp) and a centre c near the mean of the differences δ = zp − zq under p, let
t = δ − c, ρ = E_p[t], A = E_p[e^(−t) − 1 + t] and g = A − ρ = E_p[e^(−t)] − 1. Then log p/q is t + log(1 + g)
and D(p‖q) = ρ + log(1 + g). Everything in A is >= 0, and an error in ρ enters D only multiplied by ρ: the
centre need not be the mean itself, but must be nearer to it than the differences spread.

The mathematics is that of the reference kernel. Sums run in vector lanes over a block and in double precision
over blocks, so that they neither depend on threads nor lose digits as rows grow.
"""

import math
from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.machine import (
    accumulate,
    larger,
    like,
    multiply_add,
    ordered,
    select,
    smaller,
    wide_vectors,
    widen,
)
from kldiv.kernels.cpu.optional import part
from kldiv.kernels.cpu.vector import exponential, exponential_parts, logarithm_parts

BLOCK = 2048
# The share of a row that its centre is guessed from, and the fewest outcomes that are worth a guess.
_PROBE, _LEAST_PROBE = 64, 64
MOVES = 4
HUGE = 1e30
_SMALL = 0.5


# --- the likeliest outcome --------------------------------------------------------------------------


@compiled
def _largest_key(z: Any, unit: Any) -> Any:
    wide_vectors()
    key = ordered(widen(unit, z[0]))
    for j in range(len(z)):
        key = larger(key, ordered(widen(unit, z[j])))
    return key


@compiled
def _first_with(z: Any, unit: Any, key: Any) -> Any:
    wide_vectors()
    at = end = like(key, len(z))
    for j in range(len(z)):
        at = smaller(at, select(ordered(widen(unit, z[j])) == key, like(key, j), end))
    return at


@compiled
def likeliest(z: Any, unit: Any) -> Any:
    """The index of the largest logit; of a NaN if there is one."""
    wide_vectors()
    best, start = _largest_key(z[:BLOCK], unit), 0
    for first in range(BLOCK, len(z), BLOCK):
        key = _largest_key(z[first : first + BLOCK], unit)
        if key > best:
            best, start = key, first
    return start + _first_with(z[start : start + BLOCK], unit, best)


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


@compiled
def _centred(a: Any, b: Any, centre: Any, low: Any, scale: Any) -> Any:
    """(a − b − centre − low)·scale and what its rounding lost, which e^(−t) would multiply."""
    gap, lost = _difference(a, b)
    off, more = _difference(gap, centre)
    lost = (lost + more) - low
    whole = off + lost
    lost -= whole - off
    t = whole * scale
    return t, multiply_add(whole, scale, -t) + lost * scale


@compiled
def _weigh(
    zp: Any, zq: Any, top: Any, centre: Any, low: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), and whether some t is out of range.

    What is not None is written: e, t, e^(−t) and e^(−t) − 1; without the ratios, gaps are e·(e^(−t) − 1).
    """
    wide_vectors()
    least, wildest, wild = _least(top), _wildest(top), False
    total = moment = excess = like(top, 0.0)
    for j in range(len(zp)):
        a, b = finite(widen(top, zp[j]), least), finite(widen(top, zq[j]), least)
        e = exponential((a - top) * scale)
        t, lost = _centred(a, b, centre, low, scale)
        ratio, gap, beyond = exponential_parts(-t, -lost)
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
        wild |= t < wildest
    return total, moment, excess, wild


# --- a row ------------------------------------------------------------------------------------------


@compiled
def weigh_blocks(
    zp: Any, zq: Any, top: Any, centre: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), and whether some t was out of range."""
    wide_vectors()
    high = like(scale, centre)
    low = like(scale, centre - high)
    total, moment, excess, wild = 0.0, 0.0, 0.0, False
    for i in range(0, len(zp), BLOCK):
        j = i + BLOCK
        w, m, x, out = _weigh(
            zp[i:j], zq[i:j], top, high, low, scale,
            part(weights, i, j), part(differences, i, j), part(gaps, i, j), part(ratios, i, j),
        )  # fmt: skip
        total, moment, excess, wild = total + w, moment + m, excess + x, wild | out
    return total, moment, excess, wild


@compiled
def divergence(excess: Any, rest: Any) -> Any:
    """D(p‖q) = ρ + log(1 + g) for g = A − ρ; near 0 as A − (g − log(1 + g)), whose parts ρ has left."""
    grown = excess - rest
    if abs(grown) < _SMALL:
        _, beyond = logarithm_parts(grown, 1.0 + grown)
        return excess - beyond
    return rest + math.log1p(grown)


@compiled
def is_central(rest: Any, value: Any) -> Any:
    """Whether the centre is near enough: an error in ρ, relative, costs D(p‖q) that times ρ²/(2·D)."""
    return not rest * rest > 2.0 * value


@compiled
def guess(
    zp: Any, zq: Any, at: Any, top: Any, centre: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """The mean of the differences about `centre`, guessed from the start of the row and the likeliest."""
    wide_vectors()
    n = max(len(zp) // _PROBE, _LEAST_PROBE)
    if len(zp) < 2 * n:
        return 0.0
    total, moment, _, _ = weigh_blocks(
        zp[:n], zq[:n], top, centre, scale,
        part(weights, 0, n), part(differences, 0, n), part(gaps, 0, n), part(ratios, 0, n),
    )  # fmt: skip
    share = total * len(zp) / n
    mean = share * (moment / total) / (share + (1.0 if at >= n else 0.0))
    return mean if math.isfinite(mean) else 0.0


@compiled
def centred(zp: Any, zq: Any, scale: Any, weights: Any, differences: Any, gaps: Any, ratios: Any) -> Any:
    """p's likeliest outcome, Σ e, ρ, g, D(p‖q), and whether the row is hard: beyond what is done here.

    The first centre is where the likeliest outcome and the start of the row suggest; that it has to be moved
    is rare.
    """
    wide_vectors()
    at = likeliest(zp, scale)
    top = widen(scale, zp[at])
    centre = float(top) - float(widen(scale, zq[at]))
    if not (math.isfinite(top) and math.isfinite(centre)):
        return at, 1.0, 0.0, 0.0, 0.0, True
    move = guess(zp, zq, at, top, centre, scale, weights, differences, gaps, ratios)
    total = rest = excess = value = 0.0
    wild = False
    for _ in range(MOVES):
        centre += move / scale
        total, moment, more, wild = weigh_blocks(
            zp, zq, top, centre, scale, weights, differences, gaps, ratios
        )
        rest, excess = moment / total, more / total
        value = divergence(excess, rest)
        move = rest
        if is_central(rest, value):
            break
    return at, total, rest, excess - rest, value, wild | (not abs(value) < HUGE)
