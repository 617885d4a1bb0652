"""What operators ask of their operands, and what is made of two of which nothing is known."""

import ast

from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Scalar, Value
from kldiv.checker.space import Space, Tensor, Term

PROBABILITIES = {Space.PROBS, Space.SCALED_PROBS}
RAW = {Space.UNKNOWN, Space.LOGITS, Space.SIMILARITIES, Space.NUMBERS, Space.UNIT_VECTORS}
# What a sum of weights may differ from 1 by.
CLOSE = 1e-3


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


def is_certain_tensor(value: Value) -> bool:
    """Whether a value is surely more than one number."""
    return isinstance(value, Tensor) and (
        value.space is not Space.UNKNOWN
        or bool(value.terms)
        or bool(value.parts)
        or (bool(value.temperature) and not value.factors)
    )
