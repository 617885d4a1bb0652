"""Expressions: from a node of the syntax tree to an abstract value."""

import ast
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from kldiv.checker.dataflow import operators, products
from kldiv.checker.dataflow.factors import number_of, of_number
from kldiv.checker.dataflow.joining import join, join_all
from kldiv.checker.dataflow.names import Lookup
from kldiv.checker.dataflow.store import Frame
from kldiv.checker.dataflow.truth import truth
from kldiv.checker.dataflow.values import (
    NOTHING,
    Constant,
    Criterion,
    Function,
    Instance,
    Layer,
    Mapping,
    Named,
    Names,
    Scalar,
    Scope,
    Sequence,
    Value,
)
from kldiv.checker.space import Space, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_ITEMS = 8


class Expressions(Lookup):
    """Evaluates expressions; calls are left to the class below."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: dict[type, Callable[[ast.expr, Frame], Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self.call,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._either,
            ast.IfExp: self._conditional,
            ast.Compare: self._compare,
            ast.Subscript: self._subscript,
            ast.Tuple: self._sequence,
            ast.List: self._sequence,
            ast.Dict: self._mapping,
            ast.Lambda: self._lambda,
            ast.ListComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.DictComp: self._dict_comprehension,
            ast.NamedExpr: self._named,
            ast.Starred: self._inner,
            ast.Await: self._inner,
            ast.Yield: self._inner,
            ast.YieldFrom: self._inner,
            ast.JoinedStr: self._text,
        }

    @abstractmethod
    def call(self, node: ast.expr, frame: Frame) -> Value:
        """A call."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind a target."""

    def evaluate(self, node: ast.expr, frame: Frame) -> Value:
        """What an expression stands for."""
        self.steps += 1
        handler = self.handlers.get(type(node))
        value = handler(node, frame) if handler else self.unknown(node, frame)
        if isinstance(value, Tensor) and value.space is Space.UNKNOWN and value.origin in self.known:
            return self._concluded(value)
        return value

    def _concluded(self, value: Tensor) -> Tensor:
        """A value of which its uses elsewhere tell what it is."""
        return value if value.terms else replace(value, space=self.known[value.origin], factors=())

    def unknown(self, node: ast.AST, frame: Frame) -> Tensor:
        """Nothing is known; what was known of this expression on the same path before is."""
        return self.fresh(self.origin("expression", id(node), frame.path))

    def _constant(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Constant)  # noqa: S101
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return Scalar(float(value), of_number(float(value)))
            except OverflowError:
                return Scalar(None)
        return Constant(value) if isinstance(value, str | bool | None) else self.unknown(node, frame)

    def _name(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Name)  # noqa: S101
        return self.lookup(node.id, frame)

    def _attribute(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Attribute)  # noqa: S101
        return self.attribute(self.evaluate(node.value, frame), node, frame)

    def _binary(self, node: ast.expr, frame: Frame) -> Value:
        """Long chains lean to the left: walk down them without recursion."""
        chain = []
        while isinstance(node, ast.BinOp):
            chain.append(node)
            node = node.left
        value = self.evaluate(node, frame)
        for one in reversed(chain):
            right = self.operand(self.evaluate(one.right, frame))
            value = operators.binary(self, one, one.op, self.operand(value), right)
        return value

    def _unary(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.UnaryOp)  # noqa: S101
        value = self.evaluate(node.operand, frame)
        if isinstance(node.op, ast.USub):
            return products.negative(self, node, value)
        if isinstance(node.op, ast.Not):
            known = truth(value)
            return self.unknown(node, frame) if known is None else Constant(not known)
        return value if isinstance(node.op, ast.UAdd) else self.unknown(node, frame)

    def _either(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.BoolOp)  # noqa: S101
        values = tuple(self.evaluate(one, frame) for one in node.values)
        return join_all(values, self.origin("either", id(node), frame.path))

    def _conditional(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.IfExp)  # noqa: S101
        known = self.decided(node.test, frame)
        if known is not None:
            return self.evaluate(node.body if known else node.orelse, frame)
        frame.conditions.append(ast.unparse(node.test)[:200])
        body, otherwise = self.evaluate(node.body, frame), self.evaluate(node.orelse, frame)
        frame.conditions.pop()
        return join(body, otherwise, self.origin("conditional", id(node), frame.path))

    def decided(self, test: ast.expr, frame: Frame) -> bool | None:
        """Whether a condition holds, where constants decide it."""
        if isinstance(test, ast.BoolOp):
            known = [self.decided(one, frame) for one in test.values]
            stop = isinstance(test.op, ast.Or)
            return stop if stop in known else None if None in known else not stop
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.decided(test.operand, frame)
            return None if inner is None else not inner
        value = self.evaluate(test, frame)
        return truth(value) if frame.inlined else None

    def _compare(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Compare)  # noqa: S101
        left = self.evaluate(node.left, frame)
        rights = [self.evaluate(one, frame) for one in node.comparators]
        known = _comparison(node.ops[0], left, rights[0]) if len(rights) == 1 else None
        return self.unknown(node, frame) if known is None else Constant(known)

    def _subscript(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Subscript)  # noqa: S101
        value = self.evaluate(node.value, frame)
        if not isinstance(node.slice, ast.Slice | ast.Tuple):
            key = self.evaluate(node.slice, frame)
        else:
            key = self.unknown(node.slice, frame)
        return self.item(value, key, node, frame)

    def _sequence(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Tuple | ast.List)  # noqa: S101
        items: list[Value] = []
        starred = False
        for one in node.elts:
            value = self.evaluate(one, frame)
            if isinstance(one, ast.Starred):
                starred = starred or not isinstance(value, Sequence) or value.open
                items.extend(
                    value.items if isinstance(value, Sequence) else [self.element(value, one, frame)]
                )
            else:
                items.append(value)
        return Sequence(tuple(items[:256]), starred)

    def _mapping(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Dict)  # noqa: S101
        items: dict[object, Value] = {}
        for key, one in zip(node.keys, node.values, strict=True):
            value = self.evaluate(one, frame)
            if key is None and isinstance(value, Mapping):
                items.update(value.items)
            elif key is not None:
                known = self.evaluate(key, frame)
                items[known.value if isinstance(known, Constant) else number_of(known) or id(key)] = value
        return Mapping(tuple(items.items()))

    def _lambda(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.Lambda)  # noqa: S101
        function = Function(node, frame.scope, defaults=self.defaults(node.args, frame))
        self.defined(function, frame)
        return function

    def defaults(self, arguments: ast.arguments, frame: Frame) -> tuple[Value | None, ...]:
        """The default values of a function's parameters, in the order positional, then keyword-only."""
        return tuple(
            None if one is None else self.evaluate(one, frame)
            for one in (*arguments.defaults, *arguments.kw_defaults)
        )

    @abstractmethod
    def defined(self, function: Function, frame: Frame) -> None:
        """A function was defined."""

    def _comprehension(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp)  # noqa: S101
        items = self._items(node.generators, frame)
        if items is not None:
            return Sequence(
                tuple(self._with_item(node, index, one, frame) for index, one in enumerate(items))
            )
        inner = self._comprehended(node.generators, frame)
        return Sequence((self.evaluate(node.elt, inner),), open=True)

    def _items(self, generators: list[ast.comprehension], frame: Frame) -> tuple[Value, ...] | None:
        """The items that a comprehension goes through one by one, where they are few and all visible."""
        if len(generators) > 1 or generators[0].ifs or not self.has_time():
            return None
        over = self.evaluate(generators[0].iter, frame)
        few = isinstance(over, Sequence) and not over.open and 1 < len(over.items) <= _MOST_ITEMS
        return over.items if few and isinstance(over, Sequence) else None

    def _with_item(
        self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, index: int, item: Value, frame: Frame
    ) -> Value:
        path = (*frame.path, id(node.elt), index)
        inner = replace(frame, scope=Scope(Names(), frame.scope), path=path)
        self.assign(node.generators[0].target, item, inner)
        return self.evaluate(node.elt, inner)

    @abstractmethod
    def has_time(self) -> bool:
        """Whether what is reached in several ways may be run in each of them."""

    def _dict_comprehension(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.DictComp)  # noqa: S101
        inner = self._comprehended(node.generators, frame)
        return Mapping((("*", self.evaluate(node.value, inner)),))

    def _comprehended(self, generators: list[ast.comprehension], frame: Frame) -> Frame:
        inner = replace(frame, scope=Scope(Names(), frame.scope))
        for one in generators:
            self.assign(one.target, self.element(self.evaluate(one.iter, inner), one.iter, inner), inner)
            for test in one.ifs:
                self.evaluate(test, inner)
        return inner

    def _named(self, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(node, ast.NamedExpr)  # noqa: S101
        value = self.evaluate(node.value, frame)
        self.assign(node.target, value, frame)
        return value

    def _inner(self, node: ast.expr, frame: Frame) -> Value:
        inner = getattr(node, "value", None)
        return self.evaluate(inner, frame) if isinstance(inner, ast.expr) else NOTHING

    def _text(self, node: ast.expr, frame: Frame) -> Value:
        return self.unknown(node, frame)

    def element(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """What iterating over a value gives."""
        if isinstance(value, Sequence) and value.items:
            return join_all(value.items, self.origin("element", id(node), frame.path))
        if isinstance(value, Mapping):
            return self.unknown(node, frame)
        if isinstance(value, Tensor) and value.space is not Space.UNKNOWN:
            return self.indexed(value, [ast.Constant(0)])
        names = value.names if isinstance(value, Tensor) else frozenset[str]()
        return self.fresh(self.origin("element", id(node), frame.path), names)


def _comparison(operator: ast.cmpop, left: Value, right: Value) -> bool | None:
    """Whether a comparison of constants holds."""
    if isinstance(operator, ast.Is | ast.IsNot) and NOTHING in {left, right}:
        other = right if left == NOTHING else left
        same = other == NOTHING
        settled = same or isinstance(
            other, Scalar | Constant | Sequence | Mapping | Layer | Criterion | Instance | Function | Named
        )
        return (same if isinstance(operator, ast.Is) else not same) if settled else None
    if (
        isinstance(operator, ast.In | ast.NotIn)
        and isinstance(left, Constant)
        and isinstance(right, Sequence)
    ):
        if right.open or not all(isinstance(one, Constant) for one in right.items):
            return None
        return (left in right.items) == isinstance(operator, ast.In)
    values = [one.value if isinstance(one, Constant) else number_of(one) for one in (left, right)]
    if not all(isinstance(one, Constant) or number_of(one) is not None for one in (left, right)):
        return None
    return _compared(operator, *values)


def _compared(operator: ast.cmpop, left: object, right: object) -> bool | None:
    if isinstance(operator, ast.Eq):
        return left == right
    if isinstance(operator, ast.NotEq):
        return left != right
    if not (isinstance(left, float) and isinstance(right, float)):
        return None
    results = {ast.Lt: left < right, ast.LtE: left <= right, ast.Gt: left > right, ast.GtE: left >= right}
    return results.get(type(operator))
