"""Divergences of two tables of counts: the value as counted, a bias-corrected estimate, how far it strays.

Arrays hold counts along their last axis, whole numbers or not (frequency weights); leading axes are tables
of their own, which is how a bootstrap computes all its resamples at once. Everything is in nats.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kldiv.definition import (
    FDivergence,
    Hellinger,
    Jeffreys,
    JensenShannon,
    KullbackLeibler,
    Rows,
)
from kldiv.elementary import log_ratio_of_probabilities
from kldiv.estimators.intervals import Floats, Interval, Moments, Quantiles, score, score_interval

# Half an outcome for each outcome, where a variance needs a frequency above 0 (Krichevsky & Trofimov 1981).
_HALF = 0.5


def total(counts: Floats) -> Floats:
    """The sample's size, kept as an axis."""
    size: Floats = counts.sum(-1, keepdims=True)
    return size


def frequencies(counts: Floats, pseudocount: float | Floats = 0.0) -> Floats:
    """Counts over their sum, after adding the pseudocount to each."""
    added = counts + pseudocount
    shares: Floats = added / added.sum(-1, keepdims=True)
    return shares


def rows_of(p: Floats, q: Floats) -> Rows:
    """Two arrays of probabilities as the definitions take them."""
    in_p, in_q = p > 0, q > 0
    shared = in_p & in_q
    return Rows(
        p=p,
        q=q,
        log_p=np.log(np.where(in_p, p, 1.0)),
        log_ratio=log_ratio_of_probabilities(np, np.where(shared, p, 1.0), np.where(shared, q, 1.0)),
        in_p=in_p,
        in_q=in_q,
    )


def zhang_grabchak(x: Floats, y: Floats) -> Floats:
    """Σ (x_i/n)·[ψ(m+1) − ψ(y_i+1) − ψ(n) + ψ(x_i)], ψ the digamma function.

    Finite for every pair of samples, with a bias that decays exponentially in their sizes.
    Zhang & Grabchak 2014, Nonparametric estimation of Kullback–Leibler divergence, eq. 6; its inner
    sums are differences of harmonic numbers. Of a weight below 1, which no count is, ψ(x_i) is taken at 1,
    so that the term goes to 0 with its weight.
    """
    from scipy.special import digamma  # noqa: PLC0415 (slow to load, and the worked example needs none)

    n, m = total(x), total(y)
    of_p = digamma(np.maximum(x, 1.0)) - digamma(np.maximum(n, 1.0))
    terms = x / n * (digamma(m + 1) - digamma(y + 1) + of_p)
    estimate: Floats = terms.sum(-1)
    return estimate


def _unseen(p: Floats, count: Floats) -> Floats:
    """Σ p_i·E₁(count_i): by how much ψ(count + 1) overstates log(count) where few are expected.

    E[ψ(Y+1)] − log λ = E₁(λ) for Y of Poisson's distribution: the bias left in Zhang & Grabchak's terms.
    """
    from scipy.special import exp1  # noqa: PLC0415 (as above)

    left: Floats = np.where(p > 0, p * exp1(np.where(p > 0, count, 1.0)), 0.0).sum(-1)
    return left


class CountedDivergence(ABC):
    """What an estimate needs of a divergence of two tables of counts."""

    definition: FDivergence

    def plug_in(self, p: Floats, q: Floats) -> Floats:
        """The textbook value of two arrays of probabilities."""
        value: Floats = FDivergence.value(self.definition, np, rows_of(p, q))
        return value

    @abstractmethod
    def corrected(self, x: Floats, y: Floats) -> Floats:
        """The bias-corrected estimate."""

    @abstractmethod
    def interval(self, x: Floats, y: Floats, quantiles: Quantiles, *, skewness: bool) -> Interval:
        """Every truth whose score lies between the quantiles; `skewness` where these are a normal's."""

    @abstractmethod
    def score(self, x: Floats, y: Floats, truth: float) -> Floats:
        """How many standard deviations the estimate lies above the truth."""


