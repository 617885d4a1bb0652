"""KL001: the input is not log-probabilities."""

from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.rules.distributions import is_input_no_distribution
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Space

_ADVICE = {
    Space.PROBS: "give log-probabilities: F.log_softmax(logits, dim=…) in place of softmax",
    Space.LOGITS: "wrap it: F.log_softmax(…, dim=-1)",
    Space.BERNOULLI: "torch.stack([F.logsigmoid(z), F.logsigmoid(-z)], dim=-1)",
    Space.UNIT_VECTORS: "F.normalize makes no distributions: use F.log_softmax(…, dim=-1)",
    Space.NUMBERS: "give log-probabilities: (x / x.sum(-1, keepdim=True)).log() of counts",
}


def find(file: Analysis) -> Iterator[Report]:
    """The inputs that are known to be something else."""
    for call in file.calls:
        space = call.input.space
        if space in _ADVICE and not is_input_no_distribution(call):
            message = f"the input must be log-probabilities, and this is {space.value}"
            yield Report(call.input_node, message, _ADVICE[space], call.number)


RULE = Rule(
    "KL001",
    "input-not-log-probabilities",
    "error",
    "The first argument of `F.kl_div` is not log-probabilities: it has been through `softmax`"
    " or `sigmoid`, was normalised in some other way, or is raw scores.",
    "`F.kl_div(input, target)` computes Σ target·(log target − input). It takes `input` for "
    "logarithms and never checks: with probabilities there the number is wrong, often "
    "negative, and so is its gradient.",
    "p = F.softmax(student, dim=-1)\n"
    "q = F.softmax(teacher, dim=-1)\n"
    'loss = F.kl_div(p, q, reduction="batchmean")',
    "p = F.log_softmax(student, dim=-1)\n"
    "q = F.softmax(teacher, dim=-1)\n"
    'loss = F.kl_div(p, q, reduction="batchmean")',
    find,
)
