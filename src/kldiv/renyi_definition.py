"""Rényi's divergence of every order in [0, ∞], beside the f-divergences it is not one of.

Rényi 1961, On measures of entropy and information; limits and continuity after
van Erven & Harremoës 2014, Rényi divergence and Kullback–Leibler divergence, §II.
"""

import math
from dataclasses import dataclass

from kldiv.definition import Divergence, Rows
from kldiv.elementary import Array, Namespace, exp_remainder

# Where the sum of p^α·q^(1−α) is this far from 1 its logarithm has no cancellation left to avoid.
_NEAR = 0.5
_FAR = 16.0


@dataclass(frozen=True)
class Renyi(Divergence):
    """log Σ p^α·q^(1−α) / (α − 1), for an order α other than 1 and ∞.

    Order 0 is −log Q(p > 0), order 1/2 twice the Bhattacharyya distance, order 2 log(1 + χ²).
    """

    order: float
    name = "Rényi divergence"
    formula = "log Σ p^α·q^(1−α) / (α − 1)"
    source = "Rényi 1961; van Erven & Harremoës 2014, eq. 1"

    @property
    def slope_at_no_p(self) -> float:  # type: ignore[override]
        """α/(α−1)·(π/p − 1), whose π/p goes to 0 for α > 1."""
        return self.order / (1 - self.order) if self.order > 1 else 0.0

    def value(self, xp: Namespace, rows: Rows) -> Array:
        """The logarithm of the sum, as log1p of how far it is from 1 where that is small."""
        value = abs(self._log_sum(xp, rows) / (self.order - 1))
        if self.order > 1:
            return xp.where(rows.p_alone.any(-1), math.inf, value)
        return value

    def log_slopes(self, xp: Namespace, rows: Rows) -> tuple[Array, Array]:
        """α/(α−1)·(π − p) and q − π, where π is p^α·q^(1−α) normalised, from the log-ratios of π."""
        alpha, shared, d = self.order, rows.shared, rows.log_ratio
        log_sum = self._log_sum(xp, rows)[..., None]
        # Where the divergence is infinite no direction makes it less so: the slope is 0.
        defined = abs(log_sum) < math.inf
        log_sum = xp.where(defined, log_sum, 0.0)
        to_p = xp.where(shared, (alpha - 1) * d - log_sum, 0.0)
        to_q = xp.where(shared, alpha * d - log_sum, 0.0)
        pi = xp.where(shared, xp.exp(rows.log_p + to_p), 0.0)
        # The rounding of a large exponent would leave π with another sum than 1.
        pi = pi / xp.where(defined, pi.sum(-1)[..., None], 1.0)
        near = abs(log_sum) < _NEAR
        less_p = xp.where(shared, _gap(xp, rows.p, pi, to_p, near), -rows.p)
        less_q = xp.where(shared, _gap(xp, rows.q, pi, to_q, near), -rows.q)
        return (
            xp.where(defined & rows.in_p, alpha / (alpha - 1) * less_p, 0.0),
            xp.where(defined & rows.in_q, -less_q, 0.0),
        )

    def _log_sum(self, xp: Namespace, rows: Rows) -> Array:
        """log Σ p^α·q^(1−α); −∞ where the supports are disjoint."""
        alpha, shared = self.order, rows.shared
        excess = xp.where(shared, self._excess(xp, rows), 0.0)
        excess = excess - alpha * xp.where(rows.p_alone, rows.p, 0.0)
        excess = excess - (1 - alpha) * xp.where(rows.q_alone, rows.q, 0.0)
        excess = excess.sum(-1)
        near = abs(excess) < _NEAR
        exponents = xp.where(shared, rows.log_p + (alpha - 1) * rows.log_ratio, -math.inf)
        return xp.where(near, xp.log1p(xp.where(near, excess, 0.0)), _log_sum_exp(xp, exponents))

    def _excess(self, xp: Namespace, rows: Rows) -> Array:
        """p^α·q^(1−α) − α·p − (1 − α)·q, of one sign; it sums to Σ p^α·q^(1−α) − 1.

        With x = log(p/q) and a = 1 − α it is p·(φ(a·x) − a·φ(x)). Below α = 1/2 the sides are
        swapped, so that a <= 1/2 and the two parts never cancel by more than half. For large |x| the
        parts of φ that grow with x would: there it is p·(e^(−a·x) − 1) + a·(p − q).
        """
        p, q, d, log_p = rows.p, rows.q, rows.log_ratio, rows.log_p
        a = 1 - self.order
        exponent = log_p - a * d
        if self.order < 1 / 2:
            p, q, d, a = q, p, -d, self.order
        tame = a * d > -_FAR
        near = xp.where(tame & (abs(d) < _FAR), d, 0.0)
        smooth = p * (exp_remainder(xp, a * near) - a * exp_remainder(xp, near))
        far = p * xp.expm1(xp.where(tame, -a * d, 0.0)) + a * (p - q)
        # A sum this large is beyond _NEAR and not asked for; an overflow would spoil its derivatives.
        exponent = xp.clip(xp.where(tame, 0.0, exponent), None, math.log(2 + self.order))
        plain = xp.exp(exponent) - (1 - a) * p - a * q
        return xp.where(tame, xp.where(abs(d) < _FAR, smooth, far), plain)


class RenyiMaximum(Divergence):
    """Rényi's divergence of order ∞: the largest log-ratio, the worst-case regret of coding P by Q."""

    name = "Rényi divergence of order ∞"
    formula = "log max p/q"
    source = "van Erven & Harremoës 2014, thm. 6"

    def value(self, xp: Namespace, rows: Rows) -> Array:
        """The largest log-ratio; at least one is >= 0, and rounding is kept from saying otherwise."""
        largest = xp.clip(xp.amax(xp.where(rows.shared, rows.log_ratio, 0.0), -1), 0.0, None)
        return xp.where(rows.p_alone.any(-1), math.inf, largest)

    def log_slopes(self, xp: Namespace, rows: Rows) -> tuple[Array, Array]:
        """±1 on the outcomes that attain the maximum, shared by their mass so that p = q has slope 0."""
        reachable = xp.where(rows.shared, rows.log_ratio, -math.inf)
        attained = rows.shared & (reachable == xp.amax(reachable, -1)[..., None])
        attained = attained & ~rows.p_alone.any(-1)[..., None]
        # The least positive number keeps a lone outcome whose mass has underflowed from 0/0.
        least = xp.finfo(rows.p.dtype).tiny
        share = xp.where(attained, rows.p + least, 0.0)
        share = share / xp.clip(share.sum(-1), least, None)[..., None]
        return share, -share


def _gap(xp: Namespace, x: Array, pi: Array, log_ratio: Array, near: Array) -> Array:
    """π − x, from log(π/x) where that has digits to give."""
    small = xp.clip(log_ratio, -1, 1)
    return xp.where(near & (abs(log_ratio) < 1), x * xp.expm1(small), pi - x)


def _log_sum_exp(xp: Namespace, x: Array) -> Array:
    """log Σ e^x over the last axis; −∞ for a row of −∞, ∞ for one with an x that has overflowed."""
    top = xp.amax(x, -1)
    finite = xp.where(abs(top) < math.inf, top, 0.0)
    return finite + xp.log(xp.exp(x - finite[..., None]).sum(-1))
