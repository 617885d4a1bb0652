"""From a column of two tables to how often each shows each outcome, and what has to be said about it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kldiv.tables.binning import bins_between, cuts_of, is_counted_by_value
from kldiv.tables.contract import SIDES, Column, Engine, FoldedCount, Kind, PairCount, SideName, Summary
from kldiv.tables.outcomes import ColumnOutcome, Cut, Folded, Special, Value

_NOUNS = {
    Kind.BOOLEAN: "booleans",
    Kind.TEXT: "text",
    Kind.NUMBER: "numbers",
    Kind.DATE: "dates",
    Kind.TIME: "times of day",
}


class ColumnPair(NamedTuple):
    """A column in P and in Q: what kind it is in each, and what it holds there."""

    name: str
    columns: Mapping[SideName, Column]
    summaries: Mapping[SideName, Summary]


class CountedColumn(NamedTuple):
    """How a column was counted, the counts, and notes on them."""

    type: str
    counts: dict[ColumnOutcome, PairCount]
    notes: tuple[str, ...]


class Uncounted(NamedTuple):
    """Why a column was not counted."""

    reason: str


def count_column(
    engine: Engine, pair: ColumnPair, bins: int, max_categories: int
) -> CountedColumn | Uncounted:
    """Count a column of both tables, unless its values can't be compared."""
    kinds = {side: pair.columns[side].kind for side in SIDES if pair.summaries[side].ordinary}
    if Kind.UNSUPPORTED in kinds.values():
        return Uncounted(_unsupported(pair, kinds))
    if len(set(kinds.values())) > 1:
        return Uncounted(f"holds {_NOUNS[kinds['p']]} in P and {_NOUNS[kinds['q']]} in Q")
    counted = _ordinary(engine, pair, next(iter(kinds.values()), None), bins, max_categories)
    specials: dict[ColumnOutcome, PairCount] = {
        each: _pair(pair, each) for each in Special if any(_pair(pair, each))
    }
    notes = [note for side in SIDES for note in _emptiness(pair, side)]
    return CountedColumn(counted.type, counted.counts | specials, (*notes, *counted.notes))


def _ordinary(
    engine: Engine, pair: ColumnPair, kind: Kind | None, bins: int, max_categories: int
) -> CountedColumn:
    if kind is None:
        return CountedColumn("null", {}, ())
    p, q = pair.summaries["p"], pair.summaries["q"]
    if is_counted_by_value(engine, pair.name, kind, p, q):
        return _by_value(engine, pair, kind, max_categories)
    return _by_bin(engine, pair, kind, bins)


def _by_value(engine: Engine, pair: ColumnPair, kind: Kind, max_categories: int) -> CountedColumn:
    kept, folded = engine.count_values(pair.name, max_categories)
    order = sorted(kept, key=int) if kind is Kind.NUMBER else sorted(kept)
    counts: dict[ColumnOutcome, PairCount] = {Value(each): kept[each] for each in order}
    shown = "integer" if kind is Kind.NUMBER else kind.value
    if folded is None:
        return CountedColumn(shown, counts, ())
    counts[Folded(folded.values)] = folded.count
    return CountedColumn(shown, counts, (_folding(pair, folded, len(kept)),))


def _by_bin(engine: Engine, pair: ColumnPair, kind: Kind, bins: int) -> CountedColumn:
    cuts = cuts_of(engine, pair.name, pair.summaries["q"], bins)
    outcomes = bins_between(cuts)
    of_p, of_q = (_bin_counts(engine, pair, side, cuts) for side in SIDES)
    counts: dict[ColumnOutcome, PairCount] = {
        each: PairCount(*both) for each, *both in zip(outcomes, of_p, of_q, strict=True) if any(both)
    }
    return CountedColumn(kind.value, counts, ())


def _bin_counts(engine: Engine, pair: ColumnPair, side: SideName, cuts: Sequence[Cut]) -> list[int]:
    """A side without ordinary values has a type that may not compare with the cuts, and nothing to count."""
    return (
        engine.count_bins(side, pair.name, cuts) if pair.summaries[side].ordinary else [0] * (len(cuts) + 1)
    )


def _pair(pair: ColumnPair, special: Special) -> PairCount:
    return PairCount(*(pair.summaries[side].specials[special] for side in SIDES))


def _emptiness(pair: ColumnPair, side: SideName) -> list[str]:
    """A column without a single value is usually a mistake in how its table was made: say so."""
    summary = pair.summaries[side]
    nulls = summary.specials[Special.NULL]
    held = summary.ordinary + sum(summary.specials.values())
    return [f"all {nulls:,} values are null in {side.upper()}"] if nulls == held else []


def _folding(pair: ColumnPair, folded: FoldedCount, kept: int) -> str:
    shares = [_share(folded.count[index], pair.summaries[side]) for index, side in enumerate(SIDES)]
    note = (
        f"the {kept:,} most frequent values are counted one by one and the other {folded.values:,} as one "
        f"outcome, which has {shares[0]} of P and {shares[1]} of Q"
    )
    if not folded.missing_values:
        return note
    hidden = _share(folded.missing_p, pair.summaries["p"])
    return (
        f"{note}; {folded.missing_values:,} of these, {hidden} of P, never occur in Q, so that the "
        "divergence as counted would be infinite without this"
    )


def _share(times: int, summary: Summary) -> str:
    return f"{times / (summary.ordinary + sum(summary.specials.values())):.3g}"


def _unsupported(pair: ColumnPair, kinds: Mapping[SideName, Kind]) -> str:
    side = next(side for side, kind in kinds.items() if kind is Kind.UNSUPPORTED)
    return f"holds values of type {pair.columns[side].type} in {side.upper()}, which can't be counted"
