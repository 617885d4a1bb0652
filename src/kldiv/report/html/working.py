"""The working of one divergence: its outcomes as rows of a table and of charts, and what both leave out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from markupsafe import Markup

from kldiv.estimators.estimate import Estimate, Outcome
from kldiv.report.comparison import shown
from kldiv.report.html.text import plain, visible
from kldiv.report.numbers import count, number, share, signed
from kldiv.tables.outcomes import Bin, Joint, Value

# As many outcomes are drawn, and listed before the rest is folded away: what a column of few whole numbers
# can have, null and its kin included.
_SHOWN = 36
# A chart has no room for more of an outcome's text.
_LABEL = 80


class Row(NamedTuple):
    """A row of the table."""

    outcome: Markup
    p_count: str
    q_count: str
    p: str
    q: str
    term: str


@dataclass(frozen=True)
class Working:
    """The outcomes of an estimate, of which a page lists so many at most."""

    divergence: Estimate
    at_most: int

    @cached_property
    def ordered(self) -> list[Outcome]:
        """The outcomes in their own order, or where there are many the largest terms first."""
        outcomes = list(self.divergence.outcomes)
        return outcomes if len(outcomes) <= _SHOWN else sorted(outcomes, key=_weight, reverse=True)

    @property
    def folded(self) -> int:
        """How many outcomes show only when asked for."""
        return max(len(self.ordered) - _SHOWN, 0)

    @property
    def unlisted(self) -> int:
        """How many outcomes are summed in the last row."""
        return max(len(self.ordered) - max(self.at_most, _SHOWN), 0)

    @property
    def shown_rows(self) -> list[Row]:
        """The rows that are shown at once."""
        return [_row(each) for each in self.ordered[:_SHOWN]]

    @property
    def folded_rows(self) -> list[Row]:
        """The rows that show when asked for, and one of the sums of those that are too many for a page."""
        listed = len(self.ordered) - self.unlisted
        rows = [_row(each) for each in self.ordered[_SHOWN:listed]]
        return [*rows, _row(_together(self.ordered[listed:]))] if self.unlisted else rows

    @property
    def total(self) -> Row:
        """The sums below the table."""
        each = self.divergence
        terms = math.fsum(outcome.contribution for outcome in each.outcomes)
        return Row(Markup("Σ"), count(each.n_p), count(each.n_q), "1", "1", number(terms))

    @property
    def undrawn(self) -> Outcome | None:
        """What the charts have no room for, together."""
        return _together(self.ordered[_SHOWN:]) if self.folded else None

    @property
    def chart(self) -> dict[str, Any]:
        """What the charts draw: the data of their rows, and the rows' labels."""
        drawn = self.ordered[:_SHOWN]
        finite = [abs(each.contribution) for each in drawn if math.isfinite(each.contribution)]
        longest = max(finite, default=0.0) or 1.0
        return {
            "labels": [plain(shown(each), _LABEL) for each in drawn],
            "rows": [_chart_row(index, each, longest) for index, each in enumerate(drawn)],
        }


def outcome_text(outcome: object) -> Markup:
    """An outcome as HTML; what is not a value of the table, a null say, looks unlike one."""
    if isinstance(outcome, Joint):
        return Markup(" × ").join(map(outcome_text, outcome.parts))
    return visible(outcome) if isinstance(outcome, Value | Bin) else Markup("<em>{}</em>").format(outcome)


def _row(outcome: Outcome) -> Row:
    return Row(
        outcome_text(outcome.outcome),
        count(outcome.p_count or 0),
        count(outcome.q_count or 0),
        f"{outcome.p:.4g}",
        f"{outcome.q:.4g}",
        signed(outcome.contribution),
    )


def _weight(outcome: Outcome) -> tuple[float, float]:
    return abs(outcome.contribution), max(outcome.p, outcome.q)


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """Many outcomes as one, with the sums of what they have."""
    return Outcome(
        f"{len(outcomes):,} other outcomes",
        sum(each.p_count or 0 for each in outcomes),
        sum(each.q_count or 0 for each in outcomes),
        math.fsum(each.p for each in outcomes),
        math.fsum(each.q for each in outcomes),
        math.fsum(each.contribution for each in outcomes),
    )


def _chart_row(index: int, outcome: Outcome, longest: float) -> dict[str, Any]:
    """One outcome for the charts: what is drawn as numbers, what is read as text."""
    infinite = math.isinf(outcome.contribution)
    return {
        "index": index,
        "label": plain(shown(outcome), _LABEL),
        "p": outcome.p,
        "q": outcome.q,
        "drawn": longest if infinite else outcome.contribution,
        "infinite": infinite,
        "more": "p" if outcome.p >= outcome.q else "q",
        "p_text": share(outcome.p),
        "q_text": share(outcome.q),
        "term_text": signed(outcome.contribution),
    }
