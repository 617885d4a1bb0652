"""An explanation on a terminal, or as the same lines without colour where it is piped."""

import math
from fractions import Fraction

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table

from kldiv.conventions.in_pytorch import TORCH_RIGHT
from kldiv.estimators.estimate import Outcome
from kldiv.report.console import Text
from kldiv.report.explanation import Explanation
from kldiv.report.numbers import how_many
from kldiv.report.printable import printable

_SHORT_FORM = 6
_BAR_WIDTH = 16
# Narrower than this there is no room for bars, or for counts beside the fractions that hold them.
_WIDE, _MIDDLING = 72, 56
_LARGEST_DENOMINATOR = 1000
# Numbers from the one to the other are shown without an exponent.
_SMALL, _LARGE = 1e-3, 1e5
_LOG = {"bits": "log₂", "nats": "ln", "hartleys": "log₁₀"}


def show(explanation: Explanation, console: Console, *, top: int, estimate: bool) -> None:
    """Print the working, the PyTorch call, and the mistakes; the `top` largest terms, or all if it is 0."""
    shown, left = _split(explanation.outcomes, top)
    parts: list[list[RenderableType]] = [
        _title(explanation),
        [_terms(explanation, shown, console.width), *_rest(left)],
        _sum(explanation),
        _estimate(explanation) if estimate else [],
        _torch(explanation),
        _mistakes(explanation),
    ]
    for number, part in enumerate(part for part in parts if part):
        if number:
            console.print()
        for each in part:
            console.print(each)


def _title(explanation: Explanation) -> list[RenderableType]:
    lines: list[RenderableType] = [Text.assemble(("D(P‖Q)", "bold"), ", how far Q is from the reference P")]
    if explanation.counts is not None:
        n_p, n_q = explanation.counts.totals
        lines.append(Text(f"P: {how_many(n_p, 'value')}   Q: {how_many(n_q, 'value')}", "dim"))
    return lines


def _split(outcomes: tuple[Outcome, ...], top: int) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of the largest contributions and the others, both in their own order."""
    if not 0 < top < len(outcomes):
        return list(outcomes), []
    ranked = sorted(range(len(outcomes)), key=lambda i: -abs(outcomes[i].contribution))
    return [outcomes[i] for i in sorted(ranked[:top])], [outcomes[i] for i in sorted(ranked[top:])]


def _terms(explanation: Explanation, shown: list[Outcome], width: int) -> Table:
    """One row an outcome; a narrow terminal goes without the bars, then without the bare counts."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    counted, bars = explanation.counts is not None and width >= _MIDDLING, width >= _WIDE
    table.add_column("outcome", overflow="fold", min_width=7)
    for name in ("in P", "in Q") if counted else ():
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("P(x)", "Q(x)"):
        table.add_column(name, overflow="fold", min_width=6)
    log = _LOG.get(explanation.unit.name, "log")
    table.add_column(Text(f"P·{log}(P/Q)"), justify="right", no_wrap=True, min_width=7)
    if bars:
        table.add_column("share", no_wrap=True)
    largest = max(abs(each.contribution) for each in explanation.outcomes)
    for each in shown:
        cells = [Text(printable(each.outcome)), *_frequencies(explanation, each, counted=counted)]
        bar = [_bar(each.contribution, largest)] if bars else []
        table.add_row(*cells, Text(_signed(each.contribution)), *bar)
    return table


def _frequencies(explanation: Explanation, each: Outcome, *, counted: bool) -> list[Text]:
    if explanation.counts is None:
        return [Text(_probability(each.p)), Text(_probability(each.q))]
    n_p, n_q = explanation.counts.totals
    counts = [Text(str(each.p_count)), Text(str(each.q_count))] if counted else []
    return [
        *counts,
        Text(f"{each.p_count}/{n_p} = {each.p:.4g}"),
        Text(f"{each.q_count}/{n_q} = {each.q:.4g}"),
    ]


def _rest(left: list[Outcome]) -> list[RenderableType]:
    """Say what is not shown and how much it adds."""
    if not left:
        return []
    total = sum(each.contribution for each in left)
    outcomes = how_many(len(left), "more outcome")
    return [Text(f"… and {outcomes}, together {_number(total)} (--top 0 shows all)", "dim")]


