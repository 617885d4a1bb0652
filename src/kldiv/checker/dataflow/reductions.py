"""Sums, means and absolute values: of divergences, what the rules ask for; of others, what is left."""

from dataclasses import replace

from kldiv.checker.dataflow import sums
from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.operations import derived, operation
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Constant, Sequence, Value
from kldiv.checker.space import Space, Tensor


@operation("sum", "nansum")
def total(store: Store, call: Arguments) -> Value:
    """A sum over some or all dimensions."""
    items = call.sequence(0, "input")
    if items is not None:
        return sum_of(store, call, items)
    source = call.tensor(0, "input")
    dims = _dims(call)
    if source.space is Space.DIVERGENCE or source.terms:
        return _reduced_divergence(store, call, source, dims, mean=False)
    value = derived(store, call, "sum", source, id(call.node))
    dim = dims[0] if dims and len(dims) == 1 else None
    return replace(value, normaliser=("sum", source.origin, dim), rank=None, least_rank=0)


def sum_of(store: Store, call: Arguments, items: Sequence) -> Value:
    """Python's sum of a list."""
    if not items.items:
        return Tensor()
    value = items.items[0]
    for item in items.items[1:]:
        value = sums.add(store, call.node, value, item)
    return _sum_of_many(store, call, value) if items.open else value


def _sum_of_many(store: Store, call: Arguments, value: Value) -> Value:
    """What any number of values like this one add up to: probabilities, to how many isn't visible."""
    if isinstance(value, Tensor) and value.space in {Space.PROBS, Space.SCALED_PROBS}:
        return derived(store, call, "sum", value, id(call.node))
    return value


def _dims(call: Arguments) -> list[int | None] | None:
    """The dimensions reduced: None for all of them."""
    given = call.get(1, "dim", "axis")
    if given is None or given == Constant(None):
        return None if call.certain else [None]
    if isinstance(given, Sequence):
        return call.integers(1, "dim", "axis")
    if isinstance(given, Tensor | Constant):
        return [None]
    return (
        call.integers(1)
        if "dim" not in call.keywords and "axis" not in call.keywords
        else [call.integer(1, "dim", "axis")]
    )


@operation("mean", "nanmean")
def mean(store: Store, call: Arguments) -> Value:
    """A mean: of the elements of a divergence, KL003's; of probabilities, a mixture."""
    items = call.sequence(0, "input")
    source = call.tensor(0, "input") if items is None else Tensor()
    dims = _dims(call)
    if source.space is Space.DIVERGENCE or source.terms:
        return _reduced_divergence(store, call, source, dims, mean=True)
    value = derived(store, call, "mean", source, id(call.node))
    if source.space is Space.BERNOULLI:
        return replace(value, space=Space.BERNOULLI, rank=None, least_rank=0)
    if source.space is not Space.PROBS or dims is None or len(dims) != 1:
        return replace(value, rank=None, least_rank=0)
    if _surely_other(dims[0], source):
        return replace(value, space=Space.PROBS, parts=source.parts, dim=None, rank=None, least_rank=0)
    return replace(value, rank=None, least_rank=0)


def _surely_other(dim: int | None, value: Tensor) -> bool:
    """Whether `dim` is certainly not the dimension of the outcomes."""
    if dim is None:
        return False
    if value.dim is None:
        return bool(value.parts) and dim == 0
    if value.rank:
        return dim % value.rank != value.dim % value.rank
    return ((dim < 0) == (value.dim < 0) and dim != value.dim) or (dim == 0 and value.dim == -1)


def _surely_same(dim: int | None, value: Tensor) -> bool:
    if dim is None:
        return False
    if value.dim is None:
        return dim == -1
    return dim == value.dim or bool(value.rank and dim % value.rank == value.dim % value.rank)


def _reduced_divergence(
    store: Store, call: Arguments, source: Tensor, dims: list[int | None] | None, *, mean: bool
) -> Tensor:
    value = replace(
        source, origin=store.origin("reduced", source.origin, id(call.node)), rank=None, least_rank=0
    )
    if not source.elements:
        return value
    if dims is None or any(_surely_same(dim, source) for dim in dims):
        if mean:
            store.note("mean", source, call.node)
        return replace(value, elements=False)
    outside = all(_surely_other(dim, source) for dim in dims)
    dim = source.dim if outside and (source.dim is None or source.dim < 0) else None
    return replace(value, elements=outside, dim=dim)


@operation("reduce")
def reduce(store: Store, call: Arguments) -> Value:
    """einops.reduce(x, "b c h w -> b h w", "sum"): the axes that are missing on the right."""
    source, pattern, kind = call.tensor(), call.get(1, "pattern"), call.get(2, "reduction")
    text = pattern.value if isinstance(pattern, Constant) and isinstance(pattern.value, str) else ""
    left, _, right = (side.split() for side in text.partition("->"))
    if not left or "(" in text or "..." in text or not (source.space is Space.DIVERGENCE or source.terms):
        return derived(store, call, "reduced", source, id(call.node))
    dims: list[int | None] = [index for index, axis in enumerate(left) if axis not in right]
    whole = replace(source, rank=len(left))
    return _reduced_divergence(store, call, whole, dims or [None], mean=kind == Constant("mean"))


@operation("abs", "abs_", "absolute", "fabs")
def absolute(store: Store, call: Arguments) -> Value:
    """|x|: round a divergence, KL010's."""
    source = call.tensor(0, "input")
    if source.space is Space.DIVERGENCE:
        store.note("abs", source, call.node)
        return source
    return derived(store, call, "abs", source)
