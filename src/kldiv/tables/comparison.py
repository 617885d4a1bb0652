"""Every column that two tables share, compared: one D(P‖Q) a column, and what was not compared and why."""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kldiv.errors import InputTypeError, InvalidInputError, TableError
from kldiv.estimators.counting import CountTable
from kldiv.estimators.discrete import estimate_from_counts
from kldiv.estimators.estimate import Estimate
from kldiv.tables.contract import SIDES, Count, SideName, Table
from kldiv.tables.counting import ColumnPair, CountedColumn, Uncounted, count_column
from kldiv.tables.multiple_testing import benjamini_hochberg
from kldiv.tables.opening import open_table
from kldiv.tables.outcomes import Special
from kldiv.units import unit_of


@dataclass(frozen=True)
class ColumnComparison:
    """One column: D(P‖Q) from its counts in both tables, and what a reader of the number has to know.

    `type` is "text", "boolean" or "integer" for a column counted value by value, and "number", "date" or
    "time of day" for one counted in bins; "null" for one that holds nothing. The outcomes of `divergence`
    are Value, Bin, Special or Folded.
    """

    name: str
    type: str
    divergence: Estimate
    p_value_adjusted: float
    """By Benjamini and Hochberg, over the columns compared."""
    nulls_p: Count
    nulls_q: Count
    notes: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Whether it is "categorical", counted value by value, "numeric", counted in bins, or "null"."""
        if self.type == "null":
            return self.type
        return "categorical" if self.type in ("text", "boolean", "integer") else "numeric"


@dataclass(frozen=True)
class Skipped:
    """A column of both tables that was not compared, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Comparison:
    """D(P‖Q) of each column that the tables P and Q share, the greatest estimate first."""

    p: str
    q: str
    rows_p: Count
    rows_q: Count
    base: float | None
    unit: str
    confidence: float
    columns: tuple[ColumnComparison, ...]
    skipped: tuple[Skipped, ...]
    only_in_p: tuple[str, ...]
    only_in_q: tuple[str, ...]

    def __getitem__(self, name: str) -> ColumnComparison:
        """The column of this name."""
        for each in self.columns:
            if each.name == name:
                return each
        raise KeyError(name)

    def exceeding(self, threshold: float) -> tuple[ColumnComparison, ...]:
        """The columns whose interval lies above the threshold whole: its low end exceeds it."""
        return tuple(each for each in self.columns if each.divergence.low > threshold)


