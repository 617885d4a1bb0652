"""The Kullback–Leibler divergence of rows of logits, with its gradients: the kernel that losses run on."""

import math
from typing import Any

from kldiv.kernels.cpu.call import FACTOR, SCALE
from kldiv.kernels.cpu.centring import HEAVY, centred
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.extremes import not_below, smaller
from kldiv.kernels.cpu.lanes import doubled, every, read, sum_of, width, write
from kldiv.kernels.cpu.machine import is_double, like, magnitude, multiply_add, narrow, wide_vectors
from kldiv.kernels.cpu.memory import AHEAD, scratch_row
from kldiv.kernels.cpu.optional import room
from kldiv.kernels.cpu.softmaxes import centred_as_seen, seen
from kldiv.kernels.cpu.weighing import BLOCK, scale_of

# Slopes are differences of parts that add up to some number. Where they add up to less than this share of it,
# the parts' rounding shows.
TELLING = 0.15


@compiled
def less_share(
    slopes: Any, mass: Any, share: Any, factor: Any, heavy: Any, first: Any, end: Any, out: Any
) -> Any:
    """out ← (slopes − share·mass)·factor from `first` to `end`.

    Returns the sum of that without the outcome `heavy`, and of its magnitudes. `end` is that of the row, or a
    whole number of registers after `first`.
    """
    wide_vectors()
    own = like(factor, 0.0)
    if first <= heavy < end:
        own = multiply_add(-share, mass[heavy], slopes[heavy]) * factor
    shares, factors, zero = every(-share), every(factor), every(like(factor, 0.0))
    total = size = doubled(zero)
    for start in range(first, end, BLOCK):
        block_total = block_size = zero
        for j in range(start, smaller(start + BLOCK, end), width(zero)):
            slope = multiply_add(shares, read(zero, mass, j), read(zero, slopes, j)) * factors
            write(out, j, slope)
            block_total, block_size = block_total + slope, block_size + magnitude(slope)
        total, size = total + doubled(block_total), size + doubled(block_size)
    return sum_of(total) - own, sum_of(size)


@compiled
def weighted(
    differences: Any, weights: Any, mean: Any, factor: Any, heavy: Any, first: Any, end: Any, out: Any
) -> Any:
    """out ← e·(t − mean)·factor, and what `less_share` returns."""
    wide_vectors()
    own = like(factor, 0.0)
    if first <= heavy < end:
        own = weights[heavy] * (differences[heavy] - mean) * factor
    means, factors, zero = every(mean), every(factor), every(like(factor, 0.0))
    total = size = doubled(zero)
    for start in range(first, end, BLOCK):
        block_total = block_size = zero
        for j in range(start, smaller(start + BLOCK, end), width(zero)):
            slope = read(zero, weights, j) * (read(zero, differences, j) - means) * factors
            write(out, j, slope)
            block_total, block_size = block_total + slope, block_size + magnitude(slope)
        total, size = total + doubled(block_total), size + doubled(block_size)
    return sum_of(total) - own, sum_of(size)


@compiled
def give_rest(out: Any, heavy: Any, others: Any) -> None:
    """An outcome of most of the mass takes what the others leave, so that all slopes sum to 0.

    Where it has nearly all, its own difference would leave it no right digit.
    """
    if heavy >= 0:
        out[heavy] = narrow(out[heavy], -others)


@compiled
def is_telling(row: Any, size_p: Any, size_q: Any, factors: Any) -> Any:
    """Whether slopes, given the sums of their magnitudes, are more than the rounding of their parts.

    Not so where a few rare outcomes alone make the divergence, and all others are close. Double precision has
    digits to spare.
    """
    of_p = TELLING * row.total * abs(row.rest * factors[0])
    of_q = TELLING * row.total * abs(row.share * factors[1])
    return is_double(factors[0]) or not (size_p < of_p or size_q < of_q)


def kl_value(
    how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    """The call's factor times D(p‖q); whether the row is hard."""
    scale = scale_of(scratch[0], numbers[SCALE])
    # Where a row is read but once, the next one had better wait.
    start = seen(zp, zq, (AHEAD, AHEAD), scale)
    if start.is_value:
        return start.value * numbers[FACTOR], False
    row = centred_as_seen(zp, zq, ahead, scale, start)
    return not_below(row.value, 0.0) * numbers[FACTOR], row.hard


def kl_row(
    how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    """The call's factor times D(p‖q), and its gradients times that if not None; whether the row is hard."""
    scale, factor = scale_of(scratch[0], numbers[SCALE]), numbers[FACTOR]
    end = len(zp)
    weights = scratch_row(scratch, 0, end)
    differences, gaps = room(p_grad, scratch_row(scratch, 1, end)), room(q_grad, scratch_row(scratch, 2, end))
    row = centred(zp, zq, ahead, scale, weights, differences, gaps, None)
    if row.hard:
        return 0.0, True
    each, heavy = scale.high * factor / row.total, row.at if row.total < HEAVY else -1
    factors = like(scale.high, each), like(scale.high, each / (1.0 + row.grown))
    size_p = size_q = math.inf
    if q_grad is not None:
        others, size_q = less_share(
            gaps, weights, like(scale.high, row.share), factors[1], heavy, 0, end, q_grad
        )
        give_rest(q_grad, heavy, others)
    if p_grad is not None:
        others, size_p = weighted(
            differences, weights, like(scale.high, row.rest), factors[0], heavy, 0, end, p_grad
        )
        give_rest(p_grad, heavy, others)
    return not_below(row.value, 0.0) * factor, not is_telling(row, size_p, size_q, factors)
