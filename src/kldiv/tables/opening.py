"""From what a person gave for a table to the engine that counts it."""

import os
from collections.abc import Callable
from typing import Any, Literal

from kldiv.errors import InputTypeError, InvalidInputError, MissingExtraError
from kldiv.tables.contract import Table

EngineName = Literal["duckdb", "spark"]

_EXPECTED = "the path of a file, a glob, or a pandas, Polars, PyArrow, DuckDB, PySpark or Ibis table"


def open_table(
    source: Any,
    *,
    weights: str | None = None,
    query: str | None = None,
    engine: EngineName = "duckdb",
    master: str | None = None,
) -> Table:
    """Open a table to count it; close it after use.

    Args:
        source: the path of a CSV, Parquet or JSON file, or a glob that matches several of them, or
            `duckdb:///file.db?table=NAME`; or a pandas or Polars frame, a PyArrow table, a DuckDB relation, a
            PySpark frame or an Ibis table.
        weights: the name of the column that weighs the rows; None to count each row once.
        query: of a file or a database, SQL whose answer is counted; the table is called t in it.
        engine: what reads files: "duckdb" or "spark".
        master: where Spark runs; None for where it is configured to, on this machine by default.

    Raises:
        InputTypeError: it is none of these.
        InvalidInputError: a query or an engine for a table that is no file, or an empty query.
        TableError: it can't be read, has no rows, or the weights can't be.
        MissingExtraError: the engine is not installed.
    """
    if query is not None and not query.strip():
        raise InvalidInputError("the query is empty; expected SQL, such as SELECT * FROM t")
    if isinstance(source, str | os.PathLike) and not isinstance(os.fspath(source), bytes):
        if engine == "spark":
            return _of_spark(os.fspath(source), weights, query, master)
        return _of_path(source, weights, query)
    if query is not None or engine != "duckdb" or master is not None:
        raise InvalidInputError(
            f"a query, an engine or a master is for files and databases; expected none with a "
            f"{type(source).__name__}, which has its own"
        )
    for each in type(source).__mro__:
        library = each.__module__.partition(".")[0].lstrip("_")
        if opener := _OPENERS.get((library, each.__name__)):
            return opener(source, weights)
    raise InputTypeError(f"a table is {type(source).__name__}; expected {_EXPECTED}")


def _of_path(source: str | os.PathLike[str], weights: str | None, query: str | None) -> Table:
    from kldiv.tables.duckdb_databases import SCHEME, of_database, of_files  # noqa: PLC0415 (one engine is loaded)
    from kldiv.tables.files import find  # noqa: PLC0415

    path = os.fspath(source)
    if path.startswith(SCHEME):
        return of_database(path, weights, query)
    return of_files(find(path), weights, query)


def _of_spark(path: str, weights: str | None, query: str | None, master: str | None) -> Table:
    _require_narwhals()
    from kldiv.tables.spark import of_files  # noqa: PLC0415

    return of_files(path, master, weights, query)


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
    from kldiv.tables.polars_frames import of_polars  # noqa: PLC0415

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
