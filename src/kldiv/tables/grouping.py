"""The groups that a column makes of the rows of two tables: one for each value, or each day."""

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import NamedTuple

from kldiv.errors import TableError
from kldiv.tables.binning import amounts
from kldiv.tables.comparison import Group
from kldiv.tables.contract import SIDES, Kind, SideName, Table
from kldiv.tables.outcomes import Special, Value
from kldiv.tables.pairing import ColumnPair, Tables, check_shared, pairs_of, quoted
from kldiv.tables.writing import day_of, group_bounds, position

# As many comparisons as a reader can look at.
MAX_GROUPS = 100
# At so many places of a column of instants more days than that show early, and few are left to be found.
_PLACES = 2 * MAX_GROUPS

_Key = str | Fraction


class Groups(NamedTuple):
    """The groups of both tables, and of one alone, in the order of their values."""

    both: tuple[Group, ...]
    only_in_p: tuple[Group, ...]
    only_in_q: tuple[Group, ...]


def groups_of(tables: Tables, by: str) -> Groups:
    """Find the groups that a column makes: of dates and instants one of each day, in UTC if they have a zone.

    Raises:
        TableError: the column is not in both tables, can't make groups, or makes too many.
    """
    check_shared(tables, [by])
    [pair] = pairs_of(tables, [by])
    _check_kinds(pair)
    found = {side: _values(pair, side) for side in SIDES}
    # A number may be written in two ways in two types: 1e+16 and 10000000000000000.
    values = {**found["q"], **found["p"]}
    specials = [each for each in Special if any(pair.special(each))]
    ordered: list[Group] = [*(values[key] for key in sorted(values)), *specials]
    if len(ordered) > MAX_GROUPS:
        raise _too_many(by)
    of_p, of_q = (
        {values[key] for key in found[side]} | {each for each in specials if pair.special(each)[index]}
        for index, side in enumerate(SIDES)
    )
    return Groups(
        tuple(each for each in ordered if each in of_p and each in of_q),
        tuple(each for each in ordered if each not in of_q),
        tuple(each for each in ordered if each not in of_p),
    )


def _check_kinds(pair: ColumnPair) -> None:
    """Raise where both sides don't hold one kind that makes groups."""
    kinds = {side: pair.columns[side].kind for side in SIDES if pair.ordinary(side)}
    for side, kind in kinds.items():
        if kind is Kind.UNSUPPORTED:
            raise TableError(
                f"column {quoted(pair.name)} is of type {pair.columns[side].type} in {side.upper()}, which "
                "makes no groups; expected text, booleans, numbers, dates or times"
            )
    if len(set(kinds.values())) > 1:
        raise TableError(
            f"column {quoted(pair.name)} holds {kinds['p'].value} values in P and {kinds['q'].value} values "
            "in Q; expected one kind to make groups"
        )


def _values(pair: ColumnPair, side: SideName) -> Mapping[_Key, Value]:
    """The values that make groups, by what they are ordered by."""
    if not pair.ordinary(side):
        return {}
    table, kind = pair.tables[side], pair.columns[side].kind
    found: Collection[str] | None
    if kind in (Kind.TEXT, Kind.BOOLEAN):
        found = table.distinct([pair.name], MAX_GROUPS)[pair.name]
    elif kind is Kind.DATE:
        found = _days(table, pair.name)
    else:
        found = table.tally(pair.name, MAX_GROUPS)
    if found is None:
        raise _too_many(pair.name)
    by_text = kind in (Kind.TEXT, Kind.BOOLEAN)
    return {each if by_text else position(each, kind): Value(each) for each in found}


def _days(table: Table, name: str) -> set[str] | None:
    """The days that a column holds; None if they are too many."""
    ordinary = table.summaries([name])[name].ordinary
    seen = table.values_past({name: amounts(ordinary, _PLACES)})[name]
    days, new = set[str](), set(map(day_of, seen))
    while new and len(days | new) <= MAX_GROUPS:
        days |= new
        # The first instant after each new day is of a day that may not be known yet.
        ends = [group_bounds(each, Kind.DATE)[1].text for each in sorted(new)]
        following = table.next_values({name: ends})[name]
        new = {day_of(each) for each in following if each is not None} - days
    return None if new else days


def _too_many(by: str) -> TableError:
    return TableError(
        f"column {quoted(by)} makes more than {MAX_GROUPS} groups; expected one with fewer different values"
    )
