"""From the columns of two tables to how often each shows each outcome, and what has to be said about it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kldiv.tables import number_texts
from kldiv.tables.binning import OfSides, bins_between, cuts_of, few_valued
from kldiv.tables.by_value import count_values, folding
from kldiv.tables.contract import SIDES, ByCuts, ByValues, Count, Grid, Kind, SideName
from kldiv.tables.outcomes import Bin, ColumnOutcome, Cut, Special, Value
from kldiv.tables.pairing import ColumnPair, PairCount, Tables
from kldiv.tables.profiles import stored_grid

_NOUNS = {
    Kind.BOOLEAN: "booleans",
    Kind.TEXT: "text",
    Kind.NUMBER: "numbers",
    Kind.DATE: "dates",
    Kind.TIME: "times of day",
}
# Columns in bins are counted some at a time: one scan for each would read a table as often as it has columns,
# one scan for all would need room for the quantiles of all, and show no progress.
_AT_ONCE = 8
# How many texts of a column, the most frequent, are looked at where the other table has numbers.
_LOOKED_AT = 100


class CountedColumn(NamedTuple):
    """How a column was counted, the counts, what its outcomes are made of, and notes."""

    type: str
    counts: dict[ColumnOutcome, PairCount]
    grid: Grid
    notes: tuple[str, ...]


class Uncounted(NamedTuple):
    """Why a column was not counted."""

    reason: str


Counted = dict[str, CountedColumn | Uncounted]


def count_columns(
    pairs: Sequence[ColumnPair],
    bins: int,
    max_categories: int,
    on_counted: Callable[[int], None] = lambda _: None,
) -> Counted:
    """Count columns of both tables, but those whose values can't be compared.

    `on_counted` is called with how many columns were counted since the last call.
    """
    found: Counted = {pair.name: Uncounted(reason) for pair in pairs if (reason := _why_not(pair))}
    left = [pair for pair in pairs if pair.name not in found]
    valued = _counted_by_value(left)
    if found:
        on_counted(len(found))
    binned = []
    for pair in left:
        if (kind := _kind(pair)) is None or pair.name in valued:
            found[pair.name] = _by_value(pair, kind, max_categories, valued.get(pair.name, {}))
            on_counted(1)
        else:
            binned.append(pair)
    for at in range(0, len(binned), _AT_ONCE):
        some = binned[at : at + _AT_ONCE]
        found |= _by_bin(some, bins)
        on_counted(len(some))
    return found


def _why_not(pair: ColumnPair) -> str | None:
    """The reason why the values can't be compared, if they can't."""
    kinds = {side: pair.columns[side].kind for side in SIDES if pair.ordinary(side)}
    for side, kind in kinds.items():
        if kind is Kind.UNSUPPORTED:
            return f"holds values of type {pair.columns[side].type} in {side.upper()}, which can't be counted"
    if len(set(kinds.values())) > 1:
        return f"holds {_NOUNS[kinds['p']]} in P and {_NOUNS[kinds['q']]} in Q" + _hint(pair, kinds)
    stored = {grid for side in SIDES if isinstance(grid := _grid(pair, side), ByCuts)}
    if len(stored) > 1:
        return "is stored in other bins in P than in Q; make one profile --like the other"
    return None


def _hint(pair: ColumnPair, kinds: Mapping[SideName, Kind]) -> str:
    """What to add where the texts of one table look like the numbers of the other."""
    if set(kinds.values()) != {Kind.TEXT, Kind.NUMBER}:
        return ""
    side: SideName = "p" if kinds["p"] is Kind.TEXT else "q"
    texts = pair.tables[side].count_values([pair.name], _LOOKED_AT)[pair.name].kept
    alike = number_texts.likeness(texts)
    return f"; the texts{alike}" if alike else ""


def _kind(pair: ColumnPair) -> Kind | None:
    """What the values are; None if there are none."""
    return next((pair.columns[side].kind for side in SIDES if pair.ordinary(side)), None)


def _grid(pair: ColumnPair, side: SideName) -> Grid | None:
    return stored_grid(pair.tables[side], pair.name) if pair.ordinary(side) else None


def _counted_by_value(pairs: Sequence[ColumnPair]) -> dict[str, OfSides]:
    """The columns whose values are the outcomes: texts, booleans; few whole numbers with their counts."""
    named: dict[str, OfSides] = {pair.name: {} for pair in pairs if _kind(pair) in (Kind.TEXT, Kind.BOOLEAN)}
    whole = [
        pair.name
        for pair in pairs
        if _kind(pair) is Kind.NUMBER
        and all(pair.summaries[side].whole for side in SIDES if pair.ordinary(side))
    ]
    if not whole:
        return named
    holding = {side: {pair.name for pair in pairs if pair.ordinary(side)} for side in SIDES}
    return named | few_valued(whole, pairs[0].tables, holding)


def _by_value(pair: ColumnPair, kind: Kind | None, max_categories: int, known: OfSides) -> CountedColumn:
    if kind is None:
        return CountedColumn("null", _specials(pair), ByValues(()), _emptiness(pair))
    counted = count_values(pair, max_categories, known)
    order = sorted(counted.kept, key=int) if kind is Kind.NUMBER else sorted(counted.kept)
    counts: dict[ColumnOutcome, PairCount] = {Value(each): counted.kept[each] for each in order}
    if counted.folded:
        counts[counted.folded] = counted.rest
    return CountedColumn(
        "integer" if kind is Kind.NUMBER else kind.value,
        counts | _specials(pair),
        ByValues(tuple(order)),
        (
            *_emptiness(pair),
            *(number_texts.note(order) if kind is Kind.TEXT else ()),
            *folding(pair, counted, max_categories),
        ),
    )


def _by_bin(pairs: Sequence[ColumnPair], bins: int) -> Counted:
    """Columns cut at the edges that a profile stores, or else at quantiles of Q."""
    tables = pairs[0].tables
    stored = {
        pair.name: (side, grid.cuts)
        for pair in pairs
        for side in SIDES
        if isinstance(grid := _grid(pair, side), ByCuts)
    }
    held = [pair.name for pair in pairs if pair.ordinary("q") and pair.name not in stored]
    cuts: dict[str, Sequence[Cut]] = {pair.name: [] for pair in pairs}
    cuts |= cuts_of(tables["q"], held, bins) if held else {}
    cuts |= {name: each for name, (_, each) in stored.items()}
    counts = {side: _bin_counts(pairs, side, tables, cuts) for side in SIDES}
    notes = {name: _stored_bins(side, len(each) + 1) for name, (side, each) in stored.items()}
    return {pair.name: _binned(pair, cuts[pair.name], counts, notes.get(pair.name, ())) for pair in pairs}


def _bin_counts(
    pairs: Sequence[ColumnPair], side: SideName, tables: Tables, cuts: dict[str, Sequence[Cut]]
) -> dict[str, list[Count]]:
    """A side without ordinary values has a type that may not compare with the cuts, and nothing to count."""
    asked = {pair.name: cuts[pair.name] for pair in pairs if pair.ordinary(side)}
    none: dict[str, list[Count]] = {pair.name: [0] * (len(cuts[pair.name]) + 1) for pair in pairs}
    return none | dict(tables[side].count_bins(asked) if asked else {})


def _binned(
    pair: ColumnPair,
    cuts: Sequence[Cut],
    counts: dict[SideName, dict[str, list[Count]]],
    notes: Sequence[str],
) -> CountedColumn:
    kind = _kind(pair)
    of_p, of_q = (counts[side][pair.name] for side in SIDES)
    outcomes: Iterator[tuple[Bin, Count, Count]] = zip(bins_between(cuts), of_p, of_q, strict=True)
    shown: dict[ColumnOutcome, PairCount] = {each: PairCount(p, q) for each, p, q in outcomes if p or q}
    return CountedColumn(
        kind.value if kind else "null",
        shown | _specials(pair),
        ByCuts(tuple(cuts)),
        (*_emptiness(pair), *notes),
    )


def _stored_bins(side: SideName, bins: int) -> tuple[str]:
    return (f"counted in the {bins} bins that the profile of {side.upper()} stores",)


def _specials(pair: ColumnPair) -> dict[ColumnOutcome, PairCount]:
    return {each: pair.special(each) for each in Special if any(pair.special(each))}


def _emptiness(pair: ColumnPair) -> tuple[str, ...]:
    """A column without a single value is usually a mistake in how its table was made: say so."""
    nulls = pair.special(Special.NULL)
    return tuple(
        f"{_all(nulls[index])} null in {side.upper()}"
        for index, side in enumerate(SIDES)
        if nulls[index] == pair.held(side)
    )


def _all(values: Count) -> str:
    return "the only value is" if values == 1 else f"all {values:,} values are"
