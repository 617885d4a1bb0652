"""Looks at the calls of one site: at small ones together, at a large one at once."""

import threading

import torch

from kldiv.auditing.arguments import Arguments, hidden, lacking
from kldiv.auditing.observing import Observation, observe
from kldiv.auditing.reading import Batch, Kind, Large, broadcast, is_large, kind_of, number_of


class Looking:
    """What was seen at one site, by any thread. A batch holds copies of calls yet to be looked at."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a handler of signals may ask in between
        self._observations: list[Observation] = []
        self._failures: list[str] = []
        self._batch: Batch | None = None
        self._compare = True

    def see(self, arguments: Arguments, result: torch.Tensor) -> None:
        """Take one call in; whatever goes wrong with that, the program goes on."""
        with self._lock, torch._C.DisableTorchFunction():
            try:
                unread = hidden(arguments, result)
                kind = kind_of(arguments)
                if unread or self._batch is None or self._batch.kind != kind:
                    self._look_at_batch()
                    self._begin(kind, arguments, result, unread or lacking(arguments))
                else:
                    self._add(self._batch, arguments, result)
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

    def _begin(self, kind: Kind, arguments: Arguments, result: torch.Tensor, unread: str) -> None:
        """Take in a call of another kind than the last one's."""
        if unread:
            outcomes = kind.shape[-1] if kind.shape else 1
            self._observations.append(Observation(kind, outcomes, unread=unread))
            return
        shape = torch.broadcast_shapes(kind.shape, kind.target_shape)  # type: ignore[no-untyped-call]
        if is_large(shape):
            self._look_at(Large(kind, broadcast(arguments), number_of(result)))
        else:
            self._batch = Batch(kind, shape)
            self._add(self._batch, arguments, result)

    def _add(self, batch: Batch, arguments: Arguments, result: torch.Tensor) -> None:
        if batch.add(arguments, number_of(result)):
            self._look_at_batch()

    def _look_at_batch(self) -> None:
        batch, self._batch = self._batch, None
        if batch is not None:
            self._look_at(batch)

    def _look_at(self, calls: Batch | Large) -> None:
        try:
            found = observe(calls, compare=self._compare)
        except Exception as error:
            self._failures += [f"{type(error).__name__}: {error}"] * len(calls.returned)
            return
        self._observations += found
        self._compare = self._compare and all(each.divergence is None for each in found)
