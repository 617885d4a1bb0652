"""KL004: batchmean where a batch is not all there is besides the outcomes."""

import ast
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Symbol

_MATRIX, _FEW = 2, 4


def find(file: Analysis) -> Iterator[Report]:
    """Calls with batchmean whose rank is visibly not 2."""
    for call in file.calls:
        described = _rank(call)
        if call.reduction == "batchmean" and described and not _divided(file, call.number):
            message = f"batchmean divides by the first dimension alone, and the input visibly has {described}"
            fix = 'reduction="none", .sum(-1) and .mean(); or flatten to [N, C] first'
            if described == "1 dimension":
                message = (
                    "the input has one dimension alone, and batchmean divides by it: the number of outcomes"
                )
                fix = 'reduction="sum"'
            yield Report(_place(call), message, fix, call.number)


def _place(call: Observation) -> ast.expr:
    return call.node if call.constructor is not None else call.options.get("reduction") or call.node


def _rank(call: Observation) -> str:
    """The rank in words, if it is visible and not 2."""
    ranks = [value.rank for value in (call.input, call.target) if value.rank]
    least = max(call.input.least_rank, call.target.least_rank)
    if ranks and all(rank == ranks[0] for rank in ranks):
        return "" if ranks[0] == _MATRIX else f"{ranks[0]} dimension{'s' if ranks[0] > 1 else ''}"
    return f"at least {least} dimensions" if least > _MATRIX and not ranks else ""


def _divided(file: Analysis, call: int) -> bool:
    """Whether the loss is divided by something afterwards that may be the missing size."""
    return any(
        power < 0 and _may_be_size(symbol) for factors in file.scalings_of(call) for symbol, power in factors
    )


def _may_be_size(symbol: Symbol) -> bool:
    """The batch is what batchmean divided by already, and a small number averages a few losses."""
    small = isinstance(symbol.of, float) and symbol.of <= _FEW
    return not small and symbol.kind != "batch"


RULE = Rule(
    "KL004",
    "batchmean-rank",
    "warning",
    '`reduction="batchmean"` of tensors whose rank is visibly not 2.',
    "batchmean is the sum of everything divided by the size of the first dimension. For [B, "
    "T, V] it is T times the mean divergence, so that the loss grows with the length of the "
    "sequence; for [C] it divides by the number of outcomes.",
    'b, t, v = logits.shape\nloss = F.kl_div(F.log_softmax(logits, -1), q, reduction="batchmean")',
    "b, t, v = logits.shape\n"
    "loss = F.kl_div(F.log_softmax(logits, -1).flatten(0, 1), q.flatten(0, 1), "
    'reduction="batchmean")',
    find,
)
