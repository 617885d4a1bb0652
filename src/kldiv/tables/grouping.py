"""The groups that a column makes of the rows of two tables."""

from typing import NamedTuple

from kldiv.errors import TableError
from kldiv.tables.comparison import Group
from kldiv.tables.contract import SIDES, Kind, SideName
from kldiv.tables.outcomes import Special, Value
from kldiv.tables.pairing import ColumnPair, Tables, check_shared, pairs_of, quoted

# As many comparisons as a reader can look at.
MAX_GROUPS = 100


class Groups(NamedTuple):
    """The groups of both tables, and of one alone, in the order of their values."""

    both: tuple[Group, ...]
    only_in_p: tuple[Group, ...]
    only_in_q: tuple[Group, ...]


def groups_of(tables: Tables, by: str) -> Groups:
    """Find the groups that a column makes.

    Raises:
        TableError: the column is not in both tables, can't make groups, or makes too many.
    """
    check_shared(tables, [by])
    [pair] = pairs_of(tables, [by])
    number = _holds_numbers(pair)
    found = {side: _values(pair, side) for side in SIDES}
    texts = sorted(found["p"] | found["q"], key=int if number else None)
    specials = [each for each in Special if any(pair.special(each))]
    of_p, of_q = (
        {*map(Value, found[side])} | {each for each in specials if pair.special(each)[index]}
        for index, side in enumerate(SIDES)
    )
    ordered: list[Group] = [*map(Value, texts), *specials]
    if len(ordered) > MAX_GROUPS:
        raise _too_many(by)
    return Groups(
        tuple(each for each in ordered if each in of_p and each in of_q),
        tuple(each for each in ordered if each not in of_q),
        tuple(each for each in ordered if each not in of_p),
    )


def _holds_numbers(pair: ColumnPair) -> bool:
    """Whether the groups are numbers; raises where both sides don't hold one kind that makes groups."""
    kinds = {side: pair.columns[side].kind for side in SIDES if pair.ordinary(side)}
    for side, kind in kinds.items():
        whole = kind is Kind.NUMBER and pair.summaries[side].whole
        if kind not in (Kind.TEXT, Kind.BOOLEAN) and not whole:
            raise TableError(
                f"column {quoted(pair.name)} is of type {pair.columns[side].type} in {side.upper()}, which "
                "makes no groups; expected text, booleans or whole numbers"
            )
    if len(set(kinds.values())) > 1:
        raise TableError(
            f"column {quoted(pair.name)} holds {kinds['p'].value} values in P and {kinds['q'].value} values "
            "in Q; expected one kind to make groups"
        )
    return Kind.NUMBER in kinds.values()


def _values(pair: ColumnPair, side: SideName) -> set[str]:
    if not pair.ordinary(side):
        return set()
    found = pair.tables[side].distinct([pair.name], MAX_GROUPS)[pair.name]
    if found is None:
        raise _too_many(pair.name)
    return set(found)


def _too_many(by: str) -> TableError:
    return TableError(
        f"column {quoted(by)} makes more than {MAX_GROUPS} groups; expected one with fewer different values"
    )
