"""A stored profile: the counts of a table's columns, which answer as the table itself would."""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NoReturn

from kldiv.errors import TableError
from kldiv.tables.contract import (
    ByCuts,
    ByValues,
    Cell,
    Column,
    Count,
    Grid,
    Kind,
    Summary,
    Table,
    ValueCounts,
)
from kldiv.tables.ordering import Key, ordering
from kldiv.tables.outcomes import Cut, Special, Value


@dataclass(frozen=True)
class StoredColumn:
    """A column of a profile: what it is, and what it holds."""

    column: Column
    summary: Summary


@dataclass(frozen=True)
class StoredValues(StoredColumn):
    """A column stored value by value: all of them, or the most frequent ones of a text with very many."""

    values: Mapping[str, Count]
    other_values: int = 0
    """How many different values are not stored one by one; at least, where profiles were merged."""
    other_count: Count = 0

    @property
    def complete(self) -> bool:
        """Whether every value is stored."""
        return not self.other_values

    @cached_property
    def ascending(self) -> list[str]:
        """The values in their order."""
        return sorted(self.values, key=ordering(self.column))

    @cached_property
    def keys(self) -> list[Key]:
        """What the values are ordered by, ascending."""
        return [*map(ordering(self.column), self.ascending)]

    @cached_property
    def cumulated(self) -> list[Count]:
        """How often a value up to each occurs."""
        return [*accumulate(self.values[each] for each in self.ascending)]

    def past(self, amounts: Sequence[Count]) -> list[str]:
        """For each amount, the least value that more than so many are at or below."""
        last = len(self.ascending) - 1
        # A sum of weights may fall short of the last amount by its rounding.
        return [self.ascending[min(bisect_right(self.cumulated, each), last)] for each in amounts]

    def following(self, values: Sequence[str]) -> list[str | None]:
        """For each value, the least that is greater."""
        key = ordering(self.column)
        after = [bisect_right(self.keys, key(each)) for each in values]
        return [self.ascending[each] if each < len(self.keys) else None for each in after]

    def between(self, cuts: Sequence[Cut]) -> list[Count]:
        """How many values are below the first cut, from each to the next, and beyond the last."""
        key = ordering(self.column)
        ends = [(bisect_right if each.above else bisect_left)(self.keys, key(each.text)) for each in cuts]
        in_order = [self.values[each] for each in self.ascending]
        return [sum(in_order[low:high]) for low, high in pairwise([0, *ends, len(in_order)])]

    def most_frequent(self, keep: int) -> ValueCounts:
        """The `keep` most frequent values, equally frequent ones by their text."""
        shown = [each for each in self.values if self.values[each]]
        ranked = sorted(shown, key=lambda each: (-self.values[each], each))
        kept = {each: self.values[each] for each in ranked[:keep]}
        return ValueCounts(kept, len(ranked) + self.other_values)


@dataclass(frozen=True)
class StoredBins(StoredColumn):
    """A column of too many different numbers or dates to store each: its bins."""

    cuts: tuple[Cut, ...]
    counts: tuple[Count, ...]


