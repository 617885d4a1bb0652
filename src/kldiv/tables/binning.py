"""How the values of a column become outcomes, whatever the engine that counts them."""

from collections.abc import Sequence
from itertools import pairwise

from kldiv.tables.contract import Engine, Kind, Summary
from kldiv.tables.outcomes import Bin, Cut

# Days of the month, hours, months, weekdays, grades and small codes: what people read value by value.
FEW_VALUES = 31


def is_counted_by_value(engine: Engine, name: str, kind: Kind, p: Summary, q: Summary) -> bool:
    """Whether each value is an outcome: text, booleans, and few different whole numbers."""
    if kind in (Kind.TEXT, Kind.BOOLEAN):
        return True
    whole = all(each.whole or not each.ordinary for each in (p, q))
    return kind is Kind.NUMBER and whole and engine.has_few_values(name, FEW_VALUES)


def cuts_of(engine: Engine, name: str, q: Summary, bins: int) -> list[Cut]:
    """Where to cut a column so that about equal parts of Q's ordinary values are in each of `bins` bins.

    Every cut is a value of Q greater than its least, so that every bin has some of Q. A value that fills
    a bin or more gets a bin to itself, which ends at Q's next greater value. A column that is one value in
    Q is cut on both sides of it: whatever else P shows there is something Q never shows.
    """
    if not q.ordinary:
        return []
    values = engine.values_at(name, ranks(q.ordinary, bins))
    heavy = [low for low, high in pairwise(values) if low == high]
    after = dict(zip(heavy, engine.next_values(name, heavy), strict=True)) if heavy else {}
    # The next greater value is at most the next quantile, so this order is ascending.
    ascending = [cut for each in values for cut in (each, after.get(each)) if cut is not None]
    cuts = [Cut(each) for each in dict.fromkeys(ascending) if each != values[0]]
    return cuts or [Cut(values[0]), Cut(values[0], above=True)]


def ranks(count: int, bins: int) -> list[int]:
    """The ranks, from 1, of the values that begin `bins` bins of equally many of `count` ordered values.

    Bin j begins right after ⌊j·count/bins⌋ values: at the upper quantile of j/bins, the least value with
    a share of more than that at or below it. In whole numbers, so that no rounding moves a cut.

    Example:
        >>> ranks(100, 4)
        [1, 26, 51, 76]
    """
    return [each * count // bins + 1 for each in range(bins)]


def bins_between(cuts: Sequence[Cut]) -> list[Bin]:
    """The bins that these cuts make, the first and the last without a bound on one side.

    Example:
        >>> [str(each) for each in bins_between([Cut("5"), Cut("9")])]
        ['< 5', '[5, 9)', '>= 9']
    """
    return [Bin(low, high) for low, high in pairwise([None, *cuts, None])]
