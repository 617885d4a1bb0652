"""Rounds in which everybody is timed once, in an order drawn anew.

What the machine does beside it in one moment then falls on all alike, and nobody always finds the caches
as the same neighbour left them.
"""

import gc
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import NamedTuple

Clock = Callable[[], float]

# A call that lasts this long is timed alone: ten thousand times the clock's own cost.
_LONG = 1e-3
# Shorter ones are repeated for this long, beside which it is little that the first finds the caches cold.
_LEAST_SECONDS = 1e-2
_MOST_REPEATS = 100_000
# Fewer rounds than this have no quartiles worth the name.
_FEWEST_ROUNDS = 3


class Batch(NamedTuple):
    """A call and how often it is repeated between two looks at the clock."""

    call: Callable[[], object]
    repeats: int


class Timings(NamedTuple):
    """Seconds a call in each round, by name, and the errors of those who failed on the way."""

    seconds: dict[str, list[float]]
    errors: dict[str, Exception]


def batch_of(call: Callable[[], object], clock: Clock) -> Batch:
    """As many repetitions as the clock needs to see the call; told by batches, for a call alone is slower."""
    repeats, seconds = 1, _seconds(Batch(call, 1), clock)
    if seconds >= _LONG:
        return Batch(call, 1)
    while seconds * repeats < _LEAST_SECONDS and repeats < _MOST_REPEATS:
        wanted = math.ceil(_LEAST_SECONDS / max(seconds, _LEAST_SECONDS / _MOST_REPEATS))
        repeats = min(max(wanted, 2 * repeats), _MOST_REPEATS)
        seconds = _seconds(Batch(call, repeats), clock)
    return Batch(call, repeats)


def interleave(
    batches: Mapping[str, Batch],
    *,
    rounds: int,
    seconds: float | None,
    order: Random,
    clock: Clock,
    on_round: Callable[[float], None],
) -> Timings:
    """Time everybody in every round; `seconds` ends it sooner. Whoever fails is out from then on."""
    timings = Timings({name: [] for name in batches}, {})
    start = clock()
    with _uncollected():
        for done in range(rounds):
            spent = 0.0 if seconds is None else (clock() - start) / seconds
            if spent >= 1 and done >= _FEWEST_ROUNDS:
                break
            on_round(max(done / rounds, min(spent, 1)))
            _play(batches, order, clock, timings)
    return timings


def _play(batches: Mapping[str, Batch], order: Random, clock: Clock, timings: Timings) -> None:
    running = [name for name in batches if name not in timings.errors]
    for name in order.sample(running, len(running)):
        try:
            timings.seconds[name].append(_seconds(batches[name], clock))
        except Exception as error:
            timings.errors[name] = error


def _seconds(batch: Batch, clock: Clock) -> float:
    call, repeats = batch
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python's collector from falling on whoever runs when it is due."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
