"""Asks DuckDB, and says in one sentence what went wrong."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from kldiv.errors import MissingExtraError, TableError
from kldiv.interruption import PutOff
from kldiv.tables.files import on_disk, unchanged

if TYPE_CHECKING:
    import duckdb

Rows = list[tuple[Any, ...]]
T = TypeVar("T")

# No network: an extension that is not installed is not looked for.
_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
# What DuckDB adds for those who write SQL: the statement, and settings to try.
_ADVICE = re.compile(r"\n\s*(?:LINE \d+:|Possible|Potential|Candidate|Try |file = )")
_KIND_OF_ERROR = re.compile(r"^[A-Za-z ]*Error: ")
_COLUMN = re.compile(r"source column c(\d+)")
_TOO_FAR = "Could not convert Timestamp to higher precision"
# What DuckDB says, and what is to be said.
_REASONS = {
    "Unsupported converted type (20)": (
        "it has a column of BSON, at which DuckDB fails; --engine spark reads it"
    ),
    "CSV Parser state machine": (
        "it is no CSV as RFC 4180 has it; lines that end in different ways, or a quote inside a field?"
    ),
    "non-record JSON": (
        'it isn\'t objects with named values throughout; expected {"a": 1}, one a line or all in an array'
    ),
    '"maximum_object_size"': (
        "an object in it has more than 16 MiB, which DuckDB doesn't take; write it as Parquet"
    ),
}
# The same of a line of CSV.
_REASONS_OF_LINES = {
    "not utf-8 encoded": "it is not UTF-8; convert the file, as iconv -f LATIN1 -t UTF-8 does, or -f UTF-16",
    "Maximum line size": "it has more than 2 MB, which DuckDB doesn't take; write the table as Parquet",
}


class Session:
    """Statements about one table: on a connection of its own, or on the one that a relation belongs to."""

    def __init__(self, name: str, ask: Callable[[str], Rows], close: Callable[[], None]) -> None:
        self._name = name
        self._ask = ask
        self.close = close
        self.columns: Sequence[str] = ()
        """What c0, c1, … are called in the table."""
        self._register: Callable[[Any], object] = lambda _: None
        self._check_unchanged: Callable[[], None] = lambda: None

    @classmethod
    def embedded(cls, name: str) -> Self:
        """A DuckDB in this process, which may put on disk what memory can't hold."""
        with ExitStack() as held:
            overflow = tempfile.TemporaryDirectory(prefix="kldiv-", ignore_cleanup_errors=True)
            connection = held.enter_context(_connected(held.enter_context(overflow)))
            session = cls(name, lambda statement: connection.execute(statement).fetchall(), held.close)
            session._register = lambda memory: connection.register("memory", memory)
            session.close = held.pop_all().close
        return session

    def query(self, statement: str) -> Rows:
        """Return the rows that a statement gives.

        Raises:
            TableError: whatever DuckDB says is wrong.
        """
        rows = self._watch(lambda: self._ask(statement))
        self._check_unchanged()
        return rows

    def shows(self, memory: Any) -> None:
        """From now on a frame or an Arrow table is asked for as `memory`, in place of another before it.

        Raises:
            TableError: it has a column of a type that DuckDB has not.
        """
        self._watch(lambda: self._register(memory))

    def reads(self, paths: Sequence[str]) -> None:
        """From now on these files must stay as they are: queries of two states of them don't go together."""
        self._check_unchanged = unchanged(self._name, partial(on_disk, paths))

    def _watch(self, action: Callable[[], T]) -> T:
        with explained(self._name, self.columns):
            return action()


@contextmanager
def explained(name: str, columns: Sequence[str] = ()) -> Iterator[None]:
    """Whatever DuckDB says is wrong with a table is a TableError that says so in one sentence."""
    try:
        with _interruptible():
            yield
    except loaded().Error as error:
        raise TableError(f"can't read {name}: {_reason(str(error), columns)}") from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C is a KeyboardInterrupt here too, which DuckDB tells by errors of its own."""
    try:
        yield
    except (RuntimeError, loaded().InterruptException) as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from error
        raise


@contextmanager
def _connected(overflow: str) -> Iterator["duckdb.DuckDBPyConnection"]:
    """An empty DuckDB that puts what memory can't hold into the folder `overflow`."""
    config = {**_CONFIG, "temp_directory": overflow, "memory_limit": _memory()}
    with _interruptible(), closing(loaded().connect(":memory:", config=config)) as connection:
        # The object cache keeps what a Parquet file says about itself, which each query would read again.
        connection.execute(
            "SET TimeZone = 'UTC'; SET enable_progress_bar = false; SET enable_object_cache = true"
        )
        yield connection


def _memory() -> str:
    """A fixed part, whatever the machine has: what doesn't fit goes to disk; each thread needs some."""
    return f"{max(768, 128 * (os.cpu_count() or 1))}MB"


def loaded() -> ModuleType:
    """DuckDB, if it is installed.

    Raises:
        MissingExtraError: it is not.
    """
    try:
        # It ends the process where its loading is broken off.
        with PutOff():
            import duckdb  # noqa: PLC0415 (an extra, and loaded when a table is opened)
    except ImportError:
        raise MissingExtraError("duckdb", "tables") from None
    return duckdb


def _reason(message: str, columns: Sequence[str]) -> str:
    """What went wrong in one sentence, from DuckDB's page about it; c0, c1, … are called `columns`."""
    page = _ADVICE.split(message, maxsplit=1)[0].strip()
    found = _COLUMN.search(page)
    column = f"column '{columns[int(found[1])]}'" if found and columns else "a column"
    if _TOO_FAR in page:
        return f"{column} has instants that DuckDB has not, such as of the year 300000; Polars has them"
    if reason := next((reason for said, reason in _REASONS.items() if said in page), None):
        return reason
    first, *others = [each.strip(" .:") for each in page.splitlines() if each.strip()] or [
        "DuckDB doesn't say why"
    ]
    line, file = re.search(r"CSV Error on Line: (\d+)$", first), re.search(r"\n\s*file = (.+)", message)
    if not (line and file and others):
        return _COLUMN.sub(lambda _: column, _KIND_OF_ERROR.sub("", first))
    # Between the number of the line and what is wrong with it stands the line itself.
    wrong = next((reason for said, reason in _REASONS_OF_LINES.items() if said in others[-1]), others[-1])
    return f"line {line[1]} of {file[1]}: {wrong}"
