"""From a number that a program printed to the calls that print it, the simplest first."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from kldiv.conventions.call import Call, Floats, Pair
from kldiv.conventions.catalogue import CALLS
from kldiv.conventions.in_pytorch import BATCHMEAN, DEFAULT_MEAN
from kldiv.conventions.options import BITS, COUNTS, HARTLEYS, MEAN_BY_HAND
from kldiv.errors import InvalidInputError

_UNITS = {None: (), 2.0: (BITS,), 10.0: (HARTLEYS,)}
_MEANS = {DEFAULT_MEAN, BATCHMEAN, MEAN_BY_HAND}
# What Python shows around a number: tensor(0.1089, dtype=torch.float64), np.float64(0.1089).
_WRAPPED = re.compile(r"[\w.]+\(\s*([^,()\s]+)\s*(,.*)?\)", re.DOTALL)
_NEAREST = 3
_FLOAT32_DIGITS = 9
_SAME = 1e-6


@dataclass(frozen=True)
class Printed:
    """A number as it was printed, with the digits it has; those decide what agrees with it."""

    text: str
    value: float
    half_unit: float
    digits: int

    @property
    def perhaps_float32(self) -> bool:
        """Whether it has no more digits than float32 prints, or is a float32 that item() made a float64."""
        return self.digits <= _FLOAT32_DIGITS or float(np.float32(self.value)) == self.value


class Match(NamedTuple):
    """A call that prints the number: to its digits, or only as closely as float32 computes."""

    call: Call
    value: float
    to_the_digit: bool


class Diagnosis(NamedTuple):
    """Every match, the likeliest first; how many numbers are among them; the nearest where there is none."""

    printed: Printed
    matches: list[Match]
    distinct: int
    nearest: list[Match]
    tried: int

    @property
    def groups(self) -> list[list[Match]]:
        """The matches by the number they return: calls that return one number can't be told apart by it."""
        groups: list[list[Match]] = []
        for match in self.matches:
            group = next((each for each in groups if _same(each[0].value, match.value)), None)
            if group is None:
                groups.append([match])
            else:
                group.append(match)
        return groups


def parse_printed(text: str) -> Printed:
    """Read a number as a program printed it, Python's wrapping of it included.

    Raises:
        InvalidInputError: no number.

    Example:
        >>> parse_printed("tensor(0.1089)")
        Printed(text='0.1089', value=0.1089, half_unit=5e-05, digits=4)
        >>> parse_printed("-1.20e-3").half_unit
        5e-06
    """
    wrapped = _WRAPPED.fullmatch(text.strip())
    bare = (wrapped[1] if wrapped else text.strip()).replace("−", "-").replace("∞", "inf")
    try:
        number = Decimal(bare)
        value = float(number)
    except (InvalidOperation, ValueError, OverflowError):
        raise InvalidInputError(
            f"--got is {text!r}; expected the number your code printed, such as 0.1088770, 1e-07, -inf or nan"
        ) from None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return Printed(bare, value, 0.0, 0)
    if math.isinf(value):
        raise InvalidInputError(
            f"--got is {text!r}, which is beyond float64; expected what your code printed"
        )
    return Printed(bare, value, float(Decimal(5).scaleb(exponent - 1)), len(number.as_tuple().digits))


def diagnose(pair: Pair, printed: Printed, calls: Iterable[Call] = CALLS) -> Diagnosis:
    """Find the calls that return the number for this pair.

    A call matches if its number, rounded to the digits printed, is the number printed; or if it differs by
    no more than float32 arithmetic does. Fewer slips come first, then the order of frameworks.
    """
    tried = [(call, call.returns(pair)) for call in calls if call.possible(pair)]
    scale = _scale(pair)
    matches = [
        Match(call, value, _to_the_digit(value, printed))
        for call, value in tried
        if _to_the_digit(value, printed) or _within_float32(value, printed, scale(call))
    ]
    exact = not printed.perhaps_float32
    matches.sort(
        key=lambda match: (
            # Of a 0 the digits say little: what is 0 comes before what may be rounded to it.
            printed.value == 0 != match.value,
            exact and not match.to_the_digit,
            len(match.call.slips),
        )
    )
    kept: list[Match] = []
    for match in matches:
        if not any(_explains(simpler, match) for simpler in kept):
            kept.append(match)
    return Diagnosis(printed, kept, _distinct(kept), _nearest(tried, printed) if not kept else [], len(tried))


