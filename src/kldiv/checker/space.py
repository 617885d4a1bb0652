"""What a tensor holds, as far as the source shows."""

import ast
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Space(Enum):
    """The kinds of numbers that meet in a divergence; UNKNOWN is what can't be decided."""

    UNKNOWN = "unknown"
    LOGITS = "raw scores"
    LOG_PROBS = "log-probabilities"
    PROBS = "probabilities"
    BERNOULLI = "probabilities of one outcome each"
    LOG_BERNOULLI = "log-probabilities of one outcome each"
    UNIT_VECTORS = "vectors of length 1"
    SIMILARITIES = "similarities"
    SCALED_PROBS = "probabilities times a factor"
    SCALED_LOG_PROBS = "log-probabilities times a factor"
    NUMBERS = "numbers that don't sum to 1"
    DIVERGENCE = "a divergence"


Origin = int
"""Where a value came from: equal numbers stand for one value."""

Factors = tuple[tuple["Symbol", float], ...]
"""A product of powers, ordered by the symbols' texts."""


class Symbol(NamedTuple):
    """A factor: the origin of an unknown scalar, or a number, and the text that shows it."""

    text: str
    of: Origin | float
    kind: str = ""


class Fault(NamedTuple):
    """Why a value is no distribution, and the expression that made it so."""

    text: str
    node: ast.expr


class Logged(NamedTuple):
    """A logarithm taken of what had a better one: the expression, and of what it is."""

    text: str
    node: ast.expr


class Term(NamedTuple):
    """A divergence that went into a value by addition: the call's number, and its factors since."""

    call: int
    factors: Factors


@dataclass(frozen=True, slots=True)
class Tensor:
    """An abstract tensor, or anything unknown.

    `identity` is equal for p, log p and their copies; `parts` are the identities mixed in it.
    `normaliser` says that it is the sum, or log-sum-exp, of the value with that origin over a dimension.
    """

    space: Space = Space.UNKNOWN
    origin: Origin = 0
    identity: Origin = 0
    dim: int | None = None
    rank: int | None = None
    least_rank: int = 0
    temperature: Factors = ()
    factors: Factors = ()
    names: frozenset[str] = frozenset()
    parts: frozenset[Origin] = frozenset()
    terms: frozenset[Term] = frozenset()
    elements: bool = False
    detached: bool = False
    normaliser: tuple[str, Origin, int | None] | None = None
    fault: Fault | None = None
    logged: Logged | None = None
    smoothed: bool = False
    by_softmax: bool = False
    unspecified: ast.Call | None = None
    teacher: ast.Call | None = None
    blank: bool = False

    @property
    def distribution(self) -> Origin:
        """What distribution this is, whether as probabilities or as their logarithms."""
        return self.identity or self.origin
