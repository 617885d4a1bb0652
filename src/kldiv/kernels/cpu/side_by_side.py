"""Rows of few outcomes side by side: a register for each outcome, a lane for each row."""

from collections.abc import Iterable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from kldiv.kernels.cpu.lanes import Lanes, filled, place_of
from kldiv.kernels.cpu.machine import as_number, as_stored
from kldiv.kernels.cpu.memory import parts_of

# So many rows of few outcomes lie side by side: a register of them in single precision, two in double.
ROWS = 16
_ROWS, _SINGLES = Lanes(types.float64, ROWS, types.float32), Lanes(types.float32, ROWS)


@intrinsic
def every_row(_context: Any, number: Any) -> Any:
    """The number for each of ROWS rows."""
    return _ROWS(number), filled


@intrinsic
def singled(_context: Any, rows: Any) -> Any:
    """ROWS numbers rounded to single precision."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        return builder.fptrunc(arguments[0], context.get_value_type(_SINGLES))

    return _SINGLES(rows), generate


@intrinsic
def read_rows(_context: Any, whole: Any, starts: Any, offset: Any) -> Any:  # noqa: ARG001
    """For each of ROWS rows the number `offset` after its start, stored in single precision or half."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        stored, first, more = arguments
        data = parts_of(context, builder, whole, stored).data
        begin = parts_of(context, builder, starts, first).data
        lanes = ir.Constant(ir.VectorType(data.type.pointee, ROWS), ir.Undefined)
        for lane in range(ROWS):
            number = ir.Constant(ir.IntType(32), lane)
            start = builder.load(builder.gep(begin, [number]))
            place = builder.gep(data, [builder.add(start, more)])
            lanes = builder.insert_element(lanes, builder.load(place), number)
        return as_number(builder, lanes, whole.kind, ir.FloatType())

    return _SINGLES(whole, starts, types.intp), generate


@intrinsic
def read_four(_context: Any, whole: Any, first: Any, apart: Any) -> Any:  # noqa: ARG001
    """Four numbers of each of ROWS rows from `first` on, the rows `apart` numbers apart: a register for each.

    Four neighbours of a row are one load, and four rows of them change places as a matrix does.
    """
    result = types.UniTuple(_SINGLES, 4)

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        stored, start, distance = arguments
        data = parts_of(context, builder, whole, stored).data

        def neighbours(row: int) -> Any:
            away = builder.mul(distance, ir.Constant(distance.type, row))
            place = _four_at(builder, data, builder.add(start, away))
            return builder.load(place, align=whole.kind.bitwidth // 8)

        def every_fourth(row: int) -> Any:
            a, b, c, d = map(neighbours, range(row, ROWS, 4))
            together = _chosen(builder, _joined(builder, a, b), _joined(builder, c, d), range(ROWS))
            return as_number(builder, together, whole.kind, ir.FloatType())

        return context.make_tuple(builder, result, _turned(builder, *map(every_fourth, range(4))))

    return result(whole, types.intp, types.intp), generate


@intrinsic
def write_four(_context: Any, whole: Any, first: Any, apart: Any, four: Any) -> Any:  # noqa: ARG001
    """Keep four numbers of each of ROWS rows from `first` on, the rows `apart` numbers apart."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        room, start, distance, columns = arguments
        data = parts_of(context, builder, whole, room).data
        stored = [as_stored(builder, builder.extract_value(columns, k), whole.kind) for k in range(4)]
        for row, rows in enumerate(_turned(builder, *stored)):
            for block in range(0, ROWS, 4):
                away = builder.mul(distance, ir.Constant(distance.type, block + row))
                neighbours = _chosen(builder, rows, rows, range(block, block + 4))
                place = _four_at(builder, data, builder.add(start, away))
                builder.store(neighbours, place, align=whole.kind.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(whole, types.intp, types.intp, four), generate


def _four_at(builder: Any, data: Any, first: Any) -> Any:
    """The address of four numbers."""
    return builder.bitcast(builder.gep(data, [first]), ir.VectorType(data.type.pointee, 4).as_pointer())


def _turned(builder: Any, a: Any, b: Any, c: Any, d: Any) -> list[Any]:
    """Four registers as matrices of four by four, side by side, with rows and columns exchanged."""
    columns = []
    for half in (0, 2):
        low, high = (_by_fours(builder, *pair, (0, ROWS, 1, ROWS + 1), half) for pair in ((a, b), (c, d)))
        columns += [_by_fours(builder, low, high, (0, 1, ROWS, ROWS + 1), first) for first in (0, 2)]
    return columns


def _by_fours(builder: Any, a: Any, b: Any, four: Iterable[int], first: int) -> Any:
    """Of every four lanes of a and b those numbered `four`, counted from `first`; b's from ROWS on."""
    return _chosen(builder, a, b, [block + first + each for block in range(0, ROWS, 4) for each in four])


def _joined(builder: Any, a: Any, b: Any) -> Any:
    """The numbers of a, and after them those of b."""
    return _chosen(builder, a, b, range(2 * a.type.count))


def _chosen(builder: Any, a: Any, b: Any, lanes: Iterable[int]) -> Any:
    """Lanes of a and b by their numbers, those of b after those of a."""
    numbers = list(lanes)
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), numbers))


@intrinsic
def load(_context: Any, whole: Any, j: Any) -> Any:  # noqa: ARG001
    """The rows' numbers that lie from ROWS·j on, in the precision that they are kept in."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        place, alignment = _rows_place(context, builder, whole, *arguments)
        return builder.load(place, align=alignment)

    return (_SINGLES if whole.kind == types.float32 else _ROWS)(whole, types.intp), generate


@intrinsic
def store(_context: Any, whole: Any, j: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Keep the rows' numbers where `load` finds them."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        *where, numbers = arguments
        place, alignment = _rows_place(context, builder, whole, *where)
        builder.store(numbers, place, align=alignment)
        return context.get_dummy_value()

    return types.void(whole, types.intp, lanes), generate


def _rows_place(context: Any, builder: Any, kind: Any, whole: Any, j: Any) -> Any:
    first = builder.mul(j, ir.Constant(j.type, ROWS))
    return place_of(context, builder, kind, whole, first, ROWS)
