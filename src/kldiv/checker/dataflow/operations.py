"""What PyTorch's functions, and the tensor methods of the same names, make of what they are given.

Each takes the tensor first, whether it stood before the dot or among the arguments.
"""

import ast
from collections.abc import Callable
from dataclasses import replace

from kldiv.checker.dataflow import products, sums
from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.factors import number_of, of_number
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Constant, Scalar, Sequence, Value
from kldiv.checker.space import Fault, Logged, Space, Tensor

Operation = Callable[[Store, Arguments], Value]
OPERATIONS: dict[str, Operation] = {}

_PAIR = 2
_LOGARITHMIC = {Space.LOG_PROBS, Space.SCALED_LOG_PROBS}
_SPREAD = {"var", "logvar", "log_var", "sigma", "std", "logstd", "log_std", "log_sigma", "scale", "ratio"}


def operation(*names: str) -> Callable[[Operation], Operation]:
    """Register an operation under the names PyTorch has for it."""

    def register(function: Operation) -> Operation:
        for name in names:
            OPERATIONS[name] = function
        return function

    return register


def derived(store: Store, call: Arguments, kind: str, source: Tensor, *extra: object) -> Tensor:
    """A value made from one other: it keeps shape, names and bookkeeping, and loses the rest."""
    return Tensor(
        origin=store.origin(kind, source.origin or id(call.node), *map(str, extra)),
        rank=source.rank,
        least_rank=source.least_rank,
        names=source.names,
        detached=source.detached,
        teacher=source.teacher,
    )


def dim_of(call: Arguments, position: int = 1) -> tuple[int | None, bool]:
    """The dim given, and whether any is given."""
    given = call.get(position, "dim", "axis")
    missing = given is None or given == Constant(None)
    return call.integer(position, "dim", "axis"), not missing or not call.certain


@operation("softmax", "log_softmax", "softmin")
def softmax(store: Store, call: Arguments) -> Value:
    """softmax and log_softmax: of the temperature that the logits were divided by."""
    return normalised_exponentials(store, call, call.name, *dim_of(call))


def normalised_exponentials(store: Store, call: Arguments, name: str, dim: int | None, given: bool) -> Tensor:
    """softmax(x) or log_softmax(x) over `dim`."""
    source = call.tensor(0, "input")
    store.evidence.add(source, Space.LOGITS)
    value = derived(store, call, name, source, dim)
    rank = max(
        source.least_rank, (dim + 1) if dim is not None and dim >= 0 else 0, -dim if dim is not None else 0
    )
    in_logs = "log" in name
    other_dim = dim is not None and source.dim not in {None, dim}
    again = source.space in {Space.PROBS, Space.SCALED_PROBS} and source.by_softmax and not other_dim
    return replace(
        value,
        space=Space.LOG_PROBS if in_logs else Space.PROBS,
        identity=store.origin("distribution", source.origin, dim, source.temperature),
        dim=dim,
        least_rank=rank,
        temperature=source.temperature,
        unspecified=None if given else call.node,
        by_softmax=not in_logs,
        fault=Fault("it is a softmax of what has been through softmax", call.node) if again else None,
    )


@operation("gumbel_softmax", "sparsemax", "entmax15")
def gumbel_softmax(store: Store, call: Arguments) -> Value:
    """A relaxed sample: probabilities."""
    source = call.tensor(0, "logits", "input")
    store.evidence.add(source, Space.LOGITS)
    dim = call.integer(4, "dim")
    return replace(
        derived(store, call, "gumbel", source, id(call.node)),
        space=Space.PROBS,
        dim=-1 if dim is None else dim,
    )


@operation("sigmoid", "sigmoid_", "hardsigmoid")
def sigmoid(store: Store, call: Arguments) -> Value:
    """One outcome's probability, element by element."""
    source = call.tensor(0, "input")
    store.evidence.add(source, Space.LOGITS)
    return replace(derived(store, call, "sigmoid", source), space=Space.BERNOULLI, identity=source.origin)


