"""How a total variation distance is spread over the outcomes, which its noisy observation alone tells.

How much chance adds to the distance depends on it: much where small differences hide beside large ones,
little where all are alike, since the mean of |N(z, 1)| is convex in z. Outcomes that surely differ are what
they were seen to be. Of the others it is known how large their true differences are on average, and their
kurtosis tells how alike these are, both the better the more outcomes there are. So the upper end takes them
for larger and more alike than they were observed, and the lower end for smaller and less, as far as the data
say so and a little more.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kldiv.estimators.intervals import Floats

# So many standard deviations beyond all that chance reaches is an outcome sure: alike ones stay together. And
# as far as that either end takes the others' mean square for smaller or larger than it is.
_SURELY = 2.0
# Of the variance that chance alone has, the least that a square is taken for, so that no pattern is 0
# everywhere; and the least part of the unsure ones' squares, for the same.
_TRACE, _LEAST = 1e-3, 1e-6
# How much either end adds to them or takes away beyond what the kurtosis says, where chance is nothing.
_MARGIN = 0.4
# The kurtosis of normal variables, about which that of the true differences has this variance beforehand: all
# alike have 1, and as many of which nine in ten are 0 have 10. A sample's kurtosis has 24/K (Fisher 1930, The
# moments of the distribution for normal samples of measures of departure from normality).
_KURTOSIS, _OF_TRUE, _OF_SAMPLES = 3.0, 8.0, 24.0
# The variance of the square of a normal variable, whose mean is 1.
_OF_SQUARES = 2.0
# No kurtosis is below 1; nothing is divided by less.
_LEAST_SPREAD = 0.05


class Pattern(NamedTuple):
    """What the differences of the outcomes that may not differ are taken for."""

    true: Floats
    """The share of their observed squares."""
    added: Floats
    """The share of chance's variance that is added to these: the more, the more alike."""
    by_itself: float = 0.0
    """How far an outcome that has much of chance's variance is told by itself, and not by the others."""


class Patterns(NamedTuple):
    """For the lower end, the estimate and the upper end."""

    unlike: Pattern
    likely: Pattern
    alike: Pattern


@dataclass(frozen=True)
class Observed:
    """Of every outcome that either sample shows; 0 elsewhere."""

    differences: Floats
    """Of the frequencies."""
    noise: Floats
    """An unbiased estimate of how much too large the squares of these are."""
    chance: Floats
    """How large they are if P = Q."""

    def shares(self, pattern: Pattern) -> Floats:
        """Of the distance; if the samples agree, as chance has it.

        All differences add up to 0, so the unsure ones have at least as much as the sure ones add up to. An
        outcome that has a part of chance's variance is by as much told by itself, between what was seen of
        it and the share that all have in common, at the cost of the other unsure ones (Efron & Morris 1972,
        Limiting the risk of Bayes and empirical Bayes estimators: the empirical Bayes case).
        """
        moved = self.squares + pattern.added[..., None] * self.chance
        common = np.maximum(pattern.true, _LEAST)[..., None]
        whole = np.where(self.sure, 0.0, np.sqrt(np.maximum(moved, _TRACE * self.chance)))
        part = self.chance / self.chance.sum(-1, keepdims=True)
        own = whole * np.sqrt(common + pattern.by_itself * part * (1 - common))
        together = (np.sqrt(common) * whole).sum(-1, keepdims=True)
        unsure = own * ratio(together, own.sum(-1, keepdims=True))
        sure = np.where(self.sure, self.differences, 0.0)
        owed = ratio(abs(sure.sum(-1, keepdims=True)), unsure.sum(-1, keepdims=True))
        size = abs(sure) + unsure * np.maximum(owed, 1.0)
        share: Floats = size / size.sum(-1, keepdims=True)
        return share

    @property
    def squares(self) -> Floats:
        """Of the differences."""
        squares: Floats = self.differences**2
        return squares

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Which outcomes are farther off than the farthest of all are by chance.

        That is √(2·log K) standard deviations (Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet
        shrinkage, §2.1).
        """
        outcomes = np.maximum((self.chance > 0).sum(-1, keepdims=True), 1)
        sure: NDArray[np.bool_] = self.squares > (np.sqrt(2 * np.log(outcomes)) + _SURELY) ** 2 * self.chance
        return sure

    def patterns(self) -> Patterns:
        """As far as the outcomes that may not differ tell, weighed by their standard deviations.

        Where their squares are 1/(1 − r) times what they are by chance, the true ones have r of them.
        """
        weights = np.where(self.sure, 0.0, np.sqrt(self.chance))
        number = ratio(weights.sum(-1) ** 2, (weights**2).sum(-1))
        seen = 1 + _mean(ratio(self.squares - self.noise, self.chance), weights)
        strays = _SURELY * np.sqrt(_OF_SQUARES / np.maximum(number, 1.0))
        smaller, true, larger = (
            1 - 1 / np.maximum(seen * each, 1.0) for each in (1 - strays, 1.0, 1 + strays)
        )
        added, margin = self._added(weights, number, true), _MARGIN * true
        return Patterns(
            Pattern(smaller, np.minimum(added, 0.0) - margin, by_itself=1.0),
            Pattern(true, np.zeros_like(true)),
            Pattern(larger, np.maximum(added, 0.0) + margin),
        )

    def _added(self, weights: Floats, number: Floats, true: Floats) -> Floats:
        """What brings the observed kurtosis to the one estimated for the true differences.

        If these have an excess, the observed ones z, standardised, have r² of it; with z² + a in place of z²
        it is the one wanted, where a is √(Var(z²)/(kurtosis − 1)) − mean(z²).
        """
        standardised = ratio(self.squares, self.chance)
        second, fourth = (_mean(standardised**power, weights) for power in (1, 2))
        normal = _KURTOSIS * number / (number + 2)
        trust = _OF_TRUE * true**2 / (_OF_TRUE * true**4 + _OF_SAMPLES / np.maximum(number, 1.0))
        kurtosis = normal + trust * (fourth / np.maximum(second, _TRACE) ** 2 - normal)
        varies = np.maximum(fourth - second**2, 0.0)
        added: Floats = np.sqrt(varies / np.maximum(kurtosis - 1, _LEAST_SPREAD)) - second
        return added


def ratio(above: Floats, below: Floats) -> Floats:
    """0 where there is nothing below."""
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)


def _mean(values: Floats, weights: Floats) -> Floats:
    """The weighed mean; 0 without any weight."""
    return ratio((weights * values).sum(-1), weights.sum(-1))
