"""An estimate from two samples on a terminal, or as the same lines without colour where it is piped."""

from rich.console import Console, RenderableType
from rich.table import Table

from kldiv.estimators.estimate import Estimate
from kldiv.report.console import Text
from kldiv.report.estimation import AnyEstimate, in_words, infinity, method
from kldiv.report.numbers import count, number, p_value, percent
from kldiv.report.printable import printable

_TITLES = {
    "kl": ("D(P‖Q)", "how far Q is from the reference P"),
    "js": ("JS(P, Q)", "the Jensen–Shannon divergence"),
    "psi": ("PSI(P, Q)", "the population stability index"),
    "total_variation": ("TV(P, Q)", "the total variation distance"),
    "hellinger": ("H(P, Q)", "the Hellinger distance"),
}
_INTERVALS = {"delta": "the counts' variance", "bootstrap": "the bootstrap", "subsampling": "subsampling"}


def show(estimate: AnyEstimate, console: Console) -> None:
    """Print the numbers, how they were found, and what they mean."""
    symbol, name = _TITLES[estimate.divergence]
    console.print(Text.assemble((symbol, "bold"), f", {name}"))
    console.print(Text(f"P: {_values(estimate.n_p)}   Q: {_values(estimate.n_q)}", "dim"))
    console.print()
    console.print(_numbers(estimate))
    console.print()
    for line in (_chosen(estimate), *in_words(estimate)):
        if line:
            console.print(Text(line))


def _numbers(estimate: AnyEstimate) -> Table:
    """What was found, and by what."""
    table = Table.grid(padding=(0, 2, 0, 0))
    rows: list[tuple[str, str, str]] = [
        ("estimate", _quantity(estimate.estimate, estimate), method(estimate)),
        (
            f"{percent(estimate.confidence)} interval",
            f"{number(estimate.low)} to {number(estimate.high)}",
            f"by {_INTERVALS[estimate.interval]}",
        ),
    ]
    if isinstance(estimate, Estimate):
        rows.append(
            ("as counted", _quantity(estimate.value, estimate), infinity(estimate) or "the textbook value")
        )
        rows.append(("p-value of P = Q", p_value(estimate.p_value), "by the G-test"))
    for label, value, how in rows:
        cells: list[RenderableType] = [Text(label, "bold"), Text(value, "green"), Text(printable(how), "dim")]
        table.add_row(*cells)
    return table


def _chosen(estimate: AnyEstimate) -> str:
    """Why it was counted or measured, where nobody said."""
    if estimate.reason:
        return f"{estimate.reason[0].upper()}{estimate.reason[1:]}."
    return ""


def _quantity(value: float, estimate: AnyEstimate) -> str:
    return f"{number(value)} {estimate.unit}".rstrip()


def _values(times: float) -> str:
    return f"{count(times)} value{'' if times == 1 else 's'}"
