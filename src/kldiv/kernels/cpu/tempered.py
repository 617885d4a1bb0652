"""Rows of which a side holds probabilities or counts, at another temperature than 1.

There x^(1/T)/Σ x^(1/T) is the softmax of (log x)/T, and probabilities are counts: what they sum to cancels.
Rows are computed in double precision. Two sides of x are compared through q − p, which is exact where they
are close; a side of logits has its differences from the other's logarithms.

What temperature makes underflow stays within its side's support, with the log-ratio that it has. Where a
difference costs infinitely much, and where numbers near the end of the exponents, the row is hard.
"""

import math
from typing import Any, NamedTuple

from numba import boolean, float64

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.centring import likeliest
from kldiv.kernels.cpu.compiling import compiled, compiled_in_place, compiled_within
from kldiv.kernels.cpu.generators import finished, needs_small_ratios, term_and_slopes
from kldiv.kernels.cpu.lanes import all_are, every, first_of, none_are, read, sum_of, width, write
from kldiv.kernels.cpu.machine import (
    binary_exponent,
    magnitude,
    multiply_add,
    power_of_two,
    select,
    wide_vectors,
)
from kldiv.kernels.cpu.memory import scratch_row, view
from kldiv.kernels.cpu.pairs import LOGITS
from kldiv.kernels.cpu.vector import exponential, exponential_parts, logarithm_parts

SCRATCH_ROWS = 5
# Ratios below this, or above its inverse, are too near the end of the exponents.
_LEAST_RATIO = 1e-290
# A weight below this, of 1 at the most, has all but underflowed; the logarithm of its inverse.
_LEAST, _MOST = 1e-250, 575.0
# More than any log-ratio of two that are both there.
_ALONE = 1e300
_LOWEST = -1.7976931348623157e308
# Nearer than this, log-ratios are told from their mean rather than from the sums of both sides' weights.
_NEAR, _SMALL = 1.0, 0.5
# From this 1/T on, what has all but underflowed has no slope left in x either: x^(1/T)/x is 1e-125 or less.
_STEEP = 2.0


# --- from what is stored to logarithms --------------------------------------------------------------


@compiled
def _ratios_of(x: Any, y: Any, factor: Any, out: Any) -> Any:
    """Write log x/(y·factor), ±∞ where one is alone and 0 where neither is; whether all can be told."""
    wide_vectors()
    zero, one, times = every(0.0), every(1.0), every(factor)
    least, most, infinite = every(_LEAST_RATIO), every(1.0 / _LEAST_RATIO), every(math.inf)
    fine = zero == zero
    for j in range(0, len(x), width(zero)):
        a, b = read(zero, x, j), read(zero, y, j) * times
        both = (a > zero) & (b > zero)
        a_held, b_held = select(both, a, one), select(both, b, one)
        ratio = b_held / a_held
        less, _ = logarithm_parts((b_held - a_held) / a_held, ratio)
        write(out, j, select(both, -less, select(a > zero, infinite, select(b > zero, -infinite, zero))))
        fine &= (ratio > least) & (ratio < most)
    return all_are(fine)


@compiled
def _differences_of(a: Any, b: Any, out: Any) -> None:
    """The same of two logarithms, −∞ of what is not there."""
    wide_vectors()
    zero, none = every(0.0), every(-math.inf)
    for j in range(0, len(a), width(zero)):
        one, other = read(none, a, j), read(none, b, j)
        write(out, j, select((one == none) & (other == none), zero, one - other))


@compiled
def _to_logarithms(x: Any, top: Any) -> Any:
    """x ← log x/top, −∞ of 0; whether all can be told."""
    wide_vectors()
    zero, one, inverse = every(0.0), every(1.0), every(1.0 / top)
    least, none = every(_LEAST_RATIO), every(-math.inf)
    fine = zero == zero
    for j in range(0, len(x), width(zero)):
        share = read(zero, x, j) * inverse
        is_there = share > zero
        held = select(is_there, share, one)
        logarithm, _ = logarithm_parts(held - one, held)
        write(x, j, select(is_there, logarithm, none))
        # Neither below 0 nor NaN.
        fine &= (share > least) | (share == zero)
    return all_are(fine)


