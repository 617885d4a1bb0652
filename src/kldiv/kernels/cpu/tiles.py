"""Rows of few outcomes: as many at once as there are lanes.

A row by itself would fill no vector, and the work around its few outcomes would be most of it. What is not
done by `single_tiles` is done here in double precision, where the likeliest outcome's difference is centre
enough.
"""

from collections.abc import Callable
from typing import Any

from numba import boolean, float32, float64, int64

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.centring import SMALL
from kldiv.kernels.cpu.compiling import compiled, compiled_within, overload
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.generators import (
    KullbackLeibler,
    finished,
    slopes_of_q_sum_to_zero,
    term_and_slopes,
)
from kldiv.kernels.cpu.lanes import all_are, doubled, none_are, write
from kldiv.kernels.cpu.machine import like, magnitude, select, wide_vectors
from kldiv.kernels.cpu.memory import part_of, prefetch_to_write, scratch_row, view
from kldiv.kernels.cpu.side_by_side import (
    ROWS,
    every_row,
    load,
    read_four,
    read_rows,
    singled,
    store,
    write_four,
)
from kldiv.kernels.cpu.single_tiles import are_no_pair, in_single
from kldiv.kernels.cpu.vector import exponential, exponential_parts, logarithm_parts
from kldiv.kernels.cpu.weighing import finite

# Of numbers in double precision: the logits of both sides take one.
SCRATCH_ROWS = 6
# Below this t, e^(−t) nears overflow, and p may have underflowed where q has not.
_WILD = -600.0
_HUGE = 1e30
_FOUR = 4
_LEAST = -3.4028234663852886e38


@compiled
def _bring(stored: Any, starts: Any, step: Any, outcomes: Any, out: Any) -> None:
    for j in range(outcomes):
        z = read_rows(stored, starts, j * step)
        store(out, j, finite(z, like(z, _LEAST)))


@compiled
def _turn(stored: Any, start: Any, apart: Any, outcomes: Any, out: Any) -> None:
    for j in range(0, outcomes, _FOUR):
        # Of the last four some once more, where fewer are left.
        first = smaller(j, outcomes - _FOUR)
        a, b, c, d = read_four(stored, start + first, apart)
        least = like(a, _LEAST)
        store(out, first, finite(a, least))
        store(out, first + 1, finite(b, least))
        store(out, first + 2, finite(c, least))
        store(out, first + 3, finite(d, least))


@compiled
def _gather(words: Any, side: Any, first: Any, starts: Any, kind: Any, out: Any) -> None:
    """Bring rows side by side: outcome j of lane l is row first + l's; past the last row that one again."""
    wide_vectors()
    base, apart, step, somewhere, _ = side
    outcomes, last = words[call.OUTCOMES], words[call.ROWS] - 1
    stored = view(base, 1, kind)
    if somewhere == 0 and step == 1 and outcomes >= _FOUR and first + ROWS <= words[call.ROWS]:
        _turn(stored, first * apart, apart, outcomes, out)
        return
    for lane in range(ROWS):
        starts[lane] = call.start_of(side, smaller(first + lane, last))
    _bring(stored, starts, step, outcomes, out)


@compiled
def _centre(zp: Any, zq: Any, outcomes: Any) -> Any:
    """The largest logit of p, the difference to q's there, and which outcome that is."""
    wide_vectors()
    top, at = doubled(load(zp, 0)), every_row(0.0)
    centre = top - doubled(load(zq, 0))
    for j in range(1, outcomes):
        z = doubled(load(zp, j))
        centre = select(z > top, z - doubled(load(zq, j)), centre)
        at = select(z > top, every_row(float(j)), at)
        top = select(z > top, z, top)
    return top, centre, at


