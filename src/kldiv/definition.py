"""The divergences, defined once: over their whole domain, for NumPy and for torch alike.

Every divergence here but Rényi's is a sum over outcomes of F(p, q), where F is homogeneous of
degree one (an f-divergence: Csiszár 1967; F(p, q) = q·f(p/q)). F is written so that

- each term is >= 0, which costs nothing: adding c·(q − p) to a term changes no sum;
- it is computed from p, q and the log-ratio d = log p − log q, never as a difference of two large
  numbers, so that it keeps its digits where p and q are close;
- the border is a branch of its own: F(1, 0) is what an outcome costs that q never shows, F(0, 1)
  what one costs that p never shows, and an outcome of neither costs 0.

Values are in nats. `xp` is the array namespace, numpy or torch; the functions used have one name in both.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from kldiv.elementary import (
    Array,
    Namespace,
    difference,
    exp_remainder,
    log_ratio_to_mixture,
    relative_entropy,
    shrinkage,
)


@dataclass(frozen=True)
class Rows:
    """Pairs of distributions, their outcomes along the last axis.

    `log_ratio` is log p − log q where both have the outcome and 0 elsewhere. It is handed over rather
    than recomputed because whoever made the rows knows how to get it without losing digits.
    `in_p` and `in_q` are the supports: an outcome may be in one although its probability has
    underflowed to 0.
    """

    p: Array
    q: Array
    log_p: Array
    log_ratio: Array
    in_p: Array
    in_q: Array

    @property
    def shared(self) -> Array:
        """Where both distributions have the outcome."""
        return self.in_p & self.in_q

    @property
    def p_alone(self) -> Array:
        """Where only p has the outcome."""
        return self.in_p & ~self.in_q

    @property
    def q_alone(self) -> Array:
        """Where only q has the outcome."""
        return self.in_q & ~self.in_p


def _times(xp: Namespace, factor: float, mass: Array, where: Array) -> Array:
    """factor·mass over `where` and 0 elsewhere; an infinite factor makes any mass count, however little."""
    return xp.where(where, mass * 0 + factor if math.isinf(factor) else factor * mass, 0.0)


# --- what a divergence is ---------------------------------------------------------------------------


class Divergence(ABC):
    """A divergence of rows: its value, and its derivatives with respect to log p and log q.

    `slope_at_no_p` is ∂/∂p at an outcome that only q has, `slope_at_no_q` the converse, unless the
    divergence is infinite there. Where the limit is infinite though the value is finite they are 0: the
    derivative is taken within the support, as 0·log 0 = 0 is, so that a chain through softmax meets no 0·∞.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    slope_at_no_p: float = 0.0
    slope_at_no_q: float = 0.0

    @property
    def parameters(self) -> tuple[float, ...]:
        """What it takes beside p and q: a weight, an order, or nothing."""
        return tuple(vars(self).values())

    @abstractmethod
    def value(self, xp: Namespace, rows: Rows) -> Array:
        """One number >= 0 a row, in nats."""

    @abstractmethod
    def log_slopes(self, xp: Namespace, rows: Rows) -> tuple[Array, Array]:
        """∂/∂log p and ∂/∂log q, outcome by outcome; 0 where the outcome has no mass."""


class FDivergence(Divergence):
    """A sum of F(p, q) over outcomes, F convex and homogeneous of degree one (Csiszár 1967)."""

    p_alone: float
    """F(1, 0): the cost of one unit of p's mass where q has none."""
    q_alone: float
    """F(0, 1): the cost of one unit of q's mass where p has none."""
    p_pull: float = 0.0
    """The limit of p·∂F/∂p as p goes to 0, for one unit of q's mass; not 0 only if the cost is infinite."""
    q_pull: float = 0.0
    """The limit of q·∂F/∂q as q goes to 0, for one unit of p's mass; not 0 only if the cost is infinite."""

    @abstractmethod
    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """F(p, q) >= 0 where both have mass."""

    @abstractmethod
    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """p·∂F/∂p and q·∂F/∂q where both have mass; by Euler's theorem they sum to F."""

    def value(self, xp: Namespace, rows: Rows) -> Array:
        """Sum the terms, and what the outcomes of one side alone cost."""
        terms = xp.where(rows.shared, self.terms(xp, rows.p, rows.q, rows.log_ratio), 0.0)
        p_alone = _times(xp, self.p_alone, rows.p, rows.p_alone)
        q_alone = _times(xp, self.q_alone, rows.q, rows.q_alone)
        return (terms + p_alone + q_alone).sum(-1)

    def log_slopes(self, xp: Namespace, rows: Rows) -> tuple[Array, Array]:
        """The slopes of the terms; where one side is alone its slope is its cost, F(p, 0) = p·F(1, 0)."""
        of_p, of_q = self.shared_slopes(xp, rows.p, rows.q, rows.log_ratio)
        p_alone, q_alone = rows.p_alone, rows.q_alone
        where_p = _times(xp, self.p_alone, rows.p, p_alone) + _times(xp, self.p_pull, rows.q, q_alone)
        where_q = _times(xp, self.q_alone, rows.q, q_alone) + _times(xp, self.q_pull, rows.p, p_alone)
        return xp.where(rows.shared, of_p, where_p), xp.where(rows.shared, of_q, where_q)


