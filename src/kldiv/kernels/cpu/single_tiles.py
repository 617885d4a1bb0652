"""The Kullback–Leibler divergence of rows of few outcomes, side by side in single precision.

Twice as many numbers fit a register as in double precision, and an exponential takes half the steps. A row of
few outcomes is short enough to weigh it twice: for the mean of its differences, and about that. A value alone
takes these as they come, and is done once more where their rounding may show.
"""

from collections.abc import Callable
from typing import Any

from kldiv.kernels.cpu.centring import HEAVY, HUGE, SMALL, STRAYED
from kldiv.kernels.cpu.compiling import compiled, overload
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.generators import KullbackLeibler
from kldiv.kernels.cpu.kl_logits import TELLING
from kldiv.kernels.cpu.lanes import all_are, doubled, first_of, none_are, width
from kldiv.kernels.cpu.machine import like, magnitude, multiply_add, select, wide_vectors
from kldiv.kernels.cpu.optional import any_wanted
from kldiv.kernels.cpu.side_by_side import every_row, load, singled, store
from kldiv.kernels.cpu.vector import LOWEST_32, exponential, exponential_parts, logarithm_parts
from kldiv.kernels.cpu.weighing import Scale, difference, is_beyond, less_centre

# So many numbers are added in single precision before their sum is added in double precision.
_BLOCK = 8
# Beyond any finite logit but those that nearly overflow.
_NONE = 1e37
# Times this the least number of single precision is still nothing.
_COSTLY = 1e6
# How much the rounding of differences may cost a value, in rounding units of it: seldom a quarter of that.
_COST, _UNIT = 24.0, 2.0**-24


@compiled
def _likeliest(zp: Any, zq: Any, outcomes: Any) -> Any:
    """p's largest logit, and the difference to q's there."""
    wide_vectors()
    top = load(zp, 0)
    centre = top - load(zq, 0)
    for j in range(1, outcomes):
        z = load(zp, j)
        centre = select(z > top, z - load(zq, j), centre)
        top = select(z > top, z, top)
    return top, centre


@compiled
def are_no_pair(top: Any, centre: Any) -> Any:
    """Whether a side has no finite logit, which makes it no distribution, or there is no difference to it."""
    most = like(top, _NONE)
    return (top < -most) | (centre < -most) | (centre > most)


@compiled
def _scales_of(rows: Any, scale: Any) -> Any:
    """A number of double precision as two in the lanes of rows."""
    high = like(load(rows, 0), scale)
    return Scale(high, singled(like(doubled(high), scale) - doubled(high)))


@compiled
def _weight(z: Any, top: Any, scale: Any) -> Any:
    """exp((z − top)·scale) to its last digits, however far from 0 the exponent is."""
    gap, lost = difference(z, top)
    x = gap * scale.high
    more = multiply_add(gap, scale.high, -x) + multiply_add(gap, scale.low, lost * scale.high)
    e = exponential(x)
    return select(x < like(x, LOWEST_32), like(x, 0.0), multiply_add(e, more, e))


@compiled
def _weigh_p(
    zp: Any, zq: Any, outcomes: Any, top: Any, centre: Any, scale: Any, weights: Any
) -> Any:  # fmt: skip
    """1/Σ e for e = exp(zp − top), which become `weights`, and the mean of the differences."""
    wide_vectors()
    all_weights = all_moments = doubled(like(top, 0.0))
    for first in range(0, outcomes, _BLOCK):
        total = moment = like(top, 0.0)
        for j in range(first, smaller(first + _BLOCK, outcomes)):
            z = load(zp, j)
            e = _weight(z, top, scale)
            store(weights, j, e)
            total, moment = total + e, multiply_add(e, (z - load(zq, j)) - centre, moment)
        all_weights, all_moments = all_weights + doubled(total), all_moments + doubled(moment)
    share = like(top, 1.0) / singled(all_weights)
    return share, centre + singled(all_moments) * share


@compiled
def _hides_q(e: Any, of_q: Any, t: Any) -> Any:
    """Where p has underflowed and q has not, or is so much less that p costs something."""
    underflown = (of_q > like(e, LOWEST_32)) | (t > like(e, _COSTLY))
    return (e == like(e, 0.0)) & underflown


