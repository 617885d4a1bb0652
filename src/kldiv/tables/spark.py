"""Spark counts: frames of PySpark, and files in a session of its own. What is shuffled are counts.

Spark's TIMESTAMP is an instant, and is written with its zone; its TIMESTAMP_NTZ is not.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from kldiv.errors import TableError
from kldiv.tables.contract import Column, Kind
from kldiv.tables.files import find, on_disk, unchanged
from kldiv.tables.frame_columns import Field, Frame
from kldiv.tables.frames import FrameTable, native, opened
from kldiv.tables.guessing import GUESS_ERROR, Guesses
from kldiv.tables.spark_errors import check_runs, explained
from kldiv.tables.spark_files import listed, read_files, read_parquet
from kldiv.tables.spark_session import session
from kldiv.tables.spark_stored import CLOCK, formed, mark_of
from kldiv.tables.writing import DAYS, MICROSECONDS, Steps

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SETTINGS = {
    "spark.sql.caseSensitive": "true",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "parquet.page.verify-checksum.enabled": "true",
    "spark.sql.timeType.enabled": "false",
    "spark.sql.timestampNanosTypes.enabled": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
# Days and seconds are taken apart, as differences of TIMESTAMP_NTZ go through the zone of the session; a day
# before 1970 is counted from its end, as its beginning may be none of 64 bits.
_DAYS = "unix_date(CAST({0} AS DATE))"
_DAY = "86400000000L"
_MICROSECONDS = f"IF({_DAYS} < 0, ({_DAYS} + 1) * {_DAY} + {CLOCK} - {_DAY}, {_DAYS} * {_DAY} + {CLOCK})"
_TEMPORAL = {
    "date": ("unix_date({0})", Kind.DATE, DAYS),
    "timestamp": ("unix_micros({0})", Kind.DATE, MICROSECONDS),
    "timestamp_ntz": (_MICROSECONDS, Kind.DATE, MICROSECONDS),
    **{f"time({digits})": (CLOCK, Kind.TIME, MICROSECONDS) for digits in range(7)},
}


def of_spark(name: str, source: "DataFrame", weights: str | None = None) -> FrameTable:
    """Open a frame of PySpark.

    Raises:
        TableError: its session has ended, its files are no longer there, or two of its columns have one name.
    """
    with explained("read", name):
        check = unchanged(name, partial(listed, source.sparkSession, source.inputFiles()))
        return _opened(name, source, weights, check)


def of_files(
    path: str, master: str | None = None, weights: str | None = None, query: str | None = None
) -> FrameTable:
    """Open files, a path or glob of this machine, or Parquet at whatever URL Spark reads.

    Or what a query makes of them, the table `t`. In the session that runs, else in a new one on `master`,
    which ends with the table.

    Raises:
        MissingExtraError: PySpark is not installed.
        InvalidInputError: `master` is none of Spark's.
        TableError: no session can be started, as without Java, the files can't be read, or the query fails.
    """
    source = None if _URL.match(path) else find(path)
    look = partial(on_disk, source.paths if source else ())
    check = unchanged(path, look)
    with explained("read", path):
        running, stop = session(master)
        # A session beside the user's: its views and settings are its own.
        own = running.newSession()
        for each in _SETTINGS.items():
            own.conf.set(*each)
    kept: list[DataFrame] = []

    def keep(frame: "DataFrame") -> "DataFrame":
        kept.append(frame.persist())
        return frame

    def close() -> None:
        # Where Java itself has died there is nothing left to do, and the error is known.
        with suppress(Exception):
            for each in kept:
                each.unpersist()
            stop()

    try:
        with explained("read", path):
            if source is None:
                frame = read_parquet(own, path)
                check = unchanged(path, partial(listed, own, frame.inputFiles()))
            else:
                frame = read_files(own, source, keep)
            if query is not None:
                frame.createOrReplaceTempView("t")
                # A query that orders by chance would give other rows each time.
                frame = keep(own.sql(query))
            return _opened(path, frame, weights, check, close)
    except BaseException:
        close()
        raise


def _opened(
    name: str,
    source: "DataFrame",
    weights: str | None,
    check: Callable[[], None],
    close: Callable[[], None] | None = None,
) -> FrameTable:
    """The table of a frame; `check` is called after each question, `close` when the table is closed."""
    names = source.columns
    twice = next((each for index, each in enumerate(names) if each in names[:index]), None)
    if twice is not None:
        raise TableError(f"{name} has more than one column called '{twice}'; rename all but one")
    renamed = source.toDF(*(f"c{index}" for index in range(len(names))))
    formed = {
        each: _formed(field.name, field.dataType.simpleString(), mark_of(field))
        for each, field in zip(names, renamed.schema.fields, strict=True)
    }
    frame = renamed.selectExpr(*(f"{sql} AS {field.name}" for sql, field in formed.values()))
    fields = {each: field for each, (_, field) in formed.items()}

    def collect(few: Frame) -> list[tuple[Any, ...]]:
        with explained("count", name):
            rows: list[tuple[Any, ...]] = few.to_native().collect()
            check()
        return rows

    guesses = Guesses(_different, _quantiles)
    runs = partial(check_runs, source, name)
    return opened(name, native(frame), fields, collect, weights, close, guesses, check=runs)


def _different(frame: Frame, names: Sequence[str], _limit: int) -> Frame:
    """Half of what Spark guesses, which few values can't reach: sketches are shuffled, not rows."""
    return native(frame.to_native().selectExpr(*(f"approx_count_distinct({each}) DIV 2" for each in names)))


def _quantiles(frame: Frame, name: str, shares: Sequence[float]) -> Frame:
    asked = ", ".join(f"{each!r}D" for each in shares)
    return native(
        frame.to_native().selectExpr(f"approx_percentile({name}, array({asked}), {round(1 / GUESS_ERROR)})")
    )


def _formed(name: str, of: str, mark: str | None) -> tuple[str, Field]:
    """A column in form, in Spark's SQL, and what it is; `of` is its type."""
    if mark is not None:
        return formed(name, mark)
    if of in _BITS or of in ("float", "double") or of.startswith("decimal("):
        return name, _number(name, of)
    if of in _TEMPORAL:
        sql, kind, steps = _TEMPORAL[of]
        return sql.format(name), Field(name, Column(kind, of), steps, utc=of == "timestamp")
    if of == "boolean":
        return name, Field(name, Column(Kind.BOOLEAN, of))
    if of.startswith(("string", "varchar(", "char(")):
        # A column may take capitals, accents or blanks at its end for none.
        exact = f"collate({name}, 'UTF8_BINARY')" if " collate " in of else name
        return exact, Field(name, Column(Kind.TEXT, of))
    # Of what can't be counted only this is asked: whether it is null.
    return f"CASE WHEN {name} IS NOT NULL THEN true END", Field(name, Column(Kind.UNSUPPORTED, of))


def _number(name: str, of: str) -> Field:
    column = Column(Kind.NUMBER, of)
    if of in _BITS:
        greatest = 2 ** (_BITS[of] - 1)
        return Field(name, column, Steps(Fraction(1), -greatest, greatest - 1))
    if not of.startswith("decimal("):
        return Field(name, column, single=of == "float")
    width, scale = map(int, of.removeprefix("decimal(").removesuffix(")").split(","))
    steps = Steps(Fraction(1, 10**scale), 1 - 10**width, 10**width - 1)
    return Field(name, column, steps, decimal=True)
