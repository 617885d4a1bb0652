"""Machine instructions that Numba has no name for, and exactly the floating-point freedom each needs.

Numba's `fastmath` speaks for a whole linked module, inlined callees too, and lets (a − b) − m be
reassociated away; here `reassoc` stands on the additions of a reduction alone. What is said of a number holds
for every one of `lanes` too.
"""

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

_MANTISSA = {32: (23, 127), 64: (52, 1023)}
_ROUNDER = {32: 1.5 * 2**23, 64: 1.5 * 2**52}
# What a register of single precision holds.
_TABLE = 16
_ROOT_HALF = {32: 0x3F3504F3, 64: 0x3FE6A09E667F3BCD}


def _bits(of: Any) -> int:
    return int(getattr(of, "scalar", of).bitwidth)


def _word(value: Any, bits: int) -> Any:
    """The whole numbers of so many bits, as many as the value has lanes."""
    return _shaped(value, ir.IntType(bits))


def constant(kind: Any, number: float) -> Any:
    """A number in an LLVM type, the same in every lane."""
    return ir.Constant(kind, [number] * kind.count if isinstance(kind, ir.VectorType) else number)


def call_llvm(
    builder: Any, name: str, *arguments: Any, kinds: str = "", result: Any = None, flags: Any = ()
) -> Any:
    """Call one of LLVM's own functions, named after its first argument's type unless `kinds` says otherwise.

    The result is of that type too unless another is given; the flags are its floating-point freedom.
    """
    first = arguments[0].type
    result = result or first
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    full = f"llvm.{name}.{kinds or kind_name(first)}"
    function = cgutils.get_or_insert_function(builder.module, signature, full)
    return builder.call(function, arguments, fastmath=flags)


def _call_x86(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Call an instruction that one kind of processor has."""
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.x86.{name}")
    return builder.call(function, arguments)


def _target() -> tuple[str, str, str]:
    """What is compiled for: the system, the processor's name, and its features."""
    return cpu_target.target_context.codegen().magic_tuple()  # type: ignore[no-any-return]


def _has(feature: str) -> bool:
    return f"+{feature}" in _target()[2].split(",")


def has_tables(lanes: Any) -> bool:
    """Whether there is an instruction that finds each lane's number in a table, and one for powers of two."""
    return getattr(lanes, "count", 1) == _TABLE and lanes.scalar == types.float32 and _has("avx512f")


def kind_name(kind: Any) -> str:
    """What LLVM calls a type in the names of its functions."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{kind.element.intrinsic_name}"
    return str(kind.intrinsic_name)


def _shaped(value: Any, scalar: Any) -> Any:
    """The type of as many such scalars as the value has."""
    return ir.VectorType(scalar, value.type.count) if isinstance(value.type, ir.VectorType) else scalar


def _resized(builder: Any, value: Any, scalar: Any) -> Any:
    """Floats as floats of another size."""
    kind = _shaped(value, scalar)
    if value.type == kind:
        return value
    return builder.fpext(value, kind) if scalar == ir.DoubleType() else builder.fptrunc(value, kind)


def as_number(builder: Any, value: Any, stored: Any, scalar: Any) -> Any:
    """Stored numbers as floats of a size; bfloat16 is stored in uint16, float16 in int16."""
    if stored == types.uint16:
        word = _shaped(value, ir.IntType(32))
        bits = builder.shl(builder.zext(value, word), constant(word, 16))
        value = builder.bitcast(bits, _shaped(value, ir.FloatType()))
    elif stored == types.int16:
        value = _from_half(builder, value)
    return _resized(builder, value, scalar)


def _from_half(builder: Any, value: Any) -> Any:
    """Half precision as single; without an instruction for it LLVM calls a function that Numba hasn't."""
    single = _shaped(value, ir.FloatType())
    if _has("f16c") or _target()[0].startswith(("aarch64", "arm64")):
        return builder.fpext(builder.bitcast(value, _shaped(value, ir.HalfType())), single)
    word = _shaped(value, ir.IntType(32))
    bits = builder.zext(value, word)
    parts = builder.shl(builder.and_(bits, constant(word, 0x7FFF)), constant(word, 13))
    size = builder.fmul(builder.bitcast(parts, single), constant(single, 2.0**112))
    # What has the greatest exponent is infinite or NaN.
    is_finite = builder.icmp_unsigned("<", parts, constant(word, 0x7C00 << 13))
    beyond = builder.bitcast(builder.or_(parts, constant(word, 0x7F800000)), single)
    signs = builder.shl(builder.and_(bits, constant(word, 0x8000)), constant(word, 16))
    words = builder.bitcast(builder.select(is_finite, size, beyond), word)
    return builder.bitcast(builder.or_(words, signs), single)


def as_stored(builder: Any, value: Any, stored: Any) -> Any:
    """Floats as they are stored: rounded to nearest even in bfloat16 (uint16), as they are elsewhere."""
    if stored != types.uint16:
        return _resized(builder, value, ir.DoubleType() if stored == types.float64 else ir.FloatType())
    value = _resized(builder, value, ir.FloatType())
    word = _shaped(value, ir.IntType(32))
    bits = builder.bitcast(value, word)
    odd = builder.and_(builder.lshr(bits, constant(word, 16)), constant(word, 1))
    rounded = builder.add(bits, builder.add(odd, constant(word, 0x7FFF)))
    return builder.trunc(builder.lshr(rounded, constant(word, 16)), _shaped(value, ir.IntType(16)))


@intrinsic
def wide_vectors(_context: Any) -> Any:
    """Let the loops of the function use the widest vectors there are; LLVM halves them on some processors.

    The halving spares the clock a drop that current processors no longer have.
    """

    def generate(context: Any, builder: Any, _: Any, __: Any) -> Any:
        # llvmlite's own `add` knows a fixed list of attributes without a value.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


# --- storage ----------------------------------------------------------------------------------------


@intrinsic
def widen(_context: Any, x: Any, storage: Any) -> Any:
    """A stored number in the type of x, as `as_number` has it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        scalar = context.get_value_type(signature.return_type)
        return as_number(builder, arguments[1], storage, scalar)

    return x(x, storage), generate


@intrinsic
def narrow(_context: Any, storage: Any, x: Any) -> Any:
    """x as a stored number is kept, as `as_stored` has it."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return as_stored(builder, arguments[1], storage)

    return storage(storage, x), generate


# --- arithmetic -------------------------------------------------------------------------------------


def _in_every_lane(context: Any, builder: Any, x: Any, value: Any) -> Any:
    """The value, or where the type x is one of lanes, the value in each."""
    kind = context.get_value_type(x)
    if not isinstance(kind, ir.VectorType):
        return value
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None)
    return builder.shuffle_vector(first, first, zeros)


