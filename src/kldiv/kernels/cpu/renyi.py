"""Rényi's divergence of rows of logits stored in single precision or half, with its gradients.

Let e = exp(zp − max zp), t = zp − zq less what that is at p's likeliest outcome, a = 1 − α, and g and h the
means of e^(−t) − 1 and of e^(−a·t) − 1 under p. Then Σ p^α·q^(1−α) is (1 + h)/(1 + g)^a, and D is
log(1 + g) − log(1 + h)/a. With π = p·e^(−a·t)/(1 + h) the slopes are α/(α − 1)·(π − p) and q − π.

All is computed in double precision, for a power multiplies what a log-ratio has lost. Where g and h are small
D is told from the means A of e^(−t) − 1 + t and B of e^(−a·t) − 1 + a·t, as A − B/a less what the logarithms
lack of g and h: only the square of the mean of t cancels in that.
"""

import math
from typing import Any, NamedTuple

from numba import float32

from kldiv.kernels.cpu.call import FACTOR, SCALE
from kldiv.kernels.cpu.centring import HUGE, SMALL, likeliest
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.extremes import not_below
from kldiv.kernels.cpu.lanes import every, first_of, none_are, read, sum_of, width, write
from kldiv.kernels.cpu.machine import like, magnitude, multiply_add, wide_vectors, widen
from kldiv.kernels.cpu.memory import prefetch, scratch_row
from kldiv.kernels.cpu.optional import room_for_weights
from kldiv.kernels.cpu.vector import exponential, exponential_parts, logarithm_parts
from kldiv.kernels.cpu.weighing import finite

# Beyond this exponent a power nears overflow, or p may have underflowed where q has not.
_WILD = 600.0
_LEAST = -3.4028234663852886e38
# The square of the mean of t may be so many times D, and slopes of q so small beside their parts: double
# precision has the digits of single left then, though long sums have lost some thousand units.
_MOST_LOST, _LEAST_LEFT = 1e4, 1e-7


class Renyi(NamedTuple):
    """log Σ p^α·q^(1−α) / (α − 1), by its marker."""

    order: float
    """α."""


class Sums(NamedTuple):
    """What a row comes to."""

    total: Any
    """Σ e."""
    grown: Any
    """g."""
    power_grown: Any
    """h."""
    excess: Any
    """A."""
    power_excess: Any
    """B."""


@compiled
def _differences(zp: Any, zq: Any, j: Any, tops: Any, scale: Any) -> Any:
    """Of a register of outcomes from j on p's logit less the likeliest's, times the scale, and t."""
    least, none = like(scale, _LEAST), like(scale, -math.inf)
    a, b = finite(read(none, zp, j), least), finite(read(none, zq, j), least)
    from_p = a - tops[0]
    return from_p * scale, (from_p - (b - tops[1])) * scale


@compiled
def _weigh(
    zp: Any, zq: Any, ahead: Any, tops: Any, scale: Any, power: Any, weights: Any, gaps: Any, power_gaps: Any
) -> Any:  # fmt: skip
    """The sums of a row, and whether an exponent was out of range.

    What is not None is written: e, e^(−t) − 1 and e^(−a·t) − 1.
    """
    wide_vectors()
    zero, most, scales, powers = every(0.0), every(_WILD), every(scale), every(power)
    highest = every(tops[0]), every(tops[1])
    total = grown = power_grown = excess = power_excess = zero
    wild = none_are(zero)
    for j in range(0, len(zp), width(zero)):
        prefetch(zp, j + ahead[0])
        prefetch(zq, j + ahead[1])
        x, t = _differences(zp, zq, j, highest, scales)
        e = exponential(x)
        _, gap, beyond = exponential_parts(-t)
        _, power_gap, power_beyond = exponential_parts(-(powers * t))
        wild |= (magnitude(t) > most) | (magnitude(powers * t) > most)
        total, grown = total + e, multiply_add(e, gap, grown)
        power_grown, excess = multiply_add(e, power_gap, power_grown), multiply_add(e, beyond, excess)
        power_excess = multiply_add(e, power_beyond, power_excess)
        if weights is not None:
            write(weights, j, e)
            write(gaps, j, gap)
            write(power_gaps, j, power_gap)
    whole = sum_of(total)
    sums = Sums(
        whole, sum_of(grown) / whole, sum_of(power_grown) / whole,
        sum_of(excess) / whole, sum_of(power_excess) / whole,
    )  # fmt: skip
    return sums, first_of(wild) < width(zero)


@compiled
def _divergence(sums: Any, power: Any) -> Any:
    """D, and whether too much of it has cancelled."""
    g, h = sums.grown, sums.power_grown
    if abs(g) > SMALL or abs(h) > SMALL:
        return math.log1p(g) - math.log1p(h) / power, False
    _, of_g = logarithm_parts(g, 1.0 + g)
    _, of_h = logarithm_parts(h, 1.0 + h)
    value = (sums.excess - sums.power_excess / power) - (of_g - of_h / power)
    mean = sums.excess - g
    return value, mean * mean > _MOST_LOST * value


@compiled
def _slopes_of_p(sums: Any, weights: Any, power_gaps: Any, factor: Any, out: Any) -> None:
    """out ← (π − p)·factor."""
    wide_vectors()
    zero, h = every(0.0), every(sums.power_grown)
    factors = every(factor / sums.total / (1.0 + sums.power_grown))
    for j in range(0, len(out), width(zero)):
        write(out, j, factors * read(zero, weights, j) * (read(zero, power_gaps, j) - h))


@compiled
def _slopes_of_q(sums: Any, weights: Any, gaps: Any, power_gaps: Any, factor: Any, out: Any) -> Any:
    """out ← (q − π)·factor; whether both are so much alike that it is their rounding."""
    wide_vectors()
    zero, g, h, factors = every(0.0), every(sums.grown), every(sums.power_grown), every(factor / sums.total)
    shares, power_shares = every(1.0 / (1.0 + sums.grown)), every(1.0 / (1.0 + sums.power_grown))
    parts = size = zero
    for j in range(0, len(out), width(zero)):
        e = read(zero, weights, j)
        of_q = e * (read(zero, gaps, j) - g) * shares
        slope = of_q - e * (read(zero, power_gaps, j) - h) * power_shares
        write(out, j, factors * slope)
        parts, size = parts + magnitude(of_q), size + magnitude(slope)
    return sum_of(size) < _LEAST_LEFT * sum_of(parts)


def renyi_row(
    how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any
) -> Any:
    """The call's factor times the divergence, and its gradients times that; whether the row is hard."""
    n, scale, factor, power = len(zp), numbers[SCALE], numbers[FACTOR], 1.0 - how.order
    at = likeliest(zp, float32(0.0))
    tops = widen(1.0, zp[at]), widen(1.0, zq[at])
    weights, gaps = scratch_row(scratch, 0, n), scratch_row(scratch, 1, n)
    power_gaps, kept = scratch_row(scratch, 2, n), room_for_weights(p_grad, q_grad, weights)
    sums, wild = _weigh(zp, zq, ahead, tops, scale, power, kept, gaps, power_gaps)
    value, lost = _divergence(sums, power)
    if wild or lost or not value < HUGE:
        return 0.0, True
    if p_grad is not None:
        _slopes_of_p(sums, weights, power_gaps, -how.order / power * scale * factor, p_grad)
    if q_grad is not None:
        lost = _slopes_of_q(sums, weights, gaps, power_gaps, scale * factor, q_grad) and power != 1.0
    return not_below(value, 0.0) * factor, lost
