"""From the logits of a pair of distributions to what every divergence of them needs: centred log-ratios.

With weights e = exp(zp − max zp) and a centre c near the mean of the differences δ = zp − zq under p, let
t = δ − c, ρ = E_p[t], A = E_p[e^(−t) − 1 + t] and g = A − ρ = E_p[e^(−t)] − 1. Then log p/q is t + log(1 + g)
and D(p‖q) = ρ + log(1 + g). Everything in A is >= 0, and an error in ρ enters D only multiplied by ρ: the
centre need not be the mean itself, but must be nearer to it than the differences spread.

The mathematics is that of the reference kernel. Sums run in vector lanes over a block and in double precision
over blocks, so that they neither depend on threads nor lose digits as rows grow.
"""

import math
from typing import Any, NamedTuple

from kldiv.kernels.cpu.compiling import compiled, compiled_in_place, compiled_within
from kldiv.kernels.cpu.extremes import larger, not_below, smaller
from kldiv.kernels.cpu.lanes import every, first_of, highest_of, read, width
from kldiv.kernels.cpu.machine import is_double, like, select, wide_vectors, widen
from kldiv.kernels.cpu.memory import AHEAD, prefetch
from kldiv.kernels.cpu.vector import logarithm_parts
from kldiv.kernels.cpu.weighing import APART, CAREFUL, PLAIN, weigh

# The centre is guessed from a 64th of a row, in whole 64s of outcomes, and from one of them at the least.
_PROBE = 64
MOVES = 5
# An error in ρ, relative, costs D(p‖q) that times ρ²/(2·D): one and a half times at the most.
STRAYED = 3.0
HUGE = 1e30
SMALL = 0.5
# What is subtracted from A has been rounded some times.
ROUNDING = 8 * 2.0**-53
# The rounding of a difference costs slopes as many units as it is larger than the differences spread: up to
# this, a few units are all that comes of it.
_WIDE = 4.0
# Σ e below this: the likeliest outcome has more than half of the mass.
HEAVY = 2.0
# With a divergence beyond this, differences some spreads away are far.
_NARROW = 1.0
# What two softmaxes lose is some units beside 1, or beside ρ if that is more: it shows little in a divergence
# like the first, and in one like the second that is not much less than ρ.
_APART, NEAR = 0.2, 4.0
# Beside an outcome of most of the mass what is added in single precision loses some units more.
_HEAVY_APART = 0.35
# Of Σ w/Σ e, minus the logarithm from which on Σ w could get lost beside Σ e, and one short of overflow.
_LEAST_OF_Q, _MOST_OF_Q = 13.0, 80.0


# --- the likeliest outcome --------------------------------------------------------------------------


@compiled_in_place
def highest(z: Any, unit: Any) -> Any:
    """The largest logit; any number if there is a NaN."""
    wide_vectors()
    none = every(like(unit, -math.inf))
    step, a, b, c, d = width(none), none, none, none, none
    # Four at a time, for each has to wait for what it is compared with.
    for j in range(0, len(z), 4 * step):
        for k in range(4):
            prefetch(z, j + AHEAD + k * step)
        a, b = larger(read(none, z, j), a), larger(read(none, z, j + step), b)
        c, d = larger(read(none, z, j + 2 * step), c), larger(read(none, z, j + 3 * step), d)
    return highest_of(larger(larger(a, b), larger(c, d)))


@compiled
def likeliest(z: Any, unit: Any) -> Any:
    """The index of the largest logit; any index if there is a NaN."""
    wide_vectors()
    none, top = every(like(unit, -math.inf)), every(highest(z, unit))
    for j in range(0, len(z), width(none)):
        lane = first_of(read(none, z, j) == top)
        if lane < width(none):
            return smaller(j + lane, len(z) - 1)
    return len(z) - 1


# --- a row ------------------------------------------------------------------------------------------


@compiled
def divergence(excess: Any, rest: Any) -> Any:
    """D(p‖q) = ρ + log(1 + g) for g = A − ρ; near 0 as A − (g − log(1 + g)), whose parts ρ has left."""
    grown = excess - rest
    if abs(grown) < SMALL:
        _, beyond = logarithm_parts(grown, 1.0 + grown)
        # Of equal distributions, whose logits differ by a number, nothing but rounding is left.
        return excess - beyond if excess - beyond > ROUNDING * excess else 0.0
    return rest + math.log1p(grown)


@compiled
def _is_wide(centre: Any, value: Any) -> Any:
    """Whether differences spread so wide, beside their centre, that their rounding does not show.

    None of them being far, D(p‖q) is about half the square of their spread, or some times more.
    """
    return centre * centre <= 2.0 * _WIDE * _WIDE * value


@compiled
def is_settled(way: Any, wild: Any, centre: Any, rest: Any, value: Any) -> Any:
    """Whether a row weighed about this centre, in one of the ways, need not be weighed once more."""
    is_near = not rest * rest > STRAYED * value
    is_apart = (not wild) & (value > _APART) & (abs(rest) < NEAR * value) & (rest - value < _LEAST_OF_Q)
    is_plain = (not wild) & _is_wide(centre, value) & is_near
    return select(way == APART, is_apart, select(way == PLAIN, is_plain, is_near))


