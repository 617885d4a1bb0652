"""DuckDB counts: CSV, Parquet and JSON files, by SQL that returns nothing but counts and cuts."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from kldiv.errors import MissingExtraError, TableError
from kldiv.tables import sql
from kldiv.tables.contract import (
    SIDES,
    Column,
    Engine,
    FoldedCount,
    Kind,
    PairCount,
    SideName,
    Summary,
    ValueCounts,
)
from kldiv.tables.duckdb_files import open_table, values_of
from kldiv.tables.files import Source
from kldiv.tables.outcomes import Cut, Special

if TYPE_CHECKING:
    import duckdb

# More different values than few among this many rows settle it without counting the rest.
_FIRST_ROWS = 10_000
# No network: an extension that is not installed is not looked for.
_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
# What DuckDB adds for those who write SQL: the statement, and settings to try.
_ADVICE = re.compile(r"\n\s*(?:LINE \d+:|Possible|Potential|Candidate|Try |file = )")
_KIND_OF_ERROR = re.compile(r"^[A-Za-z ]*Error: ")


class DuckDBEngine(Engine):
    """Two tables in files, opened by an embedded DuckDB; a context manager.

    Raises:
        MissingExtraError: DuckDB is not installed.
        TableError: a file is missing, empty, or not what its extension says.
    """

    def __init__(self, p: Source, q: Source) -> None:
        self._shown = {"p": p.shown, "q": q.shown}
        self._duckdb = _duckdb()
        self._overflow = tempfile.TemporaryDirectory(prefix="kldiv-", ignore_cleanup_errors=True)
        self._connection = self._connect()
        try:
            self._tables = {"p": self._open("p", p), "q": self._open("q", q)}
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files, and of what DuckDB put on disk."""
        self._connection.close()
        self._overflow.cleanup()

    def columns(self, side: SideName) -> Mapping[str, Column]:
        """The columns of one table, in its order."""
        return self._tables[side].columns

    def rows(self, side: SideName) -> int:
        """How many rows one table has."""
        return self._tables[side].rows

    def summaries(self, side: SideName, names: Sequence[str]) -> Mapping[str, Summary]:
        """One query for many columns of a table."""
        table = self._tables[side]
        wanted = [(table.sql_name(name), table.columns[name]) for name in names]
        parts = [part for column, of in wanted for part in sql.summary(column, of)]
        row = values_of(lambda statement: self._query(statement, side), parts, side)
        each = len(Special) + 2
        return {name: _summary(row[each * i : each * (i + 1)]) for i, name in enumerate(names)}

    def has_few_values(self, name: str, limit: int) -> bool:
        """Many different values show among the first rows; only few are counted to the end."""
        texts = [self._texts(side, name) for side in SIDES]
        for side, each in zip(SIDES, texts, strict=True):
            first = f"({each} LIMIT {_FIRST_ROWS})"
            if self._number(sql.select("count(DISTINCT value)", first), side) > limit:
                return False
        return self._number(sql.select("count(*)", f"({' UNION '.join(texts)})"), *SIDES) <= limit

    def values_at(self, name: str, ranks: Sequence[int]) -> list[str]:
        """Exact quantiles, by rank."""
        column, where, of = self._ordinary("q", name)
        count = self._number(sql.select("count(*)", "q", where), "q")
        # In the middle of a rank's share no rounding of count·fraction can reach the next rank.
        fractions = ", ".join(f"{(rank - 0.5) / count!r}::DOUBLE" for rank in ranks)
        found = f"CAST(quantile_disc({column}, [{fractions}]) AS VARCHAR[])"
        [(texts,)] = self._query(sql.select(found, "q", where), "q")
        return [_cut_text(each, of) for each in texts]

    def next_values(self, name: str, values: Sequence[str]) -> list[str | None]:
        """One query for all the values."""
        column, where, of = self._ordinary("q", name)
        above = [f"{column} > CAST({sql.literal(each)} AS {of.type})" for each in values]
        parts = ", ".join(f"CAST(min({column}) FILTER (WHERE {each}) AS VARCHAR)" for each in above)
        [row] = self._query(sql.select(parts, "q", where), "q")
        return [None if each is None else _cut_text(each, of) for each in row]

    def count_bins(self, side: SideName, name: str, cuts: Sequence[Cut]) -> list[int]:
        """The bin of each value is found by bisection."""
        column, where, of = self._ordinary(side, name)
        number = sql.bin_number(column, of, cuts, self._tables["q"].columns[name].type)
        rows = self._query(sql.select(f"{number} AS bin, count(*)", side, where, "GROUP BY bin"), side)
        counted = dict(rows)
        return [counted.get(index, 0) for index in range(len(cuts) + 1)]

    def count_values(self, name: str, keep: int) -> ValueCounts:
        """Both tables grouped and joined; only the most frequent values leave DuckDB."""
        p, q = (self._texts(side, name) for side in SIDES)
        ranked = sql.ranked_values(p, q, self.rows("p"), self.rows("q"))
        kept, folded = {}, None
        for value, is_kept, *numbers in self._query(sql.kept_and_folded(ranked, keep), *SIDES):
            values, of_p, of_q, missing, missing_p = map(int, numbers)
            if is_kept:
                kept[value] = PairCount(of_p, of_q)
            else:
                folded = FoldedCount(values, PairCount(of_p, of_q), missing, missing_p)
        return ValueCounts(kept, folded)

    def _texts(self, side: SideName, name: str) -> str:
        """The query of a column's ordinary values as texts."""
        column, where, of = self._ordinary(side, name)
        return sql.select(f"{sql.as_text(column, of)} AS value", side, where)

    def _ordinary(self, side: SideName, name: str) -> tuple[str, str, Column]:
        """A column's name in SQL, the clause that leaves its ordinary values, and the column."""
        table = self._tables[side]
        column, of = table.sql_name(name), table.columns[name]
        return column, f"WHERE {sql.ordinary(column, of)}", of

    def _open(self, side: SideName, source: Source) -> "_Table":
        names = open_table(lambda statement: self._query(statement, side), side, source)
        types = [str(row[1]) for row in self._query(f"DESCRIBE {side}", side)]
        columns = {name: Column(sql.kind_of(of), of) for name, of in zip(names, types, strict=True)}
        rows = self._number(sql.select("count(*)", side), side)
        if not rows:
            raise TableError(f"{source.shown} has no rows; expected at least one")
        return _Table(columns, rows, tuple(names))

    def _number(self, statement: str, *sides: SideName) -> int:
        return int(self._query(statement, *sides)[0][0])

    def _query(self, statement: str, *sides: SideName) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement).fetchall()
        except self._duckdb.Error as error:
            shown = " or ".join(dict.fromkeys(self._shown[side] for side in sides))
            raise TableError(f"can't read {shown}: {_reason(str(error))}") from error
        except RuntimeError as error:
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from error
            raise

    def _connect(self) -> "duckdb.DuckDBPyConnection":
        connection: duckdb.DuckDBPyConnection = self._duckdb.connect(
            ":memory:", config={**_CONFIG, "temp_directory": self._overflow.name}
        )
        # The object cache keeps what a Parquet file says about itself, which each query would read again.
        connection.execute(
            "SET TimeZone = 'UTC'; SET enable_progress_bar = false; SET enable_object_cache = true"
        )
        return connection


