"""DuckDB counts what lies in memory, pandas frames and Arrow tables, and relations of its own.

NaN in a pandas column of NumPy floats is a missing value, as everywhere in pandas, and so a null here. A
column of a type that DuckDB can't read is replaced by one that says only which of its values are null.
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kldiv.errors import TableError
from kldiv.tables.csv_header import check_names
from kldiv.tables.duckdb_engine import DuckDBTable, opened
from kldiv.tables.duckdb_session import Rows, Session, explained
from kldiv.tables.pandas_columns import in_exact_types, without_text, zoned_nanoseconds
from kldiv.tables.sql import ROWS, select

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

# Each query looks at all columns of a frame, one by one and in Python: a copy of no more values than these,
# 128 MiB of doubles, costs less.
_COPIED = 2**24
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


def of_pandas(name: str, frame: "pd.DataFrame", weights: str | None = None) -> DuckDBTable:
    """Open a pandas frame; its index is no column."""
    aliases = [f"c{index}" for index in range(frame.shape[1])]
    types = [str(each) for each in frame.dtypes]
    columns = in_exact_types(frame.set_axis(aliases, axis=1))
    # Each value of a column of objects is looked at, not a sample of them.
    settings = f"SET pandas_analyze_sample = {len(frame)}"
    names = [str(each) for each in frame.columns]
    if halved := next(filter(_HALF_A_PAIR.search, names), None):
        raise TableError(
            f"can't read {name}: column {halved!r} has half of a character in its name; rename it"
        )
    textless = without_text(columns)
    for each, of in textless.items():
        types[int(each[1:])] = of
        columns[each] = columns[each].notna().to_numpy(bool)
    unreadable = _unreadable(columns, {each: columns[[each]] for each in aliases}, settings)
    for each in unreadable:
        _check_unicode(f"{name}: column '{names[int(each[1:])]}'", columns[each])
        columns[each] = columns[each].notna().to_numpy(bool)
    zoned = zoned_nanoseconds(columns)
    columns = columns.assign(**{each: columns[each].dt.tz_convert(None) for each in zoned})
    return _of_memory(name, names, types, columns, [*textless, *unreadable], weights, settings, zoned)


def of_arrow(name: str, table: "pa.Table", weights: str | None = None) -> DuckDBTable:
    """Open an Arrow table."""
    aliases = [f"c{index}" for index in range(table.num_columns)]
    types = [str(each) for each in table.schema.types]
    # Half precision fits into single, which DuckDB has.
    columns = [
        column.cast("float") if of == "halffloat" else column
        for column, of in zip(table.columns, types, strict=True)
    ]
    alone = {
        alias: type(table).from_arrays([each], [alias]) for alias, each in zip(aliases, columns, strict=True)
    }
    unreadable = _unreadable(type(table).from_arrays(columns, names=aliases), alone)
    for alias in unreadable:
        columns[int(alias[1:])] = columns[int(alias[1:])].is_valid()
    whole = type(table).from_arrays(columns, names=aliases)
    return _of_memory(name, table.column_names, types, whole, unreadable, weights)


def of_relation(
    name: str,
    relation: "duckdb.DuckDBPyRelation",
    weights: str | None = None,
    close: Callable[[], None] = lambda: None,
) -> DuckDBTable:
    """Open a relation, on the connection that it belongs to, which stays as it is."""
    rows = f"{ROWS}_{uuid.uuid4().hex}"
    with explained(name):
        names = relation.columns
        aliased = relation.project(", ".join(f"#{index + 1} AS c{index}" for index in range(len(names))))
    check_names(names, name)

    def ask(statement: str) -> Rows:
        answer = aliased.query(rows, statement)
        return answer.fetchall() if answer else []

    return opened(name, Session(name, ask, close), names, weights, rows=rows)


def _of_memory(
    name: str,
    names: Sequence[str],
    types: Sequence[str],
    columns: Any,
    unreadable: Sequence[str],
    weights: str | None,
    settings: str = "",
    zoned: Sequence[str] = (),
) -> DuckDBTable:
    twice = next((each for index, each in enumerate(names) if each in names[:index]), None)
    if twice is not None:
        raise TableError(f"{name} has more than one column called '{twice}'; rename all but one")
    if not names:
        raise TableError(f"{name} has no columns; expected at least one")
    session = Session.embedded(name)
    try:
        session.shows(columns)
        if settings:
            session.query(settings)
        # A mask says False where the value is null.
        other = [f"nullif({each}, false) AS {each}" for each in unreadable]
        other += [f"CAST({each} AS {_zoned_type(session)}) AS {each}" for each in zoned]
        replaced = f" REPLACE ({', '.join(other)})" if other else ""
        copied = len(columns) * len(names) <= _COPIED
        kept = "TABLE" if copied else "VIEW"
        session.query(f"CREATE TEMP {kept} {ROWS} AS {select(f'*{replaced}', 'memory')}")
        unsupported = {names[int(each[1:])]: types[int(each[1:])] for each in unreadable}
        return opened(name, session, names, weights, unsupported)
    except BaseException:
        session.close()
        raise


def _zoned_type(session: Session) -> str:
    """Of instants in nanoseconds, for which not every DuckDB has one of its own."""
    known = session.query("SELECT DISTINCT type_name FROM duckdb_types() WHERE type_name = 'timestamptz_ns'")
    return "TIMESTAMPTZ_NS" if known else "TIMESTAMPTZ"


def _unreadable(whole: Any, columns: Mapping[str, Any], settings: str = "") -> list[str]:
    """Those of these columns, each a frame or table of its own, that DuckDB can't read."""
    session = Session.embedded("a column")
    try:
        if settings:
            session.query(settings)
        if _is_readable(session, whole):
            return []
        return [alias for alias, each in columns.items() if not _is_readable(session, each)]
    finally:
        session.close()


def _is_readable(session: Session, column: Any) -> bool:
    try:
        session.shows(column)
        if objects := _objects(column):
            # They get one type, and only a look at all of them shows whether they fit it.
            session.query(select(", ".join(f"count({alias})" for alias in objects), "memory"))
    except TableError:
        return False
    return True


def _objects(columns: Any) -> list[str]:
    """The columns of Python's objects, as only pandas has them; its strings may be that."""
    return [
        alias
        for alias, of in getattr(columns, "dtypes", {}).items()
        if str(of) == "object" or getattr(of, "storage", None) == "python"
    ]


def _check_unicode(shown: str, column: "pd.Series[Any]") -> None:
    """Raise if a text has half of a pair that stands for one character, which no other library takes."""
    for row, value in enumerate(column.array):
        if isinstance(value, str) and (halves := _HALF_A_PAIR.search(value)):
            raise TableError(
                f"can't read {shown} has {halves[0]!r} in row {row}, counted from 0, which is half of a "
                "character; replace such halves, as .str.encode('utf-8', 'replace').str.decode('utf-8') does"
            )
