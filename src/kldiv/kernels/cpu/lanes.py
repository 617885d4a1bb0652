"""A number for each of several rows, computed with as one: rows of few outcomes fill no vector by themselves.

The type's operations are the vector instructions themselves, so nothing is left to the compiler's judgement.
What is written for one number, such as the exponential, works on lanes unchanged.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model

from kldiv.kernels.cpu.machine import constant

COUNT = 16
_ZERO = ir.Constant(ir.IntType(32), 0)


class Lanes(types.Type):  # type: ignore[misc]
    """COUNT numbers of a scalar type; `boolean` is what comparing them gives."""

    def __init__(self, scalar: Any) -> None:
        self.scalar = scalar
        super().__init__(name=f"Lanes({scalar})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, lanes: Any) -> None:
        scalar = (
            ir.IntType(1) if lanes.scalar == types.boolean else manager.lookup(lanes.scalar).get_value_type()
        )
        super().__init__(manager, lanes, ir.VectorType(scalar, COUNT))


_FLOATS, _BOOLEANS = Lanes(types.float64), Lanes(types.boolean)


def _binary(result: Any, instruction: Callable[[Any, Any, Any], Any]) -> Any:
    """An operation of two lanes by one instruction."""

    def declare(_context: Any, a: Any, b: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            return instruction(builder, *arguments)

        return result(a, b), generate

    return intrinsic(declare)


_add = _binary(_FLOATS, lambda builder, a, b: builder.fadd(a, b))
_subtract = _binary(_FLOATS, lambda builder, a, b: builder.fsub(a, b))
_multiply = _binary(_FLOATS, lambda builder, a, b: builder.fmul(a, b))
_divide = _binary(_FLOATS, lambda builder, a, b: builder.fdiv(a, b))
_less = _binary(_BOOLEANS, lambda builder, a, b: builder.fcmp_ordered("<", a, b))
_greater = _binary(_BOOLEANS, lambda builder, a, b: builder.fcmp_ordered(">", a, b))
_equal = _binary(_BOOLEANS, lambda builder, a, b: builder.fcmp_ordered("==", a, b))
_either = _binary(_BOOLEANS, lambda builder, a, b: builder.or_(a, b))


@intrinsic
def _negate(_context: Any, a: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.fneg(arguments[0])

    return a(a), generate


def _define(symbol: Any, operation: Any) -> None:
    """Let an operator of Python mean the operation, between lanes."""

    def of_two(a: Any, b: Any) -> Any:
        return operation(a, b)

    @overload(symbol)
    def _(a: Any, b: Any) -> Any:
        return of_two if isinstance(a, Lanes) and isinstance(b, Lanes) else None


for _symbol, _operation in (
    (operator.add, _add),
    (operator.iadd, _add),
    (operator.sub, _subtract),
    (operator.mul, _multiply),
    (operator.truediv, _divide),
    (operator.lt, _less),
    (operator.gt, _greater),
    (operator.eq, _equal),
    (operator.or_, _either),
):
    _define(_symbol, _operation)


def _negated(a: Any) -> Any:
    return _negate(a)


@overload(operator.neg)
def _(a: Any) -> Any:
    return _negated if isinstance(a, Lanes) else None


# --- making and reading lanes -----------------------------------------------------------------------


@intrinsic
def every(_context: Any, number: Any) -> Any:  # noqa: ARG001 (typed by them)
    """The number in every lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        first = builder.insert_element(ir.Constant(kind, ir.Undefined), arguments[0], _ZERO)
        return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), COUNT), None))

    return _FLOATS(types.float64), generate


@intrinsic
def load(_context: Any, array: Any, j: Any) -> Any:  # noqa: ARG001 (typed by them)
    """The lanes that lie from COUNT·j on in an array of float64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature, arguments)
        return builder.load(place, align=8)

    return _FLOATS(array, types.intp), generate


@intrinsic
def store(_context: Any, array: Any, j: Any, lanes: Any) -> Any:  # noqa: ARG001 (typed by them)
    """Write lanes where `load` finds them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _place(context, builder, signature, arguments), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), generate


@intrinsic
def load_rows(_context: Any, stored: Any, starts: Any, offset: Any) -> Any:  # noqa: ARG001 (typed by them)
    """In each lane the number `offset` after that lane's start, in an array of any kind of storage."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, first, more = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        begin = context.make_array(signature.args[1])(context, builder, first).data
        lanes = ir.Constant(ir.VectorType(data.type.pointee, COUNT), ir.Undefined)
        for lane in range(COUNT):
            number = ir.Constant(ir.IntType(32), lane)
            start = builder.load(builder.gep(begin, [number]))
            place = builder.gep(data, [builder.add(start, more)])
            lanes = builder.insert_element(lanes, builder.load(place), number)
        return _as_double(builder, lanes, signature.args[0].dtype)

    return _FLOATS(stored, starts, types.intp), generate


def _as_double(builder: Any, lanes: Any, kind: Any) -> Any:
    """Stored numbers in double precision; kinds as `machine.widen` has them."""
    single, double = (ir.VectorType(each, COUNT) for each in (ir.FloatType(), ir.DoubleType()))
    if kind == types.float64:
        return lanes
    if kind == types.uint16:
        word = ir.VectorType(ir.IntType(32), COUNT)
        lanes = builder.bitcast(builder.shl(builder.zext(lanes, word), constant(word, 16)), single)
    elif kind == types.int16:
        lanes = builder.bitcast(lanes, ir.VectorType(ir.HalfType(), COUNT))
    return builder.fpext(lanes, double)


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
    first = builder.mul(arguments[1], ir.Constant(arguments[1].type, COUNT))
    return builder.bitcast(builder.gep(data, [first]), context.get_value_type(_FLOATS).as_pointer())
