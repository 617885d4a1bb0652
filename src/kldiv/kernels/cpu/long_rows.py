"""The Kullback–Leibler divergence of long rows of logits: one row after another, its segments shared out.

Every thread goes through the same phases. In each it takes segments until none is left, waits for those that
others have taken, and draws the same conclusions from what was found in them. A thread that comes late finds
all done. Segments have one length whatever the number of threads, so that results are the same bits.
"""

import math
from collections.abc import Callable
from typing import Any

from numba import float64, types
from numba.extending import overload

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.centring import HUGE, MOVES, Row, divergence, guess, is_settled, likeliest
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.kl_logits import HEAVY, give_rest, is_telling, less_share, weighted
from kldiv.kernels.cpu.machine import like, wide_vectors, widen
from kldiv.kernels.cpu.memory import fetch_and_add, part_of, view
from kldiv.kernels.cpu.optional import room, room_for_weights
from kldiv.kernels.cpu.weighing import BLOCK, CAREFUL, weigh

# A multiple of a block; long enough that taking one costs nothing beside it.
SEGMENT = 16 * BLOCK
# In the precision of the kernel, for all threads together.
SCRATCH_ROWS = 3

# The phases of a row; the centre may be moved once more in each that follows WEIGHING.
_LIKELIEST, _GUESSING, _WEIGHING = range(3)
_SLOPES = _WEIGHING + MOVES
_SETTLING, _ENDING = _SLOPES + 1, _SLOPES + 2
_PHASES = _ENDING + 1
# What is found in a segment, up to five numbers a phase. Those of one phase stay while the next is at work,
# for a thread that comes late reads them then.
_AT = 0
_TOTAL, _MOMENT, _EXCESS, _GROWTH, _WILD = range(5)
_LEFT_P, _LEFT_Q, _SIZE_P, _SIZE_Q = range(4)
_GUESSED, _FOUND = 2, 5


