"""P-values of many tests at once, adjusted so that few of those called significant are false."""

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return the adjusted p-values: calling those <= α significant keeps the false discovery rate <= α.

    The adjusted value of the k-th smallest of n is the least n·p/j over j >= k. Benjamini & Hochberg 1995,
    Controlling the false discovery rate, §3.1; the tests are independent or positively dependent.

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.5])
        [0.03, 0.06, 0.5]
    """
    adjusted = [1.0] * len(p_values)
    least = 1.0
    descending = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    for rank, index in zip(range(len(p_values), 0, -1), descending, strict=True):
        least = min(least, len(p_values) * p_values[index] / rank)
        adjusted[index] = least
    return adjusted
