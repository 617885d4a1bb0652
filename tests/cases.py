"""What the tests run over: every divergence beside its textbook definition, and rows of logits."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import oracle
import torch
from torch import Tensor

from kldiv import divergence
from kldiv.inputs import Counts, Distribution, Logits, LogProbs, Probs


@dataclass(frozen=True)
class Case:
    """One function of the library at given options, beside the oracle's."""

    function: Callable[..., Tensor]
    exact: Callable[[oracle.Exact, oracle.Exact], Any]
    options: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "-".join([self.function.__name__, *(repr(value) for value in self.options.values())])

    def __call__(self, p: object, q: object, **how: Any) -> Tensor:
        return self.function(p, q, **self.options, **how)


def _with(name: str, **options: float) -> Case:
    return Case(getattr(divergence, name), partial(getattr(oracle, name), **options), options)


KL, CROSS_ENTROPY = _with("kl"), _with("cross_entropy")
JS = [_with("js", weight=w) for w in (0.5, 0.1, 0.75, 0.001, 0.999, 0.0, 1.0)]
SKEW = [_with("skew_kl", weight=w) for w in (0.5, 0.1, 0.9, 0.001, 0.999, 0.0, 1.0)]
# 1/2 is where the two sides change roles, 1 is a limit, and 1 ± a little is next to it.
ORDERS = (0.0, 0.25, 0.5, 0.75, 0.999, 1 - 1e-9, 1.0, 1 + 1e-6, 1.5, 2.0, 5.0, 30.0, math.inf)
RENYI = [_with("renyi", order=order) for order in ORDERS]
JEFFREYS, TOTAL_VARIATION, HELLINGER, CHI2 = (
    _with(name) for name in ("jeffreys", "total_variation", "hellinger", "chi2")
)
# Each is >= 0, and 0 at p = q.
DIVERGENCES = [KL, *JS, *SKEW, *RENYI, JEFFREYS, TOTAL_VARIATION, HELLINGER, CHI2]
# Those that are 0 for any two distributions of one support.
_VANISHING = {"renyi-0.0", "js-0.0", "js-1.0", "skew_kl-1.0"}
# Those with a kink, where two rounded numbers decide which side of it a row is on.
KINKED = {"total_variation", "renyi-inf"}
# Those that are smooth for positive p and q, also where these are equal.
SMOOTH = [case for case in DIVERGENCES if case.name not in {*_VANISHING, *KINKED, "hellinger"}]

# How far apart the two logits are: from distributions of little in common to nearly equal ones.
GAPS = (10.0, 1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


def names(cases: list[Case]) -> list[str]:
    """The names pytest shows."""
    return [case.name for case in cases]


def logit_rows(
    size: int, dtype: torch.dtype, gaps: tuple[float, ...] = GAPS, scale: float = 2.0
) -> tuple[Tensor, Tensor]:
    """Two matrices of logits, row i a `gaps[i]` apart; the same numbers each time."""
    generator = torch.Generator().manual_seed(size)
    normal = torch.randn(2, len(gaps), size, generator=generator, dtype=torch.float64)
    p = scale * normal[0]
    return p.to(dtype), (p + torch.tensor(gaps, dtype=torch.float64)[:, None] * normal[1]).to(dtype)


def wrapped(kind: type[Distribution], logits: Tensor) -> Distribution:
    """The distribution of these logits, as any of the four kinds; counts sum to 7."""
    if kind is Logits:
        return Logits(logits)
    if kind is LogProbs:
        return LogProbs(torch.log_softmax(logits, -1))
    probabilities = torch.softmax(logits, -1)
    return Counts(7 * probabilities) if kind is Counts else Probs(probabilities, validate=False)


KINDS = (Logits, LogProbs, Probs, Counts)
