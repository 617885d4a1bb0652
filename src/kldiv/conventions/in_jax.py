"""JAX and Optax, which compute in float32 unless jax_enable_x64 is set."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Option, Pair, Slip, choices, of_one_function
from kldiv.conventions.in_scipy import rel_entr
from kldiv.conventions.options import (
    AFTERWARDS,
    ARRAYS,
    MEAN_BY_HAND,
    SOFTMAX,
    arrays,
    identity,
    log,
    log_softmax,
    softmax,
    texts,
)

PREDICTIONS_NOT_LOGGED = Slip(
    "predictions not logged", "the predictions' probabilities are taken for logarithms"
)
TARGETS_LOGGED = Slip("targets logged", "the targets' logarithms are taken for probabilities")
TARGETS_NOT_LOGGED = Slip("targets not logged", "the targets' probabilities are taken for logarithms")


def kl_divergence(log_predictions: Floats, targets: Floats) -> float:
    """Σ targets·(log targets − log_predictions), log 0 replaced by 0; optax.losses.kl_divergence."""
    with np.errstate(all="ignore"):
        logarithms = np.where(targets == 0, targets.dtype.type(0), np.log(targets))
        return float((targets * (logarithms - log_predictions)).sum())


def kl_divergence_with_log_targets(log_predictions: Floats, log_targets: Floats) -> float:
    """Σ exp(log_targets)·(log_targets − log_predictions), as Optax has it."""
    with np.errstate(all="ignore"):
        return float((np.exp(log_targets) * (log_targets - log_predictions)).sum())


def generalized_kl_divergence(log_predictions: Floats, targets: Floats) -> float:
    """kl_divergence + Σ (exp(log_predictions) − targets); Boyd & Vandenberghe, Convex Optimization, p. 90.

    Its older name is optax.losses.convex_kl_divergence.
    """
    return kl_divergence(log_predictions, targets) + float((np.exp(log_predictions) - targets).sum())


def kl_div(p: Floats, q: Floats) -> Floats:
    """rel_entr(p, q) − p + q, for ∞ too; the source of jax.scipy.special.kl_div."""
    return rel_entr(p, q) - p + q


_PREDICTIONS = (
    Option("jnp.log({})", log),
    Option("{}", identity, (PREDICTIONS_NOT_LOGGED,)),
    Option("jax.nn.log_softmax({})", log_softmax, (SOFTMAX,)),
)
_TARGETS = (
    Option("{}", identity),
    Option("jnp.log({})", log, (TARGETS_LOGGED,)),
    Option("jax.nn.softmax({})", softmax, (SOFTMAX,)),
)
_LOG_TARGETS = (
    Option("jnp.log({})", log),
    Option("{}", identity, (TARGETS_NOT_LOGGED,)),
    Option("jax.nn.log_softmax({})", log_softmax, (SOFTMAX,)),
)


def _optax_calls(
    name: str, of: Callable[[Floats, Floats], float], targets: tuple[Option, ...]
) -> Iterator[Call]:
    for (names, of_prediction, of_target, after), slips in choices(ARRAYS, _PREDICTIONS, targets, AFTERWARDS):
        reference, approximation = texts(names)

        def returns(
            pair: Pair,
            names: Option = names,
            of_prediction: Option = of_prediction,
            of_target: Option = of_target,
            after: Option = after,
        ) -> float:
            reference, approximation = (each.astype(np.float32) for each in arrays(names, pair))
            return float(after.of(np.float32(of(of_prediction.of(approximation), of_target.of(reference)))))

        inner = f"{of_prediction.text.format(approximation)}, {of_target.text.format(reference)}"
        text = after.text.format(f"optax.losses.{name}({inner})")
        yield Call("jax", text, returns, slips, precision="float32")


_REDUCTIONS = (
    Option("{}.sum()", lambda terms: terms.sum()),
    Option("{}.mean()", lambda terms: terms.mean(), (MEAN_BY_HAND,)),
)


def _special_calls(name: str, of: Callable[[Floats, Floats], Floats]) -> Iterator[Call]:
    for (names, reduction, after), slips in choices(ARRAYS, _REDUCTIONS, AFTERWARDS):

        def returns(
            pair: Pair, names: Option = names, reduction: Option = reduction, after: Option = after
        ) -> float:
            terms = of(*(each.astype(np.float32) for each in arrays(names, pair)))
            return float(after.of(reduction.of(terms)))

        inner = reduction.text.format(f"jax.scipy.special.{name}({', '.join(texts(names))})")
        yield Call("jax", after.text.format(inner), returns, slips, precision="float32")


CALLS = (
    *of_one_function(_optax_calls("kl_divergence", kl_divergence, _TARGETS)),
    *of_one_function(
        _optax_calls("kl_divergence_with_log_targets", kl_divergence_with_log_targets, _LOG_TARGETS)
    ),
    *of_one_function(_optax_calls("convex_kl_divergence", generalized_kl_divergence, _TARGETS)),
    *of_one_function(_special_calls("rel_entr", rel_entr)),
    *of_one_function(_special_calls("kl_div", kl_div)),
)

_function = partial(Function, "jax", base="e", clipping="none")


def _right(name: str) -> tuple[Call, ...]:
    return tuple(call for call in CALLS if not call.slips and f".{name}(" in call.call)


_OPTAX_ORDER = "(log_predictions, targets): Q's logarithms, then P"
_OPTAX_REDUCTION = "sum over the last axis (axis=-1); one number a row"
_OPTAX_ZEROS = "P = 0: 0, but NaN where Q = 0 too; Q = 0 < P: +∞"

FUNCTIONS = (
    _function(
        name="optax.losses.kl_divergence",
        order=_OPTAX_ORDER,
        spaces="log-probabilities, then probabilities",
        reduction=_OPTAX_REDUCTION,
        zeros=_OPTAX_ZEROS,
        calls=_right("kl_divergence"),
    ),
    _function(
        name="optax.losses.kl_divergence_with_log_targets",
        order="(log_predictions, log_targets): Q's logarithms, then P's",
        spaces="log-probabilities, both",
        reduction=_OPTAX_REDUCTION,
        zeros="P = 0: NaN, as 0·(−∞) is; Q = 0 < P: +∞",
        calls=_right("kl_divergence_with_log_targets"),
    ),
    _function(
        name="optax.losses.convex_kl_divergence (now generalized_kl_divergence)",
        order=_OPTAX_ORDER,
        spaces="log-probabilities, then probabilities; adds Σ (Q − P), 0 where both sum to 1",
        reduction=_OPTAX_REDUCTION,
        zeros=_OPTAX_ZEROS,
        calls=_right("convex_kl_divergence"),
    ),
    _function(
        name="jax.scipy.special.rel_entr",
        order="(p, q), that of the maths",
        spaces="probabilities, which are not normalised",
        reduction="none: one term an outcome, their sum is the divergence",
        zeros="P = 0: 0; Q = 0 < P: +∞",
        calls=_right("rel_entr"),
    ),
    _function(
        name="jax.scipy.special.kl_div",
        order="(p, q), that of the maths",
        spaces="probabilities, which are not normalised",
        reduction="none: terms p·log(p/q) − p + q, whose sum is the divergence where both sum to 1",
        zeros="P = 0: the term is Q; Q = 0 < P: +∞",
        calls=_right("kl_div"),
    ),
)