@operation("logsigmoid")
def logsigmoid(store: Store, call: Arguments) -> Value:
    """Its logarithm."""
    source = call.tensor(0, "input")
    store.evidence.add(source, Space.LOGITS)
    return replace(
        derived(store, call, "logsigmoid", source), space=Space.LOG_BERNOULLI, identity=source.origin
    )


@operation("log", "log_", "log2", "log10")
def log(store: Store, call: Arguments) -> Value:  # noqa: PLR0911 (one way out for each kind)
    """The logarithm: of probabilities, log-probabilities."""
    source = call.tensor(0, "input")
    name = call.name
    if not isinstance(call.get(0, "input"), Tensor):
        return Tensor(origin=store.origin("log", id(call.node)))
    store.evidence.add(source, Space.PROBS)
    value = derived(store, call, name, source)
    if source.space in {Space.PROBS, Space.UNKNOWN}:
        return _log_of_probabilities(call, name, source, value)
    if source.space is Space.SCALED_PROBS:
        return replace(value, space=Space.SCALED_LOG_PROBS, fault=source.fault, dim=source.dim)
    if source.space is Space.LOG_PROBS:
        return replace(value, space=Space.NUMBERS)
    if source.space is Space.BERNOULLI:
        reason = Logged("log(p + ε) or of a clamped p", call.node) if source.smoothed else None
        return replace(value, space=Space.LOG_BERNOULLI, identity=source.distribution, logged=reason)
    if source.space in {Space.NUMBERS, Space.SIMILARITIES, Space.UNIT_VECTORS}:
        fault = Fault(f"it is the logarithm of {source.space.value}", call.node)
        return replace(value, space=Space.SCALED_LOG_PROBS, fault=fault)
    return value


def _log_of_probabilities(call: Arguments, name: str, source: Tensor, value: Tensor) -> Tensor:
    reason = "log(p + ε) or of a clamped p" if source.smoothed else ""
    if not reason and source.space is Space.PROBS and source.by_softmax:
        reason = "the logarithm of a softmax"
    if name in {"log2", "log10"}:
        fault = Fault(f"{name} is no natural logarithm", call.node)
        return replace(value, space=Space.SCALED_LOG_PROBS, fault=fault, dim=source.dim)
    return replace(
        value,
        space=Space.LOG_PROBS,
        identity=source.distribution,
        dim=source.dim,
        temperature=source.temperature,
        logged=Logged(reason, call.node) if reason else None,
        unspecified=source.unspecified,
        fault=source.fault,
        parts=source.parts,
    )


@operation("exp", "exp_", "exp2")
def exp(store: Store, call: Arguments) -> Value:
    """The exponential: of log-probabilities, probabilities."""
    source = call.tensor(0, "input")
    spread = any(part in _SPREAD for name in source.names for part in (name, *name.split("_")))
    if not spread:
        store.evidence.add(source, Space.LOG_PROBS)
    value = derived(store, call, "exp", source)
    if source.space is Space.LOG_PROBS or (source.space is Space.UNKNOWN and not spread and source.origin):
        return replace(
            value,
            space=Space.PROBS if source.space is Space.LOG_PROBS else Space.UNKNOWN,
            identity=source.distribution,
            dim=source.dim,
            temperature=source.temperature,
            unspecified=source.unspecified,
            fault=source.fault,
            parts=source.parts,
        )
    return value


@operation(
    "clamp", "clip", "clamp_", "clamp_min", "clamp_min_", "clip_", "clamp_max", "nan_to_num", "maximum"
)
def clamp(store: Store, call: Arguments) -> Value:
    """Bounded values of the same kind."""
    source = call.tensor(0, "input")
    value = replace(source, origin=store.origin("clamp", source.origin), identity=source.distribution)
    floor = call.name not in {"clamp_max", "nan_to_num"}
    return replace(value, smoothed=source.smoothed or floor) if source.space not in _LOGARITHMIC else value


@operation("logsumexp")
def logsumexp(store: Store, call: Arguments) -> Value:
    """What log-softmax subtracts."""
    source = call.tensor(0, "input")
    value = derived(store, call, "logsumexp", source, id(call.node))
    return replace(value, normaliser=("lse", source.origin, call.integer(1, "dim")))


