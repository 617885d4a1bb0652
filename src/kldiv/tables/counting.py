"""From a column of two tables to how often each shows each outcome, and what has to be said about it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kldiv.tables.binning import bins_between, cuts_of, is_counted_by_value
from kldiv.tables.contract import SIDES, Column, Count, Kind, SideName, Summary, Table, ValueCounts
from kldiv.tables.outcomes import ColumnOutcome, Cut, Folded, Special, Value

_NOUNS = {
    Kind.BOOLEAN: "booleans",
    Kind.TEXT: "text",
    Kind.NUMBER: "numbers",
    Kind.DATE: "dates",
    Kind.TIME: "times of day",
}


class PairCount(NamedTuple):
    """How often P and Q show an outcome."""

    p: Count
    q: Count


class ColumnPair(NamedTuple):
    """A column in P and in Q: what kind it is in each, and what it holds there."""

    name: str
    tables: Mapping[SideName, Table]
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


def count_column(pair: ColumnPair, bins: int, max_categories: int) -> CountedColumn | Uncounted:
    """Count a column of both tables, unless its values can't be compared."""
    kinds = {side: pair.columns[side].kind for side in SIDES if pair.summaries[side].ordinary}
    if Kind.UNSUPPORTED in kinds.values():
        return Uncounted(_unsupported(pair, kinds))
    if len(set(kinds.values())) > 1:
        return Uncounted(f"holds {_NOUNS[kinds['p']]} in P and {_NOUNS[kinds['q']]} in Q")
    counted = _ordinary(pair, next(iter(kinds.values()), None), bins, max_categories)
    specials: dict[ColumnOutcome, PairCount] = {
        each: _pair(pair, each) for each in Special if any(_pair(pair, each))
    }
    notes = [note for side in SIDES for note in _emptiness(pair, side)]
    return CountedColumn(counted.type, counted.counts | specials, (*notes, *counted.notes))


def _ordinary(pair: ColumnPair, kind: Kind | None, bins: int, max_categories: int) -> CountedColumn:
    if kind is None:
        return CountedColumn("null", {}, ())
    if is_counted_by_value(pair.name, kind, pair.tables, pair.summaries):
        return _by_value(pair, kind, max_categories)
    return _by_bin(pair, kind, bins)


def _by_value(pair: ColumnPair, kind: Kind, max_categories: int) -> CountedColumn:
    found = {side: _values(pair, side, max_categories) for side in SIDES}
    kept = _most_frequent(pair, found, max_categories)
    order = sorted(kept, key=int) if kind is Kind.NUMBER else sorted(kept)
    counts: dict[ColumnOutcome, PairCount] = {Value(each): kept[each] for each in order}
    shown = "integer" if kind is Kind.NUMBER else kind.value
    folded = Folded(*(found[side].different - _shown(kept, side) for side in SIDES))
    if not (folded.values_p or folded.values_q):
        return CountedColumn(shown, counts, ())
    rest = PairCount(
        *(
            pair.summaries[side].ordinary - sum(getattr(each, side) for each in kept.values())
            for side in SIDES
        )
    )
    counts[folded] = rest
    return CountedColumn(shown, counts, (_folding(pair, folded, rest, len(kept)),))


def _values(pair: ColumnPair, side: SideName, keep: int) -> ValueCounts:
    """A side without ordinary values has a type that may not be counted by value, and nothing to count."""
    if not pair.summaries[side].ordinary:
        return ValueCounts({}, 0)
    return pair.tables[side].count_values([pair.name], keep)[pair.name]


def _most_frequent(
    pair: ColumnPair, found: Mapping[SideName, ValueCounts], keep: int
) -> dict[str, PairCount]:
    """Of the values most frequent in either table, the first `keep` by the sum of their shares."""
    candidates = dict.fromkeys([*found["p"].kept, *found["q"].kept])
    counts = {side: _counts_of(pair, side, found[side], candidates) for side in SIDES}
    both = {each: PairCount(counts["p"].get(each, 0), counts["q"].get(each, 0)) for each in candidates}
    # Shares are compared by cross multiplication, so that no rounding decides which values are kept.
    p_rows, q_rows = (pair.tables[side].rows() for side in SIDES)
    ranked = sorted(both, key=lambda each: (-(both[each].p * q_rows + both[each].q * p_rows), each))
    return {each: both[each] for each in ranked[:keep]}


def _counts_of(
    pair: ColumnPair, side: SideName, found: ValueCounts, candidates: Mapping[str, None]
) -> dict[str, Count]:
    unknown = [each for each in candidates if each not in found.kept]
    if len(found.kept) == found.different or not unknown:
        return dict(found.kept)
    return {**found.kept, **pair.tables[side].count_listed({pair.name: unknown})[pair.name]}


def _shown(kept: Mapping[str, PairCount], side: SideName) -> int:
    return sum(1 for each in kept.values() if getattr(each, side))


def _by_bin(pair: ColumnPair, kind: Kind, bins: int) -> CountedColumn:
    cuts = cuts_of(pair.tables["q"], pair.name, bins) if pair.summaries["q"].ordinary else []
    outcomes = bins_between(cuts)
    of_p, of_q = (_bin_counts(pair, side, cuts) for side in SIDES)
    counts: dict[ColumnOutcome, PairCount] = {
        each: PairCount(*both) for each, *both in zip(outcomes, of_p, of_q, strict=True) if any(both)
    }
    return CountedColumn(kind.value, counts, ())


def _bin_counts(pair: ColumnPair, side: SideName, cuts: Sequence[Cut]) -> list[Count]:
    """A side without ordinary values has a type that may not compare with the cuts, and nothing to count."""
    if not pair.summaries[side].ordinary:
        return [0] * (len(cuts) + 1)
    return pair.tables[side].count_bins({pair.name: cuts})[pair.name]


def _pair(pair: ColumnPair, special: Special) -> PairCount:
    return PairCount(*(pair.summaries[side].specials[special] for side in SIDES))


def _emptiness(pair: ColumnPair, side: SideName) -> list[str]:
    """A column without a single value is usually a mistake in how its table was made: say so."""
    summary = pair.summaries[side]
    nulls = summary.specials[Special.NULL]
    held = summary.ordinary + sum(summary.specials.values())
    return [f"all {nulls:,} values are null in {side.upper()}"] if nulls == held else []


def _folding(pair: ColumnPair, folded: Folded, rest: PairCount, kept: int) -> str:
    shares = [_share(rest[index], pair.summaries[side]) for index, side in enumerate(SIDES)]
    note = (
        f"the {kept:,} most frequent values are counted one by one and the other {folded.values_p:,} of P "
        f"and {folded.values_q:,} of Q as one outcome, which has {shares[0]} of P and {shares[1]} of Q"
    )
    if folded.values_p <= folded.values_q:
        return note
    return (
        f"{note}; at least {folded.values_p - folded.values_q:,} of P's never occur in Q, so that the "
        "divergence as counted would be infinite without this"
    )


def _share(times: Count, summary: Summary) -> str:
    return f"{times / (summary.ordinary + sum(summary.specials.values())):.3g}"


def _unsupported(pair: ColumnPair, kinds: Mapping[SideName, Kind]) -> str:
    side = next(side for side, kind in kinds.items() if kind is Kind.UNSUPPORTED)
    return f"holds values of type {pair.columns[side].type} in {side.upper()}, which can't be counted"
