"""Rows of few outcomes: as many at once as there are lanes, each in double precision.

A row by itself would fill no vector, and the work around its few outcomes would be most of it. In double
precision the likeliest outcome's difference is centre enough, and nothing has to be done twice.
"""

from collections.abc import Callable
from typing import Any

from numba import boolean, float64, int64, types
from numba.extending import overload

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.centring import SMALL
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.generators import (
    KullbackLeibler,
    finished,
    slopes_of_q_sum_to_zero,
    term_and_slopes,
)
from kldiv.kernels.cpu.lanes import ROWS, every_row, load, read_rows, store
from kldiv.kernels.cpu.machine import magnitude, select, wide_vectors
from kldiv.kernels.cpu.memory import view
from kldiv.kernels.cpu.vector import exponential, exponential_parts, logarithm_parts
from kldiv.kernels.cpu.weighing import finite

SCRATCH_ROWS = 4
# Below this t, e^(−t) nears overflow, and p may have underflowed where q has not.
_WILD = -600.0
_HUGE = 1e30
# Beyond any finite logit but those that nearly overflow.
_NONE = 1e37
_LEAST = -3.4028234663852886e38


@compiled
def _side_by_side(stored: Any, starts: Any, step: Any, outcomes: Any, out: Any) -> None:
    for j in range(outcomes):
        store(out, j, finite(read_rows(stored, starts, j * step), every_row(_LEAST)))


@compiled
def _gather(words: Any, side: Any, first: Any, starts: Any, out: Any) -> None:
    """Bring rows side by side: outcome j of lane l is row first + l's; past the last row that one again."""
    wide_vectors()
    base, _, step, _, kind = side
    outcomes, last = words[call.OUTCOMES], words[call.ROWS] - 1
    for lane in range(ROWS):
        starts[lane] = call.start_of(side, min(first + lane, last))
    if kind == call.SINGLE:
        _side_by_side(view(base, 1, types.float32), starts, step, outcomes, out)
    elif kind == call.BRAIN:
        _side_by_side(view(base, 1, types.uint16), starts, step, outcomes, out)
    else:
        _side_by_side(view(base, 1, types.int16), starts, step, outcomes, out)


@compiled
def _centre(a: Any, b: Any, outcomes: Any) -> Any:
    """The largest logit of p, the difference to q's there, and which outcome that is."""
    wide_vectors()
    top, centre, at = load(a, 0), load(a, 0) - load(b, 0), every_row(0.0)
    for j in range(1, outcomes):
        z = load(a, j)
        centre = select(z > top, z - load(b, j), centre)
        at = select(z > top, every_row(float(j)), at)
        top = select(z > top, z, top)
    return top, centre, at


@compiled
def _weigh(a: Any, b: Any, c: Any, outcomes: Any, top: Any, centre: Any, scale: Any) -> Any:
    """Σ e, Σ e·t and Σ e·φ(t) for e = exp(zp − max zp) and t, the difference less the centre.

    And whether some t is out of range. Logits in a and b become e and e^(−t) − 1, c becomes e^(−t).
    """
    wide_vectors()
    total = moment = excess = every_row(0.0)
    wild = every_row(0.0) > every_row(0.0)
    for j in range(outcomes):
        zp = load(a, j)
        t = (zp - load(b, j) - centre) * scale
        e = exponential((zp - top) * scale)
        ratio, gap, beyond = exponential_parts(-t)
        wild = wild | (t < every_row(_WILD)) | (t > every_row(-_WILD))
        store(a, j, e)
        store(b, j, gap)
        store(c, j, ratio)
        total, moment, excess = total + e, moment + e * t, excess + e * beyond
    return total, moment, excess, wild


@compiled
def _terms(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, wants: Any
) -> Any:  # fmt: skip
    """Σ F(p, q); a and c become p and q, b and `slopes` p·∂F/∂p and q·∂F/∂q, as wanted."""
    wide_vectors()
    terms = every_row(0.0)
    want_p, want_q = wants
    total, rest, excess = sums
    grown = excess - rest
    share, inverse = every_row(1.0) / total, every_row(1.0) / (every_row(1.0) + grown)
    for j in range(outcomes):
        p, ratio, gap = load(a, j) * share, load(c, j) * inverse, (load(b, j) - grown) * inverse
        logarithm, beyond = logarithm_parts(gap, ratio)
        term, slope_p, slope_q = term_and_slopes(how, p, -logarithm, ratio, gap, beyond)
        terms += term
        if want_p:
            store(a, j, p)
            store(b, j, slope_p)
        if want_q:
            store(c, j, p * ratio)
            store(slopes, j, slope_q)
    return terms


