"""Looks at the calls of one site: at small ones together, at the first large one of a kind at once.

Copying a small call costs little beside looking at it, and looking at many at once little more than at one.
They are looked at when so many wait, or when somebody asks. Of a large call only some rows are copied, along
the dimensions that the first of its kind has shown.
"""

import threading
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from kldiv.auditing.arguments import Arguments, hidden, lacking
from kldiv.auditing.observing import Observation, observe
from kldiv.auditing.reading import Copies, Dims, Kind, Rows, kind_of, number_of, single, ways

# The most elements read of a kind's first call, and of those that follow, of half precision and others; or a
# row. The error of half precision is worked out of what is read.
_FIRST, _HALF, _OTHERS = 1 << 14, 1 << 12, 1 << 9
# The most elements that wait to be looked at: of a kind, while copies are near in the cache; and of all at a
# site, as varying lengths make many.
_WAITING, _WAITING_IN_ALL = 1 << 16, 1 << 20
# The most elements in a row of several dimensions.
_JOINT = 1 << 24
_UNLIKE = "the rows looked at are no distributions, unlike the first call's"
_LAST: Dims = (-1,)
_BOTH = 2
_without_torch_function = torch._C.DisableTorchFunction


class Looking:
    """What was seen at one site, by any thread; copies of calls wait to be looked at."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a handler of signals may ask in between
        self._observations: list[Observation] = []
        self._failures: list[str] = []
        self._first: dict[Kind, Observation] = {}
        self._waiting: dict[tuple[Any, ...], Copies] = {}  # by kind
        self._elements = 0
        self._compare = True

    def see(self, arguments: Arguments, result: Tensor) -> None:
        """Take one call in; whatever goes wrong with that, the program goes on."""
        with self._lock, _without_torch_function():
            try:
                unread = hidden(arguments, result)
                kind = kind_of(arguments, result)
                copies = None if unread else self._waiting.get(kind)
                if copies is not None and copies.first and copies.elements >= _HALF:
                    self._look_at(self._waiting.pop(kind))
                    copies = None
                if copies is None:
                    copies = self._begin(Kind(*kind), arguments, result, unread or lacking(arguments))
                if copies is not None:
                    self._copy(copies, arguments, result)
            except Exception as error:
                self._failures.append(f"{type(error).__name__}: {error}")

    @property
    def observations(self) -> list[Observation]:
        """Every call looked at, copied ones too."""
        with self._lock:
            self._look_at_waiting()
            return self._observations.copy()

    @property
    def failures(self) -> list[str]:
        """Why calls could not be looked at, one by one."""
        with self._lock:
            self._look_at_waiting()
            return self._failures.copy()

    def _begin(self, kind: Kind, arguments: Arguments, result: Tensor, unread: str) -> Copies | None:
        """Take in a call of a kind none of which waits: note it, look at it, or say where it is to wait."""
        if unread:
            outcomes = kind.shape[-1] if kind.shape else 1
            self._observations.append(Observation(kind, outcomes, unread=unread))
            return None
        first, shape = self._first.get(kind), kind.computed_shape
        rows = Rows(shape, first.dims if first else _LAST, _HALF if kind.half else _OTHERS)
        alone = not (first or rows.all)
        if alone:
            rows = Rows(shape, _LAST, _FIRST)
            if not rows.all:
                self._look_at_first(kind, shape, arguments, result)
                return None
        return self._waiting.setdefault(kind, Copies(kind, rows, first=alone))

    def _copy(self, copies: Copies, arguments: Arguments, result: Tensor) -> None:
        self._elements += copies.add(arguments, result)
        if self._elements >= _WAITING_IN_ALL:
            self._look_at_waiting()
        elif copies.elements >= _WAITING:
            self._look_at(self._waiting.pop(copies.kind))

    def _look_at_first(
        self, kind: Kind, shape: tuple[int, ...], arguments: Arguments, result: Tensor
    ) -> None:
        if self._compare:
            self._look_at_waiting()  # the site's first result is shown
        returned = number_of(result)
        every = (Rows(shape, dims, _FIRST) for dims in ways(len(shape)))
        found = _best(
            observe(single(kind, rows, arguments, returned), compare=self._compare)
            for rows in every
            if len(rows.dims) == 1 or rows.outcomes <= _JOINT
        )
        if found[0].has_numbers:
            self._first[kind] = found[0]
        self._keep(found)

    def _look_at_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for copies in waiting.values():
            self._look_at(copies)

    def _look_at(self, copies: Copies) -> None:
        """Look at copies that wait no more."""
        self._elements -= copies.elements
        try:
            self._keep(self._seen(copies))
        except Exception as error:
            self._failures += [f"{type(error).__name__}: {error}"] * len(copies)

    def _seen(self, copies: Copies) -> list[Observation]:
        """What is seen of copied calls, along the first's dimensions; along others only if they are whole."""
        kind, rows = copies.kind, copies.rows
        if rows.all:
            others = [dims for dims in ways(len(rows.shape)) if dims != rows.dims]
            seen = _best(observe(copies.calls(dims), compare=self._compare) for dims in (rows.dims, *others))
            if copies.first and seen[0].has_numbers:
                self._first[kind] = seen[0]
            return seen
        seen = observe(copies.calls(rows.dims), compare=self._compare)
        if self._first[kind].distributed and not all(each.distributed for each in seen):
            # Read along other dimensions they might be right; the next is looked at as the first was.
            del self._first[kind]
            unread = Observation(kind, rows.outcomes, unread=_UNLIKE)
            return [each if each.distributed else unread for each in seen]
        return seen

    def _keep(self, seen: list[Observation]) -> None:
        self._observations += seen
        self._compare = self._compare and all(each.divergence is None for each in seen)


def _best(readings: Iterator[list[Observation]]) -> list[Observation]:
    """Of readings along several dimensions, for each call the first in which most is a distribution."""
    best = next(readings)
    while any(each.distributions < _BOTH for each in best):
        further = next(readings, None)
        if further is None:
            break
        best = [b if b.distributions > a.distributions else a for a, b in zip(best, further, strict=True)]
    return best
