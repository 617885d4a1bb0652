"""What becomes of missing values: outcomes like any other, left out, or compared on their own."""

from typing import Literal

from kldiv.tables.contract import SIDES
from kldiv.tables.counting import CountedColumn, Uncounted
from kldiv.tables.outcomes import ColumnOutcome, Present, Special
from kldiv.tables.pairing import ColumnPair, PairCount

Missing = Literal["category", "drop", "separate"]
MISSING = (Special.NULL, Special.NAN)


def without_missing(pair: ColumnPair, counted: CountedColumn) -> CountedColumn | Uncounted:
    """The column's values alone, with a note of what was left out."""
    counts = {outcome: each for outcome, each in counted.counts.items() if outcome not in MISSING}
    empty = [
        side.upper() for index, side in enumerate(SIDES) if not sum(each[index] for each in counts.values())
    ]
    if empty:
        return Uncounted(f"misses every value in {' and '.join(empty)}")
    dropped = [
        f"{times:,} {special} in {side.upper()}"
        for special in MISSING
        for side, times in zip(SIDES, pair.special(special), strict=True)
        if times
    ]
    note = (f"left out: {', '.join(dropped)}",) if dropped else ()
    return counted._replace(counts=counts, notes=(*counted.notes, *note))


def missingness(pair: ColumnPair, counted: CountedColumn) -> CountedColumn | None:
    """How often each side has a value, and how often each kind of none; None where nothing is missing."""
    missing: dict[ColumnOutcome, PairCount] = {
        outcome: each for outcome, each in counted.counts.items() if outcome in MISSING
    }
    if not missing:
        return None
    infinite = [each for each in Special if each not in MISSING]
    held = PairCount(
        *(
            pair.ordinary(side) + sum(pair.special(each)[index] for each in infinite)
            for index, side in enumerate(SIDES)
        )
    )
    present: dict[ColumnOutcome, PairCount] = {Present(): held} if any(held) else {}
    return CountedColumn("missingness", present | missing, counted.grid, ())
