"""KL005: size_average and reduce."""

import ast
import re
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.rules.rule import Report, Rule

_NAMES = re.compile(r"size_average$|reduce$")
_LEGACY = ("size_average", "reduce")


def find(file: Analysis) -> Iterator[Report]:
    """Every size_average or reduce that is given."""
    for call in file.calls:
        for name in _LEGACY:
            node = call.options.get(name)
            if node is not None:
                yield from _report(name, node, call.reduction, call.number)
    for construction, args in file.constructions:
        for one in construction.keywords:
            if one.arg in _LEGACY:
                yield from _report(one.arg, one.value, None, None)
        for name, node in zip(_LEGACY, construction.args, strict=False):
            if len(args) == len(construction.args) and _is_option(node):
                yield from _report(name, node, None, None)


def _is_option(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or _NAMES.search(ast.unparse(node)) is not None


def _report(name: str, node: ast.expr, reduction: str | None, call: int | None) -> Iterator[Report]:
    if isinstance(node, ast.Constant) and node.value is None:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return
    fix = f'write reduction="{"batchmean" if reduction == "mean" else reduction or "…"}"'
    yield Report(node, f"{name} is deprecated, and overrides reduction", fix, call)


RULE = Rule(
    "KL005",
    "legacy-reduction",
    "warning",
    "`size_average` or `reduce` is given.",
    "Both have been deprecated since PyTorch 0.4.1, and where given they override "
    '`reduction`: `nn.KLDivLoss(size_average=False, reduction="batchmean")` is a plain sum. '
    "F.kl_div goes by them too, and then divides by the batch all the same.",
    "loss = F.kl_div(log_p, q, size_average=False)",
    'loss = F.kl_div(log_p, q, reduction="sum")',
    find,
)