def _explains(simpler: Match, match: Match) -> bool:
    """Whether some of a match's slips are enough, in the same framework: the others change nothing."""
    one, other = simpler.call, match.call
    return (
        one.framework == other.framework
        and set(one.slips) <= set(other.slips)
        and _same(simpler.value, match.value)
    )


def _same(one: float, other: float) -> bool:
    """Whether two numbers are one, up to float32 and Keras' clip."""
    return str(one) == str(other) or math.isclose(one, other, rel_tol=_SAME)


def corrected(call: Call, base: float | None) -> str:
    """The right call of the same function, in the unit of `base`."""
    unit = _UNITS.get(base)
    if unit is None:
        return f"{call.right} / math.log({base:g})"
    return next(each.call for each in CALLS if each.right == call.right and each.slips == unit)


def right_in(call: Call, base: float | None) -> bool:
    """Whether the call has no slip but the unit asked for."""
    return call.slips == _UNITS.get(base, (None,))


def _to_the_digit(value: float, printed: Printed) -> bool:
    """Whether `value` rounds to the text; float64 arithmetic may have moved it by some units of its own."""
    if not math.isfinite(printed.value):
        return str(value) == str(printed.value)
    slack = 8 * float(np.finfo(np.float64).eps) * abs(printed.value)
    return abs(value - printed.value) <= printed.half_unit + slack


def _within_float32(value: float, printed: Printed, scale: float) -> bool:
    """Whether float32 could have printed it: its terms are rounded, and cancel to no less than that."""
    if not (math.isfinite(value) and math.isfinite(printed.value)):
        return False
    tolerance = 4 * float(np.finfo(np.float32).eps) * max(abs(value), scale)
    return abs(value - printed.value) <= tolerance + printed.half_unit


def _scale(pair: Pair) -> Callable[[Call], float]:
    """How large the terms are that the number of a call is the sum of: those of counts are larger."""
    ordinary = of_counts = _size(pair.p, pair.q)
    if pair.p_counts is not None and pair.q_counts is not None:
        of_counts = _size(pair.p_counts, pair.q_counts) + _size(pair.q_counts, pair.p_counts)

    def scale(call: Call) -> float:
        terms = of_counts if COUNTS in call.slips else ordinary
        return terms / len(pair.p) if _MEANS & set(call.slips) else terms

    return scale


def _size(p: Floats, q: Floats) -> float:
    """Σ p·(|log p| + |log q|)."""
    shared = (p > 0) & (q > 0)
    p, q = p[shared], q[shared]
    with np.errstate(over="ignore"):
        return float((p * (np.abs(np.log(p)) + np.abs(np.log(q)))).sum())


def _distinct(matches: list[Match]) -> int:
    """How many different numbers the matches return; further digits would tell them apart."""
    values = sorted(match.value for match in matches if math.isfinite(match.value))
    steps = (not _same(a, b) for a, b in pairwise(values))
    return min(1, len(values)) + sum(steps) or len({str(match.value) for match in matches})


def _nearest(tried: list[tuple[Call, float]], printed: Printed) -> list[Match]:
    """The calls of at most one slip whose numbers are closest."""
    finite = [
        Match(call, value, to_the_digit=False)
        for call, value in tried
        if math.isfinite(value) and len(call.slips) <= 1
    ]
    if not math.isfinite(printed.value):
        return []
    finite.sort(key=lambda match: (abs(match.value - printed.value), len(match.call.slips)))
    return list({f"{match.value:.12g}": match for match in reversed(finite)}.values())[::-1][:_NEAREST]
