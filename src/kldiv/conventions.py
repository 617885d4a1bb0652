"""What frameworks' KL functions compute, as data: the call, its meaning, and the number it returns.

Everything here is NumPy and float64, so that a mistake can be shown without running the framework.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Call:
    """One way of calling a framework's function with the probabilities p and q, and what it gives."""

    name: str
    call: str
    meaning: str
    returns: Callable[[Floats, Floats], float]


def torch_kl_div(input: Floats, target: Floats, reduction: str = "mean") -> float:  # noqa: A002 (its name in PyTorch)
    """What `torch.nn.functional.kl_div(input, target, reduction=…)` returns, with log_target=False.

    Outcome by outcome target·log target − target·input, 0·log 0 taken as 0 and 0·(−∞) as NaN; PyTorch 2
    documentation of KLDivLoss, and its implementation by xlogy.
    """
    with np.errstate(all="ignore"):
        logarithms = np.log(np.where(target > 0, target, 1.0))
        terms = target * logarithms - target * input
        return float(terms.mean() if reduction == "mean" else terms.sum())


def _log(values: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(values)


TORCH_RIGHT = Call(
    "right",
    'F.kl_div(q.log(), p, reduction="sum")',
    "D(P‖Q) in nats: the second argument is the reference P, the first is log Q",
    lambda p, q: torch_kl_div(_log(q), p, "sum"),
)

TORCH_MISTAKES = (
    Call(
        "swapped",
        'F.kl_div(p.log(), q, reduction="sum")',
        "D(Q‖P), the other direction, in nats",
        lambda p, q: torch_kl_div(_log(p), q, "sum"),
    ),
    Call(
        "input not logged",
        'F.kl_div(q, p, reduction="sum")',
        "Σ p·(log p − q): q is taken for a logarithm",
        lambda p, q: torch_kl_div(q, p, "sum"),
    ),
    Call(
        "default mean",
        "F.kl_div(q.log(), p)",
        "D(P‖Q) divided by the number of outcomes",
        lambda p, q: torch_kl_div(_log(q), p),
    ),
    Call(
        "swapped and input not logged",
        'F.kl_div(p, q, reduction="sum")',
        "Σ q·(log q − p), both mistakes at once",
        lambda p, q: torch_kl_div(p, q, "sum"),
    ),
)
