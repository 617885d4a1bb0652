"""Columns of pandas in types that DuckDB reads value by value: some others it rounds without a word."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# As many as DuckDB's decimals have.
_MOST_DIGITS = 38


def in_exact_types(columns: "pd.DataFrame") -> "pd.DataFrame":
    """The same values, in types that DuckDB has."""
    changed = {name: _exact(column) for name, column in columns.items()}
    return columns.assign(**{str(name): each for name, each in changed.items() if each is not None})


def zoned_nanoseconds(columns: "pd.DataFrame") -> list[str]:
    """The columns of instants with a zone of whose digits DuckDB, told of the zone, leaves out the last."""
    import pandas as pd  # noqa: PLC0415 (whoever has a column of it has it)

    zoned = {str(name): of for name, of in columns.dtypes.items() if isinstance(of, pd.DatetimeTZDtype)}
    return [name for name, of in zoned.items() if of.unit == "ns"]


def without_text(columns: "pd.DataFrame") -> dict[str, str]:
    """The columns of objects that their text doesn't tell apart as values, each with the class of one.

    It says where in memory an object is, or has the elements of a set in an order of chance.
    """
    found: dict[str, str] = {}
    for name, column in columns.items():
        if column.dtype == object:
            one_of_each = dict(zip(map(type, column.array), column.array, strict=True))
            odd = [of for of, one in one_of_each.items() if _has_no_text(one)]
            found |= {str(name): of.__qualname__ for of in odd[:1]}
    return found


def _has_no_text(value: object) -> bool:
    return isinstance(value, set | frozenset) or f"{id(value):x}" in str(value).lower()


def _exact(column: "pd.Series[Any]") -> "pd.Series[Any] | None":
    """A column in another type; None if DuckDB reads it as it is."""
    import pandas as pd  # noqa: PLC0415 (whoever has a column of it has it)

    if str(column.dtype) == "halffloat[pyarrow]":
        # Half precision fits into single, which DuckDB has.
        return column.astype("float[pyarrow]")
    if isinstance(column.dtype, pd.CategoricalDtype) and not _is_text(column.cat.categories):
        values = pd.Series(_of_categories(column), column.index)
        return values if (exact := _exact(values)) is None else exact
    if column.dtype == object and (objects := _exact_objects(column.to_numpy())) is not None:
        return pd.Series(objects, column.index, dtype=object)
    return None


def _is_text(categories: "pd.Index[Any]") -> bool:
    import pandas as pd  # noqa: PLC0415 (whoever has a column of it has it)

    return bool(pd.api.types.infer_dtype(categories) == "string")


def _of_categories(column: "pd.Series[Any]") -> Any:
    """The values themselves; DuckDB takes whole numbers through doubles where one is missing."""
    import pandas as pd  # noqa: PLC0415 (whoever has a column of it has it)

    index = column.cat.categories
    values = index.array
    if isinstance(index.dtype, np.dtype) and index.dtype.kind in "iu":
        values = pd.arrays.IntegerArray(index.to_numpy(), np.zeros(len(index), bool))
    return values.take(column.cat.codes, allow_fill=True)


def _exact_objects(values: "np.ndarray[Any, Any]") -> list[Any] | None:
    """Numbers as Python's own, and decimals as doubles where DuckDB's can't hold them all."""
    types = set(map(type, values))
    if not any(issubclass(each, Decimal | np.number | np.bool) for each in types):
        return None
    plain = [*map(_plain, values)]
    decimals = [each for each in plain if isinstance(each, Decimal)]
    whole = [abs(each) for each in plain if type(each) is int]
    if str in types or _fit([*decimals, Decimal(max(whole, default=0))]):
        return plain
    return [float(each) if isinstance(each, Decimal) else each for each in plain]


def _plain(value: Any) -> Any:
    """A number of NumPy's as Python's, which DuckDB knows; a decimal that is NaN is missing, as in pandas."""
    if isinstance(value, Decimal):
        return None if value.is_nan() else value
    of_numpy = isinstance(value, np.bool | np.integer | np.floating) and not isinstance(value, np.timedelta64)
    return value.item() if of_numpy else value


def _fit(numbers: Sequence[Decimal]) -> bool:
    """Whether one decimal type of DuckDB's has the digits, before and behind the point, for all of these."""
    if not all(map(Decimal.is_finite, numbers)):
        return False
    parts = [each.as_tuple() for each in numbers]
    behind = max(-int(each.exponent) for each in parts)
    before = max(len(each.digits) + int(each.exponent) for each in parts)
    return max(0, behind) + max(0, before) <= _MOST_DIGITS
