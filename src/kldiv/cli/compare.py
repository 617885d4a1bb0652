"""`kldiv compare`: every column that two tables share."""

import csv
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kldiv.tables.comparison import Comparison

_EXCEEDED = 1
_EXAMPLE = "kldiv compare july.parquet january.parquet --threshold 0.1"


def _names(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    """Split each text as a line of CSV, so that a name in quotes may hold a comma."""
    try:
        return [name for row in csv.reader(given, skipinitialspace=True, strict=True) for name in row] or None
    except csv.Error as error:
        raise click.BadParameter(
            f"{error}; expected names with commas between, those that hold one in quotes"
        ) from None


def _finite(_context: click.Context, _parameter: click.Parameter, given: float | None) -> float | None:
    if given is not None and not math.isfinite(given):
        raise click.BadParameter(f"{given} is no threshold; expected a finite number")
    return given


@click.command(epilog=f"For example: {_EXAMPLE}")
@click.argument("p", metavar="P")
@click.argument("q", metavar="Q")
@click.option(
    "--columns",
    multiple=True,
    callback=_names,
    metavar="A,B",
    help="Compare these alone; a name that holds a comma in double quotes. May be repeated.",
)
@click.option(
    "--base",
    default="e",
    show_default=True,
    help="Of the logarithm: e (nats), 2 (bits), 10 or another number.",
)
@click.option(
    "--threshold",
    type=float,
    callback=_finite,
    help="Exit with 1 if the low end of a column's interval exceeds this.",
)
@click.option(
    "--bins",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="Into how many bins numbers and dates are cut, at quantiles of Q.",
)
@click.option(
    "--max-categories",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="How many values of a text are counted one by one.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Nominal coverage of the intervals.",
)
@click.option(
    "--top", type=click.IntRange(min=0), default=3, show_default=True, help="Largest terms shown a column."
)
@click.option(
    "--json", metavar="FILE", help="Write everything as JSON to this file instead, - for standard output."
)
def compare(
    p: str,
    q: str,
    *,
    columns: list[str] | None,
    base: str,
    threshold: float | None,
    bins: int,
    max_categories: int,
    confidence: float,
    top: int,
    json: str | None,
) -> None:
    """Estimate D(P‖Q) of every column that the tables P and Q share: P is the reference, Q the approximation.

    A table is a CSV (.csv, .tsv), Parquet (.parquet, .pq) or JSON (.json, .jsonl, .ndjson) file, or a
    glob, in quotes, that matches several. On a terminal the result is a table that fits it, in a pipe
    lines of fields with tabs between them.
    """
    from kldiv.report.comparison_terminal import progress  # noqa: PLC0415 (--help costs nothing)
    from kldiv.tables import compare as compare_tables  # noqa: PLC0415
    from kldiv.units import parse_base  # noqa: PLC0415

    with progress() as on_progress:
        comparison = compare_tables(
            p,
            q,
            columns=columns,
            base=parse_base(base),
            bins=bins,
            max_categories=max_categories,
            confidence=confidence,
            on_progress=on_progress,
        )
    if json is None:
        _print(comparison, top, threshold)
    else:
        _write_json(comparison, json)
    if threshold is not None:
        _judge(comparison, threshold)


def _print(comparison: "Comparison", top: int, threshold: float | None) -> None:
    """A table for a person, or lines for a program, whose remarks then go to standard error."""
    if sys.stdout.isatty():
        from kldiv.report.comparison_terminal import show  # noqa: PLC0415
        from kldiv.report.console import OutputConsole  # noqa: PLC0415

        show(comparison, OutputConsole(), top=top, threshold=threshold)
        return
    from kldiv.report.comparison import remarks, tab_separated  # noqa: PLC0415
    from kldiv.report.printable import printable  # noqa: PLC0415

    sys.stdout.write(tab_separated(comparison, top))
    for name, remark in remarks(comparison):
        click.echo(f"{printable(name)}: {printable(remark)}", err=True)


def _write_json(comparison: "Comparison", target: str) -> None:
    from kldiv.report.comparison import document  # noqa: PLC0415
    from kldiv.report.json import dumps  # noqa: PLC0415
    from kldiv.report.writing import write_text  # noqa: PLC0415

    text = dumps(document(comparison))
    if target == "-":
        sys.stdout.write(text)
    else:
        write_text(Path(target), text)


def _judge(comparison: "Comparison", threshold: float) -> None:
    """Say which columns exceed the threshold, and exit with 1 if there are any."""
    from kldiv.report.printable import printable  # noqa: PLC0415

    exceeding = comparison.exceeding(threshold)
    if exceeding:
        columns = ", ".join(f"{printable(each.name)} (from {each.divergence.low:.4g})" for each in exceeding)
        click.echo(f"kldiv: the interval lies above {threshold:g} {comparison.unit} for {columns}", err=True)
        raise click.exceptions.Exit(_EXCEEDED)
