"""All frameworks together: their functions, and every call that is enumerated."""

from kldiv.conventions import (
    by_hand,
    documented,
    in_jax,
    in_keras,
    in_pytorch,
    in_scipy,
    in_tfp,
    in_torchmetrics,
)
from kldiv.conventions.call import Call, Function

FUNCTIONS: tuple[Function, ...] = (
    *in_pytorch.FUNCTIONS,
    *in_keras.FUNCTIONS,
    *in_tfp.FUNCTIONS,
    *in_scipy.FUNCTIONS,
    *in_jax.FUNCTIONS,
    *in_torchmetrics.FUNCTIONS,
    *documented.FUNCTIONS,
)
# In the order in which explanations of one number are offered.
CALLS: tuple[Call, ...] = (
    *in_pytorch.CALLS,
    *by_hand.CALLS,
    *in_scipy.CALLS,
    *in_keras.CALLS,
    *in_jax.CALLS,
    *in_torchmetrics.CALLS,
    *in_tfp.CALLS,
)
FRAMEWORKS = tuple(dict.fromkeys(function.framework for function in FUNCTIONS))
