"""The f-divergences of rows of logits, with their gradients: Σ F(p, q), F given by a generator."""

import math
from typing import Any

from kldiv.kernels.cpu.call import FACTOR, SCALE
from kldiv.kernels.cpu.centring import centred, likeliest
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.generators import (
    finished,
    has_exact_slopes,
    needs_small_ratios,
    room_for_differences,
    term_and_slopes,
)
from kldiv.kernels.cpu.kl_logits import TELLING, less_share
from kldiv.kernels.cpu.machine import accumulate, by_precision, is_double, like, select, wide_vectors
from kldiv.kernels.cpu.memory import scratch_row
from kldiv.kernels.cpu.optional import item, part, room
from kldiv.kernels.cpu.vector import LEAST_RATIO_32, LEAST_RATIO_64
from kldiv.kernels.cpu.weighing import BLOCK


@compiled
def _outcome(j: Any, row: Any) -> Any:
    """p, log p/q if differences are kept, q/p but no less than can be divided by, and q/p − 1."""
    weights, gaps, ratios, differences, share, grown, logarithm = row
    inverse = like(share, 1.0) / (like(share, 1.0) + grown)
    ratio, least = ratios[j] * inverse, by_precision(share, LEAST_RATIO_32, LEAST_RATIO_64)
    d = item(differences, j, like(share, 0.0)) + logarithm
    return weights[j] * share, d, select(ratio < least, least, ratio), (gaps[j] - grown) * inverse


@compiled
def _terms(how: Any, row: Any, p_unit: Any, q_unit: Any, of_p: Any, of_q: Any) -> Any:
    """Σ F(p, q) over a block, the sums of what is written, and whether some q/p was too small to tell.

    Written is, to what is not None, by how much each slope, p·∂F/∂p and q·∂F/∂q, exceeds the given one for
    its mass; and then q, in place of the ratios.
    """
    wide_vectors()
    weights, _, ratios, _, share, _, _ = row
    total = left_p = left_q = like(share, 0.0)
    lost = False
    for j in range(len(weights)):
        p, d, ratio, gap = _outcome(j, row)
        term, slope_p, slope_q = term_and_slopes(how, p, d, ratio, gap, gap + d)
        total = accumulate(total, term)
        lost |= ratios[j] < by_precision(share, LEAST_RATIO_32, LEAST_RATIO_64)
        if of_p is not None:
            of_p[j] = slope_p - p * p_unit
            left_p = accumulate(left_p, slope_p - p * p_unit)
        if of_q is not None:
            q = p * ratio
            ratios[j] = q
            of_q[j] = slope_q - q * q_unit
            left_q = accumulate(left_q, slope_q - q * q_unit)
    return total, left_p, left_q, lost


@compiled
def _slopes_of_one(how: Any, j: Any, row: Any) -> Any:
    """Both slopes a unit of mass of one outcome."""
    p, d, ratio, gap = _outcome(j, row)
    _, of_p, of_q = term_and_slopes(how, p, d, ratio, gap, gap + d)
    return of_p / p, of_q / (p * ratio)


@compiled
def unit_slopes(how: Any, at: Any, q_at: Any, row: Any) -> Any:
    """The slopes a unit of mass of both sides' likeliest outcomes, which are taken off all others'."""
    p_unit, _ = _slopes_of_one(how, at, row)
    _, q_unit = _slopes_of_one(how, q_at, row)
    return p_unit, q_unit


@compiled
def all_terms(
    how: Any, row: Any, units: Any, at: Any, q_at: Any, of_p: Any, of_q: Any, first: Any, end: Any
) -> Any:
    """As `_terms`, of all blocks from `first` to `end`; the likeliest exceed their own slopes by 0."""
    weights, gaps, ratios, differences, share, grown, logarithm = row
    p_unit, q_unit = units
    terms = left_p = left_q = 0.0
    lost = False
    for i in range(first, end, BLOCK):
        j = i + BLOCK
        block = (
            part(weights, i, j), part(gaps, i, j), part(ratios, i, j), part(differences, i, j),
            share, grown, logarithm,
        )  # fmt: skip
        t, left, right, missed = _terms(how, block, p_unit, q_unit, part(of_p, i, j), part(of_q, i, j))
        terms, left_p, left_q, lost = terms + t, left_p + left, left_q + right, lost | missed
    if of_p is not None and first <= at < end:
        left_p -= of_p[at]
        of_p[at] = like(share, 0.0)
    if of_q is not None and first <= q_at < end:
        left_q -= of_q[q_at]
        of_q[q_at] = like(share, 0.0)
    return terms, left_p, left_q, lost


@compiled
def are_telling(how: Any, units: Any, sizes: Any, factor: Any) -> Any:
    """Whether slopes, given the sums of their magnitudes, are more than the rounding of their parts.

    Those are each outcome's own slope and its mass times the likeliest one's. Not so where a divergence is
    near its bound, and hardly changes.
    """
    of_p, of_q = TELLING * abs(factor * units[0]), TELLING * abs(factor * units[1])
    return is_double(factor) or has_exact_slopes(how) or not (sizes[0] < of_p or sizes[1] < of_q)


def f_row(
    how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any
) -> Any:
    """The call's factor times Σ F(p, q), its gradients times that if not None; whether the row is hard."""
    wide_vectors()
    scale, factor, n = like(scratch[0], numbers[SCALE]), numbers[FACTOR], len(zp)
    weights, gaps, ratios = scratch_row(scratch, 0, n), scratch_row(scratch, 1, n), scratch_row(scratch, 2, n)
    differences = room_for_differences(how, scratch_row(scratch, 3, n))
    found = centred(zp, zq, ahead, scale, weights, differences, gaps, ratios)
    if found.hard:
        return 0.0, True
    of_p, of_q = room(p_grad, scratch_row(scratch, 4, n)), room(q_grad, scratch_row(scratch, 5, n))
    share, grown = like(scale, 1.0 / found.total), like(scale, found.grown)
    row = (weights, gaps, ratios, differences, share, grown, like(scale, math.log1p(found.grown)))
    q_at = found.at if q_grad is None else likeliest(zq, scale)
    units = unit_slopes(how, found.at, q_at, row)
    terms, left_p, left_q, lost = all_terms(how, row, units, found.at, q_at, of_p, of_q, 0, n)
    if lost and needs_small_ratios(how):
        return 0.0, True
    value, slope = finished(how, terms)
    each = like(scale, scale * factor * slope)
    size_p = size_q = math.inf
    # From slopes of log-probabilities to those of logits: less each outcome's mass times their sum.
    if p_grad is not None:
        _, size_p = less_share(of_p, weights, like(scale, left_p / found.total), each, -1, 0, n, p_grad)
    if q_grad is not None:
        _, size_q = less_share(of_q, ratios, like(scale, left_q), each, -1, 0, n, q_grad)
    return value * factor, not are_telling(how, units, (size_p, size_q), each)
