"""Rows of which a side holds probabilities or counts, at another temperature than 1.

There x^(1/T)/Σ x^(1/T) is the softmax of (log x)/T, and probabilities are counts: what they sum to cancels.
Rows are computed in double precision.

What temperature makes underflow stays within its side's support, with the log-ratio that it has. Where a
difference costs infinitely much, and where numbers near the end of the exponents, the row is hard.
"""

import math
from typing import Any, NamedTuple

from numba import float32, float64, uint16

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.centring import likeliest
from kldiv.kernels.cpu.compiling import compiled, compiled_in_place
from kldiv.kernels.cpu.generators import finished, needs_small_ratios, term_and_slopes
from kldiv.kernels.cpu.lanes import every, first_of, none_are, read, sum_of, width, write
from kldiv.kernels.cpu.logarithms import compared
from kldiv.kernels.cpu.machine import magnitude, multiply_add, select, wide_vectors
from kldiv.kernels.cpu.memory import scratch_row, view
from kldiv.kernels.cpu.pairs import LOGITS
from kldiv.kernels.cpu.vector import exponential, exponential_parts

SCRATCH_ROWS = 5
# A weight below this, of 1 at the most, has all but underflowed; the logarithm of its inverse.
_LEAST, _MOST = 1e-250, 575.0
# More than log-ratios are: next to nothing of p times one of them is nothing. One more is one side's alone.
_ALONE = 1e150
# Two sides that are near are no more apart than this in what is likely.
_USUAL = 1.0
# Nearer than this, log-ratios are told from their mean rather than from the sums of both sides' weights.
_NEAR, _SMALL = 1.0, 0.5
# From this 1/T on, what has all but underflowed has no slope left in x either: x^(1/T)/x is 1e-125 or less.
_STEEP = 2.0


# --- weights ----------------------------------------------------------------------------------------


class Sums(NamedTuple):
    """What the weights of a row come to."""

    p: Any
    q: Any
    p_alone: Any
    """Of p's weights those of outcomes that q has not."""
    q_alone: Any
    """Of q's weights those of outcomes that p has not, or next to nothing of."""
    moment: Any
    """Σ of p's weights, each times the log-ratio, over the outcomes of both; a large one as a moderate one.

    Of a rare outcome a large one would move the mean, from which all others' ratios are told, far from them.
    """
    lacks_q: Any
    """Whether p has an outcome that q has not."""
    lacks_p: Any
    """Whether q has an outcome of some weight that p has not, or next to nothing of."""
    underflows: Any
    """Whether p has next to nothing of an outcome that it has."""


@compiled_in_place
def _place(weight: Any, ratio: Any) -> Any:
    """Whether outcomes are p's alone, and whether they are taken as those of both."""
    return ratio > every(_ALONE), (magnitude(ratio) < every(_ALONE)) & (weight > every(_LEAST))


@compiled
def _weigh(p: Any, q: Any, ratios: Any, origin: Any, scale: Any) -> Any:
    """Both sides' logits ← their weights e^(z/T), and what these come to."""
    wide_vectors()
    zero, one, none, little = every(0.0), every(_NEAR), every(-math.inf), every(_LEAST)
    each, start = every(scale), every(origin)
    of_p = of_q = p_alone = q_alone = moment = zero
    lacks_q, lacks_p, underflows = none_are(zero), none_are(zero), none_are(zero)
    for j in range(0, len(p), width(zero)):
        logit = read(none, p, j)
        e, w = exponential(logit * each), exponential(read(none, q, j) * each)
        ratio = read(zero, ratios, j)
        is_alone, are_both = _place(e, ratio)
        write(p, j, e)
        write(q, j, w)
        of_p, of_q = of_p + e, of_q + w
        p_alone += select(is_alone, e, zero)
        # Next to nothing of both is nothing, or equal sides would differ by it.
        only_q = select(is_alone | are_both | (w < little), zero, w)
        q_alone += only_q
        t = (ratio - start) * each
        t = select(t > one, one, select(t < -one, -one, t))
        moment = multiply_add(e, select(are_both, t, zero), moment)
        lacks_q |= is_alone
        lacks_p |= (only_q > zero) | (ratio < every(-_ALONE))
        underflows |= (logit > none) & (e < little)
    lanes = width(zero)
    return Sums(
        sum_of(of_p), sum_of(of_q), sum_of(p_alone), sum_of(q_alone), sum_of(moment),
        first_of(lacks_q) < lanes, first_of(lacks_p) < lanes, first_of(underflows) < lanes,
    )  # fmt: skip


@compiled
def _growth(p: Any, ratios: Any, origin: Any, scale: Any, centre: Any) -> Any:
    """Σ of p's weights, each times e^(−t) − 1, over the outcomes of both; t is told from the centre."""
    wide_vectors()
    zero, each, start, middle = every(0.0), every(scale), every(origin), every(centre)
    total = zero
    for j in range(0, len(p), width(zero)):
        e, ratio = read(zero, p, j), read(zero, ratios, j)
        _, are_both = _place(e, ratio)
        t = select(are_both, (ratio - start) * each - middle, zero)
        _, gap, _ = exponential_parts(-t)
        total = multiply_add(e, gap, total)
    return sum_of(total)


