"""The Kullback–Leibler divergence of rows of few outcomes, side by side in single precision.

Twice as many numbers fit a register as in double precision, and an exponential takes half the steps. A row of
few outcomes is short enough to weigh it twice: for the mean of its differences, and about that.
"""

from collections.abc import Callable
from typing import Any

from kldiv.kernels.cpu.centring import HUGE, ROUNDING, SMALL, STRAYED
from kldiv.kernels.cpu.compiling import compiled, overload
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.generators import KullbackLeibler
from kldiv.kernels.cpu.kl_logits import HEAVY, TELLING
from kldiv.kernels.cpu.lanes import doubled, first_of, none_are, width
from kldiv.kernels.cpu.machine import like, magnitude, multiply_add, select, wide_vectors
from kldiv.kernels.cpu.side_by_side import load, singled, store
from kldiv.kernels.cpu.vector import LOWEST_32, exponential_parts, logarithm_parts
from kldiv.kernels.cpu.weighing import difference, is_beyond, less_centre

# So many numbers are added in single precision before their sum is added in double precision.
_BLOCK = 8
# Beyond any finite logit but those that nearly overflow.
_NONE = 1e37
# Times this the least number of single precision is still nothing.
_COSTLY = 1e6


@compiled
def _likeliest(zp: Any, zq: Any, outcomes: Any) -> Any:
    """p's largest logit, the difference to q's there, and which outcome that is."""
    wide_vectors()
    top = load(zp, 0)
    at, centre = like(top, 0.0), top - load(zq, 0)
    for j in range(1, outcomes):
        z = load(zp, j)
        centre = select(z > top, z - load(zq, j), centre)
        at = select(z > top, like(top, float(j)), at)
        top = select(z > top, z, top)
    return top, centre, at


@compiled
def are_no_pair(top: Any, centre: Any) -> Any:
    """Whether a side has no finite logit, which makes it no distribution, or there is no difference to it."""
    most = like(top, _NONE)
    return (top < -most) | (centre < -most) | (centre > most)


@compiled
def _weight(z: Any, top: Any, scale: Any, rest: Any) -> Any:
    """exp((z − top)·(scale + rest)) to its last digits, however far from 0 the exponent is."""
    gap, lost = difference(z, top)
    x = gap * scale
    e, _, _ = exponential_parts(x, multiply_add(gap, scale, -x) + multiply_add(gap, rest, lost * scale))
    return select(x < like(x, LOWEST_32), like(x, 0.0), e)


@compiled
def _weigh_p(zp: Any, zq: Any, outcomes: Any, top: Any, centre: Any, scale: Any, weights: Any) -> Any:
    """1/Σ e for e = exp(zp − top), which become `weights`, and the mean of the differences."""
    wide_vectors()
    high = like(top, scale)
    low = singled(like(doubled(high), scale) - doubled(high))
    all_weights = all_moments = doubled(like(top, 0.0))
    for first in range(0, outcomes, _BLOCK):
        total = moment = like(top, 0.0)
        for j in range(first, smaller(first + _BLOCK, outcomes)):
            z = load(zp, j)
            e = _weight(z, top, high, low)
            store(weights, j, e)
            total, moment = total + e, multiply_add(e, (z - load(zq, j)) - centre, moment)
        all_weights, all_moments = all_weights + doubled(total), all_moments + doubled(moment)
    share = like(all_weights, 1.0) / all_weights
    return share, centre + singled(all_moments * share)


