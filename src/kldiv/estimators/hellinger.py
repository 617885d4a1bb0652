"""The square of the Hellinger distance of two tables of counts, by falling factorial powers."""

import numpy as np

from kldiv.definition import Hellinger
from kldiv.estimators.counted import SmoothDivergence, total
from kldiv.estimators.intervals import Floats, Hidden
from kldiv.estimators.unseen import absences, surely_absent

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

    def rare(self, x: Floats, y: Floats, n: Floats, m: Floats) -> Floats:
        """What is lacking as the counts tell it, of both factors, less what is taken off for it."""
        of_p, of_q = _root(x), _root(y)
        whole = (of_p + _root_lacks(x)) * (of_q + _root_lacks(y))
        lacks = (whole - of_p * of_q) / (_root(n) * _root(m))
        return np.where(x + y > 0, lacks - self.lacking(x, y, n, m), 0.0)

    def hidden(self, x: Floats, y: Floats) -> Hidden:
        """Of an outcome that one sample never shows what is lacking is a guess, and may be nothing.

        It is for all at once that are lacking not by chance, so that their errors add up.
        """
        guessed = np.where((x == 0) | (y == 0), self.lacking(x, y, total(x), total(y)), 0.0)
        absent = surely_absent(x, y, _SURE) | surely_absent(y, x, _SURE)
        nothing = guessed * np.where(absent, 1.0, absences(x, y).shares(x, y))
        return Hidden(nothing.sum(-1), ((guessed - nothing) ** 2).sum(-1), np.zeros(x.shape[:-1]))


def _expected(count: Floats, pooled: Floats, share: Floats) -> Floats:
    """The mean after `count` of a Gamma distribution, of shape ½ and mean `share` of the pooled count."""
    guess = pooled * share
    mean: Floats = (count + 0.5) * guess / (guess + 0.5)
    return mean


def _root_lacks(x: Floats) -> Floats:
    """√λ·erfc(√λ), what the mean of `_root` is too low by: on average, within 0.004 from λ = 0.3 on."""
    lacks: Floats = np.interp(x, (0, 1, 2, 3), (0.27, 0.21, -0.10, 0.0))
    return lacks


def _root(x: Floats) -> Floats:
    """Γ(x+1)/Γ(x+½); of a weight below 1 its share of the value at 1."""
    from scipy.special import poch  # noqa: PLC0415 (slow to load, and the worked example needs none)

    root: Floats = np.minimum(x, 1.0) * poch(np.maximum(x, 1.0) + 0.5, 0.5)
    return root


SQUARED_HELLINGER = CountedSquaredHellinger(Hellinger())