@compiled
def _weigh_as_they_come(
    zp: Any, zq: Any, outcomes: Any, top: Any, centre: Any, scale: Any, weights: Any
) -> Any:  # fmt: skip
    """Σ e·t, Σ e·φ(t), Σ e·|e^(−t) − 1|·(|c| + 2·|t|), and whether some t is out of range.

    The rounding of t = zp − zq − c is |c| + 2·|t| rounding units at the most.
    """
    wide_vectors()
    zero, two, away = like(centre, 0.0), like(centre, 2.0), magnitude(centre * scale.high)
    all_moments = all_excess = doubled(zero)
    rounded = least = most = zero
    wild = none_are(zero)
    for first in range(0, outcomes, _BLOCK):
        moment = excess = zero
        for j in range(first, smaller(first + _BLOCK, outcomes)):
            e, a, b = load(weights, j), load(zp, j), load(zq, j)
            t = (a - b - centre) * scale.high
            _, gap, beyond = exponential_parts(-t)
            moment, excess = multiply_add(e, t, moment), multiply_add(e, beyond, excess)
            rounded = multiply_add(magnitude(e * gap), multiply_add(magnitude(t), two, away), rounded)
            if first_of(e == zero) < width(zero):
                wild |= _hides_q(e, (b - top + centre) * scale.high, t)
            least, most = select(t < least, t, least), select(t > most, t, most)
        all_moments, all_excess = all_moments + doubled(moment), all_excess + doubled(excess)
    wild |= is_beyond(least) | is_beyond(most)
    return singled(all_moments), singled(all_excess), rounded, wild


@compiled
def _weigh(
    zp: Any, zq: Any, outcomes: Any, top: Any, centre: Any, scale: Any, weights: Any, gaps: Any
) -> Any:  # fmt: skip
    """Σ e·t, Σ e·φ(t), Σ e·(e^(−t) − 1), and whether some t is out of range.

    If not None `gaps` become e·(e^(−t) − 1); else the sum of these is 0.
    """
    wide_vectors()
    zero = like(centre, 0.0)
    all_moments = all_excess = all_gaps = doubled(zero)
    wild = none_are(zero)
    for first in range(0, outcomes, _BLOCK):
        moment = excess = grown = zero
        for j in range(first, smaller(first + _BLOCK, outcomes)):
            e = load(weights, j)
            t, lost = less_centre(load(zp, j), load(zq, j), centre, zero, scale, True)
            _, gap, beyond = exponential_parts(-t, lost)
            moment, excess = multiply_add(e, t, moment), multiply_add(e, beyond, excess)
            wild |= is_beyond(t)
            if first_of(e == zero) < width(zero):
                wild |= _hides_q(e, (load(zq, j) - top + centre) * scale.high, t)
            if gaps is not None:
                store(gaps, j, e * gap)
                grown += e * gap
        all_moments, all_excess = all_moments + doubled(moment), all_excess + doubled(excess)
        all_gaps += doubled(grown)
    return singled(all_moments), singled(all_excess), singled(all_gaps), wild


@compiled
def _slopes(gaps: Any, weights: Any, outcomes: Any, grown: Any, share: Any, factor: Any, out: Any) -> Any:
    """out ← the factor times slopes in q, in double precision; and whether they are lost in rounding.

    They are (gaps − g·weights)·share/(1 + g). An outcome that has more than half of the mass takes what the
    others leave.
    """
    wide_vectors()
    one, nothing = like(share, 1.0), like(share, 0.0)
    heavy, factor = share > like(share, 1.0 / HEAVY), factor * share / (one + grown)
    left = size = nothing
    for j in range(outcomes):
        e = load(weights, j)
        slope = multiply_add(-grown, e, load(gaps, j)) * factor
        left += select(heavy & (e == one), nothing, slope)
        size += magnitude(slope)
        store(gaps, j, slope)
    for j in range(outcomes):
        slope = select(heavy & (load(weights, j) == one), -left, load(gaps, j))
        store(out, j, doubled(slope))
    return size * share < magnitude(factor * grown) * like(share, TELLING)


@compiled
def _divergence(rest: Any, excess: Any) -> Any:
    """As `centring.divergence`."""
    grown = excess - rest
    logarithm, beyond = logarithm_parts(grown, grown + like(grown, 1.0))
    near = excess - beyond
    return select(magnitude(grown) < like(grown, SMALL), near, rest + logarithm)


@compiled
def _value(moment: Any, excess: Any, share: Any, wild: Any) -> Any:
    """D(p‖q), and where it isn't good enough: a t was out of range, or their mean is too far from 0."""
    rest = moment * share
    value = _divergence(rest, excess * share)
    return value, wild | (rest * rest > like(value, STRAYED) * value)