def compare(
    p: str | os.PathLike[str],
    q: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    base: float | None = None,
    bins: int = 10,
    max_categories: int = 10_000,
    confidence: float = 0.95,
    on_progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Estimate D(P‖Q) for every column that two tables share.

    Text, booleans and columns of few different whole numbers are counted value by value; other numbers,
    dates and times in bins whose edges are quantiles of Q. Null, NaN and the infinities are outcomes of
    their own. Rows never leave the engine.

    Args:
        p: the path of P, the reference: a CSV, Parquet or JSON file, or a glob that matches several of them.
        q: the path of Q, what P is measured against.
        columns: the names of the columns to compare; None for all that are in both.
        base: of the logarithm; None for nats, 2 for bits.
        bins: into how many bins a column of numbers or dates is cut.
        max_categories: how many different texts are counted one by one; the rest is folded into one
            outcome, and a note says so.
        confidence: nominal coverage of the intervals, between 0 and 1.
        on_progress: called with the number of columns done and their total, after each.

    Returns:
        The comparison of each column, the greatest estimate first, and what was not compared and why.

    Raises:
        InputTypeError: a path that is none.
        InvalidInputError: a base, number of bins or of categories, or confidence that can't be.
        TableError: a file that can't be read, a table without rows, no column that can be compared, or a
            requested column that is not in both tables or can't be compared.
        MissingExtraError: DuckDB is not installed.

    Source:
        As for `kldiv.estimate`; p-values adjusted by Benjamini & Hochberg 1995.

    Example:
        >>> flights = "examples/data/flights-2013-{}.parquet"
        >>> result = compare(flights.format("07"), flights.format("01"), columns=["carrier"], base=2)
        >>> print(f"{result['carrier'].divergence.estimate:.4f} {result.unit}")
        0.0037 bits
    """
    _check_paths(p=p, q=q)
    _check_names(columns)
    unit = unit_of(base)
    _check_whole("bins", bins, 2)
    _check_whole("max_categories", max_categories, 1)
    with open_table(p) as p_table, open_table(q) as q_table:
        pairs = _pairs({"p": p_table, "q": q_table}, columns)
        compared: list[ColumnComparison] = []
        skipped: list[Skipped] = []
        for done, pair in enumerate(pairs, 1):
            counted = count_column(pair, bins, max_categories)
            if isinstance(counted, Uncounted):
                skipped.append(Skipped(pair.name, counted.reason))
            else:
                compared.append(_column(pair, counted, base, confidence))
            if on_progress:
                on_progress(done, len(pairs))
        _check_compared(compared, skipped, columns)
        of_p, of_q = p_table.columns(), q_table.columns()
        return Comparison(
            p=os.fspath(p),
            q=os.fspath(q),
            rows_p=p_table.rows(),
            rows_q=q_table.rows(),
            base=base,
            unit=unit.name,
            confidence=confidence,
            columns=_adjusted(compared),
            skipped=tuple(skipped),
            only_in_p=tuple(each for each in of_p if each not in of_q),
            only_in_q=tuple(each for each in of_q if each not in of_p),
        )


def _check_paths(**paths: object) -> None:
    for name, path in paths.items():
        if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
            raise InputTypeError(f"{name} is {type(path).__name__}; expected the path of a file, or a glob")


def _check_names(columns: object) -> None:
    if isinstance(columns, str):
        raise InputTypeError(f"columns is one piece of text; write columns=[{columns!r}]")


def _check_whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidInputError(f"{name} is {value!r}; expected a whole number >= {least}")


def _pairs(tables: Mapping[SideName, Table], columns: Sequence[str] | None) -> list[ColumnPair]:
    """The columns to compare, in the order asked for, else in P's."""
    of_p, of_q = (tables[side].columns() for side in SIDES)
    shared = [each for each in of_p if each in of_q]
    if not shared:
        raise TableError(
            f"no column is in both tables: P has {_listed(of_p)} and Q has {_listed(of_q)}; "
            "expected a name that is the same in both, capitals included"
        )
    wanted = shared if columns is None else list(dict.fromkeys(columns))
    for name in wanted:
        if name not in shared:
            raise TableError(_absent(name, shared, of_p, of_q))
    summaries = {side: tables[side].summaries(wanted) for side in SIDES}
    return [
        ColumnPair(
            name,
            tables,
            {side: tables[side].columns()[name] for side in SIDES},
            {side: summaries[side][name] for side in SIDES},
        )
        for name in wanted
    ]


def _absent(name: str, shared: Sequence[str], of_p: Iterable[str], of_q: Iterable[str]) -> str:
    sides = [side for side, of in (("P", of_p), ("Q", of_q)) if name in of]
    where = f"is in {sides[0]} alone" if sides else "is in neither table"
    by_fold = {each.casefold(): each for each in shared}
    close = [by_fold[each] for each in difflib.get_close_matches(name.casefold(), by_fold)]
    hint = (
        f"did you mean {' or '.join(_quoted(each) for each in close)}?"
        if close
        else f"both have {_listed(shared)}"
    )
    return f"column {_quoted(name)} {where}; {hint}"


def _listed(names: Iterable[str], at_most: int = 8) -> str:
    quoted = [_quoted(each) for each in names]
    more = f" and {len(quoted) - at_most} more" if len(quoted) > at_most else ""
    return ", ".join(quoted[:at_most]) + more


def _quoted(name: str) -> str:
    return f"'{name}'"


def _column(
    pair: ColumnPair, counted: CountedColumn, base: float | None, confidence: float
) -> ColumnComparison:
    table = CountTable(
        list(counted.counts),
        np.array([each.p for each in counted.counts.values()], np.int64),
        np.array([each.q for each in counted.counts.values()], np.int64),
    )
    divergence = estimate_from_counts(table, base=base, confidence=confidence)
    return ColumnComparison(
        name=pair.name,
        type=counted.type,
        divergence=divergence,
        p_value_adjusted=divergence.p_value,
        nulls_p=pair.summaries["p"].specials[Special.NULL],
        nulls_q=pair.summaries["q"].specials[Special.NULL],
        notes=counted.notes,
    )


def _check_compared(
    compared: Sequence[ColumnComparison], skipped: Sequence[Skipped], columns: Sequence[str] | None
) -> None:
    """A column that was asked for by name is not skipped with a note, nor are all of them."""
    if skipped and (columns is not None or not compared):
        reasons = "; ".join(f"{_quoted(each.name)} {each.reason}" for each in skipped)
        raise TableError(f"nothing to compare: {reasons}" if not compared else f"can't compare {reasons}")


def _adjusted(compared: Sequence[ColumnComparison]) -> tuple[ColumnComparison, ...]:
    """With p-values adjusted over all columns, the greatest estimate first."""
    adjusted = benjamini_hochberg([each.divergence.p_value for each in compared])
    both = [replace(each, p_value_adjusted=value) for each, value in zip(compared, adjusted, strict=True)]
    return tuple(sorted(both, key=lambda each: (-each.divergence.estimate, each.name)))
