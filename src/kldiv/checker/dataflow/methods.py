"""Methods: of tensors, which are PyTorch's functions, and of lists, dictionaries and layers."""

import ast
from dataclasses import replace
from typing import Any

from kldiv.checker.dataflow import parents
from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.factors import number_of
from kldiv.checker.dataflow.torch_functions import OPERATIONS
from kldiv.checker.dataflow.values import (
    Categorical,
    Constant,
    Criterion,
    Layer,
    Mapping,
    Method,
    Parent,
    Sequence,
    Value,
)
from kldiv.checker.space import Tensor

_RETURN_SELF = {
    "to", "cuda", "cpu", "eval", "train", "half", "float", "double", "requires_grad_", "bfloat16",
}  # fmt: skip


def call_method(run: Any, method: Method, call: Arguments) -> Value:  # noqa: PLR0911 (one way out for each kind)
    """value.name(...)."""
    of = method.of
    if isinstance(of, Tensor):
        return _of_tensor(run, of, method, call)
    if isinstance(of, Parent):
        return parents.call_method(run, of, method, call)
    if not isinstance(of, Categorical) and method.name in _RETURN_SELF:
        return of
    if isinstance(of, Sequence):
        return _of_sequence(run, of, method, call)
    if isinstance(of, Mapping):
        return _of_mapping(run, of, method, call)
    if isinstance(of, Layer | Criterion) and method.name in {"forward", "__call__"}:
        value: Value = run.apply(of, call)
        return value
    if isinstance(of, Categorical):
        return _of_distribution(run, of, method, call)
    return run.fresh(run.origin("call", id(call.node), call.frame.path))  # type: ignore[no-any-return]


def _of_distribution(run: Any, of: Categorical, method: Method, call: Arguments) -> Value:
    sampled = method.name in {"sample", "rsample"}
    return of.probs if sampled else Tensor(origin=run.origin("call", id(call.node), call.frame.path))


def _of_tensor(run: Any, of: Tensor, method: Method, call: Arguments) -> Value:
    node = method.node
    if method.name == "size" or (method.name == "dim" and not call.args):
        return _size(run, of, call)
    if method.name in OPERATIONS:
        base = node.value if isinstance(node, ast.Attribute) else node
        with_self = replace(call, args=(of, *call.args), nodes=(base, *call.nodes), name=method.name)
        return OPERATIONS[method.name](run, with_self)
    value = run.fresh(run.origin("call", id(call.node), call.frame.path), of.names | {method.name})
    return _model_output(value, of, method, call)


def _model_output(value: Tensor, of: Tensor, method: Method, call: Arguments) -> Tensor:
    """self.teacher.forward(x), teacher.encode(x): outputs of what is called so."""
    forward = method.name in {"forward", "__call__"} and any(_is_teacher(name) for name in of.names)
    if (forward or _is_teacher(method.name)) and not call.frame.detached:
        return replace(value, teacher=call.node)
    return value


def _is_teacher(name: str) -> bool:
    return name in {"teacher", "teacher_model", "teacher_net"}


def _size(run: Any, of: Tensor, call: Arguments) -> Tensor:
    at = call.get(0, "dim")
    if at is None:
        value: Tensor = run.fresh(run.origin("shape", of.origin))
        return replace(value, normaliser=("shape", of.origin, of.rank))
    found: Tensor = run.size(of.origin, number_of(at), ast.unparse(call.node)[:60])
    return found


def _of_sequence(run: Any, of: Sequence, method: Method, call: Arguments) -> Value:
    added: tuple[Value, ...] = ()
    if method.name == "append" and call.args:
        added = (call.args[0],)
    elif method.name in {"extend", "__iadd__"} and call.args:
        given = call.args[0]
        added = given.items if isinstance(given, Sequence) else (run.element(given, call.node, call.frame),)
    elif method.name == "insert" and len(call.args) > 1:
        added = (call.args[1],)
    if added and isinstance(method.node, ast.Attribute):
        items = of.items + tuple(one for one in added if one not in of.items)
        run.assign(method.node.value, Sequence(items[:64], open=True), call.frame)
    if method.name == "pop" and of.items:
        return of.items[-1]
    return Constant(None)


def _of_mapping(run: Any, of: Mapping, method: Method, call: Arguments) -> Value:
    values = tuple(value for _, value in of.items)
    if method.name == "values":
        return Sequence(values)
    if method.name == "items":
        return Sequence(tuple(Sequence((Constant(str(key)), value)) for key, value in of.items))
    key = call.get(0)
    if method.name in {"get", "pop", "setdefault"} and isinstance(key, Constant):
        found = dict(of.items).get(key.value)
        return found if found is not None else run.fresh(run.origin("call", id(call.node), call.frame.path))  # type: ignore[no-any-return]
    if method.name == "update" and isinstance(method.node, ast.Attribute):
        given = call.args[0].items if call.args and isinstance(call.args[0], Mapping) else ()
        run.assign(method.node.value, Mapping((*of.items, *given, *call.keywords.items())), call.frame)
    return run.fresh(run.origin("call", id(call.node), call.frame.path))  # type: ignore[no-any-return]
