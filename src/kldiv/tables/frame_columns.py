"""The form in which every data frame's columns are counted, as narwhals expressions.

Texts, booleans and floats stay as they are. Whatever is exact is ordered by whole numbers of steps: a date
by those since 1970, a time of day by those since midnight; decimals stay decimal.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from kldiv.tables.balanced import balanced
from kldiv.tables.contract import Column, Kind
from kldiv.tables.outcomes import Cut, Special
from kldiv.tables.writing import SIGNED_64, Steps, bound_of, group_bounds, in_single, number_text, steps_text

Frame = nw.LazyFrame[Any]

_LARGEST_WHOLE = 2**53
_WHOLE = {
    kind: Steps(Fraction(1), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for kind, bits in ((nw.Int8, 8), (nw.Int16, 16), (nw.Int32, 32), (nw.Int64, 64), (nw.Int128, 128))
} | {
    kind: Steps(Fraction(1), 0, 2**bits - 1)
    for kind, bits in ((nw.UInt8, 8), (nw.UInt16, 16), (nw.UInt32, 32), (nw.UInt64, 64), (nw.UInt128, 128))
}
# In milliseconds.
_DAY = 86_400_000
_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_TEXTS = (nw.String, nw.Categorical, nw.Enum)


@dataclass(frozen=True)
class Field:
    """A column of a frame: what it is called there, what it is, and how its values are compared."""

    name: str
    column: Column
    steps: Steps | None = None
    """Of an exact type; None for floats, texts and booleans."""
    single: bool = False
    """Whether floats are of single precision."""
    decimal: bool = False
    """Whether numbers are decimals, whole ones too."""
    utc: bool = False
    """Whether instants are written with their zone."""

    @property
    def floating(self) -> bool:
        """Whether the column can hold NaN and infinities."""
        return self.column.kind is Kind.NUMBER and self.steps is None

    def value(self) -> nw.Expr:
        """The value as it is in the frame."""
        return nw.col(self.name)

    def special(self, which: Special) -> nw.Expr:
        """Whether a value is this special one; never null."""
        null = self.value().is_null()
        if which is Special.NULL:
            return null
        infinity = self._infinity()
        if infinity is None or which not in self.possible_specials():
            return null & ~null
        if which is Special.NAN:
            return ~null & self.value().is_nan()
        return ~null & (self.value() == (infinity if which is Special.POSITIVE_INFINITY else -infinity))

    def possible_specials(self) -> list[Special]:
        """Those that the column's type can hold."""
        if self._infinity() is None:
            return [Special.NULL]
        return [each for each in Special if each is not Special.NAN or self.floating]

    def _infinity(self) -> float | int | None:
        """What stands for infinity, if anything does: DuckDB's, of dates, is the greatest that there is."""
        if self.floating:
            return float("inf")
        return self.steps.high if self.steps and self.column.kind is Kind.DATE else None

    def is_ordinary(self) -> nw.Expr:
        """Whether a value is neither null nor NaN nor infinite; never null."""
        present = ~self.value().is_null()
        if self.floating:
            return present & self.value().is_finite()
        infinity = self._infinity()
        if infinity is None:
            return present
        return present & (self.value() != infinity) & (self.value() != -infinity)

    def is_whole(self) -> bool:
        """Whether the column's type holds whole numbers alone."""
        return self.steps is not None and self.steps.unit == 1

    def is_fractional(self) -> nw.Expr:
        """Whether an ordinary number is none that is whole and told from its neighbours by its type."""
        places = self._has_places(self.steps) if self.steps else self._has_fraction()
        return places | ~self._is_told_apart()

    def _has_fraction(self) -> nw.Expr:
        """Whether a float that is told from its neighbours is not whole; Spark has no floor of greater ones.

        A remainder would be rounded away: narwhals adds 1 to what Spark has left of 1e-17.
        """
        small = nw.when(self._is_told_apart()).then(self.value())
        return small.floor() != small

    def _has_places(self, steps: Steps) -> nw.Expr:
        """Whether a decimal is not whole, asked in its own type: beside others Spark rounds it.

        Towards zero, as the next whole number may not fit the type. Spark's abs would round to 34 digits.
        """
        own = nw.Decimal(len(str(steps.high)), len(str(steps.unit.denominator)) - 1)
        value, zero = self.value(), self.literal(0)
        whole = (nw.when(value >= zero).then(value).floor(), nw.when(value < zero).then(value).ceil())
        above, below = (each.cast(own) != value for each in whole)
        return above | below

    def as_text(self) -> nw.Expr:
        """An ordinary text, boolean or whole number as text."""
        value = self.value()
        if self.column.kind is Kind.BOOLEAN:
            return nw.when(value).then(nw.lit("true")).otherwise(nw.lit("false"))
        if self.column.kind is not Kind.NUMBER:
            return value
        if self.is_whole():
            return value.cast(nw.String)
        # An engine may cast before it filters.
        fits = self.is_ordinary() & self._is_told_apart()
        return nw.when(fits).then(value).cast(nw.Int64).cast(nw.String)

    def passed(self, cut: Cut) -> nw.Expr:
        """Whether an ordinary value is beyond the cut, compared in the column's own type."""
        if self.steps is None:
            number = in_single(cut.text) if self.single else float(cut.text)
            return self.value() > number if cut.above else self.value() >= number
        bound = bound_of(cut, self.column.kind, self.steps)
        if isinstance(bound, bool):
            return self.is_ordinary() if bound else self.value().is_null() & ~self.value().is_null()
        return self.value() >= self.literal(bound)

    def equals(self, text: str) -> nw.Expr:
        """Whether an ordinary value is this one, or a date or an instant of this day."""
        if self.column.kind in (Kind.TEXT, Kind.BOOLEAN):
            return self.as_text() == text
        return self.within(*group_bounds(text, self.column.kind))

    def within(self, low: Cut | None, high: Cut | None) -> nw.Expr:
        """Whether a value is ordinary and between two cuts; None for no bound."""
        inside = self.is_ordinary()
        if low is not None:
            inside &= self.passed(low)
        return inside if high is None else inside & ~self.passed(high)

    def between(self, low: Any | None, high: Any | None) -> nw.Expr:
        """Whether an ordinary value is between two as the frame has them, both excluded; None is no bound."""
        inside = self.is_ordinary()
        if low is not None:
            inside &= self.value() > nw.lit(low)
        return inside if high is None else inside & (self.value() < nw.lit(high))

    def zero(self) -> nw.Expr:
        """0 in every row."""
        return self.value().is_null().cast(nw.Int64) * 0

    def _is_told_apart(self) -> nw.Expr:
        """Whether an ordinary number is small enough to be told from its neighbours as a float."""
        if self.steps and self.steps.high * self.steps.unit <= _LARGEST_WHOLE:
            # Spark's comparison with what a decimal can't hold rounds it.
            return self.is_ordinary()
        return self.value().abs() <= _LARGEST_WHOLE

    def literal(self, steps: int) -> nw.Expr:
        """A number of steps as the frame has it."""
        if self.decimal and self.steps:
            # From text, as arithmetic would round it to 28 digits.
            return nw.lit(Decimal(f"{steps}E-{len(str(self.steps.unit.denominator)) - 1}"))
        return nw.lit(steps)

    def text(self, value: Any) -> str:
        """A value that was asked for, as text."""
        if self.column.kind is not Kind.NUMBER and self.steps:
            return steps_text(int(value), self.column.kind, self.steps, utc=self.utc)
        return number_text(np.float32(value) if self.single else value)