@dataclass(frozen=True)
class SmoothDivergence(CountedDivergence):
    """A divergence with a second derivative at P = Q."""

    definition: FDivergence
    curvature: ClassVar[float]
    """f''(1): near P = Q, D_f is curvature/2 times Pearson's χ² divergence (Csiszár & Shields 2004, §4)."""

    def null_bias(self, x: Floats, y: Floats) -> Floats:  # noqa: ARG002
        """The bias that `corrected` has left if P = Q; 0 unless a subclass knows better."""
        return np.zeros(x.shape[:-1])

    def lacking(self, x: Floats, y: Floats) -> Floats:  # noqa: ARG002
        """How much too low outcomes that are too rare to be seen may make `corrected`; 0 as above."""
        return np.zeros(x.shape[:-1])

    def excess(self, x: Floats, y: Floats) -> Floats:  # noqa: ARG002
        """How much too high; 0 as above."""
        return np.zeros(x.shape[:-1])

    def interval(self, x: Floats, y: Floats, quantiles: Quantiles, *, skewness: bool) -> Interval:
        """By inverting the score."""
        return score_interval(self.moments(x, y), quantiles, skewness=skewness)

    def score(self, x: Floats, y: Floats, truth: float) -> Floats:
        """By the variance at the truth."""
        return score(self.moments(x, y), truth)

    def first_order_variance(self, x: Floats, y: Floats) -> Floats:
        """Var_P(∂D/∂p)/n + Var_Q(∂D/∂q)/m, the delta method (Serfling 1980, §3.3).

        Frequencies are those of counts half an outcome larger, so that slopes are finite.
        """
        shown = x + y > 0
        p, q = (frequencies(each, np.where(shown, _HALF, 0.0)) for each in (x, y))
        slopes = FDivergence.log_slopes(self.definition, np, rows_of(p, q))
        parts = (
            _variance(each, of) / total(counts)[..., 0]
            for each, of, counts in zip(slopes, (p, q), (x, y), strict=True)
        )
        variance: Floats = sum(parts, np.zeros(x.shape[:-1]))
        return variance

    def moments(self, x: Floats, y: Floats) -> Moments:
        """The statistic's moments, at P = Q and on the way from there to the estimate."""
        freedom = np.maximum((x + y > 0).sum(-1) - 1.0, 1.0)
        null_scale = 0.5 * self.curvature * (1 / total(x) + 1 / total(y))[..., 0]
        null_bias = self.null_bias(x, y)
        center = self.corrected(x, y) - null_bias
        # The plug-in variance is 4·c·D with D too large by its bias c·freedom, which is added on both sides
        # a second time so that samples that happen to agree don't divide 0 by 0.
        noise = null_scale * freedom
        variance = self.first_order_variance(x, y) + 4 * null_scale * noise
        scale = variance / (4 * (np.maximum(center, 0.0) + 2 * noise))
        return Moments(
            center,
            scale,
            2 * null_scale**2 * freedom,
            self.lacking(x, y),
            np.maximum(self.excess(x, y) - null_bias, 0.0),
        )


def _variance(log_slopes: Floats, p: Floats) -> Floats:
    """The variance under p of the slopes ∂D/∂p, from p·∂D/∂p."""
    slopes = np.divide(log_slopes, p, out=np.zeros_like(p), where=p > 0)
    variance: Floats = (p * (slopes - log_slopes.sum(-1, keepdims=True)) ** 2).sum(-1)
    return variance


class CountedKullbackLeibler(SmoothDivergence):
    """D(P‖Q) by Zhang & Grabchak."""

    curvature = 1.0

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """Zhang & Grabchak's estimate."""
        return zhang_grabchak(x, y)

    def null_bias(self, x: Floats, y: Floats) -> Floats:
        """Σ r·[E₁(n·r) − E₁(m·r)] at the pooled frequencies r; it is not 0 where n ≠ m."""
        pooled = frequencies(x + y)
        return _unseen(pooled, total(x) * pooled) - _unseen(pooled, total(y) * pooled)

    def lacking(self, x: Floats, y: Floats) -> Floats:
        """Σ p·E₁(m·q) with half an outcome added to the counts of Q."""
        return _unseen(frequencies(x), y + _HALF)


class CountedJeffreys(SmoothDivergence):
    """D(P‖Q) + D(Q‖P), each by Zhang & Grabchak."""

    curvature = 2.0

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """The sum of both directions; what bias they have left at P = Q is equal and opposite."""
        return zhang_grabchak(x, y) + zhang_grabchak(y, x)

    def lacking(self, x: Floats, y: Floats) -> Floats:
        """As for each direction."""
        return _unseen(frequencies(x), y + _HALF) + _unseen(frequencies(y), x + _HALF)


