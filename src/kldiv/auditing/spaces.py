"""What the numbers of one side of a call look like: logits, log-probabilities, probabilities, weights."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Space = Literal["log-probabilities", "probabilities", "weights", "logits", "no numbers"]

# What is off by less was meant to sum to 1: log(p + 1e-6) of a thousand outcomes is.
_SLACK = 1e-3


@dataclass(frozen=True, slots=True)
class Look:
    """A space, and between what the sums of its rows lie: of the numbers, or for logarithms of their exp."""

    space: Space
    low: float
    high: float


def look(rows: Floats, epsilon: float) -> Look:
    """Say what `rows` are, outcomes along the last axis, in a dtype of this epsilon.

    Example:
        >>> look(np.array([[0.4, 0.6]]), 1e-16).space, look(np.log([[0.4, 0.6]]), 1e-16).space
        ('probabilities', 'log-probabilities')
    """
    least, greatest = rows.min(initial=math.inf), rows.max(initial=-math.inf)
    if not (rows.size and greatest < math.inf and least <= greatest):
        return Look("no numbers", math.nan, math.nan)
    tolerance = max(_SLACK, 8 * epsilon * (1 + math.log(rows.shape[-1])))
    if least >= 0 and greatest > 0:
        sums = rows.sum(-1)
        space: Space = "probabilities" if abs(sums - 1).max() <= tolerance else "weights"
    else:
        sums = np.exp(rows).sum(-1)
        normalised = greatest <= tolerance and abs(sums - 1).max() <= tolerance
        space = "log-probabilities" if normalised else "logits"
    return Look(space, float(sums.min()), float(sums.max()))