@intrinsic
def like(_context: Any, x: Any, number: Any) -> Any:
    """The number in the type of x; a literal is folded at compile time."""
    scalar = getattr(x, "scalar", x)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = context.cast(builder, arguments[1], signature.args[1], scalar)
        return _in_every_lane(context, builder, x, value)

    return x(x, number), generate


@intrinsic
def by_precision(_context: Any, x: Any, single: Any, double: Any) -> Any:
    """One of two numbers in the type of x: the first in single precision, the second in double."""
    scalar = getattr(x, "scalar", x)
    chosen = 1 if scalar == types.float32 else 2

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = context.cast(builder, arguments[chosen], signature.args[chosen], scalar)
        return _in_every_lane(context, builder, x, value)

    return x(x, single, double), generate


@intrinsic
def is_double(_context: Any, x: Any) -> Any:
    """Whether a number is of double precision; known at compile time."""

    def generate(_: Any, __: Any, ___: Any, ____: Any) -> Any:
        return ir.Constant(ir.IntType(1), int(x == types.float64))

    return types.boolean(x), generate


@intrinsic
def accumulate(_context: Any, total: Any, term: Any) -> Any:
    """total + term, free to be summed in any order, so that a reduction runs in vector lanes."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments, flags=("reassoc",))

    return total(total, term), generate


@intrinsic
def multiply_add(_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c, rounded once."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return call_llvm(builder, "fma", *arguments)

    return a(a, b, c), generate


@intrinsic
def select(_context: Any, condition: Any, yes: Any, no: Any) -> Any:
    """`yes` or `no` without a branch."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return yes(condition, yes, no), generate