@compiled
def _weigh(
    zp: Any, zq: Any, outcomes: Any, top: Any, centre: Any, scale: Any, weights: Any, gaps: Any, keep: Any
) -> Any:  # fmt: skip
    """Σ e·t, Σ e·φ(t), Σ e·(e^(−t) − 1), and whether some t is out of range.

    To be kept, e·(e^(−t) − 1) becomes `gaps`.
    """
    wide_vectors()
    zero = like(centre, 0.0)
    all_moments = all_excess = all_gaps = doubled(zero)
    wild = none_are(zero)
    for first in range(0, outcomes, _BLOCK):
        moment = excess = grown = zero
        for j in range(first, smaller(first + _BLOCK, outcomes)):
            e = load(weights, j)
            t, lost = less_centre(load(zp, j), load(zq, j), centre, zero, scale)
            _, gap, beyond = exponential_parts(-t, lost)
            moment, excess = multiply_add(e, t, moment), multiply_add(e, beyond, excess)
            wild |= is_beyond(t, zero)
            nothing = e == zero
            if first_of(nothing) < width(zero):
                # Where p has underflowed q must have too, and may not be so much less that p costs something.
                of_q = (load(zq, j) - top + centre) * scale
                wild |= nothing & ((of_q > like(zero, LOWEST_32)) | (t > like(zero, _COSTLY)))
            if keep:
                store(gaps, j, e * gap)
                grown += e * gap
        all_moments, all_excess = all_moments + doubled(moment), all_excess + doubled(excess)
        all_gaps += doubled(grown)
    return all_moments, all_excess, all_gaps, wild


@compiled
def _less_share(
    gaps: Any, weights: Any, outcomes: Any, share: Any, factor: Any, heavy: Any, out: Any
) -> Any:  # fmt: skip
    """out ← (gaps − share·weights)·factor in double precision; the sum of magnitudes.

    The outcome `heavy`, where there is one, takes what the others leave.
    """
    wide_vectors()
    left = size = like(share, 0.0)
    for j in range(outcomes):
        slope = multiply_add(-share, load(weights, j), load(gaps, j)) * factor
        left += select(heavy == like(heavy, float(j)), like(left, 0.0), slope)
        size += magnitude(slope)
        store(gaps, j, slope)
    for j in range(outcomes):
        store(out, j, doubled(select(heavy == like(heavy, float(j)), -left, load(gaps, j))))
    return size


@compiled
def _divergence(rest: Any, excess: Any) -> Any:
    """As `centring.divergence`."""
    grown = excess - rest
    logarithm, beyond = logarithm_parts(grown, grown + like(grown, 1.0))
    near = excess - beyond
    near = select(near > excess * like(excess, ROUNDING), near, like(near, 0.0))
    return select(magnitude(grown) < like(grown, SMALL), near, rest + logarithm)


def in_single(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, wants: Any, rooms: Any
) -> Any:  # fmt: skip
    """The call's factor times the divergences of rows, and which rows that is good enough for.

    For other divergences than D(p‖q), and where p's gradient is wanted, that is none. Side by side are the
    logits of p and of q. Of the rooms for as many numbers the last, in double precision, gets factor times
    the slopes in q if they are wanted.
    """
    raise NotImplementedError


def _of_kl(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, wants: Any, rooms: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    wide_vectors()
    (zp, zq), (weights, gaps, out), (want_p, want_q) = logits, rooms, wants
    if want_p:
        return _none(zp)
    top, centre, at = _likeliest(zp, zq, outcomes)
    no_pair = are_no_pair(top, centre)
    share, centre = _weigh_p(zp, zq, outcomes, top, centre, scale, weights)
    moment, excess, growth, wild = _weigh(
        zp, zq, outcomes, top, centre, like(top, scale), weights, gaps, want_q
    )
    rest = moment * share
    value = _divergence(rest, excess * share)
    beyond = no_pair | wild | (rest * rest > like(value, STRAYED) * value)
    if want_q:
        grown = growth * share
        each = like(share, scale * factor) * share / (like(share, 1.0) + grown)
        heavy = select(share > like(share, 1.0 / HEAVY), at, like(at, -1.0))
        size = _less_share(gaps, weights, outcomes, singled(grown), singled(each), heavy, out)
        beyond |= doubled(size) < magnitude(each * growth) * like(share, TELLING)
    is_done = select(beyond, none_are(value), value < like(value, HUGE))
    return select(value > like(value, 0.0), value, like(value, 0.0)) * like(value, factor), is_done


@compiled
def _none(zp: Any) -> Any:
    """No divergence of any row."""
    nothing = doubled(load(zp, 0))
    return nothing, none_are(nothing)


def _of_others(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, wants: Any, rooms: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    return _none(logits[0])


@overload(in_single)
def _in_single_of(
    how: Any, logits: Any, outcomes: Any, scale: Any, factor: Any, wants: Any, rooms: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    return _of_kl if how.instance_class is KullbackLeibler else _of_others
