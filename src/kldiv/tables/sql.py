"""Pieces of SQL, DuckDB's dialect: literals, conditions on a column, and comparisons with a cut.

Columns are called c0, c1, … in every query, so that a column name, which is data, is never part of one.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from kldiv.tables.contract import Column, Count, Kind
from kldiv.tables.outcomes import Cut, Special
from kldiv.tables.writing import (
    DAYS,
    MICROSECONDS,
    NANOSECONDS,
    Steps,
    bound_of,
    group_bounds,
    in_single,
    number_text,
)

# What the opened table is called in every query: nothing of the user's is.
ROWS = "kldiv_rows"

_WHOLE = {
    f"{sign}{name}": bits if sign else bits - 1
    for name, bits in {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}.items()
    for sign in ("", "U")
}
_FLOATING = ("FLOAT", "DOUBLE")


def literal(text: str) -> str:
    """Return a text as SQL: between quotes, each quote in it doubled; a null character would end it."""
    return " || chr(0) || ".join("'" + part.replace("'", "''") + "'" for part in text.split("\0"))


def identifier(name: str) -> str:
    """Return a name as SQL, for the tables and columns that a query of the user's knows by their names."""
    return '"' + name.replace('"', '""') + '"'


def literals(texts: Sequence[str]) -> str:
    """Return a list of texts as SQL."""
    return "CAST([" + ", ".join(map(literal, texts)) + "] AS VARCHAR[])"


def select(what: str, source: str, *clauses: str) -> str:
    """Return the query of `what` from a table, a table function or a query in parentheses."""
    return " ".join(("SELECT", what, "FROM", source, *clauses))


def kind_of(sql_type: str) -> Kind:
    """Return what kind of values a column of this type has."""
    if sql_type in _WHOLE or sql_type in _FLOATING or sql_type.startswith("DECIMAL("):
        return Kind.NUMBER
    if sql_type == "DATE" or sql_type.startswith("TIMESTAMP"):
        return Kind.DATE
    if sql_type in ("TIME", "TIME_NS"):
        return Kind.TIME
    if sql_type in ("VARCHAR", "JSON", "UUID") or re.fullmatch(r"ENUM\(.*\)", sql_type, re.DOTALL):
        return Kind.TEXT
    return Kind.BOOLEAN if sql_type == "BOOLEAN" else Kind.UNSUPPORTED


def is_floating(column: Column) -> bool:
    """Whether the column can hold NaN."""
    return column.type in _FLOATING


def has_infinities(column: Column) -> bool:
    """Whether the column can hold infinities, which dates have too."""
    return is_floating(column) or column.kind is Kind.DATE


def is_zoned(column: Column) -> bool:
    """Whether the column holds instants, which are written with their zone."""
    return column.type in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")


def steps_of(column: Column) -> Steps:
    """What a column of an exact type can hold."""
    if column.type in _WHOLE:
        greatest = 2 ** _WHOLE[column.type] - 1
        return Steps(Fraction(1), 0 if column.type.startswith("U") else -greatest - 1, greatest)
    if column.type == "DATE":
        return DAYS
    if column.kind is not Kind.NUMBER:
        return NANOSECONDS if column.type.endswith("_NS") else MICROSECONDS
    width, scale = map(int, column.type.removeprefix("DECIMAL(").removesuffix(")").split(","))
    return Steps(Fraction(1, 10**scale), 1 - 10**width, 10**width - 1)


def ordered(name: str, column: Column) -> str:
    """An ordinary value as a number: itself, or the steps of a date or a time."""
    if column.kind is Kind.NUMBER:
        return name
    if column.type == "DATE":
        return f"({name} - DATE '1970-01-01')"
    return f"epoch_{'ns' if column.type.endswith('_NS') else 'us'}({name})"


