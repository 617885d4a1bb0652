"""Of two outcomes: how far both frequencies may be from what was seen, and so how far apart P and Q are."""

from collections.abc import Callable, Iterator

import numpy as np

from kldiv.estimators.intervals import Floats, Interval

FEW = 2
"""So many outcomes, or one of which the other was never shown."""
# Of [0, 1], to the last digit.
_HALVINGS = 53
# So many directions from the frequencies are looked into, some at once: between two of them there is at most
# 1e-4 more of a distance.
_DIRECTIONS = np.arange(256).reshape(8, 32) * (2 * np.pi / 256)

Divergence = Callable[[Floats, Floats], Floats]
"""Of two arrays of probabilities, outcomes along the last axis."""


class _Limits:
    """Both probabilities of the outcome that is shown most: as seen, at least and at most."""

    def __init__(self, x: Floats, y: Floats, share: float) -> None:
        most = (x + y).argmax(-1)[..., None]
        sides = [(np.take_along_axis(each, most, -1)[..., 0], each.sum(-1)) for each in (x, y)]
        self.p, self.q = (count / size for count, size in sides)
        (self.p_low, self.p_high), (self.q_low, self.q_high) = (
            (_least(count, size, share), 1 - _least(size - count, size, share)) for count, size in sides
        )

    def difference(self) -> Interval:
        """Of p − q: the limits' distances from what was seen are as independent errors, whose squares add up.

        Newcombe 1998, Interval estimation for the difference between independent proportions, method 10; Zou
        & Donner 2008, Construction of confidence limits about effect measures.
        """
        seen = self.p - self.q
        return Interval(
            seen - np.hypot(self.p - self.p_low, self.q_high - self.q),
            seen + np.hypot(self.p_high - self.p, self.q - self.q_low),
        )

    def edge(self) -> Iterator[tuple[Floats, Floats]]:
        """Pairs of probabilities that are as far from what was seen as that, some directions at a time."""
        p, p_low, p_high, q, q_low, q_high = (
            each[..., None] for each in (self.p, self.p_low, self.p_high, self.q, self.q_low, self.q_high)
        )
        for angles in _DIRECTIONS:
            right, up = np.cos(angles), np.sin(angles)
            yield (
                np.clip(p + right * np.where(right > 0, p_high - p, p - p_low), p_low, p_high),
                np.clip(q + up * np.where(up > 0, q_high - q, q - q_low), q_low, q_high),
            )


def difference_interval(x: Floats, y: Floats, share: float) -> Interval:
    """Of |p − q|, the probabilities of the outcome that is shown most; either end errs by about the share."""
    low, high = _Limits(x, y, share).difference()
    holds_zero = (low <= 0) & (high >= 0)
    nearest = np.where(holds_zero, 0.0, np.minimum(abs(low), abs(high)))
    return Interval(nearest, np.minimum(np.maximum(abs(low), abs(high)), 1.0))


def divergence_interval(divergence: Divergence, x: Floats, y: Floats, share: float) -> Interval:
    """The least and the greatest divergence of pairs of probabilities that are no farther from what was seen.

    Distances are in units of the limits', and their squares add up to 1 at most. A divergence grows as p and
    q part, either way, so that it is greatest on the edge, and least there or, where p = q is within, 0. Of
    |p − q| that is the interval above.
    """
    limits = _Limits(x, y, share)
    below, above = limits.difference()
    low, high = np.full(below.shape, np.inf), np.zeros(below.shape)
    for p, q in limits.edge():
        values = divergence(np.stack([p, 1 - p], -1), np.stack([q, 1 - q], -1))
        low, high = np.minimum(low, values.min(-1)), np.maximum(high, values.max(-1))
    return Interval(np.where((below <= 0) & (above >= 0), 0.0, low), high)


def _least(count: Floats, size: Floats, share: float) -> Floats:
    """The probability of which so many of the sample's values or more have that probability.

    Half of the count's own counts (Lancaster 1961, Significance tests in discrete distributions; Clopper &
    Pearson 1934 count all of it). The probability of so many or more is an incomplete beta function, and
    that of more is one too.
    """
    from scipy.special import betainc  # noqa: PLC0415 (slow to load)

    # At least so many are taken for some, where none is asked about.
    tiny = np.finfo(float).tiny
    some, rest = np.maximum(count, tiny), np.maximum(size - count, 0.0)
    low, high = np.zeros_like(count), np.ones_like(count)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        several = betainc(some, rest + 1, middle) + betainc(count + 1, np.maximum(rest, tiny), middle)
        low, high = np.where(several < 2 * share, (middle, high), (low, middle))
    return np.where(count > 0, low, 0.0)
