"""Products, quotients and powers of abstract values."""

import ast
import re
from dataclasses import replace

from kldiv.checker.dataflow.factors import factors_of, number_of, of_number, times, worth
from kldiv.checker.dataflow.operands import CLOSE, PROBABILITIES, RAW, is_certain_tensor, is_scalar, other
from kldiv.checker.dataflow.rows import are_rows, may_be_features
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Scalar, Sequence, Value
from kldiv.checker.space import Factors, Fault, Space, Symbol, Tensor, Term

_TEMPERATURE = re.compile(r"(^|[._])(t|temp|temperature|tau|kd_t|t_kd)$", re.IGNORECASE)
_SOMETHING: Factors = ((Symbol("…", 0, "tensor"), 1.0),)


def power(store: Store, node: ast.expr, left: Value, right: Value) -> Value:
    """left ** right."""
    exponent, factors = number_of(right), factors_of(left)
    if exponent is not None and factors is not None and not is_certain_tensor(left):
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
            and is_certain_tensor(one)
            and not is_certain_tensor(by)
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
    if value.space in PROBABILITIES or value.parts:
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
    if value.space in RAW:
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
    if not value.factors or (total is not None and abs(total - 1) < CLOSE):
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
    if isinstance(left, Tensor) and factors is not None and not is_certain_tensor(right):
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
