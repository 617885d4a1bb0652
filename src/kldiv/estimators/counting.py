"""From two collections of values to how often each shows each outcome of either."""

import datetime
import math
import numbers
import operator
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kldiv.errors import InputTypeError, InvalidInputError, ShapeError
from kldiv.given_numbers import real


class CountTable(NamedTuple):
    """The outcomes either sample shows, in their natural order, and the counts of both.

    Counts are whole, or sums of weights.
    """

    outcomes: list[Hashable]
    p_counts: NDArray[np.int64] | NDArray[np.float64]
    q_counts: NDArray[np.int64] | NDArray[np.float64]

    @property
    def totals(self) -> tuple[float, float]:
        """The sizes of the two samples; whole ones as int."""
        n_p, n_q = (each.sum().item() for each in (self.p_counts, self.q_counts))
        return tuple(int(each) if float(each).is_integer() else each for each in (n_p, n_q))  # type: ignore[return-value]


def count(p_values: object, q_values: object, names: tuple[str, str] = ("P", "Q")) -> CountTable:
    """Count the union of the outcomes of two samples of one kind.

    Numbers that are equal are one outcome, whatever their types, and so are all NaNs, in tuples too. A
    mapping is taken as counts already made.

    Raises:
        InputTypeError: not a collection of hashable values, or kinds that don't mix: text with numbers,
            booleans with numbers, None with anything.
        InvalidInputError: no value at all, a count that isn't a whole number >= 0, or 2^63 values and more.
        ShapeError: an array of more than one dimension.
    """
    (p_counter, p_kind), (q_counter, q_kind) = (
        _counted(values, name) for values, name in zip((p_values, q_values), names, strict=True)
    )
    if p_kind != q_kind:
        raise InputTypeError(
            f"{names[0]} holds {p_kind} and {names[1]} holds {q_kind}; "
            "expected values of one kind on both sides"
        )
    outcomes = _ordered([*p_counter, *q_counter])
    return CountTable(
        outcomes,
        np.array([p_counter[each] for each in outcomes], np.int64),
        np.array([q_counter[each] for each in outcomes], np.int64),
    )


def _counted(sample: object, name: str) -> tuple[Counter[Any], str]:
    if isinstance(sample, Mapping):
        values, counter = list(sample), _given_counts(sample, name)
    else:
        values = values_of(sample, name)
        try:
            counter = Counter(values)
        except TypeError as error:
            raise InputTypeError(
                f"{name} holds values that can't be compared ({error}); write tuples for lists"
            ) from None
    if not counter:
        raise InvalidInputError(f"{name} is empty; expected at least one value")
    if counter.total() > _MOST:
        raise InvalidInputError(f"{name} counts {counter.total():,} values; expected fewer than 2^63")
    kind = _common_kind(values, name)
    for key in [key for key in counter if isinstance(key, tuple) or _is_nan(key)]:
        number = counter.pop(key)
        counter[_with_one_nan(key)] += number
    return counter, kind


# What a 64-bit count of all values holds.
_MOST = 2**63 - 1
# The types of what pandas has in place of a value, by name: it is no dependency.
_PANDAS_MISSING = {"NAType", "NaTType"}
# One NaN object for all: they are equal as outcomes, and only identity can say so.
_NAN = float("nan")


def _is_nan(value: object) -> bool:
    """Only NaN differs from itself; of pandas' missing value that is missing too."""
    differs = value != value  # noqa: PLR0124
    return isinstance(differs, bool | np.bool_) and bool(differs)


def _with_one_nan(value: Any) -> Any:
    """The value, with that object for every NaN in it."""
    if not isinstance(value, tuple):
        return _NAN if _is_nan(value) else value
    parts = tuple(_with_one_nan(each) for each in value)
    return value if all(map(operator.is_, parts, value)) else parts


def _given_counts(sample: Mapping[Any, Any], name: str) -> Counter[Any]:
    for outcome, number in sample.items():
        if isinstance(number, bool) or not _is_count(number):
            raise InvalidInputError(
                f"{name} counts {outcome!r} {number!r} times; expected a whole number >= 0"
            )
    return Counter({outcome: int(number) for outcome, number in sample.items() if number > 0})


def _is_count(number: object) -> bool:
    """Whether it is whole, of whatever type."""
    if isinstance(number, numbers.Integral):
        return int(number) >= 0
    return real(number) >= 0 and real(number).is_integer()