@dataclass(frozen=True)
class _Table:
    """An opened table: its columns by name, and its names in the order of c0, c1, and so on."""

    columns: Mapping[str, Column]
    rows: int
    names: tuple[str, ...]

    def sql_name(self, name: str) -> str:
        return f"c{self.names.index(name)}"


def _duckdb() -> ModuleType:
    try:
        import duckdb  # noqa: PLC0415 (an extra, and loaded when a table is opened)
    except ImportError:
        raise MissingExtraError("duckdb", "tables") from None
    return duckdb


def _summary(row: Sequence[Any]) -> Summary:
    ordinary, whole, *specials = row
    return Summary(ordinary, dict(zip(Special, specials, strict=True)), bool(whole))


def _cut_text(text: str, column: Column) -> str:
    """A value as a cut writes it: 5 and not 5.0, a day and not its midnight."""
    if column.kind is not Kind.NUMBER:
        return text.removesuffix(" 00:00:00")
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _reason(message: str) -> str:
    """What went wrong in one sentence, from DuckDB's page about it."""
    page = _ADVICE.split(message, maxsplit=1)[0].strip()
    if "CSV Parser state machine" in page:
        return "it is no CSV as RFC 4180 has it; lines that end in different ways, or a quote inside a field?"
    first, *others = [each.strip(" .:") for each in page.splitlines() if each.strip()] or [
        "DuckDB doesn't say why"
    ]
    line, file = re.search(r"CSV Error on Line: (\d+)$", first), re.search(r"\n\s*file = (.+)", message)
    if not (line and file and others):
        return _KIND_OF_ERROR.sub("", first)
    # Between the number of the line and what is wrong with it stands the line itself.
    return f"line {line[1]} of {file[1]}: {others[-1]}"