@operation("normalize", "normalize_")
def normalize(store: Store, call: Arguments) -> Value:
    """F.normalize: vectors of length 1, probabilities only with p=1."""
    source = call.tensor(0, "input")
    p = call.get(1, "p")
    order = 2.0 if p is None else number_of(p)
    dim = call.integer(2, "dim")
    value = derived(store, call, "normalize", source, order, dim)
    spaces = {2.0: Space.UNIT_VECTORS, 1.0: Space.PROBS}
    return replace(value, space=spaces.get(order or 0.0, Space.UNKNOWN), dim=1 if dim is None else dim)


@operation("cosine_similarity", "pairwise_distance", "cdist")
def similarity(store: Store, call: Arguments) -> Value:
    """Similarities or distances."""
    return replace(derived(store, call, "similarity", call.tensor(), id(call.node)), space=Space.SIMILARITIES)


@operation("lerp")
def lerp(store: Store, call: Arguments) -> Value:
    """(1 − w)·a + w·b."""
    start, end, weight = call.get(0, "input"), call.get(1, "end"), call.get(2, "weight")
    if start is None or end is None or weight is None:
        return Tensor()
    rest = sums.subtract(store, call.nodes[-1], Scalar(1.0), weight)
    parts = [products.multiply(store, call.node, *pair) for pair in ((start, rest), (end, weight))]
    return sums.add(store, call.node, *parts)


@operation("matmul", "mm", "bmm", "einsum")
def product(store: Store, call: Arguments) -> Value:
    """Matrix products."""
    tensors = [one for one in call.args if isinstance(one, Tensor)]
    if len(tensors) < _PAIR:
        return Tensor(origin=store.origin("product", id(call.node), call.frame.path))
    value = products.matrix_product(store, call.node, tensors[0], tensors[1])
    rank = {"mm": 2, "bmm": 3}.get(call.name)
    formula = call.get(0)
    if isinstance(formula, Constant) and isinstance(formula.value, str) and "->" in formula.value:
        letters = formula.value.split("->")[1].strip()
        rank = len(letters) if letters.isalpha() else None
    return replace(value, rank=rank)


@operation("linear", "conv1d", "conv2d", "conv3d", "bilinear")
def weighted_sums(store: Store, call: Arguments) -> Value:
    """F.linear and its kin: raw scores, as their layers give them."""
    source = call.tensor(0, "input")
    value = derived(store, call, call.name, source, id(call.node), *call.frame.path)
    return replace(value, space=Space.LOGITS)


@operation("one_hot")
def one_hot(store: Store, call: Arguments) -> Value:
    """All mass on one outcome."""
    value = derived(store, call, "one_hot", call.tensor(), id(call.node))
    return replace(value, space=Space.PROBS, dim=-1, rank=None, least_rank=0)


@operation("scatter_", "scatter")
def scatter(store: Store, call: Arguments) -> Value:
    """Writing labels into zeros or a small constant gives one-hot or smoothed labels."""
    source = call.tensor()
    dim = call.integer(1, "dim")
    value = derived(store, call, "scatter", source, id(call.node))
    return replace(value, space=Space.PROBS if source.blank else Space.UNKNOWN, dim=dim)


@operation(
    "fill_",
    "zero_",
    "new_zeros",
    "new_full",
    "zeros_like",
    "full_like",
    "zeros",
    "full",
    "ones_like",
    "ones",
    "new_ones",
    "empty_like",
    "empty",
)
def constants(store: Store, call: Arguments) -> Value:
    """Tensors of one number, which labels may be written into."""
    source = call.tensor()
    value = derived(store, call, "constants", source, id(call.node))
    name = call.name
    rank = (
        source.rank
        if name.endswith(("_like", "_"))
        else _rank_of_sizes(call, 1 if name.startswith("new_") else 0)
    )
    space = (
        Space.NUMBERS if name.startswith(("ones", "new_ones")) and not _ends_in_one(call) else Space.UNKNOWN
    )
    if name.startswith(("full", "new_full")) and _is_reciprocal(call):
        space = Space.PROBS
    return replace(value, space=space, blank=True, names=frozenset(), rank=rank)


