"""log(softmax(x)) written as log_softmax(x), which loses no small probability."""

import ast

from kldiv.checker.edits import Edit
from kldiv.checker.modules import Module
from kldiv.checker.spans import Text

_FUNCTIONS = frozenset({"torch.softmax", "torch.nn.functional.softmax"})
_LOGARITHMS = frozenset({"torch.log"})


def log_softmax_fix(module: Module, start: int, end: int) -> tuple[Edit, ...]:
    """The edits for the logarithm of a softmax that overlaps these offsets; none where there is none."""
    for (begin, behind), node in module.call_nodes.items():
        if begin < end and start < behind:
            inner = _inside_logarithm(node, module)
            if inner is not None:
                renaming = _renaming(module, inner)
                edits = _unwrapped(module.text, node, inner)
                if renaming is not None and edits:
                    return (*edits, renaming)
    return ()


def _inside_logarithm(node: ast.Call, module: Module) -> ast.Call | None:
    """The call whose logarithm this call takes, as `torch.log(call)` or as `call.log()`."""
    if node.keywords:
        return None
    if module.full_name(node.func) in _LOGARITHMS and len(node.args) == 1:
        inner = node.args[0]
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "log" and not node.args:
        inner = node.func.value
    else:
        return None
    return inner if isinstance(inner, ast.Call) else None


def _renaming(module: Module, call: ast.Call) -> Edit | None:
    """The edit that makes a call of softmax one of log_softmax; None where it is not PyTorch's."""
    function = call.func
    if isinstance(function, ast.Call) and module.full_name(function.func) == "torch.nn.Softmax":
        return _last_name(module.text, function.func, "LogSoftmax")
    if module.full_name(function) in _FUNCTIONS or _is_tensor_method(call, module):
        return _last_name(module.text, function, "log_softmax")
    return None


def _is_tensor_method(call: ast.Call, module: Module) -> bool:
    """Whether this is `x.softmax(dim)`: a module that is called so takes no number."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "softmax" or module.full_name(function):
        return False
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "dim")]
    return len(given) == 1 and isinstance(_number(given[0]), int)


def _number(node: ast.expr) -> object:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return node.value if isinstance(node, ast.Constant) else None


def _last_name(text: Text, function: ast.expr, name: str) -> Edit | None:
    if not isinstance(function, ast.Attribute):
        return None
    end = text.span(function)[1]
    return Edit(end - len(function.attr), end, name)


def _unwrapped(text: Text, outer: ast.Call, inner: ast.Call) -> tuple[Edit, ...]:
    """The edits that leave the inner call alone standing; none where a comment or its brackets are needed."""
    (begin, behind), (start, end) = text.span(outer), text.span(inner)
    around = text.source[begin:start] + text.source[end:behind]
    if "#" in around or not _stands_alone(text.source[start:end]):
        return ()
    return Edit(begin, start, ""), Edit(end, behind, "")


def _stands_alone(expression: str) -> bool:
    """Whether an expression needs no brackets round it for its lines to belong together."""
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True
