"""What the numbers of one side of a call look like: logits, log-probabilities, probabilities, weights."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.float32] | NDArray[np.float64]
Space = Literal["log-probabilities", "probabilities", "weights", "logits", "no numbers", "masked"]

_ORDER: tuple[Space, ...] = ("no numbers", "logits", "log-probabilities", "weights", "probabilities")
_NAMES = np.array(_ORDER, object)
_OF_LOGARITHMS, _OF_WEIGHTS = 1, 3

_ROWS = "crk->cr"

# What is off by less was meant to sum to 1: log(p + 1e-6) of a thousand outcomes is.
_SLACK = 1e-3


class Look(NamedTuple):
    """A space, and between what the sums of its rows lie: of the numbers, or for logarithms of their exp."""

    space: Space
    low: float
    high: float


class Looks(NamedTuple):
    """Several of them, as columns."""

    spaces: list[Space]
    low: list[float]
    high: list[float]


def look(rows: Numbers, epsilon: float) -> Look:
    """Say what `rows` are, outcomes along the last axis, in a dtype of this epsilon.

    Example:
        >>> look(np.array([[0.4, 0.6]]), 1e-16).space, look(np.log([[0.4, 0.6]]), 1e-16).space
        ('probabilities', 'log-probabilities')
    """
    (space,), (low,), (high,) = looks(rows[None], epsilon)
    return Look(space, low, high)


def looks(calls: Numbers, epsilon: float) -> Looks:
    """Say it of the rows of several calls, numbered along the first axis."""
    flat = calls.reshape(len(calls), -1)
    least, greatest = flat.min(1), flat.max(1)
    linear = (least >= 0) & (greatest > 0)
    sums = _sums(calls, linear)
    low, high = sums.min(1), sums.max(1)
    # A logarithm is rounded by a share of itself, on average at most log of the number of outcomes.
    loose = max(_SLACK, 8 * epsilon * (1 + math.log(calls.shape[-1])))
    tolerance = np.where(linear, max(_SLACK, 8 * epsilon), loose)
    normalised = (low >= 1 - tolerance) & (high <= 1 + tolerance)
    space = np.where(linear, _OF_WEIGHTS + normalised, _OF_LOGARITHMS + (normalised & (greatest <= loose)))
    space[~((least <= greatest) & (greatest < math.inf))] = 0
    return Looks(_NAMES[space].tolist(), low.tolist(), high.tolist())


def _sums(calls: Numbers, linear: NDArray[np.bool]) -> Numbers:
    """The sums of the rows, where they are not `linear` of the numbers' exp."""
    # Rows are often short: einsum takes a third of the time that sum would.
    if linear.all():
        sums: Numbers = np.einsum(_ROWS, calls)
        return sums
    sums = np.einsum(_ROWS, np.exp(calls))
    return np.where(linear[:, None], np.einsum(_ROWS, calls), sums) if linear.any() else sums
