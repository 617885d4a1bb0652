"""Of two outcomes, how large a statistic is by chance where P = Q: exactly.

Given the pooled counts, one count decides both tables, and it is hypergeometric (as in `agreement`). Where
the rarer outcome is shown a few times in all, that is a handful of tables, of which no normal variable tells,
skewed or not: a lower end that took its quantile excluded P = Q in up to a tenth of the samples.
"""

import numpy as np

from kldiv.estimators.agreement import hypergeometric
from kldiv.estimators.intervals import Floats
from kldiv.estimators.jackknife import Terms

# With more values of the rarer outcome than these there are so many tables that a normal variable will do.
_MOST = 1000
# Sums that differ by less are one: the order of addition makes them differ by rounding errors.
_DIGITS = 12


def greatest_by_chance(terms: Terms, x: Floats, y: Floats, share: float) -> Floats:
    """The largest sum of the terms that is exceeded with more than that probability; NaN where not known.

    Half of a sum's own probability counts as exceeding it (Lancaster 1961, Significance tests in discrete
    distributions): otherwise so few tables exclude P = Q more seldom than `share` says, often never.
    """
    pooled = x + y
    n, m = (float(each.reshape(-1, each.shape[-1])[0].sum()) for each in (x, y))
    # Outcomes of neither sample don't count.
    rarer = np.where((pooled > 0).sum(-1) == 2, n + m - pooled.max(-1), np.inf)  # noqa: PLR2004
    found = np.full(rarer.shape, np.nan)
    for of_it in np.unique(rarer):
        if of_it <= _MOST and all(each == round(each) for each in (of_it, n, m)):
            found[rarer == of_it] = _greatest(terms, of_it, (n, m), share)
    return found


def _greatest(terms: Terms, pooled: float, sizes: tuple[float, float], share: float) -> float:
    """The same where the rarer outcome has so many values in both samples."""
    n, m = sizes
    x = np.arange(max(0.0, pooled - m), min(pooled, n) + 1)
    y = pooled - x
    sums = terms(np.stack([x, n - x], -1), np.stack([y, m - y], -1), np.array([n]), np.array([m])).sum(-1)
    values, which = np.unique(sums.round(_DIGITS), return_inverse=True)
    own = np.bincount(which, hypergeometric(x, y, n, m))
    exceeded = own[::-1].cumsum()[::-1] - 0.5 * own
    # So much above as rounding took away at most.
    return float(values[exceeded > share][-1]) + 10.0**-_DIGITS
