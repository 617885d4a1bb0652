"""What a value of a column can turn out to be: the outcomes that are counted.

An outcome is an object and not a text, so that a null is never taken for the text "null", nor what was
folded together for the text "other". `str` of one is what a person reads; `kind` tells apart equal texts.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, NamedTuple


class Special(Enum):
    """What is in a column without being an ordinary value; each is an outcome of its own."""

    NULL = "null"
    NAN = "NaN"
    POSITIVE_INFINITY = "+inf"
    NEGATIVE_INFINITY = "-inf"

    def __str__(self) -> str:
        return self.value

    @property
    def kind(self) -> str:
        """The special value itself: each is a kind of its own."""
        return self.value


@dataclass(frozen=True)
class Value:
    """One value of a column counted value by value, as text."""

    text: str
    kind: ClassVar[str] = "value"

    def __str__(self) -> str:
        return self.text


class Cut(NamedTuple):
    """Where a bin begins: at `text`, or right above it. Numbers are decimal, dates and times ISO 8601."""

    text: str
    above: bool = False


@dataclass(frozen=True)
class Bin:
    """The values from one cut up to the next; None for no bound."""

    low: Cut | None
    high: Cut | None
    kind: ClassVar[str] = "bin"

    def __str__(self) -> str:
        if self.low is None:
            return "any value" if self.high is None else f"< {self.high.text}"
        if self.high is None:
            return f"{'>' if self.low.above else '>='} {self.low.text}"
        # Only the bin of a single value ends right above it.
        return self.low.text if self.high.above else f"[{self.low.text}, {self.high.text})"


@dataclass(frozen=True)
class Folded:
    """The values beyond the most frequent ones, together: how many different ones P and Q have."""

    values_p: int
    values_q: int
    kind: ClassVar[str] = "other"

    def __str__(self) -> str:
        plural = "s" if self.values_p != 1 else ""
        return f"other ({self.values_p:,} value{plural} in P, {self.values_q:,} in Q)"


@dataclass(frozen=True)
class Present:
    """Any value at all, where it is counted whether there is one."""

    kind: ClassVar[str] = "present"

    def __str__(self) -> str:
        return "any value"


@dataclass(frozen=True)
class Joint:
    """An outcome of each of several columns in the same row."""

    parts: tuple[Special | Value | Bin | Folded, ...]
    kind: ClassVar[str] = "joint"

    def __str__(self) -> str:
        return " × ".join(map(str, self.parts))


ColumnOutcome = Special | Value | Bin | Folded | Present
AnyOutcome = ColumnOutcome | Joint
