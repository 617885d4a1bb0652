"""The square of the Hellinger distance of two tables of counts, by falling factorial powers."""

import numpy as np

from kldiv.definition import Hellinger
from kldiv.estimators.counted import SmoothDivergence, total
from kldiv.estimators.intervals import Floats, Hidden
from kldiv.estimators.unseen import surely_absent

# What happens less often if P = Q is no chance.
_SURE = 0.025


class CountedSquaredHellinger(SmoothDivergence):
    """1 − Σ √(p·q), the square of the Hellinger distance."""

    curvature = 0.25

    def terms(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """(p + q)/2 − s(x)·s(y)/(s(n)·s(m)), s(x) = Γ(x+1)/Γ(x+½) and s(0) = 0, less what s lacks.

        s is the falling factorial power ½, and E[x·(x−1)···(x−k+1)] = n·(n−1)···(n−k+1)·pᵏ for counts
        (Johnson, Kotz & Balakrishnan 1997, Discrete Multivariate Distributions, eq. 35.5); Zhang &
        Grabchak's ψ is the same power's slope at 0. For X of Poisson's distribution E[s(X)] = √λ·erf(√λ),
        so that √(p·q)·[1 − erf(√λ)·erf(√μ)] is lacking. The expected counts λ and μ are taken between those
        seen and those if P = Q; what is wrong with them there is known, as all is that chance does.
        """
        found = _root(x) * _root(y) / (_root(n) * _root(m))
        terms: Floats = 0.5 * (x / n + y / m) - found - self.lacking(x, y, n, m)
        return terms

    def lacking(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """What the product of the roots is too low by on average."""
        from scipy.special import erf  # noqa: PLC0415 (slow to load, and the worked example needs none)

        of_p, of_q = _expected(x, x + y, n / (n + m)), _expected(y, x + y, m / (n + m))
        lacks: Floats = np.sqrt(of_p / n * of_q / m) * (1 - erf(np.sqrt(of_p)) * erf(np.sqrt(of_q)))
        return lacks

    def hidden(self, x: Floats, y: Floats) -> Hidden:
        """Of an outcome that one sample never shows what is lacking is a guess, and may be nothing.

        It is for all at once where that is no chance, so that their errors add up.
        """
        guessed = np.where((x == 0) | (y == 0), self.lacking(x, y, total(x), total(y)), 0.0)
        absent = surely_absent(x, y, _SURE) | surely_absent(y, x, _SURE)
        nothing, chance = np.where(absent, guessed, 0.0), np.where(absent, 0.0, guessed)
        return Hidden(nothing.sum(-1), (chance**2).sum(-1), np.zeros(x.shape[:-1]))


def _expected(count: Floats, pooled: Floats, share: Floats) -> Floats:
    """The mean after `count` of a Gamma distribution, of shape ½ and mean `share` of the pooled count."""
    guess = pooled * share
    mean: Floats = (count + 0.5) * guess / (guess + 0.5)
    return mean


def _root(x: Floats) -> Floats:
    """Γ(x+1)/Γ(x+½); of a weight below 1 its share of the value at 1."""
    from scipy.special import poch  # noqa: PLC0415 (slow to load, and the worked example needs none)

    root: Floats = np.minimum(x, 1.0) * poch(np.maximum(x, 1.0) + 0.5, 0.5)
    return root


SQUARED_HELLINGER = CountedSquaredHellinger(Hellinger())