def special(name: str, column: Column, which: Special) -> str:
    """The condition that a value is this special one."""
    if which is Special.NULL:
        return f"{name} IS NULL"
    if which is Special.NAN:
        # DuckDB takes isnan for false where a Parquet file's least and greatest values, which leave out NaN,
        # are finite.
        return f"NOT isfinite({name}) AND NOT isinf({name})" if is_floating(column) else "false"
    if not has_infinities(column):
        return "false"
    infinity = "infinity" if which is Special.POSITIVE_INFINITY else "-infinity"
    return f"{name} = CAST('{infinity}' AS {column.type})"


def ordinary(name: str, column: Column) -> str:
    """The condition that a value is neither null nor NaN nor infinite."""
    if not has_infinities(column):
        return f"{name} IS NOT NULL"
    # DuckDB has no isfinite of instants in nanoseconds.
    return (
        f"isfinite(CAST({name} AS TIMESTAMPTZ))" if column.type == "TIMESTAMPTZ_NS" else f"isfinite({name})"
    )


def counted(condition: str, weight: str | None) -> str:
    """The aggregate of the rows where a condition holds."""
    return f"count_if({condition})" if weight is None else f"sum(CASE WHEN {condition} THEN {weight} END)"


def is_integer(column: Column) -> bool:
    """Whether the column's type holds whole numbers alone."""
    return column.type in _WHOLE or (column.type.startswith("DECIMAL(") and steps_of(column).unit == 1)


def all_whole(name: str, column: Column) -> str:
    """Whether all ordinary numbers are whole, and told by their type from their neighbours; an aggregate."""
    # The limit is none of a decimal's values that have nearly all their digits behind the point.
    whole = f"{name} = trunc({name}) AND abs(trunc({name})) <= {2**53}"
    return f"bool_and({whole}) FILTER (WHERE {ordinary(name, column)})"


def as_text(name: str, column: Column) -> str:
    """An ordinary value as text; a whole number is written without a point, whatever its type."""
    if column.kind is Kind.NUMBER and column.type not in _WHOLE:
        return f"CAST(TRY_CAST({name} AS HUGEINT) AS VARCHAR)"
    # A column, or a connection, may take capitals or accents for none.
    exact = ' COLLATE "binary"' if column.kind is Kind.TEXT else ""
    return f"CAST({name} AS VARCHAR){exact}"


def bin_number(name: str, column: Column, cuts: Sequence[Cut]) -> str:
    """How many of the ascending cuts an ordinary value has passed, by bisection."""
    passed_each = [passed(name, column, cut) for cut in cuts]
    return _bisection(passed_each, 0, len(cuts))


def _bisection(passed_each: Sequence[str], low: int, high: int) -> str:
    if low == high:
        return str(low)
    middle = (low + high) // 2
    return (
        f"CASE WHEN {passed_each[middle]} THEN {_bisection(passed_each, middle + 1, high)} "
        f"ELSE {_bisection(passed_each, low, middle)} END"
    )


def passed(name: str, column: Column, cut: Cut) -> str:
    """The condition that a value is beyond the cut, compared in the column's own type.

    No 64-bit integer goes through a float, and 0.1 in a column of single precision is at a cut of 0.1.
    """
    if is_floating(column):
        bound = in_single(cut.text) if column.type == "FLOAT" else float(cut.text)
        return f"{name} {'>' if cut.above else '>='} CAST('{bound!r}' AS DOUBLE)"
    steps = steps_of(column)
    bound = bound_of(cut, column.kind, steps)
    if isinstance(bound, bool):
        return ordinary(name, column) if bound else "false"
    return f"{ordered(name, column)} >= {number(bound, column)}"


def within(name: str, column: Column, low: Cut | None, high: Cut | None) -> str:
    """The condition that a value is ordinary and between two cuts; None for no bound."""
    below = [] if high is None else [f"NOT ({passed(name, column, high)})"]
    beyond = [] if low is None else [passed(name, column, low)]
    return " AND ".join([ordinary(name, column), *beyond, *below])


def equals(name: str, column: Column, text: str) -> str:
    """The condition that an ordinary value is this one, or a date or an instant of this day."""
    if column.kind in (Kind.TEXT, Kind.BOOLEAN):
        return f"{as_text(name, column)} = {literal(text)}"
    return within(name, column, *group_bounds(text, column.kind))


