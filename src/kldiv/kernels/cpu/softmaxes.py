"""The Kullback–Leibler divergence of a row that is far apart, as two softmaxes; or what those show of it.

A value alone needs no likeliest outcomes, only some that are not much less likely: those of the start of the
row. Two softmaxes are cheap to try there, and where they will do, the start's sums are the first part of the
row's.
"""

import math
from typing import Any, NamedTuple

from kldiv.kernels.cpu.centring import (
    NEAR,
    Row,
    highest,
    is_settled,
    length_of_start,
    likeliest,
    of_whole_row,
    settled,
    suggested,
)
from kldiv.kernels.cpu.compiling import compiled, compiled_within
from kldiv.kernels.cpu.extremes import not_below
from kldiv.kernels.cpu.machine import like, rough_logarithm, widen
from kldiv.kernels.cpu.memory import part_of
from kldiv.kernels.cpu.vector import logarithm_parts
from kldiv.kernels.cpu.weighing import APART, weigh_apart

# Less than the divergence that softmaxes are good enough for by what `rough_logarithm` may lack.
_ROUGHLY_APART = 0.14
# Of a ratio that is 1 and a difference of sums, this leaves digits to spare in its logarithm.
_LEAST_RATIO = 1e-6


class Seen(NamedTuple):
    """What two softmaxes show of a row."""

    total: Any
    """Σ exp(zp − top)."""
    top: Any
    centre: Any
    """What differences were taken relative to."""
    rest: Any
    """The mean of the differences about that."""
    value: Any
    """D(p‖q)."""
    outcomes: Any
    """Of how many outcomes all that is."""
    is_value: Any
    """Whether the value is the row's own."""


@compiled
def _sums_to(total: Any, moment: Any, growth: Any, wild: Any, outcomes: Any) -> Any:
    """ρ and g of so many outcomes, and whether some exponents were beyond softmaxes."""
    grown = growth / total
    # Exponents far above 0 would be rounded as much as those far below, and weigh more.
    return moment / total, grown, wild | (total > 2.0 * outcomes) | (1.0 + grown < _LEAST_RATIO)


@compiled
def seen(zp: Any, zq: Any, ahead: Any, scale: Any) -> Any:
    """What two softmaxes show of a row: the whole of it where its start is far apart."""
    n, end = length_of_start(zp), len(zp)
    top, top_of_q = highest(part_of(zp, 0, n), scale.high), highest(part_of(zq, 0, n), scale.high)
    centre = like(1.0, top) - like(1.0, top_of_q)
    if end < 2 * n or not (math.isfinite(top) and math.isfinite(centre)):
        return Seen(0.0, top, centre, 0.0, math.nan, 0, False)
    # Numbers of the types that a row's weighing has, so that all are compiled once.
    none, off = like(n, 0), like(scale.high, centre)
    total, moment, _, growth, wild = weigh_apart(zp, zq, none, n, ahead, top, off, scale, None, None)
    rest, grown, wild = _sums_to(total, moment, growth, wild, n)
    roughly = rest + rough_logarithm(1.0 + grown)
    is_apart = (not wild) & (roughly > _ROUGHLY_APART) & (roughly > abs(rest) / NEAR)
    if is_apart:
        of_p, of_t, _, of_gaps, wild = weigh_apart(zp, zq, n, end, ahead, top, off, scale, None, None)
        total, n = total + of_p, end
        rest, grown, wild = _sums_to(total, moment + of_t, growth + of_gaps, wild, end)
    logarithm, _ = logarithm_parts(grown, 1.0 + grown)
    value = math.nan if wild else rest + logarithm
    is_value = is_apart and is_settled(APART, wild, 0.0, rest, value)
    return Seen(total, top, centre, rest, value, n, is_value)


@compiled_within
def centred_as_seen(zp: Any, zq: Any, ahead: Any, scale: Any, start: Any) -> Any:
    """As `centring.centred`, for the value alone."""
    at = likeliest(zp, scale.high)
    top = widen(scale.high, zp[at])
    centre = like(1.0, top) - like(1.0, widen(scale.high, zq[at]))
    if not (math.isfinite(top) and math.isfinite(centre)):
        return Row(at, 1.0, 0.0, 0.0, 0.0, 0.0, True)
    many, part = (
        len(zp) / not_below(start.outcomes, 1),
        start.total * math.exp((start.top - top) * scale.high),
    )
    mean = start.rest + (start.centre - centre) * scale.high
    has_likeliest = at < start.outcomes
    total = of_whole_row(part, has_likeliest, many)
    of_q = of_whole_row(part * math.exp(start.value - mean), has_likeliest, many)
    mean *= part * many / total
    value = mean + math.log(of_q / total)
    move, way = suggested(total, mean, value, centre, scale, None, None)
    return settled(zp, zq, at, top, centre, move, way, ahead, scale, None, None, None, None)
