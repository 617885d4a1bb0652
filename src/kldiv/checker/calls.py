"""A call of PyTorch's KL function as the rules see it, and how its arguments bind."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from kldiv.checker.space import Space

Reduction = Literal["none", "mean", "batchmean", "sum"]
Verdict = Literal["right", "wrong", "unknown"]

FUNCTION_PARAMETERS = ("input", "target", "size_average", "reduce", "reduction", "log_target")
NATIVE_PARAMETERS = ("input", "target", "reduction", "log_target")
CONSTRUCTOR_PARAMETERS = ("size_average", "reduce", "reduction", "log_target")


@dataclass(frozen=True)
class KlCall:
    """One call of F.kl_div, torch.kl_div or a KLDivLoss criterion.

    Nodes are of the `ast` module. `options` holds the nodes given for size_average, reduce, reduction and
    log_target, at the call or at the constructor; `constructor` is the constructor's call, if one is seen.
    `reduction` and `log_target` are what they come to, None where that can't be decided.
    `dim` is the dimension of the outcomes and `rank` the number of dimensions, None where not visible;
    `temperature` is the text of what both sides' logits are divided by; `temperature_squared` says whether
    the loss is multiplied by its square.
    """

    node: ast.Call
    input: ast.expr | None
    target: ast.expr | None
    constructor: ast.Call | None = None
    options: dict[str, ast.expr] = field(default_factory=dict)
    reduction: Reduction | None = "mean"
    log_target: bool | None = False
    input_space: Space = Space.UNKNOWN
    target_space: Space = Space.UNKNOWN
    dim: int | None = None
    rank: int | None = None
    temperature: str | None = None
    temperature_squared: bool = False
    function: str = ""
    verdict: Verdict = "unknown"


def hides_arguments(call: ast.Call) -> bool:
    """Whether * or ** stands among the arguments, which may give what is not written."""
    starred = any(isinstance(one, ast.Starred) for one in call.args)
    return starred or any(one.arg is None for one in call.keywords)


def bind(call: ast.Call, parameters: Sequence[str]) -> dict[str, ast.expr] | None:
    """The argument given for each parameter; None where * or ** hide which is which."""
    if hides_arguments(call) or len(call.args) > len(parameters):
        return None
    bound = dict(zip(parameters, call.args, strict=False))
    bound.update({one.arg: one.value for one in call.keywords if one.arg})
    return bound
