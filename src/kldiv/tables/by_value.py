"""A column of two tables counted value by value, the rare values of a long list together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kldiv.tables.binning import OfSides
from kldiv.tables.contract import SIDES, ByValues, Count, SideName, ValueCounts
from kldiv.tables.outcomes import Folded
from kldiv.tables.pairing import ColumnPair, PairCount
from kldiv.tables.profiles import stored_grid


class CountedValues(NamedTuple):
    """The values counted one by one, and what was counted together, if anything was."""

    kept: dict[str, PairCount]
    folded: Folded | None
    rest: PairCount


def count_values(pair: ColumnPair, keep: int, known: OfSides) -> CountedValues:
    """Count a column's values, the `keep` most frequent of them one by one; `known` were counted before."""
    found = {side: _values(pair, side, keep, known) for side in SIDES}
    kept = _most_frequent(pair, found, keep)
    different = [found[side].different - _shown(kept, side) for side in SIDES]
    # A difference of two sums of weights is not 0 where there is nothing left.
    rest = PairCount(
        *(
            max(0, pair.ordinary(side) - sum(getattr(each, side) for each in kept.values())) if others else 0
            for side, others in zip(SIDES, different, strict=True)
        )
    )
    return CountedValues(kept, Folded(*different) if any(different) else None, rest)


def folding(pair: ColumnPair, counted: CountedValues, keep: int) -> list[str]:
    """What has to be said where values were counted together."""
    if counted.folded is None:
        return []
    of_p, of_q = (share(counted.rest[index], pair.held(side)) for index, side in enumerate(SIDES))
    in_p, in_q = counted.folded.values_p, counted.folded.values_q
    one_by_one = (
        "the most frequent value is counted by itself"
        if len(counted.kept) == 1
        else f"the {len(counted.kept):,} most frequent values are counted one by one"
    )
    note = (
        f"{one_by_one} and the other {in_p:,} of P and {in_q:,} of Q as one outcome, "
        f"which has {of_p} of P and {of_q} of Q"
    )
    if in_p > in_q:
        note += (
            f"; at least {in_p - in_q:,} of P's never occur in Q, so that the divergence as counted would be "
            "infinite without this"
        )
    told_apart = [side.upper() for side in SIDES if _listed(pair, side) is not None]
    if told_apart and len(counted.kept) < keep:
        note += f"; {' and '.join(told_apart)} stores no other values one by one"
    return [note]


def share(times: Count, total: Count) -> str:
    """A part of a total, as messages show it."""
    return f"{100 * times / total:.3g} %"


def _values(pair: ColumnPair, side: SideName, keep: int, known: OfSides) -> ValueCounts:
    """A side without ordinary values has a type that may not be counted by value, and nothing to count."""
    if not pair.ordinary(side):
        return ValueCounts({}, 0)
    if side in known and len(known[side]) <= keep:
        return ValueCounts(known[side], len(known[side]))
    return pair.tables[side].count_values([pair.name], keep)[pair.name]


def _most_frequent(
    pair: ColumnPair, found: Mapping[SideName, ValueCounts], keep: int
) -> dict[str, PairCount]:
    """Of the values most frequent in either table, the first `keep` by the sum of their shares."""
    stored = [each for side in SIDES if (each := _listed(pair, side)) is not None]
    candidates = [
        each
        for each in dict.fromkeys([*found["p"].kept, *found["q"].kept])
        if all(each in values for values in stored)
    ]
    counts = {side: _counts_of(pair, side, found[side], candidates) for side in SIDES}
    both = {each: PairCount(counts["p"].get(each, 0), counts["q"].get(each, 0)) for each in candidates}
    # Shares are compared by cross multiplication, so that no rounding decides which values are kept.
    p_rows, q_rows = (pair.held(side) for side in SIDES)
    ranked = sorted(both, key=lambda each: (-(both[each].p * q_rows + both[each].q * p_rows), each))
    return {each: both[each] for each in ranked[:keep]}


def _listed(pair: ColumnPair, side: SideName) -> frozenset[str] | None:
    """The values that a stored profile tells apart, where these aren't all."""
    grid = stored_grid(pair.tables[side], pair.name)
    return frozenset(grid.values) if isinstance(grid, ByValues) else None


def _counts_of(
    pair: ColumnPair, side: SideName, found: ValueCounts, candidates: Sequence[str]
) -> dict[str, Count]:
    unknown = [each for each in candidates if each not in found.kept]
    if len(found.kept) == found.different or not unknown:
        return dict(found.kept)
    return {**found.kept, **pair.tables[side].count_listed({pair.name: unknown})[pair.name]}


def _shown(kept: Mapping[str, PairCount], side: SideName) -> int:
    return sum(1 for each in kept.values() if getattr(each, side))
