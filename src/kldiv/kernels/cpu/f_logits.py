"""The f-divergences of rows of logits, with their gradients: Σ F(p, q), F given by a generator."""

import math
from typing import Any, NamedTuple

from kldiv.kernels.cpu.call import FACTOR, SCALE
from kldiv.kernels.cpu.centring import centred, likeliest
from kldiv.kernels.cpu.compiling import compiled, compiled_in_place
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.generators import (
    finished,
    has_exact_slopes,
    needs_small_ratios,
    room_for_differences,
    term_and_slopes,
)
from kldiv.kernels.cpu.kl_logits import TELLING, less_share
from kldiv.kernels.cpu.lanes import doubled, every, first_lane, first_of, none_are, read, sum_of, width, write
from kldiv.kernels.cpu.machine import by_precision, is_double, like, select, wide_vectors
from kldiv.kernels.cpu.memory import scratch_row
from kldiv.kernels.cpu.optional import read_or, room
from kldiv.kernels.cpu.overlap import are_disjoint, may_be_disjoint, overlap
from kldiv.kernels.cpu.vector import LEAST_RATIO_32, LEAST_RATIO_64
from kldiv.kernels.cpu.weighing import BLOCK, scale_of

# So many times more is asked of slopes where the likeliest outcome has all of the mass.
_ALONE = 4.0
# The square root of a ratio that is held, 3e-18, is little beside this.
_HARDLY_ANY = 1e-10


class Outcomes(NamedTuple):
    """A row as it was weighed, and what its slopes are told from."""

    weights: Any
    """e, of sum 1/`share`."""
    gaps: Any
    """e^(−t) − 1."""
    ratios: Any
    """e^(−t), whose mean under p is 1 + `grown`."""
    differences: Any
    """t, or None if no term is made of it."""
    share: Any
    grown: Any
    logarithm: Any
    """log(1 + grown), by which log p/q is more than t."""
    disjoint: Any
    """Whether terms and slopes are told from those of disjoint sides rather than of equal ones."""


@compiled_in_place
def _told(how: Any, row: Any, j: Any) -> Any:
    """Of a register of outcomes from j on p and q, term, both slopes, and which q/p are too small to tell."""
    share, grown, one = every(row.share), every(row.grown), every(like(row.share, 1.0))
    inverse, least = one / (one + grown), by_precision(share, LEAST_RATIO_32, LEAST_RATIO_64)
    zero, stored = every(like(row.share, 0.0)), read(one, row.ratios, j)
    p, ratio, gap = read(zero, row.weights, j) * share, stored * inverse, read(zero, row.gaps, j) - grown
    # What it is less than can't be divided by.
    ratio, gap = select(ratio < least, least, ratio), gap * inverse
    d = read_or(zero, row.differences, j) + every(row.logarithm)
    term, slope_p, slope_q = term_and_slopes(how, row.disjoint, p, d, ratio, gap, gap + d)
    return p, p * ratio, term, slope_p, slope_q, stored < least


@compiled
def unit_slopes(how: Any, at: Any, q_at: Any, row: Any) -> Any:
    """The slopes a unit of mass of both sides' likeliest outcomes, which are taken off all others'."""
    p, _, _, of_p, _, _ = _told(how, row, at)
    _, q, _, _, of_q, _ = _told(how, row, q_at)
    return first_lane(of_p / p), first_lane(of_q / q)


