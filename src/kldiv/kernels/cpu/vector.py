"""Elementary functions written so that LLVM runs them in vector lanes: no branch, no call.

Exponentials: range reduction x = n·ln 2 + r with |r| <= ln 2 / 2 and ln 2 in two parts (Cody & Waite 1980),
e^r by its Taylor polynomial, whose truncation at that radius is below a unit in the last place. Where a
register holds a table, n counts in sixteenths, and a shorter polynomial will do (Tang 1989). Logarithms:
fdlibm's (Sun Microsystems 1993), without its branches.
"""

import math
from collections.abc import Callable
from typing import Any

from numba import types

from kldiv.kernels.cpu.compiling import compiled, overload
from kldiv.kernels.cpu.machine import (
    binary_exponent,
    by_precision,
    has_tables,
    like,
    multiply_add,
    nearest_and_power,
    nearest_sixteenth,
    power_of_two,
    select,
    times_power,
    times_whole_power,
)

LOG2_E = math.log2(math.e)
LN2 = math.log(2)
# ln 2 with its last bits zero, so that n times it is exact, and the rest; for each precision.
LN2_HIGH_32, LN2_LOW_32 = 0.693359375, -2.12194440e-4
LN2_HIGH_64, LN2_LOW_64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10
T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14 = (1 / math.factorial(k) for k in range(2, 15))
# The whole numbers below which e^x is no normal number, and beyond which it is no finite one.
LOWEST_32, LOWEST_64 = -87.0, -708.0
HIGHEST_32, HIGHEST_64 = 88.0, 709.0
# A number whose exponential is 0 in single precision, and of which sixteenths can still be told apart.
_HELD = -1000.0
# More than e^x is for an x that `exponential_parts` holds; their inverses are some thousands from infinity.
LEAST_RATIO_32, LEAST_RATIO_64 = 1e-35, 1e-304
# Minimax coefficients of (e^r − 1 − r)/r² for e^r itself: 4e-9 of it for |r| <= ln 2 / 2.
E2, E3, E4, E5, E6 = 0.49999994, 0.16666521, 0.04166839, 0.008368745, 0.001381454
# And of (e^r − 1)/r, with 1 for the first: 2e-9 of e^r for |r| <= ln 2 / 32.
S2, S3 = 0.50001466, 0.1666696
# Minimax coefficients of (log((1+s)/(1−s)) − 2s)/s in s².
G1, G2, G3, G4 = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
)
G5, G6, G7 = 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01
# The same to the digits of single precision.
H1, H2, H3, H4 = 0.66666662693, 0.40000972152, 0.28498786688, 0.24279078841


def _scalar(x: Any) -> Any:
    """The type of a number, or of those in lanes."""
    return getattr(x, "scalar", x)


def _tail(r: Any) -> Any:
    """(e^r − 1 − r)/r² for |r| <= ln 2 / 2."""
    raise NotImplementedError


def _single_tail(r: Any) -> Any:
    s = multiply_add(like(r, T7), r, like(r, T6))
    s = multiply_add(s, r, like(r, T5))
    s = multiply_add(s, r, like(r, T4))
    s = multiply_add(s, r, like(r, T3))
    return multiply_add(s, r, like(r, T2))


def _double_tail_for_single(r: Any) -> Any:
    # To 4e-12, as what is read and written in single precision needs no more; in two chains, for lanes wait.
    square = r * r
    even = multiply_add(like(r, T10), square, like(r, T8))
    odd = multiply_add(like(r, T9), square, like(r, T7))
    even = multiply_add(even, square, like(r, T6))
    odd = multiply_add(odd, square, like(r, T5))
    even = multiply_add(even, square, like(r, T4))
    odd = multiply_add(odd, square, like(r, T3))
    return multiply_add(odd, r, multiply_add(even, square, like(r, T2)))


def _double_tail(r: Any) -> Any:
    s = multiply_add(like(r, T14), r, like(r, T13))
    s = multiply_add(s, r, like(r, T12))
    s = multiply_add(s, r, like(r, T11))
    s = multiply_add(s, r, like(r, T10))
    s = multiply_add(s, r, like(r, T9))
    s = multiply_add(s, r, like(r, T8))
    s = multiply_add(s, r, like(r, T7))
    s = multiply_add(s, r, like(r, T6))
    s = multiply_add(s, r, like(r, T5))
    s = multiply_add(s, r, like(r, T4))
    s = multiply_add(s, r, like(r, T3))
    return multiply_add(s, r, like(r, T2))


@overload(_tail)
def _tail_of(r: Any) -> Callable[..., Any]:
    if _scalar(r) == types.float32:
        return _single_tail
    return _double_tail if getattr(r, "digits", r) == types.float64 else _double_tail_for_single


def _reduced(x: Any, n: Any) -> Any:
    """x − n·ln 2."""
    raise NotImplementedError


def _single_reduced(x: Any, n: Any) -> Any:
    return multiply_add(n, like(x, -LN2_LOW_32), multiply_add(n, like(x, -LN2_HIGH_32), x))