class Profile(Table):
    """A table of which nothing but the counts of each column is left.

    Every value of a column is stored with its count, so that bins of any edges come out as from the table
    itself; a column of very many different values has the bins, or the most frequent values, that it was
    stored with.
    """

    def __init__(
        self, name: str, rows: Count, stored: Mapping[str, StoredColumn], weights: str | None = None
    ) -> None:
        self.name = name
        self.stored = stored
        self.weights = weights
        self._rows = rows

    def __repr__(self) -> str:
        return f"<Profile {self.name}: {self._rows:,} rows, {len(self.stored):,} columns>"

    def notes(self) -> list[tuple[str, str]]:
        """The columns that are not stored value by value, and how they are."""
        return [(name, note) for name, each in self.stored.items() if (note := _note(each))]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file that `kldiv.compare` takes for a table.

        Raises:
            InvalidInputError: the folder is missing, or the disk is full or read-only.
        """
        from kldiv.tables.profile_file import save  # noqa: PLC0415 (which reads profiles too)

        save(self, path)

    def columns(self) -> Mapping[str, Column]:
        """The columns, in the table's order."""
        return {name: each.column for name, each in self.stored.items()}

    def rows(self) -> Count:
        """How many rows the table had."""
        return self._rows

    def summaries(self, names: Sequence[str]) -> Mapping[str, Summary]:
        """What the named columns hold."""
        return {name: self.stored[name].summary for name in names}

    def distinct(self, names: Sequence[str], limit: int) -> Mapping[str, Mapping[str, Count] | None]:
        """All values with their counts, of columns with at most `limit` different ones."""
        return {name: _few(self.stored[name], limit) for name in names}

    def tally(self, name: str, limit: int) -> Mapping[str, Count] | None:
        """All values with their counts, if at most `limit` differ."""
        return _few(self.stored[name], limit)

    def values_past(self, amounts: Mapping[str, Sequence[Count]]) -> Mapping[str, list[str]]:
        """The least value whose cumulated count is more than each amount."""
        return {name: self._complete(name).past(each) for name, each in amounts.items()}

    def next_values(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, list[str | None]]:
        """For each value, the least that is greater."""
        return {name: self._complete(name).following(each) for name, each in values.items()}

    def count_bins(self, cuts: Mapping[str, Sequence[Cut]]) -> Mapping[str, list[Count]]:
        """From the values; from stored bins, where each of the cuts is one of theirs."""
        return {name: self._count_bins(name, each) for name, each in cuts.items()}

    def _count_bins(self, name: str, cuts: Sequence[Cut]) -> list[Count]:
        stored = self.stored[name]
        if isinstance(stored, StoredBins):
            return _joined(stored, cuts, self.name, name)
        return self._complete(name).between(cuts)

    def count_values(self, names: Sequence[str], keep: int) -> Mapping[str, ValueCounts]:
        """The most frequent values, equally frequent ones by their text."""
        return {name: self._by_value(name).most_frequent(keep) for name in names}

    def count_listed(self, values: Mapping[str, Sequence[str]]) -> Mapping[str, dict[str, Count]]:
        """How often each of these values occurs."""
        return {
            name: {each: self._by_value(name).values.get(each, 0) for each in listed}
            for name, listed in values.items()
        }

    def count_joint(self, grids: Mapping[str, Grid]) -> Mapping[tuple[Cell, ...], Count]:  # noqa: ARG002
        """Not stored."""
        self._refuse("columns together")

    def restricted(self, name: str, outcome: Value | Special) -> Table:  # noqa: ARG002
        """Not stored."""
        self._refuse("groups of rows")

    def grid(self, name: str) -> Grid | None:
        """The only outcomes that a column can be counted in, where not every value of it is stored."""
        stored = self.stored[name]
        if isinstance(stored, StoredBins):
            return ByCuts(stored.cuts)
        if isinstance(stored, StoredValues) and not stored.complete:
            return ByValues(tuple(stored.values))
        return None

    def _refuse(self, what: str) -> NoReturn:
        raise TableError(
            f"{self.name} is a profile, which has the counts of each column alone; {what} can be compared "
            "only from the table it was made of"
        )

    def _complete(self, name: str) -> StoredValues:
        stored = self.stored[name]
        if not isinstance(stored, StoredValues) or not stored.complete:
            raise TableError(
                f"{self.name} stores column '{name}' in bins alone; expected a question about these"
            )
        return stored

    def _by_value(self, name: str) -> StoredValues:
        stored = self.stored[name]
        if not isinstance(stored, StoredValues):
            raise TableError(f"{self.name} stores column '{name}' in bins; its values can't be counted")
        return stored


def _note(stored: StoredColumn) -> str | None:
    if isinstance(stored, StoredBins):
        return f"has too many different values to store each; stored in {len(stored.counts)} bins"
    if isinstance(stored, StoredValues) and not stored.complete:
        return (
            f"has too many different values to store each; stored are the {len(stored.values):,} most "
            f"frequent, and {stored.other_values:,} others together"
        )
    if stored.column.kind is Kind.UNSUPPORTED and stored.summary.ordinary:
        return f"holds values of type {stored.column.type}, which can't be counted"
    return None


def _few(stored: StoredColumn, limit: int) -> Mapping[str, Count] | None:
    few = isinstance(stored, StoredValues) and stored.complete and len(stored.values) <= limit
    return stored.values if few else None  # type: ignore[attr-defined]


def _joined(stored: StoredBins, cuts: Sequence[Cut], shown: str, name: str) -> list[Count]:
    """The counts of stored bins, those between two of the cuts together."""
    if not set(cuts) <= set(stored.cuts):
        raise TableError(f"{shown} stores column '{name}' in bins with other edges than those asked for")
    edges = [0, *(stored.cuts.index(each) + 1 for each in cuts), len(stored.counts)]
    return [sum(stored.counts[low:high]) for low, high in pairwise(edges)]


def stored_grid(table: Table, name: str) -> Grid | None:
    """The only outcomes that a profile can count a column in; None for any, and for every other table."""
    return table.grid(name) if isinstance(table, Profile) else None


def listed_values(column: Column, summary: Summary, values: Mapping[str, Count], others: int) -> StoredValues:
    """Some values one by one, and what is left together."""
    rest = summary.ordinary - sum(values.values())
    return StoredValues(column, summary, values, others, rest if others else 0)
