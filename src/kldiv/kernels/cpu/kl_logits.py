"""The Kullback–Leibler divergence of rows of logits, with its gradients: the kernel that losses run on."""

from typing import Any

from kldiv.kernels.cpu.call import FACTOR, SCALE
from kldiv.kernels.cpu.centring import centred
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.machine import accumulate, like, multiply_add, wide_vectors
from kldiv.kernels.cpu.optional import keep, room
from kldiv.kernels.cpu.weighing import BLOCK

# Σ e below this: the likeliest outcome has more than half of the mass.
HEAVY = 2.0


@compiled
def less_block(slopes: Any, mass: Any, share: Any, factor: Any) -> Any:
    """slopes ← (slopes − share·mass)·factor; the sum of that."""
    wide_vectors()
    total = like(factor, 0.0)
    for j in range(len(slopes)):
        slope = multiply_add(-share, mass[j], slopes[j]) * factor
        slopes[j] = slope
        total = accumulate(total, slope)
    return total


@compiled
def less(slopes: Any, mass: Any, share: Any, factor: Any, heavy: Any) -> None:
    """slopes ← (slopes − share·mass)·factor, whose sum is 0: an outcome of most of the mass takes the rest.

    Where it has nearly all, the difference alone would leave it no right digit.
    """
    wide_vectors()
    own = multiply_add(-share, mass[heavy], slopes[heavy]) * factor
    total = 0.0
    for i in range(0, len(slopes), BLOCK):
        total += less_block(slopes[i : i + BLOCK], mass[i : i + BLOCK], share, factor)
    if heavy >= 0:
        slopes[heavy] = like(factor, own - total)


@compiled
def weighted_block(differences: Any, weights: Any, mean: Any, factor: Any) -> Any:
    """t ← e·(t − mean)·factor; the sum of that."""
    wide_vectors()
    total = like(factor, 0.0)
    for j in range(len(differences)):
        slope = weights[j] * (differences[j] - mean) * factor
        differences[j] = slope
        total = accumulate(total, slope)
    return total


@compiled
def _weighted_differences(differences: Any, weights: Any, mean: Any, factor: Any, heavy: Any) -> None:
    """As `less`, of e·(t − mean)·factor."""
    wide_vectors()
    own = weights[heavy] * (differences[heavy] - mean) * factor
    total = 0.0
    for i in range(0, len(differences), BLOCK):
        total += weighted_block(differences[i : i + BLOCK], weights[i : i + BLOCK], mean, factor)
    if heavy >= 0:
        differences[heavy] = like(factor, own - total)


def kl_value(how: Any, zp: Any, zq: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any) -> Any:  # noqa: ARG001
    """The call's factor times D(p‖q); whether the row is hard."""
    wide_vectors()
    scale = like(scratch[0, 0], numbers[SCALE])
    _, _, _, _, value, hard = centred(zp, zq, scale, None, None, None, None)
    return max(value, 0.0) * numbers[FACTOR], hard


def kl_row(how: Any, zp: Any, zq: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any) -> Any:  # noqa: ARG001
    """The call's factor times D(p‖q), and its gradients times that if not None; whether the row is hard."""
    wide_vectors()
    scale, factor = like(scratch[0, 0], numbers[SCALE]), numbers[FACTOR]
    weights, differences, gaps = scratch[0], room(p_grad, scratch[1]), room(q_grad, scratch[2])
    at, total, rest, grown, value, hard = centred(zp, zq, scale, weights, differences, gaps, None)
    if hard:
        return 0.0, True
    each = scale * factor / total
    heavy = at if total < HEAVY else -1
    if q_grad is not None:
        less(gaps, weights, like(scale, grown), like(scale, each / (1.0 + grown)), heavy)
        keep(gaps, q_grad)
    if p_grad is not None:
        _weighted_differences(differences, weights, like(scale, rest), like(scale, each), heavy)
        keep(differences, p_grad)
    return max(value, 0.0) * factor, False
