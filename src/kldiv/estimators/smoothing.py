"""Dirichlet smoothing: textbook values of frequencies to which every outcome adds a little, by name.

Each sample's frequencies become (count + a)/(size + a·K) with K the outcomes that either sample shows: the
mean of the Dirichlet posterior. Both sides are smoothed, P as well as Q. Always finite, and biased: towards 0
where much is added to little, and away from it as the plug-in value is. Never a default.
"""

import math

from kldiv.errors import InvalidInputError
from kldiv.estimators.counted import CountedDivergence, frequencies
from kldiv.estimators.intervals import Floats
from kldiv.given_numbers import real

NAMED = {"laplace": 1.0, "jeffreys": 0.5, "perks": None}
"""What each outcome adds: Laplace 1814; Jeffreys 1946; Perks 1947, 1/K."""


def concentration_of(method: str, outcomes: int, given: float | None) -> float:
    """What each outcome adds, by the name of a rule or as given.

    Raises:
        InvalidInputError: "dirichlet" without a concentration > 0, or one given to another method.
    """
    if method == "dirichlet":
        number = math.nan if given is None else real(given)
        if not 0 < number < math.inf:
            raise InvalidInputError(
                f'concentration is {given!r}; expected what method="dirichlet" adds to each count, a finite '
                "number > 0"
            )
        return number
    if given is not None:
        raise InvalidInputError(f'concentration is for method="dirichlet"; the method is {method!r}')
    named = NAMED[method]
    return 1 / outcomes if named is None else named


def smoothed(divergence: CountedDivergence, x: Floats, y: Floats, added: Floats) -> float:
    """The textbook value of both smoothed frequency tables."""
    return float(divergence.plug_in(frequencies(x, added), frequencies(y, added)))
