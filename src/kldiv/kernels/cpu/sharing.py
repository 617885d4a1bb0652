"""Sharing out long rows among threads: one row after another, its segments taken by whoever is free.

Every thread goes through the same phases. In each it takes segments until none is left, waits for those that
others have taken, and draws the same conclusions from what was found in them. A thread that comes late finds
all done. Segments have one length whatever the number of threads, so that results are the same bits.
"""

from typing import Any

from numba import float64

from kldiv.kernels.cpu.centring import MOVES
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.memory import fetch_and_add, view
from kldiv.kernels.cpu.weighing import BLOCK

# A multiple of a block; long enough that taking one costs nothing beside it.
SEGMENT = 16 * BLOCK

# The phases of a row; the centre may be moved once more in each that follows WEIGHING.
LIKELIEST, LIKELIEST_OF_Q, GUESSING, WEIGHING = range(4)
OVERLAP, UNITS, SLOPES, SETTLING, ENDING = range(WEIGHING + MOVES, WEIGHING + MOVES + 5)
_PHASES = ENDING + 1
# What is found in a segment, up to five numbers a phase. Those of one phase stay while the next is at work,
# for a thread that comes late reads them then.
FOUND = 5


def board_words(outcomes: int) -> int:
    """How many words of memory, at first 0, the threads share for each row.

    Two for each phase, the parts that are taken and those that are done; and what segments showed.
    """
    return 2 * _PHASES + _PHASES * FOUND * -(-outcomes // SEGMENT)


@compiled
def take(board: Any, phase: Any, parts: Any) -> Any:
    """A part of a phase that no thread has taken; `parts` where none is left."""
    return smaller(fetch_and_add(board + 16 * phase, 1), parts)


@compiled
def take_segment(board: Any, phase: Any, outcomes: Any) -> Any:
    """A segment that no thread has taken, its first outcome and its end; none is left where these meet."""
    s = take(board, phase, -(-outcomes // SEGMENT))
    return s, smaller(s * SEGMENT, outcomes), smaller((s + 1) * SEGMENT, outcomes)


@compiled
def hand_in(board: Any, phase: Any) -> None:
    """Say that a part is done."""
    fetch_and_add(board + 16 * phase + 8, 1)


@compiled
def wait(board: Any, phase: Any, parts: Any) -> None:
    """Wait until all parts of a phase are done: whoever has taken one is at work on it."""
    while fetch_and_add(board + 16 * phase + 8, 0) < parts:
        pass


@compiled
def findings(board: Any, phase: Any, segments: Any) -> Any:
    """What was found in each segment in a phase."""
    first = 2 * _PHASES + phase * FOUND * segments
    return view(board + 8 * first, segments * FOUND, float64)


@compiled
def sum_over(found: Any, segments: Any, which: Any) -> Any:
    """What was found in all segments together, of one of the numbers."""
    total = 0.0
    for s in range(segments):
        total += found[FOUND * s + which]
    return total
