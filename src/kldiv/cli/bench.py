"""`kldiv bench`: how long kldiv and others take on this machine, and how right they are."""

import sys
from typing import TYPE_CHECKING, get_args

import click

from kldiv.benchmark.case import Case, Divergence, DType, parse_shape
from kldiv.interruption import stop_if_pressed

if TYPE_CHECKING:
    from kldiv.benchmark.benchmark import Benchmark

_EXAMPLE = "kldiv bench --shape 64x128256 --dtype bfloat16"
_SHAPES = ("256x32000", "4096x1000", "1x10")
# Enough for quartiles; three shapes with their compilations then take about half a minute.
_ROUNDS, _SECONDS = 15, 3.0


def _shapes(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> list[tuple[int, int]]:
    return [parse_shape(text) for text in dict.fromkeys(given)]


@click.command(
    short_help="Time D(P‖Q) beside other libraries on this machine.",
    epilog=f"For example: {_EXAMPLE}",
)
@click.option(
    "--shape",
    "shapes",
    multiple=True,
    default=_SHAPES,
    callback=_shapes,
    metavar="ROWSxOUTCOMES",
    help=f"Of the logits; {', '.join(_SHAPES)} by default. May be repeated.",
)
@click.option(
    "--dtype",
    type=click.Choice(get_args(DType)),
    default="float32",
    show_default=True,
    help="Of the logits.",
)
@click.option(
    "--divergence",
    type=click.Choice(get_args(Divergence)),
    default="kl",
    show_default=True,
    help="Kullback–Leibler or Jensen–Shannon.",
)
@click.option("--forward", is_flag=True, help="Time the value alone, without its gradient to q.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    help=f"How often everybody is timed; {_ROUNDS} by default, or as often as {_SECONDS:g} seconds allow.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), help="To compute with; as many as PyTorch chooses by default."
)
@click.option("--json", is_flag=True, help="Print everything as JSON instead.")
def bench(
    shapes: list[tuple[int, int]],
    dtype: DType,
    divergence: Divergence,
    *,
    forward: bool,
    rounds: int | None,
    threads: int | None,
    json: bool,
) -> None:
    """Time D(P‖Q) of logits beside what else computes it on this machine, and check everybody's answer.

    Who is not installed is left out, and named. On a terminal the result is a table that fits it, in a
    pipe lines of fields with tabs between them.
    """
    from kldiv.benchmark.room import available_bytes, check_room  # noqa: PLC0415 (--help costs nothing)

    cases = [Case(*shape, dtype, divergence, gradient=not forward) for shape in shapes]
    for case in cases:
        check_room(case, available_bytes())
    from kldiv.benchmark.benchmark import benchmark  # noqa: PLC0415 (loads torch)
    from kldiv.benchmark.threads import limited_to  # noqa: PLC0415
    from kldiv.report.bench_terminal import progress  # noqa: PLC0415

    seconds = _SECONDS if rounds is None else None
    with limited_to(threads), progress() as show_progress:

        def on_progress(share: float, what: str) -> None:
            stop_if_pressed()
            show_progress(share, what)

        result = benchmark(cases, rounds=rounds or _ROUNDS, seconds=seconds, on_progress=on_progress)
    stop_if_pressed()
    _print(result, json=json)


def _print(result: "Benchmark", *, json: bool) -> None:
    """JSON, a table for a person, or lines for a program, whose remarks then go to standard error."""
    from kldiv.report.benchmark import document, remarks, tab_separated  # noqa: PLC0415

    if json:
        from kldiv.report.json import dumps  # noqa: PLC0415

        sys.stdout.write(dumps(document(result)))
    elif sys.stdout.isatty():
        from kldiv.report.bench_terminal import show  # noqa: PLC0415
        from kldiv.report.console import OutputConsole  # noqa: PLC0415

        show(result, OutputConsole())
    else:
        sys.stdout.write(tab_separated(result))
        for remark in remarks(result):
            click.echo(remark, err=True)
