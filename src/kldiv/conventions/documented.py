"""MindSpore and Paddle, by their documentation alone: no test runs them."""

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Pair
from kldiv.conventions.in_pytorch import DEFAULT_MEAN
from kldiv.conventions.options import log


def _literal(input: Floats, target: Floats) -> Floats:  # noqa: A002 (its name in the documentation)
    """target·(log target − input), as both documentations write it; of zeros they say nothing."""
    with np.errstate(all="ignore"):
        terms: Floats = target * (np.log(target) - input)
        return terms


def _sum(pair: Pair) -> float:
    return float(_literal(log(pair.q), pair.p).sum())


def _mean(pair: Pair) -> float:
    return float(_literal(log(pair.q), pair.p).mean())


_ZEROS = "not documented; the documented formula taken literally is NaN where P = 0"
_REDUCTION = '"mean" by default, over every element; "batchmean", "sum", "none"'

FUNCTIONS = (
    Function(
        "mindspore",
        "mindspore.ops.kl_div, mindspore.mint.nn.functional.kl_div",
        "(logits, labels): Q's logarithms, then P (mint, and ops after 2.9: input, target)",
        "log-probabilities, then probabilities; mint, and ops after 2.9, have log_target",
        "e",
        _REDUCTION,
        "not documented",
        _ZEROS,
        (
            Call("mindspore", 'ops.kl_div(ops.log(q), p, "sum")', _sum),
            Call("mindspore", "ops.kl_div(ops.log(q), p)", _mean, (DEFAULT_MEAN,)),
        ),
        documented="the documentation of mindspore.ops.kl_div, r2.11",
    ),
    Function(
        "paddle",
        "paddle.nn.functional.kl_div, paddle.nn.KLDivLoss",
        "(input, label): Q's logarithms, then P",
        "log-probabilities, then probabilities, or log-probabilities with log_target=True",
        "e",
        _REDUCTION,
        "not documented",
        _ZEROS,
        (
            Call("paddle", 'F.kl_div(q.log(), p, reduction="sum")', _sum),
            Call("paddle", "F.kl_div(q.log(), p)", _mean, (DEFAULT_MEAN,)),
        ),
        documented="the documentation of paddle.nn.functional.kl_div, develop",
    ),
)
