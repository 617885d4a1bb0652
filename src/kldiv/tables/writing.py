"""How values are written as text, the same from every engine, and read back as exact numbers.

Whatever is ordered is a number here: of days and seconds since 1970 for dates, and since midnight for
times of day. An exact type holds whole multiples of a unit, so that a cut that came from another type is
moved to the nearest multiple that gives every comparison the same answer, and no value goes through a float.
"""

import math
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from kldiv.tables.contract import Kind
from kldiv.tables.outcomes import Cut

_DAY = 86_400
_MIDNIGHT = " 00:00:00"
_UTC = "+00"
# Halfway from the greatest number of single precision to what would be the next.
_INFINITE_IN_SINGLE = float((2**25 - 1) * 2**103)


class Steps(NamedTuple):
    """What an exact type can hold: whole multiples of a unit (of 1, or of a second), from low to high."""

    unit: Fraction
    low: int
    high: int


SIGNED_64 = (-(2**63), 2**63 - 1)
DAYS = Steps(Fraction(_DAY), -(2**31), 2**31 - 1)
MICROSECONDS = Steps(Fraction(1, 10**6), *SIGNED_64)
NANOSECONDS = Steps(Fraction(1, 10**9), *SIGNED_64)


def bound_of(cut: Cut, kind: Kind, steps: Steps) -> int | bool:
    """From which step on values are beyond the cut; True if all are that the type can hold, False if none.

    Example:
        >>> tenths = Steps(Fraction(1, 10), -99, 99)
        >>> bound_of(Cut("0.55"), Kind.NUMBER, tenths), bound_of(Cut("0.5", above=True), Kind.NUMBER, tenths)
        (6, 6)
        >>> bound_of(Cut("10"), Kind.NUMBER, tenths), bound_of(Cut("-10"), Kind.NUMBER, tenths)
        (False, True)
    """
    scaled = position(cut.text, kind) / steps.unit
    bound = math.floor(scaled) + 1 if cut.above else math.ceil(scaled)
    if bound > steps.high:
        return False
    return True if bound <= steps.low else bound


def position(text: str, kind: Kind) -> Fraction:
    """The number that a text stands for: of seconds, if it is a date or time.

    Example:
        >>> position("1970-01-02 00:00:00.5", Kind.DATE)
        Fraction(172801, 2)
    """
    if kind is Kind.NUMBER:
        return Fraction(text)
    text = text.removesuffix(_UTC)
    if not text[-1:].isdecimal():
        # NumPy would read a letter for a zone, and say so.
        raise ValueError(f"{text!r} is no {kind.value}")
    whole, _, decimals = text.partition(".")
    seconds = (
        _clock(whole)
        if kind is Kind.TIME
        else int(np.datetime64(whole.replace(" ", "T"), "s").astype(np.int64))
    )
    return seconds + Fraction(f"0.{decimals or 0}")


def day_of(text: str) -> str:
    """The day of a date or an instant, in UTC if it has a zone.

    Example:
        >>> day_of("2013-01-02 10:00:00+00"), day_of("2013-01-02")
        ('2013-01-02', '2013-01-02')
    """
    return text.partition(" ")[0]


def group_bounds(text: str, kind: Kind) -> tuple[Cut, Cut]:
    """Between which cuts the values of a group lie: the same number or time of day, or the same day.

    Example:
        >>> group_bounds("1.5", Kind.NUMBER)
        (Cut(text='1.5', above=False), Cut(text='1.5', above=True))
    """
    # No type is finer than nanoseconds.
    last = f"{text} 23:59:59.999999999" if kind is Kind.DATE else text
    return Cut(text), Cut(last, above=True)


def number_text(number: int | float | Decimal | np.float32) -> str:
    """A number by the fewest digits that give it back in its own type: 5 and not 5.0.

    Example:
        >>> number_text(1e20), number_text(-0.0), number_text(Decimal("5.50")), number_text(np.float32(0.1))
        ('1e+20', '0', '5.5', '0.1')
    """
    # The digits of single precision, as double precision writes them: 0.0001 and not 1e-04.
    text = (
        f"{number:f}"
        if isinstance(number, Decimal)
        else str(float(str(number)))
        if _is_float(number)
        else str(number)
    )
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def in_single(text: str) -> float:
    """A number rounded to single precision; what that would take for infinite stays as it is.

    Example:
        >>> in_single("0.1"), in_single("3.4028235e+38"), in_single("1e39")
        (0.10000000149011612, 3.4028234663852886e+38, 1e+39)
    """
    number = float(text)
    return number if abs(number) >= _INFINITE_IN_SINGLE else float(np.float32(number))


def steps_text(number: int, kind: Kind, steps: Steps, *, utc: bool = False) -> str:
    """A whole number of steps, as what it stands for.

    Example:
        >>> steps_text(86_400_000_000, Kind.DATE, MICROSECONDS), steps_text(1, Kind.DATE, DAYS)
        ('1970-01-02', '1970-01-02')
        >>> steps_text(36_000_500_000, Kind.TIME, MICROSECONDS)
        '10:00:00.5'

    Years are those of ISO 8601, of four digits at least: 44 BC is -0043.
        >>> steps_text(-735_160, Kind.DATE, DAYS)
        '-0043-03-15'
    """
    seconds, rest = divmod(number * steps.unit, 1)
    decimals = f"{int(rest * 10**9):09d}".rstrip("0")
    tail = (f".{decimals}" if decimals else "") + (_UTC if utc else "")
    if kind is Kind.TIME:
        minutes, second = divmod(seconds, 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}{tail}"
    text = str(np.datetime64(seconds, "s")).replace("T", " ")
    if text.startswith("-"):
        # NumPy takes the sign for one of the four.
        year, _, within = text[1:].partition("-")
        text = f"-{year:0>4}-{within}"
    return text.removesuffix(_MIDNIGHT) if not tail else text + tail


def _clock(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return (hours * 60 + minutes) * 60 + seconds


def _is_float(number: object) -> bool:
    return isinstance(number, float | np.floating)
