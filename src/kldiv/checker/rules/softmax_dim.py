"""KL011: over which dimension the softmax goes."""

from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Space

_DISTRIBUTIONS = {Space.PROBS, Space.LOG_PROBS}


def find(file: Analysis) -> Iterator[Report]:
    """Softmaxes without dim that flow into a call, and sides over different dimensions."""
    for call in file.calls:
        for value in (call.input, call.target):
            if value.unspecified is not None:
                message = "softmax without dim chooses one by the rank: 0 for 1 or 3 dimensions, 1 otherwise"
                yield Report(value.unspecified, message, "say which: dim=-1", call.number)
        if _differ(call):
            message = (
                f"the input is normalised over dim {call.input.dim} and the target over dim {call.target.dim}"
            )
            yield Report(call.target_node, message, "normalise both over the same dimension", call.number)


def _differ(call: Observation) -> bool:
    one, two = call.input, call.target
    if one.dim is None or two.dim is None or {one.space, two.space} - _DISTRIBUTIONS:
        return False
    rank = one.rank or two.rank
    if rank:
        return one.dim % rank != two.dim % rank
    return (one.dim < 0) == (two.dim < 0) and one.dim != two.dim


RULE = Rule(
    "KL011",
    "softmax-dimension",
    "warning",
    "A softmax that flows into the divergence has no `dim`, or the two sides are normalised "
    "over different dimensions.",
    "Without `dim` PyTorch chooses it by the rank, and for 3 dimensions it is the batch. Two "
    "sides normalised over different dimensions are distributions of different things.",
    'loss = F.kl_div(F.log_softmax(a, dim=1), F.softmax(b), reduction="batchmean")',
    'loss = F.kl_div(F.log_softmax(a, dim=1), F.softmax(b, dim=1), reduction="batchmean")',
    find,
)
