"""Machine instructions that Numba has no name for, and exactly the floating-point freedom each needs.

Numba's `fastmath` speaks for a whole linked module, inlined callees too, and lets (a − b) − m be
reassociated away; here `reassoc` stands on the additions of a reduction alone.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_SINGLE = 32
_MANTISSA = {32: (23, 127), 64: (52, 1023)}


def _bits(of: Any) -> int:
    return int(of.bitwidth)


@intrinsic
def like(_context: Any, x: Any, number: Any) -> Any:
    """The literal `number` in the type of x; folded at compile time."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(builder, arguments[1], signature.args[1], signature.return_type)

    return x(x, number), generate


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
        return builder.fma(*arguments)

    return a(a, b, c), generate


@intrinsic
def nearest(_context: Any, x: Any) -> Any:
    """The nearest whole number, as a float."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.rint", [arguments[0].type])
        return builder.call(function, arguments)

    return x(x), generate


@intrinsic
def select(_context: Any, condition: Any, yes: Any, no: Any) -> Any:
    """`yes` or `no` without a branch."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return yes(condition, yes, no), generate


@intrinsic
def power_of_two(_context: Any, n: Any) -> Any:
    """2ⁿ for a whole n in the exponent's range, by writing the exponent bits."""
    mantissa, bias = _MANTISSA[_bits(n)]

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        word = ir.IntType(_bits(n))
        exponent = builder.add(builder.fptosi(arguments[0], word), ir.Constant(word, bias))
        return builder.bitcast(builder.shl(exponent, ir.Constant(word, mantissa)), arguments[0].type)

    return n(n), generate


@intrinsic
def ordered(_context: Any, x: Any) -> Any:
    """A whole number that sorts as the float does, NaN above +∞: its maximum vectorises and keeps NaNs."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return _flipped(builder, builder.bitcast(arguments[0], ir.IntType(_bits(x))))

    return (types.int32 if _bits(x) == _SINGLE else types.int64)(x), generate


@intrinsic
def unordered(_context: Any, key: Any) -> Any:
    """The float that `ordered` made the whole number of."""
    result = types.float32 if _bits(key) == _SINGLE else types.float64

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        return builder.bitcast(_flipped(builder, arguments[0]), context.get_value_type(result))

    return result(key), generate


def _flipped(builder: Any, key: Any) -> Any:
    """Negative floats count downwards in their bits: flip all but the sign."""
    ones = builder.ashr(key, ir.Constant(key.type, key.type.width - 1))
    return builder.xor(key, builder.lshr(ones, ir.Constant(key.type, 1)))


@intrinsic
def larger(_context: Any, a: Any, b: Any) -> Any:
    """The larger of two whole numbers of one type."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.select(builder.icmp_signed(">", *arguments), *arguments)

    return a(a, b), generate


@intrinsic
def smaller(_context: Any, a: Any, b: Any) -> Any:
    """The smaller of two whole numbers of one type."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.select(builder.icmp_signed("<", *arguments), *arguments)

    return a(a, b), generate


@intrinsic
def widen(_context: Any, x: Any, storage: Any) -> Any:
    """A stored number in the type of x: bfloat16 (in uint16) and float16 (in int16) become float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, kind = arguments[1], signature.args[1]
        if kind == types.uint16:
            word = builder.shl(builder.zext(value, ir.IntType(32)), ir.Constant(ir.IntType(32), 16))
            return builder.bitcast(word, ir.FloatType())
        if kind == types.int16:
            return builder.fpext(builder.bitcast(value, ir.HalfType()), ir.FloatType())
        return context.cast(builder, value, kind, signature.return_type)

    return x(x, storage), generate


_ROOT_HALF = {32: 0x3F3504F3, 64: 0x3FE6A09E667F3BCD}


@intrinsic
def narrow(_context: Any, storage: Any, x: Any) -> Any:
    """x as a stored number is kept: rounded to nearest even in bfloat16 (uint16), as it is elsewhere."""

    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, kind = arguments[1], signature.args[0]
        if kind == types.uint16:
            word = ir.IntType(32)
            bits = builder.bitcast(value, word)
            odd = builder.and_(builder.lshr(bits, ir.Constant(word, 16)), ir.Constant(word, 1))
            rounded = builder.add(bits, builder.add(odd, ir.Constant(word, 0x7FFF)))
            return builder.trunc(builder.lshr(rounded, ir.Constant(word, 16)), ir.IntType(16))
        return value

    return storage(storage, x), generate


@intrinsic
def binary_exponent(_context: Any, x: Any) -> Any:
    """The whole k, as a float, for which x/2ᵏ is between √½ and √2; x positive and normal."""
    bits = _bits(x)

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        word = ir.IntType(bits)
        key = builder.sub(builder.bitcast(arguments[0], word), ir.Constant(word, _ROOT_HALF[bits]))
        exponent = builder.ashr(key, ir.Constant(word, _MANTISSA[bits][0]))
        return builder.sitofp(exponent, arguments[0].type)

    return x(x), generate


@intrinsic
def square_root(_context: Any, x: Any) -> Any:
    """√x, by the processor's own instruction."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.sqrt", [arguments[0].type])
        return builder.call(function, arguments)

    return x(x), generate


@intrinsic
def magnitude(_context: Any, x: Any) -> Any:
    """|x|."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.fabs", [arguments[0].type])
        return builder.call(function, arguments)

    return x(x), generate
