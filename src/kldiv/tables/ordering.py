"""The order of values that are kept as text, as an engine has it that keeps them in their own type."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from kldiv.tables.contract import Column, Kind
from kldiv.tables.writing import position

Key = float | Fraction | str

_SINGLE, _DOUBLE = {"float", "float32", "real"}, {"double", "float64"}
_GREATEST_SINGLE = float(np.finfo(np.float32).max)


def is_floating(column: Column) -> bool:
    """Whether the column's type is a binary floating-point one, whatever engine named it."""
    return column.type.lower() in _SINGLE | _DOUBLE


def ordering(column: Column) -> Callable[[str], Key]:
    """The key by which values of this column, and cuts that they are compared with, are ordered.

    A cut of a floating column is rounded to the column's own type first, as in every engine. The key of
    what is no value of that kind is a ValueError.

    Example:
        >>> key = ordering(Column(Kind.NUMBER, "DOUBLE"))
        >>> sorted(["10", "1e-3", "-2.5", "9"], key=key)
        ['-2.5', '1e-3', '9', '10']
    """
    if column.kind in (Kind.TEXT, Kind.BOOLEAN):
        return str
    if column.type.lower() in _SINGLE:
        return _single
    return float if is_floating(column) else lambda text: _exact(text, column.kind)


def _single(text: str) -> float:
    """Rounded to single precision, but for what is beyond its greatest number."""
    value = float(text)
    return value if abs(value) > _GREATEST_SINGLE else float(np.float32(value))


def _exact(text: str, kind: Kind) -> Fraction | int:
    return int(text) if kind is Kind.NUMBER and text.isdigit() else position(text, kind)
