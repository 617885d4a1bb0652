"""Keras (and tensorflow.keras): losses.kl_divergence and losses.KLDivergence."""

from collections.abc import Iterator

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Option, Pair, Slip, choices, of_one_function
from kldiv.conventions.options import (
    AFTERWARDS,
    ARRAYS,
    SOFTMAX,
    arrays,
    identity,
    log,
    softmax,
    texts,
)

EPSILON = 1e-7
CLIPPED_LOGARITHMS = Slip("logarithms given", "logarithms are taken for probabilities, and clipped to 1e-7")
_CLIP = "both clipped to [1e-7, 1] first"


def kl_divergence(y_true: Floats, y_pred: Floats) -> float:
    """Σ y_true·log(y_true/y_pred) of arrays clipped to [ε, 1]; documentation of keras.losses.kl_divergence.

    ε is keras.config.epsilon(), 1e-7 unless changed.
    """
    y_true, y_pred = (values.clip(EPSILON, 1).astype(values.dtype) for values in (y_true, y_pred))
    return float((y_true * np.log(y_true / y_pred)).sum())


_SPACES = (
    Option("{}", identity),
    Option("np.log({})", log, (CLIPPED_LOGARITHMS,)),
    Option("softmax({})", softmax, (SOFTMAX,)),
)


def _calls() -> Iterator[Call]:
    for (names, of_true, of_pred, after), slips in choices(ARRAYS, _SPACES, _SPACES, AFTERWARDS):
        first, second = texts(names)

        def returns(
            pair: Pair,
            names: Option = names,
            of_true: Option = of_true,
            of_pred: Option = of_pred,
            after: Option = after,
        ) -> float:
            y_true, y_pred = arrays(names, pair)
            return float(after.of(kl_divergence(of_true.of(y_true), of_pred.of(y_pred))))

        inner = f"keras.losses.kl_divergence({of_true.text.format(first)}, {of_pred.text.format(second)})"
        yield Call("keras", after.text.format(inner), returns, slips, remark=_CLIP)


CALLS = of_one_function(_calls())


def _in_float32(pair: Pair) -> float:
    return kl_divergence(pair.p.astype(np.float32), pair.q.astype(np.float32))


_ORDER = "(y_true, y_pred): P, then Q; that of the maths"
_CLIPPING = "both sides clipped to [1e-7, 1] (keras.config.epsilon()), and not normalised again"
_ZEROS = "P = 0: about 1e-7·ln(1e-7/Q); Q = 0 < P: finite, about P·ln(P/1e-7)"

FUNCTIONS = (
    Function(
        "keras",
        "keras.losses.kl_divergence",
        _ORDER,
        "probabilities, which are not normalised; there is no from_logits",
        "e",
        "sum over the last axis; one number a row",
        _CLIPPING,
        _ZEROS,
        (next(call for call in CALLS if not call.slips),),
    ),
    Function(
        "keras",
        "keras.losses.KLDivergence",
        _ORDER,
        "probabilities, which are not normalised; there is no from_logits",
        "e",
        '"sum_over_batch_size" by default: the mean over rows',
        _CLIPPING,
        _ZEROS,
        (
            Call(
                "keras",
                "keras.losses.KLDivergence()(p[None], q[None])",
                _in_float32,
                precision="float32",
                remark=f"{_CLIP}; in float32, keras.config.floatx()",
            ),
        ),
    ),
)
