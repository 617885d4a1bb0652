"""Rényi's divergence of rows of logits stored in single precision or half, with its gradients.

Let e = exp(zp − max zp), t = zp − zq less what that is at p's likeliest outcome, a = 1 − α, and g and h the
means of e^(−t) − 1 and of e^(−a·t) − 1 under p. Then Σ p^α·q^(1−α) is (1 + h)/(1 + g)^a, and D is
log(1 + g) − log(1 + h)/a. With π = p·e^(−a·t)/(1 + h) the slopes are α/(α − 1)·(π − p) and q − π.

All is computed in double precision, for a power multiplies what a log-ratio has lost. What cancels in D where
p and q are close is then far from the digits of single precision.
"""

import math
from typing import Any, NamedTuple

from numba import float32

from kldiv.kernels.cpu.call import FACTOR, SCALE
from kldiv.kernels.cpu.centring import HUGE, likeliest
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.extremes import not_below
from kldiv.kernels.cpu.lanes import every, first_of, none_are, read, sum_of, width, write
from kldiv.kernels.cpu.machine import like, magnitude, multiply_add, wide_vectors, widen
from kldiv.kernels.cpu.memory import prefetch, scratch_row
from kldiv.kernels.cpu.optional import room_for_weights
from kldiv.kernels.cpu.vector import exponential, exponential_parts
from kldiv.kernels.cpu.weighing import finite

# Beyond this exponent a power nears overflow, or p may have underflowed where q has not.
_WILD = 600.0
_LEAST = -3.4028234663852886e38


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
    total = grown = power_grown = zero
    wild = none_are(zero)
    for j in range(0, len(zp), width(zero)):
        prefetch(zp, j + ahead[0])
        prefetch(zq, j + ahead[1])
        x, t = _differences(zp, zq, j, highest, scales)
        e = exponential(x)
        _, gap, _ = exponential_parts(-t)
        _, power_gap, _ = exponential_parts(-(powers * t))
        wild |= (magnitude(t) > most) | (magnitude(powers * t) > most)
        total, grown = total + e, multiply_add(e, gap, grown)
        power_grown = multiply_add(e, power_gap, power_grown)
        if weights is not None:
            write(weights, j, e)
            write(gaps, j, gap)
            write(power_gaps, j, power_gap)
    whole = sum_of(total)
    sums = Sums(whole, sum_of(grown) / whole, sum_of(power_grown) / whole)
    return sums, first_of(wild) < width(zero)


@compiled
def _slopes_of_p(sums: Any, weights: Any, power_gaps: Any, factor: Any, out: Any) -> None:
    """out ← (π − p)·factor."""
    wide_vectors()
    zero, h = every(0.0), every(sums.power_grown)
    factors = every(factor / sums.total / (1.0 + sums.power_grown))
    for j in range(0, len(out), width(zero)):
        write(out, j, factors * read(zero, weights, j) * (read(zero, power_gaps, j) - h))


@compiled
def _slopes_of_q(sums: Any, weights: Any, gaps: Any, power_gaps: Any, factor: Any, out: Any) -> None:
    """out ← (q − π)·factor."""
    wide_vectors()
    zero, g, h, factors = every(0.0), every(sums.grown), every(sums.power_grown), every(factor / sums.total)
    shares, power_shares = every(1.0 / (1.0 + sums.grown)), every(1.0 / (1.0 + sums.power_grown))
    for j in range(0, len(out), width(zero)):
        beyond, power_beyond = read(zero, gaps, j) - g, read(zero, power_gaps, j) - h
        write(out, j, factors * read(zero, weights, j) * (beyond * shares - power_beyond * power_shares))


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
    value = math.log1p(sums.grown) - math.log1p(sums.power_grown) / power
    if wild or not value < HUGE:
        return 0.0, True
    if p_grad is not None:
        _slopes_of_p(sums, weights, power_gaps, (power - 1.0) / power * scale * factor, p_grad)
    if q_grad is not None:
        _slopes_of_q(sums, weights, gaps, power_gaps, scale * factor, q_grad)
    return not_below(value, 0.0) * factor, False
