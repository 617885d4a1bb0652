"""PyTorch: F.kl_div, nn.KLDivLoss and torch.distributions.kl_divergence."""

from collections.abc import Iterator
from functools import partial
from typing import Literal

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Option, Pair, Slip, choices, of_one_function
from kldiv.conventions.options import (
    AFTERWARDS,
    ARRAYS,
    BITS,
    HARTLEYS,
    SOFTMAX,
    SWAPPED,
    arrays,
    identity,
    log,
    log_softmax,
    softmax,
    texts,
)

Reduction = Literal["sum", "mean", "batchmean"]

INPUT_NOT_LOGGED = Slip("input not logged", "the input's probabilities are taken for logarithms")
INPUT_LOGGED_TWICE = Slip("input logged twice", "the logarithm of a logarithm, which is NaN below 1")
INPUT_LOG2 = Slip("input logged to base 2", "the input is a log₂, the target's logarithm a natural one")
INPUT_LOG10 = Slip("input logged to base 10", "the input is a log₁₀, the target's logarithm a natural one")
TARGET_LOGGED = Slip(
    "target logged without log_target", "the target's logarithms are taken for probabilities"
)
TARGET_NOT_LOGGED = Slip(
    "log_target without a logged target", "the target's probabilities are taken for logarithms"
)
DEFAULT_MEAN = Slip(
    "default mean", 'the default reduction="mean" averages over outcomes too: divided by {outcomes}'
)
BATCHMEAN = Slip(
    "batchmean without a batch", "batchmean divides by the first dimension, here the outcomes: by {outcomes}"
)
AS_LOGITS = Slip("probabilities as logits", "probabilities are taken for logits, and softmaxed")


def kl_div(input: Floats, target: Floats, reduction: Reduction, *, log_target: bool = False) -> float:  # noqa: A002 (its name in PyTorch)
    """What `torch.nn.functional.kl_div` returns of one-dimensional arrays.

    Outcome by outcome target·log target − target·input, where 0·log 0 is 0 and 0·(−∞) NaN; with
    log_target exp(target)·(target − input). PyTorch's documentation of KLDivLoss, and its xlogy.
    """
    with np.errstate(all="ignore"):
        if log_target:
            terms = np.exp(target) * (target - input)
        else:
            terms = np.where(target == 0, 0.0, target * np.log(target)) - target * input
        return float(terms.sum() if reduction == "sum" else terms.mean())


_INPUTS = (
    Option("{}.log()", log),
    Option("{}", identity, (INPUT_NOT_LOGGED,)),
    Option("{}.log().log()", lambda values: log(log(values)), (INPUT_LOGGED_TWICE,)),
    Option("{}.log2()", lambda values: log(values) / np.log(2), (INPUT_LOG2,)),
    Option("{}.log10()", lambda values: log(values) / np.log(10), (INPUT_LOG10,)),
    Option("F.log_softmax({}, -1)", log_softmax, (SOFTMAX,)),
    Option("F.softmax({}, -1)", softmax, (SOFTMAX, INPUT_NOT_LOGGED)),
)
_TARGETS = (
    Option("{}", identity),
    Option("{}.log()", log, (TARGET_LOGGED,)),
    Option("F.softmax({}, -1)", softmax, (SOFTMAX,)),
)
_LOG_TARGETS = (
    Option("{}.log()", log),
    Option("{}", identity, (TARGET_NOT_LOGGED,)),
    Option("F.log_softmax({}, -1)", log_softmax, (SOFTMAX,)),
)
_REDUCTIONS = (
    Option(', reduction="sum"', partial(kl_div, reduction="sum")),
    Option("", partial(kl_div, reduction="mean"), (DEFAULT_MEAN,)),
    Option(', reduction="batchmean"', partial(kl_div, reduction="batchmean"), (BATCHMEAN,)),
)


def _kl_div_calls(targets: tuple[Option, ...], *, log_target: bool) -> Iterator[Call]:
    flag = ", log_target=True" if log_target else ""
    for (names, of_input, of_target, reduction, after), slips in choices(
        ARRAYS, _INPUTS, targets, _REDUCTIONS, AFTERWARDS
    ):
        reference, approximation = texts(names)
        inner = f"{of_input.text.format(approximation)}, {of_target.text.format(reference)}"

        def returns(
            pair: Pair,
            names: Option = names,
            of_input: Option = of_input,
            of_target: Option = of_target,
            reduction: Option = reduction,
            after: Option = after,
        ) -> float:
            reference, approximation = arrays(names, pair)
            value = reduction.of(of_input.of(approximation), of_target.of(reference), log_target=log_target)
            return float(after.of(value))

        text = after.text.format(f"F.kl_div({inner}{reduction.text}{flag})")
        yield Call("torch", text, returns, slips)


