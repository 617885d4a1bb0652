"""From what a person gave for a table to the engine that counts it."""

import os
from collections.abc import Callable
from typing import Any

from kldiv.errors import InputTypeError, MissingExtraError
from kldiv.tables.contract import Table

_EXPECTED = "the path of a file, a glob, or a pandas, Polars, PyArrow, DuckDB, PySpark or Ibis table"


def open_table(source: Any, *, weights: str | None = None) -> Table:
    """Open a table to count it; close it after use.

    Args:
        source: the path of a CSV, Parquet or JSON file, or a glob that matches several of them; or a pandas
            or Polars frame, a PyArrow table, a DuckDB relation, a PySpark frame or an Ibis table.
        weights: the name of the column that weighs the rows; None to count each row once.

    Raises:
        InputTypeError: it is none of these.
        TableError: it can't be read, has no rows, or the weights can't be.
        MissingExtraError: the engine is not installed.
    """
    if isinstance(source, str | os.PathLike) and not isinstance(os.fspath(source), bytes):
        from kldiv.tables.duckdb_engine import DuckDBTable  # noqa: PLC0415 (one engine is loaded, not all)
        from kldiv.tables.files import find  # noqa: PLC0415

        return DuckDBTable.of_files(find(source), weights)
    library = type(source).__module__.partition(".")[0].lstrip("_")
    opener = _OPENERS.get((library, type(source).__name__))
    if opener is None:
        raise InputTypeError(f"a table is {type(source).__name__}; expected {_EXPECTED}")
    return opener(source, weights)


def _pandas(source: Any, weights: str | None) -> Table:
    from kldiv.tables.duckdb_frames import of_pandas  # noqa: PLC0415

    return of_pandas("the pandas frame", source, weights)


def _arrow(source: Any, weights: str | None) -> Table:
    from kldiv.tables.duckdb_frames import of_arrow  # noqa: PLC0415

    return of_arrow("the Arrow table", source, weights)


def _relation(source: Any, weights: str | None) -> Table:
    from kldiv.tables.duckdb_frames import of_relation  # noqa: PLC0415

    return of_relation("the DuckDB relation", source, weights)


def _polars(source: Any, weights: str | None) -> Table:
    _require_narwhals()
    from kldiv.tables.frames import of_polars  # noqa: PLC0415

    return of_polars("the Polars frame", source, weights)


def _ibis(source: Any, weights: str | None) -> Table:
    _require_narwhals()
    from kldiv.tables.ibis_frames import of_ibis  # noqa: PLC0415

    return of_ibis("the Ibis table", source, weights)


def _spark(source: Any, weights: str | None) -> Table:
    _require_narwhals()
    from kldiv.tables.spark import of_spark  # noqa: PLC0415

    return of_spark("the Spark frame", source, weights)


def _require_narwhals() -> None:
    try:
        import narwhals  # noqa: F401, PLC0415
    except ImportError:
        raise MissingExtraError("narwhals", "tables") from None


# By the library and the name of the class, so that no library is loaded to ask whether a table is of it.
_OPENERS: dict[tuple[str, str], Callable[[Any, str | None], Table]] = {
    ("pandas", "DataFrame"): _pandas,
    ("pyarrow", "Table"): _arrow,
    ("duckdb", "DuckDBPyRelation"): _relation,
    ("polars", "DataFrame"): _polars,
    ("polars", "LazyFrame"): _polars,
    ("ibis", "Table"): _ibis,
    ("pyspark", "DataFrame"): _spark,
}