class Row(NamedTuple):
    """A row as it was weighed: log p/q is (ratio − origin)·scale − centre + rest."""

    p: Any
    q: Any
    ratios: Any
    p_share: Any
    """What p's weights are multiplied by."""
    q_share: Any
    origin: Any
    scale: Any
    centre: Any
    rest: Any


@compiled
def _normalised(p: Any, q: Any, ratios: Any, sums: Any, origin: Any, usual: Any, scale: Any) -> Any:
    """The row with what makes its log-ratios those of distributions.

    That is the logarithm of both sums' ratio. Where p and q are near it would have no digit left: with t
    told from the mean, Σ q = 1 over all outcomes says that it is log(1 + Σ p·(e^(−t) − 1)), but for outcomes
    of one side.
    """
    p_share, q_share = 1.0 / sums.p, 1.0 / sums.q
    apart = (origin - usual) * scale - math.log(sums.p / sums.q)
    p_alone, q_alone = sums.p_alone * p_share, sums.q_alone * q_share
    centre = sums.moment / (sums.p - sums.p_alone)
    if not (abs(centre + apart) < _NEAR and p_alone < _SMALL and q_alone < _SMALL):
        return Row(p, q, ratios, p_share, q_share, origin, scale, 0.0, apart)
    grown = _growth(p, ratios, origin, scale, centre) * p_share
    rest = math.log1p(grown - p_alone) - math.log1p(-q_alone)
    return Row(p, q, ratios, p_share, q_share, origin, scale, centre, rest)


# --- terms and slopes -------------------------------------------------------------------------------


@compiled
def _all_terms(how: Any, row: Any, p_cost: Any, q_cost: Any, of_p: Any, of_q: Any) -> Any:
    """Σ F(p, q), and whether some q/p was too small; written are p·∂F/∂p and q·∂F/∂q.

    The costs are those of a unit of mass of one side alone. Both sides' weights become probabilities.
    """
    wide_vectors()
    zero, least, most, far = every(0.0), every(_LEAST), every(_MOST), every(_MOST / 2)
    cost_p, cost_q = every(p_cost), every(q_cost)
    start, each, centre, rest = every(row.origin), every(row.scale), every(row.centre), every(row.rest)
    p_share, q_share = every(row.p_share), every(row.q_share)
    total, beyond_range = zero, none_are(zero)
    for j in range(0, len(of_p), width(zero)):
        e, ratio = read(zero, row.p, j), read(zero, row.ratios, j)
        is_alone, are_both = _place(e, ratio)
        w = read(zero, row.q, j)
        p, q = e * p_share, w * q_share
        d = select(magnitude(ratio) < every(_ALONE), (ratio - start) * each - centre + rest, zero)
        held = select(d > most, most, d)
        inverse, gap, beyond = exponential_parts(-held)
        term, slope_p, slope_q = term_and_slopes(how, False, p, d, inverse, gap, beyond + (d - held))
        alone_p = select(is_alone, p * cost_p, zero)
        alone_q = select(is_alone | are_both | (w < least), zero, q * cost_q)
        total += select(are_both, term, alone_p + alone_q)
        write(row.p, j, p)
        # What its slopes are multiples of, so that equal ones a unit of mass cancel.
        write(row.q, j, select(are_both, p * inverse, q))
        write(of_p, j, select(are_both, slope_p, alone_p))
        write(of_q, j, select(are_both, slope_q, alone_q))
        # From here on p/q makes something of next to nothing of p.
        beyond_range |= d > far
    return sum_of(total), first_of(beyond_range) < width(zero)


@compiled
def _less_unit(slopes: Any, mass: Any, at: Any) -> Any:
    """What each slope exceeds that of the likeliest outcome by, a unit of mass, times its mass; their sum.

    Where one outcome has nearly all the mass, plain slopes less their mean would have no right digit.
    """
    wide_vectors()
    zero, most = every(0.0), mass[at]
    unit, total = every(slopes[at] / most), zero
    # Left out for as long: what it exceeds itself by would be rounding, next to which others may be little.
    slopes[at] = mass[at] = 0.0
    for j in range(0, len(slopes), width(zero)):
        slope = read(zero, slopes, j) - read(zero, mass, j) * unit
        write(slopes, j, slope)
        total += slope
    mass[at] = most
    return sum_of(total)


