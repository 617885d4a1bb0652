"""What moving, taking and joining elements does to a tensor."""

import ast
import re
from dataclasses import replace

from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.factors import of_number
from kldiv.checker.dataflow.operations import clamp, derived, operation
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Constant, Scalar, Sequence, Value
from kldiv.checker.space import Space, Tensor

_MATRIX, _PAIR, _LAST_BUT_ONE, _FEW = 2, 2, -2, 20

_BOTH_OUTCOMES = {Space.BERNOULLI: Space.PROBS, Space.LOG_BERNOULLI: Space.LOG_PROBS}

KEEPING = (
    "contiguous",
    "float",
    "double",
    "half",
    "bfloat16",
    "to",
    "cuda",
    "cpu",
    "type",
    "type_as",
    "clone",
    "requires_grad_",
    "requires_grad",
    "masked_fill",
    "masked_fill_",
    "expand",
    "expand_as",
    "flip",
    "roll",
    "index_select",
    "index_fill",
    "squeeze_",
    "share_memory_",
    "retain_grad",
    "as_tensor",
    "asarray",
    "from_numpy",
    "numpy",
    "contiguous_",
    "pin_memory",
    "autograd.Variable",
    "Variable",
    "named",
    "align_to",
    "rename",
    "fillna",
    "copy",
    "deepcopy",
    "alias",
    "positive",
    "repeat",
    "repeat_interleave",
    "tile",
    "wait",
    "full_tensor",
    "dropout_",
    "ensure_tensor",
)


@operation(*KEEPING)
def keeping(_store: Store, call: Arguments) -> Value:
    """The same values, or all that matter of them."""
    value = call.get(0, "input", "tensor")
    return value if value is not None else Tensor()


@operation("detach", "detach_")
def detach(_store: Store, call: Arguments) -> Value:
    """The same values, out of the graph."""
    return replace(call.tensor(), detached=True, teacher=None)


def _sizes(call: Arguments) -> tuple[Value, ...] | None:
    first = call.get(1, "shape", "size")
    if isinstance(first, Sequence):
        return None if first.open else first.items
    if not call.certain or (len(call.args) == _PAIR and not isinstance(first, Scalar)):
        return None
    return call.args[1:]


@operation("view", "reshape", "unflatten")
def view(store: Store, call: Arguments) -> Value:
    """Another shape: the rank is what the call shows, and the last dimension may stay the last."""
    source = call.tensor()
    sizes = _sizes(call)
    value = replace(
        source, origin=store.origin("view", source.origin, id(call.node)), identity=source.distribution
    )
    last = source.dim == -1 or (source.dim is not None and source.rank == source.dim + 1)
    flat = sizes is not None and len(sizes) == 1
    dim = -1 if last and not flat else None
    if sizes is not None and len(sizes) == source.rank == _MATRIX and source.dim is not None:
        dim = source.dim
    rank = len(sizes) if sizes is not None else None
    return replace(_reshaped(source, value), rank=rank, least_rank=0, dim=dim)


def _reshaped(source: Tensor, value: Tensor) -> Tensor:
    """A view is the same data: what uses tell of either, they tell of both."""
    return replace(value, origin=source.origin) if source.space is Space.UNKNOWN else value


@operation("flatten")
def flatten(_store: Store, call: Arguments) -> Value:
    """Dimensions merged into one."""
    source = call.tensor()
    start = call.integer(1, "start_dim") or 0
    end = call.integer(2, "end_dim")
    end = -1 if end is None else end
    if start == 0 and end == -1:
        return replace(source, rank=1, least_rank=0, dim=None)
    rank = None
    if source.rank:
        rank = source.rank - (end % source.rank - start % source.rank)
    elif start == 0 and end == _LAST_BUT_ONE:
        rank = 2
    elif end == -1 and start > 0:
        rank = start + 1
    keeps = source.dim == -1 and end != -1
    return replace(
        source,
        rank=rank,
        least_rank=0,
        dim=-1
        if keeps
        else source.dim
        if end == -1 and start > (source.dim or 0) >= 0 and source.dim is not None
        else None,
    )


@operation("unsqueeze", "unsqueeze_")
def unsqueeze(_store: Store, call: Arguments) -> Value:
    """One dimension more."""
    source, at = call.tensor(), call.integer(1, "dim")
    return replace(
        source,
        rank=source.rank + 1 if source.rank else None,
        least_rank=source.least_rank + 1,
        dim=source.dim if at is None else _dim_after_insertion(source.dim, at),
    )


def _dim_after_insertion(dim: int | None, at: int) -> int | None:
    """Where a dimension is once another stands at `at`; None where the rank would have to be known."""
    if dim is None or (at not in {0, -1} and (at < 0) != (dim < 0)):
        return None
    if at < 0:
        return dim - (dim <= at < 0) if dim < 0 else dim
    return dim + (at <= dim) if dim >= 0 else dim


