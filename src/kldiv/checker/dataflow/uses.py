"""Functions whose arguments must be of one kind: what they tell of a value given to them."""

import math
from dataclasses import replace

from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.operations import derived, operation
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Categorical, Sequence, Value
from kldiv.checker.space import Space, Tensor

_INPUTS = {
    "cross_entropy": Space.LOGITS,
    "nll_loss": Space.LOG_PROBS,
    "binary_cross_entropy": Space.BERNOULLI,
    "binary_cross_entropy_with_logits": Space.LOGITS,
    "multi_margin_loss": Space.LOGITS,
    "multilabel_soft_margin_loss": Space.LOGITS,
    "sigmoid_focal_loss": Space.LOGITS,
    "multinomial": Space.PROBS,
}
_CLOSE, _CLOSE_IN_LOGS = 1e-3, 1e-2
CRITERIA = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
}


@operation(*_INPUTS)
def loss(store: Store, call: Arguments) -> Value:
    """A loss of predictions: it shows what the predictions are."""
    return loss_named(store, call, call.name)


def loss_named(store: Store, call: Arguments, name: str) -> Value:
    """The loss of that name."""
    if name in _INPUTS:
        store.evidence.add(call.get(0, "input"), _INPUTS[name])
    return Tensor(origin=store.origin("loss", id(call.node), call.frame.path))


def categorical(store: Store, call: Arguments) -> Value:
    """torch.distributions.Categorical(probs, logits) and its kin."""
    probs, logits = call.get(0, "probs"), call.get(1, "logits")
    store.evidence.add(probs, Space.PROBS)
    store.evidence.add(logits, Space.LOGITS)
    source = logits if isinstance(logits, Tensor) else probs if isinstance(probs, Tensor) else Tensor()
    value = derived(store, call, "categorical", source)
    return Categorical(replace(value, space=Space.PROBS, dim=-1, identity=value.origin))


def dirichlet(store: Store, call: Arguments) -> Value:
    """torch.distributions.Dirichlet: its samples are probabilities."""
    return Categorical(Tensor(Space.PROBS, store.origin("dirichlet", id(call.node), call.frame.path), dim=-1))


def tensor_literal(store: Store, call: Arguments) -> Value:
    """torch.tensor([...]): numbers that can be looked at."""
    value = Tensor(origin=store.origin("literal", id(call.node)))
    given = call.get(0, "data")
    if not isinstance(given, Sequence):
        return given if isinstance(given, Tensor) else value
    rows, rank = _rows(given)
    if not rows or given.open:
        return value
    return replace(value, space=_space_of(rows), rank=rank, dim=-1)


def _rows(value: Sequence) -> tuple[list[list[float]], int]:
    """The innermost rows of nested lists, and how deep they are nested; none where a number is unknown."""
    numbers = [getattr(one, "number", None) for one in value.items]
    if numbers and all(number is not None for number in numbers):
        return [[float(number) for number in numbers if number is not None]], 1
    inner = [_rows(one) for one in value.items if isinstance(one, Sequence)]
    if not inner or len(inner) != len(value.items) or any(not rows for rows, _ in inner):
        return [], 0
    return [row for rows, _ in inner for row in rows], inner[0][1] + 1


def _space_of(rows: list[list[float]]) -> Space:
    if all(min(row) >= 0 and abs(sum(row) - 1) < _CLOSE for row in rows):
        return Space.PROBS
    if all(max(row) <= 0 and abs(sum(map(math.exp, row)) - 1) < _CLOSE_IN_LOGS for row in rows):
        return Space.LOG_PROBS
    return Space.LOGITS if any(min(row) < 0 for row in rows) else Space.NUMBERS
