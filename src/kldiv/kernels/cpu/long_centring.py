"""The centring of a long row by all threads: `centring`, phase by phase."""

import math
from typing import Any

from kldiv.kernels.cpu.centring import HUGE, MOVES, Row, divergence, guess, is_settled, likeliest, moved
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.machine import like, widen
from kldiv.kernels.cpu.memory import part_of
from kldiv.kernels.cpu.sharing import (
    FOUND,
    GUESSING,
    LIKELIEST,
    SEGMENT,
    WEIGHING,
    findings,
    hand_in,
    sum_over,
    take,
    take_segment,
    wait,
)
from kldiv.kernels.cpu.weighing import APART, CAREFUL, weigh

# What is found in a segment.
_AT = 0
_TOTAL, _MOMENT, _EXCESS, _GROWTH, _WILD = range(5)


@compiled
def likeliest_of_all(board: Any, segments: Any, phase: Any, z: Any, scale: Any) -> Any:
    """The index of the largest logit."""
    found = findings(board, phase, segments)
    while True:
        s, i, j = take_segment(board, phase, len(z))
        if i == j:
            break
        found[FOUND * s + _AT] = i + likeliest(part_of(z, i, j), scale.high)
        hand_in(board, phase)
    wait(board, phase, segments)
    at = int(found[_AT])
    for s in range(1, segments):
        other = int(found[FOUND * s + _AT])
        if widen(scale.high, z[other]) > widen(scale.high, z[at]):
            at = other
    return at


@compiled
def _guessed(
    board: Any, segments: Any, zp: Any, zq: Any, at: Any, top: Any, centre: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """What the start of the row says of the centre and the spread about it: a phase of one part."""
    found = findings(board, GUESSING, segments)
    if take(board, GUESSING, 1) == 0:
        found[0], found[1] = guess(zp, zq, at, top, centre, scale, weights, differences, gaps, ratios)
        hand_in(board, GUESSING)
    wait(board, GUESSING, 1)
    return found[0], int(found[1])


@compiled
def _weigh_all(
    board: Any, segments: Any, phase: Any, zp: Any, zq: Any, top: Any, centre: Any, low: Any, scale: Any,
    way: Any, weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """Σ e, ρ, A, g, and whether some t was out of range."""
    found = findings(board, phase, segments)
    while True:
        s, i, j = take_segment(board, phase, len(zp))
        if i == j:
            break
        sums = weigh(
            zp, zq, i, j, (SEGMENT, SEGMENT), top, centre, low, scale, way, weights, differences, gaps, ratios
        )
        found[FOUND * s + _TOTAL], found[FOUND * s + _MOMENT] = sums[0], sums[1]
        found[FOUND * s + _EXCESS], found[FOUND * s + _GROWTH] = sums[2], sums[3]
        found[FOUND * s + _WILD] = 1.0 if sums[4] else 0.0
        hand_in(board, phase)
    wait(board, phase, segments)
    total, moment = sum_over(found, segments, _TOTAL), sum_over(found, segments, _MOMENT)
    excess, growth = sum_over(found, segments, _EXCESS), sum_over(found, segments, _GROWTH)
    return total, moment / total, excess / total, growth / total, sum_over(found, segments, _WILD) > 0.0


@compiled
def centred_by_all(
    board: Any, segments: Any, zp: Any, zq: Any, scale: Any,
    weights: Any, differences: Any, gaps: Any, ratios: Any,
) -> Any:  # fmt: skip
    """As `centring.centred`."""
    at = likeliest_of_all(board, segments, LIKELIEST, zp, scale)
    top = widen(scale.high, zp[at])
    centre = like(1.0, top) - like(1.0, widen(scale.high, zq[at]))
    if not (math.isfinite(top) and math.isfinite(centre)):
        return Row(at, 1.0, 0.0, 0.0, 0.0, 0.0, True)
    move, way = _guessed(board, segments, zp, zq, at, top, centre, scale, weights, differences, gaps, ratios)
    total = rest = grown = value = low = 0.0
    wild = False
    for phase in range(WEIGHING, WEIGHING + MOVES):
        centre, low = moved(centre, low, move / scale.high)
        total, rest, excess, grown, wild = _weigh_all(
            board, segments, phase, zp, zq, top, centre, low, scale, way, weights, differences, gaps, ratios
        )
        value = divergence(excess, rest)
        move = 0.0 if way != CAREFUL and wild else rest
        if is_settled(way, wild, centre * scale.high, rest, value):
            break
        way = CAREFUL
    share = 1.0 + grown if way == APART else grown
    return Row(at, total, rest, grown, value, share, wild | (not abs(value) < HUGE))
