"""What an engine is asked of a frame before everything is counted: it decides the time, never the answer."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import narwhals.stable.v2 as nw

from kldiv.tables.frame_columns import Frame

# At least so many rows are looked at for many different values.
_FIRST_ROWS = 10_000
# By how much of the rows a guess is wrong, at most.
GUESS_ERROR = 1e-3


class Guesses(NamedTuple):
    """How an engine guesses."""

    different: Callable[[Frame, Sequence[str], int], Frame]
    """One row: for each named column a number that only more different values than the limit can exceed it by
    more than there are special ones."""
    quantiles: Callable[[Frame, str, Sequence[float]], Frame] | None = None
    """One row of one list: about the quantiles of a column at these shares of the rows, if it can tell."""


def _among_the_first(frame: Frame, names: Sequence[str], limit: int) -> Frame:
    return frame.head(max(_FIRST_ROWS, 2 * limit)).select(nw.col(*names).n_unique())


OF_FIRST_ROWS = Guesses(_among_the_first)
