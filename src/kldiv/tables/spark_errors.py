"""What went wrong in Spark, in one sentence: Java says so at the end of a page, and names files elsewhere."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any
from urllib.parse import unquote

from kldiv.errors import KLDivError, TableError

_CAUSE = re.compile(r"^(?:Caused by)?: (?:[\w.$]+: )?(.+)$", re.MULTILINE)
_FILE = re.compile(
    r"\[FAILED_READ_FILE\.(\w+)\] Encountered error while reading file (.+?)\. "
    r"(?: SQLSTATE|Could not read footer|File does not exist)"
)
_FOOTER, _GONE = "CANNOT_READ_FILE_FOOTER", "FILE_NOT_EXIST"
_ABOUT_PARQUET = ".datasources.parquet."
# What is for those who search Spark's source for it; and the end of the data, as Thrift calls it.
_CODES = re.compile(
    r"^\[[A-Z0-9_.]+\] |\.? SQLSTATE: \w+.*$| Struct: \S+$|^.* is not a Parquet file[. ]*"
    r"|^[\w.$]+(?:Exception|Error)$|^Socket is closed by peer\.?$"
)
_NO_JAVA = "no Java was found that it runs on; install Java 17 or later, or set JAVA_HOME"
_ENDED_WITH = re.compile(
    r'^Exception in thread "main" org\.apache\.spark\.[\w.]+: (.+)$|^(.+)\nError: Could not create the Java',
    re.MULTILINE,
)
_ENDED = "Java, in which Spark runs, has ended"
_A_MOMENT = 0.2
# Py4J's whole page, where no answer of Java's came: an answer would follow.
_UNANSWERED = re.compile(r"An error occurred while calling [\w.:]+\.?")
_BINARY_DECIMALS = (
    "its decimals are stored as BINARY, which Spark reads only where spark.sql.parquet.enableVectorizedReader"
    " is false; set it, or give kldiv the files instead of the frame"
)
_STOPPED = "its Spark session has been stopped; make the frame again in one that runs"
# What says enough, wherever it stands in the page.
_KNOWN = {
    "No space left on device": "no space is left on a disk where Spark puts what it is working on; "
    "set SPARK_LOCAL_DIRS to a folder on one with more",
    "java.lang.ArithmeticException: long overflow": "it has instants that are beyond Spark's, as DuckDB's "
    "infinite ones in milliseconds are; DuckDB and Polars read them",
    # Where few different decimals are listed in a dictionary, and where they aren't.
    "PlainValuesDictionary$PlainBinaryDictionary": _BINARY_DECIMALS,
    "WritableColumnVector.arrayData": _BINARY_DECIMALS,
    "[UNABLE_TO_INFER_SCHEMA]": "it is empty; expected Parquet",
    # Where another session runs, and where none does.
    "'NoneType' object has no attribute": _STOPPED,
    "SparkContext or SparkSession should be created first": _STOPPED,
    "on a stopped SparkContext": "Spark was stopped meanwhile",
    "Connection refused": _ENDED,
    "Answer from Java side is empty": _ENDED,
    "Error while sending or receiving": _ENDED,
}


@contextmanager
def explained(doing: str, table: str) -> Iterator[None]:
    """Whatever fails while a table is read or counted is a TableError that says why."""
    try:
        yield
    except KLDivError:
        raise
    except Exception as error:
        why = _ENDED if _java_has_ended() else reason(error, table)
        raise TableError(f"can't {doing} {table}: {why}") from error


def check_runs(frame: Any, table: str) -> None:
    """Raise if the session of a frame has been stopped: without any, PySpark fails at a bare assertion."""
    from pyspark import SparkContext  # noqa: PLC0415 (an extra)

    through_connect = ".connect." in type(frame).__module__
    if not through_connect and SparkContext._active_spark_context is None:
        raise TableError(f"can't count {table}: {_ENDED if _java_has_ended() else _STOPPED}")


def _java_has_ended() -> bool:
    """Whether the Java that was started is no more: whoever was asking it then fails in one of many ways."""
    import pyspark  # noqa: PLC0415 (an extra)

    # PySpark's client for Spark Connect alone has no context.
    context = getattr(pyspark, "SparkContext", None)
    java = getattr(getattr(context, "_gateway", None), "proc", None)
    if java is None:
        return False
    with suppress(TimeoutExpired):
        # Its connections close a moment before it ends.
        java.wait(_A_MOMENT)
    return java.poll() is not None


def reason(error: Exception, table: str = "") -> str:
    """Why something failed, from what Python was told of it."""
    page = str(error).strip()
    if _UNANSWERED.fullmatch(page):
        return _ENDED
    known = next((why for mark, why in _KNOWN.items() if mark in page), None)
    if known is not None:
        return known
    cause = _cause(error, page)
    found = _FILE.search(page)
    if found is None:
        return cause or page.splitlines()[0]
    which = _shown(found[1], found[2], table)
    if found[1] == _GONE:
        return f"{which} is no longer there; compare it once it is whole"
    if _ABOUT_PARQUET in page:
        return f"{which} is no Parquet, or damaged" + (f": {cause}" if cause else "")
    return cause if which == "it" else f"in {which}, {cause}"


def _cause(error: Exception, page: str) -> str:
    """What an error says that caused the others; a Python function's is the last line of its stack."""
    if type(error).__name__ == "PythonException":
        return page.splitlines()[-1]
    causes = _CAUSE.findall(page)
    return _CODES.sub("", causes[-1] if causes else (page or type(error).__name__).splitlines()[0])


def _shown(kind: str, url: str, table: str) -> str:
    """A file as a person writes it; Spark quotes what is unusual in URLs, but not where it reads footers."""
    path = as_path(url if kind == _FOOTER else unquote(url))
    return "it" if table and path in (table, str(Path(table).absolute())) else path


def as_path(url: str) -> str:
    """A file of this machine by its path, any other by its URL."""
    return re.sub(r"^file:/+", "/", url)


def why_not_launched(error: Exception, said: str) -> str:
    """Why there is no Java to ask, from what it, or what looks for it, wrote before it ended."""
    if "JAVA_GATEWAY_EXITED" not in str(error):
        return reason(error)
    found = _ENDED_WITH.search(said)
    return (found[1] or found[2]) if found else _NO_JAVA