# --- the divergences --------------------------------------------------------------------------------


@dataclass(frozen=True)
class KullbackLeibler(FDivergence):
    """D(P‖Q), the expected log-ratio under P; 0·log 0 = 0, and ∞ where Q misses an outcome of P."""

    name = "Kullback–Leibler divergence"
    formula = "Σ p·log(p/q)"
    source = "Kullback & Leibler 1951, On information and sufficiency, eq. 2.4"
    p_alone, q_alone = math.inf, 1.0
    q_pull = -1.0

    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """p·log(p/q) − p + q."""
        return relative_entropy(xp, p, q, d)

    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """p·d, q − p."""
        return p * d, -difference(xp, p, q, d)


@dataclass(frozen=True)
class Entropy(Divergence):
    """−Σ p·log p, read off rows whose q is uniform, because its slopes are those of −D(P‖uniform)."""

    name = "entropy"
    formula = "−Σ p·log p"
    source = "Shannon 1948, A mathematical theory of communication, §6"

    def value(self, xp: Namespace, rows: Rows) -> Array:
        """−Σ p·log p, from log p itself: log n − D(P‖uniform) would cancel."""
        return 0.0 - xp.where(rows.in_p, rows.p * rows.log_p, 0.0).sum(-1)

    def log_slopes(self, xp: Namespace, rows: Rows) -> tuple[Array, Array]:
        """−p·log(p/u), which loses no digit where p is close to uniform, and 0."""
        return -rows.p * rows.log_ratio, xp.zeros_like(rows.q)


@dataclass(frozen=True)
class Jeffreys(FDivergence):
    """D(P‖Q) + D(Q‖P); the population stability index of credit scoring is the same number."""

    name = "Jeffreys divergence"
    formula = "Σ (p − q)·log(p/q)"
    source = "Jeffreys 1946, An invariant form for the prior probability in estimation problems"
    p_alone, q_alone = math.inf, math.inf
    p_pull, q_pull = -1.0, -1.0

    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """(p − q)·log(p/q)."""
        return difference(xp, p, q, d) * d

    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """p·d + (p − q), −q·d − (p − q): no cancellation, d has the sign of p − q."""
        gap = difference(xp, p, q, d)
        return p * d + gap, -q * d - gap


@dataclass(frozen=True)
class SkewKullbackLeibler(FDivergence):
    """D(P‖M) with M = weight·P + (1 − weight)·Q; finite for every pair once weight > 0."""

    weight: float
    name = "skew Kullback–Leibler divergence"
    formula = "Σ p·log(p/m), m = weight·p + (1 − weight)·q"
    source = "Lee 1999, Measures of distributional similarity, eq. 5"

    @property
    def p_alone(self) -> float:  # type: ignore[override]
        """log(1/w) − 1 + w, from m = w·p."""
        if self.weight == 0:
            return math.inf
        rest = 1 - self.weight
        if rest > self.weight:
            return -math.log(self.weight) - rest
        # The series of −log(1 − r), whose first term −1 + w takes away.
        return math.fsum(rest**k / k for k in range(2, 60))

    @property
    def q_alone(self) -> float:  # type: ignore[override]
        """1 − w, from m = (1 − w)·q."""
        return 1 - self.weight

    @property
    def q_pull(self) -> float:  # type: ignore[override]
        """−1 for the plain divergence, which weight 0 is."""
        return -1.0 if self.weight == 0 else 0.0

    @property
    def slope_at_no_q(self) -> float:  # type: ignore[override]
        """(1 − w)·(1 − p/m) with m = w·p."""
        return 0.0 if self.weight == 0 else (1 - self.weight) * (1 - 1 / self.weight)

    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """p·log(p/m) − p + m."""
        mixture = self.weight * p + (1 - self.weight) * q
        return relative_entropy(xp, p, mixture, log_ratio_to_mixture(xp, self.weight, 1 - self.weight, d))

    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """p·log(p/m) − weight·p·(p/m − 1), (1 − weight)·q·(1 − p/m)."""
        ratio = log_ratio_to_mixture(xp, self.weight, 1 - self.weight, d)
        if self.weight == 0:
            return p * ratio, -difference(xp, p, q, d)
        excess, rest = xp.expm1(ratio), 1 - self.weight
        # The same number twice: each form cancels where the other does not.
        if rest > self.weight:
            return p * (ratio - self.weight * excess), -rest * q * excess
        return p * (rest * excess - exp_remainder(xp, -ratio)), -rest * q * excess


