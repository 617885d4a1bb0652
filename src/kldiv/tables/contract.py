"""What an engine must do: open one table and count. Counts come out of it, rows never do.

An engine is one file. How a column is binned, what the outcomes are called and what the counts mean is
decided outside it, so that every engine gives the same numbers, and P and Q may come from two engines.

Values travel as text, written in one way by every engine (`kldiv.tables.writing`): whole numbers without a
point, other numbers by the fewest digits that give them back, dates and times in ISO 8601 with a space
between day and time, booleans as true and false. Methods take many columns, so that an engine may
answer for all of them in one scan.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from kldiv.tables.outcomes import Cut, Special, Value

SideName = Literal["p", "q"]
SIDES: tuple[SideName, SideName] = ("p", "q")

Count = int | float
"""How many rows: a whole number, unless the weights of the rows are of a type with a point."""


def whole_or_float(found: Any) -> Count:
    """What an engine counted or summed, which may be of a type of its own; no row sums to null.

    A sum of decimals with a point is none of whole numbers, though it may happen to be one.

    Example:
        >>> whole_or_float(Decimal("5")), whole_or_float(Decimal("5.00")), whole_or_float(None)
        (5, 5.0, 0)
    """
    if found is None:
        return 0
    if isinstance(found, Decimal):
        return int(found) if int(found.as_tuple().exponent) >= 0 else float(found)
    return float(found) if isinstance(found, float) else int(found)


def by_text(rows: Sequence[tuple[str, Any]], limit: int) -> dict[str, Count] | None:
    """What an engine counted by value, unless that is more than `limit` values; 0 and -0 are one.

    Example:
        >>> by_text([("0", 1), ("0", 2), ("5", 1)], 2), by_text([("0", 1), ("5", 1)], 1)
        ({'0': 3, '5': 1}, None)
    """
    counts: dict[str, Count] = {}
    for text, times in rows:
        counts[text] = counts.get(text, 0) + whole_or_float(times)
    return counts if len(counts) <= limit else None


class Kind(Enum):
    """What a column's values are, as far as counting goes."""

    BOOLEAN = "boolean"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time of day"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Column:
    """A column of one table: its kind, and what the engine calls its type."""

    kind: Kind
    type: str


@dataclass(frozen=True)
class Summary:
    """What a column of one table holds."""

    ordinary: Count
    """Rows whose value is none of the special ones."""
    specials: Mapping[Special, Count]
    """For every special value, in the order of `Special`."""
    whole: bool
    """Whether every ordinary value is a whole number that its type tells from its neighbours; False for
    what is no number, and where there is no value."""


class ValueCounts(NamedTuple):
    """The most frequent ordinary values of a column, and how many different ones there are in all."""

    kept: Mapping[str, Count]
    different: int


@dataclass(frozen=True)
class ByCuts:
    """Outcomes of a column counted in bins: outcome i begins at cut i - 1."""

    cuts: tuple[Cut, ...]


@dataclass(frozen=True)
class ByValues:
    """Outcomes of a column counted value by value: outcome i is value i, and `len(values)` any other."""

    values: tuple[str, ...]


Grid = ByCuts | ByValues
Cell = int | Special
"""The outcome of one column in a joint count: its index in the grid, or a special value."""


class Table(ABC):
    """One table opened by one engine; a context manager. Whatever fails in it is a TableError naming it.

    With weights, a row of weight 3 counts as three rows, and one of weight 0 is not there. The weights must
    be finite, >= 0 and not all 0, and none may be null. Their column is not among `columns`.
    """

    name: str
    """As the user wrote it, for messages."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027 (most engines hold nothing that needs it)
        """Let go of whatever was opened; a table that came from the user stays as it was."""

    @abstractmethod
    def columns(self) -> Mapping[str, Column]:
        """The columns by their names, in the table's order."""

    @abstractmethod
    def rows(self) -> Count:
        """How many rows there are, at least one."""

    @abstractmethod
    def summaries(self, names: Sequence[str]) -> Mapping[str, Summary]:
        """What the named columns hold; of an unsupported one, which values are null."""

    @abstractmethod
    def distinct(self, names: Sequence[str], limit: int) -> Mapping[str, Mapping[str, Count] | None]:
        """Each column's ordinary values with their counts; None for one with more than `limit` of them.

        For whole numbers, texts and booleans. That there are too many is found out early.
        """

    @abstractmethod
    def tally(self, name: str, limit: int) -> Mapping[str, Count] | None:
        """Every ordinary value with its count; None if more than `limit` differ, which is found out early.

        For numbers, dates and times, written as `values_past` writes them.
        """

    @abstractmethod
    def values_past(self, amounts: Mapping[str, Sequence[Count]]) -> Mapping[str, list[str]]:
        """For each ascending amount, the least ordinary value that more than so many rows are at or below.

        For numbers, dates and times; an amount is >= 0 and less than the column's ordinary rows. These are
        exact quantiles: of n values in order, the one past amount a is at index a from 0.
        """

    @abstractmethod
    def next_values(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, list[str | None]]:
        """For each value, the least ordinary one that is greater, or None."""

    @abstractmethod
    def count_bins(self, cuts: Mapping[str, Sequence[Cut]]) -> Mapping[str, list[Count]]:
        """How many ordinary values are below the first cut, from each to the next, and beyond the last.

        The cuts ascend and may be those of another table, whose column of the same kind has another type.
        """

    @abstractmethod
    def count_values(self, names: Sequence[str], keep: int) -> Mapping[str, ValueCounts]:
        """Count the ordinary values; the `keep` most frequent leave the engine, ties in order of their texts.

        For whole numbers, texts and booleans. Texts are ordered by their code points.
        """

    @abstractmethod
    def count_listed(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, dict[str, Count]]:
        """How often exactly these values occur; those that don't are left out or 0."""

    @abstractmethod
    def count_joint(self, grids: Mapping[str, Grid]) -> Mapping[tuple[Cell, ...], Count]:
        """How often each combination of outcomes of these columns occurs, where it does."""

    @abstractmethod
    def restricted(self, name: str, outcome: Value | Special) -> "Table":
        """The rows where a column has this outcome; a value of a column of dates or instants is a day.

        They are a table of their own, which may have no rows, and must not outlive this one.
        """