def categorical(p: Floats, q: Floats) -> float:
    """D between `torch.distributions.Categorical(probs=…)`: logits are logs of probabilities clamped by ε.

    torch.distributions.utils.probs_to_logits, and kl.py's branches for probabilities of 0.
    """
    p, q = p / p.sum(), q / q.sum()
    epsilon = np.finfo(p.dtype).eps
    ratio = np.log(p.clip(epsilon, 1 - epsilon)) - np.log(q.clip(epsilon, 1 - epsilon))
    return float(np.where(p == 0, 0.0, np.where(q == 0, np.inf, p * ratio)).sum())


def categorical_of_logits(p: Floats, q: Floats) -> float:
    """The same of `Categorical(logits=…)`."""
    return float((softmax(p) * (log_softmax(p) - log_softmax(q))).sum())


_PARAMETERS = (
    Option("probs={}", categorical),
    Option("logits={}", categorical_of_logits, (AS_LOGITS,)),
)


def _categorical_calls() -> Iterator[Call]:
    for (names, parameter, after), slips in choices(ARRAYS[:2], _PARAMETERS, AFTERWARDS):
        p, q = (f"Categorical({parameter.text.format(name)})" for name in texts(names))

        def returns(
            pair: Pair, names: Option = names, parameter: Option = parameter, after: Option = after
        ) -> float:
            return float(after.of(parameter.of(*arrays(names, pair))))

        text = after.text.format(f"torch.distributions.kl_divergence({p}, {q})")
        yield Call("torch", text, returns, slips)


CALLS = (
    *of_one_function(_kl_div_calls(_TARGETS, log_target=False)),
    *of_one_function(_kl_div_calls(_LOG_TARGETS, log_target=True)),
    *of_one_function(_categorical_calls()),
)


def _named(*slips: Slip) -> Call:
    return next(call for call in CALLS if call.slips == slips)


TORCH_RIGHT = _named()
TORCH_MISTAKES = (
    _named(SWAPPED),
    _named(INPUT_NOT_LOGGED),
    _named(DEFAULT_MEAN),
    _named(SWAPPED, INPUT_NOT_LOGGED),
)

_ORDER = "(input, target): Q's logarithms, then P; D(target‖input)"
_SPACES = "input: log-probabilities; target: probabilities, or log-probabilities with log_target=True"
_ZEROS = "P = 0: 0, but NaN where Q = 0 too, and NaN with log_target=True; Q = 0 < P: +∞"
_LOG_TARGET = next(call for call in CALLS if not call.slips and call.call.endswith(", log_target=True)"))

FUNCTIONS = (
    Function(
        "torch",
        "torch.nn.functional.kl_div",
        _ORDER,
        _SPACES,
        "e",
        '"mean" by default, over every element; "batchmean" divides by the first dimension; "sum"; "none"',
        "none",
        _ZEROS,
        (TORCH_RIGHT, _LOG_TARGET, _named(DEFAULT_MEAN), _named(BATCHMEAN)),
    ),
    Function(
        "torch",
        "torch.nn.KLDivLoss",
        _ORDER,
        _SPACES,
        "e",
        'given to the constructor; "mean" by default, over every element',
        "none",
        _ZEROS,
        (
            Call(
                "torch",
                'nn.KLDivLoss(reduction="batchmean")(q.log()[None], p[None])',
                TORCH_RIGHT.returns,
                remark="D(P‖Q) in nats, of a batch of one row",
            ),
            Call("torch", "nn.KLDivLoss()(q.log(), p)", _named(DEFAULT_MEAN).returns, (DEFAULT_MEAN,)),
        ),
    ),
    Function(
        "torch",
        "torch.distributions.kl_divergence",
        "(p, q), that of the maths",
        "distribution objects: Categorical(probs=…) normalises, Categorical(logits=…) softmaxes",
        "e",
        "none: one number a distribution",
        "logarithms of probabilities clamped to [ε, 1 − ε], ε that of the dtype",
        "P = 0: 0; Q = 0 < P: +∞",
        tuple(call for call in CALLS if "Categorical" in call.call and call.slips in {(), (AS_LOGITS,)}),
    ),
)

UNITS = {2.0: BITS, 10.0: HARTLEYS}
