"""What a comparison is asked: checked before any table is opened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from kldiv.errors import InputTypeError, InvalidInputError
from kldiv.given_numbers import whole
from kldiv.tables.missing import Missing
from kldiv.tables.pairing import quoted
from kldiv.units import unit_of

Divergence = Literal["kl", "js", "psi", "total_variation", "hellinger"]
Interval = Literal["delta", "bootstrap"]
# Those that lie between 0 and 1 and have no logarithm.
_WITHOUT_BASE = ("total_variation", "hellinger")
# More than anybody reads; what Polars takes for quantiles grows by the square of their number.
_MOST_BINS = 1000


@dataclass(frozen=True)
class Options:
    """How every column is counted and estimated.

    Raises:
        InvalidInputError: one of them can't be.
    """

    divergence: Divergence
    missing: Missing
    base: float | None
    bins: int
    max_categories: int
    confidence: float
    interval: Interval

    def __post_init__(self) -> None:
        _check_one_of("divergence", self.divergence, get_args(Divergence))
        _check_one_of("missing", self.missing, get_args(Missing))
        _check_one_of("interval", self.interval, get_args(Interval))
        unit_of(self.base)
        if self.base is not None and self.divergence in _WITHOUT_BASE:
            raise InvalidInputError(
                f"base is {self.base!r}; {self.divergence} lies between 0 and 1 and has none, expected None"
            )
        # What engines are asked with is Python's own number.
        object.__setattr__(self, "bins", number_of_bins(self.bins))
        object.__setattr__(self, "max_categories", whole("max_categories", self.max_categories, 1))


def _check_one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        expected = ", ".join(f'"{each}"' for each in allowed[:-1])
        raise InvalidInputError(f'{name} is {value!r}; expected {expected} or "{allowed[-1]}"')


def number_of_bins(bins: object) -> int:
    """`bins`, if a column can be cut into so many: every engine is asked for as many quantiles at once."""
    number = whole("bins", bins, 2)
    if number > _MOST_BINS:
        raise InvalidInputError(f"bins is {number}; expected at most {_MOST_BINS}")
    return number


def column_names(argument: str, names: object, *, may_be_empty: bool = False) -> list[str] | None:
    """Names of columns, each once; None for all.

    Raises:
        InputTypeError: not a list of text.
        InvalidInputError: none, where there must be one.
    """
    if names is None:
        return None
    if isinstance(names, str):
        raise InputTypeError(f"{argument} is one piece of text; write {argument}=[{names!r}]")
    if not isinstance(names, Iterable):
        raise InputTypeError(f"{argument} is {names!r}; expected a list of names")
    every = list(names)
    for each in every:
        if not isinstance(each, str):
            raise InputTypeError(f"{argument} has {each!r}; expected names, which are text")
    if not every and not may_be_empty:
        raise InvalidInputError(f"{argument} is empty; expected a name, or None for all columns")
    return list(dict.fromkeys(every))


def name_pairs(joint: object) -> list[tuple[str, str]]:
    """The pairs of columns to compare together, each once.

    Raises:
        InputTypeError: not a list of pairs of names.
        InvalidInputError: a pair of one column with itself.
    """
    pairs: list[tuple[str, str]] = []
    if isinstance(joint, str) or not isinstance(joint, Iterable):
        raise InputTypeError(f"joint is {joint!r}; expected pairs of names, as in joint=[('a', 'b')]")
    for pair in joint:
        names = () if isinstance(pair, str) or not isinstance(pair, Sequence) else tuple(pair)
        if len(names) != 2 or not all(isinstance(each, str) for each in names):  # noqa: PLR2004 (a pair)
            raise InputTypeError(f"joint has {pair!r}; expected pairs of names, as in joint=[('a', 'b')]")
        if names[0] == names[1]:
            raise InvalidInputError(f"joint has {quoted(names[0])} twice in a pair; expected two columns")
        pairs.append((names[0], names[1]))
    return list(dict.fromkeys(pairs))


def checked_text(argument: str, value: object) -> str | None:
    """A name, or None.

    Raises:
        InputTypeError: anything else.
    """
    if value is None or isinstance(value, str):
        return value
    raise InputTypeError(f"{argument} is {value!r}; expected the name of a column")
