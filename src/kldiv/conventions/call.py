"""What a call of somebody's KL function is made of: the pair it is given, its mistakes, and its number."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Precision = Literal["float64", "float32"]

# More than two mistakes at once explain any number.
_MOST_SLIPS = 2


class Pair(NamedTuple):
    """Two distributions over the same outcomes, and the weights they were divided out of, if any."""

    p: Floats
    q: Floats
    p_counts: Floats | None = None
    q_counts: Floats | None = None

    def named(self, name: str) -> Floats:
        """The array a call names."""
        values: Floats | None = getattr(self, name)
        if values is None:
            raise KeyError(f"this pair has no {name}")
        return values


@dataclass(frozen=True)
class Slip:
    """One mistake, or one step away from D(P‖Q) in nats; `{outcomes}` in its effect is their number."""

    name: str
    effect: str
    mistake: bool = True


@dataclass(frozen=True)
class Call:
    """One way of calling a framework's function, the slips in it, and the number it returns.

    `right` is the text of the call without a slip that this one should have been.
    """

    framework: str
    call: str
    computes: Callable[[Pair], float]
    slips: tuple[Slip, ...] = ()
    precision: Precision = "float64"
    remark: str = ""
    right: str = ""

    def returns(self, pair: Pair) -> float:
        """The number; what overflows or is undefined in it is infinite or NaN without a warning."""
        with np.errstate(all="ignore"):
            return self.computes(pair)

    @property
    def name(self) -> str:
        """The slips by name, or "right"."""
        return " and ".join(slip.name for slip in self.slips) or "right"

    def meaning(self, outcomes: int | str = "the number of outcomes") -> str:
        """What the number is."""
        effects = "; ".join(slip.effect.format(outcomes=outcomes) for slip in self.slips)
        return "; ".join(part for part in (effects, self.remark) if part) or "D(P‖Q) in nats"

    def possible(self, pair: Pair) -> bool:
        """Whether the pair has the arrays that the call names."""
        return "_counts" not in self.call or pair.p_counts is not None


@dataclass(frozen=True)
class Function:
    """What one function is documented, and observed, to do; `calls` begins with the right one."""

    framework: str
    name: str
    order: str
    spaces: str
    base: str
    reduction: str
    clipping: str
    zeros: str
    calls: tuple[Call, ...]
    documented: str = ""


def of_one_function(calls: Iterable[Call]) -> tuple[Call, ...]:
    """The calls of a function, the right one first, each told which that is."""
    first, *others = calls
    return tuple(replace(call, right=first.call) for call in (first, *others))


class Option(NamedTuple):
    """One choice where a call offers several: how it is written, what it does, and what slips it is."""

    text: str
    of: Callable[..., Any]
    slips: tuple[Slip, ...] = ()


def choices(*axes: Sequence[Option]) -> Iterator[tuple[tuple[Option, ...], tuple[Slip, ...]]]:
    """Every combination of one option an axis that takes two slips at most; the same slip twice is one."""
    for options in product(*axes):
        slips = tuple(dict.fromkeys(slip for option in options for slip in option.slips))
        if len(slips) <= _MOST_SLIPS:
            yield options, slips
