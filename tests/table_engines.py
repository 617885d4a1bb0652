"""One table for every engine, and what it must answer, worked out from the rows in plain Python."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import inf, isinf, isnan, nan

import duckdb
import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from kldiv.tables.outcomes import Special

D, DATE, TIME, STAMP = Decimal, dt.date, dt.time, dt.datetime
UTC = dt.UTC
LONG = "x" * 10_000

# Eight rows, nearly each column with a null.
COLUMNS = {
    "i8": (pa.int8(), [1, -128, None, 127, 1, 2, 2, 0]),
    "i16": (pa.int16(), [1, -(2**15), None, 2**15 - 1, 1, 2, 2, 0]),
    "i32": (pa.int32(), [1, -(2**31), None, 2**31 - 1, 1, 2, 2, 0]),
    "i64": (pa.int64(), [2**53, 2**53 + 1, None, 2**63 - 1, -(2**63), 2, 2, 0]),
    "u8": (pa.uint8(), [255, 254, None, 0, 0, 7, 7, 7]),
    "u64": (pa.uint64(), [2**64 - 1, 2**63, None, 2**63 + 1, 0, 7, 7, 7]),
    "f64": (pa.float64(), [nan, inf, None, -inf, -0.0, 0.0, 5e-324, 1.7976931348623157e308]),
    "f64b": (pa.float64(), [0.1, 0.1, None, 0.30000000000000004, -1e-5, 1e16, 123456.75, nan]),
    "f64w": (pa.float64(), [1.0, 2.0, None, -0.0, 0.0, 2.0**53, inf, nan]),
    "no null": (pa.float64(), [1.5, nan, 2.5, 9.5, nan, 1.5, 9.5, 2.5]),
    "f32": (pa.float32(), [0.1, 0.1, None, -0.0, inf, nan, 16777216.0, 0.0001]),
    "dec": (
        pa.decimal128(9, 2),
        [D("1.50"), D("-1.50"), None, D("0.00"), D("9999999.99"), D("1.50"), D("2.00"), D("0.01")],
    ),
    "wide": (
        pa.decimal128(38, 9),
        [D("1.5"), D(-(10**28)), None, D(0), D(10**28), D("1.5"), D("2"), D("1e-9")],
    ),
    "long": (
        pa.decimal128(38, 0),
        [D(2**53 + 1), D(2**53), None, D(10**38 - 1), D(1 - 10**38), D(2), D(2), D(0)],
    ),
    "fractions": (
        pa.decimal128(38, 38),
        [D("0.5"), D("-0.5"), None, D("1e-38"), D("0." + "9" * 38), D("0.5"), D("0.25"), D(0)],
    ),
    "date": (
        pa.date32(),
        [
            DATE(2024, 1, 1),
            DATE(1, 1, 1),
            None,
            DATE(9999, 12, 31),
            DATE(1969, 12, 31),
            DATE(1970, 1, 1),
            DATE(2024, 2, 29),
            DATE(2024, 2, 29),
        ],
    ),
    "stamp": (
        pa.timestamp("us"),
        [
            STAMP(2024, 1, 1),
            STAMP(1900, 1, 1, 0, 0, 0, 1),
            None,
            STAMP(2100, 1, 1),
            STAMP(1969, 12, 31, 23, 59, 59, 999_999),
            STAMP(2024, 3, 31, 2, 30),
            STAMP(2024, 1, 1, 10),
            STAMP(2024, 1, 1, 10, 0, 0, 500_000),
        ],
    ),
    "zoned": (
        pa.timestamp("us", tz="Europe/Berlin"),
        [
            STAMP(2024, 1, 1, tzinfo=UTC),
            STAMP(1900, 1, 1, tzinfo=UTC),
            None,
            STAMP(2100, 1, 1, tzinfo=UTC),
            STAMP(2024, 10, 27, 0, 30, tzinfo=UTC),
            STAMP(2024, 10, 27, 1, 30, tzinfo=UTC),
            STAMP(2024, 1, 1, 10, tzinfo=UTC),
            STAMP(2024, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC),
        ],
    ),
    "zoned ns": (
        pa.timestamp("ns", tz="Europe/Berlin"),
        [
            STAMP(2024, 1, 1, tzinfo=UTC),
            STAMP(1900, 1, 1, tzinfo=UTC),
            None,
            STAMP(2100, 1, 1, tzinfo=UTC),
            STAMP(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            STAMP(2024, 10, 27, 1, 30, tzinfo=UTC),
            STAMP(2024, 1, 1, 10, tzinfo=UTC),
            STAMP(2024, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC),
        ],
    ),
    "time": (
        pa.time64("us"),
        [
            TIME(10),
            TIME(0),
            None,
            TIME(23, 59, 59, 999_999),
            TIME(10),
            TIME(12, 30),
            TIME(12, 30, 0, 500),
            TIME(1),
        ],
    ),
    "bool": (pa.bool_(), [True, False, None, True, True, False, True, True]),
    "text": (pa.string(), ["a", "", None, "👩‍👩‍👧 'quoted\" \\ %s", "שלום", LONG, "a", "\x00\n\t;--"]),
    "texts": (pa.string(), ["null", "NaN", None, "true", "c0", "kldiv_rows", "null", "other"]),
    "same": (pa.string(), ["k", "k", None, "k", "k", "k", "k", "k"]),
    "dictionary": (pa.dictionary(pa.int32(), pa.string()), ["x", "y", None, "x", "x", "z", "z", "w"]),
    "none": (pa.float64(), [None] * 8),
    "nested": (pa.list_(pa.int64()), [[1], [], None, [1, 2], [1], [1], [3], [4]]),
    "struct": (
        pa.struct([("a", pa.int64())]),
        [{"a": 1}, {"a": None}, None, {"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}, {"a": 1}],
    ),
    "weight": (pa.int64(), [1, 2, 3, 0, 5, 1, 0, 2]),
    "weight 1/2": (pa.float64(), [0.5, 2, 3, 0, 5.5, 1, 0, 2]),
    "a \"q\" 's' `b` .$*^ é": (pa.int64(), [1, 1, None, 2, 2, 2, 3, 3]),
}

NOT_NUMBERS = {
    "date": "date",
    "stamp": "date",
    "zoned": "date",
    "zoned ns": "date",
    "time": "time of day",
    "bool": "boolean",
    "text": "text",
    "texts": "text",
    "same": "text",
    "dictionary": "text",
    "nested": "unsupported",
    "struct": "unsupported",
}
KINDS = {name: NOT_NUMBERS.get(name, "number") for name in COLUMNS}


def table(names=None):
    names = [*COLUMNS] if names is None else names
    return pa.table({name: pa.array(COLUMNS[name][1], COLUMNS[name][0]) for name in names})


def rows_of(arrow):
    """The values as Python's, instants in UTC."""
    return {
        name: [
            each.astimezone(UTC) if getattr(each, "tzinfo", None) else each
            for each in arrow[name].to_pylist()
        ]
        for name in arrow.column_names
    }


