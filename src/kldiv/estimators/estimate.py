"""What an estimate of a divergence from data says: numbers, their uncertainty, and the working."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple


class Outcome(NamedTuple):
    """One outcome of two distributions and what it adds to the divergence.

    The counts are None where probabilities were given rather than samples.
    """

    outcome: Hashable
    p_count: int | None
    q_count: int | None
    p: float
    q: float
    contribution: float
    """p·log(p/q) in the estimate's unit; +∞ where q never shows the outcome, negative where p < q."""


@dataclass(frozen=True)
class Estimate:
    """D(P‖Q) estimated from samples of P and of Q, in `unit`.

    `value` is the textbook number, the divergence of the two observed frequency tables: biased upwards,
    and +∞ as soon as P shows an outcome that Q does not. `estimate` is the bias-corrected number, always
    finite, with an interval from `low` to `high` of nominal coverage `confidence`. `p_value` is the
    probability of frequencies at least this different if P and Q are one distribution. Neither
    `estimate` nor `low` is clipped at 0: a negative number says how uncertain it is.
    """

    value: float
    estimate: float
    low: float
    high: float
    confidence: float
    p_value: float
    n_p: int
    n_q: int
    base: float | None
    unit: str
    method: str
    outcomes: tuple[Outcome, ...]

    @property
    def infinite(self) -> bool:
        """Whether the textbook value is infinite."""
        return bool(self.missing_from_q)

    @property
    def missing_from_q(self) -> tuple[Outcome, ...]:
        """The outcomes of P that Q never shows: what makes the textbook value infinite."""
        return tuple(each for each in self.outcomes if each.p > 0 and each.q == 0)

    def __str__(self) -> str:
        text = (
            f"D(P‖Q) = {self.value:.4g} {self.unit} as counted, {self.estimate:.4g} estimated "
            f"({self.confidence:.0%} interval {self.low:.4g} to {self.high:.4g}), p = {self.p_value:.3g}, "
            f"from {self.n_p} and {self.n_q} values"
        )
        missing = self.missing_from_q
        if not missing:
            return text
        mass = sum(each.p for each in missing)
        return f"{text}; infinite as counted: Q never shows {len(missing)} outcomes that have {mass:.3g} of P"
