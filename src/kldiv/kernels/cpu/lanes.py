"""Several numbers as one: what stands for a vector register, or for two.

The type's operations are the vector instructions themselves, so nothing is left to the compiler's judgement.
What is written for one number, such as the exponential, works on lanes unchanged.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

from kldiv.kernels.cpu.machine import as_number, as_stored, call_llvm, constant, kind_name
from kldiv.kernels.cpu.memory import parts_of

_ZERO = ir.Constant(ir.IntType(32), 0)


class Lanes(types.Type):  # type: ignore[misc]
    """`count` numbers of a scalar type; lanes of booleans are what comparing them gives.

    `digits` are those that results need: numbers in double precision may be for answers in single.
    """

    def __init__(self, scalar: Any, count: int, digits: Any = None) -> None:
        self.scalar, self.count, self.digits = scalar, count, digits or scalar
        super().__init__(name=f"Lanes({scalar}, {count}, {self.digits})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, lanes: Any) -> None:
        is_boolean = lanes.scalar == types.boolean
        scalar = ir.IntType(1) if is_boolean else manager.lookup(lanes.scalar).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(scalar, lanes.count))


# The widest register of either precision, by the type of a number.
_REGISTERS = {types.float32: Lanes(types.float32, 16), types.float64: Lanes(types.float64, 8)}


def _booleans(lanes: Any) -> Any:
    return Lanes(types.boolean, lanes.count)


def _define(symbol: Any, result: Callable[[Any], Any], instruction: Callable[[Any, Any, Any], Any]) -> None:
    """Let an operator of Python mean one instruction, between lanes of one type."""

    @infer_global(symbol)
    class Typed(AbstractTemplate):  # type: ignore[misc]
        def generic(self, arguments: Any, _keywords: Any) -> Any:
            a, *others = arguments
            if isinstance(a, Lanes) and others == [a]:
                return signature(result(a), *arguments)
            return None

    @lower_builtin(symbol, Lanes, Lanes)
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return instruction(builder, *arguments)


def _same(lanes: Any) -> Any:
    return lanes


for _symbol, _result, _instruction in (
    (operator.add, _same, lambda builder, a, b: builder.fadd(a, b)),
    (operator.iadd, _same, lambda builder, a, b: builder.fadd(a, b)),
    (operator.sub, _same, lambda builder, a, b: builder.fsub(a, b)),
    (operator.isub, _same, lambda builder, a, b: builder.fsub(a, b)),
    (operator.mul, _same, lambda builder, a, b: builder.fmul(a, b)),
    (operator.truediv, _same, lambda builder, a, b: builder.fdiv(a, b)),
    (operator.lt, _booleans, lambda builder, a, b: builder.fcmp_ordered("<", a, b)),
    (operator.gt, _booleans, lambda builder, a, b: builder.fcmp_ordered(">", a, b)),
    (operator.eq, _booleans, lambda builder, a, b: builder.fcmp_ordered("==", a, b)),
    (operator.or_, _booleans, lambda builder, a, b: builder.or_(a, b)),
    (operator.ior, _booleans, lambda builder, a, b: builder.or_(a, b)),
    (operator.and_, _booleans, lambda builder, a, b: builder.and_(a, b)),
    (operator.iand, _booleans, lambda builder, a, b: builder.and_(a, b)),
):
    _define(_symbol, _result, _instruction)


@infer_global(operator.neg)
class _Negation(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        return signature(arguments[0], *arguments) if isinstance(arguments[0], Lanes) else None


@lower_builtin(operator.neg, Lanes)
def _negated(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    return builder.fneg(arguments[0])


# --- making lanes, and what they come to ------------------------------------------------------------


def filled(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """The one argument in every lane."""
    kind = context.get_value_type(signature.return_type)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), arguments[0], _ZERO)
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None))


@intrinsic
def every(_context: Any, number: Any) -> Any:
    """The number in every lane of a register."""
    return _REGISTERS[number](number), filled


@intrinsic
def width(_context: Any, lanes: Any) -> Any:
    """How many lanes there are."""

    def generate(_: Any, __: Any, ___: Any, ____: Any) -> Any:
        return ir.Constant(ir.IntType(64), lanes.count)

    return types.int64(lanes), generate


@intrinsic
def doubled(_context: Any, lanes: Any) -> Any:
    """The same numbers in double precision, for results of the digits that they had."""
    result = Lanes(types.float64, lanes.count, lanes.digits)

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        kind = context.get_value_type(result)
        return arguments[0] if arguments[0].type == kind else builder.fpext(arguments[0], kind)

    return result(lanes), generate


@intrinsic
def first_lane(_context: Any, lanes: Any) -> Any:
    """The number in the first lane."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.extract_element(arguments[0], _ZERO)

    return lanes.scalar(lanes), generate


