"""What was measured of one peer in one case, as a value and as a record that stands alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from kldiv.benchmark.case import Case


class Quantiles(NamedTuple):
    """Seconds a call, over rounds."""

    least: float
    quarter: float
    median: float
    three_quarters: float


class Answer(NamedTuple):
    """A peer's number beside the exact one."""

    value: float
    exact: float

    @property
    def relative_error(self) -> float:
        """How far off it is, in parts of the exact number."""
        if self.value == self.exact:
            return 0.0
        return abs(self.value - self.exact) / abs(self.exact) if self.exact else math.inf

    def record(self) -> dict[str, Any]:
        """Numbers that JSON lacks are null there; `printed` is what Python shows."""
        error = self.relative_error
        return {
            "value": self.value if math.isfinite(self.value) else None,
            "printed": f"{self.value:.9g}",
            "exact": self.exact,
            "relative_error": error if math.isfinite(error) else None,
        }


# Undisturbed, the rounds of one call differ by some tenths.
_UNSTEADY = 2.0


@dataclass(frozen=True)
class Measurement:
    """One peer in one case; without quantiles if it failed, without answers if it computes no divergence.

    `answer` is to the logits that were timed, `answer_close` to q within 0.01 of p.
    """

    case: Case
    peer: str
    measured: str
    gradient: bool = False
    floor: bool = False
    seconds: Quantiles | None = None
    rounds: int = 0
    repeats: int = 0
    answer: Answer | None = None
    answer_close: Answer | None = None
    error: str | None = None

    @property
    def forward_alone(self) -> bool:
        """Whether it computed no gradient where the others did."""
        return self.case.gradient and not self.gradient and not self.floor

    @property
    def unsteady(self) -> bool:
        """Whether half the rounds took more than twice the least, as when others use the processors."""
        return self.seconds is not None and self.seconds.median > _UNSTEADY * self.seconds.least

    def record(self, circumstances: Mapping[str, Any]) -> dict[str, Any]:
        """Everything about it, in what JSON knows."""
        return {
            **asdict(self.case),
            "logits_bytes": self.case.logits_bytes,
            "peer": self.peer,
            "measured": self.measured,
            "peer_gradient": self.gradient,
            "floor": self.floor,
            "seconds": self.seconds and self.seconds._asdict(),
            "rounds": self.rounds,
            "repeats": self.repeats,
            "answer": self.answer and self.answer.record(),
            "answer_close": self.answer_close and self.answer_close.record(),
            "error": self.error,
            **circumstances,
        }


def quantiles(seconds: Sequence[float]) -> Quantiles:
    """Least, quartiles and median of what the rounds took."""
    return Quantiles(*np.quantile(seconds, [0, 0.25, 0.5, 0.75]).tolist())
