"""TorchMetrics: functional.kl_divergence."""

from collections.abc import Iterator

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Option, Pair, Slip, choices, of_one_function
from kldiv.conventions.options import AFTERWARDS, ARRAYS, SOFTMAX, arrays, identity, log, softmax, texts

LOGARITHMS_NORMALISED = Slip(
    "logarithms without log_prob", "logarithms are divided by their sum, as weights are"
)
LOG_PROB_OF_PROBABILITIES = Slip(
    "log_prob of probabilities", "log_prob=True takes the probabilities for logarithms"
)


def kl_divergence(p: Floats, q: Floats) -> float:
    """Σ p·log(p/q) of rows divided by their sums, 0 where p = 0; torchmetrics.functional.kl_divergence."""
    with np.errstate(all="ignore"):
        p, q = p / p.sum(), q / q.sum()
        return float(np.where(p == 0, 0.0, p * np.log(p / q)).sum())


def kl_divergence_of_log_probs(p: Floats, q: Floats) -> float:
    """Σ exp(p)·(p − q), the same function with log_prob=True; nothing is normalised."""
    with np.errstate(all="ignore"):
        return float((np.exp(p) * (p - q)).sum())


_SIDES = (
    Option("{}[None], {}[None]", identity),
    Option("{}.log()[None], {}.log()[None]", log, (LOGARITHMS_NORMALISED,)),
    Option("{}.softmax(-1)[None], {}.softmax(-1)[None]", softmax, (SOFTMAX,)),
)
_LOG_SIDES = (
    Option("{}.log()[None], {}.log()[None]", log),
    Option("{}[None], {}[None]", identity, (LOG_PROB_OF_PROBABILITIES,)),
)


def _calls(*, log_prob: bool) -> Iterator[Call]:
    of, flag = (kl_divergence_of_log_probs, ", log_prob=True") if log_prob else (kl_divergence, "")
    sides = _LOG_SIDES if log_prob else _SIDES
    # Counts are divided by their sums without log_prob, and so no mistake.
    for (names, side, after), slips in choices(ARRAYS if log_prob else ARRAYS[:2], sides, AFTERWARDS):

        def returns(pair: Pair, names: Option = names, side: Option = side, after: Option = after) -> float:
            p, q = arrays(names, pair)
            return float(after.of(of(side.of(p), side.of(q))))

        inner = f"torchmetrics.functional.kl_divergence({side.text.format(*texts(names))}{flag})"
        yield Call("torchmetrics", after.text.format(inner), returns, slips)


CALLS = (*of_one_function(_calls(log_prob=False)), *of_one_function(_calls(log_prob=True)))

FUNCTIONS = (
    Function(
        "torchmetrics",
        "torchmetrics.functional.kl_divergence, torchmetrics.KLDivergence",
        "(p, q), that of the maths; both of shape [N, outcomes]",
        "probabilities or counts, divided by their sums; with log_prob=True log-probabilities, as they are",
        "e",
        '"mean" by default, over rows; "sum"; "none"',
        "none",
        "P = 0: 0, but NaN with log_prob=True; Q = 0 < P: +∞",
        tuple(call for call in CALLS if not call.slips),
    ),
)