@intrinsic
def sum_of(_context: Any, lanes: Any) -> Any:
    """The sum of all lanes, by halves."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        scalar = arguments[0].type.element
        kinds = kind_name(arguments[0].type)
        start = constant(scalar, -0.0)
        return call_llvm(builder, "vector.reduce.fadd", start, *arguments, kinds=kinds, flags=("reassoc",))

    return lanes.scalar(lanes), generate


@intrinsic
def highest_of(_context: Any, lanes: Any) -> Any:
    """The largest of all lanes; any of them if one is NaN."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        scalar = arguments[0].type.element
        return call_llvm(builder, "vector.reduce.fmax", *arguments, result=scalar, flags=("nnan",))

    return lanes.scalar(lanes), generate


@intrinsic
def none_are(_context: Any, lanes: Any) -> Any:
    """False in every lane."""

    def generate(_: Any, __: Any, ___: Any, ____: Any) -> Any:
        return ir.Constant(ir.VectorType(ir.IntType(1), lanes.count), None)

    return _booleans(lanes)(lanes), generate


@intrinsic
def all_are(_context: Any, booleans: Any) -> Any:
    """Whether every lane is true."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        bits = ir.IntType(booleans.count)
        return builder.icmp_unsigned("==", builder.bitcast(arguments[0], bits), ir.Constant(bits, -1))

    return types.boolean(booleans), generate


@intrinsic
def first_of(_context: Any, booleans: Any) -> Any:
    """The first lane that is true; the number of lanes if none is."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        bits, word = ir.IntType(booleans.count), ir.IntType(64)
        mask = builder.zext(builder.bitcast(arguments[0], bits), word)
        beyond = builder.or_(mask, ir.Constant(word, 1 << booleans.count))
        return builder.cttz(beyond, ir.Constant(ir.IntType(1), 1))

    return types.int64(booleans), generate


# --- memory -----------------------------------------------------------------------------------------


def place_of(context: Any, builder: Any, kind: Any, whole: Any, first: Any, count: int) -> Any:
    """The address of so many numbers from `first` on, and how many bytes they are aligned to."""
    data = parts_of(context, builder, kind, whole).data
    lanes = ir.VectorType(data.type.pointee, count)
    return builder.bitcast(builder.gep(data, [first]), lanes.as_pointer()), kind.kind.bitwidth // 8


def _within(context: Any, builder: Any, kind: Any, whole: Any, first: Any, count: int) -> Any:
    """Whether all of so many numbers from `first` on are there; and of each, whether it does."""
    length = parts_of(context, builder, kind, whole).length
    left, lanes = builder.sub(length, first), ir.VectorType(first.type, count)
    start = builder.insert_element(ir.Constant(lanes, ir.Undefined), left, _ZERO)
    lefts = builder.shuffle_vector(start, start, ir.Constant(ir.VectorType(ir.IntType(32), count), None))
    numbers = ir.Constant(lanes, list(range(count)))
    is_whole = builder.icmp_signed(">=", left, ir.Constant(left.type, count))
    return is_whole, builder.icmp_signed("<", numbers, lefts)


@intrinsic
def read(_context: Any, outside: Any, whole: Any, first: Any) -> Any:  # noqa: ARG001 (typed by them)
    """The numbers from `first` on of what is stored in any way; beyond the last, those of `outside`."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        beyond, stored, start = arguments
        place, alignment = place_of(context, builder, whole, stored, start, outside.count)
        is_whole, mask = _within(context, builder, whole, stored, start, outside.count)
        with builder.if_else(is_whole, likely=True) as (all_of_it, some_of_it):
            with all_of_it:
                lanes = builder.load(place, align=alignment)
                full, after_full = as_number(builder, lanes, whole.kind, beyond.type.element), builder.block
            with some_of_it:
                none = ir.Constant(lanes.type, None)
                size = ir.Constant(ir.IntType(32), alignment)
                kinds, kind = f"{kind_name(lanes.type)}.p0", lanes.type
                lanes = call_llvm(builder, "masked.load", place, size, mask, none, kinds=kinds, result=kind)
                lanes = as_number(builder, lanes, whole.kind, beyond.type.element)
                part, after_part = builder.select(mask, lanes, beyond), builder.block
        found = builder.phi(beyond.type)
        found.add_incoming(full, after_full)
        found.add_incoming(part, after_part)
        return found

    return outside(outside, whole, types.intp), generate


@intrinsic
def write(_context: Any, whole: Any, first: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Keep lanes from `first` on of what is stored in any way, as far as it reaches."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        room, start, numbers = arguments
        place, alignment = place_of(context, builder, whole, room, start, lanes.count)
        is_whole, mask = _within(context, builder, whole, room, start, lanes.count)
        stored = as_stored(builder, numbers, whole.kind)
        with builder.if_else(is_whole, likely=True) as (all_of_it, some_of_it):
            with all_of_it:
                builder.store(stored, place, align=alignment)
            with some_of_it:
                size, kinds = ir.Constant(ir.IntType(32), alignment), f"{kind_name(stored.type)}.p0"
                call_llvm(
                    builder, "masked.store", stored, place, size, mask, kinds=kinds, result=ir.VoidType()
                )
        return context.get_dummy_value()

    return types.void(whole, types.intp, lanes), generate
