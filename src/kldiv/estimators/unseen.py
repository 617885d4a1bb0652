"""What outcomes that a sample hardly shows make of an estimate.

Of those of P that Q's sample never shows, log(p/q) has no bound. ψ(y+1) stands for the logarithm of Q's
expected count λ of an outcome. At y = 0 a flat prior for λ would give it: −log λ has the mean −ψ(1) then.
After Kerman 2011, Neutral noninformative and informative conjugate beta and gamma prior distributions, §3, λ
has a Gamma distribution of shape 1/3 after no count, which is as likely to lie below the truth as above; it
makes more of what is small. The cumulants of −log λ are polygamma functions at the shape (Johnson, Kotz &
Balakrishnan 1995, Continuous Univariate Distributions, §17.8).
"""

import numpy as np

from kldiv.estimators.intervals import Floats, Hidden

_SHAPE = 1 / 3
# The variance that the jackknife gives −log λ already: half a value of difference ψ(2) − ψ(1).
_KNOWN = 0.5


def never_shown(x: Floats, y: Floats) -> Hidden:
    """How much larger Σ p·log(1/q) may be than by ψ(y+1), summed over the outcomes that only P shows.

    An outcome of weight y < 1 in Q counts as 1 − y of one that was never shown.
    """
    from scipy.special import digamma, zeta  # noqa: PLC0415 (slow to load)

    p = x / x.sum(-1, keepdims=True)
    lacking = np.maximum(1 - y, 0.0)
    first, second, third = ((lacking * p**power).sum(-1) for power in (1, 2, 3))
    return Hidden(
        first * (digamma(1.0) - digamma(_SHAPE)),
        second * (zeta(2, _SHAPE) - _KNOWN),
        third * 2 * zeta(3, _SHAPE),
    )


def entropy_bias(x: Floats, n: Floats) -> Floats:
    """How much too high ψ(x) makes Σ p·log p by rare outcomes, term by term.

    Of Poisson's distribution of mean λ, E[x·ψ(x)] = λ·(log λ + E₁(λ)). E₁(λ) is (1 − λ/4)·exp(−λ) within 0.06
    from λ = 0.5 on, and larger below; λ times that is the mean of 1 at x = 1 and −½ at x = 2. So what a
    sample shows once tells of the mass that it never shows, Σ p·exp(−λ) (Good 1953, The population
    frequencies of species and the estimation of population parameters).
    """
    bias: Floats = np.interp(x, (0, 1, 2, 3), (0.0, 1.0, -0.5, 0.0)) / n
    return bias


def log_bias(y: Floats) -> Floats:
    """How much too high ψ(y+1) makes log q of rare outcomes: E₁ again, at y = 0 and y = 1."""
    bias: Floats = np.interp(y, (0, 1, 2), (1.0, -0.25, 0.0))
    return bias
