"""What changes the numbers of a map element by element, or how finely it is drawn."""

from dataclasses import replace

from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.operations import derived, operation
from kldiv.checker.dataflow.store import Store
from kldiv.checker.dataflow.values import Constant, Value
from kldiv.checker.space import Space


@operation("relu", "relu_", "tanh", "gelu", "leaky_relu", "elu", "silu", "softplus")
def activation(store: Store, call: Arguments) -> Value:
    """Raw scores, as their layers give them; of what is positive already relu makes nothing else."""
    source = call.tensor(0, "input")
    if source.terms or (source.space not in {Space.UNKNOWN, Space.LOGITS} and "relu" in call.name):
        return source
    return replace(derived(store, call, call.name, source), space=Space.LOGITS)


@operation("interpolate", "upsample")
def interpolate(store: Store, call: Arguments) -> Value:
    """Resampled maps of the same kind."""
    source = call.tensor(0, "input")
    mode = call.get(3, "mode")
    four = isinstance(mode, Constant) and mode.value in {"bilinear", "bicubic"}
    value = derived(store, call, "interpolate", source, id(call.node))
    return replace(
        value,
        space=source.space,
        dim=source.dim,
        rank=4 if four else source.rank,
        temperature=source.temperature,
    )
