"""What an estimate of a divergence from data says: numbers, their uncertainty, and the working."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

_SYMBOLS = {
    "kl": "D(P‖Q)",
    "js": "JS(P, Q)",
    "psi": "PSI(P, Q)",
    "total_variation": "TV(P, Q)",
    "hellinger": "H(P, Q)",
}


class Outcome(NamedTuple):
    """One outcome of two distributions and what it adds to the divergence.

    The counts are None where probabilities were given rather than samples.
    """

    outcome: Hashable
    p_count: float | None
    q_count: float | None
    p: float
    q: float
    contribution: float
    """Of kl p·log(p/q) in the estimate's unit: +∞ where q never shows the outcome, negative where p < q.
    Of other divergences a term >= 0 of their sum; of hellinger, ½·(√p − √q)², of its square."""


@dataclass(frozen=True)
class Estimate:
    """A divergence of P and Q estimated from counted samples of both, in `unit`.

    `value` is the textbook number, the divergence of the two observed frequency tables: biased upwards,
    and of kl +∞ as soon as P shows an outcome that Q does not. `estimate` is the number by `method`, which
    unless another was asked for is corrected for bias and always finite. The interval from `low` to `high`
    has the nominal coverage `confidence`; it is about the divergence and is the same whatever the method.
    `high` of kl and psi is +∞ where a sample lacks an outcome that it would show, were it as frequent there
    as in the other: its distribution may not have it at all, and then no number is too large.
    `p_value` is the probability of frequencies at least this different if P and Q are one distribution.

    `estimate` and `low` of kl and psi are not clipped at 0: a negative number says how uncertain it is, and
    that P = Q is not excluded. All numbers of js, total_variation and hellinger keep to the range of the
    divergence: a correction or an end that would leave it stands at its bound.
    """

    value: float
    estimate: float
    low: float
    high: float
    confidence: float
    p_value: float
    n_p: float
    n_q: float
    base: float | None
    unit: str
    """The empty string for total_variation and hellinger, which lie between 0 and 1."""
    method: str
    outcomes: tuple[Outcome, ...]
    divergence: str = "kl"
    interval: str = "delta"
    reason: str = ""
    """Why the values were counted, where that was chosen rather than asked for."""

    @property
    def infinite(self) -> bool:
        """Whether the textbook value is infinite."""
        return math.isinf(self.value)

    @property
    def unbounded(self) -> bool:
        """Whether the interval has no upper end."""
        return math.isinf(self.high)

    @property
    def missing_from_q(self) -> tuple[Outcome, ...]:
        """The outcomes of P that Q never shows: what makes the textbook value of kl and psi infinite."""
        return tuple(each for each in self.outcomes if each.p > 0 and each.q == 0)

    @property
    def missing_from_p(self) -> tuple[Outcome, ...]:
        """The outcomes of Q that P never shows, which make that of psi infinite too."""
        return tuple(each for each in self.outcomes if each.q > 0 and each.p == 0)

    def __str__(self) -> str:
        text = (
            f"{_SYMBOLS[self.divergence]} = {_quantity(self.value, self.unit)} as counted, "
            f"{self.estimate:.4g} by {_words(self.method)} "
            f"({100 * self.confidence:.4g}% interval {self.low:.4g} to {self.high:.4g}), "
            f"p = {self.p_value:.3g}, from {self.n_p:,} and {self.n_q:,} values"
        )
        return "; ".join([text, *self._infinite_because(), *([self.reason] if self.reason else [])])

    def _infinite_because(self) -> list[str]:
        if not self.infinite:
            return []
        sides = [("Q", "P", sum(each.p for each in self.missing_from_q), len(self.missing_from_q))]
        if self.divergence == "psi":
            sides.append(("P", "Q", sum(each.q for each in self.missing_from_p), len(self.missing_from_p)))
        return [
            f"infinite as counted: {one} never shows {number} outcomes that have {mass:.3g} of {other}"
            for one, other, mass, number in sides
            if number
        ]


@dataclass(frozen=True)
class ContinuousEstimate:
    """D(P‖Q) estimated from points drawn from P and Q by distances to nearest neighbours, in `unit`.

    There are no outcomes to count, so there is no value as counted and no test of P = Q. Neither `estimate`
    nor `low` is clipped at 0. The interval is by subsampling: it says how much the estimate varies, and
    allows for its bias as far as the neighbours tell that, or P's points that lie beyond Q's. In several
    dimensions the bias decays slowly; where `biased`, neither the estimate nor the interval is to be relied
    on.
    """

    estimate: float
    low: float
    high: float
    bias: float
    """How far above D(P‖Q) the estimate seems to be on average; the interval allows for it."""
    confidence: float
    n_p: int
    n_q: int
    dimensions: int
    neighbours: int
    base: float | None
    unit: str
    subsamples: int
    jittered: bool
    """Whether noise was added to break ties, because it was asked for."""
    reason: str = ""
    """Why the values were taken as continuous, where that was chosen rather than asked for."""
    divergence: str = "kl"
    method: str = "nearest_neighbours"
    interval: str = "subsampling"

    @property
    def biased(self) -> bool:
        """Whether the bias is larger than the estimate varies: more points would give another number."""
        return abs(self.bias) > (self.high - self.low - abs(self.bias)) / 2

    def __str__(self) -> str:
        number, plural = self.neighbours, "" if self.dimensions == 1 else "s"
        text = (
            f"D(P‖Q) = {_quantity(self.estimate, self.unit)} by distances to the nearest "
            f"{'neighbour' if number == 1 else f'{number} neighbours'} "
            f"({100 * self.confidence:.4g}% interval {self.low:.4g} to {self.high:.4g}), "
            f"from {self.n_p:,} and {self.n_q:,} points of {self.dimensions} dimension{plural}"
        )
        said = ["noise was added to break ties"] if self.jittered else []
        if self.biased:
            said.append(f"not to be relied on: its bias seems to be {self.bias:+.2g}")
        return "; ".join([text, *said, *([self.reason] if self.reason else [])])


def _quantity(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}".rstrip()


def _words(method: str) -> str:
    names = {
        "zhang_grabchak": "Zhang & Grabchak",
        "bias_corrected": "bias correction",
        "plug_in": "the plug-in rule",
    }
    return names.get(method, f"{method.capitalize()} smoothing")
