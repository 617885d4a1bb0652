"""Whether values are counted or measured, and the reason in words."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple

import numpy as np

from kldiv.errors import InvalidInputError

# Of the values of both samples, the share that occurs more than once: up to the one they are measurements
# (whose ties are an error that names what to do), from the other on they are outcomes, and in between nobody
# knows.
_FEW, _MANY = 0.05, 0.5


class Choice(NamedTuple):
    """How samples are taken, and why."""

    kind: Literal["counts", "points"]
    reason: str


def choose(x: Sequence[Any], y: Sequence[Any]) -> Choice:
    """Points if the values are decimals that hardly ever repeat.

    Raises:
        InvalidInputError: decimals of which some repeat and others don't.
    """
    values = [*x, *y]
    if not _decimals(values):
        return Choice("counts", "")
    counts = Counter(values)
    tied = sum(number for number in counts.values() if number > 1) / len(values)
    if tied >= _MANY:
        return Choice("counts", f"counted because {tied:.0%} of the values occur more than once")
    if tied <= _FEW:
        seldom = f"{tied:.2%} occur" if tied else "none occurs"
        return Choice("points", f"measured because the values are decimals of which {seldom} more than once")
    raise InvalidInputError(
        f"{tied:.0%} of the values occur more than once, too few for outcomes and too many for measurements; "
        'write method="zhang_grabchak" to count them or method="nearest_neighbours", ties="jitter" to measure'
    )


def _decimals(values: Sequence[Any]) -> bool:
    """Whether there are numbers among them that are not whole, and nothing but numbers.

    Floating-point numbers from 2^53 on have no digit that could say so, and are none of a count either.
    """
    if not all(isinstance(each, Real | Decimal) and not isinstance(each, bool) for each in values):
        return False
    try:
        array = np.array([each for each in values if not isinstance(each, Integral)], np.float64)
    except (ValueError, OverflowError):
        # A signalling NaN, or a fraction beyond all floating-point numbers.
        return False
    finite = array[np.isfinite(array)]
    return bool(((finite != np.round(finite)) | (abs(finite) >= 2**53)).any())
