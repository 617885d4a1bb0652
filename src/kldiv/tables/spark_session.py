"""Starts Spark, asks it where Ctrl-C can't come between Python and Java, and ends it."""

import logging
import re
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from kldiv.errors import MissingExtraError, TableError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

T = TypeVar("T")

_CAUSE = re.compile(r"^Caused by: (?:[\w.$]+: )?(.+)$", re.MULTILINE)
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
}


def session(master: str | None) -> tuple["SparkSession", Callable[[], None]]:
    """The session that runs, else a new one on `master`; and what ends it, if it is new.

    Raises:
        MissingExtraError: PySpark is not installed.
        TableError: none can be started, as without Java.
    """
    try:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 (an extra, and loaded when it is asked for)
        from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pyspark", "spark") from None
    running = SparkSession.getActiveSession()
    if running is not None:
        return running, lambda: None
    if SparkContext._active_spark_context is not None:  # in another thread
        return SparkSession.builder.getOrCreate(), lambda: None
    settings = SparkConf().setAppName("kldiv").setMaster(master or "local[*]").setAll([*_SETTINGS.items()])
    # What PySpark and Java would write beside the error that is raised.
    for each in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(each).setLevel(logging.CRITICAL)
    unheard = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        gateway = SparkContext._gateway or launch_gateway(settings, unheard)
        started = SparkSession(SparkContext(conf=settings, gateway=gateway))
    except Exception as error:
        raise TableError(f"can't start Spark: {reason(error)}") from error
    return started, started.stop


def reason(error: Exception) -> str:
    """What is wrong in one line: Java says so at the end of a page."""
    page = str(error).strip()
    if "JAVA_GATEWAY_EXITED" in page:
        return "no Java was found that it runs on; install Java 17 or later, or set JAVA_HOME"
    causes = _CAUSE.findall(page)
    return str(causes[-1] if causes else (page or type(error).__name__).splitlines()[0])


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