@operation("squeeze")
def squeeze(_store: Store, call: Arguments) -> Value:
    """Perhaps one dimension less."""
    source = call.tensor()
    at = call.integer(1, "dim")
    keeps = source.dim == -1 and at is not None and at >= 0
    return replace(source, rank=None, least_rank=0, dim=-1 if keeps else None)


@operation("permute", "transpose", "swapaxes", "swapdims", "movedim", "t", "transpose_")
def permute(store: Store, call: Arguments) -> Value:
    """Dimensions in another order; the one of the outcomes is followed."""
    whole, name = call.tensor(), call.name
    source = replace(
        whole,
        # What is normalised by its own sum is not so when it lies the other way: w.t() / w.sum(1).
        origin=store.origin("permuted", whole.origin, name, *call.integers(1, "dims")),
        identity=whole.distribution,
    )
    if whole.origin:
        store.evidence.wholes[source.origin] = whole.origin
    if name == "permute":
        return _permuted(source, call.integers(1, "dims"))
    one, two = call.integer(1, "dim0", "axis0"), call.integer(2, "dim1", "axis1")
    if name == "t":
        one, two = 0, 1
        source = replace(source, rank=2)
    if name == "movedim" or one is None or two is None:
        return replace(source, dim=None)
    return replace(
        source,
        dim=_swapped(source, one, two),
        least_rank=max(source.least_rank, one + 1, two + 1, -one, -two),
    )


def _swapped(source: Tensor, one: int, two: int) -> int | None:
    if source.dim is None:
        return None
    if source.rank:
        rank = source.rank
        at = source.dim % rank
        return {one % rank: two % rank, two % rank: one % rank}.get(at, at)
    signs = {source.dim < 0, one < 0, two < 0}
    return (
        {one: two, two: one}.get(source.dim, source.dim)
        if len(signs) == 1
        else {one: two, two: one}.get(source.dim)
    )


def _permuted(source: Tensor, order: list[int | None]) -> Tensor:
    rank = len(order)
    if rank < _MATRIX or any(one is None for one in order):
        return replace(source, dim=None)
    dim = None
    if source.dim is not None:
        at = source.dim % rank
        places = [one % rank for one in order if one is not None]
        dim = places.index(at) if at in places else None
    return replace(source, rank=rank, dim=dim)


@operation("chunk", "split", "unbind", "tensor_split")
def chunk(store: Store, call: Arguments) -> Value:
    """Pieces, each like the whole."""
    source = call.tensor()
    name = call.name
    count = call.integer(1, "chunks") if name == "chunk" else None
    dim = call.integer(1 if name == "unbind" else 2, "dim") or 0
    if source.dim is not None and dim == source.dim and source.space is not Space.LOGITS:
        source = replace(source, space=Space.UNKNOWN)
    pieces = tuple(
        replace(source, origin=store.origin("piece", source.origin, id(call.node), index), identity=0)
        for index in range(min(count or 1, 16))
    )
    return Sequence(pieces, open=count is None)


@operation("topk", "sort", "max", "min", "amax", "amin", "median", "kthvalue")
def topk(store: Store, call: Arguments) -> Value:
    """Some of the values: still raw scores or logarithms if they were, no distribution any more."""
    source = call.tensor()
    value = replace(derived(store, call, "part", source, id(call.node)), space=_of_a_part(source))
    name = call.name
    other = call.nodes[1] if len(call.nodes) > 1 else None
    if name == "max" and isinstance(other, ast.Call) and isinstance(call.args[1], Tensor):
        # A dimension is written as a number: this is the larger of two, element by element.
        return clamp(store, replace(call, name="maximum"))
    pair = name in {"topk", "sort"} or len(call.args) > 1 or bool(call.keywords)
    if not pair or name in {"amax", "amin"}:
        return value
    return Sequence((value, Tensor(origin=store.origin("indices", id(call.node), call.frame.path))))


@operation(
    "gather",
    "take",
    "take_along_dim",
    "masked_select",
    "argmax",
    "argmin",
    "argsort",
    "nonzero",
    "cumsum",
    "prod",
)
def gather(store: Store, call: Arguments) -> Value:
    """Elements picked one by one."""
    source = call.tensor()
    if source.space is Space.DIVERGENCE:
        return replace(source, rank=None)
    value = derived(store, call, "part", source, id(call.node))
    taken = call.name in {"gather", "take", "take_along_dim", "masked_select"}
    return replace(value, space=_of_a_part(source) if taken else Space.UNKNOWN, rank=None, least_rank=0)