def _ends_in_one(call: Arguments) -> bool:
    """Whether there is one outcome alone, whose probability is 1."""
    last = call.args[-1] if call.args else None
    return number_of(last.items[-1] if isinstance(last, Sequence) and last.items else last or Tensor()) == 1


@operation("histc", "bincount", "histogram")
def counts(store: Store, call: Arguments) -> Value:
    """How many values fall where; with weights or as a density that can't be said."""
    value = derived(store, call, "counts", call.tensor(), id(call.node))
    plain = not {"weights", "weight", "density"} & call.keywords.keys()
    value = replace(value, space=Space.NUMBERS if plain else Space.UNKNOWN, rank=1, least_rank=0)
    edges = Tensor(origin=store.origin("edges", id(call.node), call.frame.path))
    return Sequence((value, edges)) if call.name == "histogram" else value


def _is_reciprocal(call: Arguments) -> bool:
    """Whether a tensor is filled with 1 / n."""
    fill = call.nodes[1] if len(call.nodes) > 1 else None
    fill = next((one.value for one in call.node.keywords if one.arg == "fill_value"), fill)
    reciprocal = (
        isinstance(fill, ast.BinOp) and isinstance(fill.op, ast.Div) and isinstance(fill.left, ast.Constant)
    )
    return (
        reciprocal
        and isinstance(fill, ast.BinOp)
        and isinstance(fill.left, ast.Constant)
        and fill.left.value == 1
    )


def _rank_of_sizes(call: Arguments, start: int) -> int | None:
    value = call.get(start, "size")
    if isinstance(value, Sequence):
        return None if value.open else len(value.items)
    return (
        len(call.args) - start
        if call.certain and all(isinstance(one, Scalar) for one in call.args[start:])
        else None
    )


@operation("randn", "rand", "randn_like", "rand_like", "randint", "normal")
def random(store: Store, call: Arguments) -> Value:
    """Random numbers: of the normal distribution raw scores, others no distribution either."""
    name = call.name
    value = Tensor(origin=store.origin("random", id(call.node), call.frame.path))
    rank = call.tensor().rank if name.endswith("_like") else _rank_of_sizes(call, 0)
    return replace(
        value, space=Space.LOGITS if name.startswith("randn") else Space.NUMBERS, rank=rank or None
    )


def _arithmetic(name: str) -> Operation:
    function = {
        "mul": products.multiply,
        "div": products.divide,
        "add": sums.add,
        "sub": sums.subtract,
        "pow": products.power,
        "logaddexp": None,
    }[name]

    def apply(store: Store, call: Arguments) -> Value:
        left, right = call.get(0, "input"), call.get(1, "other", "exponent")
        if left is None or right is None or function is None:
            return Tensor()
        return function(store, call.node, left, right)

    return apply


for _name in ("mul", "div", "add", "sub", "pow"):
    operation(_name, _name + "_")(_arithmetic(_name))
operation("multiply", "multiply_")(_arithmetic("mul"))
operation("divide", "true_divide", "divide_")(_arithmetic("div"))
operation("subtract")(_arithmetic("sub"))


@operation("square")
def square(store: Store, call: Arguments) -> Value:
    """x²."""
    value = call.get(0, "input")
    return products.power(store, call.node, value, Scalar(2.0)) if value is not None else Tensor()


@operation("logaddexp")
def logaddexp(store: Store, call: Arguments) -> Value:
    """log(eᵃ + eᵇ): of log-probabilities, those of twice a mixture."""
    left, right = call.tensor(0, "input"), call.tensor(1, "other")
    value = derived(store, call, "logaddexp", left, right.origin)
    if left.space is right.space is Space.LOG_PROBS:
        parts = (left.parts or {left.distribution}) | (right.parts or {right.distribution})
        return replace(value, parts=frozenset(parts), factors=of_number(2.0), dim=left.dim)
    return value
