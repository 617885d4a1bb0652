"""A comparison of two tables as a JSON document and as piped lines, and what a reader has to be told."""

import heapq
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from kldiv.estimators.estimate import Estimate, Outcome
from kldiv.report.printable import printable
from kldiv.tables.comparison import (
    ColumnComparison,
    Comparison,
    Group,
    GroupComparison,
    JointComparison,
    Skipped,
)
from kldiv.tables.outcomes import AnyOutcome, Joint, Special, Value

Compared = ColumnComparison | JointComparison

# As many outcomes are named where a sentence lists them.
_NAMED = 5
_PIPED = (
    "column", "kind", "type", "estimate", "low", "high", "p_value_adjusted", "value",
    "n_p", "n_q", "nulls_p", "nulls_q", "largest_terms", "group",
)  # fmt: skip


class Name(NamedTuple):
    """What a divergence is called: by a symbol, and in a sentence."""

    symbol: str
    words: str


NAMES = {
    "kl": Name("D(P‖Q)", "D(P‖Q)"),
    "js": Name("JS", "Jensen–Shannon divergence"),
    "psi": Name("PSI", "Population stability index"),
    "total_variation": Name("TV", "Total variation distance"),
    "hellinger": Name("Hellinger", "Hellinger distance"),
}


def document(comparison: Comparison) -> dict[str, Any]:
    """Everything the comparison says; beside what JSON has no number for stands `infinite`."""
    return {
        "divergence": comparison.divergence,
        "direction": "D(P||Q)" if comparison.divergence == "kl" else None,
        "p": comparison.p,
        "q": comparison.q,
        "rows_p": comparison.rows_p,
        "rows_q": comparison.rows_q,
        "base": comparison.base,
        "unit": comparison.unit,
        "confidence": comparison.confidence,
        "missing": comparison.missing,
        "weights": comparison.weights,
        **_compared(comparison.columns, comparison.joint, comparison.skipped),
        "only_in_p": list(comparison.only_in_p),
        "only_in_q": list(comparison.only_in_q),
        "by": comparison.by,
        "groups": [_group(each) for each in comparison.groups],
        "groups_only_in_p": [_value(each) for each in comparison.groups_only_in_p],
        "groups_only_in_q": [_value(each) for each in comparison.groups_only_in_q],
    }


def _compared(
    columns: Sequence[ColumnComparison], joint: Sequence[JointComparison], skipped: Sequence[Skipped]
) -> dict[str, Any]:
    return {
        "columns": [_column(each) for each in columns],
        "joint": [
            {"names": list(each.names), **_divergence(each), "notes": list(each.notes)} for each in joint
        ],
        "skipped": [{"name": each.name, "reason": each.reason} for each in skipped],
    }


def _group(group: GroupComparison) -> dict[str, Any]:
    compared = _compared(group.columns, group.joint, group.skipped)
    return {**_value(group.group), "rows_p": group.rows_p, "rows_q": group.rows_q, **compared}


def _value(group: Group) -> dict[str, str]:
    return {"group": str(group), "group_kind": group.kind}


def _column(column: ColumnComparison) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "type": column.type,
        **_divergence(column),
        "nulls_p": column.nulls_p,
        "nulls_q": column.nulls_q,
        "notes": list(column.notes),
    }


