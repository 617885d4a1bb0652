"""The entropy of rows of logits, and its gradient.

With x = (z − max z)/T, e = exp(x), Z = Σ e and m = −Σ e·x/Z the entropy is log Z + m: both are >= 0, so that
nothing cancels, however peaked a row is. The likeliest outcomes are counted, because the others would lose
their digits beside them, and log Z is log(1 + y) where there is one. The slope at z is −p·(x + m)/T.
"""

import math
from typing import Any, NamedTuple

from kldiv.kernels.cpu.call import FACTOR, SCALE
from kldiv.kernels.cpu.centring import HUGE, highest
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.lanes import doubled, every, first_of, none_are, read, sum_of, width, write
from kldiv.kernels.cpu.machine import by_precision, like, multiply_add, select, wide_vectors
from kldiv.kernels.cpu.memory import AHEAD, prefetch, prefetch_to_write, scratch_row
from kldiv.kernels.cpu.optional import room
from kldiv.kernels.cpu.weighing import Scale, scale_of, weight

# So many numbers are added in the kernel's precision before their sum is added in double precision: where
# most outcomes are alike, each addition is rounded the same way.
_BLOCK = 256
# A weight below this has lost digits, in single precision and in double; beside more than so little in all
# that is nothing.
_LOST_32, _LOST_64 = 1e-37, 1e-307
_LITTLE_32, _LITTLE_64 = 1e-20, 1e-280


class Entropy(NamedTuple):
    """−Σ p·log p, by its marker; weight is unused."""

    weight: float


@compiled
def _weigh(z: Any, ahead: Any, highest_logit: Any, scale: Any, weights: Any) -> Any:
    """How many outcomes are likeliest, Σ e and −Σ e·x of the others, and whether a weight has lost digits."""
    wide_vectors()
    top, scales = every(highest_logit), Scale(every(scale.high), every(scale.low))
    zero, one, none = like(top, 0.0), like(top, 1.0), like(top, -math.inf)
    all_tops = all_others = all_moments = doubled(zero)
    some_are_lost, lost = none_are(zero), by_precision(zero, _LOST_32, _LOST_64)
    for start in range(0, len(z), _BLOCK):
        tops = others = moment = zero
        for j in range(start, smaller(start + _BLOCK, len(z)), width(top)):
            prefetch(z, j + ahead)
            a = read(none, z, j)
            e = weight(a, top, scales, True)
            if weights is not None:
                prefetch_to_write(weights, j + AHEAD)
                write(weights, j, e)
            is_top = a == top
            some_are_lost |= (e < lost) & (a > none)
            other = select(is_top, zero, e)
            tops, others = tops + select(is_top, one, zero), others + other
            # Without weight, x may be any number.
            moment = multiply_add(other, select(e == zero, zero, (top - a) * scales.high), moment)
        all_tops, all_others = all_tops + doubled(tops), all_others + doubled(others)
        all_moments += doubled(moment)
    return sum_of(all_tops), sum_of(all_others), sum_of(all_moments), first_of(some_are_lost) < width(top)


@compiled
def _slopes(z: Any, highest_logit: Any, scale: Any, weights: Any, mean: Any, factor: Any, out: Any) -> None:
    """out ← e·(x + mean)·factor."""
    wide_vectors()
    top, scales, means, factors = (
        every(highest_logit),
        every(scale.high),
        every(like(factor, mean)),
        every(factor),
    )
    zero, none = like(top, 0.0), like(top, -math.inf)
    for j in range(0, len(z), width(top)):
        e = read(zero, weights, j)
        t = multiply_add(read(none, z, j) - top, scales, means)
        slope = e * t * factors
        write(out, j, select(e == zero, zero, slope))


def entropy_row(
    how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    """The call's factor times p's entropy, and times its gradient if not None; whether the row is hard."""
    scale, factor = scale_of(scratch[0], numbers[SCALE]), numbers[FACTOR]
    weights, top = room(p_grad, scratch_row(scratch, 0, len(zp))), highest(zp, scratch[0])
    tops, others, moment, some_are_lost = _weigh(zp, ahead[0], top, scale, weights)
    little = by_precision(top, _LITTLE_32, _LITTLE_64)
    if not others + moment < HUGE or (some_are_lost and others < little):
        return 0.0, True
    total = tops + others
    mean = moment / total
    if p_grad is not None:
        _slopes(zp, top, scale, weights, mean, like(top, -scale.high * factor / total), p_grad)
    return (math.log1p(others + (tops - 1.0)) + mean) * factor, False