@compiled
def _weigh(
    zp: Any, zq: Any, outcomes: Any, top: Any, centre: Any, scale: Any, a: Any, b: Any, c: Any
) -> Any:  # fmt: skip
    """Σ e, Σ e·t and Σ e·φ(t) for e = exp(zp − max zp) and t, the difference less the centre.

    And whether some t is out of range. a, b and c become e, e^(−t) − 1 and e^(−t).
    """
    wide_vectors()
    total = moment = excess = every_row(0.0)
    wild = none_are(total)
    for j in range(outcomes):
        z = doubled(load(zp, j))
        t = (z - doubled(load(zq, j)) - centre) * scale
        e = exponential((z - top) * scale)
        ratio, gap, beyond = exponential_parts(-t)
        wild = wild | (t < every_row(_WILD)) | (t > every_row(-_WILD))
        store(a, j, e)
        store(b, j, gap)
        store(c, j, ratio)
        total, moment, excess = total + e, moment + e * t, excess + e * beyond
    return total, moment, excess, wild


@compiled
def _terms(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, p_out: Any, q_out: Any
) -> Any:  # fmt: skip
    """Σ F(p, q); a and c become p and q, b and `slopes` p·∂F/∂p and q·∂F/∂q, as wanted."""
    wide_vectors()
    terms = every_row(0.0)
    total, rest, excess = sums
    grown = excess - rest
    share, inverse = every_row(1.0) / total, every_row(1.0) / (every_row(1.0) + grown)
    for j in range(outcomes):
        p, ratio, gap = load(a, j) * share, load(c, j) * inverse, (load(b, j) - grown) * inverse
        logarithm, beyond = logarithm_parts(gap, ratio)
        term, slope_p, slope_q = term_and_slopes(how, False, p, -logarithm, ratio, gap, beyond)
        terms += term
        if p_out is not None:
            store(a, j, p)
            store(b, j, slope_p)
        if q_out is not None:
            store(c, j, p * ratio)
            store(slopes, j, slope_q)
    return terms


