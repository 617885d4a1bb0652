"""How the values of a column become outcomes, whatever the engine that counts them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from kldiv.tables.contract import Count, Kind, SideName, Summary, Table
from kldiv.tables.outcomes import Bin, Cut

# Days of the month, hours, months, weekdays, grades and small codes: what people read value by value.
FEW_VALUES = 31


def is_counted_by_value(
    name: str, kind: Kind, tables: Mapping[SideName, Table], summaries: Mapping[SideName, Summary]
) -> bool:
    """Whether each value is an outcome: text, booleans, and few different whole numbers."""
    if kind in (Kind.TEXT, Kind.BOOLEAN):
        return True
    if kind is not Kind.NUMBER or not all(each.whole or not each.ordinary for each in summaries.values()):
        return False
    different: set[str] = set()
    for side, summary in summaries.items():
        found = tables[side].distinct([name], FEW_VALUES)[name] if summary.ordinary else {}
        if found is None:
            return False
        different |= found.keys()
    return len(different) <= FEW_VALUES


def cuts_of(table: Table, name: str, bins: int) -> list[Cut]:
    """Where to cut a column so that about equal parts of this table's values are in each of `bins` bins.

    Every cut is a value of the table greater than its least, so that every bin has some of it. A value that
    fills a bin or more gets a bin to itself, which ends at the next greater value. A column that is one
    value here is cut on both sides of it: whatever else the other table shows, this one never does.
    """
    ordinary = table.summaries([name])[name].ordinary
    if not ordinary:
        return []
    values = table.values_past({name: amounts(ordinary, bins)})[name]
    heavy = [low for low, high in pairwise(values) if low == high]
    after = dict(zip(heavy, table.next_values({name: heavy})[name], strict=True)) if heavy else {}
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
