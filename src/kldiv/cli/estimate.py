"""`kldiv estimate`: a divergence estimated from two samples."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from kldiv.cli.options import (
    DIVERGENCES,
    CommandOfValues,
    base_option,
    confidence_option,
    divergence_option,
)
from kldiv.errors import InputTypeError, InvalidInputError

_EXAMPLE = "kldiv estimate @july.txt @january.txt --base 2"
_METHODS = (
    "auto",
    "zhang_grabchak",
    "bias_corrected",
    "plug_in",
    "laplace",
    "jeffreys",
    "perks",
    "dirichlet",
    "nearest_neighbours",
)


@click.command(
    cls=CommandOfValues,
    short_help="Estimate D(P‖Q) from two samples: its size, and how sure it is.",
    epilog=f"For example: {_EXAMPLE}",
)
@click.argument("p", metavar="P")
@click.argument("q", metavar="Q")
@divergence_option
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default="auto",
    show_default=True,
    help="How; auto counts values on a discrete scale and measures decimals that hardly ever repeat.",
)
@click.option(
    "--interval",
    type=click.Choice(["auto", "delta", "bootstrap", "subsampling"]),
    default="auto",
    show_default=True,
    help="How the interval is found: of counts delta or bootstrap, of measurements subsampling.",
)
@confidence_option
@base_option
@click.option("--concentration", type=float, help="What --method dirichlet adds to each count.")
@click.option("--neighbours", type=int, help="How many nearest neighbours are measured; 1 unless given.")
@click.option(
    "--ties",
    type=click.Choice(["error", "jitter"]),
    default="error",
    show_default=True,
    help="Measurements that occur twice are an error, or get noise added.",
)
@click.option("--text", is_flag=True, help="Read every value as text, numbers too.")
@click.option("--json", is_flag=True, help="Print everything as JSON instead.")
def estimate(
    p: str,
    q: str,
    *,
    divergence: str,
    base: str,
    text: bool,
    json: bool,
    **options: Any,
) -> None:
    """Estimate D(P‖Q) from values drawn from P and from Q: its size, how sure it is, and what it means.

    P and Q are values with commas between them, @FILE, or - for standard input, the latter two with one
    value a line. Whole numbers and text are counted; decimals that hardly ever repeat are measured.
    """
    if p == q == "-":
        raise InvalidInputError("P and Q are both -; expected standard input for one of them only")
    from kldiv.estimators import estimate as estimate_samples  # noqa: PLC0415 (--help costs nothing)
    from kldiv.samples import read_values  # noqa: PLC0415
    from kldiv.units import parse_base  # noqa: PLC0415

    parsed_base = parse_base(base)
    samples = read_values(p, "P", as_text=text), read_values(q, "Q", as_text=text)
    with _as_typed():
        found = estimate_samples(
            *samples,
            divergence=DIVERGENCES[divergence],  # type: ignore[arg-type]  # click has checked it
            base=parsed_base,
            **options,
        )
    if json:
        from kldiv.report.estimation import document  # noqa: PLC0415
        from kldiv.report.json import dumps  # noqa: PLC0415

        sys.stdout.write(dumps(document(found)))
    else:
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.estimation_terminal import show  # noqa: PLC0415

        show(found, OutputConsole())


@contextmanager
def _as_typed() -> Iterator[None]:
    """What is x, y and ties="jitter" in Python is P, Q and --ties jitter here; no message quotes a text."""
    try:
        yield
    except (InputTypeError, InvalidInputError) as error:
        options = re.sub(r'\b(\w+)="(\w+)"', r"--\1 \2", str(error))
        sides = re.sub(r"\b[xy]\b", lambda found: {"x": "P", "y": "Q"}[found[0]], options)
        raise type(error)(sides) from error
