"""How the values of a column become outcomes, whatever the engine that counts them."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from kldiv.tables.contract import Count, SideName, Table
from kldiv.tables.outcomes import Bin, Cut

OfSides = Mapping[SideName, Mapping[str, Count]]
"""Every value of a column with its count, by the table."""

# Days of the month, hours, months, weekdays, grades and small codes: what people read value by value.
FEW_VALUES = 31


def few_valued(
    names: Sequence[str], tables: Mapping[SideName, Table], holding: Mapping[SideName, Collection[str]]
) -> dict[str, OfSides]:
    """Those of these columns of whole numbers that have few different ones in both tables together.

    `holding` names the columns of each table that hold any value at all; of these the counts are returned.
    """
    counted: dict[str, dict[SideName, Mapping[str, Count]]] = {name: {} for name in names}
    for side, table in tables.items():
        asked = [name for name in counted if name in holding[side]]
        for name, found in (table.distinct(asked, FEW_VALUES) if asked else {}).items():
            different = {each for values in (found or {}, *counted[name].values()) for each in values}
            if found is None or len(different) > FEW_VALUES:
                del counted[name]
            else:
                counted[name][side] = found
    return {**counted}


def cuts_of(table: Table, names: Sequence[str], bins: int) -> dict[str, list[Cut]]:
    """Where to cut columns so that about equal parts of this table's values are in each of `bins` bins.

    Every cut is a value of the table greater than its least, so that every bin has some of it. A value that
    fills a bin or more gets a bin to itself, which ends at the next greater value. A column that is one
    value here is cut on both sides of it: whatever else the other table shows, this one never does.
    """
    ordinary = {name: each.ordinary for name, each in table.summaries(names).items()}
    amounts_of = {name: amounts(ordinary[name], bins) for name in names if ordinary[name]}
    values = _values_past(table, amounts_of) if amounts_of else {}
    repeated = {name: [low for low, high in pairwise(each) if low == high] for name, each in values.items()}
    heavy = {name: each for name, each in repeated.items() if each}
    following = table.next_values(heavy) if heavy else {}
    after = {name: dict(zip(heavy[name], each, strict=True)) for name, each in following.items()}
    return {name: _cuts(values[name], after.get(name, {})) if name in values else [] for name in names}


def _values_past(table: Table, amounts_of: Mapping[str, Sequence[Count]]) -> dict[str, list[str]]:
    """The values past these amounts, of which few rows have the same several times."""
    asked = {name: list(dict.fromkeys(each)) for name, each in amounts_of.items()}
    found = {
        name: dict(zip(asked[name], each, strict=True)) for name, each in table.values_past(asked).items()
    }
    return {name: [found[name][each] for each in of] for name, of in amounts_of.items()}


def _cuts(values: Sequence[str], after: Mapping[str, str | None]) -> list[Cut]:
    # The next greater value is at most the next quantile, so this order is ascending.
    ascending = [cut for each in values for cut in (each, after.get(each)) if cut is not None]
    cuts = [Cut(each) for each in dict.fromkeys(ascending) if each != values[0]]
    return cuts or [Cut(values[0]), Cut(values[0], above=True)]


def amounts(count: Count, bins: int) -> list[Count]:
    """How much of `count` is below each of `bins` bins of equal parts.

    Bin j begins at the upper quantile of j/bins: the least value that a share of more than j/bins is at or
    below. Counts are whole numbers, and so are their parts, so that no rounding moves a cut.

    Example:
        >>> amounts(100, 4), amounts(10, 4)
        ([0, 25, 50, 75], [0, 2, 5, 7])
    """
    return [each * count // bins if isinstance(count, int) else each * count / bins for each in range(bins)]


def bins_between(cuts: Sequence[Cut]) -> list[Bin]:
    """The bins that these cuts make, the first and the last without a bound on one side.

    Example:
        >>> [str(each) for each in bins_between([Cut("5"), Cut("9")])]
        ['< 5', '[5, 9)', '>= 9']
    """
    return [Bin(low, high) for low, high in pairwise([None, *cuts, None])]
