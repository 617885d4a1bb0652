"""What the report says of a comparison, in the words and numbers a reader sees; templates lay it out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from markupsafe import Markup

from kldiv.estimators.estimate import Estimate, Outcome
from kldiv.report.comparison import largest_terms, shown, why_infinite
from kldiv.report.html.drawing import IntervalDrawing, Scale, draw_interval, draw_sparklines, scale_of
from kldiv.report.html.text import plain, visible
from kldiv.report.numbers import count, number, share, signed
from kldiv.tables.comparison import ColumnComparison, Comparison
from kldiv.tables.outcomes import Bin, Value

# As many outcomes are drawn, and listed before the rest is folded away: what a column of few whole numbers
# can have, null and its kin included.
_SHOWN = 36
# As many rows of working a page has in all, so that a browser opens it within a second or two.
_ROWS_IN_ALL = 200_000
_LABEL, _NAMED = 80, 3
_LOG = {"bits": "log₂", "nats": "ln", "hartleys": "log₁₀"}


class Row(NamedTuple):
    """A row of the working."""

    outcome: Markup
    p_count: str
    q_count: str
    p: str
    q: str
    term: str


@dataclass(frozen=True)
class ColumnView:
    """One column as the page shows it."""

    number: int
    column: ColumnComparison
    interval: IntervalDrawing
    rows_at_most: int

    @property
    def divergence(self) -> Estimate:
        """The estimate of the column."""
        return self.column.divergence

    @cached_property
    def sparklines(self) -> tuple[str, str]:
        """Both distributions as paths."""
        return draw_sparklines(self.divergence.outcomes)

    @property
    def largest(self) -> list[tuple[Markup, str, str, str]]:
        """The outcomes that add most: name, term, and shares of P and Q."""
        terms = largest_terms(self.divergence, _NAMED)
        return [(outcome_text(e), signed(e.contribution), share(e.p), share(e.q)) for e in terms]

    @property
    def infinite_because(self) -> str | None:
        """Why the divergence as counted is infinite."""
        return why_infinite(self.divergence) if self.divergence.infinite else None

    @cached_property
    def ordered(self) -> list[Outcome]:
        """The outcomes in their own order, or where there are many the largest terms first."""
        outcomes = list(self.divergence.outcomes)
        return outcomes if len(outcomes) <= _SHOWN else sorted(outcomes, key=_weight, reverse=True)

    @property
    def is_ranked(self) -> bool:
        """Whether the largest terms stand first."""
        return len(self.ordered) > _SHOWN

    @property
    def shown_rows(self) -> list[Row]:
        """The rows of the working that are shown at once."""
        return [row_of(each) for each in self.ordered[:_SHOWN]]

    @property
    def folded_rows(self) -> list[Row]:
        """The rows that show when asked for, with one at the end for those that are too many for a page."""
        rows = [row_of(each) for each in self.ordered[_SHOWN : self.rows_at_most]]
        rest = self.ordered[max(self.rows_at_most, _SHOWN) :]
        return [*rows, _rest_row(rest)] if rest else rows

    @property
    def unlisted(self) -> int:
        """How many outcomes are in that last row."""
        return max(len(self.ordered) - max(self.rows_at_most, _SHOWN), 0)

    @property
    def total(self) -> Row:
        """The sums below the working."""
        value = self.divergence.value
        return Row(
            Markup("Σ"), count(self.divergence.n_p), count(self.divergence.n_q), "1", "1", number(value)
        )

    @property
    def undrawn(self) -> Outcome | None:
        """What the charts have no room for, together."""
        rest = self.ordered[_SHOWN:]
        return _together(rest) if rest else None

    @property
    def chart(self) -> dict[str, Any]:
        """What the charts draw: the data of their rows, and the rows' labels."""
        drawn = self.ordered[:_SHOWN]
        finite = [abs(each.contribution) for each in drawn if math.isfinite(each.contribution)]
        longest = max(finite, default=0.0) or 1.0
        return {
            "labels": [_label(each) for each in drawn],
            "rows": [_chart_row(index, each, longest) for index, each in enumerate(drawn)],
        }


@dataclass(frozen=True)
class View:
    """The whole comparison as the page shows it."""

    comparison: Comparison

    @property
    def log(self) -> str:
        """The logarithm of the unit."""
        return _LOG.get(self.comparison.unit, "log")

    @property
    def not_compared(self) -> list[tuple[str, str]]:
        """What was left out, and why."""
        return [
            *((each.name, each.reason) for each in self.comparison.skipped),
            *((name, "is in P alone") for name in self.comparison.only_in_p),
            *((name, "is in Q alone") for name in self.comparison.only_in_q),
        ]

    @cached_property
    def scale(self) -> Scale:
        """The scale on which all intervals are drawn."""
        return scale_of([each.divergence for each in self.comparison.columns])

    @cached_property
    def columns(self) -> list[ColumnView]:
        """The columns, the greatest estimate first."""
        columns = self.comparison.columns
        rows_at_most = _ROWS_IN_ALL // max(len(columns), 1)
        return [
            ColumnView(index, each, draw_interval(each.divergence, self.scale), rows_at_most)
            for index, each in enumerate(columns, 1)
        ]


def outcome_text(outcome: Outcome) -> Markup:
    """An outcome as HTML; what is not a value of the table, a null say, looks unlike one."""
    of = outcome.outcome
    return visible(of) if isinstance(of, Value | Bin) else Markup("<em>{}</em>").format(str(of))


def row_of(outcome: Outcome) -> Row:
    """The working of one outcome."""
    return Row(
        outcome_text(outcome),
        count(outcome.p_count or 0),
        count(outcome.q_count or 0),
        f"{outcome.p:.4g}",
        f"{outcome.q:.4g}",
        signed(outcome.contribution),
    )


def _weight(outcome: Outcome) -> tuple[float, float]:
    return abs(outcome.contribution), outcome.p


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """Many outcomes as one, with the sums of what they have."""
    return Outcome(
        f"{len(outcomes):,} other outcomes",
        sum(each.p_count or 0 for each in outcomes),
        sum(each.q_count or 0 for each in outcomes),
        math.fsum(each.p for each in outcomes),
        math.fsum(each.q for each in outcomes),
        sum(each.contribution for each in outcomes),
    )


def _rest_row(outcomes: Sequence[Outcome]) -> Row:
    return row_of(_together(outcomes))


def _label(outcome: Outcome) -> str:
    return plain(shown(outcome), _LABEL)


def _chart_row(index: int, outcome: Outcome, longest: float) -> dict[str, Any]:
    """One outcome for the charts: what is drawn as numbers, what is read as text."""
    infinite = math.isinf(outcome.contribution)
    return {
        "index": index,
        "label": _label(outcome),
        "p": outcome.p,
        "q": outcome.q,
        "drawn": math.copysign(longest, outcome.contribution) if infinite else outcome.contribution,
        "infinite": infinite,
        "p_text": share(outcome.p),
        "q_text": share(outcome.q),
        "term_text": signed(outcome.contribution),
    }
