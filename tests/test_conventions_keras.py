"""Every Keras call shown to users, run in the real one with TensorFlow under it."""

import math

import numpy as np
import pytest
from conventions import PAIRS, assert_returns, calls_of
from scipy.special import softmax


@pytest.fixture(scope="module")
def keras():
    # Keras asks once, when it is loaded, what computes for it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "tensorflow")
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        pytest.importorskip("tensorflow")
        return pytest.importorskip("keras")


@pytest.mark.parametrize("pair", PAIRS)
def test_each_call_returns_what_keras_returns(keras, pair):
    names = {"keras": keras, "np": np, "math": math, "softmax": softmax, **pair._asdict()}
    assert_returns(calls_of("keras"), pair, names)