def place_among(values: Sequence[str], text: nw.Expr, *, has_maps: bool) -> nw.Expr:
    """The place of a text among these, or how many they are; without maps by as many comparisons."""
    many = len(values)
    if has_maps:
        return text.replace_strict([*values], [*range(many)], default=many, return_dtype=nw.Int64)
    short_of_many = [(text == each).cast(nw.Int64) * (index - many) for index, each in enumerate(values)]
    return balanced(operator.add, short_of_many) + many


def in_form(frame: Frame) -> tuple[Frame, dict[str, Field]]:
    """A frame whose columns narwhals can bring into form, and what they are by their names."""
    expressions, fields = [], {}
    for index, (name, dtype) in enumerate(frame.collect_schema().items()):
        alias = f"c{index}"
        expression, fields[name] = _formed(nw.nth(index), alias, dtype)
        expressions.append(expression.alias(alias))
    return frame.select(*expressions), fields


def _formed(value: nw.Expr, name: str, dtype: Any) -> tuple[nw.Expr, Field]:
    kind, shown = type(dtype), str(dtype)
    if dtype.is_numeric():
        return _number(value, name, dtype)
    if kind in (nw.Date, nw.Datetime):
        return _instant(value, name, dtype)
    if kind is nw.Time:
        # Polars counts nanoseconds.
        steps = Steps(Fraction(1, 10**9), *SIGNED_64)
        return value.cast(nw.Int64), Field(name, Column(Kind.TIME, shown), steps)
    if kind in _TEXTS:
        return value.cast(nw.String), Field(name, Column(Kind.TEXT, shown))
    if kind is nw.Boolean:
        return value, Field(name, Column(Kind.BOOLEAN, shown))
    # Of what can't be counted only this is asked: whether it is null.
    return nw.when(~value.is_null()).then(nw.lit(value=True)), Field(name, Column(Kind.UNSUPPORTED, shown))


def _number(value: nw.Expr, name: str, dtype: Any) -> tuple[nw.Expr, Field]:
    kind, column = type(dtype), Column(Kind.NUMBER, str(dtype))
    if kind in _WHOLE:
        return value, Field(name, column, _WHOLE[kind])
    if kind is nw.Decimal:
        largest = 10**dtype.precision - 1
        return value, Field(
            name, column, Steps(Fraction(1, 10**dtype.scale), -largest, largest), decimal=True
        )
    if kind in (nw.Float16, nw.Float32):
        # Half precision fits into single, as which every engine takes it.
        return value.cast(nw.Float32), Field(name, column, single=True)
    return value.cast(nw.Float64), Field(name, column)


def _instant(value: nw.Expr, name: str, dtype: Any) -> tuple[nw.Expr, Field]:
    if not isinstance(dtype, nw.Datetime):
        days = Steps(Fraction(1, 1000), -(2**31) * _DAY, (2**31 - 1) * _DAY)
        return value.dt.timestamp("ms"), Field(name, Column(Kind.DATE, str(dtype)), days)
    unit = dtype.time_unit
    unit = "ms" if unit == "s" else unit
    zone = dtype.time_zone
    steps = Steps(Fraction(1, _PER_SECOND[unit]), *SIGNED_64)
    field = Field(name, Column(Kind.DATE, str(dtype)), steps, utc=zone is not None)
    return value.dt.timestamp(unit), field
