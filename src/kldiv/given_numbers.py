"""Numbers as callers give them, of Python's types and of NumPy's."""

import math
from numbers import Integral, Real

from kldiv.errors import InvalidInputError


def real(value: object) -> float:
    """`value` as a float: of Python's and NumPy's numbers; NaN, which no range has, for everything else.

    Example:
        >>> real(2), real(True), real("2"), real(10**400)
        (2.0, nan, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def whole(name: str, value: object, least: int) -> int:
    """`value` as an int, if it is a whole number of at least this.

    Raises:
        InvalidInputError: it isn't.

    Example:
        >>> whole("bins", 10, 2)
        10
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidInputError(f"{name} is {value!r}; expected a whole number >= {least}")
    return int(value)
