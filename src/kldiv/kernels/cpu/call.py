"""What one call of a kernel is about, as the words of memory that compiled code reads it from.

A word is a whole number, most of those that change being addresses, or a floating-point number.
"""

import ctypes
import struct
from collections.abc import Callable
from typing import Any

from numba import boolean, float64, int64, types, uint64

from kldiv.kernels.cpu.compiling import compiled, overload
from kldiv.kernels.cpu.extremes import smaller
from kldiv.kernels.cpu.machine import narrow, widen
from kldiv.kernels.cpu.memory import AHEAD, fetch_and_add, part_of, view

# Numbers of words. First those that change from call to call, in the order of `pack`.
NEXT, SLOT, HARDS, CHUNK, SCRATCH, P, P_STARTS, Q, Q_STARTS = range(9)
MASK, HARD, BOARD, VALUE, P_GRAD, Q_GRAD, FACTOR = range(9, 16)
# Then those that kinds and layouts decide, in the order of `pack_fixed`.
ROWS, OUTCOMES, SLOT_BYTES, BOARD_WORDS, VALUE_KIND, P_GRAD_KIND, Q_GRAD_KIND = range(16, 23)
P_STRIDE, P_STEP, P_KIND, P_SPACE, Q_STRIDE, Q_STEP, Q_KIND, Q_SPACE = range(23, 31)
SCALE, WEIGHT, P_ALONE, Q_ALONE, SLOPE_AT_NO_P, SLOPE_AT_NO_Q = range(31, 37)
_CHANGING, _FIXED = struct.Struct("15qd"), struct.Struct("15q6d")
_SIZE = 37
_WORDS = ctypes.c_int64 * _SIZE
# Rows of so many outcomes at the most are near as a whole while another one is computed; of halves, twice.
_NEAR = 65536

# How numbers are stored; half precisions as whole numbers, whose types Numba has.
KINDS = (types.float32, types.float64, types.uint16, types.int16)
SINGLE, DOUBLE, BRAIN, HALF = range(4)


def pack(fixed: bytes, *words: float) -> ctypes.Array[ctypes.c_int64]:
    """The words of a call: from CHUNK to FACTOR, whole numbers but for this, and those of `pack_fixed`."""
    return _WORDS.from_buffer_copy(_CHANGING.pack(0, 0, 0, *words) + fixed)


def pack_fixed(*words: float) -> bytes:
    """The words from ROWS on: whole numbers up to Q_SPACE, numbers from SCALE on."""
    return _FIXED.pack(*words)


def some_are_hard(words: ctypes.Array[ctypes.c_int64]) -> bool:
    """Whether the call has marked some rows as hard."""
    return words[HARDS] != 0


@compiled
def integers(call: Any) -> Any:
    """The words of the call at an address as whole numbers."""
    return view(call, _SIZE, int64)


@compiled
def numbers(call: Any) -> Any:
    """The same words as floating-point numbers; only FACTOR and those from SCALE on mean one."""
    return view(call, _SIZE, float64)


@compiled
def take_rows(call: Any, words: Any) -> Any:
    """The first and the end of the next rows that no thread has taken; none are left where they meet."""
    first = smaller(fetch_and_add(call + 8 * NEXT, words[CHUNK]), words[ROWS])
    return first, smaller(first + words[CHUNK], words[ROWS])


@compiled
def take_scratch(call: Any, words: Any) -> Any:
    """The address of memory that no other thread of the call uses."""
    return words[SCRATCH] + fetch_and_add(call + 8 * SLOT, 1) * words[SLOT_BYTES]


@compiled
def sides(words: Any) -> Any:
    """Where p and q lie: address, strides of rows and of outcomes, address of starts or 0, kind."""
    return (
        (words[P], words[P_STRIDE], words[P_STEP], words[P_STARTS], words[P_KIND]),
        (words[Q], words[Q_STRIDE], words[Q_STEP], words[Q_STARTS], words[Q_KIND]),
    )


@compiled
def start_of(side: Any, i: Any) -> Any:
    """How many numbers after the address of a side its row i starts."""
    _, stride, _, starts, _ = side
    return view(starts, i + 1, int64)[i] if starts else i * stride


@compiled
def row_of(side: Any, i: Any, outcomes: Any, kind: Any, spare: Any) -> Any:
    """Row i of a side; brought together at the address `spare` if its outcomes lie apart."""
    base, _, step, _, _ = side
    start = start_of(side, i)
    if step == 1:
        return part_of(view(base, start + outcomes, kind), start, start + outcomes)
    apart, together = view(base, start + (outcomes - 1) * step + 1, kind), view(spare, outcomes, kind)
    for j in range(outcomes):
        together[j] = apart[start + j * step]
    return together


