"""`kldiv explain`: the divergence of two samples worked by hand."""

import sys

import click

from kldiv.errors import InvalidInputError

_EXAMPLE = "kldiv explain 1,1,2,2,3 1,1,1,1,1,2,3,3,3,3 --base 2"


# A value may start with a minus sign: what is not an option is a value.
@click.command(context_settings={"ignore_unknown_options": True}, epilog=f"For example: {_EXAMPLE}")
@click.argument("p", metavar="P")
@click.argument("q", metavar="Q")
@click.option(
    "--base",
    default="e",
    show_default=True,
    help="Of the logarithm: e (nats), 2 (bits), 10 or another number.",
)
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
@click.option("--json", is_flag=True, help="Print everything as JSON instead.")
def explain(
    p: str, q: str, base: str, *, pmf: bool, weights: bool, text: bool, estimate: bool, top: int, json: bool
) -> None:
    """Work out D(P‖Q) by hand, show how to get it in PyTorch, and what the usual mistakes return.

    P and Q are values with commas between them, @FILE, or - for standard input, the latter two with one
    value a line.
    """
    from kldiv.report.explanation import Explanation, explain_counts, explain_probabilities  # noqa: PLC0415
    from kldiv.samples import read_values, read_weights  # noqa: PLC0415
    from kldiv.units import parse_base  # noqa: PLC0415

    if p == q == "-":
        raise InvalidInputError("P and Q are both -; expected standard input for one of them only")
    if estimate and (pmf or weights):
        raise InvalidInputError("--estimate needs samples; expected values, without --pmf and --weights")
    explanation: Explanation
    if pmf or weights:
        p_weights, q_weights = (
            read_weights(each, name, normalise=weights) for each, name in ((p, "P"), (q, "Q"))
        )
        explanation = explain_probabilities(p_weights, q_weights, parse_base(base))
    else:
        from kldiv.estimators.counting import count  # noqa: PLC0415

        p_values, q_values = (read_values(each, name, as_text=text) for each, name in ((p, "P"), (q, "Q")))
        explanation = explain_counts(count(p_values, q_values), parse_base(base))
    if json:
        from kldiv.report.explanation import document  # noqa: PLC0415
        from kldiv.report.json import dumps  # noqa: PLC0415

        sys.stdout.write(dumps(document(explanation)))
    else:
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.explanation_terminal import show  # noqa: PLC0415

        show(explanation, OutputConsole(), top=top, estimate=estimate)
