"""KL014: tensors given to the constructor."""

import ast
import re
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.dataflow.values import Constant, Scalar, Sequence, Value
from kldiv.checker.rules.rule import Report, Rule
from kldiv.checker.space import Space, Tensor

_OPTIONS = re.compile(r"average|reduce|reduction|log_target|avg|flag|config|args|cfg|opt")


def find(file: Analysis) -> Iterator[Report]:
    """Constructors whose arguments are tensors."""
    for construction, args in file.constructions:
        if _has_tensors(construction, args):
            message = "KLDivLoss is made from options: tensors go to the object it makes"
            yield Report(construction, message, 'nn.KLDivLoss(reduction="batchmean")(input, target)')


def _has_tensors(construction: ast.Call, args: tuple[Value, ...]) -> bool:
    if any(one.arg in {"input", "target"} for one in construction.keywords):
        return True
    if any(isinstance(one, Tensor) and _is_tensor(one) for one in args):
        return True
    named = [not isinstance(one, Constant | Scalar | Sequence) for one in args]
    options = any(_OPTIONS.search(ast.unparse(one).lower()) for one in construction.args)
    return len(named) > 1 and all(named[:2]) and not options


def _is_tensor(value: Tensor) -> bool:
    return value.space is not Space.UNKNOWN or bool(value.temperature) or bool(value.terms)


RULE = Rule(
    "KL014",
    "tensors-to-constructor",
    "error",
    "Tensors are given to the constructor `nn.KLDivLoss(…)`.",
    "Its parameters are `size_average`, `reduce` and `reduction`. The tensors are taken for "
    "those, or raise an error about the truth value of a tensor; what comes back is a module,"
    " not a loss.",
    "loss = nn.KLDivLoss(F.log_softmax(a, -1), F.softmax(b, -1))",
    'loss = nn.KLDivLoss(reduction="batchmean")(F.log_softmax(a, -1), F.softmax(b, -1))',
    find,
)
