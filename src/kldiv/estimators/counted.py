"""Divergences of two tables of counts: the value as counted, a bias-corrected estimate, how far it strays.

Arrays hold counts along their last axis, whole numbers or not (frequency weights); leading axes are tables
of their own, which is how a bootstrap computes all its resamples at once. Everything is in nats.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from kldiv.definition import (
    FDivergence,
    Jeffreys,
    JensenShannon,
    KullbackLeibler,
    Rows,
)
from kldiv.elementary import log_ratio_of_probabilities
from kldiv.estimators.agreement import ByChance, by_chance, means_by_chance
from kldiv.estimators.intervals import (
    Floats,
    Hidden,
    Interval,
    Moments,
    Quantiles,
    lower_end,
    score,
    score_interval,
)
from kldiv.estimators.jackknife import jackknife
from kldiv.estimators.two_outcomes import FEW, divergence_interval
from kldiv.estimators.unseen import (
    Told,
    absences,
    entropy_bias,
    hidden_by_rarity,
    log_bias,
    mostly_absent,
    rarest_bias,
    surely_absent,
)

End = Literal["low", "high"]
# How many values an outcome that one sample never shows counts in that sample's variance. Towards P = Q one:
# it may be expected there up to 3.7 times in truth, and the logarithm and the root of that lie as far above
# what is taken for them at 0 as two standard deviations of one value. Away from P = Q none: it can't be rarer
# than never, and what the logarithm makes of that is `hidden`.
_UNSEEN: dict[End, float] = {"low": 1.0, "high": 0.0}
# And where the bias of rare outcomes is taken off: what then stands for the logarithm at 0 is nearer to it.
_UNSEEN_UNBIASED = 0.5
# With this E₁ is nowhere overestimated: of a hundred outcomes expected once each that would add up.
_AT_MOST = 0.4
# So many outcomes must make that bias together, counted as for weights: of fewer the mean says too little.
_SEVERAL = 4.0
# So many standard deviations at P = Q from it the variance there has a say in how the variance grows.
_NEAR = 3.0


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
    estimate: Floats = _zhang_grabchak_terms(x, y, total(x), total(y)).sum(-1)
    return estimate


def _zhang_grabchak_terms(x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
    from scipy.special import digamma  # noqa: PLC0415 (slow to load, and the worked example needs none)

    of_p = digamma(np.maximum(x, 1.0)) - digamma(np.maximum(n, 1.0))
    terms: Floats = x / n * (digamma(m + 1) - digamma(y + 1) + of_p)
    return terms


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
    def score(self, x: Floats, y: Floats, truth: float, end: End) -> Floats:
        """How many standard deviations the estimate lies above the truth, which is to be that end."""


@dataclass(frozen=True)
class SmoothDivergence(CountedDivergence):
    """A divergence with a second derivative at P = Q, estimated by a sum over outcomes."""

    definition: FDivergence
    curvature: ClassVar[float]
    """f''(1): near P = Q, D_f is curvature/2 times Pearson's χ² divergence (Csiszár & Shields 2004, §4)."""
    raised: ClassVar[bool] = False
    """Whether rare outcomes may make the terms so much too low that the lower end has to allow for it."""

    @abstractmethod
    def terms(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """Of counts x and y of samples of n and m; but for their bias, each is 0 on average where P = Q."""

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """The sum of the terms, less the bias that it has left where P = Q."""
        terms = self.terms(x, y, total(x), total(y))
        estimate: Floats = terms.sum(-1) - by_chance(self.terms, x, y).mean
        return estimate

    def rare(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:  # noqa: ARG002
        """The bias of the terms by rare outcomes, estimated where it may be above 0 and P and Q differ."""
        return np.zeros(np.broadcast_shapes(x.shape, y.shape))

    def rarest(self, x: Floats, y: Floats) -> Told:  # noqa: ARG002
        """What outcomes expected far less than once add to that."""
        none = np.zeros(x.shape[:-1])
        return Told(none, none)

    def unbiased(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """The terms less the bias by rare outcomes, wherever it may be."""
        return self.terms(x, y, n, m)

    def hidden(self, x: Floats, y: Floats) -> Hidden:  # noqa: ARG002
        """How much too low outcomes that one sample never or hardly shows may make it, where anything."""
        none = np.zeros(x.shape[:-1])
        return Hidden(none, none, none)

    def unbounded(self, x: Floats, y: Floats, share: float) -> NDArray[np.bool_]:  # noqa: ARG002
        """Whether no upper end is too high; `share` is the probability of a mistake."""
        return np.zeros(x.shape[:-1], bool)

    def interval(self, x: Floats, y: Floats, quantiles: Quantiles, *, skewness: bool) -> Interval:
        """By inverting the score; of two outcomes by the limits of both probabilities."""
        below, above = self.moments(x, y, "low"), self.moments(x, y, "high")
        low, high = score_interval(below, above, quantiles, skewness=skewness)
        if skewness and self.raised:
            # No interval is to lie beyond its own estimate for that.
            sure = np.minimum(self._sure_end(x, y, low, quantiles.above), self.corrected(x, y))
            low = np.maximum(low, sure)
        if skewness:
            low, high = self._of_two_outcomes(x, y, Interval(low, high), quantiles.share)
        return Interval(low, np.where(self.unbounded(x, y, quantiles.share), np.inf, high))

    def _of_two_outcomes(self, x: Floats, y: Floats, score: Interval, share: float) -> Interval:
        """The ends where there are two outcomes or one; elsewhere, and instead of ∞, those of the score."""
        few = (x + y > 0).sum(-1) <= FEW
        if not few.any():
            return score
        exact, estimate = divergence_interval(self.plug_in, x[few], y[few], share), self.corrected(x, y)[few]
        low, high = (np.array(end) for end in score)
        low[few] = np.minimum(exact.low, estimate)
        high[few] = np.maximum(np.where(np.isfinite(exact.high), exact.high, score.high[few]), estimate)
        return Interval(low, high)

    def _sure_end(self, x: Floats, y: Floats, low: Floats, z: float) -> Floats:
        """The lower end by the unbiased terms where both say that P and Q differ; −∞ elsewhere.

        So too where fewer than `_SEVERAL` outcomes make the bias: theirs is known on average only.
        """
        unbiased, rarest = self.unbiased(x, y, total(x), total(y)), self.rarest(x, y)
        center, bias = unbiased.sum(-1) - rarest.mean, abs(self.terms(x, y, total(x), total(y)) - unbiased)
        are_several = bias.sum(-1) ** 2 > _SEVERAL * (bias**2).sum(-1)
        chance = by_chance(self.terms, x, y, _UNSEEN["low"])
        variance = jackknife(self.unbiased, x, y, _UNSEEN_UNBIASED)
        scale, null = self._scale(x, y, center, variance, chance), chance.variance + rarest.variance
        end = lower_end(center, scale, null, z)
        is_sure = are_several & (low > 0) & (end > np.sqrt(chance.variance))
        return np.where(is_sure, end, -np.inf)

    def score(self, x: Floats, y: Floats, truth: float, end: End) -> Floats:
        """By the variance at the truth."""
        return score(self.moments(x, y, end), truth)

    def moments(self, x: Floats, y: Floats, end: End) -> Moments:
        """The statistic's moments, at P = Q and on the way from there to the estimate, for that end."""
        chance = by_chance(self.terms, x, y, _UNSEEN[end])
        center = self.terms(x, y, total(x), total(y)).sum(-1) - chance.mean
        scale = self._scale(x, y, center, jackknife(self.terms, x, y, _UNSEEN[end]), chance)
        known = np.minimum(by_chance(self.rare, x, y).mean, chance.mean)
        rare = self.rare(x, y, total(x), total(y)).sum(-1) - known
        rarest = self.rarest(x, y)
        more = Told(rare + rarest.mean, rarest.variance)
        unfounded = (absences(x, y).shares(x, y) * means_by_chance(self.terms, x, y)).sum(-1)
        return Moments(center, scale, chance.variance, self.hidden(x, y), chance.mean, *more, unfounded)

    def _scale(self, x: Floats, y: Floats, center: Floats, variance: Floats, chance: ByChance) -> Floats:
        """c, where the jackknife's variance is 4·c·D and what chance alone makes of it.

        That, with the c of P = Q, is put in twice on both sides, so that samples that happen to agree don't
        divide 0 by 0; from three standard deviations at P = Q on the less of it, the farther P and Q are.
        """
        null_scale = 0.5 * self.curvature * (1 / total(x) + 1 / total(y))[..., 0]
        distance, near = np.maximum(center, 0.0), _NEAR * np.sqrt(chance.variance)
        far = distance > near
        kept = 2 * chance.jackknife * np.where(far, near / np.where(far, distance, 1.0), 1.0)
        own = np.maximum(variance - chance.jackknife, 0.0)
        scale: Floats = (own + kept) / (4 * distance + kept / null_scale)
        return scale


class CountedKullbackLeibler(SmoothDivergence):
    """D(P‖Q) by Zhang & Grabchak."""

    curvature = 1.0
    raised = True

    def terms(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """Zhang & Grabchak's, of p·log(p/q) − p + q, whose slopes are 0 where p = q."""
        return _zhang_grabchak_terms(x, y, n, m) - (x / n - y / m)

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """Zhang & Grabchak's estimate."""
        return zhang_grabchak(x, y)

    def rare(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:  # noqa: ARG002
        """Too high by P's rare outcomes, and too low by Q's."""
        return entropy_bias(x, n) - x / n * log_bias(y)

    def rarest(self, x: Floats, y: Floats) -> Told:  # noqa: ARG002
        """Of P's."""
        told, n = rarest_bias(x), total(x)[..., 0]
        return Told(told.mean / n, told.variance / n**2)

    def unbiased(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """Without that."""
        return self.terms(x, y, n, m) - _rare(x, y, n)

    def hidden(self, x: Floats, y: Floats) -> Hidden:
        """The outcomes of P that Q never or hardly shows."""
        return hidden_by_rarity(x, y)

    def unbounded(self, x: Floats, y: Floats, share: float) -> NDArray[np.bool_]:
        """Where Q may not have what P has, D(P‖Q) may be infinite."""
        return _may_lack(x, y, share)


def _may_lack(x: Floats, y: Floats, share: float) -> NDArray[np.bool_]:
    """Whether Q may lack an outcome that P has, or many of them."""
    one: NDArray[np.bool_] = np.logical_or.reduce(surely_absent(x, y, share), axis=-1)
    return one | mostly_absent(x, y, share)


def _rare(x: Floats, y: Floats, n: Floats) -> Floats:
    """The bias of Zhang & Grabchak's terms, or more, so that what is left is too low if anything."""
    bias: Floats = entropy_bias(x, n) - x / n * log_bias(y, once=_AT_MOST)
    return bias


class CountedJeffreys(SmoothDivergence):
    """D(P‖Q) + D(Q‖P), each by Zhang & Grabchak.

    Rare outcomes make it too low, Σ (p − q)·(E₁(λ) − E₁(μ)) where n = m, and never too high.
    """

    curvature = 2.0
    raised = True

    def terms(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """The terms of both directions."""
        return _zhang_grabchak_terms(x, y, n, m) + _zhang_grabchak_terms(y, x, m, n)

    def corrected(self, x: Floats, y: Floats) -> Floats:
        """The sum of both directions; what bias they have left at P = Q is all but opposite."""
        return zhang_grabchak(x, y) + zhang_grabchak(y, x)

    def unbiased(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """Each direction without its own."""
        return self.terms(x, y, n, m) - _rare(x, y, n) - _rare(y, x, m)

    def hidden(self, x: Floats, y: Floats) -> Hidden:
        """The outcomes of either that the other never or hardly shows."""
        sides = zip(hidden_by_rarity(x, y), hidden_by_rarity(y, x), strict=True)
        return Hidden(*(of_p + of_q for of_p, of_q in sides))

    def unbounded(self, x: Floats, y: Floats, share: float) -> NDArray[np.bool_]:
        """Where either may not have what the other has."""
        return _may_lack(x, y, share) | _may_lack(y, x, share)


class CountedJensenShannon(SmoothDivergence):
    """H(M) − ½·H(P) − ½·H(Q) with M the equal mixture (Lin 1991, eq. 4.1)."""

    curvature = 0.25

    def terms(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """The plug-in terms, less the bias of each of the three entropies.

        Each is corrected by ψ in place of log (Grassberger 1988, Finite sample corrections to entropy and
        dimension estimates, eq. 13), where the mixture has as many counts as a count of its variance has:
        (p + q)²/(p/n + q/m), and all of it as many as 4/(1/n + 1/m).
        """
        p, q = x / n, y / m
        mixture, variance = 0.5 * (p + q), p / n + q / m
        mixed = np.divide((p + q) ** 2, variance, out=np.zeros_like(variance), where=variance > 0)
        of_sizes = 0.5 * (_log_bias(n) + _log_bias(m)) - _log_bias(4 / (1 / n + 1 / m))
        biases = mixture * (_log_bias(mixed) + of_sizes) - 0.5 * (p * _log_bias(x) + q * _log_bias(y))
        terms: Floats = 0.5 * (_entropy_terms(p) + _entropy_terms(q)) - _entropy_terms(mixture) + biases
        return terms

    def rare(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """Too high by the rare outcomes of either, and too low by those of the mixture."""
        mixture = 0.5 * (x / n + y / m)
        mixed = entropy_bias(x + y, np.maximum(x + y, 1.0))
        return 0.5 * (entropy_bias(x, n) + entropy_bias(y, m)) - mixture * mixed

    def rarest(self, x: Floats, y: Floats) -> Told:
        """Of both."""
        of_p, of_q = rarest_bias(x), rarest_bias(y)
        n, m = (2 * total(each)[..., 0] for each in (x, y))
        return Told(of_p.mean / n + of_q.mean / m, of_p.variance / n**2 + of_q.variance / m**2)


def _entropy_terms(p: Floats) -> Floats:
    """p·log p, 0 at 0."""
    return p * np.log(np.where(p > 0, p, 1.0))


def _log_bias(counts: Floats) -> Floats:
    """log x − ψ(x), at 1 for less."""
    from scipy.special import digamma  # noqa: PLC0415 (as above)

    counts = np.maximum(counts, 1.0)
    bias: Floats = np.log(counts) - digamma(counts)
    return bias


KULLBACK_LEIBLER = CountedKullbackLeibler(KullbackLeibler())
JEFFREYS = CountedJeffreys(Jeffreys())
JENSEN_SHANNON = CountedJensenShannon(JensenShannon(0.5))