def _double_reduced(x: Any, n: Any) -> Any:
    return multiply_add(n, like(x, -LN2_LOW_64), multiply_add(n, like(x, -LN2_HIGH_64), x))


@overload(_reduced)
def _reduced_of(x: Any, n: Any) -> Callable[..., Any]:  # noqa: ARG001 (an overload has its function's arguments)
    return _single_reduced if _scalar(x) == types.float32 else _double_reduced


def _fraction(x: Any, n: Any) -> Any:
    """e^x/2ⁿ."""
    raise NotImplementedError


def _single_fraction(x: Any, n: Any) -> Any:
    # ln 2 is nearly a single: 100·ln 2 is off by 2e-7.
    r = multiply_add(n, like(x, -LN2), x)
    s = multiply_add(like(r, E6), r, like(r, E5))
    s = multiply_add(s, r, like(r, E4))
    s = multiply_add(s, r, like(r, E3))
    s = multiply_add(s, r, like(r, E2))
    s = multiply_add(s, r, like(r, 1.0))
    return multiply_add(s, r, like(r, 1.0))


def _other_fraction(x: Any, n: Any) -> Any:
    r = _reduced(x, n)
    return multiply_add(multiply_add(_tail(r), r, like(r, 1.0)), r, like(r, 1.0))


@overload(_fraction)
def _fraction_of(x: Any, n: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _single_fraction if _scalar(x) == types.float32 else _other_fraction


def exponential(x: Any) -> Any:
    """e^x for x up to 88 (709 in double), or 0 where it is no normal number; 1e38 or more, or NaN, beyond."""
    raise NotImplementedError


def _exponential_by_table(x: Any) -> Any:
    lowest = like(x, _HELD)
    held = select(x < lowest, lowest, x)
    n, near = nearest_sixteenth(held, like(x, LOG2_E))
    r = multiply_add(n, like(x, -LN2), held)
    s = multiply_add(multiply_add(like(x, S3), r, like(x, S2)), r, like(x, 1.0))
    return times_whole_power(multiply_add(near * r, s, near), n)


def _exponential_by_polynomial(x: Any) -> Any:
    highest = by_precision(x, HIGHEST_32, HIGHEST_64)
    held = select(x > highest, highest, x)
    n, power = nearest_and_power(held, like(x, LOG2_E))
    normal = times_power(_fraction(held, n), power)
    return select(x < by_precision(x, LOWEST_32, LOWEST_64), like(x, 0.0), normal)


@overload(exponential)
def _exponential_of(x: Any) -> Callable[..., Any]:
    return _exponential_by_table if has_tables(x) else _exponential_by_polynomial


@compiled
def exponential_parts(x: Any, lost: Any = None) -> Any:
    """e^x, e^x − 1 and e^x − 1 − x, none by cancellation, for x up to 88 (709 in double); a low x is held.

    `lost` is what the rounding of x has lost.
    """
    floor = by_precision(x, LOWEST_32, LOWEST_64)
    held = select(x < floor, floor, x)
    n, power = nearest_and_power(held, like(x, LOG2_E))
    r = _reduced(held, n)
    if lost is not None:
        r += lost
    beyond = _tail(r) * (r * r)
    less_one = multiply_add(power, beyond + r, power - like(x, 1.0))
    # Where n is 0 the remainder is the polynomial's own; elsewhere nothing is left to cancel.
    return (
        multiply_add(power, beyond + r, power),
        less_one,
        select(n == like(x, 0.0), beyond, less_one - x),
    )


def _odd_tail(w: Any) -> Any:
    """(log((1+s)/(1−s)) − 2s)/s in w = s², for |s| <= 0.172."""
    raise NotImplementedError


def _single_odd_tail(w: Any) -> Any:
    r = multiply_add(like(w, H4), w, like(w, H3))
    r = multiply_add(r, w, like(w, H2))
    return multiply_add(r, w, like(w, H1)) * w


def _double_odd_tail(w: Any) -> Any:
    r = multiply_add(like(w, G7), w, like(w, G6))
    r = multiply_add(r, w, like(w, G5))
    r = multiply_add(r, w, like(w, G4))
    r = multiply_add(r, w, like(w, G3))
    r = multiply_add(r, w, like(w, G2))
    return multiply_add(r, w, like(w, G1)) * w


@overload(_odd_tail)
def _odd_tail_of(w: Any) -> Callable[..., Any]:
    return _double_odd_tail if getattr(w, "digits", w) == types.float64 else _single_odd_tail


@compiled
def logarithm_parts(y: Any, z: Any) -> Any:
    """log z and y − log z, for z = 1 + y > 0 given both ways so that neither end loses digits."""
    k = binary_exponent(z)
    f = select(k == like(y, 0.0), y, z * power_of_two(-k) - like(y, 1.0))
    s = f / (f + like(y, 2.0))
    half = like(y, 0.5) * f * f
    beyond = half - s * (half + _odd_tail(s * s))
    logarithm = multiply_add(k, like(y, LN2), f - beyond)
    return logarithm, select(k == like(y, 0.0), beyond, y - logarithm)
