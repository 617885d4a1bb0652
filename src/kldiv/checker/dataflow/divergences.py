"""Calls of PyTorch's KL function: recorded with what is known of their arguments."""

import ast

from kldiv.checker.calls import CONSTRUCTOR_PARAMETERS, FUNCTION_PARAMETERS
from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.store import Observation, Store
from kldiv.checker.dataflow.values import Constant, Criterion, Scalar, Value
from kldiv.checker.space import Space, Tensor, Term

# torch.nn._reduction.get_enum.
_NUMBERED: dict[float | None, str] = {0.0: "none", 1.0: "mean", 2.0: "sum"}
_REDUCTIONS = {"none", "mean", "batchmean", "sum"}


def bound(
    call: Arguments, parameters: tuple[str, ...], skip: int = 0
) -> tuple[dict[str, Value], dict[str, ast.expr]]:
    """The arguments' values and nodes by parameter; `skip` leaves out those that are bound already."""
    values = dict(zip(parameters, call.args[skip:], strict=False))
    nodes = dict(zip(parameters, call.nodes[skip:], strict=False))
    values.update(call.keywords)
    nodes.update({one.arg: one.value for one in call.node.keywords if one.arg})
    return values, nodes


def construct(store: Store, call: Arguments) -> Value:
    """nn.KLDivLoss(...): its options, and whether tensors were given to it."""
    values, nodes = bound(call, CONSTRUCTOR_PARAMETERS)
    store.constructions[id(call.node)] = (call.node, call.args)
    kept = {name: node for name, node in nodes.items() if name in CONSTRUCTOR_PARAMETERS}
    return Criterion(call.node, tuple((name, values[name]) for name in kept if name in values))


def call_criterion(store: Store, criterion: Criterion, call: Arguments) -> Value:
    """criterion(input, target)."""
    store.criteria_called.add(id(criterion.node))
    values, nodes = bound(call, ("input", "target"))
    options = dict(criterion.options)
    given = dict(zip(CONSTRUCTOR_PARAMETERS, criterion.node.args, strict=False)) | {
        one.arg: one.value for one in criterion.node.keywords if one.arg
    }
    return _record(store, call, values, nodes, options, given, criterion.node)


def call_function(store: Store, call: Arguments, parameters: tuple[str, ...] = FUNCTION_PARAMETERS) -> Value:
    """F.kl_div(input, target, ...), or torch.kl_div, whose reduction is a number."""
    values, nodes = bound(call, parameters)
    options = {name: values[name] for name in CONSTRUCTOR_PARAMETERS if name in values}
    given = {name: nodes[name] for name in CONSTRUCTOR_PARAMETERS if name in nodes}
    return _record(store, call, values, nodes, options, given, None)


def _record(
    store: Store,
    call: Arguments,
    values: dict[str, Value],
    nodes: dict[str, ast.expr],
    options: dict[str, Value],
    given: dict[str, ast.expr],
    constructor: ast.Call | None,
) -> Value:
    number = store.call_number(call.node, call.frame.path)
    read = reduction_of if constructor else reduction_of_function
    reduction = read(options) if call.certain or "reduction" in options else None
    log_target = log_target_of(options) if call.certain or "log_target" in options else None
    source, target = _tensor(values.get("input")), _tensor(values.get("target"))
    if "input" in nodes and "target" in nodes and not call.starred:
        store.seen[number] = Observation(
            number, call.node, nodes["input"], nodes["target"], source, target, given, reduction,
            log_target, constructor, call.frame.function, call.frame.inlined, tuple(call.frame.conditions),
        )  # fmt: skip
    return Tensor(
        space=Space.DIVERGENCE,
        origin=store.origin("divergence", number),
        dim=source.dim if source.dim == target.dim or target.dim is None else None,
        rank=source.rank or target.rank if reduction == "none" else None,
        elements=reduction == "none",
        terms=frozenset({Term(number, ())}),
        names=frozenset(),
    )


def _tensor(value: Value | None) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor()


def reduction_of(options: dict[str, Value]) -> str | None:
    """What reduction, size_average and reduce come to; None where that isn't visible."""
    legacy = [options.get(name, Constant(None)) for name in ("size_average", "reduce")]
    if any(value != Constant(None) for value in legacy):
        return _legacy(*(_truth(value) for value in legacy))
    value = options.get("reduction", Constant("mean"))
    if isinstance(value, Scalar):
        return _NUMBERED.get(value.number)
    known = isinstance(value, Constant) and value.value in _REDUCTIONS
    return str(value.value) if known and isinstance(value, Constant) else None


def reduction_of_function(options: dict[str, Value]) -> str | None:
    """The same for F.kl_div, which divides by the batch for "batchmean" whatever the old arguments say."""
    reduction = reduction_of(options)
    written = options.get("reduction", Constant("mean"))
    if all(options.get(name, Constant(None)) == Constant(None) for name in ("size_average", "reduce")):
        return reduction
    if not isinstance(written, Constant):
        return None
    return reduction if written.value != "batchmean" else "batchmean" if reduction == "sum" else None


def _legacy(size_average: bool | str | None, reduce: bool | str | None) -> str | None:
    """PyTorch's own rule (torch.nn._reduction.legacy_get_string): what isn't given counts as True."""
    if reduce is False:
        return "none"
    if "?" in {size_average, reduce}:
        return None
    return "sum" if size_average is False else "mean"


def _truth(value: Value) -> bool | str | None:
    if isinstance(value, Scalar) and value.number is not None:
        return bool(value.number)
    if isinstance(value, Constant) and (value.value is None or isinstance(value.value, bool)):
        return value.value
    return "?"


def log_target_of(options: dict[str, Value]) -> bool | None:
    """Whether the target is taken for log-probabilities; None where that isn't visible."""
    value = _truth(options.get("log_target", Constant(False)))
    return None if isinstance(value, str) or value is None else value
