"""KL012: gradient bookkeeping."""

import ast
import re
from collections.abc import Iterator

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.rules.rule import Report, Rule

_FROZEN = re.compile(
    r"teacher\w*\.eval\(|teacher\w*\.requires_grad|param\w*\.requires_grad|freeze|requires_grad_?\s*(=|\()\s*False|no_grad|inference_mode|detach\(",
    re.IGNORECASE,
)


def find(file: Analysis) -> Iterator[Report]:
    """`x.detach()` as a statement, and teachers that nothing in the file takes out of the graph."""
    for statement in file.bare_detaches:
        message = "detach() returns a new tensor, and this one is thrown away"
        yield Report(statement, message, f"assign it: x = {_text(statement)}")
    if _FROZEN.search(file.source):
        return
    for call in file.calls:
        if call.target.teacher is not None and not call.target.detached:
            message = "the teacher's outputs are in the graph: gradients flow into the teacher"
            yield Report(
                call.target_node,
                message,
                "run it under torch.no_grad(), or .detach() its output",
                call.number,
            )


def _text(statement: ast.Expr) -> str:
    return ast.unparse(statement)[:60]


RULE = Rule(
    "KL012",
    "gradient-bookkeeping",
    "warning",
    "A teacher's output is used as the target with gradients flowing into it, and nothing in "
    "the file freezes it; or `x.detach()` stands alone as a statement.",
    "With the teacher in the graph, backward computes and stores its gradients, and an "
    "optimizer that has its parameters trains it towards the student. `x.detach()` does not "
    "change x: it returns another tensor.",
    'q = F.softmax(self.teacher(x), -1)\nloss = F.kl_div(log_p, q, reduction="batchmean")',
    "with torch.no_grad():\n"
    "    q = F.softmax(self.teacher(x), -1)\n"
    'loss = F.kl_div(log_p, q, reduction="batchmean")',
    find,
)
