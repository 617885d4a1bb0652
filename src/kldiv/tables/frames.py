"""Data frames count through narwhals: Polars, eager and lazy, PySpark and Ibis, by one set of expressions.

A frame is first brought into a form that all of them count alike (`frame_columns`): columns are called c0,
c1, …, and dates and times are whole numbers of steps. Only counts, cuts and values are ever collected.
"""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Self

import narwhals.stable.v2 as nw

from kldiv.errors import KLDivError, TableError
from kldiv.tables.balanced import balanced
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
from kldiv.tables.frame_columns import Field, Frame, place_among
from kldiv.tables.guessing import GUESS_ERROR, OF_FIRST_ROWS, Guesses
from kldiv.tables.narrowing import Probe, fractions, narrowed
from kldiv.tables.outcomes import Cut, Special, Value
from kldiv.tables.weights import WRONG_WEIGHTS, check_weight_column, check_weights

Collect = Callable[[Frame], list[tuple[Any, ...]]]

# Of more rows than these their values are not all grouped, where the engine can guess quantiles.
_GROUPED = 100_000
_BEYOND_64_BITS = 2.0**63


class FrameTable(Table):
    """The rows of a frame whose columns are c0, c1, …; `collect` is how few of them are asked for."""

    def __init__(
        self,
        name: str,
        frame: Frame,
        fields: Mapping[str, Field],
        collect: Collect,
        weight: str | None = None,
        close: Callable[[], None] | None = None,
        guesses: Guesses = OF_FIRST_ROWS,
        *,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._whole = frame
        self._fields = fields
        self._collect_rows = collect
        self._weight = weight
        self._close = close
        self._guesses = guesses
        self._check = check
        self._rows: Count | None = None
        self._known: dict[str, Summary] = {}

    def close(self) -> None:
        """Let go of what was opened for the frame."""
        if self._close:
            self._close()

    def columns(self) -> Mapping[str, Column]:
        """The columns, in the frame's order."""
        return {name: field.column for name, field in self._fields.items()}

    def rows(self) -> Count:
        """How many rows there are, or their weights together."""
        if self._rows is None:
            self._rows = whole_or_float(self._aggregates([self._total()])[0])
        return self._rows

    def summaries(self, names: Sequence[str]) -> Mapping[str, Summary]:
        """One query for many columns; what a column's type can't hold is not counted."""
        new = {name: self._fields[name] for name in names if name not in self._known}
        found = iter(self._aggregates([part for field in new.values() for part in self._summary(field)]))
        for name, field in new.items():
            ordinary = whole_or_float(next(found))
            held = {each: whole_or_float(next(found)) for each in field.possible_specials()}
            number = field.column.kind is Kind.NUMBER
            fractional = whole_or_float(next(found)) if number and not field.is_whole() else 0
            specials = {each: held.get(each, 0) for each in Special}
            self._known[name] = Summary(ordinary, specials, number and bool(ordinary) and not fractional)
        return {name: self._known[name] for name in names}

    def distinct(self, names: Sequence[str], limit: int) -> Mapping[str, Mapping[str, Count] | None]:
        """Only columns that don't seem to have many are counted to the end."""
        few = self._seem_few(names, limit)
        found = self.count_values(few, limit)
        return {
            name: found[name].kept if name in found and found[name].different <= limit else None
            for name in names
        }

    def tally(self, name: str, limit: int) -> Mapping[str, Count] | None:
        """Grouped in the engine, unless there seem to be more."""
        if not self._seem_few([name], limit):
            return None
        field = self._fields[name]
        ordinary = self._frame.filter(field.is_ordinary())
        grouped = ordinary.group_by(field.name).agg(self._total("times")).head(limit + 1)
        rows = self._collect(grouped.select(field.name, "times"))
        return by_text([(field.text(each), times) for each, times in rows], limit)

    def values_past(self, amounts: Mapping[str, Sequence[Count]]) -> Mapping[str, list[str]]:
        """Exact quantiles, from the cumulated counts of the different values; of those near guesses alone."""
        return {
            name: [self._fields[name].text(each) for each in self._quantiles(name, of)]
            for name, of in amounts.items()
        }

    def next_values(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, list[str | None]]:
        """One query for all the values."""
        least = []
        for name, texts in values.items():
            field = self._fields[name]
            for each in texts:
                above = field.is_ordinary() & field.passed(Cut(each, above=True))
                least.append(nw.when(above).then(field.value()).min())
        found = iter(self._aggregates(least))
        following = {name: [next(found) for _ in texts] for name, texts in values.items()}
        return {
            name: [None if each is None else self._fields[name].text(each) for each in of]
            for name, of in following.items()
        }

    def count_bins(self, cuts: Mapping[str, Sequence[Cut]]) -> Mapping[str, list[Count]]:
        """How many values are beyond each cut, in one query; what is between two is their difference."""
        if self._weight is not None:
            return self._weigh_bins(cuts)
        of = self.summaries([*cuts])
        beyond = [
            self._counted(self._passed(self._fields[name], cut, of[name]))
            for name, each in cuts.items()
            for cut in each
        ]
        found = iter(self._aggregates(beyond))
        passed = {name: [whole_or_float(next(found)) for _ in each] for name, each in cuts.items()}
        return {
            name: [more - less for more, less in pairwise([of[name].ordinary, *each, 0])]
            for name, each in passed.items()
        }

    def _passed(self, field: Field, cut: Cut, of: Summary) -> nw.Expr:
        """Whether a value is beyond a cut; if there are NaN or +inf, they are not ordinary."""
        beyond = field.passed(cut)
        if of.specials[Special.NAN] or of.specials[Special.POSITIVE_INFINITY]:
            return field.is_ordinary() & beyond
        return beyond

    def _weigh_bins(self, cuts: Mapping[str, Sequence[Cut]]) -> dict[str, list[Count]]:
        """Each bin summed on its own: a difference of two sums is not 0 where a bin is empty."""
        inside = [
            self._counted(self._fields[name].within(*ends))
            for name, each in cuts.items()
            for ends in pairwise([None, *each, None])
        ]
        found = iter(self._aggregates(inside))
        return {name: [whole_or_float(next(found)) for _ in [*each, None]] for name, each in cuts.items()}

    def count_values(self, names: Sequence[str], keep: int) -> Mapping[str, ValueCounts]:
        """Grouped in the engine; only the most frequent values leave it, and one more if there is one."""
        if not names:
            return {}
        grouped = {name: self._texts(name).group_by("value").agg(self._total("times")) for name in names}
        most = [
            of.sort("times", "value", descending=[True, False])
            .head(keep + 1)
            .select(nw.lit(index).alias("place"), "value", "times")
            for index, of in enumerate(grouped.values())
        ]
        found: dict[str, dict[str, Count]] = {name: {} for name in names}
        for place, value, times in self._collect(nw.concat(most)):
            found[names[place]][value] = whole_or_float(times)
        return {name: self._value_counts(of, grouped[name], keep) for name, of in found.items()}

    def count_listed(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, dict[str, Count]]:
        """A query for each column."""
        found = {}
        for name, texts in values.items():
            rows = self._texts(name)
            listed = rows.filter(nw.col("value").is_in([*texts])).group_by("value").agg(self._total("times"))
            found[name] = {value: whole_or_float(times) for value, times in self._collect(listed)}
        return found

    def count_joint(self, grids: Mapping[str, Grid]) -> Mapping[tuple[Cell, ...], Count]:
        """Rows grouped by what each column turned out to be."""
        cells = {f"cell{index}": self._cell(name, grid) for index, (name, grid) in enumerate(grids.items())}
        counted = self._frame.with_columns(**cells).group_by(*cells).agg(self._total("times"))
        rows = self._collect(counted.select(*cells, "times"))
        return {tuple(map(_cell_of, of)): whole_or_float(times) for *of, times in rows}

    def restricted(self, name: str, outcome: Value | Special) -> Self:
        """The same columns of fewer rows."""
        field = self._fields[name]
        if isinstance(outcome, Special):
            condition = field.special(outcome)
        else:
            condition = field.is_ordinary() & field.equals(outcome.text)
        rows = self._frame.filter(condition)
        asked = (self._collect_rows, self._weight, None, self._guesses)
        return type(self)(self.name, rows, self._fields, *asked, check=self._check)

    def judge_weights(self, field: Field) -> tuple[dict[str, int], Count]:
        """How many rows have each of `WRONG_WEIGHTS`, and the sum of the others."""
        infinite = field.special(Special.POSITIVE_INFINITY) | field.special(Special.NEGATIVE_INFINITY)
        negative = field.is_ordinary() & (field.value() < 0)
        wrong = (field.special(Special.NULL), field.special(Special.NAN), infinite, negative)
        # In double precision: the sum may be beyond the weights' own type.
        value = field.value().cast(nw.Float64)
        positive = nw.when(field.is_ordinary()).then(value).otherwise(nw.lit(0.0)).sum()
        *found, total = self._aggregates([*(each.cast(nw.Int64).sum() for each in wrong), positive])
        rows = [int(whole_or_float(each)) for each in found]
        return dict(zip(WRONG_WEIGHTS, rows, strict=True)), whole_or_float(total)

    @property
    def _frame(self) -> Frame:
        """The rows, once it is sure that they can be asked for: a question is made before it is collected."""
        self._check()
        return self._whole

    def _summary(self, field: Field) -> list[nw.Expr]:
        """The aggregates of a summary; instead of whether all numbers are whole, how many are not."""
        ordinary = field.is_ordinary()
        parts = [ordinary, *map(field.special, field.possible_specials())]
        counted = [self._counted(each) for each in parts]
        if field.column.kind is not Kind.NUMBER or field.is_whole():
            return counted
        return [*counted, (ordinary & field.is_fractional()).cast(nw.Int64).sum()]

    def _seem_few(self, names: Sequence[str], limit: int) -> list[str]:
        """The columns that may have no more different values than this."""
        if not names:
            return []
        columns = [self._fields[name].name for name in names]
        [seen] = self._collect(self._guesses.different(self._frame, columns, limit))
        # Special values were counted too.
        return [name for name, number in zip(names, seen, strict=True) if number <= limit + len(Special)]

    def _quantiles(self, name: str, amounts: Sequence[Count]) -> list[Any]:
        field = self._fields[name]
        ordinary = self._frame.filter(field.is_ordinary())
        total = self.summaries([name])[name].ordinary
        if self._guesses.quantiles is None or self._weight is not None or total <= _GROUPED:
            return self._steps_over(ordinary, field, amounts)
        whole = [*map(int, amounts)]
        shares = fractions(whole, int(total), GUESS_ERROR)
        [[guesses]] = self._collect(self._guesses.quantiles(ordinary, field.name, shares))
        left = narrowed(whole, self._probes(ordinary, field, sorted(set(guesses))), int(total))
        found = dict(left.settled)
        if left.gaps:
            inside = balanced(operator.or_, [field.between(*gap) for gap in left.gaps])
            values = self._steps_over(ordinary.filter(inside), field, [*left.amounts.values()])
            found |= dict(zip(left.amounts, values, strict=True))
        return [found[each] for each in whole]

    def _probes(self, ordinary: Frame, field: Field, values: Sequence[Any]) -> list[Probe]:
        """How many rows are below each value, and how many at it too."""
        value = field.value()
        parts = [part for each in values for part in (value < nw.lit(each), value <= nw.lit(each))]
        found = iter(self._aggregates([part.cast(nw.Int64).sum() for part in parts], ordinary))
        return [Probe(each, int(next(found)), int(next(found))) for each in values]

    def _steps_over(self, ordinary: Frame, field: Field, amounts: Sequence[Count]) -> list[Any]:
        """Those values whose own rows step over an amount, among all values in order."""
        grouped = ordinary.group_by(field.name).agg(self._total("times"))
        upto = nw.col("times").cum_sum().over(order_by=field.name)
        cumulated = grouped.with_columns(upto=upto).with_columns(before=nw.col("upto") - nw.col("times"))
        steps = [(nw.col("before") <= each) & (nw.col("upto") > each) for each in set(amounts)]
        rows = self._collect(cumulated.filter(balanced(operator.or_, steps)).select("upto", field.name))
        ascending = sorted((whole_or_float(upto), value) for upto, value in rows)
        return [ascending[bisect_right(ascending, each, key=lambda step: step[0])][1] for each in amounts]

    def _value_counts(self, found: dict[str, Count], grouped: Frame, keep: int) -> ValueCounts:
        if len(found) <= keep:
            return ValueCounts(found, len(found))
        kept = sorted(found, key=lambda each: (-found[each], each))[:keep]
        different = self._collect(grouped.select(nw.len()))[0][0]
        return ValueCounts({each: found[each] for each in kept}, int(different))

    def _texts(self, name: str) -> Frame:
        """A column's ordinary values as texts, and what their rows weigh."""
        field = self._fields[name]
        weight = {self._weight: nw.col(self._weight)} if self._weight else {}
        return self._frame.filter(field.is_ordinary()).select(value=field.as_text(), **weight)

    def _cell(self, name: str, grid: Grid) -> nw.Expr:
        """What a value turned out to be: its number, or below zero the place in `Special` from its end."""
        field = self._fields[name]
        if isinstance(grid, ByCuts):
            passed = [field.passed(each).cast(nw.Int64) for each in grid.cuts]
            number = balanced(operator.add, passed) if passed else field.zero()
        elif not grid.values:
            number = field.zero()
        else:
            # Not every backend of Ibis has maps.
            has_maps = not self._whole.implementation.is_ibis()
            number = place_among(grid.values, field.as_text(), has_maps=has_maps)
        for index, each in enumerate(Special):
            number = nw.when(field.special(each)).then(nw.lit(index - len(Special))).otherwise(number)
        return number

    def _counted(self, condition: nw.Expr) -> nw.Expr:
        """The aggregate of the rows where a condition holds."""
        if self._weight is None:
            return condition.cast(nw.Int64).sum()
        return nw.when(condition).then(nw.col(self._weight)).otherwise(nw.lit(0)).sum()

    def _total(self, alias: str = "total") -> nw.Expr:
        """The aggregate of all rows."""
        total = nw.len() if self._weight is None else nw.col(self._weight).sum()
        return total.alias(alias)

    def _aggregates(self, parts: Sequence[nw.Expr], frame: Frame | None = None) -> list[Any]:
        if not parts:
            return []
        rows = self._frame if frame is None else frame
        [row] = self._collect(rows.select(*(part.alias(f"a{i}") for i, part in enumerate(parts))))
        return list(row)

    def _collect(self, frame: Frame) -> list[tuple[Any, ...]]:
        with explained(f"can't count {self.name}"):
            return self._collect_rows(frame)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Whatever fails in an engine is a TableError with the first line of what it says."""
    try:
        yield
    except KLDivError:
        raise
    except BaseException as error:
        # A panic of Polars' is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise TableError(f"{what}: {reason[0]}") from error


def native(frame: Any) -> Frame:
    """A frame of another library, as narwhals has it."""
    lazy: Frame = nw.from_native(frame).lazy()
    return lazy


def opened(
    name: str,
    frame: Frame,
    fields: dict[str, Field],
    collect: Collect,
    weights: str | None,
    close: Callable[[], None] | None = None,
    guesses: Guesses = OF_FIRST_ROWS,
    *,
    check: Callable[[], None] = lambda: None,
) -> FrameTable:
    """The table of a frame in form, once it has been looked at; `check` comes before each question to it."""
    table = FrameTable(name, frame, fields, collect, close=close, guesses=guesses, check=check)
    if not table.rows():
        raise TableError(f"{name} has no rows; expected at least one")
    if weights is None:
        return table
    check_weight_column(name, weights, table.columns())
    field = fields.pop(weights)
    wrong, total = table.judge_weights(field)
    check_weights(name, weights, wrong, total)
    heavy = frame.filter(field.value() > 0)
    if (summed := _summed_as(field, total)) is not None:
        heavy = heavy.with_columns(field.value().cast(summed).alias(field.name))
    return FrameTable(name, heavy, fields, collect, field.name, close, guesses, check=check)


def _summed_as(field: Field, total: Count) -> Any:
    """The type in which weights are added up, if that is another than their own."""
    if field.floating:
        return nw.Float64()
    whole = not field.decimal and total >= _BEYOND_64_BITS
    return nw.Decimal(38, 0) if whole else None


def _cell_of(number: int) -> Cell:
    return int(number) if number >= 0 else [*Special][int(number)]
