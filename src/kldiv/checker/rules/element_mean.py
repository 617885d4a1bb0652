"""KL003: the mean over elements."""

import re
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Factors

_CLASSES = re.compile(r"class|vocab|^c$|^k$|^v$|^n_?cls$|^d$|dim|num_labels|n_labels", re.IGNORECASE)
_FIX = 'reduction="batchmean" for [N, C]; else reduction="none", .sum(-1), and the mean of that'


def find(file: Analysis) -> Iterator[Report]:
    """reduction="mean", given or by default, and .mean() of elements."""
    for construction, _ in file.constructions:
        if not any(call.constructor is construction for call in file.calls) and not _given(
            construction.args, construction.keywords
        ):
            yield Report(construction, _MESSAGE, _FIX)
    # An element with its complement is a whole distribution.
    divided = {call.number for call in file.calls if not call.completed and not _undone(file, call.number)}
    for call in file.calls:
        if call.reduction == "mean" and call.input.rank != 0 and call.number in divided:
            node = (
                call.options.get("reduction")
                or call.options.get("size_average")
                or call.constructor
                or call.node
            )
            yield Report(node, _MESSAGE, _FIX, call.number)
    for note in file.notes:
        if note.kind == "mean" and note.call in divided:
            yield Report(note.node, f'{_MESSAGE}, here by .mean() of reduction="none"', _FIX, note.call)


_MESSAGE = "the mean over elements also divides by the number of outcomes, so that it is no divergence"


def _given(args: object, keywords: object) -> bool:
    return bool(args) or bool(keywords)


def _undone(file: Analysis, call: int) -> bool:
    """Whether the loss is multiplied by the number of outcomes afterwards."""
    return any(_counts_outcomes(factors) for factors in file.scalings_of(call))


def _counts_outcomes(factors: Factors) -> bool:
    return any(
        power > 0
        and (
            symbol.kind == "size"
            or (symbol.kind != "batch" and _CLASSES.search(symbol.text.rpartition(".")[2]))
        )
        for symbol, power in factors
    )


RULE = Rule(
    "KL003",
    "mean-over-elements",
    "warning",
    '`reduction="mean"`, which is the default, or `.mean()` of `reduction="none"` with the '
    "dimension of the outcomes still there.",
    "The divergence is a sum over the outcomes. The mean over elements divides it by their "
    "number as well: by 10 on CIFAR-10, by 128,256 over a vocabulary. PyTorch's documentation"
    " says so and warns at run time.",
    "loss = F.kl_div(log_p, q)",
    'loss = F.kl_div(log_p, q, reduction="batchmean")',
    find,
)
