"""Many expressions made into one of little depth: engines go through it by recursion, some at every level."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def balanced(combine: Callable[[T, T], T], parts: Sequence[T]) -> T:
    """What combines all of these, of which there is one at least, in their order.

    Example:
        >>> balanced("({}{})".format, "abcde")
        '((ab)(c(de)))'
    """
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return combine(balanced(combine, parts[:half]), balanced(combine, parts[half:]))