@compiled
def moved(centre: Any, low: Any, step: Any) -> Any:
    """A centre of two parts a step on: what the rounding of the first would lose is kept in the second."""
    there = centre + step
    return there, low + (step - (there - centre))


@compiled
def length_of_start(row: Any) -> Any:
    """How many outcomes of a row are looked at to guess how it may be weighed."""
    return not_below(len(row) // (_PROBE * _PROBE), 1) * _PROBE


@compiled
def of_whole_row(part: Any, has_likeliest: Any, many: Any) -> Any:
    """A sum over a row whose likeliest outcome counts 1, guessed from that over one of `many` parts."""
    return 1.0 + (part - (1.0 if has_likeliest else 0.0)) * many


@compiled
def suggested(
    total: Any, mean: Any, value: Any, centre: Any, scale: Any, differences: Any, ratios: Any
) -> Any:
    """By how much to move the centre, and the way to weigh the row, from guesses of Σ e, ρ and D(p‖q)."""
    centre *= scale.high
    if not math.isfinite(mean):
        return 0.0, CAREFUL
    is_heavy, of_q_alone = total < HEAVY, differences is None and ratios is None
    if of_q_alone and value > (_HEAVY_APART if is_heavy else _APART):
        # D(p‖q) is ρ + log(1 + g). Where g is 0 exponents of what is likely to q are near 0, as p's are. But
        # of a 1 + g guessed much too small double precision loses digits, of which sums have none to spare.
        is_level = value - mean < _MOST_OF_Q and not is_double(scale.high)
        return (mean - value if is_level else mean), APART
    # Beside an outcome of most of the mass p's slopes are those of rare ones, with what their exponents lose.
    if (of_q_alone or not is_heavy) and value < _NARROW and _is_wide(centre + mean, value):
        return mean, PLAIN
    return mean, CAREFUL


@compiled
def guess(
    zp: Any, zq: Any, at: Any, top: Any, centre: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """The mean of the differences about `centre`, guessed from the start of the row and the likeliest.

    And the way in which, as far as that shows, the row may be weighed.
    """
    n = length_of_start(zp)
    if len(zp) < 2 * n:
        return 0.0, CAREFUL
    # Numbers of the types that a row's weighing has, so that the two are compiled once.
    none, way = like(n, 0), like(n, PLAIN)
    part, moment, excess, _, _ = weigh(
        zp, zq, none, n, (none, none), top, centre, 0.0, scale, way, weights, differences, gaps, ratios
    )
    # The likeliest, where t is 0, has no part in the other two.
    many = len(zp) / n
    total = of_whole_row(part, at < n, many)
    mean, excess = moment * many / total, excess * many / total
    return suggested(total, mean, divergence(excess, mean), centre, scale, differences, ratios)


class Row(NamedTuple):
    """What a row was found to be."""

    at: Any
    """p's likeliest outcome."""
    total: Any
    """Σ e."""
    rest: Any
    """ρ."""
    grown: Any
    """g; where q's gradient is wanted, summed by itself, as A − ρ would have the rounding of A."""
    value: Any
    """D(p‖q)."""
    share: Any
    """How many times the weights q's slopes are less than the gaps: g, or 1 + g of a row weighed APART."""
    hard: Any
    """Whether it is beyond what is done here."""


@compiled_within
def settled(
    zp: Any, zq: Any, at: Any, top: Any, centre: Any, move: Any, way: Any, ahead: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """A row weighed about a centre `move` away from this one, and once more where that was too far off."""
    total = rest = grown = value = low = 0.0
    none, wild = like(len(zp), 0), False
    for _ in range(MOVES):
        centre, low = moved(centre, low, move / scale.high)
        total, moment, more, growth, wild = weigh(
            zp, zq, none, len(zp), ahead, top, centre, low, scale, way, weights, differences, gaps, ratios
        )
        rest, grown = moment / total, growth / total
        value = divergence(more / total, rest)
        move = 0.0 if way != CAREFUL and wild else rest
        if is_settled(way, wild, centre * scale.high, rest, value):
            break
        way = CAREFUL
    share = 1.0 + grown if way == APART else grown
    return Row(at, total, rest, grown, value, share, wild | (not abs(value) < HUGE))


@compiled_within
def centred(
    zp: Any, zq: Any, ahead: Any, scale: Any, weights: Any, differences: Any, gaps: Any, ratios: Any
) -> Any:
    """A row weighed about a centre near the mean of its differences.

    The first centre is where the likeliest outcome and the start of the row suggest; that it has to be moved
    is rare.
    """
    at = likeliest(zp, scale.high)
    top = widen(scale.high, zp[at])
    centre = like(1.0, top) - like(1.0, widen(scale.high, zq[at]))
    if not (math.isfinite(top) and math.isfinite(centre)):
        return Row(at, 1.0, 0.0, 0.0, 0.0, 0.0, True)
    move, way = guess(zp, zq, at, top, centre, scale, weights, differences, gaps, ratios)
    return settled(zp, zq, at, top, centre, move, way, ahead, scale, weights, differences, gaps, ratios)
