"""torch.nn's layers: what they make of what flows through them."""

from collections.abc import Callable
from dataclasses import replace

from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.operations import OPERATIONS, normalised_exponentials
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.uses import CRITERIA, loss_named
from kldiv.checker.dataflow.values import Layer, Mapping, Sequence, Value
from kldiv.checker.space import Space, Tensor

_ACTIVATIONS = {"Tanh", "ReLU", "GELU", "LeakyReLU", "ELU", "SiLU", "PReLU"}
_RAW = {
    "Linear",
    "LazyLinear",
    "Bilinear",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose2d",
    "Embedding",
    "BatchNorm1d",
    "BatchNorm2d",
    "LayerNorm",
    "RMSNorm",
    "GroupNorm",
    "MaxPool2d",
    "AvgPool2d",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
} | _ACTIVATIONS
_KEEPING_RANK = {
    "Linear",
    "LazyLinear",
    "Bilinear",
    "LayerNorm",
    "RMSNorm",
    "GroupNorm",
    "BatchNorm1d",
} | _ACTIVATIONS
_SAME = {
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "AlphaDropout",
    "Identity",
    "Upsample",
    "DataParallel",
    "SyncBatchNorm",
}
_RANKS = {
    "Conv1d": 3,
    "Conv2d": 4,
    "Conv3d": 5,
    "ConvTranspose2d": 4,
    "BatchNorm2d": 4,
    "MaxPool2d": 4,
    "AvgPool2d": 4,
}
_NORMALISING = {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Softmin": "softmin"}
_SIGMOIDS = {"Sigmoid": "sigmoid", "LogSigmoid": "logsigmoid"}
_HOLDING = {"Sequential", "ModuleList", "ModuleDict"}
_OTHER = {"Softmax2d", "MultiheadAttention", "Flatten", "CosineSimilarity", "AdaptiveLogSoftmaxWithLoss"}

LAYERS = _RAW | _SAME | set(_NORMALISING) | set(_SIGMOIDS) | _HOLDING | _OTHER | set(CRITERIA)

Apply = Callable[[Value, Arguments], Value]


def construct(kind: str, call: Arguments) -> Value:
    """nn.Linear(...), nn.Softmax(dim=1), nn.Sequential(...)."""
    if kind == "ModuleList":
        return call.sequence(0, "modules") or Sequence(call.args)
    given = call.get(0, "modules")
    if kind == "ModuleDict" and isinstance(given, Mapping):
        return given
    inside = call.args if kind in {"Sequential", "DataParallel"} else ()
    if kind == "Sequential" and len(inside) == 1 and isinstance(inside[0], Sequence):
        inside = inside[0].items
    return Layer(kind, call.integer(0, "dim"), call.node, inside)


def apply(store: Store, layer: Layer, call: Arguments, inner: Apply) -> Value:  # noqa: PLR0911 (one way out for each kind)
    """layer(x)."""
    kind = layer.kind
    if kind in CRITERIA:
        return loss_named(store, call, CRITERIA[kind])
    if kind in _NORMALISING and layer.node is not None:
        return normalised_exponentials(
            store, _as_written(layer, call), _NORMALISING[kind], layer.dim, _has_dim(layer)
        )
    if kind == "Softmax2d":
        return normalised_exponentials(store, call, "softmax", 1, given=True)
    if kind in _SIGMOIDS:
        return OPERATIONS[_SIGMOIDS[kind]](store, call)
    if kind in {"Sequential", "DataParallel"}:
        return _through(layer, call, inner)
    if kind in _SAME:
        return call.args[0] if call.args else Tensor()
    return _raw(store, layer, call)


def _has_dim(layer: Layer) -> bool:
    return layer.node is None or bool(layer.node.args or layer.node.keywords)


def _as_written(layer: Layer, call: Arguments) -> Arguments:
    """A missing dim is the constructor's fault, not the call's."""
    return replace(call, node=layer.node) if not _has_dim(layer) and layer.node is not None else call


def _through(layer: Layer, call: Arguments, inner: Apply) -> Value:
    value: Value = call.args[0] if call.args else Tensor()
    for one in layer.inside[-8:]:
        value = inner(one, replace(call, args=(value, *call.args[1:])))
    return value


def _raw(store: Store, layer: Layer, call: Arguments) -> Value:
    source = call.tensor()
    value = Tensor(
        space=Space.LOGITS if layer.kind in _RAW else Space.UNKNOWN,
        origin=store.origin("layer", id(call.node), id(layer.node), call.frame.path),
        rank=source.rank if layer.kind in _KEEPING_RANK else _RANKS.get(layer.kind),
        least_rank=source.least_rank if layer.kind in _KEEPING_RANK else 0,
        names=source.names,
        detached=source.detached and call.frame.detached,
        teacher=source.teacher,
    )
    if layer.kind == "MultiheadAttention":
        return Sequence(
            (value, replace(value, space=Space.PROBS, dim=-1, origin=store.origin("weights", value.origin)))
        )
    if layer.kind == "CosineSimilarity":
        return replace(value, space=Space.SIMILARITIES)
    return value
