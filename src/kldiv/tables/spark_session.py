"""Starts Spark, asks it where Ctrl-C can't come between Python and Java, and ends it."""

import logging
import signal
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from kldiv.errors import InvalidInputError, MissingExtraError, TableError
from kldiv.tables.spark_errors import reason, why_not_launched
from kldiv.tables.spark_masters import check_answers, check_is_master

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

T = TypeVar("T")

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
}


def session(master: str | None) -> tuple["SparkSession", Callable[[], None]]:
    """The session that runs, else a new one on `master`, or where Spark's configuration says that it runs.

    And what ends it, if it is new.

    Raises:
        MissingExtraError: PySpark is not installed.
        InvalidInputError: `master` is none, or another one than that of the session that runs.
        TableError: none can be started, as without Java.
    """
    try:
        from pyspark import SparkContext  # noqa: PLC0415 (an extra, and loaded when it is asked for)
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pyspark", "spark") from None
    if master is not None:
        check_is_master(master)
    running = SparkSession.getActiveSession()
    if running is None and SparkContext._active_spark_context is not None:  # in another thread
        running = SparkSession.builder.getOrCreate()
    if running is None:
        started = _started(master)
        return started, started.stop
    its = running.sparkContext.master
    if master not in (None, its):
        raise InvalidInputError(f"the master is {master!r}, but Spark runs already, on {its}; leave it out")
    return running, lambda: None


def _started(master: str | None) -> "SparkSession":
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    settings = SparkConf().setAppName("kldiv").setAll([*_SETTINGS.items()])
    # What PySpark and Java would write beside the error that is raised.
    for each in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(each).setLevel(logging.CRITICAL)
    logging.getLogger().addFilter(_is_not_of_py4j)
    if master is not None:
        check_answers(master)
        settings.setMaster(master)
    # It is Spark's own from here on, so that whoever ends this ends its Java.
    SparkContext._ensure_initialized(gateway=SparkContext._gateway or _launched(settings))
    if master is None:
        master = _configured()
    try:
        return SparkSession(SparkContext(conf=settings))
    except Exception as error:
        if "on a stopped SparkContext" in str(error):
            raise TableError(f"can't start Spark: no master answers at {master}") from error
        raise TableError(f"can't start Spark on {master}: {reason(error)}") from error


def _configured() -> str:
    """The master that Spark itself has found: in spark-defaults.conf or the environment, else this machine.

    Raises:
        TableError: it doesn't answer.
    """
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415

    master: str = SparkConf(_jvm=SparkContext._jvm).get("spark.master", "local[*]")
    try:
        check_answers(master)
    except TableError as error:
        raise TableError(
            f"{error}; spark.master is {master} in Spark's configuration, give a master to use another"
        ) from error
    return master


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """Where Java has died, Py4J's own thread may say so too, with a stack, and to the root logger."""
    return record.module != "java_gateway"


def _launched(settings: "SparkConf") -> Any:
    """A Java to ask; what it writes is read where it ends at once, and else by nobody."""
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415

    with tempfile.TemporaryFile() as written:
        try:
            return launch_gateway(settings, {"stdout": subprocess.DEVNULL, "stderr": written})
        except Exception as error:
            written.seek(0)
            said = written.read().decode(errors="replace")
            raise TableError(f"can't start Spark: {why_not_launched(error, said)}") from error


def asked_aside(action: Callable[[], T]) -> T:
    """What a command that asks Spark returns; the Java that it starts ends with it, or by Ctrl-C.

    A thread asks while this one waits: an interrupt between a question to Java and its answer would leave
    Java running, and the two at odds about whose turn it is.
    """
    try:
        from pyspark import SparkContext  # noqa: PLC0415 (an extra)
    except ImportError:
        raise MissingExtraError("pyspark", "spark") from None
    somebodys = SparkContext._gateway
    answer: Future[T] = Future()
    thread = Thread(target=_answer, args=(answer, action))
    try:
        thread.start()
        return answer.result()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        logging.disable()
        while thread.is_alive():
            _end_java(SparkContext._gateway, somebodys)
            thread.join(0.1)
        raise
    finally:
        _end_java(SparkContext._gateway, somebodys)
        if SparkContext._gateway is not somebodys:
            SparkContext._gateway = SparkContext._jvm = None


def _answer(answer: Future[T], action: Callable[[], T]) -> None:
    try:
        answer.set_result(action())
    except BaseException as error:  # whoever waits for it raises it
        answer.set_exception(error)


def _end_java(gateway: Any, somebodys: object) -> None:
    """End the Java that was started, and wait until it has cleared away what it put on disk."""
    if gateway is not None and gateway is not somebodys:
        gateway.proc.terminate()
        gateway.proc.wait()
