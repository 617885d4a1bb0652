"""What the commands that read tables have in common: how columns are named, and how tables are opened."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kldiv.tables.contract import Table

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def names(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    """Split each text as a line of CSV, so that a name in quotes may hold a comma."""
    if not given:
        return None
    found = [name for row in _rows(given) for name in row]
    if not found:
        raise click.BadParameter("it is empty; expected names with commas between")
    return found


def name_pairs(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Split each text into two names."""
    rows = _rows(given)
    for text, row in zip(given, rows, strict=True):
        if len(row) != 2:  # noqa: PLR2004 (a pair)
            raise click.BadParameter(f"{text!r} is no pair; expected two names with a comma between")
    return [(first, second) for first, second in rows]


def _rows(given: tuple[str, ...]) -> list[list[str]]:
    try:
        return [*csv.reader(given, skipinitialspace=True, strict=True)]
    except csv.Error as error:
        raise click.BadParameter(
            f"{error}; expected names with commas between, those that hold one in quotes"
        ) from None


def opening_options(command: F) -> F:
    """The options that say with what a table is opened."""
    for option in (
        click.option(
            "--master",
            metavar="URL",
            help="Where Spark runs, if not where it is configured to: local[4], spark://host:7077.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["duckdb", "spark"]),
            default="duckdb",
            show_default=True,
            help="What reads and counts the tables.",
        ),
        click.option(
            "--weights", metavar="COLUMN", help="Weigh rows by this column: one of weight 3 counts as three."
        ),
    ):
        command = option(command)
    return command


def table(
    path: str, weights: str | None, engine: str, master: str | None, query: str | None
) -> "AbstractContextManager[Table]":
    """Open a table, or read a profile."""
    from kldiv.tables.sources import opened  # noqa: PLC0415 (--help costs nothing)

    if master is not None and engine != "spark":
        raise click.UsageError("--master is Spark's; write --engine spark too")
    asked = {"engine": None if engine == "duckdb" else engine, "master": master, "query": query}
    return opened(
        "a table", path, weights, **{name: value for name, value in asked.items() if value is not None}
    )


def answered(engine: str, ask: Callable[[], T]) -> T:
    """What a question to the engine gives, such that Ctrl-C can break it off."""
    if engine != "spark":
        return ask()
    from kldiv.tables.spark_session import asked_aside  # noqa: PLC0415

    return asked_aside(ask)


def write(text: str, target: str) -> None:
    """Write to a file whole or not at all, or to standard output for -."""
    from kldiv.report.writing import write_text  # noqa: PLC0415

    if target == "-":
        sys.stdout.write(text)
    else:
        write_text(Path(target), text)
