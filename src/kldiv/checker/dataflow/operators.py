"""Which function knows what an operator makes of abstract values."""

import ast
from collections.abc import Callable

from kldiv.checker.dataflow.operands import other
from kldiv.checker.dataflow.products import divide, matrix_product, multiply, power
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.sums import add, subtract
from kldiv.checker.dataflow.values import Value

_OPERATORS: dict[type, Callable[[Store, ast.expr, Value, Value], Value]] = {
    ast.Pow: power,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.Add: add,
    ast.Sub: subtract,
    ast.MatMult: matrix_product,
}


def binary(store: Store, node: ast.expr, operator: ast.operator, left: Value, right: Value) -> Value:
    """The value of `left operator right`."""
    known = _OPERATORS.get(type(operator))
    return known(store, node, left, right) if known else other(store, node, left, right)