def number(steps: int, column: Column) -> str:
    """A number of steps as SQL, in the type of what `ordered` gives."""
    if column.kind is not Kind.NUMBER:
        return str(steps)
    if column.type in _WHOLE:
        return f"CAST('{steps}' AS {column.type})"
    return f"CAST('{_decimal(steps, len(str(steps_of(column).unit.denominator)) - 1)}' AS {column.type})"


def value(found: Any, column: Column) -> str:
    """A number that `ordered` gave, as SQL again."""
    return f"CAST('{number_text(found)}' AS {column.type})" if column.kind is Kind.NUMBER else str(found)


def between(name: str, column: Column, low: Any, high: Any) -> str:
    """The condition that an ordinary value lies between two that `ordered` gave; None for no bound."""
    bounds = [
        f"{ordered(name, column)} {sign} {value(each, column)}"
        for sign, each in ((">", low), ("<", high))
        if each is not None
    ]
    return " AND ".join(bounds or ["true"])


def _decimal(steps: int, scale: int) -> str:
    digits = f"{abs(steps):0{scale + 1}d}"
    whole, decimals = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return ("-" if steps < 0 else "") + whole + (f".{decimals}" if decimals else "")


def most_frequent(values: str, weight: str | None, keep: int) -> str:
    """The query of the most frequent values, their counts, and how many different ones there are."""
    times = f"{total(weight)} AS times"
    grouped = select(f"value, {times}", f"({values})", "GROUP BY value")
    return select(
        "value, times, count(*) OVER ()", f"({grouped})", f"ORDER BY times DESC, value LIMIT {keep}"
    )


def total(weight: str | None) -> str:
    """The aggregate of all rows."""
    return "count(*)" if weight is None else f"sum({weight})"


def quantiles(value: str, amounts: Sequence[Count], total: Count, condition: str | None) -> str:
    """The aggregate of the values past these amounts of `total` rows."""
    # In the middle of a rank's share no rounding of total times fraction can reach the next rank.
    fractions = ", ".join(f"{(amount + 0.5) / total!r}::DOUBLE" for amount in amounts)
    return f"quantile_disc({value}, [{fractions}])" + (f" FILTER (WHERE {condition})" if condition else "")


def past(values: str, weight: str, amounts: Sequence[Count]) -> str:
    """The query of the weighted quantiles among (value, weight): cumulated counts of the different values."""
    grouped = select(f"value, sum({weight}) AS times", f"({values})", "GROUP BY value")
    cumulated = select("value, sum(times) OVER (ORDER BY value) AS upto", f"({grouped})")
    least = ", ".join(f"min(value) FILTER (WHERE upto > {each!r})" for each in amounts)
    return select(least, f"({cumulated})")


def numbered(texts: Sequence[str]) -> str:
    """The query of these texts as `value`, each with its `number` from 0."""
    return f"SELECT unnest({literals(texts)}) AS value, unnest(range({len(texts)})) AS number"


def cell(name: str, column: Column, number: str) -> str:
    """What a value turned out to be: `number`, or below zero the place in `Special` from its end."""
    specials = " ".join(
        f"WHEN {special(name, column, each)} THEN {index - len(Special)}"
        for index, each in enumerate(Special)
    )
    return f"CASE {specials} ELSE {number} END"


def weighing(name: str, column: Column) -> list[str]:
    """The aggregates that judge weights: how many are each of `WRONG_WEIGHTS`, and their sum."""
    infinite = f"isinf({name})" if is_floating(column) else "false"
    nan = special(name, column, Special.NAN)
    # An infinity is negative too, and NaN greater than any number.
    negative = f"{name} < 0 AND NOT {infinite}"
    wrong = [f"count_if({each})" for each in (f"{name} IS NULL", nan, infinite, negative)]
    return [*wrong, f"sum({name}) FILTER (WHERE {ordinary(name, column)})"]