def check_readable(sample: Any, name: str) -> None:
    """Raise InputTypeError for a tensor or an array whose values are not all there, each by itself.

    So are those of meta, sparse, quantized and nested tensors, and what a masked array hides.
    """
    ways = [
        (getattr(sample, "is_meta", False), "on the meta device, which has no values", "a tensor of values"),
        (getattr(sample, "is_quantized", False), "quantized", f"{name.lower()}.dequantize()"),
        (getattr(sample, "is_nested", False), "nested", f"{name.lower()}.values()"),
        (getattr(sample, "is_sparse", False), "sparse", f"{name.lower()}.to_dense()"),
        (np.ma.is_masked(sample), "masked", f"{name.lower()}.compressed() for the values not hidden"),
    ]
    for is_so, what, instead in ways:
        if is_so:
            of = "an array that is" if what == "masked" else "a tensor that is"
            raise InputTypeError(f"{name} is {of} {what}; expected {instead}")


def values_of(sample: Any, name: str) -> list[Any]:
    """The values of a collection, in one dimension.

    Raises:
        InputTypeError: no collection, or one that has lost what is to be counted.
        ShapeError: an array of more than one dimension.
    """
    if isinstance(sample, str | bytes):
        raise InputTypeError(
            f"{name} is one piece of text; write list({name.lower()}) to compare its characters"
        )
    if isinstance(sample, set | frozenset):
        raise InputTypeError(f"{name} is a set, which has lost how often each value occurs; expected a list")
    check_readable(sample, name)
    if hasattr(sample, "columns"):
        raise InputTypeError(
            f"{name} is a table; expected one column of it, or kldiv.compare for every column"
        )
    shape = getattr(sample, "shape", None)
    if shape is not None and len(shape) != 1:
        raise ShapeError(
            f"{name} has shape {tuple(shape)}; expected one dimension, write {name.lower()}.ravel()"
        )
    # tolist gives Python's own numbers; of dates it would give numbers too, nanoseconds.
    dates = getattr(getattr(sample, "dtype", None), "kind", None) in {"m", "M"}
    # A column of a PyArrow table has no tolist, and values of its own kinds, none of which is a number.
    listing = getattr(sample, "tolist", None) or getattr(sample, "to_pylist", None)
    if listing and not dates:
        return list(listing())
    if not isinstance(sample, Iterable):
        raise InputTypeError(f"{name} is {type(sample).__name__}; expected a collection of values")
    return list(sample)


def _common_kind(values: list[Any], name: str) -> str:
    kinds = {_kind(each) for each in set(map(type, values))}
    if "tensors" in kinds:
        raise InputTypeError(
            f"{name} holds tensors, no two of which are one outcome; write torch.stack({name.lower()})"
        )
    if len(kinds) > 1:
        first = _kind(type(values[0]))
        index = next(i for i, each in enumerate(values) if _kind(type(each)) != first)
        raise InputTypeError(
            f"{name} mixes {first} and {_kind(type(values[index]))}: value 0 is {values[0]!r} "
            f"and value {index} is {values[index]!r}; expected values of one kind{_without_missing(values)}"
        )
    return kinds.pop()


def _without_missing(values: list[Any]) -> str:
    """A hint where it is missing values that are of another kind."""
    missing = any(
        each is None
        or type(each).__name__ in _PANDAS_MISSING
        or (isinstance(each, float) and math.isnan(each))
        for each in values
    )
    return ", and missing ones left out or named, such as 'missing'" if missing else ""


def _kind(of: type) -> str:
    if hasattr(of, "detach"):
        return "tensors"
    named: list[tuple[type | tuple[type, ...], str]] = [
        ((bool, np.bool_), "booleans"),
        (numbers.Number, "numbers"),
        (str, "text"),
        (datetime.datetime, "dates with times"),
        (datetime.date, "dates"),
        (type(None), "None"),
    ]
    return next((kind for types, kind in named if issubclass(of, types)), f"{of.__name__} values")


def _ordered(as_seen: list[Any]) -> list[Hashable]:
    """Each outcome once: sorted where they have an order, with NaN last; else in the order they were seen."""
    # From there too: of what has an order in part, as sets have, a set of them would be in another every day.
    outcomes = list(dict.fromkeys(as_seen))
    nan = [each for each in outcomes if each is _NAN]
    plain = [each for each in outcomes if each is not _NAN]
    try:
        return sorted(plain) + nan
    except TypeError:
        return plain + nan
