"""Sums and differences of abstract values."""

import ast
from dataclasses import replace

from kldiv.checker.dataflow.factors import factors_of, number_of, of_number, worth
from kldiv.checker.dataflow.operands import CLOSE, PROBABILITIES, RAW, is_certain_tensor, other
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Scalar, Sequence, Value
from kldiv.checker.space import Factors, Fault, Space, Symbol, Tensor

_SMALL, _TINY = 0.02, 1e-4
_MOST_PARTS = 16


def add(store: Store, node: ast.expr, left: Value, right: Value) -> Value:  # noqa: PLR0911 (one way out for each kind)
    """left + right."""
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        return Sequence(left.items + right.items, left.open or right.open)
    for one, by in ((left, right), (right, left)):
        if isinstance(one, Tensor) and one.space is Space.SCALED_PROBS and _is_filling(one, by):
            return replace(one, space=Space.PROBS, fault=None, factors=(), identity=0)
        if isinstance(one, Tensor) and _is_small(by):
            return replace(one, smoothed=True, origin=store.origin("smoothed", one.origin))
        if isinstance(one, Tensor) and one.space in {Space.LOGITS, Space.NUMBERS} and isinstance(by, Scalar):
            return one
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return _sum(store, node, left, right)
    x, y = number_of(left), number_of(right)
    if x is not None and y is not None:
        return Scalar(x + y, of_number(x + y))
    return other(store, node, left, right)


def _is_small(value: Value) -> bool:
    number = number_of(value)
    if number is not None:
        return 0 < number <= _SMALL
    if isinstance(value, Tensor) and _numbers_in(value.factors) <= _TINY:
        return True
    return isinstance(value, Tensor) and bool(
        value.names & {"eps", "epsilon", "EPS", "EPSILON", "tiny", "_eps", "_EPS"}
    )


def _numbers_in(factors: Factors) -> float:
    """The product of the numbers among factors: of (p == 0) * 1e-8, 1e-8."""
    return worth(tuple(one for one in factors if isinstance(one[0].of, float))) or 0.0 if factors else 1.0


def _is_filling(value: Tensor, by: Value) -> bool:
    """Label smoothing: (1 − ε)·onehot + ε/K, also with the numbers worked out."""
    weight, is_rest = worth(value.factors), any(one.kind == "complement" for one, _ in value.factors)
    less = is_rest or (weight is not None and 0 < weight < 1)
    return less and factors_of(by) is not None and not is_certain_tensor(by)


def _sum(store: Store, node: ast.expr, left: Tensor, right: Tensor) -> Tensor:
    value = other(store, node, left, right)
    if value.terms:
        store.sums.add(frozenset(term.call for term in value.terms))
        space = Space.DIVERGENCE if left.space is right.space is Space.DIVERGENCE else Space.UNKNOWN
        elements = left.elements or right.elements
        return replace(value, space=space, dim=left.dim or right.dim, elements=elements)
    both = {left.space, right.space}
    if both <= PROBABILITIES or both == {Space.UNKNOWN}:
        return _mixture(store, node, left, right, value)
    if both <= RAW:
        raw = next((one for one in (left.space, right.space) if one is not Space.UNKNOWN), Space.UNKNOWN)
        certain = raw is Space.LOGITS and both == {Space.LOGITS}
        return replace(value, space=Space.LOGITS if certain else Space.UNKNOWN)
    return value


def _mixture(store: Store, node: ast.expr, left: Tensor, right: Tensor, value: Tensor) -> Tensor:
    parts = (left.parts or frozenset({left.distribution})) | (right.parts or frozenset({right.distribution}))
    mixed = replace(
        value,
        origin=store.origin("mixture", left.origin, right.origin),
        parts=parts if len(parts) <= _MOST_PARTS else frozenset(),
        dim=left.dim if left.dim == right.dim else None,
        unspecified=left.unspecified or right.unspecified,
    )
    if left.space is Space.UNKNOWN:
        return replace(mixed, factors=of_number(float(len(parts))))
    one, two = left.factors, right.factors
    total = _total_weight(one, two)
    if total is None:
        return replace(mixed, parts=parts)
    if abs(total - 1) < CLOSE:
        return replace(mixed, space=Space.PROBS)
    fault = Fault("the sum of probabilities doesn't sum to 1", node)
    return replace(mixed, space=Space.SCALED_PROBS, factors=of_number(total), fault=fault)


def _total_weight(one: Factors, two: Factors) -> float | None:
    """The sum of two weights: a number, or 1 for w and 1 − w."""
    a, b = worth(one), worth(two)
    if a is not None and b is not None:
        return a + b
    for weight, rest in ((one, two), (two, one)):
        if len(rest) == 1 and rest[0][0].kind == "complement" and rest[0][0].of == hash(weight):
            return 1.0
    return None


def subtract(store: Store, node: ast.expr, left: Value, right: Value) -> Value:
    """left − right."""
    x, y, factors = number_of(left), number_of(right), factors_of(right)
    if x is not None and y is not None:
        return _complement(node, factors or (), x - y) if x == 1 else Scalar(x - y, of_number(x - y))
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return _difference(store, node, left, right)
    if x == 1 and isinstance(right, Tensor) and right.space is Space.BERNOULLI:
        return replace(
            right,
            origin=store.origin("complement", right.origin),
            identity=store.origin("complement", right.distribution),
        )
    if x == 1 and factors is not None and not is_certain_tensor(right):
        value = other(store, node, left, right)
        return replace(value, factors=_complement(node, factors, None).factors)
    if (
        isinstance(left, Tensor)
        and left.space in {Space.LOGITS, Space.LOG_PROBS}
        and isinstance(right, Scalar)
    ):
        return replace(left, space=Space.LOGITS if left.space is Space.LOGITS else Space.UNKNOWN)
    return other(store, node, left, right)


def _complement(node: ast.expr, factors: Factors, number: float | None) -> Scalar:
    text = f"({ast.unparse(node)})"
    return Scalar(number, ((Symbol(text, hash(factors) if number is None else number, "complement"), 1.0),))


def _difference(store: Store, node: ast.expr, left: Tensor, right: Tensor) -> Tensor:
    value = other(store, node, left, right)
    if right.normaliser and right.normaliser[0] == "lse" and right.normaliser[1] == left.origin:
        return replace(
            value,
            space=Space.LOG_PROBS,
            dim=right.normaliser[2],
            temperature=left.temperature,
            origin=store.origin("normalised", left.origin, right.normaliser[2]),
        )
    if value.terms:
        return replace(value, space=Space.UNKNOWN)
    if left.space is Space.LOGITS and (right.space is Space.LOGITS or right.normaliser):
        return replace(left, origin=value.origin, identity=0)
    return value
