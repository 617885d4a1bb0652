"""`kldiv explain`: the divergence of two samples worked by hand."""

import sys
from typing import TYPE_CHECKING

import click

from kldiv.cli.options import CommandOfValues, base_option
from kldiv.errors import InvalidInputError

if TYPE_CHECKING:
    from kldiv.report.explanation import Explanation

_EXAMPLE = "kldiv explain 1,1,2,2,3 1,1,1,1,1,2,3,3,3,3 --base 2"


@click.command(
    cls=CommandOfValues,
    short_help="Work out D(P‖Q) by hand, with the PyTorch call for it.",
    epilog=f"For example: {_EXAMPLE}",
)
@click.argument("p", metavar="P")
@click.argument("q", metavar="Q")
@base_option
@click.option("--pmf", is_flag=True, help="P and Q are probabilities of the same outcomes, not samples.")
@click.option("--weights", is_flag=True, help="Like --pmf, with P and Q divided by their sums first.")
@click.option("--text", is_flag=True, help="Read every value as text, numbers too.")
@click.option(
    "--estimate", is_flag=True, help="Add the bias-corrected estimate, its interval and the p-value."
)
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Show the largest terms; 0 for all.",
)
@click.option(
    "--got", metavar="NUMBER", help="Say which mistake prints this number, as your code printed it."
)
@click.option(
    "--framework",
    metavar="NAME",
    help="Show what the functions of torch, keras, tfp, scipy, jax, torchmetrics, mindspore, paddle or all "
    "return for P and Q; with --got, look among its calls alone.",
)
@click.option("--json", is_flag=True, help="Print everything as JSON instead.")
def explain(  # noqa: PLR0913 (one an option)
    p: str,
    q: str,
    base: str,
    *,
    pmf: bool,
    weights: bool,
    text: bool,
    estimate: bool,
    top: int,
    got: str | None,
    framework: str | None,
    json: bool,
) -> None:
    """Work out D(P‖Q) by hand, show how to get it in PyTorch, and what the usual mistakes return.

    P and Q are values with commas between them, @FILE, or - for standard input, the latter two with one
    value a line. With --got, find the mistake behind a number instead; with --framework, compare what
    other libraries return.
    """
    if p == q == "-":
        raise InvalidInputError("P and Q are both -; expected standard input for one of them only")
    if estimate and (pmf or weights):
        raise InvalidInputError("--estimate needs samples; expected values, without --pmf and --weights")
    explanation = _explained(p, q, base, pmf=pmf, weights=weights, text=text)
    if got is not None:
        _print_diagnosis(explanation, got, framework or "all", json=json)
    elif framework is not None:
        _print_functions(explanation, framework, json=json)
    else:
        _print(explanation, top=top, estimate=estimate, json=json)


def _explained(p: str, q: str, base: str, *, pmf: bool, weights: bool, text: bool) -> "Explanation":
    """Read P and Q as the kind of values they are said to be, and work out their divergence."""
    from kldiv.report.explanation import explain_counts, explain_probabilities, explain_weights  # noqa: PLC0415
    from kldiv.samples import read_probabilities, read_values, read_weights  # noqa: PLC0415
    from kldiv.units import parse_base  # noqa: PLC0415

    sides = ((p, "P"), (q, "Q"))
    if weights:
        p_weights, q_weights = (read_weights(each, name) for each, name in sides)
        return explain_weights(p_weights, q_weights, parse_base(base))
    if pmf:
        p_probabilities, q_probabilities = (read_probabilities(each, name) for each, name in sides)
        return explain_probabilities(p_probabilities, q_probabilities, parse_base(base))
    from kldiv.estimators.counting import count  # noqa: PLC0415

    p_values, q_values = (read_values(each, name, as_text=text) for each, name in sides)
    return explain_counts(count(p_values, q_values), parse_base(base))


def _print(explanation: "Explanation", *, top: int, estimate: bool, json: bool) -> None:
    if json:
        from kldiv.report.explanation import document  # noqa: PLC0415
        from kldiv.report.json import dumps  # noqa: PLC0415

        sys.stdout.write(dumps(document(explanation)))
    else:
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.explanation_terminal import show  # noqa: PLC0415

        show(explanation, OutputConsole(), top=top, estimate=estimate)


def _print_diagnosis(explanation: "Explanation", got: str, framework: str, *, json: bool) -> None:
    from kldiv.report.conventions import diagnosis_of, document_of_diagnosis  # noqa: PLC0415

    diagnosis = diagnosis_of(explanation, got, framework)
    if json:
        from kldiv.report.explanation import document  # noqa: PLC0415
        from kldiv.report.json import dumps  # noqa: PLC0415

        sys.stdout.write(
            dumps(document(explanation) | {"diagnosis": document_of_diagnosis(explanation, diagnosis)})
        )
    else:
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.conventions_terminal import show_diagnosis  # noqa: PLC0415

        show_diagnosis(explanation, diagnosis, OutputConsole())


def _print_functions(explanation: "Explanation", framework: str, *, json: bool) -> None:
    from kldiv.report.conventions import document_of_functions, functions_of  # noqa: PLC0415

    functions = functions_of(framework)
    if json:
        from kldiv.report.explanation import document  # noqa: PLC0415
        from kldiv.report.json import dumps  # noqa: PLC0415

        sys.stdout.write(
            dumps(document(explanation) | {"functions": document_of_functions(explanation, functions)})
        )
    else:
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.conventions_terminal import show_functions  # noqa: PLC0415

        show_functions(explanation, functions, OutputConsole())
