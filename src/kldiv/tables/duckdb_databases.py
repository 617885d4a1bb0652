"""Opens a table or view of a DuckDB database file, and what a query makes of a table.

A database is opened for reading alone. What a query gives is kept in DuckDB's own storage, so that one
that orders by chance, or takes its time, is asked once.
"""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from kldiv.errors import TableError
from kldiv.tables.csv_header import check_names
from kldiv.tables.duckdb_engine import DuckDBTable, opened
from kldiv.tables.duckdb_files import open_files
from kldiv.tables.duckdb_session import Session
from kldiv.tables.files import Source
from kldiv.tables.pairing import listed
from kldiv.tables.sql import ROWS, identifier, literal, select

SCHEME = "duckdb:///"
_EXAMPLE = f"{SCHEME}file.db?table=NAME"
_DATABASE = "kldiv_database"
# What the table is called in a query.
_QUERIED = "t"


def of_files(source: Source, weights: str | None = None, query: str | None = None) -> DuckDBTable:
    """Open CSV, Parquet or JSON files, or what a query makes of the table `t` that they are.

    Raises:
        MissingExtraError: DuckDB is not installed.
        TableError: a file is missing, empty, or not what its extension says, or the query fails.
    """
    session = Session.embedded(source.shown)
    try:
        session.reads(source.paths)
        names, not_read = open_files(session.query, source)
        if query is None:
            return opened(source.shown, session, names, weights, not_read)
        _check_told_apart(names, source.shown)
        columns = ", ".join(f"c{index} AS {identifier(name)}" for index, name in enumerate(names))
        session.query(f"CREATE TEMP VIEW {_QUERIED} AS {select(columns, ROWS)}")
        return _queried(
            source.shown, session, query, weights, f"; the query calls the table t, which has {listed(names)}"
        )
    except BaseException:
        session.close()
        raise


def of_database(url: str, weights: str | None = None, query: str | None = None) -> DuckDBTable:
    """Open what `duckdb:///file.db?table=NAME` names, or with `query=SQL` what that gives.

    Three slashes and a path relative to the working folder, or four and an absolute one. A query given
    apart finds the table as `t`, and all the database's tables by their names.

    Raises:
        MissingExtraError: DuckDB is not installed.
        TableError: there is no such database or table, or the query fails.
    """
    path, table, asked = _parts(url)
    if query is not None and asked is not None:
        raise TableError(f"{url} has a query, and another was given; expected one of them")
    session = Session.embedded(url)
    try:
        session.query(f"ATTACH {literal(path)} AS {_DATABASE} (READ_ONLY, TYPE duckdb)")
        session.query(f"USE {_DATABASE}")
        if table is None:
            return _queried(url, session, _required(url, session, query or asked), weights)
        source = _found(url, session, table)
        if query is not None:
            session.query(f"CREATE TEMP VIEW {_QUERIED} AS {select('*', source)}")
            return _queried(url, session, query, weights)
        names = [str(row[0]) for row in session.query(f"DESCRIBE {source}")]
        aliases = ", ".join(f"c{index}" for index in range(len(names)))
        session.query(f"CREATE TEMP VIEW {ROWS} AS {select('*', f'{source} AS stored({aliases})')}")
        return opened(url, session, names, weights)
    except BaseException:
        session.close()
        raise


def _check_told_apart(names: list[str], shown: str) -> None:
    """Raise if a query would take one column for another: DuckDB's names have no capitals."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            raise TableError(
                f"{shown} has columns '{other}' and '{name}', which a query can't tell apart; rename one"
            )


def _parts(url: str) -> tuple[str, str | None, str | None]:
    """The path of the database, the name of the table, and the query."""
    split = urlsplit(url, allow_fragments=False)
    # A plus is one, as everywhere but in forms: SQL has them.
    given = parse_qs(split.query.replace("+", "%2B"), keep_blank_values=True)
    wrong = sorted(given.keys() - {"table", "query"}) or [key for key, each in given.items() if len(each) > 1]
    table, query = (given.get(key, [None])[0] for key in ("table", "query"))
    if wrong or query == "" or (table is not None and query is not None):
        raise TableError(f"{url} is no table of a database; expected {_EXAMPLE}, or ?query=SQL")
    path = split.path.removeprefix("/")
    if not Path(path).is_file():
        raise TableError(
            f"{url}: there is no file {path}; expected {_EXAMPLE}, or four slashes and a whole path"
        )
    return path, table, query


def _required(url: str, session: Session, query: str | None) -> str:
    if query is None:
        raise TableError(f"{url} names no table; write ?table=NAME after it, it has {_listed(session)}")
    return query


def _found(url: str, session: Session, table: str) -> str:
    """A table in SQL."""
    for schema, name in _tables(session):
        if table in (_shown(schema, name), f"{schema}.{name}"):
            return f"{_DATABASE}.{identifier(schema)}.{identifier(name)}"
    raise TableError(f"{url}: there is no table '{table}'; it has {_listed(session)}")


def _tables(session: Session) -> list[tuple[str, str]]:
    here = f"WHERE database_name = '{_DATABASE}' AND NOT internal"
    tables = select("schema_name, table_name", "duckdb_tables()", here)
    views = select("schema_name, view_name", "duckdb_views()", here)
    found = session.query(f"{tables} UNION ALL {views} ORDER BY ALL")
    return [(str(schema), str(name)) for schema, name in found]


def _shown(schema: str, name: str) -> str:
    return name if schema == "main" else f"{schema}.{name}"


def _listed(session: Session) -> str:
    return ", ".join(f"'{_shown(*each)}'" for each in _tables(session)) or "none at all"


def _queried(name: str, session: Session, query: str, weights: str | None, hint: str = "") -> DuckDBTable:
    """The result of a query; on a line of its own, as it may end in a comment. `hint` is for a wrong one."""
    asked = f"(\n{query.strip().rstrip(';')}\n)"
    try:
        names = [str(row[0]) for row in session.query(f"DESCRIBE {asked}")]
    except TableError as error:
        raise TableError(f"{str(error).rstrip('.!')}{hint}") from error
    check_names(names, name)
    aliases = ", ".join(f"c{index}" for index in range(len(names)))
    session.query(f"CREATE TEMP TABLE kldiv_answer AS {select('*', f'{asked} AS stored({aliases})')}")
    return opened(name, session, names, weights, rows="kldiv_answer")