def _parquet(arrow, folder):
    path = folder / "table.parquet"
    pq.write_table(arrow, path)
    return path


def _relation(arrow, _folder):
    return duckdb.connect().from_arrow(arrow)


ENGINES = {
    "parquet": _parquet,
    "relation": _relation,
    "pandas": lambda arrow, _: arrow.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda arrow, _: pl.from_arrow(arrow),
    "polars lazy": lambda arrow, _: pl.from_arrow(arrow).lazy(),
    "pyarrow": lambda arrow, _: arrow,
}


def _ibis(arrow, folder):
    _parquet(arrow, folder)
    return ibis.duckdb.connect().read_parquet(folder / "table.parquet")


ENGINES["ibis"] = _ibis
ENGINES["ibis polars"] = lambda arrow, _: ibis.polars.connect().create_table("t", pl.from_arrow(arrow))


# --- the oracle ---------------------------------------------------------------------------------------


def special_of(value):
    if value is None:
        return Special.NULL
    if isinstance(value, float) and isnan(value):
        return Special.NAN
    if isinstance(value, float) and isinf(value):
        return Special.POSITIVE_INFINITY if value > 0 else Special.NEGATIVE_INFINITY
    return None


def text_of(value, single=False):
    """As the contract says values are written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        text = value.strftime("%Y-%m-%d %H:%M:%S") if value.year >= 1000 else str(value)[:19]
        text += f".{value.microsecond:06d}".rstrip("0").rstrip(".")
        return text + "+00" if value.tzinfo else text.removesuffix(" 00:00:00")
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S") + f".{value.microsecond:06d}".rstrip("0").rstrip(".")
    if isinstance(value, float) and single:
        value = float(str(np.float32(value)))
    if isinstance(value, float | Decimal):
        text = f"{value:f}" if isinstance(value, Decimal) else repr(value)
        text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
        return "0" if text == "-0" else text
    return str(value)


def number_of(value):
    """What a value is ordered by."""
    if isinstance(value, dt.datetime):
        since = value.replace(tzinfo=None) - dt.datetime(1970, 1, 1)
        return since // dt.timedelta(microseconds=1)
    if isinstance(value, dt.date):
        return (value - dt.date(1970, 1, 1)).days * 86_400 * 10**6
    if isinstance(value, dt.time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**6 + value.microsecond
    return Fraction(value)


def repeated(values, weights):
    """Each ordinary value as often as its whole weight."""
    return [each for each, weight in zip(values, weights, strict=True) for _ in range(weight)]


def ordinary_of(values):
    return [each for each in values if special_of(each) is None]


def specials_of(values):
    counted = Counter(special_of(each) for each in values)
    return {each: counted[each] for each in Special}


def bins_of(values, bounds):
    """How many ordinary values are in each of the bins that (number, above) begin."""

    def place(value):
        return sum(
            number > bound if above else number >= bound
            for bound, above in bounds
            for number in [number_of(value)]
        )

    counted = Counter(place(each) for each in ordinary_of(values))
    return [counted[each] for each in range(len(bounds) + 1)]


def cuts_among(values):
    """A cut at and above every third different value."""
    ordered = sorted(set(map(number_of, ordinary_of(values))))
    by_number = {number_of(each): each for each in ordinary_of(values)}
    return [(by_number[each], above) for each in ordered[::2] for above in (False, True)]
