"""The columns that two tables share, and what each of them holds in both."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kldiv.errors import TableError
from kldiv.tables.contract import SIDES, Column, Count, SideName, Summary, Table
from kldiv.tables.outcomes import Special

Tables = Mapping[SideName, Table]


class PairCount(NamedTuple):
    """How often P and Q show an outcome."""

    p: Count
    q: Count


class ColumnPair(NamedTuple):
    """A column in P and in Q: what kind it is in each, and what it holds there."""

    name: str
    tables: Tables
    columns: Mapping[SideName, Column]
    summaries: Mapping[SideName, Summary]

    def special(self, special: Special) -> PairCount:
        """How often each side has a special value."""
        return PairCount(*(self.summaries[side].specials[special] for side in SIDES))

    def ordinary(self, side: SideName) -> Count:
        """How many values of one side are none of the special ones."""
        return self.summaries[side].ordinary

    def held(self, side: SideName) -> Count:
        """How many rows one side has, by what they hold."""
        return self.summaries[side].ordinary + sum(self.summaries[side].specials.values())


def shared_names(tables: Tables) -> list[str]:
    """The names of the columns in both tables, in P's order.

    Raises:
        TableError: there are none.
    """
    of_p, of_q = (tables[side].columns() for side in SIDES)
    shared = [each for each in of_p if each in of_q]
    if not shared:
        p_has, q_has = (listed(each) or "none to compare" for each in (of_p, of_q))
        raise TableError(
            f"no column is in both tables: P has {p_has} and Q has {q_has}; "
            "expected a name that is the same in both, capitals included"
        )
    return shared


def check_shared(tables: Tables, names: Iterable[str]) -> None:
    """Raise a TableError unless every one of these columns is in both tables."""
    shared = shared_names(tables)
    for name in names:
        if name not in shared:
            raise TableError(_absent(name, shared, *(tables[side].columns() for side in SIDES)))


def pairs_of(tables: Tables, names: Sequence[str]) -> list[ColumnPair]:
    """These columns of both tables, with what they hold."""
    columns = {side: tables[side].columns() for side in SIDES}
    summaries = {side: tables[side].summaries(names) for side in SIDES}
    return [
        ColumnPair(
            name,
            tables,
            {side: columns[side][name] for side in SIDES},
            {side: summaries[side][name] for side in SIDES},
        )
        for name in names
    ]


def _absent(name: str, shared: Sequence[str], of_p: Iterable[str], of_q: Iterable[str]) -> str:
    sides = [side for side, of in (("P", of_p), ("Q", of_q)) if name in of]
    where = f"is in {sides[0]} alone" if sides else "is in neither table"
    by_fold = {each.casefold(): each for each in shared}
    close = [by_fold[each] for each in difflib.get_close_matches(name.casefold(), by_fold)]
    hint = (
        f"did you mean {' or '.join(quoted(each) for each in close)}?"
        if close
        else f"both have {listed(shared)}"
    )
    return f"column {quoted(name)} {where}; {hint}"


def listed(names: Iterable[str], at_most: int = 8) -> str:
    """Names in quotes with commas between, no more than a sentence holds."""
    every = [quoted(each) for each in names]
    more = f" and {len(every) - at_most} more" if len(every) > at_most else ""
    return ", ".join(every[:at_most]) + more


def quoted(name: str) -> str:
    """A name as messages show it."""
    return f"'{name}'"