class CountedJensenShannon(SmoothDivergence):
    """H(M) − ½·H(P) − ½·H(Q) with M the equal mixture (Lin 1991, eq. 4.1)."""

    curvature = 0.25

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """The plug-in value, less the bias of each of the three entropies.

        Each is corrected by ψ in place of log (Grassberger 1988, Finite sample corrections to entropy and
        dimension estimates, eq. 13), where the mixture has as many counts as a count of its variance has.
        """
        p, q, mixed = frequencies(x), frequencies(y), _mixed(x, y)
        of_p, of_q = _entropy_bias(p, x, total(x)), _entropy_bias(q, y, total(y))
        of_mixture = _entropy_bias(0.5 * (p + q), mixed, _pairs(x, y))
        estimate: Floats = self.plug_in(p, q) + of_mixture - 0.5 * (of_p + of_q)
        return estimate

    def null_bias(self, x: Floats, y: Floats) -> Floats:
        """What ψ leaves of the three biases at the pooled frequencies."""
        pooled = frequencies(x + y)
        counts = (total(x) * pooled, total(y) * pooled, _pairs(x, y) * pooled)
        of_p, of_q, of_mixture = (_unseen(pooled, each) for each in counts)
        return 0.5 * (of_p + of_q) - of_mixture

    def excess(self, x: Floats, y: Floats) -> Floats:
        """The same with half an outcome added to the observed counts."""
        p, q = frequencies(x), frequencies(y)
        of_p, of_q = _unseen(p, x + _HALF), _unseen(q, y + _HALF)
        return 0.5 * (of_p + of_q) - _unseen(0.5 * (p + q), _mixed(x, y) + _HALF)


def _pairs(x: Floats, y: Floats) -> Floats:
    """4/(1/n + 1/m): the size of a sample whose frequencies vary as the equal mixture's do."""
    size: Floats = 4 / (1 / total(x) + 1 / total(y))
    return size


def _mixed(x: Floats, y: Floats) -> Floats:
    """The count that varies as much, for its size, as the mixture does: (p + q)²/(p/n + q/m)."""
    p, q = frequencies(x), frequencies(y)
    variance = p / total(x) + q / total(y)
    return np.divide((p + q) ** 2, variance, out=np.zeros_like(variance), where=variance > 0)


def _entropy_bias(p: Floats, counts: Floats, size: Floats) -> Floats:
    """Σ p·[log x − ψ(x)] − [log n − ψ(n)], by which the plug-in entropy is too small."""
    from scipy.special import digamma  # noqa: PLC0415 (as above)

    counts, size = np.maximum(counts, 1.0), np.maximum(size, 1.0)
    bias: Floats = (p * (np.log(counts) - digamma(counts))).sum(-1) - (np.log(size) - digamma(size))[..., 0]
    return bias


class CountedSquaredHellinger(SmoothDivergence):
    """1 − Σ √(p·q), the square of the Hellinger distance."""

    curvature = 0.25

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """1 − Σ s(x_i)·s(y_i)/(s(n)·s(m)), s(x) = Γ(x+1)/Γ(x+½) and s(0) = 0.

        s is the falling factorial power ½, and E[x·(x−1)···(x−k+1)] = n·(n−1)···(n−k+1)·pᵏ for counts
        (Johnson, Kotz & Balakrishnan 1997, Discrete Multivariate Distributions, eq. 35.5); Zhang &
        Grabchak's ψ is the same power's slope at 0.
        """
        affinity = (_root(x) * _root(y)).sum(-1) / (_root(total(x)) * _root(total(y)))[..., 0]
        estimate: Floats = 1 - affinity
        return estimate

    def null_bias(self, x: Floats, y: Floats) -> Floats:
        """What s leaves at the pooled frequencies: E[s(X)] = √λ·erf(√λ) for X of Poisson's distribution."""
        pooled = frequencies(x + y)
        return _affinity_lost(pooled, pooled, total(x) * pooled, total(y) * pooled)

    def excess(self, x: Floats, y: Floats) -> Floats:
        """The same with half an outcome added to the observed counts."""
        shown = np.where(x + y > 0, _HALF, 0.0)
        p, q = frequencies(x, shown), frequencies(y, shown)
        return _affinity_lost(p, q, x + shown, y + shown)


def _affinity_lost(p: Floats, q: Floats, p_counts: Floats, q_counts: Floats) -> Floats:
    """Σ √(p·q)·[1 − erf(√λ)·erf(√μ)] of the expected counts λ and μ."""
    from scipy.special import erf  # noqa: PLC0415 (as above)

    kept = erf(np.sqrt(p_counts)) * erf(np.sqrt(q_counts))
    lost: Floats = (np.sqrt(p * q) * (1 - kept)).sum(-1)
    return lost


def _root(x: Floats) -> Floats:
    """Γ(x+1)/Γ(x+½); of a weight below 1 its share of the value at 1."""
    from scipy.special import poch  # noqa: PLC0415 (as above)

    root: Floats = np.minimum(x, 1.0) * poch(np.maximum(x, 1.0) + 0.5, 0.5)
    return root


KULLBACK_LEIBLER = CountedKullbackLeibler(KullbackLeibler())
JEFFREYS = CountedJeffreys(Jeffreys())
JENSEN_SHANNON = CountedJensenShannon(JensenShannon(0.5))
SQUARED_HELLINGER = CountedSquaredHellinger(Hellinger())
