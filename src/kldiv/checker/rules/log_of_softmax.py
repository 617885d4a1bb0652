"""KL006: a logarithm of what had a better one."""

from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Space, Tensor


def find(file: Analysis) -> Iterator[Report]:
    """The logarithms that flow into a KL call."""
    for call in file.calls:
        for value in (call.input, call.target):
            if value.logged is not None:
                message = f"{value.logged.text} loses the small probabilities"
                yield Report(value.logged.node, message, _better(value), call.number)


def _better(value: Tensor) -> str:
    sigmoid = value.space is Space.LOG_BERNOULLI
    return "F.logsigmoid(logits)" if sigmoid else "F.log_softmax(logits, dim=…)"


RULE = Rule(
    "KL006",
    "log-of-softmax",
    "warning",
    "The logarithm of a softmax, of `p + eps`, or of a clamped p flows into the divergence.",
    "softmax rounds small probabilities to 0, whose logarithm is −inf and whose gradient is "
    "NaN. An epsilon bounds that by changing the distribution: it no longer sums to 1, and "
    "the divergence has an upper bound that depends on the epsilon. `log_softmax` has neither"
    " trouble.",
    'loss = F.kl_div(torch.log(F.softmax(a, -1) + 1e-8), q, reduction="batchmean")',
    'loss = F.kl_div(F.log_softmax(a, -1), q, reduction="batchmean")',
    find,
)
