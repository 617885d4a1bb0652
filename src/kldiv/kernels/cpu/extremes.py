"""The larger and the smaller of two numbers, without a branch.

What Python calls `max` and `min` is compiled anew for every type.
"""

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic
def larger(_context: Any, a: Any, b: Any) -> Any:
    """The larger of two floats; either of them, or a NaN, where one is a NaN."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        # What lets a maximum run in vector lanes.
        free = ("nnan", "nsz")
        return builder.select(builder.fcmp_ordered(">", *arguments, flags=free), *arguments, flags=free)

    return a(a, b), generate


@intrinsic
def smaller(_context: Any, a: Any, b: Any) -> Any:  # noqa: ARG001 (typed by them)
    """The smaller of two whole numbers."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.select(builder.icmp_signed("<", *arguments), *arguments)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def not_below(_context: Any, x: Any, least: Any) -> Any:  # noqa: ARG001 (typed by them)
    """x, or the least number if x is below that; a NaN is not."""
    compare = "icmp_signed" if isinstance(x, types.Integer) else "fcmp_ordered"

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        number, least_number = arguments
        is_below = getattr(builder, compare)("<", number, least_number)
        return builder.select(is_below, least_number, number)

    return x(x, x), generate
