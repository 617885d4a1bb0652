"""A comparison of two tables as a JSON document and as piped lines, and what a reader has to be told."""

import heapq
from typing import Any, cast

from kldiv.estimators.estimate import Estimate, Outcome
from kldiv.report.printable import printable
from kldiv.tables.comparison import ColumnComparison, Comparison
from kldiv.tables.outcomes import ColumnOutcome, Special, Value

# As many outcomes are named where a sentence lists them.
_NAMED = 5
_PIPED = (
    "column", "kind", "type", "estimate", "low", "high", "p_value_adjusted", "value",
    "n_p", "n_q", "nulls_p", "nulls_q", "largest_terms",
)  # fmt: skip


def document(comparison: Comparison) -> dict[str, Any]:
    """Everything the comparison says; beside what JSON has no number for stands `infinite`."""
    return {
        "direction": "D(P||Q)",
        "p": comparison.p,
        "q": comparison.q,
        "rows_p": comparison.rows_p,
        "rows_q": comparison.rows_q,
        "base": comparison.base,
        "unit": comparison.unit,
        "confidence": comparison.confidence,
        "columns": [_column(each) for each in comparison.columns],
        "skipped": [{"name": each.name, "reason": each.reason} for each in comparison.skipped],
        "only_in_p": list(comparison.only_in_p),
        "only_in_q": list(comparison.only_in_q),
    }


def _column(column: ColumnComparison) -> dict[str, Any]:
    divergence = column.divergence
    return {
        "name": column.name,
        "kind": column.kind,
        "type": column.type,
        "value": divergence.value,
        "infinite": divergence.infinite,
        "infinite_because": why_infinite(divergence) if divergence.infinite else None,
        "estimate": divergence.estimate,
        "low": divergence.low,
        "high": divergence.high,
        "p_value": divergence.p_value,
        "p_value_adjusted": column.p_value_adjusted,
        "n_p": divergence.n_p,
        "n_q": divergence.n_q,
        "nulls_p": column.nulls_p,
        "nulls_q": column.nulls_q,
        "notes": list(column.notes),
        "outcomes": [_outcome(each) for each in divergence.outcomes],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    """One outcome; its kind tells a null from the text "null"."""
    return {
        "outcome": str(outcome.outcome),
        "outcome_kind": cast("ColumnOutcome", outcome.outcome).kind,
        "p_count": outcome.p_count,
        "q_count": outcome.q_count,
        "p": outcome.p,
        "q": outcome.q,
        "contribution": outcome.contribution,
        "infinite": outcome.p > 0 and outcome.q == 0,
    }


def tab_separated(comparison: Comparison, top: int) -> str:
    """The comparison as lines of fields with tabs between them, the first line their names.

    Numbers are written in full, an infinity as inf. No name or value can hold a tab or end a line.
    """
    lines = ["\t".join(_PIPED)]
    for column in comparison.columns:
        divergence = column.divergence
        numbers = (
            divergence.estimate,
            divergence.low,
            divergence.high,
            column.p_value_adjusted,
            divergence.value,
        )
        counts = (divergence.n_p, divergence.n_q, column.nulls_p, column.nulls_q)
        terms = "; ".join(
            f"{shown(each)} {each.contribution:+.4g}" for each in largest_terms(divergence, top)
        )
        names = (printable(column.name), column.kind, column.type)
        lines.append("\t".join([*names, *map(repr, numbers), *map(str, counts), terms]))
    return "\n".join(lines) + "\n"


def remarks(comparison: Comparison) -> list[tuple[str, str]]:
    """What the numbers alone don't say: a column's name, or none, and a remark."""
    remarks = []
    for column in comparison.columns:
        if column.divergence.infinite:
            remarks.append((column.name, f"∞ as counted: {why_infinite(column.divergence)}"))
        remarks += [(column.name, note) for note in column.notes]
    remarks += [(each.name, f"not compared: {each.reason}") for each in comparison.skipped]
    remarks += [(name, "not compared: only in P") for name in comparison.only_in_p]
    remarks += [(name, "not compared: only in Q") for name in comparison.only_in_q]
    return remarks


def why_infinite(divergence: Estimate) -> str:
    """Which outcomes make the value as counted infinite, the most frequent ones by name."""
    missing = sorted(divergence.missing_from_q, key=lambda each: -each.p)
    mass = sum(each.p for each in missing)
    names = ", ".join(shown(each) for each in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
    return f"Q never shows {names}{more}, which {'has' if len(missing) == 1 else 'have'} {mass:.3g} of P"


def largest_terms(divergence: Estimate, top: int) -> list[Outcome]:
    """The outcomes that add most to the value as counted, the greatest first."""
    adding = (each for each in divergence.outcomes if each.contribution > 0)
    return heapq.nlargest(top, adding, key=lambda each: (each.contribution, each.p))


def shown(outcome: Outcome) -> str:
    """An outcome as text on one line; a value that could be taken for another outcome is in quotes."""
    text = printable(outcome.outcome)
    if not isinstance(outcome.outcome, Value):
        return text
    taken = {str(each) for each in Special}
    odd = (
        text in taken or text != text.strip() or text.startswith(("other (", "'")) or not outcome.outcome.text
    )
    return repr(outcome.outcome.text) if odd else text
