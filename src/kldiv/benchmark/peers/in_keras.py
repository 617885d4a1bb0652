"""Keras, on the backend it is set to, or else on the fastest one installed."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from kldiv.benchmark.case import Case
from kldiv.benchmark.pair import Pair
from kldiv.benchmark.peer import Peer, Prepared, Work
from kldiv.benchmark.peers.in_jax import jitted
from kldiv.benchmark.peers.in_pytorch import ready

_VARIABLE = "KERAS_BACKEND"
_MEASURED = 'keras.losses.KLDivergence(reduction="sum")(softmax(p), softmax(q))'


def _prepare(case: Case) -> Prepared:
    with _backend():
        import keras  # noqa: PLC0415
    backend = keras.backend.backend()
    compute = keras.losses.KLDivergence(reduction="sum", dtype=case.dtype)

    def loss(p: Any, q: Any) -> Any:
        return compute(keras.ops.softmax(p), keras.ops.softmax(q))

    if backend == "jax":
        return Prepared(f"{_MEASURED} on jax, jit", case.gradient, jitted(loss, case))
    if backend == "torch":
        return ready(loss, f"{_MEASURED} on torch", case)
    return Prepared(f"{_MEASURED} on {backend}", gradient=False, bind=_alone(loss, case))


@contextmanager
def _backend() -> Iterator[None]:
    """While Keras is loaded, name a backend that is there; its own default may not be."""
    if _VARIABLE in os.environ or "keras" in sys.modules:
        yield
        return
    os.environ[_VARIABLE] = "jax" if find_spec("jax") else "torch"
    try:
        yield
    finally:
        del os.environ[_VARIABLE]


def _alone(loss: Callable[[Any, Any], Any], case: Case) -> Callable[[Pair], Work]:
    """The value alone, on a backend whose gradients are taken in ways of its own."""
    import keras  # noqa: PLC0415

    def bind(pair: Pair) -> Work:
        p, q = (keras.ops.convert_to_tensor(each, dtype=case.dtype) for each in pair.arrays())
        return Work(lambda: float(loss(p, q)), float, None)

    return bind


KERAS = Peer("keras", _prepare, ("keras",))
