"""Columns of text in Spark turned into what all of their values are written as, by every engine's rule."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kldiv.errors import TableError
from kldiv.tables.spark_stored import CLOCK, TIME_OF_DAY, marked
from kldiv.tables.text_types import NUMBER, TIME, TIMESTAMP, WHOLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_LONG = "more than 38 digits"
# Spark reads no NaN with a sign; of the rest it takes what the pattern lets through.
_DOUBLE = "CAST(regexp_replace(lower(trim(BOTH ' \\t' FROM {0})), '^[+-]nan', 'nan') AS DOUBLE)"
_TIME = CLOCK.replace("{0}", "CAST(concat('1970-01-01 ', {0}) AS TIMESTAMP_NTZ)")

_DATES = {
    "TIMESTAMP_NTZ": (
        f"{{0}} RLIKE r'{TIMESTAMP}' AND TRY_CAST(replace({{0}}, '/', '-') AS TIMESTAMP_NTZ) IS NOT NULL",
        "CAST(replace({0}, '/', '-') AS TIMESTAMP_NTZ)",
    ),
    "TIME": (f"{{0}} RLIKE r'{TIME}'", _TIME),
}
# For each type what all values fulfil, and how they are turned into it.
_TYPES = {
    "BOOLEAN": ("lower({0}) IN ('true', 'false')", "CAST({0} AS BOOLEAN)"),
    "BIGINT": ("CAST(TRY_CAST({0} AS BIGINT) AS STRING) <=> {0}", "CAST({0} AS BIGINT)"),
    "DECIMAL": (
        "CAST(TRY_CAST({0} AS DECIMAL(38, 0)) AS STRING) <=> {0}",
        "CAST({0} AS DECIMAL(38, 0))",
    ),
    _LONG: (f"{{0}} RLIKE r'{WHOLE}'", "{0}"),
    "DOUBLE": (f"{{0}} RLIKE r'{NUMBER}'", _DOUBLE),
    **_DATES,
}


def typed(frame: "DataFrame", names: Sequence[str], shown: str, *, numbers: bool) -> "DataFrame":
    """The columns c0, c1, … of a frame, called by their names, the texts of each in the type they fit.

    `numbers` says whether a text may be a number or a boolean, as in CSV, or only a date, as in JSON.

    Raises:
        TableError: whole numbers longer than Spark has any.
    """
    types = _TYPES if numbers else _DATES
    texts = [name for name, of in frame.dtypes if of == "string"]
    fits = _fitting(frame, texts, types)
    from pyspark.sql.functions import expr  # noqa: PLC0415 (an extra)

    columns = []
    for alias, name in zip(frame.columns, names, strict=True):
        if fits.get(alias) == _LONG:
            raise TableError(
                f"can't read {shown} with Spark: column '{name}' has whole numbers of {_LONG}, which only "
                "DuckDB reads; leave --engine out"
            )
        of = fits.get(alias)
        value = expr(types[of][1].replace("{0}", alias) if of else alias)
        columns.append(marked(value, alias, TIME_OF_DAY) if of == "TIME" else value.alias(alias))
    return frame.select(*columns).toDF(*names)


def _fitting(frame: "DataFrame", texts: Sequence[str], types: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The first type that all texts of a column are written as, by the column, where there is one."""
    asked = [(alias, each) for alias in texts for each in types]
    if not asked:
        return {}
    tests = [
        f"bool_and({types[each][0].replace('{0}', alias)}) FILTER (WHERE {alias} IS NOT NULL)"
        for alias, each in asked
    ]
    [found] = frame.selectExpr(*(f"{test} AS t{index}" for index, test in enumerate(tests))).collect()
    fitting: dict[str, str] = {}
    for (alias, each), fit in zip(asked, found, strict=True):
        if fit is not False:
            fitting.setdefault(alias, each)
    return fitting
