"""Every JAX and Optax call shown to users, run in the real ones."""

import math

import numpy as np
import pytest
from conventions import PAIRS, assert_returns, calls_of

from kldiv.conventions.call import Pair
from kldiv.conventions.catalogue import CALLS
from kldiv.conventions.matching import diagnose, parse_printed
from kldiv.conventions.options import SOFTMAX

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")


@pytest.mark.filterwarnings("ignore:.*convex_kl_divergence is deprecated:DeprecationWarning")  # still in use
@pytest.mark.parametrize("pair", PAIRS)
def test_each_call_returns_what_jax_returns(pair):
    arrays = {name: jax.numpy.array(values) for name, values in pair._asdict().items()}
    names = {**arrays, "jax": jax, "jnp": jax.numpy, "optax": optax, "math": math}
    assert_returns(calls_of("jax"), pair, names)


@pytest.mark.filterwarnings("ignore:.*convex_kl_divergence is deprecated:DeprecationWarning")
@pytest.mark.parametrize("seed", range(6))
def test_what_jax_prints_of_softmaxes_is_found_however_close_they_are(seed):
    p, q = np.random.default_rng(seed).dirichlet(np.ones(6), 2)
    names = {"p": jax.numpy.array(p), "q": jax.numpy.array(q), "jax": jax, "jnp": jax.numpy, "optax": optax}
    calls = [call for call in CALLS if call.framework == "jax" and call.slips == (SOFTMAX,)]
    assert calls
    for call in calls:
        printed = parse_printed(repr(float(eval(call.call, names))))  # noqa: S307 (a call that is shown)
        found = diagnose(Pair(p, q), printed).matches
        assert any(match.call.framework == "jax" and match.call.slips == (SOFTMAX,) for match in found)