@compiled
def _keep(slopes: Any, mass: Any, left: Any, factor: Any, x: Any, has_logits: Any, out: Any) -> None:
    """Write the slopes of what is stored: less each mass times `left`, times a factor, and by x for each x.

    At an x of 0 they are those within the support, 0.
    """
    wide_vectors()
    zero, one, less, each = every(0.0), every(1.0), every(-left), every(factor)
    for j in range(0, len(out), width(zero)):
        slope = multiply_add(read(zero, mass, j), less, read(zero, slopes, j)) * each
        number = select(has_logits, one, read(one, x, j))
        is_there = number > zero
        write(out, j, select(is_there, slope / select(is_there, number, one), zero))


@compiled
def _finish(
    words: Any, side: Any, space: Any, base: Any, kind: Any, i: Any, slopes: Any, mass: Any, at: Any,
    factor: Any, spare: Any,
) -> None:  # fmt: skip
    """From slopes of log-probabilities to the gradient of row i of a side."""
    outcomes, has_logits = words[call.OUTCOMES], space == LOGITS
    left = _less_unit(slopes, mass, at)
    if not has_logits:
        call.read(side, i, outcomes, spare, 0, 1)
    first = i * outcomes
    if kind == call.SINGLE:
        out = view(base + 4 * first, outcomes, float32)
        _keep(slopes, mass, left, factor, spare, has_logits, out)
    elif kind == call.DOUBLE:
        out_64 = view(base + 8 * first, outcomes, float64)
        _keep(slopes, mass, left, factor, spare, has_logits, out_64)
    else:
        out_16 = view(base + 2 * first, outcomes, uint16)
        _keep(slopes, mass, left, factor, spare, has_logits, out_16)


# --- a row ------------------------------------------------------------------------------------------


@compiled
def _is_beyond(words: Any, numbers: Any, sums: Any) -> Any:
    """Whether the row has an outcome at infinite cost, or next to nothing of one that a slope needs."""
    is_gentle = words[call.P_SPACE] != LOGITS and numbers[call.SCALE] < _STEEP
    return (
        (sums.lacks_q and numbers[call.P_ALONE] == math.inf)
        or (sums.lacks_p and numbers[call.Q_ALONE] == math.inf)
        or (sums.underflows and is_gentle)
    )


@compiled
def _finite(cost: Any) -> Any:
    """A cost, or 0 for an infinite one: no outcome has it in a row that is not hard."""
    return cost if cost < math.inf else 0.0


@compiled
def _weighed(words: Any, numbers: Any, p: Any, q: Any, ratios: Any, at: Any, q_at: Any) -> Any:
    """A row from what is stored of both sides, and whether it is hard."""
    scale = numbers[call.SCALE]
    usual = compared(words[call.P_SPACE], words[call.Q_SPACE], p, q, p[at], q[q_at], ratios)
    # Of equal distributions all log-ratios are that one; next to a large one others would lose their digits.
    origin = ratios[at] if abs(ratios[at]) < _USUAL else 0.0
    sums = _weigh(p, q, ratios, origin, scale)
    row = _normalised(p, q, ratios, sums, origin, usual, scale)
    return row, math.isnan(usual) or _is_beyond(words, numbers, sums)


@compiled
def tempered(how: Any, words: Any, numbers: Any, i: Any, scratch: Any) -> Any:
    """Row i of the call, its gradients where wanted; whether it is hard."""
    outcomes, scale = words[call.OUTCOMES], numbers[call.SCALE]
    p, q = scratch_row(scratch, 0, outcomes), scratch_row(scratch, 1, outcomes)
    of_p, of_q = scratch_row(scratch, 2, outcomes), scratch_row(scratch, 3, outcomes)
    spare = scratch_row(scratch, 4, outcomes)
    p_side, q_side = call.sides(words)
    call.read(p_side, i, outcomes, p, 0, 1)
    call.read(q_side, i, outcomes, q, 0, 1)
    at, q_at = likeliest(p, 1.0), likeliest(q, 1.0)
    row, is_hard = _weighed(words, numbers, p, q, spare, at, q_at)
    if is_hard:
        return True
    costs = _finite(numbers[call.P_ALONE]), _finite(numbers[call.Q_ALONE])
    terms, beyond = _all_terms(how, row, costs[0], costs[1], of_p, of_q)
    is_gentle = words[call.Q_SPACE] != LOGITS and scale < _STEEP
    if not math.isfinite(terms) or (beyond and (needs_small_ratios(how) or is_gentle)):
        return True
    value, slope = finished(how, False, terms)
    factor = numbers[call.FACTOR]
    call.write_value(words, i, value * factor)
    each = slope * factor * scale
    if words[call.P_GRAD]:
        space, base, kind = words[call.P_SPACE], words[call.P_GRAD], words[call.P_GRAD_KIND]
        _finish(words, p_side, space, base, kind, i, of_p, p, at, each, spare)
    if words[call.Q_GRAD]:
        space, base, kind = words[call.Q_SPACE], words[call.Q_GRAD], words[call.Q_GRAD_KIND]
        _finish(words, q_side, space, base, kind, i, of_q, q, q_at, each, spare)
    return False
