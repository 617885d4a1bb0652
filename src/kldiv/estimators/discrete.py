"""Estimates of D(P‖Q) from how often each outcome was counted in two independent samples."""

import math
from collections.abc import Hashable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from kldiv.definition import KullbackLeibler, Rows
from kldiv.elementary import log_ratio_of_probabilities
from kldiv.errors import InvalidInputError
from kldiv.estimators.counting import CountTable
from kldiv.estimators.estimate import Estimate, Outcome
from kldiv.units import Unit, unit_of

Floats = NDArray[np.float64]


def estimate_from_counts(
    table: CountTable, *, base: float | None = None, confidence: float = 0.95
) -> Estimate:
    """Estimate D(P‖Q) from a table of counts.

    The estimate is Zhang & Grabchak's, its interval by the delta method, the p-value that of the G-test
    of homogeneity.

    Raises:
        InvalidInputError: a side without counts, a base that can't be, a confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise InvalidInputError(
            f"confidence is {confidence!r}; expected a number between 0 and 1, such as 0.95"
        )
    unit = unit_of(base)
    n_p, n_q = table.totals
    center = zhang_grabchak(table.p_counts, table.q_counts) / unit.nats
    reach = (
        NormalDist().inv_cdf((1 + confidence) / 2)
        * standard_error(table.p_counts, table.q_counts)
        / unit.nats
    )
    return Estimate(
        value=plug_in(table) / unit.nats,
        estimate=center,
        low=center - reach,
        high=center + reach,
        confidence=confidence,
        p_value=homogeneity_p_value(table.p_counts, table.q_counts),
        n_p=n_p,
        n_q=n_q,
        base=base,
        unit=unit.name,
        method="zhang_grabchak",
        outcomes=working(table, unit),
    )


def plug_in(table: CountTable) -> float:
    """The divergence of the observed frequencies, in nats: Σ p·log(p/q), +∞ where q = 0 < p."""
    return relative_entropy(_frequencies(table.p_counts), _frequencies(table.q_counts))


def working(table: CountTable, unit: Unit) -> tuple[Outcome, ...]:
    """The outcomes with their frequencies and their terms p·log(p/q), whose sum is the plug-in value."""
    p, q = _frequencies(table.p_counts), _frequencies(table.q_counts)
    return outcomes_of(table.outcomes, p, q, unit, table.p_counts.tolist(), table.q_counts.tolist())


def outcomes_of(
    names: Sequence[Hashable],
    p: Floats,
    q: Floats,
    unit: Unit,
    p_counts: Sequence[int | None],
    q_counts: Sequence[int | None],
) -> tuple[Outcome, ...]:
    """Pair each outcome with its probabilities, counts and contribution."""
    terms = np.where(p > 0, np.where(q > 0, p * _log_ratio(p, q), math.inf), 0.0) / unit.nats
    columns = (names, p_counts, q_counts, p.tolist(), q.tolist(), terms.tolist())
    return tuple(Outcome(*row) for row in zip(*columns, strict=True))


def zhang_grabchak(x: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """Σ (x_i/n)·[ψ(m+1) − ψ(y_i+1) − ψ(n) + ψ(x_i)], in nats, ψ the digamma function.

    Finite for every pair of samples, with a bias that decays exponentially in their sizes.
    Zhang & Grabchak 2014, Nonparametric estimation of Kullback–Leibler divergence, eq. 6; its inner
    sums are differences of harmonic numbers.
    """
    from scipy.special import digamma  # noqa: PLC0415 (slow to load, and the worked example needs none)

    n, m, seen = int(x.sum()), int(y.sum()), x > 0
    brackets = digamma(m + 1) - digamma(y[seen] + 1) - digamma(n) + digamma(x[seen])
    return float((x[seen] / n * brackets).sum())


def standard_error(x: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """√(Var_P(log p/q)/n + Var_Q(p/q)/m) by the delta method, in nats.

    The gradient of D is log p/q along p and −p/q along q, and multinomial frequencies have variance
    1/n times the variance of that (Serfling 1980, §3.3). q is smoothed by 1/2 an outcome (Krichevsky &
    Trofimov 1981), so that an outcome it never shows has a finite part in it.
    """
    n, m = int(x.sum()), int(y.sum())
    p, q = x / n, (y + 0.5) / (m + 0.5 * len(y))
    log_ratio = np.where(p > 0, np.log(np.where(p > 0, p, 1.0) / q), 0.0)
    along_p = (p * (log_ratio - (p * log_ratio).sum()) ** 2).sum()
    along_q = (q * (p / q - 1) ** 2).sum()
    return math.sqrt(along_p / n + along_q / m)


def homogeneity_p_value(x: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """P(χ² >= G) with K − 1 degrees of freedom, the G-test that both samples are of one distribution.

    G = 2·[n·D(p‖r) + m·D(q‖r)], r the pooled frequencies (Sokal & Rohlf 1995, §17.4); K counts the
    outcomes either sample shows.
    """
    from scipy.special import chdtrc  # noqa: PLC0415 (as above)

    shown = x + y > 0
    pooled = _frequencies(x + y)
    p, q = _frequencies(x), _frequencies(y)
    statistic = 2 * (x.sum() * relative_entropy(p, pooled) + y.sum() * relative_entropy(q, pooled))
    freedom = int(shown.sum()) - 1
    return float(chdtrc(freedom, statistic)) if freedom > 0 else 1.0


def _frequencies(counts: NDArray[np.int64]) -> Floats:
    frequencies: Floats = counts / counts.sum()
    return frequencies


def relative_entropy(p: Floats, q: Floats) -> float:
    """D(p‖q) of two arrays of probabilities, in nats."""
    in_p, in_q = p > 0, q > 0
    log_p = np.log(np.where(in_p, p, 1.0))
    rows = Rows(p=p, q=q, log_p=log_p, log_ratio=_log_ratio(p, q), in_p=in_p, in_q=in_q)
    return float(KullbackLeibler().value(np, rows))


def _log_ratio(p: Floats, q: Floats) -> Floats:
    """log p/q where both are positive, 0 elsewhere."""
    shared = (p > 0) & (q > 0)
    ratio: Floats = log_ratio_of_probabilities(np, np.where(shared, p, 1.0), np.where(shared, q, 1.0))
    return ratio
