"""The small drawings of the overview: an interval on the scale of all columns, and both distributions.

They are part of the page and not charts, so that hundreds of them cost nothing and show without scripts.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from kldiv.estimators.estimate import Estimate, Outcome

# More bars than this can't be told apart at the size of a word.
_BARS = 24
_WIDTH, _MIDDLE, _REACH = 96, 14, 13
_GAP = 1


class IntervalDrawing(NamedTuple):
    """Where the parts of an interval are, in percent of its drawing's width."""

    zero: float
    low: float
    width: float
    point: float


class Scale(NamedTuple):
    """From the least to the greatest number to be drawn: linear up to about `knee`, logarithmic beyond.

    One column is often a thousand times another, and both have to be seen.
    """

    low: float
    high: float
    knee: float

    def percent(self, value: float) -> float:
        """Where `value` is, from 0 to 100."""
        low, here, high = (math.asinh(each / self.knee) for each in (self.low, value, self.high))
        return round(100 * (here - low) / (high - low), 2)


def scale_of(estimates: Sequence[Estimate]) -> Scale:
    """From 0, or the least end of an interval, to the greatest; the knee at the median of the upper ends.

    Of an interval that has no upper end the estimate takes its place.
    """
    low = min((0.0, *(each.low for each in estimates)))
    ends = (max(each.low, each.estimate) if each.unbounded else each.high for each in estimates)
    highs = [each for each in ends if each > 0]
    return Scale(low, max(highs), median(highs)) if highs else Scale(low, 1.0, 1.0)


def draw_interval(estimate: Estimate, scale: Scale) -> IntervalDrawing:
    """Place the interval and its estimate on the scale; one without an upper end reaches the edge."""
    low, high = scale.percent(estimate.low), scale.percent(min(estimate.high, scale.high))
    return IntervalDrawing(scale.percent(0.0), low, round(high - low, 2), scale.percent(estimate.estimate))


def draw_sparklines(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """SVG paths of P's shares, upwards, and of Q's, downwards; of many outcomes the most frequent."""
    shown = _most_frequent(outcomes)
    greatest = max((max(each.p, each.q) for each in shown), default=0.0) or 1.0
    step = _WIDTH / max(len(shown), 1)
    return (
        "".join(_bar(i, step, -each.p / greatest) for i, each in enumerate(shown)),
        "".join(_bar(i, step, each.q / greatest) for i, each in enumerate(shown)),
    )


def _most_frequent(outcomes: Sequence[Outcome]) -> list[Outcome]:
    ranked = sorted(range(len(outcomes)), key=lambda i: -(outcomes[i].p + outcomes[i].q))
    return [outcomes[i] for i in sorted(ranked[:_BARS])]


def _bar(index: int, step: float, height: float) -> str:
    """A bar of at least a hair, unless it stands for nothing."""
    if height == 0:
        return ""
    reach = math.copysign(max(_REACH * abs(height), 0.5), height)
    return f"M{index * step:.1f} {_MIDDLE}h{step - _GAP:.1f}v{reach:.1f}h{_GAP - step:.1f}z"
