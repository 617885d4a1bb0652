"""What the report says of a comparison, in the words and numbers a reader sees; templates lay it out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from kldiv.estimators.estimate import Estimate
from kldiv.report.comparison import largest_terms, why_infinite
from kldiv.report.html.drawing import Scale, draw_interval, draw_sparklines, scale_of
from kldiv.report.html.text import visible
from kldiv.report.html.words import METHODS, WORDS, Words
from kldiv.report.html.working import Working, outcome_text
from kldiv.report.numbers import share, signed
from kldiv.tables.comparison import (
    ColumnComparison,
    Comparison,
    Group,
    GroupComparison,
    JointComparison,
    Skipped,
)

# As many rows of working a page has in all, so that a browser opens it within a second or two.
_ROWS_IN_ALL = 200_000
_NAMED = 3


@dataclass(frozen=True)
class Entry:
    """One divergence, of a column or of several together, as the page shows it."""

    number: int
    of: ColumnComparison | JointComparison
    scale: Scale
    working: Working

    @property
    def divergence(self) -> Estimate:
        """The estimate."""
        return self.of.divergence

    @property
    def name(self) -> Markup:
        """The column's name, or those of columns compared together."""
        if isinstance(self.of, JointComparison):
            return Markup(" × ").join(map(visible, self.of.names))
        return visible(self.of.name)

    @property
    def type(self) -> str:
        """What kind of outcomes it has."""
        return "joint" if isinstance(self.of, JointComparison) else self.of.type

    @property
    def nulls(self) -> tuple[float, float] | None:
        """How many nulls P and Q have; of columns together nobody counted them."""
        return None if isinstance(self.of, JointComparison) else (self.of.nulls_p, self.of.nulls_q)

    @cached_property
    def sparklines(self) -> tuple[str, str]:
        """Both distributions as paths."""
        return draw_sparklines(self.divergence.outcomes)

    @property
    def interval(self) -> dict[str, float]:
        """The interval as a drawing."""
        return draw_interval(self.divergence, self.scale)._asdict()

    @property
    def infinite(self) -> bool:
        """Whether the value as counted is infinite."""
        return math.isinf(self.divergence.value)

    @property
    def infinite_because(self) -> str | None:
        """Why it is, if it is."""
        return why_infinite(self.divergence) if self.infinite else None

    @property
    def largest(self) -> list[tuple[Markup, str, str, str]]:
        """The outcomes that add most: name, term, and shares of P and Q."""
        terms = largest_terms(self.divergence, _NAMED)
        return [(outcome_text(e.outcome), signed(e.contribution), share(e.p), share(e.q)) for e in terms]


@dataclass(frozen=True)
class Part:
    """All rows of both tables, or those of one group."""

    number: int
    group: Group | None
    rows_p: float
    rows_q: float
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]

    @property
    def title(self) -> Markup:
        """What the rows of the group have."""
        return outcome_text(self.group)


class View:
    """The whole comparison as the page shows it."""

    def __init__(self, comparison: Comparison) -> None:
        everything = list(comparison.everything())
        self.comparison = comparison
        self.words: Words = WORDS[comparison.divergence]
        self._scale = scale_of([each.divergence for each in everything])
        self._rows_at_most = rows_at_most([len(each.divergence.outcomes) for each in everything])
        self._number = 0
        self.whole = self._part(0, comparison, None)
        self.groups = [self._part(number, of, of.group) for number, of in enumerate(comparison.groups, 1)]

    def _part(self, number: int, of: Comparison | GroupComparison, group: Group | None) -> Part:
        entries = self._entries(of.columns, of.joint)
        return Part(number, group, of.rows_p, of.rows_q, entries, of.skipped)

    def _entries(
        self, columns: Sequence[ColumnComparison], joint: Sequence[JointComparison]
    ) -> tuple[Entry, ...]:
        """The greatest estimate first, numbered through the whole page."""
        ordered: list[ColumnComparison | JointComparison] = [*columns, *joint]
        ordered.sort(key=lambda each: -each.divergence.estimate)
        first, self._number = self._number + 1, self._number + len(ordered)
        return tuple(
            Entry(number, each, self._scale, Working(each.divergence, self._rows_at_most))
            for number, each in enumerate(ordered, first)
        )

    @property
    def not_compared(self) -> list[tuple[Markup, str]]:
        """What was left out, and why."""
        comparison = self.comparison
        return [
            *((visible(each.name), each.reason) for each in comparison.skipped),
            *((visible(name), "is in P alone") for name in comparison.only_in_p),
            *((visible(name), "is in Q alone") for name in comparison.only_in_q),
            *(self._lone_groups(comparison.groups_only_in_p, "P")),
            *(self._lone_groups(comparison.groups_only_in_q, "Q")),
        ]

    def _lone_groups(self, groups: Iterable[Group], side: str) -> list[tuple[Markup, str]]:
        return [
            (Markup("{} = {}").format(visible(self.comparison.by), outcome_text(each)), f"is in {side} alone")
            for each in groups
        ]

    @property
    def method(self) -> str:
        """What is to be known of how the estimates were made."""
        methods = {each.divergence.method for each in self.comparison.everything()}
        return " ".join(METHODS[each] for each in sorted(methods) if each in METHODS)


def rows_at_most(lengths: Sequence[int]) -> int:
    """How many rows each of these tables may have, so that all together are not too many for a page."""
    left = _ROWS_IN_ALL
    for tables, length in zip(range(len(lengths), 0, -1), sorted(lengths), strict=True):
        if length * tables > left:
            return left // tables
        left -= length
    return max(lengths, default=0)
