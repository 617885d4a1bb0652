"""DuckDB counts: files, databases and relations, by SQL that returns nothing but counts, cuts and values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from kldiv.errors import TableError
from kldiv.tables import sql
from kldiv.tables.contract import (
    ByCuts,
    Cell,
    Column,
    Count,
    Grid,
    Kind,
    Summary,
    Table,
    ValueCounts,
    by_text,
    whole_or_float,
)
from kldiv.tables.duckdb_files import values_of
from kldiv.tables.duckdb_session import Rows, Session
from kldiv.tables.narrowing import Probe, fractions, narrowed
from kldiv.tables.outcomes import Cut, Special, Value
from kldiv.tables.weights import WRONG_WEIGHTS, check_weight_column, check_weights
from kldiv.tables.writing import number_text, steps_text

# More different values than few among this many rows settle it without counting the rest.
_FIRST_ROWS = 10_000
# 128 MiB of doubles, of which DuckDB holds up to two copies.
_VALUES_IN_MEMORY = 2**24
_SAMPLE = 2**20
_NULLS = '"NULL"'
_NOT_FINITE = (Special.NAN, Special.POSITIVE_INFINITY, Special.NEGATIVE_INFINITY)


@dataclass(frozen=True)
class _Field:
    """A column of the opened table: what it is called in SQL, and what it is."""

    sql: str
    column: Column


class DuckDBTable(Table):
    """The rows of `source`, whose columns are c0, c1, …, asked for in a session.

    `fields` are the columns by their names; `weight` is the one in SQL that weighs the rows.
    """

    def __init__(
        self,
        name: str,
        session: Session,
        source: str,
        fields: Mapping[str, _Field],
        weight: str | None = None,
    ) -> None:
        self.name = name
        self._session = session
        self._source = source
        self._fields = fields
        self._weight = weight
        self._rows: Count | None = None
        self._known: dict[str, Summary] = {}

    def close(self) -> None:
        """Let go of the files, and of what DuckDB put on disk."""
        self._session.close()

    def columns(self) -> Mapping[str, Column]:
        """The columns, in the table's order."""
        return {name: field.column for name, field in self._fields.items()}

    def rows(self) -> Count:
        """How many rows there are, or their weights together."""
        if self._rows is None:
            [(found,)] = self._query(sql.select(sql.total(self._weight), self._source))
            self._rows = whole_or_float(found)
        return self._rows

    def summaries(self, names: Sequence[str]) -> Mapping[str, Summary]:
        """One query for many columns; what most columns don't hold is counted in those that do."""
        new = [name for name in names if name not in self._known]
        parts = [part for name in new for part in self._nulls_and_ordinary(name)]
        found = iter(map(whole_or_float, self._values(parts)))
        counts = {name: (next(found), next(found)) for name in new}
        infinite = [name for name, each in counts.items() if self._may_hold_others(name, *each)]
        parts = [self._counted(name, each) for name in infinite for each in _NOT_FINITE]
        found = iter(map(whole_or_float, self._values(parts)))
        not_finite = {name: {each: next(found) for each in _NOT_FINITE} for name in infinite}
        whole = self._whole([name for name, (_, ordinary) in counts.items() if ordinary])
        for name, (null, ordinary) in counts.items():
            rest = not_finite.get(name, dict.fromkeys(_NOT_FINITE, 0))
            specials: dict[Special, Count] = {Special.NULL: null, **rest}
            self._known[name] = Summary(ordinary, specials, name in whole)
        return {name: self._known[name] for name in names}

    def distinct(self, names: Sequence[str], limit: int) -> Mapping[str, Mapping[str, Count] | None]:
        """Many different values show among the first rows; only few are counted to the end."""
        seen = self._values([self._different(name) for name in names], self._first_rows())
        few = [name for name, number in zip(names, seen, strict=True) if number <= limit]
        found = self.count_values(few, limit)
        return {
            name: found[name].kept if name in found and found[name].different <= limit else None
            for name in names
        }

    def tally(self, name: str, limit: int) -> Mapping[str, Count] | None:
        """Grouped in DuckDB, unless more differ among some more rows than the limit."""
        first = f"({sql.select('*', self._source)} LIMIT {2 * limit})"
        if self._values([self._different(name)], first)[0] > limit:
            return None
        value, condition = sql.ordered(*self._of(name)), sql.ordinary(*self._of(name))
        what = f"{value} AS value, {sql.total(self._weight)}"
        grouped = (f"WHERE {condition}", "GROUP BY value", f"LIMIT {limit + 1}")
        rows = self._query(sql.select(what, self._source, *grouped))
        return by_text([(self._text(name, each), times) for each, times in rows], limit)

    def values_past(self, amounts: Mapping[str, Sequence[Count]]) -> Mapping[str, list[str]]:
        """Exact quantiles: by rank, or by cumulated weight."""
        if self._weight is None:
            found = self._quantiles(amounts)
        else:
            found = {name: self._weighted_quantiles(name, each) for name, each in amounts.items()}
        return {name: [self._text(name, each) for each in found[name]] for name in amounts}

    def next_values(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, list[str | None]]:
        """One query for all the values."""
        least = [
            f"min({sql.ordered(*self._of(name))}) "
            f"FILTER (WHERE {sql.ordinary(*self._of(name))} AND {self._passed(name, Cut(each, above=True))})"
            for name, texts in values.items()
            for each in texts
        ]
        found = iter(self._values(least))
        following = {name: [next(found) for _ in texts] for name, texts in values.items()}
        return {
            name: [None if each is None else self._text(name, each) for each in of]
            for name, of in following.items()
        }

    def count_bins(self, cuts: Mapping[str, Sequence[Cut]]) -> Mapping[str, list[Count]]:
        """How many values are beyond each cut, in one query; what is between two is their difference."""
        if self._weight is not None:
            return self._weigh_bins(cuts)
        of = self.summaries([*cuts])
        beyond = [
            sql.counted(self._passed(name, cut, of[name]), None)
            for name, each in cuts.items()
            for cut in each
        ]
        found = iter(self._values(beyond))
        passed = {name: [whole_or_float(next(found)) for _ in each] for name, each in cuts.items()}
        return {
            name: [more - less for more, less in pairwise([of[name].ordinary, *each, 0])]
            for name, each in passed.items()
        }

    def _weigh_bins(self, cuts: Mapping[str, Sequence[Cut]]) -> dict[str, list[Count]]:
        """Each bin summed on its own: a difference of two sums is not 0 where a bin is empty."""
        inside = [
            sql.counted(sql.within(*self._of(name), *ends), self._weight)
            for name, each in cuts.items()
            for ends in pairwise([None, *each, None])
        ]
        found = iter(self._values(inside))
        return {name: [whole_or_float(next(found)) for _ in [*each, None]] for name, each in cuts.items()}

    def count_values(self, names: Sequence[str], keep: int) -> Mapping[str, ValueCounts]:
        """Grouped in DuckDB; only the most frequent values leave it."""
        found = {}
        for name in names:
            rows = self._query(sql.most_frequent(self._texts(name), self._weight, keep))
            kept = {value: whole_or_float(times) for value, times, _ in rows}
            found[name] = ValueCounts(kept, rows[0][2] if rows else 0)
        return found

    def count_listed(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, dict[str, Count]]:
        """A query for each column."""
        found = {}
        for name, texts in values.items():
            listed = f"WHERE value IN (SELECT unnest({sql.literals(texts)}))"
            what = f"value, {sql.total(self._weight)}"
            rows = self._query(sql.select(what, f"({self._texts(name)})", listed, "GROUP BY value"))
            found[name] = {value: whole_or_float(times) for value, times in rows}
        return found

    def count_joint(self, grids: Mapping[str, Grid]) -> Mapping[tuple[Cell, ...], Count]:
        """Rows grouped by what each column turned out to be; listed values are looked up by a join."""
        cells, source = [], f"{self._source} AS t"
        for index, (name, grid) in enumerate(grids.items()):
            column, of = self._of(name)
            if isinstance(grid, ByCuts):
                number = sql.bin_number(column, of, grid.cuts)
            else:
                texts = sql.as_text(column, of)
                source += f" LEFT JOIN ({sql.numbered(grid.values)}) AS l{index} ON l{index}.value = {texts}"
                number = f"coalesce(l{index}.number, {len(grid.values)})"
            cells.append(sql.cell(column, of, number))
        grouped = ", ".join(cells)
        rows = self._query(sql.select(f"{grouped}, {sql.total(self._weight)}", source, "GROUP BY ALL"))
        return {tuple(_cell(each) for each in of): whole_or_float(times) for *of, times in rows}

    def restricted(self, name: str, outcome: Value | Special) -> "DuckDBTable":
        """The same columns of fewer rows, in the same session."""
        column, of = self._of(name)
        condition = (
            sql.special(column, of, outcome)
            if isinstance(outcome, Special)
            else f"{sql.ordinary(column, of)} AND {sql.equals(column, of, outcome.text)}"
        )
        rows = f"({sql.select('*', self._source)} WHERE {condition})"
        return _Part(self.name, self._session, rows, self._fields, self._weight)

    def _nulls_and_ordinary(self, name: str) -> list[str]:
        """The aggregates of the rows that have no value, and of those that have an ordinary one."""
        column, of = self._of(name)
        held = f"count({column})"
        null = f"count(*) - {held}" if self._weight is None else self._counted(name, Special.NULL)
        if self._weight is None and not sql.has_infinities(of):
            return [null, held]
        return [null, sql.counted(sql.ordinary(column, of), self._weight)]

    def _may_hold_others(self, name: str, null: Count, ordinary: Count) -> bool:
        """Whether there may be NaN or infinities; a sum of weights doesn't show what weighs very little."""
        if self._weight is not None:
            return sql.has_infinities(self._fields[name].column)
        return null + ordinary != self.rows()

    def _counted(self, name: str, which: Special) -> str:
        return sql.counted(sql.special(*self._of(name), which), self._weight)

    def _whole(self, names: Sequence[str]) -> set[str]:
        """The columns whose ordinary values are all whole; that most are not shows among the first rows."""
        numbers = [name for name in names if self._fields[name].column.kind is Kind.NUMBER]
        whole = {name for name in numbers if sql.is_integer(self._fields[name].column)}
        possible = [name for name in numbers if name not in whole]
        for rows in (self._first_rows(), self._source):
            fits = self._values([sql.all_whole(*self._of(name)) for name in possible], rows)
            possible = [name for name, fit in zip(possible, fits, strict=True) if fit or fit is None]
        return whole.union(possible)

    def _ordinary_rows(self, name: str) -> str:
        """The rows that have an ordinary value: conditions are several times faster without nulls."""
        return f"({sql.select('*', self._source)} WHERE {sql.ordinary(*self._of(name))})"

    def _first_rows(self) -> str:
        return f"({sql.select('*', self._source)} LIMIT {_FIRST_ROWS})"

    def _quantiles(self, amounts: Mapping[str, Sequence[Count]]) -> dict[str, list[Any]]:
        """Long columns are narrowed first, as DuckDB holds all that it takes quantiles of in memory."""
        long = self._summed(amounts) > _VALUES_IN_MEMORY
        return {
            name: found
            for names in ([[each] for each in amounts] if long else [[*amounts]])
            for name, found in self._quantiles_of({each: amounts[each] for each in names}).items()
        }

    def _summed(self, names: Iterable[str]) -> Count:
        return sum(each.ordinary for each in self.summaries([*names]).values())

    def _quantiles_of(self, amounts: Mapping[str, Sequence[Count]]) -> dict[str, list[Any]]:
        if self._summed(amounts) > _VALUES_IN_MEMORY:
            return {name: self._narrowed_quantiles(name, [*map(int, each)]) for name, each in amounts.items()}
        of = self.summaries([*amounts])
        parts = []
        for name, each in amounts.items():
            # It leaves out nulls by itself.
            finite = not any(of[name].specials[special] for special in _NOT_FINITE)
            condition = None if finite else sql.ordinary(*self._of(name))
            parts.append(sql.quantiles(sql.ordered(*self._of(name)), each, of[name].ordinary, condition))
        return dict(zip(amounts, self._values(parts), strict=True))

    def _narrowed_quantiles(self, name: str, amounts: Sequence[int]) -> list[Any]:
        """By guesses from a sample, and by sorting what lies between them."""
        column, of = self._of(name)
        total = int(self.summaries([name])[name].ordinary)
        left = narrowed(amounts, self._probes(name, amounts, total), total)
        inside = " OR ".join(f"({sql.between(column, of, *gap)})" for gap in left.gaps)
        found = dict(left.settled)
        if left.gaps:
            part = sql.quantiles(sql.ordered(column, of), [*left.amounts.values()], left.rows, inside)
            [quantiles] = self._values([part], self._ordinary_rows(name))
            found |= dict(zip(left.amounts, quantiles, strict=True))
        return [found[each] for each in amounts]

    def _probes(self, name: str, amounts: Sequence[int], total: int) -> list[Probe]:
        """Values of a random sample around each quantile, and how many rows are below each, and at it too."""
        value, of = sql.ordered(*self._of(name)), self._fields[name].column
        rows = self._ordinary_rows(name)
        percent = min(100, 100 * _SAMPLE / total)
        sample = f"({sql.select('*', rows)} USING SAMPLE {percent} PERCENT (bernoulli))"
        # Four standard deviations of a sample's quantile, which is at most 1/(2 sqrt(n)).
        guesses = fractions(amounts, total, 2 / _SAMPLE**0.5)
        [found] = self._values([f"quantile_disc({value}, {guesses})"], sample)
        values = sorted(set(found or []))
        below = [f"{value} {sign} {sql.value(each, of)}" for each in values for sign in ("<", "<=")]
        counts = iter(map(int, self._values([sql.counted(each, None) for each in below], rows)))
        return [Probe(each, next(counts), next(counts)) for each in values]

    def _weighted_quantiles(self, name: str, amounts: Sequence[Count]) -> list[Any]:
        value, condition = sql.ordered(*self._of(name)), sql.ordinary(*self._of(name))
        rows = sql.select(f"{value} AS value, {self._weight} AS weight", self._source, f"WHERE {condition}")
        return list(self._query(sql.past(rows, "weight", amounts))[0])

    def _passed(self, name: str, cut: Cut, of: Summary | None = None) -> str:
        """The condition that a value is beyond a cut; +inf and NaN, if there are any, are not ordinary."""
        condition = sql.passed(*self._of(name), cut)
        if of and (of.specials[Special.NAN] or of.specials[Special.POSITIVE_INFINITY]):
            return f"{sql.ordinary(*self._of(name))} AND {condition}"
        return condition

    def _different(self, name: str) -> str:
        condition = sql.ordinary(*self._of(name))
        return f"count(DISTINCT {self._fields[name].sql}) FILTER (WHERE {condition})"

    def _texts(self, name: str) -> str:
        """The query of a column's ordinary values as texts, and of what their rows weigh."""
        column, of = self._of(name)
        weight = f", {self._weight}" if self._weight else ""
        what = f"{sql.as_text(column, of)} AS value{weight}"
        return sql.select(what, self._source, f"WHERE {sql.ordinary(column, of)}")

    def _text(self, name: str, value: Any) -> str:
        """A number that `sql.ordered` gave, as text."""
        column = self._fields[name].column
        if column.kind is not Kind.NUMBER:
            return steps_text(value, column.kind, sql.steps_of(column), utc=sql.is_zoned(column))
        return number_text(np.float32(value) if column.type == "FLOAT" else value)

    def _of(self, name: str) -> tuple[str, Column]:
        """A column's name in SQL, and the column."""
        field = self._fields[name]
        return field.sql, field.column

    def _values(self, aggregates: Sequence[str], source: str | None = None) -> list[Any]:
        return values_of(self._query, aggregates, source or self._source) if aggregates else []

    def _query(self, statement: str) -> Rows:
        return self._session.query(statement)


