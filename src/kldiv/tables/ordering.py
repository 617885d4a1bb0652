"""The order of values that are kept as text, as an engine has it that keeps them in their own type."""

from collections.abc import Callable
from fractions import Fraction

from kldiv.tables.contract import Column, Kind
from kldiv.tables.writing import in_single, position

Key = float | Fraction | str

# Half precision is counted as single, which holds it.
_PRECISION = dict.fromkeys(("float", "float32", "real", "float16", "halffloat"), "single") | dict.fromkeys(
    ("double", "float64"), "double"
)


def precision(column: Column) -> str | None:
    """The precision of a floating-point type, "single" or "double", whatever engine named it; else None.

    Example:
        >>> [precision(Column(Kind.NUMBER, each)) for each in ("DOUBLE", "float[pyarrow]", "BIGINT")]
        ['double', 'single', None]
    """
    return _PRECISION.get(column.type.lower().removesuffix("[pyarrow]"))


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
    if column.kind is Kind.NUMBER and (found := precision(column)):
        return in_single if found == "single" else float
    return lambda text: _exact(text, column.kind)


def _exact(text: str, kind: Kind) -> Fraction | int:
    return int(text) if kind is Kind.NUMBER and text.isdigit() else position(text, kind)