@compiled
def _to_differences(z: Any, top: Any) -> Any:
    """z ← z − top; a difference that overflows is not −∞, which would take the outcome from the support."""
    wide_vectors()
    none, lowest, highest = every(-math.inf), every(_LOWEST), every(top)
    fine = none == none
    for j in range(0, len(z), width(none)):
        stored = read(none, z, j)
        gap = stored - highest
        write(z, j, select((gap < lowest) & (stored > none), lowest, gap))
        fine &= stored == stored
    return all_are(fine)


@compiled
def _to_logits(space: Any, x: Any, top: Any) -> Any:
    """What is stored ← its logits, 0 for the likeliest; whether all can be told."""
    return _to_differences(x, top) if space == LOGITS else _to_logarithms(x, top)


@compiled
def _compared(p_space: Any, q_space: Any, p: Any, q: Any, p_top: Any, q_top: Any, out: Any) -> Any:
    """Both sides ← their logits, `out` ← log-ratios up to a constant; how much that is, NaN if hard.

    Of two sides of x, one is brought next to the other by a power of two, which costs no digit.
    """
    usual, fine = 0.0, math.isfinite(p_top) and math.isfinite(q_top)
    if p_space != LOGITS and q_space != LOGITS:
        ratio = q_top / p_top
        if not (p_top > 0.0 and _LEAST_RATIO < ratio < 1.0 / _LEAST_RATIO):
            return math.nan
        factor = power_of_two(-binary_exponent(ratio))
        usual = -math.log(ratio * factor)
        fine &= _ratios_of(p, q, factor, out)
    fine &= _to_logits(p_space, p, p_top)
    fine &= _to_logits(q_space, q, q_top)
    if p_space == LOGITS or q_space == LOGITS:
        _differences_of(p, q, out)
    return usual if fine else math.nan


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
    """Σ of p's weights, each times the log-ratio, over the outcomes of both."""
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
    zero, none, each, start, little = (
        every(0.0), every(-math.inf), every(scale), every(origin), every(_LEAST),
    )  # fmt: skip
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
        only_q = select(is_alone | are_both, zero, w)
        q_alone += only_q
        moment = multiply_add(e, select(are_both, (ratio - start) * each, zero), moment)
        lacks_q |= is_alone
        lacks_p |= (only_q > little) | (ratio < every(-_ALONE))
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

    The costs are those of a unit of mass of one side alone.
    """
    wide_vectors()
    zero, most, cost_p, cost_q = every(0.0), every(_MOST), every(p_cost), every(q_cost)
    start, each, centre, rest = every(row.origin), every(row.scale), every(row.centre), every(row.rest)
    p_share, q_share = every(row.p_share), every(row.q_share)
    total, beyond_range = zero, none_are(zero)
    for j in range(0, len(of_p), width(zero)):
        e, ratio = read(zero, row.p, j), read(zero, row.ratios, j)
        is_alone, are_both = _place(e, ratio)
        p, q = e * p_share, read(zero, row.q, j) * q_share
        d = select(are_both, (ratio - start) * each - centre + rest, zero)
        held = select(d > most, most, d)
        inverse, gap, beyond = exponential_parts(-held)
        term, slope_p, slope_q = term_and_slopes(how, False, p, d, inverse, gap, beyond + (d - held))
        alone_p = select(is_alone, p * cost_p, zero)
        alone_q = select(is_alone | are_both, zero, q * cost_q)
        total += select(are_both, term, alone_p + alone_q)
        write(of_p, j, select(are_both, slope_p, alone_p))
        write(of_q, j, select(are_both, slope_q, alone_q))
        beyond_range |= d > most
    return sum_of(total), first_of(beyond_range) < width(zero)


@compiled
def _less_unit(slopes: Any, weights: Any, at: Any) -> Any:
    """What each slope a unit of mass exceeds that of the likeliest outcome, times its mass; their sum.

    Where one outcome has nearly all the mass, plain slopes less their mean would have no right digit.
    """
    wide_vectors()
    zero, unit = every(0.0), every(-slopes[at] / weights[at])
    slopes[at] = 0.0
    total = zero
    for j in range(0, len(slopes), width(zero)):
        slope = multiply_add(read(zero, weights, j), unit, read(zero, slopes, j))
        write(slopes, j, slope)
        total += slope
    left = sum_of(total) - slopes[at]
    slopes[at] = 0.0
    return left


@compiled
def _to_logit_slopes(slopes: Any, weights: Any, left: Any, factor: Any) -> None:
    """Slopes ← slopes less each weight times `left`, times a factor."""
    wide_vectors()
    zero, less, each = every(0.0), every(-left), every(factor)
    for j in range(0, len(slopes), width(zero)):
        write(slopes, j, multiply_add(read(zero, weights, j), less, read(zero, slopes, j)) * each)


@compiled
def _divide(slopes: Any, x: Any) -> None:
    """Slopes of log x ← those of x; at 0 they are those within the support, 0."""
    wide_vectors()
    zero, one = every(0.0), every(1.0)
    for j in range(0, len(slopes), width(zero)):
        number = read(one, x, j)
        is_there = number > zero
        slope = read(zero, slopes, j) / select(is_there, number, one)
        write(slopes, j, select(is_there, slope, zero))


@compiled
def _finish(
    side: Any, space: Any, i: Any, slopes: Any, weights: Any, at: Any, share: Any, factor: Any, spare: Any
) -> None:
    """Slopes of log-probabilities ← those of what is stored, times a factor."""
    left = _less_unit(slopes, weights, at)
    _to_logit_slopes(slopes, weights, left * share, factor)
    if space != LOGITS:
        call.read(side, i, len(slopes), spare, 0, 1)
        _divide(slopes, spare)


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
    usual = _compared(words[call.P_SPACE], words[call.Q_SPACE], p, q, p[at], q[q_at], ratios)
    origin = ratios[at] if abs(ratios[at]) < _ALONE else 0.0
    sums = _weigh(p, q, ratios, origin, scale)
    row = _normalised(p, q, ratios, sums, origin, usual, scale)
    return row, math.isnan(usual) or _is_beyond(words, numbers, sums)


@compiled
def _row(how: Any, words: Any, numbers: Any, i: Any, scratch: Any) -> Any:
    """Row i of the call, its gradients where wanted; whether it is hard."""
    outcomes, scale = words[call.OUTCOMES], numbers[call.SCALE]
    p, q = scratch_row(scratch, 0, outcomes), scratch_row(scratch, 1, outcomes)
    of_p, of_q = scratch_row(scratch, 2, outcomes), scratch_row(scratch, 3, outcomes)
    spare = scratch_row(scratch, 4, outcomes)
    p_side, q_side = call.sides(words)
    call.read(p_side, i, outcomes, p, 0, 1)
    call.read(q_side, i, outcomes, q, 0, 1)
    at, q_at = likeliest(p, scale), likeliest(q, scale)
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
        space = words[call.P_SPACE]
        _finish(p_side, space, i, of_p, p, at, row.p_share, each, spare)
        call.write(of_p, words[call.P_GRAD], i, outcomes, words[call.P_GRAD_KIND])
    if words[call.Q_GRAD]:
        space = words[call.Q_SPACE]
        _finish(q_side, space, i, of_q, q, q_at, row.q_share, each, spare)
        call.write(of_q, words[call.Q_GRAD], i, outcomes, words[call.Q_GRAD_KIND])
    return False


@compiled_within
def tempered_rows(address: Any, how: Any) -> None:
    """Rows of the call at an address, until none is left."""
    words, numbers = call.integers(address), call.numbers(address)
    hard = view(words[call.HARD], words[call.ROWS], boolean)
    scratch = view(call.take_scratch(address, words), SCRATCH_ROWS * words[call.OUTCOMES], float64)
    while True:
        first, end = call.take_rows(address, words)
        if first == end:
            return
        for i in range(first, end):
            if not call.left_out(words, i, hard):
                call.mark(address, hard, i, _row(how, words, numbers, i, scratch))
