"""Which columns can weigh the rows of a table, whatever the engine that counts them."""

from collections.abc import Mapping
from math import inf

from kldiv.errors import TableError
from kldiv.tables.contract import Column, Count, Kind

WRONG_WEIGHTS = ("null", "NaN", "infinite", "negative")


def check_weight_column(table: str, weights: str, columns: Mapping[str, Column]) -> None:
    """Raise unless the table has a column of numbers of this name."""
    if weights not in columns:
        shown = ", ".join(f"'{each}'" for each in columns)
        raise TableError(f"{table} has no column '{weights}' of weights; it has {shown}")
    if columns[weights].kind is not Kind.NUMBER:
        raise TableError(
            f"the weights '{weights}' of {table} are of type {columns[weights].type}; expected numbers"
        )


def check_weights(table: str, weights: str, wrong: Mapping[str, int], total: Count) -> None:
    """Raise if rows have a weight that none can have: `wrong` says how many have which."""
    for what, rows in wrong.items():
        if rows:
            raise TableError(
                f"the weights '{weights}' of {table} are {what} in {rows:,} row{'s' if rows != 1 else ''}; "
                "expected finite numbers >= 0"
            )
    if total == inf:
        raise TableError(f"the weights '{weights}' of {table} add up to more than any number can be")
    if not total:
        raise TableError(f"the weights '{weights}' of {table} are 0 in every row; expected some greater")