def _divergence(compared: Compared) -> dict[str, Any]:
    divergence = compared.divergence
    infinite = math.isinf(divergence.value)
    return {
        "value": divergence.value,
        "infinite": infinite,
        "infinite_because": why_infinite(divergence) if infinite else None,
        "estimate": divergence.estimate,
        "low": divergence.low,
        "high": divergence.high,
        "unbounded": divergence.unbounded,
        "p_value": divergence.p_value,
        "p_value_adjusted": compared.p_value_adjusted,
        "method": divergence.method,
        "n_p": divergence.n_p,
        "n_q": divergence.n_q,
        "outcomes": [_outcome(each) for each in divergence.outcomes],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    """One outcome; its kind tells a null from the text "null"."""
    of = cast("AnyOutcome", outcome.outcome)
    parts = {"parts": [_part(each) for each in of.parts]} if isinstance(of, Joint) else {}
    return {
        **_part(of),
        **parts,
        "p_count": outcome.p_count,
        "q_count": outcome.q_count,
        "p": outcome.p,
        "q": outcome.q,
        "contribution": outcome.contribution,
        "infinite": math.isinf(outcome.contribution),
    }


def _part(outcome: AnyOutcome) -> dict[str, str]:
    return {"outcome": str(outcome), "outcome_kind": outcome.kind}


def tab_separated(comparison: Comparison, top: int) -> str:
    """The comparison as lines of fields with tabs between them, the first line their names.

    Numbers are written in full, an infinity as inf. No name or value can hold a tab or end a line.
    """
    lines = ["\t".join(_PIPED), *(_line(each, top) for each in comparison.everything())]
    return "\n".join(lines) + "\n"


def _line(compared: Compared, top: int) -> str:
    divergence = compared.divergence
    if isinstance(compared, ColumnComparison):
        kind, type_ = compared.kind, compared.type
        nulls = [str(compared.nulls_p), str(compared.nulls_q)]
    else:
        kind, type_, nulls = "joint", "joint", ["", ""]
    numbers = (
        divergence.estimate,
        divergence.low,
        divergence.high,
        compared.p_value_adjusted,
        divergence.value,
    )
    terms = "; ".join(f"{shown(each)} {each.contribution:+.4g}" for each in largest_terms(divergence, top))
    counts = [str(divergence.n_p), str(divergence.n_q), *nulls]
    group = "" if compared.group is None else _shown(compared.group)
    return "\t".join([printable(compared.name), kind, type_, *map(repr, numbers), *counts, terms, group])


def remarks(comparison: Comparison) -> list[tuple[str, str]]:
    """What the numbers alone don't say: a column's name, or none, and a remark."""
    said = [*_remarks(comparison.columns, comparison.joint, comparison.skipped)]
    said += [(name, "not compared: only in P") for name in comparison.only_in_p]
    said += [(name, "not compared: only in Q") for name in comparison.only_in_q]
    for group in comparison.groups:
        said += [
            (f"{name}, {group_name(comparison, group.group)}", each) for name, each in group_remarks(group)
        ]
    lone = (("P", comparison.groups_only_in_p), ("Q", comparison.groups_only_in_q))
    said += [
        (group_name(comparison, each), f"not compared: only in {side}") for side, of in lone for each in of
    ]
    return said


def group_remarks(group: GroupComparison) -> list[tuple[str, str]]:
    """What the numbers of one group don't say."""
    return [*_remarks(group.columns, group.joint, group.skipped)]


def group_name(comparison: Comparison, group: Group) -> str:
    """A group by its column and what its rows have there, either of which may be empty."""
    return f"{printable(comparison.by)} = {_shown(group)}"


def _remarks(
    columns: Sequence[ColumnComparison], joint: Sequence[JointComparison], skipped: Sequence[Skipped]
) -> Iterator[tuple[str, str]]:
    compared: list[Compared] = [*columns, *joint]
    for each in compared:
        if math.isinf(each.divergence.value):
            yield each.name, f"∞ as counted: {why_infinite(each.divergence)}"
        for note in each.notes:
            yield each.name, note
    for left in skipped:
        yield left.name, f"not compared: {left.reason}"


def why_infinite(divergence: Estimate) -> str:
    """Which outcomes make the value as counted infinite, the most frequent ones by name."""
    infinite = [each for each in divergence.outcomes if math.isinf(each.contribution)]
    sides = (
        ("Q", "P", [each for each in infinite if not each.q], lambda each: each.p),
        ("P", "Q", [each for each in infinite if not each.p], lambda each: each.q),
    )
    return "; ".join(_never(blind, has, missing, share) for blind, has, missing, share in sides if missing)


def _never(blind: str, has: str, missing: list[Outcome], share: Any) -> str:
    mass = sum(map(share, missing))
    most = sorted(missing, key=share, reverse=True)
    names = ", ".join(shown(each) for each in most[:_NAMED])
    more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
    have = "has" if len(missing) == 1 else "have"
    return f"{blind} never shows {names}{more}, which {have} {100 * mass:.3g} % of {has}"


def largest_terms(divergence: Estimate, top: int) -> list[Outcome]:
    """The outcomes that add most to the value as counted, the greatest first."""
    adding = (each for each in divergence.outcomes if each.contribution > 0)
    return heapq.nlargest(top, adding, key=lambda each: (each.contribution, each.p))


def shown(outcome: Outcome) -> str:
    """An outcome as text on one line; a value that could be taken for another outcome is in quotes."""
    return _shown(cast("AnyOutcome", outcome.outcome))


def _shown(outcome: AnyOutcome) -> str:
    if isinstance(outcome, Joint):
        return " × ".join(map(_shown, outcome.parts))
    text = printable(outcome)
    if not isinstance(outcome, Value):
        return text
    taken = {*map(str, Special), "any value"}
    odd = text in taken or text != text.strip() or text.startswith(("other (", "'")) or not outcome.text
    return repr(outcome.text) if odd else text