class _Part(DuckDBTable):
    """Some rows of another table, in its session."""

    def close(self) -> None:
        """Leave the session to the table that opened it."""


def opened(
    name: str,
    session: Session,
    names: Sequence[str],
    weights: str | None,
    unsupported: Mapping[str, str] | None = None,
    rows: str = sql.ROWS,
) -> DuckDBTable:
    """The table `rows` of a session, whose columns c0, c1, … have these names, once it has been looked at.

    `unsupported` are the types of columns that hold no more than whether there is a value, or not even that.
    """
    session.columns = names
    types = [str(row[1]) for row in session.query(f"DESCRIBE {rows}")]
    fields = {
        each: _Field(f"c{index}", Column(sql.kind_of(of), of))
        for index, (each, of) in enumerate(zip(names, types, strict=True))
    }
    for each, of in (unsupported or {}).items():
        present = "true" if fields[each].column.type == _NULLS else fields[each].sql
        fields[each] = _Field(present, Column(Kind.UNSUPPORTED, of))
    if not session.query(sql.select("count(*)", rows))[0][0]:
        raise TableError(f"{name} has no rows; expected at least one")
    if weights is None:
        return DuckDBTable(name, session, rows, fields)
    check_weight_column(name, weights, {each: field.column for each, field in fields.items()})
    field = fields.pop(weights)
    *wrong, total = session.query(sql.select(", ".join(sql.weighing(field.sql, field.column)), rows))[0]
    check_weights(name, weights, dict(zip(WRONG_WEIGHTS, wrong, strict=True)), whole_or_float(total))
    positive = f"({sql.select('*', rows)} WHERE {field.sql} > 0)"
    return DuckDBTable(name, session, positive, fields, field.sql)


def _cell(number: int) -> Cell:
    return number if number >= 0 else [*Special][number]
