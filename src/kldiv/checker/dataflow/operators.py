"""Arithmetic on abstract values."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace

from kldiv.checker.dataflow.factors import factors_of, number_of, of_number, times, worth
from kldiv.checker.dataflow.rows import are_rows, may_be_features
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Scalar, Sequence, Value
from kldiv.checker.space import Factors, Fault, Space, Symbol, Tensor, Term

_PROBABILITIES = {Space.PROBS, Space.SCALED_PROBS}
_RAW = {Space.UNKNOWN, Space.LOGITS, Space.SIMILARITIES, Space.NUMBERS, Space.UNIT_VECTORS}
_SMALL, _TINY = 0.02, 1e-4
_CLOSE = 1e-3
_MOST_PARTS = 16
_TEMPERATURE = re.compile(r"(^|[._])(t|temp|temperature|tau|kd_t|t_kd)$", re.IGNORECASE)
_SOMETHING: Factors = ((Symbol("…", 0, "tensor"), 1.0),)


def binary(store: Store, node: ast.expr, operator: ast.operator, left: Value, right: Value) -> Value:
    """The value of `left operator right`."""
    known = _OPERATORS.get(type(operator))
    return known(store, node, left, right) if known else other(store, node, left, right)


def other(store: Store, node: ast.expr, left: Value, right: Value) -> Tensor:
    """A value made of two of which nothing is known but the names."""
    tensors = [one for one in (left, right) if isinstance(one, Tensor)]
    return Tensor(
        origin=store.origin("operator", id(node), *(one.origin for one in tensors)),
        names=frozenset[str]().union(*(one.names for one in tensors)),
        terms=frozenset[Term]().union(*(one.terms for one in tensors)),
        rank=max(one.rank or 0 for one in tensors) if tensors and all(one.rank for one in tensors) else None,
        least_rank=max((max(one.least_rank, one.rank or 0) for one in tensors), default=0),
        detached=bool(tensors) and all(one.detached for one in tensors),
        teacher=next((one.teacher for one in tensors if one.teacher), None),
    )


def is_scalar(value: Value) -> bool:
    """Whether a value is surely one number: a tensor with factors may be."""
    return isinstance(value, Scalar)


def _certain_tensor(value: Value) -> bool:
    return isinstance(value, Tensor) and (
        value.space is not Space.UNKNOWN
        or bool(value.terms)
        or bool(value.parts)
        or (bool(value.temperature) and not value.factors)
    )


def power(store: Store, node: ast.expr, left: Value, right: Value) -> Value:
    """left ** right."""
    exponent, factors = number_of(right), factors_of(left)
    if exponent is not None and factors is not None and not _certain_tensor(left):
        base = number_of(left)
        return Scalar(_power(base, exponent), times((), factors, exponent))
    value = other(store, node, left, right)
    if isinstance(left, Tensor) and left.space is Space.SIMILARITIES:
        return replace(value, space=Space.SIMILARITIES)
    if isinstance(left, Tensor) and left.space is Space.PROBS and exponent != 1:
        return replace(
            value, space=Space.NUMBERS, origin=store.origin("power", left.origin, exponent or id(node))
        )
    return value


def _power(base: float | None, exponent: float) -> float | None:
    try:
        raised = None if base is None else base**exponent
    except (OverflowError, ZeroDivisionError):
        return None
    return raised if isinstance(raised, float | int) else None


def multiply(store: Store, node: ast.expr, left: Value, right: Value) -> Value:
    """left * right."""
    for one, by in ((left, right), (right, left)):
        if isinstance(one, Sequence):
            return replace(one, open=True) if len(one.items) == 1 else one
        factors = factors_of(by)
        if (
            isinstance(one, Tensor)
            and factors is not None
            and _certain_tensor(one)
            and not _certain_tensor(by)
        ):
            return scale(store, node, one, factors, 1.0)
    a, b = factors_of(left), factors_of(right)
    if a is not None and b is not None and (is_scalar(left) or is_scalar(right) or (a and b)):
        x, y = number_of(left), number_of(right)
        product = Scalar(x * y if x is not None and y is not None else None, times(a, b))
        return _uncertain(store, node, left, right, product)
    value = left if isinstance(left, Tensor) and is_scalar(right) else other(store, node, left, right)
    if (
        isinstance(left, Tensor)
        and isinstance(right, Tensor)
        and Space.DIVERGENCE in {left.space, right.space}
    ):
        return _weighted_divergence(store, node, value, left, right)
    unknown, factors = (left, b) if a is None else (right, a)
    if isinstance(unknown, Tensor) and isinstance(value, Tensor) and factors:
        return replace(value, factors=times(((Symbol("…", unknown.origin, "tensor"), 1.0),), factors))
    return value


def _weighted_divergence(store: Store, node: ast.expr, value: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """A divergence times weights or a mask stays one, and takes their factors."""
    one, by = (left, right) if left.space is Space.DIVERGENCE else (right, left)
    elements = left.elements or right.elements
    weighted = replace(value, space=one.space, dim=one.dim, rank=one.rank, elements=elements)
    return scale(store, node, weighted, by.factors, 1.0) if by.factors else weighted


def _uncertain(store: Store, node: ast.expr, left: Value, right: Value, product: Scalar) -> Value:
    """A product of unknowns may be of scalars or of tensors: keep what either would need."""
    tensors = [one for one in (left, right) if isinstance(one, Tensor)]
    if not tensors:
        return product
    value = other(store, node, left, right)
    scalar_of = {id(one): factors_of(two) for one, two in ((left, right), (right, left))}
    first = tensors[0]
    inverse = times((), scalar_of[id(first)] or (), -1.0)
    return replace(
        value,
        factors=product.factors,
        temperature=inverse,
        origin=store.origin("times", *_origins(left, right)),
    )


def _origins(*values: Value) -> tuple[object, ...]:
    return tuple(one.origin if isinstance(one, Tensor) else one for one in values)


def scale(store: Store, node: ast.expr, value: Tensor, factors: Factors, sign: float) -> Tensor:
    """value · factors^sign."""
    origin = store.origin("scaled", value.origin, factors, sign)
    if value.terms:
        terms = frozenset(Term(term.call, times(term.factors, factors, sign)) for term in value.terms)
        scaled = replace(value, terms=terms, origin=origin)
        store.scaled(scaled)
        return scaled
    if value.space in _PROBABILITIES or value.parts:
        return _weighed(node, replace(value, origin=origin, factors=times(value.factors, factors, sign)))
    if value.space in {Space.LOG_PROBS, Space.SCALED_LOG_PROBS} and factors:
        fault = (
            Fault("log-probabilities times a factor are no log-probabilities", node)
            if _is_number(factors)
            else None
        )
        return replace(
            value,
            space=Space.SCALED_LOG_PROBS,
            fault=fault,
            origin=origin,
            identity=0,
            temperature=times(value.temperature, factors, -sign),
        )
    if value.space is Space.NUMBERS:
        # Counts divided by how many there are sum to 1.
        return replace(value, origin=origin, space=Space.UNKNOWN, blank=False)
    if value.space in _RAW:
        kept = times(value.factors, factors, sign) if value.factors else ()
        temperature = times(value.temperature, factors, -sign)
        return replace(value, origin=origin, identity=0, factors=kept, temperature=temperature)
    return replace(value, origin=origin, identity=0, factors=times(value.factors, factors, sign))


def _is_number(factors: Factors) -> bool:
    """Whether a factor is surely one number for all: a mask or weights look the same otherwise."""
    return worth(factors) is not None or all(
        isinstance(symbol.of, float) or _TEMPERATURE.search(symbol.text) for symbol, _ in factors
    )


def _weighed(node: ast.expr, value: Tensor) -> Tensor:
    """Probabilities times a weight: of weight 1 they are probabilities again."""
    total = worth(value.factors)
    if not value.factors or (total is not None and abs(total - 1) < _CLOSE):
        space = Space.PROBS if value.space is Space.SCALED_PROBS else value.space
        return replace(
            value, space=space, factors=(), fault=None, identity=value.identity if value.parts else 0
        )
    if value.space is Space.UNKNOWN:
        return value
    fault = Fault("probabilities times a factor don't sum to 1", node) if _is_number(value.factors) else None
    return replace(value, space=Space.SCALED_PROBS, fault=fault, identity=value.distribution)


def divide(store: Store, node: ast.expr, left: Value, right: Value) -> Value:
    """left / right."""
    if isinstance(left, Tensor) and isinstance(right, Tensor) and right.normaliser:
        kind, of, dim = right.normaliser
        if kind == "sum" and of == left.origin:
            return _normalised(store, left, dim)
    factors = factors_of(right)
    if isinstance(left, Tensor) and factors is not None and not _certain_tensor(right):
        return scale(store, node, left, factors, -1.0)
    a = factors_of(left)
    if a is not None and factors is not None:
        x, y = number_of(left), number_of(right)
        return Scalar(x / y if x is not None and y else None, times(a, factors, -1.0))
    value = other(store, node, left, right)
    if isinstance(left, Tensor) and left.terms:
        for term in left.terms:
            store.scalings[term.call].add(times(term.factors, _SOMETHING, -1.0))
        return replace(left, origin=value.origin)
    return value


def _normalised(store: Store, value: Tensor, dim: int | None) -> Tensor:
    origin = store.origin("normalised", value.origin, dim)
    return replace(
        value,
        space=Space.PROBS,
        origin=origin,
        identity=0,
        dim=dim,
        temperature=(),
        fault=None,
        factors=(),
        smoothed=False,
        logged=None,
    )


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
    return less and factors_of(by) is not None and not _certain_tensor(by)


def _sum(store: Store, node: ast.expr, left: Tensor, right: Tensor) -> Tensor:
    value = other(store, node, left, right)
    if value.terms:
        store.sums.add(frozenset(term.call for term in value.terms))
        space = Space.DIVERGENCE if left.space is right.space is Space.DIVERGENCE else Space.UNKNOWN
        elements = left.elements or right.elements
        return replace(value, space=space, dim=left.dim or right.dim, elements=elements)
    both = {left.space, right.space}
    if both <= _PROBABILITIES or both == {Space.UNKNOWN}:
        return _mixture(store, node, left, right, value)
    if both <= _RAW:
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
    if abs(total - 1) < _CLOSE:
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
    if x == 1 and factors is not None and not _certain_tensor(right):
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


def matrix_product(store: Store, node: ast.expr, left: Value, right: Value) -> Tensor:
    """left @ right: of vectors of length 1, their similarities; of rows with rows, raw scores."""
    value = other(store, node, left, right)
    value = replace(value, rank=None, least_rank=0)
    if not isinstance(left, Tensor) or not isinstance(right, Tensor):
        return value
    if left.space is right.space is Space.UNIT_VECTORS:
        return replace(value, space=Space.SIMILARITIES)
    if are_rows(node) and may_be_features(left) and may_be_features(right):
        return replace(value, space=Space.LOGITS)
    return value


def negative(store: Store, node: ast.expr, value: Value) -> Value:
    """−value."""
    if isinstance(value, Scalar):
        return Scalar(None if value.number is None else -value.number, value.factors)
    if not isinstance(value, Tensor):
        return Tensor()
    return replace(scale(store, node, value, of_number(-1.0), 1.0), factors=value.factors)


_OPERATORS: dict[type, Callable[[Store, ast.expr, Value, Value], Value]] = {
    ast.Pow: power,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.Add: add,
    ast.Sub: subtract,
    ast.MatMult: matrix_product,
}