def _sum(explanation: Explanation) -> list[RenderableType]:
    """D(P‖Q) written out, term by term where there are few."""
    log = _LOG.get(explanation.unit.name, "log")
    terms = [each for each in explanation.outcomes if each.p > 0]
    lines: list[RenderableType] = [Text(f"D(P‖Q) = Σ P(x)·{log}(P(x)/Q(x))")]
    if len(terms) <= _SHORT_FORM:
        lines.append(Text("       = " + " + ".join(f"{e.p:.4g}·{log}({e.p:.4g}/{e.q:.4g})" for e in terms)))
        lines.append(Text("       = " + " ".join(_signed(each.contribution, gap=" ") for each in terms)))
    lines.append(
        Text.assemble("       = ", (_quantity(explanation.value, explanation.unit.name), "bold green"))
    )
    if explanation.infinite:
        missing = [each for each in terms if each.q == 0]
        mass = sum(each.p for each in missing)
        names = ", ".join(printable(each.outcome) for each in missing[:_SHORT_FORM])
        more = ", …" if len(missing) > _SHORT_FORM else ""
        lines.append(
            Text(
                f"It is infinite because Q gives no probability to {names}{more}, which P has {mass:.4g} of.",
                "yellow",
            )
        )
    return lines


def _estimate(explanation: Explanation) -> list[RenderableType]:
    estimate = explanation.estimate()
    if estimate is None:
        return [Text("Probabilities were given, not samples: there is nothing to estimate.", "dim")]
    unit = explanation.unit.name
    return [
        Text.assemble(("As an estimate", "bold"), " of the distributions these values were drawn from"),
        Text(f"  {_number(estimate.estimate)} {unit}, corrected for bias (Zhang & Grabchak 2014)"),
        Text(
            f"  {estimate.confidence:.0%} interval {_number(estimate.low)} to {_number(estimate.high)} {unit}"
        ),
        Text(f"  p-value of P = Q {estimate.p_value:.3g} (G-test)"),
    ]


def _torch(explanation: Explanation) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Text.assemble(("In PyTorch", "bold")),
        Text.assemble("  ", (TORCH_RIGHT.call, "cyan"), f"   → {_printed(explanation.right())} nats"),
        Text("  Its first argument is log Q, its second P: the reverse of the order in D(P‖Q)."),
    ]
    if explanation.unit.name != "nats":
        convert = _conversion(explanation)
        lines.append(Text(f"  It takes natural logarithms and answers in nats; {convert}"))
    base = "" if explanation.base is None else f", base={explanation.base:g}"
    lines.append(
        Text.assemble(
            "  ", (f"kldiv.kl(Probs(p), Probs(q){base})", "cyan"), "   takes them in the order of the maths."
        )
    )
    return lines


def _conversion(explanation: Explanation) -> str:
    nats, base = explanation.unit.nats, explanation.base
    return f"÷ ln {base:g} gives {_printed(explanation.right() / nats)} {explanation.unit.name}."


def _mistakes(explanation: Explanation) -> list[RenderableType]:
    lines: list[RenderableType] = [Text.assemble(("What the usual mistakes would have printed", "bold"))]
    for call, number in explanation.mistakes():
        lines.append(Text.assemble("  ", (f"{_printed(number):>9}", "red"), "  ", (call.call, "cyan")))
        lines.append(
            Padding(
                Text(f"{call.name}: {call.meaning(len(explanation.outcomes))}", "dim"),
                (0, 0, 0, 13),
                expand=False,
            )
        )
    return lines


def _probability(value: float) -> str:
    """A probability as typed, and as a fraction where a simple one equals it."""
    fraction = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    simple = float(fraction) == value and fraction.denominator > 1
    return f"{fraction} = {value:.4g}" if simple else f"{value:.4g}"


def _bar(contribution: float, largest: float) -> Text:
    """A bar of the term's share of the largest one; what lowers the sum is drawn hollow."""
    if largest == 0 or contribution == 0:
        return Text("")
    share = 1.0 if math.isinf(contribution) else 0.0 if math.isinf(largest) else abs(contribution) / largest
    length = max(1, round(_BAR_WIDTH * share)) if share else 0
    return Text("█" * length, "green") if contribution > 0 else Text("░" * length, "magenta")


def _signed(number: float, gap: str = "") -> str:
    return ("+" if number >= 0 else "−") + gap + _number(abs(number))


def _number(number: float) -> str:
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    text = f"{abs(number):.4f}" if number == 0 or _SMALL <= abs(number) < _LARGE else f"{abs(number):.4g}"
    return f"−{text}" if number < 0 else text


def _quantity(number: float, unit: str) -> str:
    return f"{_number(number)} {unit}"


def _printed(number: float) -> str:
    """A number as Python prints it, for comparing with a program's own output."""
    return f"{number:.4f}" if math.isfinite(number) and _SMALL <= abs(number) < _LARGE else f"{number:.4g}"
