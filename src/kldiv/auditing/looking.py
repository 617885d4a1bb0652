"""Looks at the calls of one site: at small ones together, at the first large one of a kind at once.

Copying a small call costs little beside looking at it, and looking at many at once little more than at one.
They are looked at when so many wait, when another kind of call comes, or when somebody asks. Of a large call
only some rows are copied, along the dimension that the first has shown.
"""

import threading
from collections.abc import Iterator

import torch
from torch import Tensor

from kldiv.auditing.arguments import Arguments, hidden, lacking
from kldiv.auditing.observing import Observation, observe
from kldiv.auditing.reading import Batch, Calls, Kind, Rows, kind_of, number_of, sides_of, single

# The most elements read of a kind's first call, and of those that follow, of half precision and others; or a
# row. Half precision is compared with float64, which needs the whole.
_FIRST, _HALF, _OTHERS = 1 << 14, 1 << 12, 1 << 9
# The most elements that wait to be looked at, at a site.
_WAITING = 1 << 16
_UNLIKE = "the rows looked at are no distributions, unlike the first call's"


class Looking:
    """What was seen at one site, by any thread. A batch holds copies of calls yet to be looked at."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a handler of signals may ask in between
        self._observations: list[Observation] = []
        self._failures: list[str] = []
        self._first: dict[Kind, Observation] = {}
        self._batch: Batch | None = None
        self._compare = True

    def see(self, arguments: Arguments, result: Tensor) -> None:
        """Take one call in; whatever goes wrong with that, the program goes on."""
        with self._lock, torch._C.DisableTorchFunction():
            try:
                unread = hidden(arguments, result)
                kind = kind_of(arguments, result)
                if unread or self._batch is None or self._batch.kind != kind:
                    self._look_at_batch()
                    self._begin(kind, arguments, result, unread or lacking(arguments))
                elif not self._batch.add(sides_of(arguments), number_of(result)):
                    self._look_at_batch()
            except Exception as error:
                self._failures.append(f"{type(error).__name__}: {error}")

    @property
    def observations(self) -> list[Observation]:
        """Every call looked at, copied ones too."""
        with self._lock:
            self._look_at_batch()
            return self._observations.copy()

    @property
    def failures(self) -> list[str]:
        """Why calls could not be looked at, one by one."""
        with self._lock:
            self._look_at_batch()
            return self._failures.copy()

    def _begin(self, kind: Kind, arguments: Arguments, result: Tensor, unread: str) -> None:
        """Take in a call of another kind than the last one's."""
        if unread:
            outcomes = kind.shape[-1] if kind.shape else 1
            self._observations.append(Observation(kind, outcomes, unread=unread))
            return
        sides, returned = sides_of(arguments), number_of(result)
        first = self._first.get(kind)
        rows = Rows(sides[0].shape, first.dim if first else -1, _HALF if kind.half else _OTHERS)
        if not first and not rows.all:
            self._look_at_first(kind, sides, returned)
            return
        self._batch = Batch(kind, rows, max(1, _WAITING // (rows.read * rows.outcomes)))
        if not self._batch.add(sides, returned):
            self._look_at_batch()

    def _look_at_first(self, kind: Kind, sides: tuple[Tensor, Tensor], returned: float) -> None:
        shape = sides[0].shape
        found = _best(
            observe(single(kind, Rows(shape, dim, _FIRST), sides, returned), compare=self._compare)
            for dim in (-1, *range(len(shape) - 1))
        )
        if found[0].has_numbers:
            self._first[kind] = found[0]
        self._keep(found)

    def _look_at_batch(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            return
        calls = batch.calls
        try:
            self._keep(self._seen(calls))
        except Exception as error:
            self._failures += [f"{type(error).__name__}: {error}"] * len(calls.returned)

    def _seen(self, calls: Calls) -> list[Observation]:
        """What is seen of copied calls, along the first's dimension; along others only if they are whole."""
        dim, dimensions = calls.rows.dim, len(calls.rows.shape)
        if calls.rows.all:
            others = [each for each in (-1, *range(dimensions - 1)) if each != dim]
            return _best(observe(calls.along(each), compare=self._compare) for each in (dim, *others))
        seen = observe(calls, compare=self._compare)
        if self._first[calls.kind].distributed and not all(each.distributed for each in seen):
            # Read along another dimension they might be right; the next is looked at as the first was.
            del self._first[calls.kind]
            unread = Observation(calls.kind, calls.rows.outcomes, unread=_UNLIKE)
            return [each if each.distributed else unread for each in seen]
        return seen

    def _keep(self, seen: list[Observation]) -> None:
        self._observations += seen
        self._compare = self._compare and all(each.divergence is None for each in seen)


def _best(readings: Iterator[list[Observation]]) -> list[Observation]:
    """Of readings along several dimensions, for each call the first in which a side is a distribution."""
    best = next(readings)
    while not all(each.distributed for each in best):
        further = next(readings, None)
        if further is None:
            break
        best = [a if a.distributed or not b.distributed else b for a, b in zip(best, further, strict=True)]
    return best
