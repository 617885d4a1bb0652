"""From the logits of a pair of distributions to what every divergence of them needs: centred log-ratios.

With weights e = exp(zp − max zp) and a centre c near the mean of the differences δ = zp − zq under p, let
t = δ − c, ρ = E_p[t], A = E_p[e^(−t) − 1 + t] and g = A − ρ = E_p[e^(−t)] − 1. Then log p/q is t + log(1 + g)
and D(p‖q) = ρ + log(1 + g). Everything in A is >= 0, and an error in ρ enters D only multiplied by ρ: the
centre need not be the mean itself, but must be nearer to it than the differences spread.

The mathematics is that of the reference kernel. Sums run in vector lanes over a block and in double precision
over blocks, so that they neither depend on threads nor lose digits as rows grow.
"""

import math
from typing import Any

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.machine import larger, like, select, smaller, wide_vectors, widen
from kldiv.kernels.cpu.optional import part
from kldiv.kernels.cpu.vector import logarithm_parts
from kldiv.kernels.cpu.weighing import APART, CAREFUL, PLAIN, weigh_blocks

# What is searched for the likeliest outcome at once.
_STRETCH = 512
# The share of a row that its centre is guessed from, and the fewest outcomes that are worth a guess.
_PROBE, _LEAST_PROBE = 64, 64
MOVES = 5
HUGE = 1e30
SMALL = 0.5
# The rounding of a difference costs slopes as many units as it is larger than the differences spread: up to
# this, a few units are all that comes of it.
_WIDE = 4.0
# With a divergence beyond this, differences some spreads away are far.
_NARROW = 1.0
# From this divergence on, what two softmaxes lose shows little: some 4 units beside 1.
_APART = 0.3


# --- the likeliest outcome --------------------------------------------------------------------------


@compiled
def _highest(z: Any, unit: Any) -> Any:
    wide_vectors()
    top = widen(unit, z[0])
    for j in range(len(z)):
        top = larger(top, widen(unit, z[j]))
    return top


@compiled
def _first_at(z: Any, unit: Any, top: Any) -> Any:
    wide_vectors()
    at = end = len(z) - 1
    for j in range(len(z)):
        at = smaller(at, select(widen(unit, z[j]) == top, j, end))
    return at


@compiled
def likeliest(z: Any, unit: Any) -> Any:
    """The index of the largest logit; any index if there is a NaN."""
    wide_vectors()
    top, start = _highest(z[:_STRETCH], unit), 0
    for first in range(_STRETCH, len(z), _STRETCH):
        other = _highest(z[first : first + _STRETCH], unit)
        if other > top:
            top, start = other, first
    return start + _first_at(z[start : start + _STRETCH], unit, top)


# --- a row ------------------------------------------------------------------------------------------


@compiled
def divergence(excess: Any, rest: Any) -> Any:
    """D(p‖q) = ρ + log(1 + g) for g = A − ρ; near 0 as A − (g − log(1 + g)), whose parts ρ has left."""
    grown = excess - rest
    if abs(grown) < SMALL:
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
def is_settled(way: Any, wild: Any, centre: Any, rest: Any, value: Any) -> Any:
    """Whether a row weighed about this centre, in one of the ways, need not be weighed once more.

    An error in ρ, relative, costs D(p‖q) that times ρ²/(2·D).
    """
    if way == APART:
        return not wild and value > _APART
    if way == PLAIN and (wild or not _is_wide(centre, value)):
        return False
    return not rest * rest > 2.0 * value


@compiled
def guess(
    zp: Any, zq: Any, at: Any, top: Any, centre: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """The mean of the differences about `centre`, guessed from the start of the row and the likeliest.

    And the way in which, as far as that shows, the row may be weighed.
    """
    wide_vectors()
    n = max(len(zp) // _PROBE, _LEAST_PROBE)
    if len(zp) < 2 * n:
        return 0.0, CAREFUL
    total, moment, excess, _ = weigh_blocks(
        zp[:n], zq[:n], top, centre, scale, like(n, CAREFUL),
        part(weights, 0, n), part(differences, 0, n), part(gaps, 0, n), part(ratios, 0, n),
    )  # fmt: skip
    share, rest = total * len(zp) / n, moment / total
    mean = share * rest / (share + (1.0 if at >= n else 0.0))
    if not math.isfinite(mean):
        return 0.0, CAREFUL
    value = divergence(excess / total, rest)
    if differences is None and ratios is None and value > _APART:
        return mean, APART
    if value < _NARROW and _is_wide(centre * scale + mean, value):
        return mean, PLAIN
    return mean, CAREFUL


@compiled
def centred(zp: Any, zq: Any, scale: Any, weights: Any, differences: Any, gaps: Any, ratios: Any) -> Any:
    """p's likeliest outcome, Σ e, ρ, g, D(p‖q), and whether the row is hard: beyond what is done here.

    The first centre is where the likeliest outcome and the start of the row suggest; that it has to be moved
    is rare.
    """
    wide_vectors()
    at = likeliest(zp, scale)
    top = widen(scale, zp[at])
    centre = like(1.0, top) - like(1.0, widen(scale, zq[at]))
    if not (math.isfinite(top) and math.isfinite(centre)):
        return at, 1.0, 0.0, 0.0, 0.0, True
    move, way = guess(zp, zq, at, top, centre, scale, weights, differences, gaps, ratios)
    total = rest = excess = value = 0.0
    wild = False
    for _ in range(MOVES):
        centre += move / scale
        total, moment, more, wild = weigh_blocks(
            zp, zq, top, centre, scale, way, weights, differences, gaps, ratios
        )
        rest, excess = moment / total, more / total
        value = divergence(excess, rest)
        move = 0.0 if way != CAREFUL and wild else rest
        if is_settled(way, wild, centre * scale, rest, value):
            break
        way = CAREFUL
    return at, total, rest, excess - rest, value, wild | (not abs(value) < HUGE)
