"""What outcomes that a sample hardly shows make of an estimate.

Of those of P that Q's sample never shows, log(p/q) has no bound. ψ(y+1) stands for the logarithm of Q's
expected count λ of an outcome. At y = 0 a flat prior for λ would give it: −log λ has the mean −ψ(1) then.
After Kerman 2011, Neutral noninformative and informative conjugate beta and gamma prior distributions, §3, λ
has a Gamma distribution of shape 1/3 after no count, which is as likely to lie below the truth as above; it
makes more of what is small. The cumulants of −log λ are polygamma functions at the shape (Johnson, Kotz &
Balakrishnan 1995, Continuous Univariate Distributions, §17.8).

That is for outcomes that Q's sample may lack by chance. Of one that it would show, were it as frequent in Q
as in P, nothing is known but that it is less frequent: Q may not have it at all. So too of most of those that
it lacks, if both samples together show many of them, each so seldom that it may be lacking, and hardly any
is in both.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kldiv.estimators.agreement import hypergeometric, lacking_by_chance
from kldiv.estimators.intervals import Floats, Hidden

_SHAPE = 1 / 3
# Beyond so large a mean nothing is rare.
_OFTEN = 30.0
# If more than this share of what a sample lacks is no chance, what it may have of that is not told.
_MOST = 0.5


class Told(NamedTuple):
    """A bias as the counts tell it, and the variance of that."""

    mean: Floats
    variance: Floats


def hidden_by_rarity(x: Floats, y: Floats) -> Hidden:
    """How much larger Σ p·log(1/q) may be than by ψ(y+1).

    The mean and the variance are of outcomes that only P shows; the jackknife has the others'. An outcome of
    weight y < 1 in Q counts as 1 − y of one that was never shown. The third cumulant is of all outcomes, for
    the less Q shows of one, the farther −log λ may lie above its mean; D(P‖Q) rises by p − q of that.
    """
    from scipy.special import digamma, zeta  # noqa: PLC0415 (slow to load)

    p = x / x.sum(-1, keepdims=True)
    lacking = np.maximum(1 - y, 0.0)
    first, second = ((lacking * p**power).sum(-1) for power in (1, 2))
    slope = np.maximum(p - y / y.sum(-1, keepdims=True), 0.0)
    return Hidden(
        first * (digamma(1.0) - digamma(_SHAPE)),
        second * zeta(2, _SHAPE),
        (slope**3 * 2 * zeta(3, y + _SHAPE)).sum(-1),
    )


def surely_absent(x: Floats, y: Floats, share: float) -> NDArray[np.bool_]:
    """Which outcomes P's sample shows and Q's lacks, which by chance has at most that probability.

    The probability is hypergeometric: that all values of the outcome are P's if P and Q have it as often.
    """
    n, m = (float(each.reshape(-1, each.shape[-1])[0].sum()) for each in (x, y))
    absent: NDArray[np.bool_] = (y == 0) & (hypergeometric(x, y, n, m) <= share)
    return absent


class Absences(NamedTuple):
    """Which share of the outcomes that a sample lacks it lacks not by chance."""

    of_p: Floats
    of_q: Floats

    def shares(self, x: Floats, y: Floats) -> Floats:
        """Of each outcome; 0 of what both samples show."""
        of_p, of_q = (each[..., None] for each in self)
        shares: Floats = np.where(y == 0, of_q, np.where(x == 0, of_p, 0.0))
        return shares


def absences(x: Floats, y: Floats) -> Absences:
    """Told by how many outcomes both samples show.

    Of outcomes that both show t times together, chance has P's sample lack some, Q's others, and both show
    the rest. If that is fewer, so many fewer lack by chance too. Outcomes count by their part of all values
    and by how often one sample lacks such, since nothing else tells.
    """
    chances = lacking_by_chance(x, y)
    either = chances[0] + chances[1]
    weights = (x + y) * either
    by_chance = np.minimum(_share(weights * ((x > 0) & (y > 0)), weights * (1 - either)), 1.0)
    of_p, of_q = (
        1 - np.minimum(by_chance * _share(weights * chance, weights * (count == 0)), 1.0)
        for count, chance in zip((x, y), chances, strict=True)
    )
    return Absences(of_p, of_q)


def mostly_absent(x: Floats, y: Floats, share: float) -> NDArray[np.bool_]:
    """Whether most outcomes of P that Q's sample lacks are no chance, and Q has less of them than is guessed.

    Either happens by chance with at most that probability. Of independent events of which μ are expected, k
    or more have one of exp(k − μ)·(μ/k)ᵏ at most (Chernoff 1952, A measure of asymptotic efficiency for
    tests of a hypothesis based on the sum of observations). Of rare outcomes that are as often lacking as
    guessed a quarter of those shown once or never is shown once.
    """
    from scipy.special import betainc  # noqa: PLC0415 (slow to load)

    expected = np.maximum(lacking_by_chance(x, y)[1].sum(-1), np.finfo(float).tiny)
    never, once = (((x > 0) * np.maximum(1 - abs(y - times), 0.0)).sum(-1) for times in (0, 1))
    some = np.maximum(never, np.finfo(float).tiny)
    surprise = np.where(some > expected, some * (np.log(some) - np.log(expected)) - some + expected, 0.0)
    fewer = betainc(some, once + 1, 1 / (1 + _SHAPE))
    found: NDArray[np.bool_] = (surprise >= -math.log(share)) & (fewer <= share)
    return found & (absences(x, y).of_q > _MOST)


def _share(part: Floats, whole: Floats) -> Floats:
    """Of two sums; 1 where there is nothing of the whole."""
    parts, wholes = part.sum(-1), whole.sum(-1)
    share: Floats = np.divide(parts, wholes, out=np.ones(wholes.shape), where=wholes > 0)
    return share


def entropy_bias(x: Floats, n: Floats) -> Floats:
    """How much too high ψ(x) makes Σ p·log p by rare outcomes, term by term.

    Of Poisson's distribution of mean λ, E[x·ψ(x)] = λ·(log λ + E₁(λ)). E₁(λ) is (1 − λ/4)·exp(−λ) within 0.06
    from λ = 0.5 on, and larger below; λ times that is the mean of 1 at x = 1 and −½ at x = 2. So what a
    sample shows once tells of the mass that it never shows, Σ p·exp(−λ) (Good 1953, The population
    frequencies of species and the estimation of population parameters).
    """
    bias: Floats = np.interp(x, (0, 1, 2, 3), (0.0, 1.0, -0.5, 0.0)) / n
    return bias


def rarest_bias(x: Floats) -> Told:
    """How many more E₁(λ) makes it than `entropy_bias` has, of outcomes expected far less than once.

    With e(λ) = exp(λ)·E₁(λ) the bias is Σ λ·exp(−λ)·e(λ), over n. The weights add up to f₁, the number of
    outcomes shown once, and their mean λ is 2·f₂/f₁; as e is convex, the sum is f₁·e(2·f₂/f₁) at least (the
    same bounds the number of outcomes never shown: Chao 1984, Nonparametric estimation of the number of
    classes in a population). f₁ and f₂ are sums of rare events, which vary as Poisson's do.
    """
    from scipy.special import exp1  # noqa: PLC0415 (slow to load)

    once, twice = (np.maximum(1 - abs(x - times), 0.0).sum(-1) for times in (1, 2))
    # With one more above and one fewer below the ratio has all but no bias (Chao 2005).
    mean = np.minimum(2 * (twice + 1) / np.maximum(once - 1, 2 / _OFTEN), _OFTEN)
    height = np.exp(mean) * exp1(mean)
    slope = height - 1 / mean
    told = once * height - (once - twice / 2)
    variance = once * (height - mean * slope - 1) ** 2 + twice * (2 * slope + 0.5) ** 2
    return Told(np.maximum(told, 0.0), np.where(told > 0, variance, 0.0))


def log_bias(y: Floats, once: float = 0.25) -> Floats:
    """How much too high ψ(y+1) makes log q of rare outcomes: E₁ again, at y = 0 and y = 1.

    (1 − λ·once)·exp(−λ) is its mean; with 0.4 it is no larger than E₁ anywhere, within 0.0015.
    """
    bias: Floats = np.interp(y, (0, 1, 2), (1.0, -once, 0.0))
    return bias
