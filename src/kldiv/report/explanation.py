"""D(P‖Q) worked by hand, how to get the number in PyTorch, and what the usual mistakes return: the data."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kldiv.conventions.call import Call, Pair
from kldiv.conventions.in_pytorch import TORCH_MISTAKES, TORCH_RIGHT
from kldiv.errors import ShapeError
from kldiv.estimators.counting import CountTable
from kldiv.estimators.discrete import estimate_from_counts, outcomes_of, plug_in, relative_entropy, working
from kldiv.estimators.estimate import Estimate, Outcome
from kldiv.units import Unit, unit_of


@dataclass(frozen=True)
class Explanation:
    """The terms of one divergence, their sum in nats, and the counts behind them if there are any."""

    outcomes: tuple[Outcome, ...]
    nats: float
    unit: Unit
    base: float | None
    counts: CountTable | None
    weights: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    @property
    def value(self) -> float:
        """D(P‖Q) in the unit asked for."""
        return self.nats / self.unit.nats

    @property
    def infinite(self) -> bool:
        """Whether P shows an outcome that Q never does."""
        return math.isinf(self.nats)

    def estimate(self) -> Estimate | None:
        """The counts as estimates of the distributions behind them; None where probabilities were given."""
        return None if self.counts is None else estimate_from_counts(self.counts, base=self.base)

    def right(self) -> float:
        """What the right PyTorch call returns, in nats."""
        return TORCH_RIGHT.returns(self.pair())

    def mistakes(self) -> list[tuple[Call, float]]:
        """The usual mistakes and the numbers they return."""
        return [(call, call.returns(self.pair())) for call in TORCH_MISTAKES]

    def pair(self) -> Pair:
        """The two distributions, and the counts or weights behind them, as a framework would get them."""
        p, q = np.array([each.p for each in self.outcomes]), np.array([each.q for each in self.outcomes])
        return Pair(p, q, *(self.weights or (None, None)))


def explain_counts(counts: CountTable, base: float | None) -> Explanation:
    """Work out D(P‖Q) of the frequencies of two counted samples."""
    unit = unit_of(base)
    weights = counts.p_counts.astype(np.float64), counts.q_counts.astype(np.float64)
    return Explanation(working(counts, unit), plug_in(counts), unit, base, counts, weights)


def explain_weights(p: NDArray[np.float64], q: NDArray[np.float64], base: float | None) -> Explanation:
    """Work out D(P‖Q) of two lists of weights of the same outcomes, each divided by its sum.

    Raises:
        ShapeError: lists of different lengths.
    """
    return replace(explain_probabilities(p / p.sum(), q / q.sum(), base), weights=(p, q))


def explain_probabilities(p: NDArray[np.float64], q: NDArray[np.float64], base: float | None) -> Explanation:
    """Work out D(P‖Q) of two lists of probabilities of the same outcomes, numbered from 1.

    Raises:
        ShapeError: lists of different lengths.
    """
    if len(p) != len(q):
        raise ShapeError(
            f"P has {len(p)} probabilities and Q has {len(q)}; expected one for each outcome in both"
        )
    unit = unit_of(base)
    nothing = [None] * len(p)
    outcomes = outcomes_of(range(1, len(p) + 1), p, q, unit, nothing, nothing)
    return Explanation(outcomes, relative_entropy(p, q), unit, base, None)


def document(explanation: Explanation) -> dict[str, Any]:
    """Everything an explanation holds, for JSON; "printed" is what Python shows where "returns" is null."""
    estimate = explanation.estimate()
    return {
        "direction": "D(P||Q)",
        "value": explanation.value,
        "unit": explanation.unit.name,
        "infinite": explanation.infinite,
        "estimate": estimate and estimate.estimate,
        "low": estimate and estimate.low,
        "high": estimate and estimate.high,
        "unbounded": estimate and estimate.unbounded,
        "p_value": estimate and estimate.p_value,
        "n_p": estimate and estimate.n_p,
        "n_q": estimate and estimate.n_q,
        "outcomes": [each._asdict() for each in explanation.outcomes],
        "pytorch": {"call": TORCH_RIGHT.call, "returns": explanation.right(), "unit": "nats"},
        "mistakes": [
            {"name": call.name, "call": call.call, "returns": number, "printed": f"{number:.7g}"}
            for call, number in explanation.mistakes()
        ],
    }
