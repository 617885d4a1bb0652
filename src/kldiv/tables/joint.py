"""Columns compared together: their values may be distributed alike one by one, and not in combination."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kldiv.errors import TableError
from kldiv.tables.binning import bins_between
from kldiv.tables.contract import SIDES, ByCuts, ByValues, Cell, Count, Grid, SideName
from kldiv.tables.counting import CountedColumn, Uncounted
from kldiv.tables.missing import MISSING
from kldiv.tables.outcomes import Bin, Folded, Joint, Special, Value
from kldiv.tables.pairing import ColumnPair, PairCount, quoted

_Part = Special | Value | Bin | Folded


class CountedJoint(NamedTuple):
    """How often each combination of outcomes occurs in P and in Q, and notes."""

    counts: dict[Joint, PairCount]
    notes: tuple[str, ...]


def count_joint(
    pairs: Sequence[ColumnPair],
    counted: Mapping[str, CountedColumn | Uncounted],
    max_cells: int,
    *,
    keep_missing: bool,
) -> CountedJoint | Uncounted:
    """Count columns together, each in so few outcomes that about `max_cells` combinations are possible."""
    each_at_most = max(2, math.floor(max_cells ** (1 / len(pairs)) + 0.5))
    columns = [_column(pair, counted[pair.name], each_at_most) for pair in pairs]
    found = {side: _counts(side, pairs, columns) for side in SIDES}
    cells = [
        cell
        for cell in dict.fromkeys([*found["p"], *found["q"]])
        if keep_missing or not set(cell) & set(MISSING)
    ]
    outcomes = {
        cell: Joint(tuple(each.part(of) for each, of in zip(columns, cell, strict=True))) for cell in cells
    }
    ordered = sorted(cells, key=lambda cell: [each.rank(of) for each, of in zip(columns, cell, strict=True)])
    counts = {outcomes[cell]: PairCount(found["p"].get(cell, 0), found["q"].get(cell, 0)) for cell in ordered}
    if empty := _empty_side(counts):
        return Uncounted(f"{empty} has no row where neither is missing")
    notes = [note for each in columns for note in each.notes]
    notes += [] if keep_missing else _left_out(pairs, counts)
    return CountedJoint(counts, tuple(notes))


class _Column(NamedTuple):
    """A column's outcomes in a joint count."""

    grid: Grid
    parts: tuple[_Part, ...]
    notes: tuple[str, ...]

    def part(self, cell: Cell) -> _Part:
        return cell if isinstance(cell, Special) else self.parts[cell]

    def rank(self, cell: Cell) -> int:
        """The place of an outcome among the column's: special values last."""
        return len(self.parts) + [*Special].index(cell) if isinstance(cell, Special) else cell


def _column(pair: ColumnPair, counted: CountedColumn | Uncounted, at_most: int) -> _Column:
    if isinstance(counted, Uncounted):
        raise TableError(f"can't compare {quoted(pair.name)} jointly: it {counted.reason}")
    if isinstance(counted.grid, ByCuts):
        return _binned(pair.name, counted.grid, at_most)
    return _valued(pair.name, counted, at_most)


def _binned(name: str, grid: ByCuts, at_most: int) -> _Column:
    """Every so-many-th cut, if there are too many."""
    step = math.ceil((len(grid.cuts) + 1) / at_most)
    cuts = grid.cuts[step - 1 :: step]
    note = (
        (f"{quoted(name)} is cut into {len(cuts) + 1} bins of its {len(grid.cuts) + 1}",) if step > 1 else ()
    )
    return _Column(ByCuts(cuts), tuple(bins_between(cuts)), note)


def _valued(name: str, counted: CountedColumn, at_most: int) -> _Column:
    """The most frequent values, and the others as one outcome."""
    values = {each.text: times for each, times in counted.counts.items() if isinstance(each, Value)}
    totals = [sum(each[index] for each in counted.counts.values()) for index in (0, 1)]
    ranked = sorted(values, key=lambda each: -(values[each].p * totals[1] + values[each].q * totals[0]))
    kept = set(ranked[:at_most])
    beyond = [next((each for each in counted.counts if isinstance(each, Folded)), Folded(0, 0))]
    beyond += [Folded(bool(values[each].p), bool(values[each].q)) for each in ranked[at_most:]]
    folded = Folded(sum(each.values_p for each in beyond), sum(each.values_q for each in beyond))
    note = (
        f"{quoted(name)} has its {len(kept):,} most frequent values one by one and the others as one outcome"
    )
    listed = tuple(each for each in values if each in kept)
    any_folded = folded.values_p or folded.values_q
    return _Column(ByValues(listed), (*map(Value, listed), folded), (note,) if any_folded else ())


def _counts(
    side: SideName, pairs: Sequence[ColumnPair], columns: Sequence[_Column]
) -> Mapping[tuple[Cell, ...], Count]:
    """A column without ordinary values has a type that may not compare with the grid."""
    grids = {
        pair.name: column.grid if pair.ordinary(side) else ByValues(())
        for pair, column in zip(pairs, columns, strict=True)
    }
    return pairs[0].tables[side].count_joint(grids)


def _left_out(pairs: Sequence[ColumnPair], counts: Mapping[Joint, PairCount]) -> list[str]:
    rows = [
        pairs[0].held(side) - sum(each[index] for each in counts.values()) for index, side in enumerate(SIDES)
    ]
    if not any(rows):
        return []
    return [f"left out where one is missing: {rows[0]:,} rows of P and {rows[1]:,} of Q"]


def _empty_side(counts: Mapping[Joint, PairCount]) -> str | None:
    """P or Q, where that has no row left."""
    sums = (sum(each[index] for each in counts.values()) for index in (0, 1))
    return next((side.upper() for side, rows in zip(SIDES, sums, strict=True) if not rows), None)
