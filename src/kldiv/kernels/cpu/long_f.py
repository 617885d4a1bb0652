"""The f-divergences of a long row of logits, with their gradients, by all threads."""

import math
from typing import Any

from kldiv.kernels.cpu.call import FACTOR
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.f_logits import Outcomes, all_terms, are_telling, unit_slopes
from kldiv.kernels.cpu.generators import finished, needs_small_ratios, room_for_differences
from kldiv.kernels.cpu.kl_logits import less_share
from kldiv.kernels.cpu.long_centring import centred_by_all, likeliest_of_all
from kldiv.kernels.cpu.machine import like, wide_vectors
from kldiv.kernels.cpu.memory import scratch_row
from kldiv.kernels.cpu.optional import room
from kldiv.kernels.cpu.overlap import are_disjoint, may_be_disjoint, overlap
from kldiv.kernels.cpu.sharing import (
    FOUND,
    LIKELIEST_OF_Q,
    OVERLAP,
    SEGMENT,
    SETTLING,
    SLOPES,
    UNITS,
    findings,
    hand_in,
    sum_over,
    take,
    take_segment,
    wait,
)

# What is found in a segment.
_COMMON = 0
_TERMS, _LEFT_P, _LEFT_Q, _LOST = range(4)
_SIZE_P, _SIZE_Q = range(2)


@compiled
def _overlap_of_all(how: Any, board: Any, segments: Any, weights: Any, ratios: Any, grown: Any) -> Any:
    """As `overlap.overlap`, of all segments."""
    found = findings(board, OVERLAP, segments)
    while True:
        s, i, j = take_segment(board, OVERLAP, len(weights))
        if i == j:
            break
        found[FOUND * s + _COMMON] = overlap(how, weights, ratios, grown, i, j)
        hand_in(board, OVERLAP)
    wait(board, OVERLAP, segments)
    return sum_over(found, segments, _COMMON)


@compiled
def _units(how: Any, board: Any, segments: Any, at: Any, q_at: Any, row: Any) -> Any:
    """What `unit_slopes` says: a phase of one part, for what it reads is overwritten in the next."""
    found = findings(board, UNITS, segments)
    if take(board, UNITS, 1) == 0:
        found[0], found[1] = unit_slopes(how, at, q_at, row)
        hand_in(board, UNITS)
    wait(board, UNITS, 1)
    return found[0], found[1]


@compiled
def _share_out_terms(
    how: Any, board: Any, segments: Any, row: Any, units: Any, at: Any, q_at: Any, of_p: Any, of_q: Any
) -> Any:
    """As `f_logits.all_terms`, of all segments."""
    wide_vectors()
    found = findings(board, SLOPES, segments)
    while True:
        s, i, j = take_segment(board, SLOPES, len(row.weights))
        if i == j:
            break
        sums = all_terms(how, row, units, at, q_at, of_p, of_q, i, j)
        found[FOUND * s + _TERMS] = sums[0]
        found[FOUND * s + _LEFT_P], found[FOUND * s + _LEFT_Q] = sums[1], sums[2]
        found[FOUND * s + _LOST] = 1.0 if sums[3] else 0.0
        hand_in(board, SLOPES)
    wait(board, SLOPES, segments)
    left_p, left_q = sum_over(found, segments, _LEFT_P), sum_over(found, segments, _LEFT_Q)
    return sum_over(found, segments, _TERMS), left_p, left_q, sum_over(found, segments, _LOST) > 0.0


@compiled
def _settle(
    board: Any,
    segments: Any,
    row: Any,
    shares: Any,
    factor: Any,
    of_p: Any,
    of_q: Any,
    p_grad: Any,
    q_grad: Any,
) -> Any:
    """From slopes of log-probabilities to those of logits: less each outcome's mass times their sum.

    Returns the sums of their magnitudes.
    """
    found = findings(board, SETTLING, segments)
    while True:
        s, i, j = take_segment(board, SETTLING, len(row.weights))
        if i == j:
            break
        size_p = size_q = math.inf
        if p_grad is not None:
            _, size_p = less_share(of_p, row.weights, shares[0], factor, -1, i, j, p_grad)
        if q_grad is not None:
            _, size_q = less_share(of_q, row.ratios, shares[1], factor, -1, i, j, q_grad)
        found[FOUND * s + _SIZE_P], found[FOUND * s + _SIZE_Q] = size_p, size_q
        hand_in(board, SETTLING)
    wait(board, SETTLING, segments)
    return sum_over(found, segments, _SIZE_P), sum_over(found, segments, _SIZE_Q)


def f_long_row(
    how: Any, board: Any, zp: Any, zq: Any, scale: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any
) -> Any:
    """As `f_logits.f_row`."""
    n, segments = len(zp), -(-len(zp) // SEGMENT)
    weights, gaps, ratios = scratch_row(scratch, 0, n), scratch_row(scratch, 1, n), scratch_row(scratch, 2, n)
    differences = room_for_differences(how, scratch_row(scratch, 3, n))
    found = centred_by_all(board, segments, zp, zq, scale, weights, differences, gaps, ratios)
    if found.hard:
        return 0.0, True
    of_p, of_q = room(p_grad, scratch_row(scratch, 4, n)), room(q_grad, scratch_row(scratch, 5, n))
    share, grown = like(scale.high, 1.0 / found.total), like(scale.high, found.grown)
    disjoint = False
    if may_be_disjoint(how, found.value, p_grad, q_grad):
        common = _overlap_of_all(how, board, segments, weights, ratios, grown) / found.total
        disjoint = are_disjoint(how, common)
    logarithm = like(scale.high, math.log1p(found.grown))
    row = Outcomes(weights, gaps, ratios, differences, share, grown, logarithm, disjoint)
    q_at = found.at if q_grad is None else likeliest_of_all(board, segments, LIKELIEST_OF_Q, zq, scale)
    of_one_p, of_one_q = _units(how, board, segments, found.at, q_at, row)
    units = like(scale.high, of_one_p), like(scale.high, of_one_q)
    terms, left_p, left_q, lost = _share_out_terms(
        how, board, segments, row, units, found.at, q_at, of_p, of_q
    )
    if lost and needs_small_ratios(how):
        return 0.0, True
    value, slope = finished(how, disjoint, terms)
    each = like(scale.high, scale.high * numbers[FACTOR] * slope)
    shares = like(scale.high, left_p / found.total), like(scale.high, left_q)
    sizes = _settle(board, segments, row, shares, each, of_p, of_q, p_grad, q_grad)
    others = 1.0 - 1.0 / found.total, 1.0 - ratios[q_at]
    return value * numbers[FACTOR], not are_telling(how, disjoint, units, others, sizes, each)
