"""Ibis tables are counted where Ibis runs them: as DuckDB's and Polars' own there, else through narwhals."""

import uuid
from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kldiv.tables.contract import Column, Kind, Table
from kldiv.tables.duckdb_frames import of_relation
from kldiv.tables.frame_columns import Field
from kldiv.tables.frames import explained, native, opened
from kldiv.tables.polars_frames import of_polars
from kldiv.tables.writing import DAYS, MICROSECONDS, Steps

if TYPE_CHECKING:
    import ibis.expr.types as ir

_DAY = 86_400
_EXACT = Context(prec=80)


def of_ibis(name: str, source: "ir.Table", weights: str | None = None) -> Table:
    """Open a table of Ibis.

    Raises:
        TableError: it is of no backend, or of what its backend can't read.
    """
    with explained(f"can't read {name}"):
        return _opened(name, source, weights)


def _opened(name: str, source: "ir.Table", weights: str | None) -> Table:
    backend = source.get_backend()
    if backend.name == "duckdb":
        return _in_duckdb(name, backend, source, weights)
    if backend.name == "polars":
        return of_polars(name, backend.compile(source), weights)
    columns, fields = {}, {}
    mixed = _mixed(backend, source)
    for index, each in enumerate(source.columns):
        reliable = each not in mixed and _is_reliable(backend, source[each].type())
        form = _formed if reliable else _unsupported
        columns[f"c{index}"], fields[each] = form(source[each], f"c{index}")
        if each in mixed:
            fields[each] = replace(fields[each], column=Column(Kind.UNSUPPORTED, mixed[each]))
    return opened(name, native(source.select(**columns)), fields, lambda few: few.collect().rows(), weights)


def _is_reliable(backend: Any, of: Any) -> bool:
    """Whether the backend gets a hard value of this type right: some lose digits, or parts of a second."""
    question = _hard_question(of)
    return question is None or _is_affirmed(backend, question)


def _is_affirmed(backend: Any, question: Any) -> bool:
    try:
        return bool(backend.execute(question))
    except Exception:  # each backend has its own for what it can't do
        return False


def _mixed(backend: Any, source: "ir.Table") -> dict[str, str]:
    """The columns that hold something else than their type says, and what to call what they hold.

    SQLite has a type for each value, and takes any text for a date.
    """
    if backend.name != "sqlite":
        return {}
    types = {each: source[each].type() for each in source.columns}
    dates = [each for each, of in types.items() if of.is_date()]
    mixed = {
        each: "dates and others"
        for each in dates
        if not _is_affirmed(backend, _days(source[each]).count() >= 0)
    }
    asked = [each for each, of in types.items() if of.is_integer() or of.is_boolean()]
    if not asked:
        return mixed
    found = backend.execute(source.aggregate([_is_other(source[each]).any() for each in asked])).to_numpy()[0]
    nouns = {each: "booleans" if types[each].is_boolean() else "whole numbers" for each in asked}
    return mixed | {
        each: f"{nouns[each]} and others" for each, any_other in zip(asked, found, strict=True) if any_other
    }


def _is_other(value: Any) -> Any:
    """Whether a value in SQLite is no whole number, or none that is a boolean."""
    other = value.typeof().notin(["integer", "null"])
    return other | value.cast("int64").notin([0, 1]) if value.type().is_boolean() else other


def _hard_question(of: Any) -> Any:
    """What is true of a value of this type; None for a type that all get right."""
    import ibis  # noqa: PLC0415 (whoever has a table of it has it)

    if of.is_floating():
        return ibis.literal(float("nan"), type=of).isnan()
    if of.is_decimal():
        steps = 10 ** (of.precision - 1)
        low, high = (Decimal(each).scaleb(-of.scale, _EXACT) for each in (steps, steps + 1))
        return ibis.literal(low, type=of) < ibis.literal(high, type=of)
    if of.is_time():
        return _temporal(ibis.time("23:59:59.999998"), "")[0] == _DAY * 10**6 - 2
    if of.is_timestamp() and of.timezone is None:
        return _temporal(ibis.timestamp("1969-12-31 23:59:59.999998"), "")[0] == -2  # noqa: PLR2004
    return None


def _in_duckdb(name: str, backend: Any, source: "ir.Table", weights: str | None) -> Table:
    """A view for as long as the table is open, as an expression may hold tables that lie in memory."""
    view = f"kldiv_{uuid.uuid4().hex}"
    backend.create_view(view, source)

    def drop() -> None:
        backend.con.execute(f"DROP VIEW {view}")

    try:
        return of_relation(name, backend.con.view(view), weights, drop)
    except BaseException:
        drop()
        raise


def _formed(value: Any, name: str) -> tuple[Any, Field]:
    """A column in form, as Ibis writes it, and what it is."""
    of = value.type()
    shown = str(of)
    if of.is_integer() or of.is_decimal() or of.is_floating():
        return _number(value, name)
    if of.is_temporal():
        return _temporal(value, name)
    if of.is_boolean():
        return value, Field(name, Column(Kind.BOOLEAN, shown))
    if of.is_string() or of.is_uuid():
        return value.cast("string"), Field(name, Column(Kind.TEXT, shown))
    return _unsupported(value, name)


def _number(value: Any, name: str) -> tuple[Any, Field]:
    of = value.type()
    column = Column(Kind.NUMBER, str(of))
    if of.is_floating():
        return value.cast("float64"), Field(name, column)
    if of.is_decimal():
        largest = 10**of.precision - 1
        return value, Field(name, column, Steps(Fraction(1, 10**of.scale), -largest, largest), decimal=True)
    bounds = of.bounds
    return value, Field(name, column, Steps(Fraction(1), int(bounds.lower), int(bounds.upper)))


def _temporal(value: Any, name: str) -> tuple[Any, Field]:
    of = value.type()
    if of.is_date():
        return _days(value), Field(name, Column(Kind.DATE, str(of)), DAYS)
    if of.is_time():
        return _microseconds(value), Field(name, Column(Kind.TIME, str(of)), MICROSECONDS)
    # What an instant's day and hour are is up to a server's time zone; a duration has neither.
    if not of.is_timestamp() or of.timezone is not None:
        return _unsupported(value, name)
    microseconds = _days(value.date()).cast("int64") * (_DAY * 10**6) + _microseconds(value)
    return microseconds, Field(name, Column(Kind.DATE, str(of)), MICROSECONDS)


def _unsupported(value: Any, name: str) -> tuple[Any, Field]:
    """Of what can't be counted only this is asked: whether it is null."""
    return value.notnull().nullif(False), Field(name, Column(Kind.UNSUPPORTED, str(value.type())))


def _days(value: Any) -> Any:
    import ibis  # noqa: PLC0415 (whoever has a table of it has it)

    return value.delta(ibis.date(1970, 1, 1), unit="day")


def _microseconds(value: Any) -> Any:
    """Of the time of day."""
    seconds = (value.hour().cast("int64") * 60 + value.minute()) * 60 + value.second()
    return seconds * 10**6 + value.microsecond()