@compiled
def _kl_terms(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, p_out: Any, q_out: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    """As `_terms`, of D(p‖q) = ρ + log(1 + g): a logarithm for the row rather than one for each outcome."""
    wide_vectors()
    total, rest, excess = sums
    grown = excess - rest
    share, inverse = every_row(1.0) / total, every_row(1.0) / (every_row(1.0) + grown)
    if p_out is not None:
        for j in range(outcomes):
            p, ratio, gap = load(a, j) * share, load(c, j) * inverse, (load(b, j) - grown) * inverse
            logarithm, _ = logarithm_parts(gap, ratio)
            store(a, j, p)
            store(b, j, -p * logarithm)
            if q_out is not None:
                store(slopes, j, p * gap)
    elif q_out is not None:
        for j in range(outcomes):
            store(slopes, j, load(a, j) * share * (load(b, j) - grown) * inverse)
    logarithm, beyond = logarithm_parts(grown, every_row(1.0) + grown)
    return select(magnitude(grown) < every_row(SMALL), excess - beyond, rest + logarithm)


def _all_terms(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, p_out: Any, q_out: Any
) -> Any:  # fmt: skip
    """`_kl_terms` or `_terms`, whichever fits the divergence."""
    raise NotImplementedError


def _of_kl(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, p_out: Any, q_out: Any
) -> Any:  # fmt: skip
    return _kl_terms(how, a, b, c, slopes, outcomes, sums, p_out, q_out)


def _of_others(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, p_out: Any, q_out: Any
) -> Any:  # fmt: skip
    return _terms(how, a, b, c, slopes, outcomes, sums, p_out, q_out)


@overload(_all_terms)
def _all_terms_of(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, p_out: Any, q_out: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    return _of_kl if how.instance_class is KullbackLeibler else _of_others


@compiled
def _off_simplex_removed(slopes: Any, mass: Any, outcomes: Any, factor: Any) -> None:
    """slopes ← (slopes − mass·Σ slopes)·factor, from what each exceeds the likeliest one's a unit of mass.

    Where one outcome has nearly all the mass the plain difference would have no right digit.
    """
    wide_vectors()
    most = at = its_slope = left = every_row(0.0)
    for j in range(outcomes):
        m = load(mass, j)
        its_slope = select(m > most, load(slopes, j), its_slope)
        at = select(m > most, every_row(float(j)), at)
        most = select(m > most, m, most)
    unit = its_slope / most
    for j in range(outcomes):
        beyond = load(slopes, j) - load(mass, j) * unit
        beyond = select(at == every_row(float(j)), every_row(0.0), beyond)
        left += beyond
        store(slopes, j, beyond)
    for j in range(outcomes):
        store(slopes, j, (load(slopes, j) - left * load(mass, j)) * factor)


@compiled
def _sum_to_zero(slopes: Any, at: Any, outcomes: Any, factor: Any) -> None:
    """slopes ← slopes·factor, of slopes whose sum is 0: the likeliest outcome's is what the others leave."""
    wide_vectors()
    left = every_row(0.0)
    for j in range(outcomes):
        left += select(at == every_row(float(j)), every_row(0.0), load(slopes, j))
    for j in range(outcomes):
        store(slopes, j, select(at == every_row(float(j)), -left, load(slopes, j)) * factor)


def _bring_to_zero(how: Any, slopes: Any, mass: Any, at: Any, outcomes: Any, factor: Any) -> None:
    """slopes in q ← the slopes off the simplex removed, times the factor."""
    raise NotImplementedError


def _sums_of_kl(how: Any, slopes: Any, mass: Any, at: Any, outcomes: Any, factor: Any) -> None:  # noqa: ARG001
    _sum_to_zero(slopes, at, outcomes, factor)


def _sums_of_others(how: Any, slopes: Any, mass: Any, at: Any, outcomes: Any, factor: Any) -> None:  # noqa: ARG001
    _off_simplex_removed(slopes, mass, outcomes, factor)


@overload(_bring_to_zero)
def _bring_to_zero_of(
    how: Any, slopes: Any, mass: Any, at: Any, outcomes: Any, factor: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    return _sums_of_kl if slopes_of_q_sum_to_zero(how) else _sums_of_others


@compiled
def _in_double(
    how: Any, zp: Any, zq: Any, outcomes: Any, scale: Any, factor: Any, p_out: Any, q_out: Any,
    scratch: Any,
) -> Any:  # fmt: skip
    """The factor times the divergences of rows, and which rows are not beyond what is done here.

    Slopes in p and q, times the factor, go to the scratch rows 2 and 4.
    """
    wide_vectors()
    size = outcomes * ROWS
    a, b = scratch_row(scratch, 1, size), scratch_row(scratch, 2, size)
    c, slopes = scratch_row(scratch, 3, size), scratch_row(scratch, 4, size)
    top, centre, at = _centre(zp, zq, outcomes)
    total, moment, excess, wild = _weigh(zp, zq, outcomes, top, centre, every_row(scale), a, b, c)
    wild |= are_no_pair(top, centre)
    sums = total, moment / total, excess / total
    terms = _all_terms(how, a, b, c, slopes, outcomes, sums, p_out, q_out)
    result, slope = finished(how, False, terms)
    each = every_row(scale * factor) * slope
    if p_out is not None:
        _off_simplex_removed(b, a, outcomes, each)
    if q_out is not None:
        _bring_to_zero(how, slopes, c, at, outcomes, each)
    grown = sums[2] - sums[1]
    return result * every_row(factor), select(wild, none_are(grown), grown < every_row(_HUGE))


@compiled
def _give_values(
    address: Any, words: Any, first: Any, value: Any, done: Any, hard: Any, scratch: Any
) -> None:
    """Write the values of rows from `first` on, and which of them are hard, for they are not done."""
    count = smaller(ROWS, words[call.ROWS] - first)
    if words[call.MASK] == 0 and all_are(done):
        write(view(words[call.VALUE], first + count, float32), first, singled(value))
        for i in range(first, first + count):
            hard[i] = False
        return
    values, marks = scratch_row(scratch, 0, ROWS), scratch_row(scratch, 1, ROWS)
    store(values, 0, value)
    store(marks, 0, select(done, every_row(0.0), every_row(1.0)))
    for lane in range(count):
        if not call.left_out(words, first + lane, hard):
            call.write_value(words, first + lane, values[lane])
            call.mark(address, hard, first + lane, marks[lane] > 0.0)


@compiled
def _ask_for(base: Any, first: Any, outcomes: Any, kind: Any) -> None:
    """Have the memory of rows from `first` on brought near, to be written when they are computed."""
    grads = view(base, 1, kind)
    for j in range(first * outcomes, (first + ROWS) * outcomes, ROWS):
        prefetch_to_write(grads, j)


@compiled
def _turn_back(slopes: Any, outcomes: Any, out: Any) -> None:
    for j in range(0, outcomes, _FOUR):
        first = smaller(j, outcomes - _FOUR)
        four = (
            singled(load(slopes, first)), singled(load(slopes, first + 1)),
            singled(load(slopes, first + 2)), singled(load(slopes, first + 3)),
        )  # fmt: skip
        write_four(out, first, outcomes, four)


@compiled
def _give_slopes(words: Any, first: Any, base: Any, kind: Any, slopes: Any) -> None:
    """Write the gradients of rows from `first` on to where those of a side lie."""
    wide_vectors()
    outcomes, count = words[call.OUTCOMES], smaller(ROWS, words[call.ROWS] - first)
    start, end = first * outcomes, (first + count) * outcomes
    out = part_of(view(base, end, kind), start, end)
    if count < ROWS or outcomes < _FOUR:
        call.write_rows(slopes, ROWS, out, outcomes)
    else:
        _turn_back(slopes, outcomes, out)


@compiled
def _tile(
    address: Any, how: Any, words: Any, numbers: Any, first: Any, hard: Any, memory: Any,
    p_kind: Any, q_kind: Any, p_out: Any, q_out: Any,
) -> None:  # fmt: skip
    """The rows from `first` on, as many as there are lanes."""
    wide_vectors()
    outcomes, scale, factor = words[call.OUTCOMES], numbers[call.SCALE], numbers[call.FACTOR]
    size, starts, room = outcomes * ROWS, view(memory, ROWS, int64), memory + 8 * ROWS
    scratch, singles = view(room, SCRATCH_ROWS * size, float64), view(room, 4 * size, float32)
    zp, zq = scratch_row(singles, 0, size), scratch_row(singles, 1, size)
    p_side, q_side = call.sides(words)
    _gather(words, p_side, first, starts, p_kind, zp)
    _gather(words, q_side, first, starts, q_kind, zq)
    if p_out is not None:
        _ask_for(words[call.P_GRAD], first, outcomes, p_out)
    if q_out is not None:
        _ask_for(words[call.Q_GRAD], first, outcomes, q_out)
    slopes = scratch_row(scratch, 5, size)
    rooms = scratch_row(singles, 2, size), scratch_row(singles, 3, size), slopes
    value, done = in_single(how, (zp, zq), outcomes, scale, factor, p_out, q_out, rooms)
    if not all_are(done):
        others, others_done = _in_double(how, zp, zq, outcomes, scale, factor, p_out, q_out, scratch)
        value = select(done, value, others)
        if q_out is not None:
            others_slopes = scratch_row(scratch, 4, size)
            for j in range(outcomes):
                store(slopes, j, select(done, load(slopes, j), load(others_slopes, j)))
        done |= others_done
    if p_out is not None:
        p_slopes = scratch_row(scratch, 2, size)
        _give_slopes(words, first, words[call.P_GRAD], p_out, p_slopes)
    if q_out is not None:
        _give_slopes(words, first, words[call.Q_GRAD], q_out, slopes)
    _give_values(address, words, first, value, done, hard, scratch)


@compiled_within
def tile_rows(address: Any, how: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any) -> None:
    """Rows of the call at an address, until none is left.

    Kinds are the types of what lies in memory; None is that of a gradient that nobody wants.
    """
    wide_vectors()
    words, numbers = call.integers(address), call.numbers(address)
    hard = view(words[call.HARD], words[call.ROWS], boolean)
    memory = call.take_scratch(address, words)
    while True:
        first, end = call.take_rows(address, words)
        if first == end:
            return
        for i in range(first, end, ROWS):
            _tile(address, how, words, numbers, i, hard, memory, p_kind, q_kind, p_out, q_out)
