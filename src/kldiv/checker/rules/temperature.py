"""KL007: a temperature without its square on the loss."""

import re
from collections import defaultdict
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.factors import text, worth
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Factors

_SQUARED = 2
_SQUARE = re.compile(r"(^|_)t(emp|emperature|au)?_?(2|sq|square)", re.IGNORECASE)
_NO_TEMPERATURE = re.compile(r"sqrt|norm|scale|size|shape|len\(|eps")


def temperature_of(call: Observation) -> Factors:
    """The temperature that both sides' logits were divided by; nothing where they differ or it is 1."""
    one, two = call.input.temperature, call.target.temperature
    whole = all(power == int(power) and power > 0 for _, power in one)
    if (
        one != two
        or not whole
        or call.input.fault
        or call.target.fault
        or any(_NO_TEMPERATURE.search(symbol.text) or symbol.kind == "tensor" for symbol, _ in one)
    ):
        return ()
    known = worth(one)
    return one if known is None or known > 1 else ()


def is_squared(file: Analysis, call: Observation) -> bool:
    """Whether the loss is multiplied by the temperature's square, or by some square."""
    temperature = temperature_of(call)
    return any(_has_square(factors, temperature) for factors in file.scalings_of(call.number))


def _has_square(factors: Factors, temperature: Factors) -> bool:
    known = worth(temperature)
    squared = None if known is None else known * known
    for symbol, power in factors:
        if isinstance(symbol.of, float) and squared is not None:
            number = worth(((symbol, power),))
            if number is not None and abs(number - squared) < 1e-6 * squared:
                return True
        elif power >= _SQUARED or _SQUARE.search(symbol.text):
            return True
    product = worth(factors)
    return squared is not None and product is not None and abs(product - squared) < 1e-6 * squared


def find(file: Analysis) -> Iterator[Report]:
    """Calls under a temperature of which no way of running has the square."""
    by_node: dict[int, list[Observation]] = defaultdict(list)
    for call in file.calls:
        by_node[id(call.node)].append(call)
    for calls in by_node.values():
        tempered = [call for call in calls if temperature_of(call)]
        if tempered and not any(is_squared(file, call) for call in calls):
            shown = text(temperature_of(tempered[0]))
            message = (
                f"both sides' logits are divided by {shown}, and the loss is not multiplied by its square"
            )
            yield Report(calls[0].node, message, f"multiply the loss by {shown}²", calls[0].number)


RULE = Rule(
    "KL007",
    "temperature-without-square",
    "warning",
    "Both sides' logits are divided by a temperature T, and the loss is nowhere multiplied by T².",
    "The gradient of the softened divergence shrinks as 1/T² (Hinton, Vinyals & Dean 2015, "
    "section 2.1). Without the factor, the weight between this loss and the one on the labels"
    " changes whenever T does.",
    'loss = F.kl_div(F.log_softmax(s / T, -1), F.softmax(t / T, -1), reduction="batchmean")',
    'loss = F.kl_div(F.log_softmax(s / T, -1), F.softmax(t / T, -1), reduction="batchmean") * T**2',
    find,
)
