"""What an engine must do: open two tables and count. Counts come out of it, rows never do.

An engine is one file. How a column is binned, what the outcomes are called and what the counts mean is
decided outside it, so that every engine gives the same numbers.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple

from kldiv.tables.outcomes import Cut, Special

SideName = Literal["p", "q"]
SIDES: tuple[SideName, SideName] = ("p", "q")


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

    ordinary: int
    """Values that are none of the special ones."""
    specials: Mapping[Special, int]
    whole: bool
    """Whether every ordinary value is a whole number; False for what is no number."""


class PairCount(NamedTuple):
    """How often P and Q show an outcome."""

    p: int
    q: int


@dataclass(frozen=True)
class FoldedCount:
    """The values that were not among the most frequent: how many there are, and how often they occur."""

    values: int
    count: PairCount
    missing_values: int
    """How many of them P shows and Q does not."""
    missing_p: int
    """How often P shows those."""


class ValueCounts(NamedTuple):
    """The most frequent values of a column, and the rest if there is one."""

    kept: Mapping[str, PairCount]
    folded: FoldedCount | None


class Engine(ABC):
    """P and Q opened by one engine. Whatever fails in it is a TableError."""

    @abstractmethod
    def columns(self, side: SideName) -> Mapping[str, Column]:
        """The columns of one table, by their names, in its order."""

    @abstractmethod
    def rows(self, side: SideName) -> int:
        """How many rows one table has."""

    @abstractmethod
    def summaries(self, side: SideName, names: Sequence[str]) -> Mapping[str, Summary]:
        """What the named columns of one table hold."""

    @abstractmethod
    def has_few_values(self, name: str, limit: int) -> bool:
        """Whether a column of numbers has at most `limit` different ordinary values in P and Q together."""

    @abstractmethod
    def values_at(self, name: str, ranks: Sequence[int]) -> list[str]:
        """The ordinary values of Q that are at these ranks (1 is the least), as a cut writes them."""

    @abstractmethod
    def next_values(self, name: str, values: Sequence[str]) -> list[str | None]:
        """For each value, the least ordinary value of Q that is greater, or None."""

    @abstractmethod
    def count_bins(self, side: SideName, name: str, cuts: Sequence[Cut]) -> list[int]:
        """How many ordinary values are below the first cut, from each to the next, and beyond the last."""

    @abstractmethod
    def count_values(self, name: str, keep: int) -> ValueCounts:
        """Count the ordinary values, as text, of both tables.

        The `keep` most frequent are kept, by the sum of their shares of the two tables' rows and then by
        their text; what is beyond them is folded.
        """
