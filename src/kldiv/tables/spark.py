"""Spark counts: frames of PySpark, and Parquet files in a session of its own. What is shuffled are counts.

Spark's TIMESTAMP is an instant, and is written with its zone; its TIMESTAMP_NTZ is not.
"""

import logging
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from kldiv.errors import MissingExtraError, TableError
from kldiv.tables.contract import Column, Kind
from kldiv.tables.files import find
from kldiv.tables.frame_columns import Field
from kldiv.tables.frames import FrameTable, native, opened
from kldiv.tables.writing import DAYS, MICROSECONDS, Steps

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
# Days and seconds are taken apart, as differences of TIMESTAMP_NTZ go through the zone of the session.
_MICROSECONDS = (
    "unix_date(CAST({0} AS DATE)) * 86400000000L + CAST((extract(HOUR FROM {0}) * 3600 + "
    "extract(MINUTE FROM {0}) * 60 + extract(SECOND FROM {0})) * 1000000 AS BIGINT)"
)
_TEMPORAL = {
    "date": ("unix_date({0})", DAYS),
    "timestamp": ("unix_micros({0})", MICROSECONDS),
    "timestamp_ntz": (_MICROSECONDS, MICROSECONDS),
}
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
}


def of_spark(
    name: str, source: "DataFrame", weights: str | None = None, close: Callable[[], None] | None = None
) -> FrameTable:
    """Open a frame of PySpark; `close` is called when the table is closed."""
    names = source.columns
    twice = next((each for index, each in enumerate(names) if each in names[:index]), None)
    if twice is not None:
        raise TableError(f"{name} has more than one column called '{twice}'; rename all but one")
    renamed = source.toDF(*(f"c{index}" for index in range(len(names))))
    formed = {
        each: _formed(field.name, field.dataType.simpleString())
        for each, field in zip(names, renamed.schema.fields, strict=True)
    }
    frame = renamed.selectExpr(*(f"{sql} AS {field.name}" for sql, field in formed.values()))
    fields = {each: field for each, (_, field) in formed.items()}
    return opened(name, native(frame), fields, lambda few: few.to_native().collect(), weights, close)


def of_parquet(
    path: str, master: str | None = None, weights: str | None = None, query: str | None = None
) -> FrameTable:
    """Open Parquet files, a path or glob of this machine or whatever URL Spark reads.

    Or what a query makes of them, the table `t`. In the session that runs, else in a new one on `master`,
    which ends with the table.

    Raises:
        MissingExtraError: PySpark is not installed.
        TableError: no session can be started, as without Java, the files can't be read, or the query fails.
    """
    paths = [path] if _URL.match(path) else _local(path)
    session, close = _session(master)
    try:
        return of_spark(path, _read(path, session, paths, query), weights, close)
    except BaseException:
        close()
        raise


def _local(path: str) -> list[str]:
    source = find(path)
    if source.format != "parquet":
        raise TableError(f"{path} is no Parquet file, which is all that is read by Spark; leave --engine out")
    return [Path(each).absolute().as_uri() for each in source.paths]


def _read(name: str, session: "SparkSession", paths: Sequence[str], query: str | None) -> "DataFrame":
    try:
        if query is None:
            return session.read.parquet(*paths)
        # A session beside the user's, where no view has this name.
        beside = session.newSession()
        beside.read.parquet(*paths).createOrReplaceTempView("t")
        # Persisted, as a query that orders by chance would give other rows each time.
        return beside.sql(query).persist()
    except Exception as error:
        raise TableError(f"can't read {name}: {str(error).splitlines()[0]}") from error


def _session(master: str | None) -> tuple["SparkSession", Callable[[], None]]:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 (an extra, and loaded when it is asked for)
    except ImportError:
        raise MissingExtraError("pyspark", "spark") from None
    running = SparkSession.getActiveSession()
    if running is not None:
        return running, lambda: None
    builder = SparkSession.builder.appName("kldiv").master(master or "local[*]")
    for key, value in _SETTINGS.items():
        builder = builder.config(key, value)
    try:
        # What PySpark would write beside the error that is raised.
        for each in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            logging.getLogger(each).setLevel(logging.CRITICAL)
        session = builder.getOrCreate()
    except Exception as error:
        raise TableError(f"can't start Spark: {_reason(error)}") from error
    return session, session.stop


def _reason(error: Exception) -> str:
    if "JAVA_GATEWAY_EXITED" in str(error):
        return "no Java was found that it runs on; install Java 17 or later, or set JAVA_HOME"
    return str(error).splitlines()[0]


def _formed(name: str, of: str) -> tuple[str, Field]:
    """A column in form, in Spark's SQL, and what it is; `of` is its type."""
    if of in _BITS or of in ("float", "double") or of.startswith("decimal("):
        return name, _number(name, of)
    if of in _TEMPORAL:
        sql, steps = _TEMPORAL[of]
        return sql.format(name), Field(name, Column(Kind.DATE, of), steps, utc=of == "timestamp")
    if of == "boolean":
        return name, Field(name, Column(Kind.BOOLEAN, of))
    if of.startswith(("string", "varchar(", "char(")):
        return name, Field(name, Column(Kind.TEXT, of))
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
    return Field(name, column, Steps(Fraction(1, 10**scale), 1 - 10**width, 10**width - 1))
