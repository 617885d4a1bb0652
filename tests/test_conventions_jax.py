"""Every JAX and Optax call shown to users, run in the real ones."""

import math

import pytest
from conventions import PAIRS, assert_returns, calls_of

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")


@pytest.mark.filterwarnings("ignore:.*convex_kl_divergence is deprecated:DeprecationWarning")  # still in use
@pytest.mark.parametrize("pair", PAIRS)
def test_each_call_returns_what_jax_returns(pair):
    arrays = {name: jax.numpy.array(values) for name, values in pair._asdict().items()}
    names = {**arrays, "jax": jax, "jnp": jax.numpy, "optax": optax, "math": math}
    assert_returns(calls_of("jax"), pair, names)