@compiled
def _is_precise(value: Any, grown: Any, rounded: Any, away: Any) -> Any:
    """Whether the rounding of differences t costs the value _COST rounding units at the most.

    That of one costs |p − q| times as much, or |p·(e^(−t) − 1) − p·g|/(1 + g), and by its square where nearly
    all of t is rounding. E_p|t| is at most 2·D + 1: their mean is 0, so that for a, half of it, exp(D) is at
    least P(t < 0)·exp(a/P(t < 0)).
    """
    two, four, unit, most = like(value, 2.0), like(value, 4.0), like(value, _UNIT), like(value, _COST)
    of_mean = magnitude(grown) * multiply_add(value, four, away + two)
    cost = multiply_add(away * away, unit, of_mean + rounded)
    return cost < most * value * (grown + like(value, 1.0))


@compiled
def _alone(
    zp: Any, zq: Any, outcomes: Any, top: Any, centre: Any, scale: Any, weights: Any, share: Any
) -> Any:  # fmt: skip
    """D(p‖q), and where it isn't good enough."""
    wide_vectors()
    moment, excess, rounded, wild = _weigh_as_they_come(zp, zq, outcomes, top, centre, scale, weights)
    value, beyond = _value(moment, excess, share, wild)
    away, none = magnitude(centre * scale.high), none_are(value)
    is_precise = _is_precise(value, (excess - moment) * share, rounded * share, away)
    is_precise = select(beyond, none, is_precise)
    if all_are(is_precise):
        return value, none
    moment, excess, _, wild = _weigh(zp, zq, outcomes, top, centre, scale, weights, None)
    careful, beyond = _value(moment, excess, share, wild)
    return select(is_precise, value, careful), select(is_precise, none, beyond)


def in_single(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, p_out: Any, q_out: Any, rooms: Any
) -> Any:  # fmt: skip
    """The call's factor times the divergences of rows, and which rows that is good enough for.

    For other divergences than D(p‖q), and where p's gradient is wanted, that is none. Side by side are the
    logits of p and of q. Of the rooms for as many numbers the last, in double precision, gets factor times
    the slopes in q if they are wanted.
    """
    raise NotImplementedError


@compiled
def _start(zp: Any, zq: Any, outcomes: Any, scale: Any, weights: Any) -> Any:
    """p's largest logit, the mean of the differences, 1/Σ e, and which rows are no pair."""
    wide_vectors()
    top, centre = _likeliest(zp, zq, outcomes)
    share, mean = _weigh_p(zp, zq, outcomes, top, centre, scale, weights)
    return top, mean, share, are_no_pair(top, centre)


@compiled
def _whole(value: Any, beyond: Any, factor: Any) -> Any:
    """The factor times the divergences, and which of them are good enough."""
    is_done = select(beyond, none_are(value), value < like(value, HUGE))
    return doubled(select(value > like(value, 0.0), value, like(value, 0.0))) * every_row(factor), is_done


def _of_kl(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, p_out: Any, q_out: Any, rooms: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    wide_vectors()
    (zp, zq), (weights, _, _) = logits, rooms
    scales = _scales_of(zp, scale)
    top, centre, share, no_pair = _start(zp, zq, outcomes, scales, weights)
    value, beyond = _alone(zp, zq, outcomes, top, centre, scales, weights, share)
    return _whole(value, no_pair | beyond, factor)


def _of_kl_with_slopes(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, p_out: Any, q_out: Any, rooms: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    wide_vectors()
    (zp, zq), (weights, gaps, out) = logits, rooms
    scales = _scales_of(zp, scale)
    top, centre, share, no_pair = _start(zp, zq, outcomes, scales, weights)
    moment, excess, growth, wild = _weigh(zp, zq, outcomes, top, centre, scales, weights, gaps)
    value, beyond = _value(moment, excess, share, wild)
    is_lost = _slopes(gaps, weights, outcomes, growth * share, share, like(share, scale * factor), out)
    return _whole(value, no_pair | beyond | is_lost, factor)


def _of_none(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, p_out: Any, q_out: Any, rooms: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    nothing = every_row(0.0)
    return nothing, none_are(nothing)


@overload(in_single)
def _in_single_of(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, p_out: Any, q_out: Any, rooms: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    if how.instance_class is not KullbackLeibler or any_wanted(p_out):
        return _of_none
    return _of_kl_with_slopes if any_wanted(q_out) else _of_kl
