"""KL010: an operand, or the result, is treated as what it can't be."""

import re
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Space, Tensor

_MEAN = re.compile(r"(^|_)mus?(_|\d|$)|^(z_?|q_?|p_?)?(mean|means|loc)(_?\d|_?[a-z])?$")
_SPREAD = re.compile(r"(^|_)(log_?var\w?|log_?variance|log_?sigma|sigma|log_?std|std|variance|mu)s?(_|\d|$)")
_PAIRS = {Space.BERNOULLI, Space.LOG_BERNOULLI}
_FAULTY = {Space.SCALED_PROBS, Space.SCALED_LOG_PROBS}
_MESSAGES = {
    Space.BERNOULLI: "a sigmoid gives the probability of one outcome without its complement",
    Space.LOG_BERNOULLI: "this is the log-probability of one outcome without its complement",
    Space.SIMILARITIES: "similarities or distances are no distribution",
    Space.UNIT_VECTORS: "F.normalize makes vectors of length 1, not distributions",
    Space.NUMBERS: "these numbers don't sum to 1",
}
_STACK = "stack both outcomes: torch.stack([p, 1 - p], dim=-1)"
_SHARES = "divide counts by their sum: x / x.sum(-1, keepdim=True)"
_SOFTMAX = "put raw scores through one softmax: F.log_softmax for the input, F.softmax for the target"


def are_parameters(call: Observation) -> bool:
    """Whether the operands are the parameters of a normal distribution, going by both names."""
    known = {call.input.space, call.target.space} - {Space.UNKNOWN, Space.LOGITS}
    return not known and _is_named(call.input, _MEAN) and _is_named(call.target, _SPREAD)


def _is_named(value: Tensor, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(name) for name in value.names)


def is_no_distribution(call: Observation) -> bool:
    """Whether this rule has something to say about the call's operands."""
    return are_parameters(call) or any(True for _ in _of_operands(call))


def is_input_no_distribution(call: Observation) -> bool:
    """Whether it has something to say about the input."""
    return are_parameters(call) or any(report.node is call.input_node for report in _of_operands(call))


def _of_operands(call: Observation) -> Iterator[Report]:
    for node, value in ((call.input_node, call.input), (call.target_node, call.target)):
        if value.fault is not None and (value.space in _FAULTY or "softmax" in value.fault.text):
            yield Report(node, f"this is no distribution: {value.fault.text}", _SOFTMAX, call.number)
    allowed = _PAIRS if call.completed else set[Space]()
    if call.input.space in {Space.LOG_BERNOULLI, Space.SIMILARITIES} - allowed:
        yield Report(call.input_node, _MESSAGES[call.input.space], _advice(call.input.space), call.number)
    if call.target.space in _MESSAGES.keys() - allowed:
        yield Report(call.target_node, _MESSAGES[call.target.space], _advice(call.target.space), call.number)


def _advice(space: Space) -> str:
    return _STACK if space in _PAIRS else _SHARES if space is Space.NUMBERS else _SOFTMAX


def find(file: Analysis) -> Iterator[Report]:
    """Operands that are no distributions, and absolute values of divergences."""
    for call in file.calls:
        if are_parameters(call):
            message = "the parameters of normal distributions are no probabilities"
            advice = "torch.distributions.kl_divergence(Normal(…), Normal(…)), or the closed form"
            yield Report(call.input_node, message, advice, call.number)
        else:
            yield from _of_operands(call)
    for note in file.notes:
        if note.kind == "abs":
            message = "a divergence is never negative: abs() hides that an operand is no distribution"
            yield Report(
                note.node, message, "leave abs() out, and give log-probabilities and probabilities", note.call
            )


RULE = Rule(
    "KL010",
    "not-distributions",
    "error",
    "An operand does not sum to 1 over the outcomes: it went through softmax twice, was "
    "multiplied after the softmax, is a sigmoid without its complement, the mean and variance"
    " of a normal distribution, a similarity, vectors normalised to length 1, counts, or "
    "ones. Or `abs()` is taken of the divergence.",
    "The divergence is defined between distributions. Between other things the sum is a "
    "number without its properties: it can be negative, and 0 does not mean that the two "
    "agree. That is what `abs()` round it hides.",
    'loss = F.kl_div(F.logsigmoid(a), torch.sigmoid(b), reduction="batchmean")',
    "log_p = torch.stack([F.logsigmoid(a), F.logsigmoid(-a)], dim=-1)\n"
    "q = torch.stack([torch.sigmoid(b), torch.sigmoid(-b)], dim=-1)\n"
    'loss = F.kl_div(log_p, q, reduction="none").sum(-1).mean()',
    find,
)
