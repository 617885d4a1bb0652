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
    magnitude,
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
MOVES = 5
HUGE = 1e30
_SMALL = 0.5
# The rounding of a difference costs e^(−t) as many units as it is large, and slopes as many as it is larger
# than the differences spread: up to these bounds, a few units are all that comes of it.
_FAR, _WIDE = 6.0, 4.0
# With a divergence beyond this, differences some spreads away are far.
_NARROW = 1.0


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


# --- a row ------------------------------------------------------------------------------------------


@compiled
def weigh_blocks(
    zp: Any, zq: Any, top: Any, centre: Any, scale: Any, plain: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, Σ e·t, Σ e·φ(t), and whether some t was out of range, at which the `plain` way stops.

    That takes t as it comes, the other carefully.
    """
    wide_vectors()
    high = like(scale, centre)
    low = like(scale, centre - high)
    total, moment, excess, wild = 0.0, 0.0, 0.0, False
    for i in range(0, len(zp), BLOCK):
        j = i + BLOCK
        if plain:
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
        if plain and wild:
            break
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
def _is_wide(centre: Any, value: Any) -> Any:
    """Whether differences spread so wide, beside their centre, that their rounding does not show.

    None of them being far, D(p‖q) is about half the square of their spread, or some times more.
    """
    return centre * centre <= 2.0 * _WIDE * _WIDE * value


@compiled
def is_settled(plain: Any, wild: Any, centre: Any, rest: Any, value: Any) -> Any:
    """Whether a row weighed about this centre, in the plain way or carefully, need not be weighed once more.

    An error in ρ, relative, costs D(p‖q) that times ρ²/(2·D).
    """
    if plain and (wild or not _is_wide(centre, value)):
        return False
    return not rest * rest > 2.0 * value


@compiled
def guess(
    zp: Any, zq: Any, at: Any, top: Any, centre: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """The mean of the differences about `centre`, guessed from the start of the row and the likeliest.

    And whether, as far as that shows, differences may be taken as they come.
    """
    wide_vectors()
    n = max(len(zp) // _PROBE, _LEAST_PROBE)
    if len(zp) < 2 * n:
        return 0.0, False
    total, moment, excess, _ = weigh_blocks(
        zp[:n], zq[:n], top, centre, scale, False,
        part(weights, 0, n), part(differences, 0, n), part(gaps, 0, n), part(ratios, 0, n),
    )  # fmt: skip
    share, rest = total * len(zp) / n, moment / total
    mean = share * rest / (share + (1.0 if at >= n else 0.0))
    if not math.isfinite(mean):
        return 0.0, False
    value = divergence(excess / total, rest)
    return mean, value < _NARROW and _is_wide(centre * scale + mean, value)


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
    move, plain = guess(zp, zq, at, top, centre, scale, weights, differences, gaps, ratios)
    total = rest = excess = value = 0.0
    wild = False
    for _ in range(MOVES):
        centre += move / scale
        total, moment, more, wild = weigh_blocks(
            zp, zq, top, centre, scale, plain, weights, differences, gaps, ratios
        )
        rest, excess = moment / total, more / total
        value = divergence(excess, rest)
        move = 0.0 if plain and wild else rest
        if is_settled(plain, wild, centre * scale, rest, value):
            break
        plain = False
    return at, total, rest, excess - rest, value, wild | (not abs(value) < HUGE)
