"""What a statistic of two tables does by chance where P = Q: its mean and variance, given the pooled counts.

If P = Q, an outcome that both samples together show t times is shown x of these by P's with a hypergeometric
probability, whatever the distribution: t is sufficient (Lehmann & Romano 2005, Testing Statistical
Hypotheses, §4.6, as in Fisher's exact test). So the bias and the variance of a sum over outcomes are known
without an idea of P, which is what makes them right for rare outcomes. They are tabulated by t.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kldiv.estimators.intervals import Floats
from kldiv.estimators.jackknife import Terms, one_by_one

# Where the smaller sample is expected to show an outcome this often, its term is as good as unbiased and
# varies as a χ² variable: the last entry stands for all beyond. E₁(25), the bias of Zhang & Grabchak's, is
# 5e-13.
_MOST = 25.0
# Every count up to the first, and so many from there on, between which lines are drawn.
_WHOLE, _FURTHER = 64, 60
FEWEST = np.arange(3 * _MOST + 30)[None, :]
"""How many of an outcome's values may be the smaller sample's, where that is expected to show few."""


class ByChance(NamedTuple):
    """What a sum over outcomes does where P = Q; one number a table."""

    mean: Floats
    variance: Floats
    jackknife: Floats
    """The mean of the jackknife's variance."""


class _Table(NamedTuple):
    """By the pooled count of an outcome: moments of its term."""

    pooled: Floats
    mean: Floats
    variance: Floats
    jackknife: Floats


def by_chance(terms: Terms, x: Floats, y: Floats, unseen: float = 0.0) -> ByChance:
    """The moments of the sum of the terms, given the pooled counts, if P = Q; all tables of the same sizes.

    The counts of P's sample are independent binomial ones but for their sum, which takes one of K degrees of
    freedom away. `unseen` is for the jackknife.
    """
    n, m = (float(each.reshape(-1, each.shape[-1])[0].sum()) for each in (x, y))
    table, pooled = _table(terms, n, m, unseen), x + y

    def summed(values: Floats, beyond: float | None = None) -> Floats:
        total: Floats = np.interp(pooled, table.pooled, values, right=beyond).sum(-1)
        return total

    outcomes = np.maximum((pooled > 0).sum(-1), 2)
    free = 1 - 1 / outcomes
    # Of single values there may be nothing to leave out.
    some = np.maximum(summed(table.jackknife), np.finfo(float).tiny)
    return ByChance(summed(table.mean, 0.0), summed(table.variance) * free, some * free)


def means_by_chance(terms: Terms, x: Floats, y: Floats) -> Floats:
    """The mean of each outcome's term."""
    n, m = (float(each.reshape(-1, each.shape[-1])[0].sum()) for each in (x, y))
    table = _table(terms, n, m, 0.0)
    return np.interp(x + y, table.pooled, table.mean, right=0.0)


def lacking_by_chance(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """How likely P's sample lacks an outcome that is shown as often, and how likely Q's does."""
    n, m = (float(each.reshape(-1, each.shape[-1])[0].sum()) for each in (x, y))
    counts, none = pooled_counts(n, m), 0.0 * pooled_counts(n, m)
    of_p, of_q = (
        # Of neither sample nothing is lacking.
        np.interp(x + y, counts, np.where(counts > 0, hypergeometric(*pair, n, m), 0.0), right=0.0)
        for pair in ((none, counts), (counts, none))
    )
    return of_p, of_q


@lru_cache(maxsize=256)
def _table(terms: Terms, n: float, m: float, unseen: float) -> _Table:
    """The moments of a term by the pooled count, for samples of n and m."""
    pooled = pooled_counts(n, m)[:, None]
    rest = np.maximum(pooled - FEWEST, 0.0)
    x, y = (FEWEST, rest) if n <= m else (rest, FEWEST)
    exact, independent = (
        np.where(pooled >= FEWEST, share, 0.0) for share in (hypergeometric(x, y, n, m), binomial(x, y, n, m))
    )
    sizes = np.array([n]), np.array([m])
    term = terms(x, y, *sizes)
    return _Table(
        pooled[:, 0],
        (exact * term).sum(1),
        # Of a term that is always the same a rounding error may make less.
        np.maximum((independent * term**2).sum(1) - (independent * term).sum(1) ** 2, 0.0),
        (independent * sum(each.squares for each in one_by_one(terms, x, y, *sizes, unseen))).sum(1),
    )


def pooled_counts(n: float, m: float) -> Floats:
    """The counts that have an entry: the small ones, larger ones at equal ratios, and the last."""
    top = min(max(_MOST * (n + m) / min(n, m), _WHOLE), n + m)
    further = np.round(np.geomspace(_WHOLE, max(top, _WHOLE), _FURTHER))
    counts: Floats = np.unique(np.concatenate([np.arange(_WHOLE + 1.0), further, [top]]))
    return counts[counts <= top]


def _log_choices(size: Floats | float, of: Floats) -> Floats:
    """log C(size, of), of any size >= of; of a smaller one a finite number."""
    from scipy.special import betaln  # noqa: PLC0415 (slow to load, and the worked example needs none)

    # Of large samples ln Γ has no digit left that tells.
    logs: Floats = -betaln(np.maximum(size - of, 0.0) + 1.0, of + 1.0) - np.log(size + 1.0)
    return logs


def hypergeometric(x: Floats, y: Floats, n: float, m: float) -> Floats:
    """C(n, x)·C(m, y)/C(n+m, x+y); 0 for more than a sample has."""
    possible = (x <= n) & (y <= m)
    logs = _log_choices(n, x) + _log_choices(m, y) - _log_choices(n + m, x + y)
    return np.where(possible, np.exp(np.where(possible, logs, 0.0)), 0.0)


def binomial(x: Floats, y: Floats, n: float, m: float) -> Floats:
    """C(x+y, x)·nˣ·mʸ/(n+m)^(x+y)."""
    logs = _log_choices(x + y, x)
    share: Floats = np.exp(logs + x * np.log(n / (n + m)) + y * np.log(m / (n + m)))
    return share