@compiled
def to_next(side: Any, i: Any, end: Any, outcomes: Any) -> Any:
    """How far after each number of row i lies one to bring near meanwhile: that of the next row.

    Of rows that are longer it is one of the same row; 0 where there is no next one, or outcomes lie apart.
    """
    _, _, step, _, kind = side
    if outcomes > (_NEAR if kind in (SINGLE, DOUBLE) else 2 * _NEAR):
        return AHEAD
    return start_of(side, i + 1) - start_of(side, i) if step == 1 and i + 1 < end else 0


@compiled
def gradient_row(base: Any, i: Any, outcomes: Any, kind: Any) -> Any:
    """Where the gradient of row i will lie."""
    start = i * outcomes
    return part_of(view(base, start + outcomes, kind), start, start + outcomes)


def wanted_row(base: Any, i: Any, outcomes: Any, kind: Any) -> Any:
    """As `gradient_row`; None of a gradient of no kind."""
    raise NotImplementedError


def _no_row(base: Any, i: Any, outcomes: Any, kind: Any) -> Any:  # noqa: ARG001
    return None


def _a_row(base: Any, i: Any, outcomes: Any, kind: Any) -> Any:
    return gradient_row(base, i, outcomes, kind)


@overload(wanted_row)
def _wanted_row_of(base: Any, i: Any, outcomes: Any, kind: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _no_row if isinstance(kind, types.NoneType) else _a_row


@compiled
def mark(call: Any, hard: Any, i: Any, is_hard: Any) -> None:
    """Note whether row i is hard."""
    hard[i] = is_hard
    if is_hard:
        fetch_and_add(call + 8 * HARDS, 1)


# --- rows of any kind, as double precision ----------------------------------------------------------


@compiled
def _read(stored: Any, start: Any, step: Any, outcomes: Any, out: Any, first: Any, apart: Any) -> None:
    for j in range(outcomes):
        out[first + j * apart] = widen(1.0, stored[start + j * step])


@compiled
def read(side: Any, i: Any, outcomes: Any, out: Any, first: Any, apart: Any) -> None:
    """Row i of a side, from out[first] on, `apart` numbers apart."""
    base, _, step, _, kind = side
    start = start_of(side, i)
    end = start + (outcomes - 1) * step + 1
    if kind == SINGLE:
        _read(view(base, end, types.float32), start, step, outcomes, out, first, apart)
    elif kind == DOUBLE:
        _read(view(base, end, types.float64), start, step, outcomes, out, first, apart)
    elif kind == BRAIN:
        _read(view(base, end, types.uint16), start, step, outcomes, out, first, apart)
    elif kind == HALF:
        _read(view(base, end, types.int16), start, step, outcomes, out, first, apart)


@compiled
def write_rows(rows: Any, apart: Any, out: Any, outcomes: Any) -> None:
    """Rows as gradients: outcomes lie `apart` numbers apart, and rows begin side by side."""
    # Unsigned, so that no index counts from the end.
    at, step = uint64(0), uint64(apart)
    for first in range(0, len(out), outcomes):
        place = uint64(first // outcomes)
        for _ in range(outcomes):
            out[at] = narrow(out[0], rows[place])
            at += uint64(1)
            place += step


@compiled
def write(row: Any, base: Any, i: Any, outcomes: Any, kind: Any) -> None:
    """The gradient of row i."""
    start, end = i * outcomes, (i + 1) * outcomes
    if kind == SINGLE:
        write_rows(row, 1, part_of(view(base, end, types.float32), start, end), outcomes)
    elif kind == DOUBLE:
        write_rows(row, 1, part_of(view(base, end, types.float64), start, end), outcomes)
    elif kind == BRAIN:
        write_rows(row, 1, part_of(view(base, end, types.uint16), start, end), outcomes)


@compiled
def write_value(words: Any, i: Any, value: Any) -> None:
    """The value of row i."""
    if words[VALUE_KIND] == SINGLE:
        view(words[VALUE], i + 1, types.float32)[i] = value
    else:
        view(words[VALUE], i + 1, types.float64)[i] = value


# --- rows that are not asked for --------------------------------------------------------------------


@compiled
def left_out(words: Any, i: Any, hard: Any) -> Any:
    """Whether row i is not asked for, and then is not hard either."""
    if words[MASK] == 0 or view(words[MASK], i + 1, boolean)[i]:
        return False
    hard[i] = False
    return True
