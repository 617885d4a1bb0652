"""`kldiv compare`: every column that two tables share."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kldiv.cli.options import DIVERGENCES, base_option, confidence_option, divergence_option
from kldiv.cli.tables import answered, name_pairs, names, opening_options, table, write
from kldiv.cli.targets import check_targets

if TYPE_CHECKING:
    from kldiv.tables.comparison import Comparison
    from kldiv.tables.profiles import Profile

_EXCEEDED = 1
# What has none may be a pipe, and contradicts nothing.
_SUFFIXES_OF_PAGES = (".html", ".htm", "")
_EXAMPLE = "kldiv compare july.parquet january.parquet --threshold 0.1"


def _finite(_context: click.Context, _parameter: click.Parameter, given: float | None) -> float | None:
    if given is not None and not math.isfinite(given):
        raise click.BadParameter(f"{given} is no threshold; expected a finite number")
    return given


def _page(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """Where the page is to be written, unless its name is of no file, or of one of another kind."""
    if given is None:
        return None
    if given in ("", "-"):
        raise click.BadParameter(f"{given!r} names no file; expected one, such as report.html")
    suffix = Path(given).suffix
    if suffix.lower() not in _SUFFIXES_OF_PAGES:
        raise click.BadParameter(
            f"{given} ends in {suffix}, and a page of HTML is written; expected a name that ends in .html"
        )
    return given


@click.command(
    short_help="Estimate D(P‖Q) of every column that two tables share.",
    epilog=f"For example: {_EXAMPLE}",
)
@click.argument("p", metavar="P")
@click.argument("q", metavar="Q")
@click.option(
    "--columns",
    multiple=True,
    callback=names,
    metavar="A,B",
    help="Compare these alone; a name that holds a comma in double quotes. May be repeated.",
)
@click.option(
    "--joint",
    multiple=True,
    callback=name_pairs,
    metavar="A,B",
    help="Compare these two columns together as well. May be repeated.",
)
@click.option("--by", metavar="COLUMN", help="Compare each group of rows too: those with one value here.")
@divergence_option
@click.option(
    "--missing",
    type=click.Choice(["category", "drop", "separate"]),
    default="category",
    show_default=True,
    help="Take nulls and NaN as outcomes like any other, leave them out, or compare them on their own.",
)
@base_option
@click.option(
    "--threshold",
    type=float,
    callback=_finite,
    help="Exit with 1 if the low end of an interval exceeds this.",
)
@click.option(
    "--bins",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="Into how many bins numbers and dates are cut, at quantiles of Q; at most 1000.",
)
@click.option(
    "--max-categories",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="How many values of a text are counted one by one.",
)
@confidence_option
@click.option(
    "--interval",
    type=click.Choice(["delta", "bootstrap"]),
    default="delta",
    show_default=True,
    help="How intervals are found: by the counts' variance, or by drawing from them again and again.",
)
@opening_options
@click.option("--query", metavar="SQL", help="Compare what this query makes of each table, which it calls t.")
@click.option("--p-query", metavar="SQL", help="The same of P alone.")
@click.option("--q-query", metavar="SQL", help="The same of Q alone.")
@click.option(
    "--top", type=click.IntRange(min=0), default=3, show_default=True, help="Largest terms shown a column."
)
@click.option(
    "--json", metavar="FILE", help="Write everything as JSON to this file instead, - for standard output."
)
@click.option("--html", metavar="FILE", callback=_page, help="Write a report for browsers to this file.")
@click.option("--save-profile", metavar="FILE", help="Write a profile of Q to this file: see kldiv profile.")
def compare(  # noqa: PLR0913 (the options of the command)
    p: str,
    q: str,
    *,
    divergence: str,
    base: str,
    threshold: float | None,
    weights: str | None,
    engine: str,
    master: str | None,
    query: str | None,
    p_query: str | None,
    q_query: str | None,
    top: int,
    json: str | None,
    html: str | None,
    save_profile: str | None,
    **options: Any,
) -> None:
    """Estimate D(P‖Q) of every column that the tables P and Q share: P is the reference, Q the approximation.

    A table is a CSV (.csv, .tsv), Parquet (.parquet, .pq) or JSON (.json, .jsonl, .ndjson) file, a glob, in
    quotes, that matches several, a table of a database as duckdb:///file.db?table=name, or a profile that
    `kldiv profile` wrote. On a terminal the result is a table that fits it, in a pipe lines of fields with
    tabs between them.
    """
    from kldiv.report.comparison_terminal import progress  # noqa: PLC0415 (--help costs nothing)
    from kldiv.tables import compare as compare_tables  # noqa: PLC0415
    from kldiv.tables import profile  # noqa: PLC0415
    from kldiv.units import parse_base  # noqa: PLC0415

    parsed_base = parse_base(base)
    _check_queries(query, p_query, q_query)
    check_targets([json, html, save_profile], [p, q])

    def ask() -> "tuple[Comparison, Profile | None]":
        with (
            table(p, weights, engine, master, p_query or query) as p_table,
            table(q, weights, engine, master, q_query or query) as q_table,
        ):
            found = compare_tables(
                p_table,
                q_table,
                divergence=DIVERGENCES[divergence],  # type: ignore[arg-type]  # click has checked it
                weights=weights,
                base=parsed_base,
                on_progress=on_progress,
                **options,
            )
            if save_profile is None:
                return found, None
            return found, profile(q_table, weights=weights, bins=options["bins"])

    with progress() as on_progress:
        comparison, stored = answered(engine, ask)
    if stored is not None and save_profile is not None:
        stored.save(save_profile)
    if html is not None:
        _write_report(comparison, html)
    if json is not None:
        _write_json(comparison, json)
    else:
        _print(comparison, top, threshold)
    if threshold is not None:
        _judge(comparison, threshold)


def _check_queries(both: str | None, *single: str | None) -> None:
    if both is not None and any(each is not None for each in single):
        raise click.UsageError("--query is for both tables; write --p-query and --q-query instead of it")


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

    write(dumps(document(comparison)), target)


def _write_report(comparison: "Comparison", target: str) -> None:
    from kldiv.report.html import write_report  # noqa: PLC0415 (needs what draws it)

    write_report(comparison, target)


def _judge(comparison: "Comparison", threshold: float) -> None:
    """Say what exceeds the threshold, and exit with 1 if anything does."""
    from kldiv.report.comparison import group_name  # noqa: PLC0415
    from kldiv.report.printable import printable  # noqa: PLC0415

    exceeding = []
    for each in comparison.exceeding(threshold):
        of = "" if each.group is None else f", {group_name(comparison, each.group)}"
        exceeding.append(f"{printable(each.name)}{of} (from {each.divergence.low:.4g})")
    if exceeding:
        unit = f" {comparison.unit}" if comparison.unit else ""
        click.echo(f"kldiv: the interval lies above {threshold:g}{unit} for {', '.join(exceeding)}", err=True)
        raise click.exceptions.Exit(_EXCEEDED)
