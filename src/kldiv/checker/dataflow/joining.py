"""What is known where two ways of running meet."""

from collections.abc import Callable

from kldiv.checker.dataflow.values import Constant, Criterion, Mapping, Names, Sequence, Value
from kldiv.checker.space import Origin, Space, Tensor

_MOST_TERMS = 4096


def join(left: Value, right: Value, origin: Origin) -> Value:  # noqa: PLR0911 (one way out for each kind)
    """What holds of either. None gives way: a tensor that is None is not used."""
    if left is right or left == right:
        return left
    if isinstance(left, Constant) and left.value is None:
        return right
    if isinstance(right, Constant) and right.value is None:
        return left
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        return _join_sequences(left, right, origin)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return _join_mappings(left, right, origin)
    if isinstance(left, Criterion) and isinstance(right, Criterion):
        return _join_criteria(left, right)
    return _join_tensors(_as_tensor(left), _as_tensor(right), origin)


def _as_tensor(value: Value) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor()


def _join_criteria(left: Criterion, right: Criterion) -> Criterion:
    """One of two criteria: the options that they have in common, the others unknown."""
    one, other = dict(left.options), dict(right.options)
    names = [*one, *(name for name in other if name not in one)]
    merged = tuple((name, one[name] if one.get(name) == other.get(name) else Tensor()) for name in names)
    return Criterion(left.node, merged)


def _join_sequences(left: Sequence, right: Sequence, origin: Origin) -> Value:
    if len(left.items) == len(right.items) and left.open == right.open:
        return Sequence(tuple(join(a, b, 0) for a, b in zip(left.items, right.items, strict=True)), left.open)
    items = left.items + right.items
    return Sequence((join_all(items, origin),), open=True) if items else Sequence((), open=True)


def _join_mappings(left: Mapping, right: Mapping, origin: Origin) -> Value:
    one, other = dict(left.items), dict(right.items)
    joined = {**other, **one}
    for key in one.keys() & other.keys():
        joined[key] = join(one[key], other[key], origin)
    return Mapping(tuple(joined.items()))


def join_all(values: tuple[Value, ...], origin: Origin) -> Value:
    """What holds of every one of several values."""
    joined = values[0]
    for value in values[1:]:
        joined = join(joined, value, origin)
    return joined


def _join_tensors(left: Tensor, right: Tensor, origin: Origin) -> Tensor:
    terms = left.terms | right.terms
    same = left.space == right.space
    return Tensor(
        space=left.space if same else Space.UNKNOWN,
        # Uses of what is one thing here and another there tell nothing of either.
        origin=left.origin if left.origin == right.origin else origin if same else 0,
        identity=left.distribution if left.distribution == right.distribution else 0,
        dim=left.dim if left.dim == right.dim else None,
        rank=left.rank if left.rank == right.rank else None,
        least_rank=min(left.rank or left.least_rank, right.rank or right.least_rank),
        temperature=left.temperature if left.temperature == right.temperature else (),
        factors=left.factors if left.factors == right.factors else (),
        names=left.names | right.names,
        parts=left.parts if left.parts == right.parts else frozenset(),
        terms=terms if len(terms) <= _MOST_TERMS else left.terms,
        elements=left.elements or right.elements,
        detached=left.detached and right.detached,
        fault=left.fault if same and left.fault and right.fault else None,
        logged=left.logged or right.logged if same else None,
        smoothed=left.smoothed or right.smoothed,
        by_softmax=left.by_softmax and right.by_softmax,
        unspecified=left.unspecified or right.unspecified if same else None,
        teacher=left.teacher if left.teacher == right.teacher else None,
        blank=left.blank or right.blank,
    )


def join_names(start: Names, ends: list[Names], origin: Callable[[str], Origin]) -> bool:
    """Write into `start` what holds after any of the branches from it; whether that changed anything.

    `start` itself may be among the ends. What only one branch has is taken from it.
    """
    changed = False
    for name in dict.fromkeys(name for end in ends if end is not start for name in end.own):
        before = start.get(name)
        values = [value for end in ends if (value := end.get(name)) is not None]
        if name.endswith("]") and len(values) < len(ends):
            # What was written into something unknown in one branch alone may be anything else in another.
            values.append(Tensor(origin=origin(name)))
        joined = values[0]
        for value in values[1:]:
            joined = join(joined, value, origin(name))
        if joined is not before and joined != before:
            start[name] = joined
            changed = True
    return changed
