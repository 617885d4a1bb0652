"""JAX: Optax's divergence, compiled for the processor."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kldiv.benchmark.case import Case
from kldiv.benchmark.pair import Pair
from kldiv.benchmark.peer import Peer, Prepared, Work

_MEASURED = "jit of optax.losses.kl_divergence_with_log_targets(log_softmax(q), log_softmax(p)).sum()"


def jitted(loss: Callable[[Any, Any], Any], case: Case) -> Callable[[Pair], Work]:
    """A loss of p and q, with JAX's gradient to q where the case asks for it."""
    import jax  # noqa: PLC0415

    if case.dtype == "float64":
        # Without it JAX would make float32 of them.
        jax.config.update("jax_enable_x64", True)
    function = jax.jit(jax.value_and_grad(loss, argnums=1) if case.gradient else loss)

    def bind(pair: Pair) -> Work:
        p, q = (on_processor(each, case) for each in pair.arrays())

        def call() -> Any:
            return jax.block_until_ready(function(p, q))

        if not case.gradient:
            return Work(call, float, None)
        return Work(call, lambda both: float(both[0]), lambda both: np.asarray(both[1], np.float64))

    return bind


def on_processor(array: Any, case: Case) -> Any:
    """The array in JAX and in the type of the case; computation stays where its inputs are."""
    import jax  # noqa: PLC0415
    from jax import numpy as jnp  # noqa: PLC0415

    with jax.default_device(jax.devices("cpu")[0]):
        return jax.block_until_ready(jnp.array(array, dtype=case.dtype))


def _prepare(case: Case) -> Prepared:
    import jax  # noqa: PLC0415
    import optax  # noqa: PLC0415

    def loss(p: Any, q: Any) -> Any:
        log_q, log_p = jax.nn.log_softmax(q), jax.nn.log_softmax(p)
        return optax.losses.kl_divergence_with_log_targets(log_q, log_p).sum()

    return Prepared(_MEASURED, case.gradient, jitted(loss, case))


OPTAX = Peer("jax with optax", _prepare, ("jax", "optax"))
