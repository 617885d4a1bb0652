"""A comparison of two tables as one HTML file, which needs no network and no program but a browser."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kldiv.errors import MissingExtraError
from kldiv.report.writing import write_text

if TYPE_CHECKING:
    from kldiv.tables.comparison import Comparison

_NEEDED = {"altair": "altair", "jinja2": "jinja2", "vl_convert": "vl-convert-python"}


def write_report(comparison: "Comparison", path: str | os.PathLike[str]) -> None:
    """Write the comparison to `path` as a page for browsers, whole or not at all.

    Raises:
        InvalidInputError: the folder is missing, or the disk is full or read-only.
        MissingExtraError: Altair or vl-convert is not installed.

    Example:
        >>> import kldiv, pathlib, tempfile
        >>> flights = "examples/data/flights-2013-{}.parquet"
        >>> result = kldiv.compare(flights.format("07"), flights.format("01"), columns=["carrier"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     report = pathlib.Path(folder, "report.html")
        ...     write_report(result, report)
        ...     print(report.read_text(encoding="utf-8")[:15])
        <!doctype html>
    """
    for module, package in _NEEDED.items():
        if find_spec(module) is None:
            raise MissingExtraError(package, "tables")
    from kldiv.report.html.page import page  # noqa: PLC0415 (needs what was looked for)

    write_text(Path(path), page(comparison))
