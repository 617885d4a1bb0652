"""Of two outcomes, what is known exactly.

How large a statistic is by chance where P = Q: given the pooled counts, one count decides both tables, and it
is hypergeometric (as in `agreement`). Where the rarer outcome is shown a few times in all, that is a handful
of tables, of which no normal variable tells, skewed or not: a lower end that took its quantile excluded P = Q
in up to a tenth of the samples.

And how far either frequency may be from what was seen, which bounds their difference.
"""

import numpy as np

from kldiv.estimators.agreement import hypergeometric
from kldiv.estimators.intervals import Floats, Interval
from kldiv.estimators.jackknife import Terms

FEW = 2
"""So many outcomes, or one of which the other was never shown."""
# With more values of the rarer outcome than these there are so many tables that a normal variable will do.
_MOST = 1000
# Sums that differ by less are one: the order of addition makes them differ by rounding errors.
_DIGITS = 12
# Of [0, 1], to the last digit.
_HALVINGS = 53


def greatest_by_chance(terms: Terms, x: Floats, y: Floats, share: float) -> Floats:
    """The largest sum of the terms that is exceeded with more than that probability; NaN where not known.

    Half of a sum's own probability counts as exceeding it (Lancaster 1961, Significance tests in discrete
    distributions): otherwise so few tables exclude P = Q more seldom than `share` says, often never.
    """
    pooled = x + y
    n, m = (float(each.reshape(-1, each.shape[-1])[0].sum()) for each in (x, y))
    # Outcomes of neither sample don't count.
    rarer = np.where((pooled > 0).sum(-1) == FEW, n + m - pooled.max(-1), np.inf)
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


def difference_interval(x: Floats, y: Floats, share: float) -> Interval:
    """Of |p − q|, the probabilities of the outcome that is shown most; either end errs by about the share.

    The two limits' distances from the frequencies are as independent errors, whose squares add up (Newcombe
    1998, Interval estimation for the difference between independent proportions, method 10; Zou & Donner
    2008, Construction of confidence limits about effect measures).
    """
    most = (x + y).argmax(-1)[..., None]
    sides = [(np.take_along_axis(each, most, -1)[..., 0], each.sum(-1)) for each in (x, y)]
    p, q = (count / size for count, size in sides)
    (p_low, p_high), (q_low, q_high) = (
        (_least(count, size, share), 1 - _least(size - count, size, share)) for count, size in sides
    )
    low = p - q - np.hypot(p - p_low, q_high - q)
    high = p - q + np.hypot(p_high - p, q - q_low)
    holds_zero = (low <= 0) & (high >= 0)
    nearest = np.where(holds_zero, 0.0, np.minimum(abs(low), abs(high)))
    return Interval(nearest, np.minimum(np.maximum(abs(low), abs(high)), 1.0))


def _least(count: Floats, size: Floats, share: float) -> Floats:
    """The probability of which so many of the sample's values or more have that probability.

    Half of the count's own counts, as above (Clopper & Pearson 1934 count all of it). The probability of so
    many or more is an incomplete beta function, and that of more is one too.
    """
    from scipy.special import betainc  # noqa: PLC0415 (slow to load)

    # At least so many are taken for some, where none is asked about.
    tiny = np.finfo(float).tiny
    some, rest = np.maximum(count, tiny), np.maximum(size - count, 0.0)
    low, high = np.zeros_like(count), np.ones_like(count)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        several = betainc(some, rest + 1, middle) + betainc(count + 1, np.maximum(rest, tiny), middle)
        low, high = np.where(several < 2 * share, (middle, high), (low, middle))
    return np.where(count > 0, low, 0.0)