@dataclass(frozen=True)
class JensenShannon(FDivergence):
    """weight·D(P‖M) + (1 − weight)·D(Q‖M) with M = weight·P + (1 − weight)·Q; at most log 2."""

    weight: float
    name = "Jensen–Shannon divergence"
    formula = "w·D(p‖m) + (1 − w)·D(q‖m), m = w·p + (1 − w)·q"
    source = "Lin 1991, Divergence measures based on the Shannon entropy, eq. 4.1"

    @property
    def p_alone(self) -> float:  # type: ignore[override]
        """w·log(1/w)."""
        return -self.weight * math.log(self.weight) if self.weight > 0 else 0.0

    @property
    def q_alone(self) -> float:  # type: ignore[override]
        """(1 − w)·log(1/(1 − w))."""
        rest = 1 - self.weight
        return -rest * math.log1p(-self.weight) if rest > 0 else 0.0

    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """The two relative entropies to the mixture, each >= 0."""
        w = self.weight
        mixture = w * p + (1 - w) * q
        of_p = relative_entropy(xp, p, mixture, log_ratio_to_mixture(xp, w, 1 - w, d))
        of_q = relative_entropy(xp, q, mixture, log_ratio_to_mixture(xp, 1 - w, w, -d))
        return w * of_p + (1 - w) * of_q

    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """w·p·log(p/m), (1 − w)·q·log(q/m)."""
        w = self.weight
        return (
            w * p * log_ratio_to_mixture(xp, w, 1 - w, d),
            (1 - w) * q * log_ratio_to_mixture(xp, 1 - w, w, -d),
        )


@dataclass(frozen=True)
class TotalVariation(FDivergence):
    """The largest difference in the probability of any event; between 0 and 1."""

    name = "total variation distance"
    formula = "½ Σ |p − q|"
    source = "Levin, Peres & Wilmer 2009, Markov Chains and Mixing Times, prop. 4.2"
    p_alone, q_alone = 0.5, 0.5
    slope_at_no_p = slope_at_no_q = -0.5

    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """½·|p − q|."""
        return 0.5 * abs(difference(xp, p, q, d))

    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """±p/2, ∓q/2; 0 where p = q."""
        return 0.5 * p * xp.sign(d), -0.5 * q * xp.sign(d)


@dataclass(frozen=True)
class Hellinger(FDivergence):
    """The Hellinger distance, between 0 and 1: the square root of its f-divergence."""

    name = "Hellinger distance"
    formula = "√(½ Σ (√p − √q)²)"
    source = "Hellinger 1909; in this form Le Cam 1986, Asymptotic Methods in Statistical Decision Theory"
    p_alone, q_alone = 0.5, 0.5

    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """½·(√p − √q)², from the larger of the two."""
        return 0.5 * xp.where(d > 0, p, q) * shrinkage(xp, 0.5 * d) ** 2

    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """½·(p − √(p·q)), ½·(q − √(p·q))."""
        larger = -0.5 * xp.where(d > 0, p, q) * shrinkage(xp, 0.5 * d)
        smaller = -xp.exp(-0.5 * abs(d)) * larger
        return xp.where(d > 0, larger, smaller), xp.where(d > 0, smaller, larger)

    def value(self, xp: Namespace, rows: Rows) -> Array:
        """The square root of the sum."""
        return xp.sqrt(super().value(xp, rows))

    def log_slopes(self, xp: Namespace, rows: Rows) -> tuple[Array, Array]:
        """The sum's slopes over twice its root; 0 at p = q, where a distance has its kink."""
        square = super().value(xp, rows)
        apart = square > 0
        factor = xp.where(apart, 0.5 / xp.sqrt(xp.where(apart, square, 1.0)), 0.0)[..., None]
        of_p, of_q = super().log_slopes(xp, rows)
        return factor * of_p, factor * of_q


@dataclass(frozen=True)
class ChiSquared(FDivergence):
    """Pearson's χ² divergence: the variance under Q of the ratio p/q."""

    name = "χ² divergence"
    formula = "Σ (p − q)²/q"
    source = "Pearson 1900; Nielsen & Nock 2014, On the chi square and higher-order chi distances"
    p_alone, q_alone = math.inf, 1.0
    q_pull = -math.inf
    slope_at_no_p = -2.0

    def terms(self, xp: Namespace, p: Array, q: Array, d: Array) -> Array:
        """(p − q)²/q; above q as p·(p/q)·(1 − q/p)², whose p/q can't overflow first."""
        shrunk = shrinkage(xp, d) ** 2
        return xp.where(d > 0, _grown(xp, p, d) * shrunk, q * shrunk)

    def shared_slopes(self, xp: Namespace, p: Array, q: Array, d: Array) -> tuple[Array, Array]:
        """2·p·(p/q − 1), q·(1 − (p/q)²)."""
        grown = _grown(xp, p, d)
        of_p = xp.where(d > 0, -2 * grown * shrinkage(xp, d), 2 * p * shrinkage(xp, d))
        of_q = xp.where(d > 0, grown * shrinkage(xp, 2 * d), -q * shrinkage(xp, 2 * d))
        return of_p, of_q


def _grown(xp: Namespace, p: Array, d: Array) -> Array:
    """p·(p/q) for d >= 0, p elsewhere; 0 for a p that has underflowed."""
    half = xp.exp(0.5 * xp.where((p > 0) & (d > 0), d, 0.0))
    return p * half * half
