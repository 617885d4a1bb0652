"""Python's own functions, as far as they carry tensors along."""

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kldiv.checker.dataflow import parents, products
from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.joining import join_all
from kldiv.checker.dataflow.reductions import absolute, sum_of
from kldiv.checker.dataflow.values import Constant, Mapping, Scalar, Sequence, Value
from kldiv.checker.space import Tensor


def _element(run: Any, value: Value | None, call: Arguments) -> Value:
    if isinstance(value, Sequence) and not value.open and len(value.items) > 1:
        return join_all(value.items, run.origin("element", id(call.node), call.frame.path, len(value.items)))
    result: Value = run.element(value, call.node, call.frame) if value is not None else Tensor()
    return result


def _aligned(run: Any, call: Arguments) -> Value:
    """zip: as many tuples as are visible."""
    lengths = {len(one.items) for one in call.args if isinstance(one, Sequence) and not one.open}
    sequences = [one for one in call.args if isinstance(one, Sequence)]
    if len(lengths) == 1 and len(sequences) == len(call.args) and not any(one.open for one in sequences):
        return Sequence(
            tuple(Sequence(items) for items in zip(*(one.items for one in sequences), strict=True))
        )
    elements = []
    for index, one in enumerate(call.args):
        value = _element(run, one, call)
        if isinstance(value, Tensor) and not isinstance(one, Sequence):
            value = run.fresh(run.origin("zipped", id(call.node), index, call.frame.path), value.names)
        elements.append(value)
    return Sequence((Sequence(tuple(elements)),), open=True)


def _enumerate(run: Any, call: Arguments) -> Value:
    value = _element(run, call.get(0), call)
    return Sequence((Sequence((Tensor(), value)),), open=True)


def _sum(run: Any, call: Arguments) -> Value:
    value = call.get(0)
    if isinstance(value, Mapping):
        value = Sequence(tuple(one for _, one in value.items))
    return sum_of(run, call, value) if isinstance(value, Sequence) else _unknown(run, call)


def _unknown(run: Any, call: Arguments) -> Value:
    return Tensor(origin=run.origin("builtin", id(call.node), call.frame.path))


def _first(_run: Any, call: Arguments) -> Value:
    value = call.get(0)
    return value if value is not None else Sequence(())


def _length(run: Any, call: Arguments) -> Value:
    value = call.get(0)
    origin = value.origin if isinstance(value, Tensor) else id(call.node)
    found: Value = run.fresh(run.origin("length", origin), frozenset(), "len(…)", "batch")
    return found


def _power(run: Any, call: Arguments) -> Value:
    left, right = call.get(0), call.get(1)
    if left is None or right is None:
        return _unknown(run, call)
    return products.power(run, call.node, run.operand(left), run.operand(right))


def _map(run: Any, call: Arguments) -> Value:
    if len(call.args) == 1:
        return _unknown(run, call)
    elements = tuple(_element(run, one, call) for one in call.args[1:])
    inner = replace(call, args=elements, nodes=call.nodes[1:], keywords={}, certain=True)
    return Sequence((run.apply(call.args[0], inner),), open=True)


def _dict(_run: Any, call: Arguments) -> Value:
    return Mapping(tuple(call.keywords.items())) if not call.args else call.args[0]


def _getattr(run: Any, call: Arguments) -> Value:
    name = call.get(1)
    if isinstance(name, Constant) and isinstance(name.value, str) and name.value.isidentifier():
        node = ast.Attribute(value=call.nodes[0], attr=name.value, ctx=ast.Load())
        found: Value = run.attribute(call.args[0], ast.copy_location(node, call.node), call.frame)
        return found
    return _unknown(run, call)


def _absolute(run: Any, call: Arguments) -> Value:
    value = call.get(0)
    if isinstance(value, Scalar):
        return Scalar(None if value.number is None else abs(value.number), value.factors)
    return absolute(run, call)


BUILTINS: dict[str, Callable[[Any, Arguments], Value]] = {
    "sum": _sum,
    "abs": _absolute,
    "float": _first,
    "int": _first,
    "zip": _aligned,
    "enumerate": _enumerate,
    "list": _first,
    "tuple": _first,
    "reversed": _first,
    "sorted": _first,
    "iter": _first,
    "map": _map,
    "len": _length,
    "pow": _power,
    "dict": _dict,
    "getattr": _getattr,
    "super": parents.parent,
}
