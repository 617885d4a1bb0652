"""How far a count of many columns is."""

from collections.abc import Callable
from typing import NamedTuple

from kldiv.tables.contract import Count


class Progress(NamedTuple):
    """Columns done, of how many, and the rows counted for them so far."""

    done: int
    total: int
    rows: Count


Listener = Callable[[Progress], None] | None


class Reporter:
    """Adds up what is done, and says so to whoever asked. `rows` are those counted for each column."""

    def __init__(self, listener: Listener, total: int, rows: Count) -> None:
        self._listener = listener
        self._total = total
        self._rows = rows
        self._done = 0

    def __call__(self, newly: int) -> None:
        """Count columns that were done since the last call."""
        self._done = min(self._done + newly, self._total)
        if self._listener:
            self._listener(Progress(self._done, self._total, self._done * self._rows))
