"""The base of the logarithm, and the name of the unit it gives.

Names follow IEC 80000-13: natural unit (nat), bit (here the unit of information), hartley.
"""

import math
from typing import NamedTuple

from kldiv.errors import InvalidInputError
from kldiv.given_numbers import real

_NAMES = {2.0: "bits", 10.0: "hartleys", math.e: "nats"}


class Unit(NamedTuple):
    """A unit of information: its name, and how many nats one of it is."""

    name: str
    nats: float


_NATS = Unit("nats", 1.0)


def unit_of(base: float | None) -> Unit:
    """Return the unit of logarithms to `base`; None means e.

    Raises:
        InvalidInputError: the base is not a finite number greater than 1.

    Example:
        >>> unit_of(2).name, unit_of(None).name, unit_of(3).name
        ('bits', 'nats', 'base-3 units')
    """
    if base is None:
        return _NATS
    number = real(base)
    if not 1 < number < math.inf:
        raise InvalidInputError(
            f"base is {base!r}; expected a finite number greater than 1, such as 2 for bits, or None for nats"
        )
    return Unit(_NAMES.get(number, f"base-{number:g} units"), math.log(number))


def parse_base(text: str) -> float | None:
    """Read a base as typed: "e" for nats, or a number greater than 1.

    Raises:
        InvalidInputError: neither.

    Example:
        >>> parse_base("2"), parse_base("e")
        (2.0, None)
    """
    if text.strip().lower() == "e":
        return None
    try:
        base = float(text)
        unit_of(base)
    except ValueError:
        raise InvalidInputError(
            f"base is {text!r}; expected e, 2, 10 or another number greater than 1"
        ) from None
    return base
