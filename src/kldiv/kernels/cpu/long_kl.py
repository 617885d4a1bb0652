"""The Kullback–Leibler divergence of a long row of logits, with its gradients, by all threads."""

import math
from collections.abc import Callable
from typing import Any

from numba import types

from kldiv.kernels.cpu.call import FACTOR
from kldiv.kernels.cpu.centring import HEAVY
from kldiv.kernels.cpu.compiling import compiled, overload
from kldiv.kernels.cpu.extremes import not_below
from kldiv.kernels.cpu.kl_logits import give_rest, is_telling, less_share, weighted
from kldiv.kernels.cpu.long_centring import centred_by_all
from kldiv.kernels.cpu.machine import like, wide_vectors
from kldiv.kernels.cpu.memory import scratch_row
from kldiv.kernels.cpu.optional import room, room_for_weights
from kldiv.kernels.cpu.sharing import (
    FOUND,
    SEGMENT,
    SETTLING,
    SLOPES,
    findings,
    hand_in,
    sum_over,
    take,
    take_segment,
    wait,
)

# What is found in a segment.
_LEFT_P, _LEFT_Q, _SIZE_P, _SIZE_Q = range(4)


@compiled
def _share_out_slopes(
    board: Any, segments: Any, weights: Any, differences: Any, gaps: Any, shares: Any, factors: Any,
    heavy: Any, p_grad: Any, q_grad: Any,
) -> None:  # fmt: skip
    """Write the gradients that are wanted, and find what each segment of them sums to."""
    wide_vectors()
    found = findings(board, SLOPES, segments)
    while True:
        s, i, j = take_segment(board, SLOPES, len(weights))
        if i == j:
            break
        others_p = others_q = 0.0
        size_p = size_q = math.inf
        if q_grad is not None:
            others_q, size_q = less_share(gaps, weights, shares[1], factors[1], heavy, i, j, q_grad)
        if p_grad is not None:
            others_p, size_p = weighted(differences, weights, shares[0], factors[0], heavy, i, j, p_grad)
        found[FOUND * s + _LEFT_P], found[FOUND * s + _LEFT_Q] = others_p, others_q
        found[FOUND * s + _SIZE_P], found[FOUND * s + _SIZE_Q] = size_p, size_q
        hand_in(board, SLOPES)
    wait(board, SLOPES, segments)


@compiled
def _settle(board: Any, segments: Any, heavy: Any, p_grad: Any, q_grad: Any) -> None:
    """Bring the slopes to a sum of 0: a phase of one part."""
    if take(board, SETTLING, 1) == 0:
        found = findings(board, SLOPES, segments)
        if p_grad is not None:
            give_rest(p_grad, heavy, sum_over(found, segments, _LEFT_P))
        if q_grad is not None:
            give_rest(q_grad, heavy, sum_over(found, segments, _LEFT_Q))
        hand_in(board, SETTLING)
    wait(board, SETTLING, 1)


def _gradients(
    board: Any, segments: Any, rooms: Any, row: Any, scale: Any, factor: Any, p_grad: Any, q_grad: Any
) -> Any:
    """Whether the gradients of a row, from what its weighing left in the rooms, have their digits."""
    raise NotImplementedError


def _no_gradients(
    board: Any, segments: Any, rooms: Any, row: Any, scale: Any, factor: Any, p_grad: Any, q_grad: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    return True


def _all_gradients(
    board: Any, segments: Any, rooms: Any, row: Any, scale: Any, factor: Any, p_grad: Any, q_grad: Any
) -> Any:
    weights, differences, gaps = rooms
    each, heavy = scale.high * factor / row.total, row.at if row.total < HEAVY else -1
    shares = like(scale.high, row.rest), like(scale.high, row.share)
    factors = like(scale.high, each), like(scale.high, each / (1.0 + row.grown))
    _share_out_slopes(board, segments, weights, differences, gaps, shares, factors, heavy, p_grad, q_grad)
    _settle(board, segments, heavy, p_grad, q_grad)
    found = findings(board, SLOPES, segments)
    return is_telling(row, sum_over(found, segments, _SIZE_P), sum_over(found, segments, _SIZE_Q), factors)


@overload(_gradients)
def _gradients_of(
    board: Any, segments: Any, rooms: Any, row: Any, scale: Any, factor: Any, p_grad: Any, q_grad: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    return _no_gradients if isinstance(rooms[0], types.NoneType) else _all_gradients


def kl_long_row(
    how: Any, board: Any, zp: Any, zq: Any, scale: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    """As `kl_logits.kl_row`."""
    segments, factor = -(-len(zp) // SEGMENT), numbers[FACTOR]
    weights = room_for_weights(p_grad, q_grad, scratch_row(scratch, 0, len(zp)))
    differences = room(p_grad, scratch_row(scratch, 1, len(zp)))
    gaps = room(q_grad, scratch_row(scratch, 2, len(zp)))
    row = centred_by_all(board, segments, zp, zq, scale, weights, differences, gaps, None)
    hard = row.hard
    if not hard:
        rooms = weights, differences, gaps
        hard = not _gradients(board, segments, rooms, row, scale, factor, p_grad, q_grad)
    return not_below(row.value, 0.0) * factor, hard
