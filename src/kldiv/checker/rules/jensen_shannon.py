"""KL009: Jensen–Shannon the wrong way round."""

from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.rules.rule import Report, Rule


def find(file: Analysis) -> Iterator[Report]:
    """Sums of divergences from one mixture, whose inputs are what is mixed."""
    calls = {call.number: call for call in file.calls}
    for numbers in file.sums:
        reversed_ones = [
            calls[number] for number in numbers if number in calls and _is_from_mixture(calls[number])
        ]
        for call in reversed_ones:
            if _has_partner(call, reversed_ones):
                message = "Jensen–Shannon is the divergences from the mixture, not the mixture's divergences"
                yield Report(call.node, message, "F.kl_div(m.log(), p) + F.kl_div(m.log(), q)", call.number)


def _is_from_mixture(call: Observation) -> bool:
    return call.input.distribution in call.target.parts


def _has_partner(call: Observation, others: list[Observation]) -> bool:
    return any(
        one.target.parts == call.target.parts and one.input.distribution != call.input.distribution
        for one in others
    )


RULE = Rule(
    "KL009",
    "jensen-shannon-reversed",
    "error",
    "Two divergences with one mixture m as their target are added, and the inputs are the "
    "distributions that m mixes.",
    "`F.kl_div(log_p, m)` is D(m ‖ p), and the Jensen–Shannon divergence is the mean of D(p ‖"
    " m) and D(q ‖ m) (Lin 1991). The sum of the reversed ones is unbounded, where the "
    "Jensen–Shannon divergence is at most ln 2.",
    "m = (p + q) / 2\n"
    'js = F.kl_div(p.log(), m, reduction="batchmean") + F.kl_div(q.log(), m, '
    'reduction="batchmean")',
    "m = (p + q) / 2\n"
    'js = F.kl_div(m.log(), p, reduction="batchmean") + F.kl_div(m.log(), q, '
    'reduction="batchmean")',
    find,
)
