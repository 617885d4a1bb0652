"""What a comparison of two tables says: one divergence a column, and what was not compared and why."""

from collections.abc import Iterator
from dataclasses import dataclass

from kldiv.estimators.estimate import Estimate
from kldiv.tables.contract import Count
from kldiv.tables.outcomes import Special, Value

Group = Value | Special
"""What the rows of a group have in the column that makes the groups."""


@dataclass(frozen=True)
class ColumnComparison:
    """One column: the divergence from its counts in both tables, and what a reader of the number has to know.

    `type` is "text", "boolean" or "integer" for a column counted value by value, and "number", "date" or
    "time of day" for one counted in bins; "null" for one that holds nothing. With `missing="separate"`
    a column that misses values has a second comparison, of type "missingness": whether there is a value.
    The outcomes of `divergence` are Value, Bin, Special, Folded or Present.
    """

    name: str
    type: str
    divergence: Estimate
    p_value_adjusted: float
    """By Benjamini and Hochberg, over everything compared."""
    nulls_p: Count
    nulls_q: Count
    notes: tuple[str, ...]
    group: Group | None = None
    """Of which group, where groups are compared."""

    @property
    def kind(self) -> str:
        """Whether it is "categorical", by value, "numeric", in bins, "null" or "missingness"."""
        if self.type in ("null", "missingness"):
            return self.type
        return "categorical" if self.type in ("text", "boolean", "integer") else "numeric"


@dataclass(frozen=True)
class JointComparison:
    """Columns compared together: the divergence of their joint distributions, whose outcomes are Joint."""

    names: tuple[str, ...]
    divergence: Estimate
    p_value_adjusted: float
    notes: tuple[str, ...]
    group: Group | None = None

    @property
    def name(self) -> str:
        """The names of the columns, as one text."""
        return " × ".join(self.names)


@dataclass(frozen=True)
class Skipped:
    """A column of both tables that was not compared, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class GroupComparison:
    """The rows of P and of Q in one group, compared as two tables."""

    group: Group
    rows_p: Count
    rows_q: Count
    columns: tuple[ColumnComparison, ...]
    joint: tuple[JointComparison, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class Comparison:
    """The divergence of each column that the tables P and Q share, the greatest estimate first."""

    p: str
    q: str
    rows_p: Count
    rows_q: Count
    divergence: str
    """Which one: "kl", "js", "psi", "total_variation" or "hellinger"."""
    base: float | None
    unit: str
    confidence: float
    missing: str
    """How missing values were taken: "category", "drop" or "separate"."""
    weights: str | None
    """The column that weighs the rows."""
    columns: tuple[ColumnComparison, ...]
    joint: tuple[JointComparison, ...]
    skipped: tuple[Skipped, ...]
    only_in_p: tuple[str, ...]
    only_in_q: tuple[str, ...]
    by: str | None = None
    """The column that makes the groups."""
    groups: tuple[GroupComparison, ...] = ()
    groups_only_in_p: tuple[Group, ...] = ()
    groups_only_in_q: tuple[Group, ...] = ()

    def __getitem__(self, name: str) -> ColumnComparison:
        """The column of this name, over all rows."""
        for each in self.columns:
            if each.name == name and each.type != "missingness":
                return each
        raise KeyError(name)

    def everything(self) -> Iterator[ColumnComparison | JointComparison]:
        """Every divergence: of columns, of columns together, and of both within each group."""
        yield from self.columns
        yield from self.joint
        for group in self.groups:
            yield from group.columns
            yield from group.joint

    def exceeding(self, threshold: float) -> tuple[ColumnComparison | JointComparison, ...]:
        """What has its interval above the threshold whole: its low end exceeds it."""
        return tuple(each for each in self.everything() if each.divergence.low > threshold)
