"""The types that a column has in the Parquet files of one table, where these differ from file to file."""

from collections.abc import Mapping

from kldiv.errors import TableError
from kldiv.tables.contract import Column, Kind
from kldiv.tables.pairing import quoted
from kldiv.tables.sql import is_integer, kind_of, steps_of

# Of no value.
_NULL = '"NULL"'
# As long as those of single precision tell apart.
_SHORT = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT")


def check_types(files: Mapping[str, Mapping[str, str]], read: Mapping[str, str], shown: str) -> None:
    """Raise if DuckDB would read a column of one of the files in a type that changes its values.

    `files` has the types of the columns by the files' paths, and `read` those of the table.
    """
    for path, types in files.items():
        for name, own in types.items():
            if not _holds(read[name], own):
                other = next(each for each in files if files[each][name] != own)
                raise TableError(
                    f"can't read {shown}: column {quoted(name)} is of type {own} in {path} and "
                    f"{files[other][name]} in {other}, of which DuckDB would make {read[name]}, and other "
                    "values; write it as one type"
                )


def _holds(common: str, own: str) -> bool:
    """Whether every value of a type is the same value in the one that DuckDB takes for several."""
    kind, column = kind_of(common), Column(kind_of(own), own)
    if own in (common, _NULL) or kind in (Kind.TEXT, Kind.UNSUPPORTED):
        return True
    if column.kind is not kind:
        return False
    if common == "FLOAT":
        return own in _SHORT
    if not common.startswith("DECIMAL(") or is_integer(column):
        return True
    return steps_of(column).unit >= steps_of(Column(kind, common)).unit
