"""Divergences estimated from samples, with their uncertainty."""

from typing import Literal

from kldiv.errors import InvalidInputError
from kldiv.estimators.counting import count
from kldiv.estimators.discrete import estimate_from_counts
from kldiv.estimators.estimate import Estimate

__all__ = ["Estimate", "estimate"]


def estimate(
    x: object,
    y: object,
    *,
    method: Literal["auto", "zhang_grabchak"] = "auto",
    base: float | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate D(P‖Q) from x, values drawn from P, and y, values drawn from Q, of any two sizes.

    Counts the union of outcomes and gives the textbook value Σ p·log(p/q) of the observed frequencies,
    Zhang & Grabchak's bias-corrected estimate with an interval by the delta method, and the p-value of
    the G-test that P = Q. Every distinct value is an outcome, so measurements on a continuous scale
    need binning first.

    Args:
        x: hashable values of one kind (numbers, text, dates, booleans, tuples, …) in a list, array, tensor,
            series or other iterable; or a mapping of outcomes to counts.
        y: the same, of the same kind.
        method: "zhang_grabchak", which "auto" picks for every discrete sample.
        base: of the logarithm; None for nats, 2 for bits.
        confidence: nominal coverage of the interval, between 0 and 1.

    Returns:
        The numbers in units of `base`, and the working: outcomes, counts, frequencies, contributions.

    Raises:
        InputTypeError: not a collection of hashable values, or kinds that don't mix.
        InvalidInputError: an empty sample, or a method, base or confidence that can't be.
        ShapeError: an array of more than one dimension.

    Source:
        Zhang & Grabchak 2014, Nonparametric estimation of Kullback–Leibler divergence, eq. 6.

    Example:
        >>> result = estimate([1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 2, 3, 3, 3, 3], base=2)
        >>> round(result.value, 4), result.unit, result.n_p, result.n_q
        (0.4712, 'bits', 5, 10)
        >>> [each.outcome for each in result.outcomes if each.contribution > 0]
        [2]
    """
    if method not in ("auto", "zhang_grabchak"):
        raise InvalidInputError(f'method is {method!r}; expected "auto" or "zhang_grabchak"')
    return estimate_from_counts(count(x, y, ("x", "y")), base=base, confidence=confidence)