def board_words(outcomes: int) -> int:
    """How many words of memory, at first 0, the threads share for each row.

    Two for each phase, the parts that are taken and those that are done; the guess; what segments showed.
    """
    return 2 * _PHASES + _GUESSED + _PHASES * _FOUND * -(-outcomes // SEGMENT)


# --- sharing out ------------------------------------------------------------------------------------


@compiled
def _take(board: Any, phase: Any, parts: Any) -> Any:
    """A part of a phase that no thread has taken; `parts` where none is left."""
    return min(fetch_and_add(board + 16 * phase, 1), parts)


@compiled
def _hand_in(board: Any, phase: Any) -> None:
    """Say that a part is done."""
    fetch_and_add(board + 16 * phase + 8, 1)


@compiled
def _wait(board: Any, phase: Any, parts: Any) -> None:
    """Wait until all parts of a phase are done: whoever has taken one is at work on it."""
    while fetch_and_add(board + 16 * phase + 8, 0) < parts:
        pass


@compiled
def _findings(board: Any, phase: Any, segments: Any) -> Any:
    """What was found in each segment in a phase."""
    first = 2 * _PHASES + _GUESSED + phase * _FOUND * segments
    return view(board + 8 * first, segments * _FOUND, float64)


@compiled
def _sum(found: Any, segments: Any, which: Any) -> Any:
    """What was found in all segments together, of one of the numbers."""
    total = 0.0
    for s in range(segments):
        total += found[_FOUND * s + which]
    return total


# --- the phases of a row ----------------------------------------------------------------------------


@compiled
def _likeliest_of_all(board: Any, segments: Any, zp: Any, scale: Any) -> Any:
    """The index of the largest logit."""
    found = _findings(board, _LIKELIEST, segments)
    while True:
        s = _take(board, _LIKELIEST, segments)
        if s == segments:
            break
        found[_FOUND * s + _AT] = s * SEGMENT + likeliest(part_of(zp, s * SEGMENT, (s + 1) * SEGMENT), scale)
        _hand_in(board, _LIKELIEST)
    _wait(board, _LIKELIEST, segments)
    at = int(found[_AT])
    for s in range(1, segments):
        other = int(found[_FOUND * s + _AT])
        if widen(scale, zp[other]) > widen(scale, zp[at]):
            at = other
    return at


@compiled
def _guessed(
    board: Any, zp: Any, zq: Any, at: Any, top: Any, centre: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any,
) -> Any:  # fmt: skip
    """What the start of the row says of the centre and the spread about it: a phase of one part."""
    guessed = view(board + 8 * 2 * _PHASES, _GUESSED, float64)
    if _take(board, _GUESSING, 1) == 0:
        guessed[0], guessed[1] = guess(zp, zq, at, top, centre, scale, weights, differences, gaps, None)
        _hand_in(board, _GUESSING)
    _wait(board, _GUESSING, 1)
    return guessed[0], int(guessed[1])


@compiled
def _weigh_all(
    board: Any, segments: Any, phase: Any, zp: Any, zq: Any, top: Any, centre: Any, scale: Any, way: Any,
    weights: Any, differences: Any, gaps: Any,
) -> Any:  # fmt: skip
    """Σ e, ρ, A, g, and whether some t was out of range."""
    found = _findings(board, phase, segments)
    while True:
        s = _take(board, phase, segments)
        if s == segments:
            break
        i, j = s * SEGMENT, min((s + 1) * SEGMENT, len(zp))
        sums = weigh(
            zp, zq, i, j, (SEGMENT, SEGMENT), top, centre, scale, way, weights, differences, gaps, None
        )
        found[_FOUND * s + _TOTAL], found[_FOUND * s + _MOMENT] = sums[0], sums[1]
        found[_FOUND * s + _EXCESS], found[_FOUND * s + _GROWTH] = sums[2], sums[3]
        found[_FOUND * s + _WILD] = 1.0 if sums[4] else 0.0
        _hand_in(board, phase)
    _wait(board, phase, segments)
    total, moment = _sum(found, segments, _TOTAL), _sum(found, segments, _MOMENT)
    excess, growth = _sum(found, segments, _EXCESS), _sum(found, segments, _GROWTH)
    return total, moment / total, excess / total, growth / total, _sum(found, segments, _WILD) > 0.0


@compiled
def _centred(
    board: Any, segments: Any, zp: Any, zq: Any, scale: Any, weights: Any, differences: Any, gaps: Any
) -> Any:
    """As `centring.centred`."""
    at = _likeliest_of_all(board, segments, zp, scale)
    top = widen(scale, zp[at])
    centre = like(1.0, top) - like(1.0, widen(scale, zq[at]))
    if not (math.isfinite(top) and math.isfinite(centre)):
        return Row(at, 1.0, 0.0, 0.0, 0.0, CAREFUL, True)
    move, way = _guessed(board, zp, zq, at, top, centre, scale, weights, differences, gaps)
    total = rest = grown = value = 0.0
    wild = False
    for phase in range(_WEIGHING, _WEIGHING + MOVES):
        centre += move / scale
        total, rest, excess, grown, wild = _weigh_all(
            board, segments, phase, zp, zq, top, centre, scale, way, weights, differences, gaps
        )
        value = divergence(excess, rest)
        move = 0.0 if way != CAREFUL and wild else rest
        if is_settled(way, wild, centre * scale, rest, value):
            break
        way = CAREFUL
    return Row(at, total, rest, grown, value, way, wild | (not abs(value) < HUGE))


@compiled
def _share_out_slopes(
    board: Any, segments: Any, weights: Any, differences: Any, gaps: Any, shares: Any, factors: Any,
    heavy: Any, p_grad: Any, q_grad: Any,
) -> None:  # fmt: skip
    """Write the gradients that are wanted, and find what each segment of them sums to."""
    wide_vectors()
    found = _findings(board, _SLOPES, segments)
    while True:
        s = _take(board, _SLOPES, segments)
        if s == segments:
            break
        i, j = s * SEGMENT, min((s + 1) * SEGMENT, len(weights))
        others_p = others_q = 0.0
        size_p = size_q = math.inf
        if q_grad is not None:
            others_q, size_q = less_share(gaps, weights, shares[1], factors[1], heavy, i, j, q_grad)
        if p_grad is not None:
            others_p, size_p = weighted(differences, weights, shares[0], factors[0], heavy, i, j, p_grad)
        found[_FOUND * s + _LEFT_P], found[_FOUND * s + _LEFT_Q] = others_p, others_q
        found[_FOUND * s + _SIZE_P], found[_FOUND * s + _SIZE_Q] = size_p, size_q
        _hand_in(board, _SLOPES)
    _wait(board, _SLOPES, segments)


@compiled
def _settle(board: Any, segments: Any, heavy: Any, p_grad: Any, q_grad: Any) -> None:
    """Bring the slopes to a sum of 0: a phase of one part."""
    if _take(board, _SETTLING, 1) == 0:
        found = _findings(board, _SLOPES, segments)
        if p_grad is not None:
            give_rest(p_grad, heavy, _sum(found, segments, _LEFT_P))
        if q_grad is not None:
            give_rest(q_grad, heavy, _sum(found, segments, _LEFT_Q))
        _hand_in(board, _SETTLING)
    _wait(board, _SETTLING, 1)


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
    each, heavy = scale * factor / row.total, row.at if row.total < HEAVY else -1
    shares = like(scale, row.rest), like(scale, row.grown)
    factors = like(scale, each), like(scale, each / (1.0 + row.grown))
    _share_out_slopes(board, segments, weights, differences, gaps, shares, factors, heavy, p_grad, q_grad)
    _settle(board, segments, heavy, p_grad, q_grad)
    found = _findings(board, _SLOPES, segments)
    return is_telling(row, _sum(found, segments, _SIZE_P), _sum(found, segments, _SIZE_Q), factors)


@overload(_gradients)
def _gradients_of(
    board: Any, segments: Any, rooms: Any, row: Any, scale: Any, factor: Any, p_grad: Any, q_grad: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    return _no_gradients if isinstance(rooms[0], types.NoneType) else _all_gradients


@compiled
def _row(board: Any, zp: Any, zq: Any, scale: Any, factor: Any, rooms: Any, p_grad: Any, q_grad: Any) -> Any:
    """The factor times D(p‖q), and its gradients as those of `kl_logits.kl_row`; whether the row is hard."""
    segments = -(-len(zp) // SEGMENT)
    row = _centred(board, segments, zp, zq, scale, *rooms)
    hard = row.hard
    if not hard:
        hard = not _gradients(board, segments, rooms, row, scale, factor, p_grad, q_grad)
    return max(row.value, 0.0) * factor, hard


@compiled
def long_rows(address: Any, unit: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any) -> None:
    """All rows of the call at an address, by all threads; the arguments are those of `logit_rows`."""
    wide_vectors()
    words, numbers = call.integers(address), call.numbers(address)
    outcomes = words[call.OUTCOMES]
    hard = view(words[call.HARD], words[call.ROWS], types.boolean)
    scratch = view(words[call.SCRATCH], SCRATCH_ROWS * outcomes, unit)
    scale = like(scratch[0], numbers[call.SCALE])
    p_side, q_side = call.sides(words)
    for i in range(words[call.ROWS]):
        if call.left_out(words, i, hard):
            continue
        board = words[call.BOARD] + 8 * i * words[call.BOARD_WORDS]
        p_grad = call.wanted_row(words[call.P_GRAD], i, outcomes, p_out)
        q_grad = call.wanted_row(words[call.Q_GRAD], i, outcomes, q_out)
        weights = room_for_weights(p_grad, q_grad, call.scratch_row(scratch, 0, outcomes))
        differences = room(p_grad, call.scratch_row(scratch, 1, outcomes))
        rooms = weights, differences, room(q_grad, call.scratch_row(scratch, 2, outcomes))
        zp = call.row_of(p_side, i, outcomes, p_kind, 0)
        zq = call.row_of(q_side, i, outcomes, q_kind, 0)
        value, is_hard = _row(board, zp, zq, scale, numbers[call.FACTOR], rooms, p_grad, q_grad)
        if _take(board, _ENDING, 1) == 0:
            call.write_value(words, i, value)
            call.mark(address, hard, i, is_hard)
