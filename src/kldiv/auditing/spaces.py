"""What the numbers of one side of a call look like: logits, log-probabilities, probabilities, weights."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Space = Literal["log-probabilities", "probabilities", "weights", "logits", "no numbers"]

# What is off by less was meant to sum to 1: log(p + 1e-6) of a thousand outcomes is.
_SLACK = 1e-3


class Look(NamedTuple):
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
    # The ufuncs' own methods: half the time of an array's, which counts on small ones.
    least, greatest = np.minimum.reduce(rows, None), np.maximum.reduce(rows, None)
    if not (least <= greatest < math.inf):
        return Look("no numbers", math.nan, math.nan)
    tolerance = max(_SLACK, 8 * epsilon * (1 + math.log(rows.shape[-1])))
    linear = least >= 0 and greatest > 0
    sums = np.add.reduce(rows if linear else np.exp(rows), -1)
    low, high = float(np.minimum.reduce(sums)), float(np.maximum.reduce(sums))
    normalised = abs(low - 1) <= tolerance and abs(high - 1) <= tolerance
    if linear:
        return Look("probabilities" if normalised else "weights", low, high)
    return Look("log-probabilities" if normalised and greatest <= tolerance else "logits", low, high)
