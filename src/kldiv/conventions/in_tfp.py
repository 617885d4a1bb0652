"""TensorFlow Probability: distributions.kl_divergence."""

from collections.abc import Iterator

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Option, Pair, Slip, choices, of_one_function
from kldiv.conventions.options import AFTERWARDS, ARRAYS, arrays, identity, log, log_softmax, texts

AS_LOGITS = Slip("probabilities as logits", "Categorical's first argument is logits: they are softmaxed")


def categorical(p_logits: Floats, q_logits: Floats) -> float:
    """Σ exp(log P)·(log P − log Q) of softmaxed logits, 0 where P = 0; tfp's categorical.py."""
    with np.errstate(all="ignore"):
        p, q = log_softmax(p_logits), log_softmax(q_logits)
        return float(np.where(np.exp(p) == 0, 0.0, np.exp(p) * (p - q)).sum())


_PARAMETERS = (Option("probs={}", log), Option("{}", identity, (AS_LOGITS,)))


def _calls() -> Iterator[Call]:
    # Logits may be any numbers, so that counts are a mistake of their own only there; probs are normalised.
    for (names, parameter, after), slips in choices(ARRAYS[:2], _PARAMETERS, AFTERWARDS):
        p, q = (f"tfd.Categorical({parameter.text.format(name)})" for name in texts(names))

        def returns(
            pair: Pair, names: Option = names, parameter: Option = parameter, after: Option = after
        ) -> float:
            return float(after.of(categorical(*(parameter.of(each) for each in arrays(names, pair)))))

        yield Call("tfp", after.text.format(f"tfd.kl_divergence({p}, {q})"), returns, slips)


CALLS = of_one_function(_calls())

FUNCTIONS = (
    Function(
        "tfp",
        "tfp.distributions.kl_divergence",
        "(distribution_a, distribution_b): P, then Q; that of the maths",
        "distribution objects: Categorical(probs=…) normalises; Categorical(…) takes logits first",
        "e",
        "none: one number a distribution",
        "none",
        "P = 0: 0; Q = 0 < P: +∞",
        tuple(call for call in CALLS if call.slips in {(), (AS_LOGITS,)}),
    ),
)
