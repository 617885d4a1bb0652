"""From what a person gave for a table to the engine that counts it."""

import os

from kldiv.tables.contract import Table
from kldiv.tables.duckdb_engine import DuckDBTable
from kldiv.tables.files import find


def open_table(source: str | os.PathLike[str], *, weights: str | None = None) -> Table:
    """Open a table to count it; close it after use.

    Args:
        source: the path of a CSV, Parquet or JSON file, or a glob that matches several of them.
        weights: the name of the column that weighs the rows; None to count each row once.

    Raises:
        TableError: it can't be read, has no rows, or the weights can't be.
        MissingExtraError: the engine is not installed.
    """
    return DuckDBTable.of_files(find(source), weights)
