"""Measures peers in one case: whether they can, how right they are, and how long they take."""

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from random import Random

from kldiv.benchmark.case import Case
from kldiv.benchmark.exact import exact
from kldiv.benchmark.measurement import Answer, Measurement, quantiles
from kldiv.benchmark.pair import CLOSE, FAR, Pair, draw
from kldiv.benchmark.peer import Peer, Work
from kldiv.benchmark.rounds import Batch, Clock, batch_of, interleave

OnProgress = Callable[[float, str], None]

# Getting ready, with its compilers, takes about as long as being timed.
_SHARE_OF_PREPARATION = 0.5


@dataclass(frozen=True)
class _Question:
    """Logits and the exact answer to them."""

    pair: Pair
    exact: float

    def ask(self, work: Work) -> Answer | None:
        """Let a peer compute its answer, which also warms it up."""
        result = work.call()
        return work.value and Answer(work.value(result), self.exact)


def measure(
    case: Case,
    peers: Iterable[Peer],
    *,
    rounds: int,
    seconds: float | None = None,
    seed: int = 0,
    clock: Clock = time.perf_counter,
    on_progress: OnProgress = lambda _share, _what: None,
) -> list[Measurement]:
    """Measure everybody in `case`, in as many rounds, or fewer if they take longer than `seconds`.

    A peer that fails has its error in place of its times. `on_progress` hears what share is done, and what
    comes next.
    """
    with warnings.catch_warnings():
        # What the peers' own code is warned of is not for whoever measures them.
        warnings.simplefilter("ignore")
        prepared = _prepare(case, list(peers), clock, on_progress)
        batches = {found.peer: batch for found, batch in prepared if batch}
        timings = interleave(
            batches,
            rounds=rounds,
            seconds=seconds,
            order=Random(seed),  # noqa: S311 (an order, not a secret)
            clock=clock,
            on_round=lambda share: on_progress(
                _SHARE_OF_PREPARATION + (1 - _SHARE_OF_PREPARATION) * share, "timing"
            ),
        )
    return [
        _with_times(found, batch, timings.seconds.get(found.peer), timings.errors.get(found.peer))
        for found, batch in prepared
    ]


def _prepare(
    case: Case, peers: list[Peer], clock: Clock, on_progress: OnProgress
) -> list[tuple[Measurement, Batch | None]]:
    on_progress(0.0, "exact answers")
    far, close = (_question(case, step) for step in (FAR, CLOSE))
    prepared = []
    for done, peer in enumerate(peers):
        on_progress(_SHARE_OF_PREPARATION * done / len(peers), f"preparing {peer.name}")
        prepared.append(_prepare_one(peer, case, far, close, clock))
    return prepared


def _question(case: Case, step: float) -> _Question:
    pair = draw(case, step)
    return _Question(pair, exact(case.divergence, *pair.arrays()))


def _prepare_one(
    peer: Peer, case: Case, far: _Question, close: _Question, clock: Clock
) -> tuple[Measurement, Batch | None]:
    found = Measurement(case, peer.name, peer.name, floor=peer.floor)
    try:
        measured, gradient, bind = peer.prepare(case)
        found = replace(found, measured=measured, gradient=gradient)
        answer_close = close.ask(bind(close.pair))
        work = bind(far.pair)
        found = replace(found, answer=far.ask(work), answer_close=answer_close)
        return found, batch_of(work.call, clock)
    except Exception as error:
        return replace(found, error=first_line(error)), None


def _with_times(
    found: Measurement, batch: Batch | None, seconds: list[float] | None, error: Exception | None
) -> Measurement:
    if error is not None:
        return replace(found, error=first_line(error))
    if batch is None or not seconds:
        return found
    return replace(found, seconds=quantiles(seconds), rounds=len(seconds), repeats=batch.repeats)


def first_line(error: Exception) -> str:
    """What an error says, without the pages that may follow; with the line that its first one announces."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    said = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    name = type(error).__name__
    return f"{name}: {said}" if said else name