def _of_a_part(whole: Tensor) -> Space:
    """What some of the values are: logarithms without the others sum to something unknown."""
    if whole.space in {Space.LOG_PROBS, Space.SCALED_LOG_PROBS}:
        return Space.SCALED_LOG_PROBS
    return Space.LOGITS if whole.space is Space.LOGITS else Space.UNKNOWN


@operation("cat", "concat", "concatenate", "stack", "hstack", "vstack")
def cat(store: Store, call: Arguments) -> Value:
    """Several tensors in one: what they all are, unless they are joined along the outcomes."""
    items = call.sequence(0, "tensors")
    tensors = [one for one in items.items if isinstance(one, Tensor)] if items else []
    if not items or not tensors or len(tensors) != len(items.items):
        return Tensor(origin=store.origin("cat", id(call.node), call.frame.path))
    stacked = call.name == "stack"
    dim = call.integer(1, "dim", "axis")
    return joined_tensors(
        store, call, tensors, stacked=stacked, dim=0 if dim is None else dim, open_=items.open
    )


def joined_tensors(
    store: Store, _call: Arguments, tensors: list[Tensor], *, stacked: bool, dim: int, open_: bool
) -> Tensor:
    """The tensors as one, along `dim`."""
    first = tensors[0]
    value = Tensor(
        origin=store.origin("cat", dim, *(one.origin for one in tensors)) if len(tensors) < _FEW else 0,
        names=frozenset[str]().union(*(one.names for one in tensors[:8])),
        terms=frozenset(term for one in tensors for term in one.terms),
        detached=all(one.detached for one in tensors),
    )
    if value.terms:
        store.sums.add(frozenset(term.call for term in value.terms))
        return replace(
            value, space=Space.DIVERGENCE, elements=first.elements, dim=None if stacked else first.dim
        )
    spaces = {one.space for one in tensors}
    if len(spaces) == 1 and first.space in _BOTH_OUTCOMES and len(tensors) == _PAIR:
        whole = is_complementary(store, tensors)
        return replace(value, space=_BOTH_OUTCOMES[first.space] if whole else Space.UNKNOWN, dim=dim)
    if len(spaces) != 1:
        return value
    along = dim == first.dim and not stacked
    if along and first.space not in {Space.LOGITS, Space.BERNOULLI}:
        return value
    rank = first.rank + stacked if first.rank else None
    parts = frozenset(one.distribution for one in tensors) if stacked and not open_ else frozenset[int]()
    return replace(
        value,
        space=first.space,
        dim=_dim_after_insertion(first.dim, dim) if stacked else first.dim,
        rank=rank,
        parts=parts,
        fault=first.fault,
        logged=first.logged,
        unspecified=first.unspecified,
        temperature=first.temperature,
    )


def is_complementary(store: Store, tensors: list[Tensor]) -> bool:
    """Whether these are p and 1 − p of one outcome, or the sigmoids of z and −z."""
    return any(_complements(store, one, two) for one, two in (tensors, tensors[::-1]))


def _complements(store: Store, one: Tensor, two: Tensor) -> bool:
    negated = store.origin("scaled", one.identity, of_number(-1.0), 1.0)
    return two.identity == store.origin("complement", one.distribution) or (
        one.identity != 0 and two.identity == negated
    )


@operation("where")
def where(store: Store, call: Arguments) -> Value:
    """Element by element one or the other."""
    if len(call.args) <= _PAIR:
        return Tensor(origin=store.origin("where", id(call.node), call.frame.path))
    left, right = call.args[1], call.args[2]
    one, two = (left, right) if isinstance(left, Tensor) else (right, left)
    if not isinstance(one, Tensor):
        return Tensor()
    if isinstance(two, Scalar | Constant) or (isinstance(two, Tensor) and two.blank):
        return replace(one, identity=one.distribution)
    value = derived(store, call, "where", one, id(call.node))
    same = isinstance(two, Tensor) and two.space is one.space
    return replace(
        value,
        space=one.space if same else Space.UNKNOWN,
        dim=one.dim if same else None,
        elements=one.elements,
    )


@operation("rearrange")
def rearrange(store: Store, call: Arguments) -> Value:
    """einops.rearrange(x, "b c h w -> (b h w) c"): the rank is that of the right side."""
    source, formula = call.tensor(), call.get(1, "pattern")
    text = formula.value if isinstance(formula, Constant) and isinstance(formula.value, str) else ""
    before, axes = (re.findall(r"\([^)]*\)|\S+", side) for side in (text.partition("->")[::2]))
    known = source.dim is not None and "..." not in before and -len(before) <= source.dim < len(before)
    axis = before[source.dim] if known and source.dim is not None else None
    return replace(
        source,
        origin=store.origin("rearranged", source.origin, text),
        dim=axes.index(axis) if axis in axes and "..." not in axes else None,
        rank=None if "..." in axes else len(axes) or None,
        least_rank=0,
    )
