"""Pieces of SQL, DuckDB's dialect: literals, and the comparison of a column with a cut.

Columns are called c0, c1, … in every query, so that a column name, which is data, is never part of one.
"""

import math
import re
from collections.abc import Sequence
from fractions import Fraction

from kldiv.tables.contract import Column, Kind
from kldiv.tables.outcomes import Cut, Special

_WHOLE = {
    f"{sign}{name}": bits if sign else bits - 1
    for name, bits in {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}.items()
    for sign in ("", "U")
}
_FLOATING = ("FLOAT", "DOUBLE")
_GREATEST_FLOAT = Fraction(2**24 - 1) * 2**104


def literal(text: str) -> str:
    """Return a text as SQL: between quotes, each quote in it doubled."""
    return "'" + text.replace("'", "''") + "'"


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
    if sql_type in ("VARCHAR", "UUID") or re.fullmatch(r"ENUM\(.*\)", sql_type, re.DOTALL):
        return Kind.TEXT
    return Kind.BOOLEAN if sql_type == "BOOLEAN" else Kind.UNSUPPORTED


def is_floating(column: Column) -> bool:
    """Whether the column can hold NaN."""
    return column.type in _FLOATING


def has_infinities(column: Column) -> bool:
    """Whether the column can hold infinities, which dates have too."""
    return is_floating(column) or column.kind is Kind.DATE


def ordinary(name: str, column: Column) -> str:
    """The condition that a value is neither null nor NaN nor infinite."""
    return f"isfinite({name})" if has_infinities(column) else f"{name} IS NOT NULL"


def summary(name: str, column: Column) -> list[str]:
    """The aggregates of a summary: ordinary values, whether they are whole, and each special value."""
    is_ordinary = ordinary(name, column)
    infinite = f"{name} = CAST('%s' AS {column.type})" if has_infinities(column) else "false"
    specials = {
        Special.NULL: f"{name} IS NULL",
        Special.NAN: f"isnan({name})" if is_floating(column) else "false",
        Special.POSITIVE_INFINITY: infinite.replace("%s", "infinity"),
        Special.NEGATIVE_INFINITY: infinite.replace("%s", "-infinity"),
    }
    counted = [f"count(*) FILTER (WHERE {specials[each]})" for each in Special]
    whole = f"bool_and({is_whole(name, column)}) FILTER (WHERE {is_ordinary})"
    return [f"count(*) FILTER (WHERE {is_ordinary})", whole, *counted]


def is_whole(name: str, column: Column) -> str:
    """The condition that an ordinary value is a whole number that its type tells from its neighbours."""
    if column.kind is not Kind.NUMBER:
        return "false"
    return f"{name} = trunc({name}) AND abs({name}) <= {2**53}" if column.type not in _WHOLE else "true"


def as_text(name: str, column: Column) -> str:
    """An ordinary value as text; a whole number is written without a point, whatever its type."""
    if column.kind is Kind.NUMBER and column.type not in _WHOLE:
        return f"CAST(TRY_CAST({name} AS HUGEINT) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def ranked_values(p_values: str, q_values: str, p_rows: int, q_rows: int) -> str:
    """The query of all values of both sides with their counts, ranked by the sum of their shares of the rows.

    The shares are compared as whole numbers, so that no rounding decides which values are kept.
    """
    of_p, of_q = (
        select("value, count(*) AS times", f"({each})", "GROUP BY value") for each in (p_values, q_values)
    )
    both = select(
        "value, coalesce(of_p.times, 0) AS p, coalesce(of_q.times, 0) AS q",
        f"({of_p}) AS of_p FULL JOIN ({of_q}) AS of_q USING (value)",
    )
    shares = f"p * {q_rows}::HUGEINT + q * {p_rows}::HUGEINT"
    return select(f"*, row_number() OVER (ORDER BY {shares} DESC, value) AS rank", f"({both})")


def kept_and_folded(ranked: str, keep: int) -> str:
    """The query of the first `keep` values one by one, and of the others in one row."""
    kept = f"CASE WHEN rank <= {keep} THEN value END AS kept_value, rank <= {keep} AS is_kept"
    missing = "count(*) FILTER (WHERE q = 0), coalesce(sum(p) FILTER (WHERE q = 0), 0)"
    return select(
        f"{kept}, count(*), sum(p), sum(q), {missing}", f"({ranked})", "GROUP BY kept_value, is_kept"
    )


def bin_number(name: str, column: Column, cuts: Sequence[Cut], cut_type: str) -> str:
    """How many of the ascending cuts an ordinary value has passed, by bisection."""
    if not cuts:
        return "0"
    passed = [_passed(name, column, cut, cut_type) for cut in cuts]
    return _bisection(passed, 0, len(cuts))


def _bisection(passed: Sequence[str], low: int, high: int) -> str:
    if low == high:
        return str(low)
    middle = (low + high) // 2
    return (
        f"CASE WHEN {passed[middle]} THEN {_bisection(passed, middle + 1, high)} "
        f"ELSE {_bisection(passed, low, middle)} END"
    )


def _passed(name: str, column: Column, cut: Cut, cut_type: str) -> str:
    """The condition that a value is beyond the cut, compared in the column's own type.

    No 64-bit integer goes through a float, and 0.1 in a column of single precision is at a cut of 0.1.
    """
    operator = ">" if cut.above else ">="
    if column.kind is not Kind.NUMBER:
        return f"{name} {operator} CAST({literal(cut.text)} AS {cut_type})"
    if is_floating(column):
        exceeds = abs(Fraction(cut.text)) > _GREATEST_FLOAT
        return f"{name} {operator} CAST({literal(cut.text)} AS {'DOUBLE' if exceeds else column.type})"
    return _passed_exactly(name, column.type, Fraction(cut.text), operator)


def _passed_exactly(name: str, sql_type: str, cut: Fraction, operator: str) -> str:
    """The comparison with the nearest number of an exact type that gives the same answer as the cut."""
    low, high, scale = _range(sql_type)
    scaled = cut * 10**scale
    bound = math.floor(scaled) if operator == ">" else math.ceil(scaled)
    if bound > high:
        return "false"
    if bound < low:
        return "true"
    return f"{name} {operator} CAST('{_decimal(bound, scale)}' AS {sql_type})"


def _range(sql_type: str) -> tuple[int, int, int]:
    """The least and the greatest number of an exact type in units of its last decimal, and its decimals."""
    if sql_type in _WHOLE:
        greatest = 2 ** _WHOLE[sql_type] - 1
        return (0 if sql_type.startswith("U") else -greatest - 1), greatest, 0
    width, scale = map(int, sql_type.removeprefix("DECIMAL(").removesuffix(")").split(","))
    return 1 - 10**width, 10**width - 1, scale


def _decimal(number: int, scale: int) -> str:
    digits = f"{abs(number):0{scale + 1}d}"
    whole, decimals = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return ("-" if number < 0 else "") + whole + (f".{decimals}" if decimals else "")