@compiled
def _kl_terms(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, wants: Any  # noqa: ARG001
) -> Any:  # fmt: skip
    """As `_terms`, of D(p‖q) = ρ + log(1 + g): a logarithm for the row rather than one for each outcome."""
    wide_vectors()
    want_p, want_q = wants
    total, rest, excess = sums
    grown = excess - rest
    share, inverse = every_row(1.0) / total, every_row(1.0) / (every_row(1.0) + grown)
    if want_p:
        for j in range(outcomes):
            p, ratio, gap = load(a, j) * share, load(c, j) * inverse, (load(b, j) - grown) * inverse
            logarithm, _ = logarithm_parts(gap, ratio)
            store(a, j, p)
            store(b, j, -p * logarithm)
            if want_q:
                store(slopes, j, p * gap)
    elif want_q:
        for j in range(outcomes):
            store(slopes, j, load(a, j) * share * (load(b, j) - grown) * inverse)
    logarithm, beyond = logarithm_parts(grown, every_row(1.0) + grown)
    return select(magnitude(grown) < every_row(SMALL), excess - beyond, rest + logarithm)


def _all_terms(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, wants: Any
) -> Any:  # fmt: skip
    """`_kl_terms` or `_terms`, whichever fits the divergence."""
    raise NotImplementedError


def _of_kl(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, wants: Any
) -> Any:  # fmt: skip
    return _kl_terms(how, a, b, c, slopes, outcomes, sums, wants)


def _of_others(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, wants: Any
) -> Any:  # fmt: skip
    return _terms(how, a, b, c, slopes, outcomes, sums, wants)


@overload(_all_terms)
def _all_terms_of(
    how: Any, a: Any, b: Any, c: Any, slopes: Any, outcomes: Any, sums: Any, wants: Any  # noqa: ARG001
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


@compiled
def _tile(
    address: Any, how: Any, words: Any, numbers: Any, first: Any, hard: Any, starts: Any, scratch: Any
) -> None:
    """The rows from `first` on, as many as there are lanes."""
    wide_vectors()
    outcomes, wants = words[call.OUTCOMES], (words[call.P_GRAD] != 0, words[call.Q_GRAD] != 0)
    count = min(ROWS, words[call.ROWS] - first)
    size = outcomes * ROWS
    a, b = call.scratch_row(scratch, 0, size), call.scratch_row(scratch, 1, size)
    c, slopes = call.scratch_row(scratch, 2, size), call.scratch_row(scratch, 3, size)
    p_side, q_side = call.sides(words)
    _gather(words, p_side, first, starts, a)
    _gather(words, q_side, first, starts, b)
    top, centre, at = _centre(a, b, outcomes)
    total, moment, excess, wild = _weigh(a, b, c, outcomes, top, centre, every_row(numbers[call.SCALE]))
    # A side without a finite logit is no distribution; nor is there a difference to it.
    wild = wild | (top < every_row(-_NONE)) | (centre < every_row(-_NONE)) | (centre > every_row(_NONE))
    sums = total, moment / total, excess / total
    grown = sums[2] - sums[1]
    terms = _all_terms(how, a, b, c, slopes, outcomes, sums, wants)
    result, slope = finished(how, terms)
    factor = every_row(numbers[call.SCALE] * numbers[call.FACTOR]) * slope
    if wants[0]:
        _off_simplex_removed(b, a, outcomes, factor)
        call.write(b, ROWS, words[call.P_GRAD], first, count, outcomes, words[call.P_GRAD_KIND])
    if wants[1]:
        if slopes_of_q_sum_to_zero(how):
            _sum_to_zero(slopes, at, outcomes, factor)
        else:
            _off_simplex_removed(slopes, c, outcomes, factor)
        call.write(slopes, ROWS, words[call.Q_GRAD], first, count, outcomes, words[call.Q_GRAD_KIND])
    store(a, 0, result * every_row(numbers[call.FACTOR]))
    no, yes = every_row(0.0), every_row(1.0)
    store(b, 0, select(grown < every_row(_HUGE), select(wild, yes, no), yes))
    for lane in range(count):
        if call.left_out(words, first + lane, hard):
            continue
        call.write_value(words, first + lane, a[lane])
        call.mark(address, hard, first + lane, b[lane] > 0.0)


@compiled
def tile_rows(address: Any, how: Any) -> None:
    """Rows of the call at an address, until none is left."""
    wide_vectors()
    words, numbers = call.integers(address), call.numbers(address)
    size = words[call.OUTCOMES] * ROWS
    hard = view(words[call.HARD], words[call.ROWS], boolean)
    memory = call.take_scratch(address, words)
    starts = view(memory, ROWS, int64)
    scratch = view(memory + 8 * ROWS, SCRATCH_ROWS * size, float64)
    while True:
        first, end = call.take_rows(address, words)
        if first == end:
            return
        for i in range(first, end, ROWS):
            _tile(address, how, words, numbers, i, hard, starts, scratch)
