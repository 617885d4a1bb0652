"""One side of a divergence in kldiv's words: what it holds, and the dimension of its outcomes."""

import ast
from typing import NamedTuple

from kldiv.checker.arguments import arguments_of
from kldiv.checker.modules import Module
from kldiv.checker.space import Space
from kldiv.checker.spans import Text

_NORMALISING = {
    Space.LOG_PROBS: frozenset({"torch.log_softmax", "torch.nn.functional.log_softmax"}),
    Space.PROBS: frozenset({"torch.softmax", "torch.nn.functional.softmax"}),
}
_METHOD = {Space.LOG_PROBS: "log_softmax", Space.PROBS: "softmax"}
_KIND = {Space.LOG_PROBS: "LogProbs", Space.PROBS: "Probs"}
# What gives the same result whenever it is called, so that the order of two calls doesn't matter.
_REPEATABLE = frozenset(
    {"LogSoftmax", "Softmax", "clone", "exp", "flatten", "log", "log_softmax", "permute", "reshape", "size"}
    | {"softmax", "squeeze", "transpose", "unsqueeze", "view"}
)
# What changes neither the number of rows nor their order.
_SAME_ROWS = frozenset({"bfloat16", "contiguous", "detach", "double", "float", "half", "to", "type_as"})


class RefusedError(Exception):
    """Carries the reason for which a call is left as it is."""


class Side(NamedTuple):
    """A wrapper's kind, the text of its values, their dimension of outcomes, and what has as many rows."""

    kind: str
    text: str
    dim: str | None
    length_of: str | None

    def written(self, library: str) -> str:
        """The wrapper's call."""
        dim = "" if self.dim in (None, "-1") else f", dim={self.dim}"
        return f"{library}.{self.kind}({self.text}{dim})"


def side_of(module: Module, node: ast.expr, space: Space, dim: int | None) -> Side:
    """One argument as a wrapper; of a softmax it takes the logits.

    Raises:
        RefusedError: an expression that may not be moved, or a dimension that is not seen.
    """
    if any(
        isinstance(each, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for each in ast.walk(node)
    ):
        raise RefusedError("an argument assigns or waits, and may not be moved")
    text = module.text
    inner, detached = _without_detach(node)
    logits = _logits_of(module, inner, space)
    # A comment beside the dimension would go with it.
    if logits is not None and text.of(node).count("#") == logits[1].count("#"):
        values, written, along = logits
        if detached:
            simple = isinstance(values, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
            written = f"{written}.detach()" if simple else f"({written}).detach()"
        return Side("Logits", written, along, _rows_of(text, values))
    if dim is None:
        raise RefusedError("the dimension of its outcomes is not seen")
    return Side(_KIND[space], _written(text, node), str(dim), _rows_of(text, node))


def calls_more_than(node: ast.expr) -> bool:
    """Whether an expression calls what may draw random numbers, a network with dropout for example."""
    return any(
        isinstance(each, ast.Call) and _last_name(each.func) not in _REPEATABLE | _SAME_ROWS
        for each in ast.walk(node)
    )


def _last_name(function: ast.expr) -> str:
    """The name of what is called, or of the module that is made and called at once."""
    if isinstance(function, ast.Call):
        return _last_name(function.func)
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _without_detach(node: ast.expr) -> tuple[ast.expr, bool]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "detach":
        return node.func.value, True
    return node, False


def _logits_of(module: Module, node: ast.expr, space: Space) -> tuple[ast.expr, str, str] | None:
    """What is normalised, its text and the dimension's, where the expression is a plain (log_)softmax."""
    if not isinstance(node, ast.Call):
        return None
    text = module.text
    given = {each.arg: each.value for each in node.keywords}
    arguments = arguments_of(text, node)
    if module.full_name(node.func) in _NORMALISING[space]:
        given |= dict(zip(("input", "dim"), node.args, strict=False))
        if given.keys() != {"input", "dim"} or len(given) != len(node.args) + len(node.keywords):
            return None
        values = given["input"]
        slot = arguments.slot_of(values) if arguments else None
        written = None if slot is None else text.source[slot.start : slot.end].removeprefix("input=")
    elif isinstance(node.func, ast.Attribute) and node.func.attr == _METHOD[space]:
        given |= dict(zip(("dim",), node.args, strict=False))
        if given.keys() != {"dim"} or module.full_name(node.func) or not _is_number(given["dim"]):
            return None
        values = node.func.value
        written = _written(text, values)
    else:
        return None
    return None if written is None else (values, written, text.of(given["dim"]))


def _is_number(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant) and type(inner.value) is int


def _written(text: Text, node: ast.expr) -> str:
    """An expression's text, in the brackets that may have kept its lines together."""
    written = text.of(node)
    try:
        ast.parse(written, mode="eval")
    except (SyntaxError, ValueError):
        return f"({written})"
    return written


def _rows_of(text: Text, node: ast.expr) -> str | None:
    """A plain expression with as many rows as another; a temperature that divides it has none."""
    while True:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            if not isinstance(node.right, ast.Name | ast.Attribute | ast.Constant):
                return None
            node = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in _SAME_ROWS:
                return None
            node = node.func.value
        else:
            return text.of(node) if _is_path(node) else None


def _is_path(node: ast.expr) -> bool:
    """Whether an expression of names, dots and indices calls nothing, and so costs nothing to write twice."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript) and any(
            isinstance(each, ast.Call) for each in ast.walk(node.slice)
        ):
            return False
        node = node.value
    return isinstance(node, ast.Name)