@compiled
def all_terms(
    how: Any, row: Any, units: Any, at: Any, q_at: Any, of_p: Any, of_q: Any, first: Any, end: Any
) -> Any:
    """Σ F(p, q) from `first` to `end`, the sums of what is written, and whether some q/p was too small.

    Written is, to what is not None, by how much each slope, p·∂F/∂p and q·∂F/∂q, exceeds the given one for
    its mass, 0 for the likeliest; and then q, in place of the ratios.
    """
    wide_vectors()
    p_unit, q_unit, zero = every(units[0]), every(units[1]), every(like(row.share, 0.0))
    terms = left_p = left_q = doubled(zero)
    lost = none_are(zero)
    for start in range(first, end, BLOCK):
        total = total_p = total_q = zero
        for j in range(start, smaller(start + BLOCK, end), width(zero)):
            p, q, term, slope_p, slope_q, missed = _told(how, row, j)
            total, lost = total + term, lost | missed
            if of_p is not None:
                slope_p -= p * p_unit
                write(of_p, j, slope_p)
                total_p += slope_p
            if of_q is not None:
                slope_q -= q * q_unit
                write(of_q, j, slope_q)
                write(row.ratios, j, q)
                total_q += slope_q
        terms, left_p, left_q = terms + doubled(total), left_p + doubled(total_p), left_q + doubled(total_q)
    rest_p, rest_q = sum_of(left_p), sum_of(left_q)
    if of_p is not None and first <= at < end:
        rest_p -= of_p[at]
        of_p[at] = like(row.share, 0.0)
    if of_q is not None and first <= q_at < end:
        rest_q -= of_q[q_at]
        of_q[q_at] = like(row.share, 0.0)
    return sum_of(terms), rest_p, rest_q, first_of(lost) < width(zero)


@compiled
def are_telling(how: Any, disjoint: Any, units: Any, others: Any, sizes: Any, factor: Any) -> Any:
    """Whether slopes, given the sums of their magnitudes, are more than the rounding of their parts.

    Those are, of all but the likeliest, each outcome's own slope and its mass times the likeliest one's; the
    likeliest has their sum again. `others` are all their masses. Of disjoint sides not so either where slopes
    near what may underflow.
    """
    least = select(disjoint, _HARDLY_ANY, 0.0)
    # Where the likeliest has nearly all the mass one other may decide, whose rounding no others even out.
    p_telling, q_telling = (
        TELLING * (1.0 + _ALONE * (1.0 - others[0])),
        TELLING * (1.0 + _ALONE * (1.0 - others[1])),
    )
    of_p, of_q = least + p_telling * abs(units[0]) * others[0], least + q_telling * abs(units[1]) * others[1]
    are_lost = (sizes[0] < abs(factor) * of_p) | (sizes[1] < abs(factor) * of_q)
    return is_double(factor) | has_exact_slopes(how) | (not are_lost)


def f_row(
    how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any
) -> Any:
    """The call's factor times Σ F(p, q), its gradients times that if not None; whether the row is hard."""
    wide_vectors()
    scale, factor, n = scale_of(scratch[0], numbers[SCALE]), numbers[FACTOR], len(zp)
    weights, gaps, ratios = scratch_row(scratch, 0, n), scratch_row(scratch, 1, n), scratch_row(scratch, 2, n)
    differences = room_for_differences(how, scratch_row(scratch, 3, n))
    found = centred(zp, zq, ahead, scale, weights, differences, gaps, ratios)
    if found.hard:
        return 0.0, True
    of_p, of_q = room(p_grad, scratch_row(scratch, 4, n)), room(q_grad, scratch_row(scratch, 5, n))
    share, grown = like(scale.high, 1.0 / found.total), like(scale.high, found.grown)
    logarithm = like(scale.high, math.log1p(found.grown))
    disjoint = False
    if may_be_disjoint(how, found.value, p_grad, q_grad):
        disjoint = are_disjoint(how, overlap(how, weights, ratios, grown, 0, n) / found.total)
    row = Outcomes(weights, gaps, ratios, differences, share, grown, logarithm, disjoint)
    q_at = found.at if q_grad is None else likeliest(zq, scale.high)
    units = unit_slopes(how, found.at, q_at, row)
    terms, left_p, left_q, lost = all_terms(how, row, units, found.at, q_at, of_p, of_q, 0, n)
    if lost and needs_small_ratios(how):
        return 0.0, True
    value, slope = finished(how, disjoint, terms)
    each = like(scale.high, scale.high * factor * slope)
    size_p = size_q = math.inf
    # From slopes of log-probabilities to those of logits: less each outcome's mass times their sum.
    if p_grad is not None:
        _, size_p = less_share(of_p, weights, like(scale.high, left_p / found.total), each, -1, 0, n, p_grad)
    if q_grad is not None:
        _, size_q = less_share(of_q, ratios, like(scale.high, left_q), each, -1, 0, n, q_grad)
    others = 1.0 - 1.0 / found.total, 1.0 - ratios[q_at]
    return value * factor, not are_telling(how, disjoint, units, others, (size_p, size_q), each)
