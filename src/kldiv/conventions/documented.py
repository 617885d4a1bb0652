"""MindSpore and Paddle, by their documentation and a run by hand: no test installs packages so large."""

from functools import partial

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Pair
from kldiv.conventions.in_pytorch import BATCHMEAN, DEFAULT_MEAN
from kldiv.conventions.options import log


def _terms(input: Floats, target: Floats) -> Floats:  # noqa: A002 (its name in the documentation)
    """target·(log target − input) as both documentations write it; 0 wherever the target is, when run."""
    with np.errstate(all="ignore"):
        terms: Floats = np.where(target == 0, 0.0, target * (np.log(target) - input))
        return terms


def _log_terms(input: Floats, target: Floats) -> Floats:  # noqa: A002
    """exp(target)·(target − input), Paddle's with log_target=True."""
    with np.errstate(all="ignore"):
        terms: Floats = np.exp(target) * (target - input)
        return terms


def _sum(pair: Pair) -> float:
    return float(_terms(log(pair.q), pair.p).sum())


def _mean(pair: Pair) -> float:
    return float(_terms(log(pair.q), pair.p).mean())


def _log_sum(pair: Pair) -> float:
    return float(_log_terms(log(pair.q), log(pair.p)).sum())


_ZEROS = "P = 0: 0, even where Q = 0 too; Q = 0 < P: +∞"
_REDUCTION = (
    '"mean" by default, over every element; "batchmean" divides by the first dimension; "sum"; "none"'
)

_mindspore = partial(
    Function, "mindspore", base="e", reduction=_REDUCTION, clipping="none", zeros=_ZEROS,
    documented="the documentation, r2.11, and a run of MindSpore 2.10.0 on a processor",
)  # fmt: skip

FUNCTIONS = (
    _mindspore(
        "mindspore.ops.kl_div, mindspore.nn.KLDivLoss",
        order="(logits, labels): Q's logarithms, then P (ops after 2.9.0: to become input, target)",
        spaces="log-probabilities, whatever the name says, then probabilities",
        calls=(
            Call("mindspore", 'ops.kl_div(ops.log(q), p, "sum")', _sum),
            Call("mindspore", "ops.kl_div(ops.log(q), p)", _mean, (DEFAULT_MEAN,)),
            Call("mindspore", 'ops.kl_div(ops.log(q), p, "batchmean")', _mean, (BATCHMEAN,)),
        ),
    ),
    Function(
        "mindspore",
        "mindspore.mint.nn.functional.kl_div",
        "(input, target): Q's logarithms, then P",
        "log-probabilities, then probabilities, or log-probabilities with log_target=True",
        "e",
        _REDUCTION,
        "not documented",
        "not documented",
        (Call("mindspore", 'mint.nn.functional.kl_div(mint.log(q), p, reduction="sum")', _sum),),
        documented="the documentation, r2.11, alone: it runs on Ascend only",
    ),
    Function(
        "paddle",
        "paddle.nn.functional.kl_div, paddle.nn.KLDivLoss",
        "(input, label): Q's logarithms, then P",
        "log-probabilities, then probabilities, or log-probabilities with log_target=True",
        "e",
        _REDUCTION,
        "none",
        f"{_ZEROS}; NaN for P = 0 with log_target=True",
        (
            Call("paddle", 'F.kl_div(q.log(), p, reduction="sum")', _sum),
            Call("paddle", 'F.kl_div(q.log(), p.log(), reduction="sum", log_target=True)', _log_sum),
            Call("paddle", "F.kl_div(q.log(), p)", _mean, (DEFAULT_MEAN,)),
            Call("paddle", 'F.kl_div(q.log(), p, reduction="batchmean")', _mean, (BATCHMEAN,)),
        ),
        documented="the documentation and a run of Paddle 3.3.1 on a processor",
    ),
)