def _unary(name: str) -> Any:
    """A function of one number by the processor's own instruction."""

    def declare(_context: Any, x: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            return call_llvm(builder, name, *arguments)

        return x(x), generate

    return intrinsic(declare)


square_root = _unary("sqrt")
magnitude = _unary("fabs")


# --- the bits of a number ---------------------------------------------------------------------------


@intrinsic
def nearest_and_power(_context: Any, x: Any, factor: Any) -> Any:
    """The whole number n nearest to x·factor, as a float, and 2ⁿ; n in the exponent's range.

    Added to 1½ times the first power of two that has no fraction bits, a number is rounded to a whole one,
    which then stands in the lowest bits.
    """
    bits = _bits(x)
    mantissa, bias = _MANTISSA[bits]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, word = arguments[0].type, _word(arguments[0], bits)
        rounder = constant(kind, _ROUNDER[bits])
        raised = call_llvm(builder, "fma", *arguments, rounder)
        exponent = builder.shl(builder.bitcast(raised, word), constant(word, mantissa))
        power = builder.bitcast(builder.add(exponent, constant(word, bias << mantissa)), kind)
        n = builder.fsub(raised, rounder)
        return context.make_tuple(builder, signature.return_type, (n, power))

    return types.UniTuple(x, 2)(x, factor), generate


@intrinsic
def times_power(_context: Any, x: Any, power: Any) -> Any:
    """x·2ⁿ for power = 2ⁿ, by adding exponents; x and the product are normal."""
    bits = _bits(x)
    mantissa, bias = _MANTISSA[bits]

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        word = _word(arguments[0], bits)
        a, b = (builder.bitcast(each, word) for each in arguments)
        return builder.bitcast(builder.add(a, builder.sub(b, constant(word, bias << mantissa))), kind)

    return x(x, power), generate


@intrinsic
def power_of_two(_context: Any, n: Any) -> Any:
    """2ⁿ for a whole n in the exponent's range, by writing the exponent bits."""
    bits = _bits(n)
    mantissa, bias = _MANTISSA[bits]

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        word = _word(arguments[0], bits)
        exponent = builder.add(builder.fptosi(arguments[0], word), constant(word, bias))
        return builder.bitcast(builder.shl(exponent, constant(word, mantissa)), arguments[0].type)

    return n(n), generate


@intrinsic
def nearest_sixteenth(_context: Any, x: Any, factor: Any) -> Any:
    """The multiple n of 1/16 nearest to x·factor, and from a table 2 to the power of n − ⌊n⌋.

    Rounded as `nearest_and_power` does; the lowest four bits are the place in the table.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        rounder = constant(kind, _ROUNDER[32] / _TABLE)
        raised = call_llvm(builder, "fma", *arguments, rounder)
        table = ir.Constant(kind, [2 ** (k / _TABLE) for k in range(_TABLE)])
        places = builder.bitcast(raised, _word(raised, 32))
        power = _call_x86(builder, "avx512.permvar.sf.512", kind, table, places)
        return context.make_tuple(builder, signature.return_type, (builder.fsub(raised, rounder), power))

    return types.UniTuple(x, 2)(x, factor), generate


@intrinsic
def times_whole_power(_context: Any, x: Any, n: Any) -> Any:
    """x·2^⌊n⌋; 0 or infinity where that is too small or too large."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        every_lane, as_it_is = ir.Constant(ir.IntType(kind.count), -1), ir.Constant(ir.IntType(32), 4)
        return _call_x86(
            builder, "avx512.mask.scalef.ps.512", kind, *arguments, arguments[0], every_lane, as_it_is
        )

    return x(x, n), generate


@intrinsic
def binary_exponent(_context: Any, x: Any) -> Any:
    """The whole k, as a float, for which x/2ᵏ is between √½ and √2; x positive and normal."""
    bits = _bits(x)

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        word = _word(arguments[0], bits)
        key = builder.sub(builder.bitcast(arguments[0], word), constant(word, _ROOT_HALF[bits]))
        exponent = builder.ashr(key, constant(word, _MANTISSA[bits][0]))
        return builder.sitofp(exponent, arguments[0].type)

    return x(x), generate


@intrinsic
def rough_logarithm(_context: Any, x: Any) -> Any:
    """log x for a normal x in double precision, or up to 0.06 less (Mitchell 1962).

    Exponent and fraction, read as one whole number, are nearly a logarithm.
    """
    mantissa, bias = _MANTISSA[64]

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        number = builder.sitofp(builder.bitcast(arguments[0], ir.IntType(64)), kind)
        unit, least = math.log(2) / 2**mantissa, -bias * math.log(2)
        return call_llvm(builder, "fma", number, constant(kind, unit), constant(kind, least))

    return x(x), generate
