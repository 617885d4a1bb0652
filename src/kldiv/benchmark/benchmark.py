"""A whole benchmark: several cases, everybody who is installed, and who is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kldiv.benchmark.case import Case, Divergence
from kldiv.benchmark.circumstances import circumstances
from kldiv.benchmark.measurement import Measurement
from kldiv.benchmark.measuring import OnProgress, measure
from kldiv.benchmark.peer import Peer, split_by_presence
from kldiv.benchmark.peers import peers_of


@dataclass(frozen=True)
class Benchmark:
    """What was measured, case by case, who was left out, and on what it was measured."""

    divergence: Divergence
    gradient: bool
    cases: tuple[tuple[Case, tuple[Measurement, ...]], ...]
    absent: tuple[Peer, ...]
    circumstances: dict[str, Any]


def benchmark(
    cases: Sequence[Case],
    *,
    rounds: int,
    seconds: float | None = None,
    on_progress: OnProgress = lambda _share, _what: None,
) -> Benchmark:
    """Measure cases of one divergence, one after the other, with all peers that are installed."""
    first = cases[0]
    present, absent = split_by_presence(peers_of(first.divergence))
    measured = []
    for done, case in enumerate(cases):

        def tell(share: float, what: str, done: int = done, case: Case = case) -> None:
            on_progress((done + share) / len(cases), f"{case.shape}: {what}")

        measured.append(
            (case, tuple(measure(case, present, rounds=rounds, seconds=seconds, on_progress=tell)))
        )
    packages = [package for peer in present for package in peer.packages]
    return Benchmark(
        first.divergence, first.gradient, tuple(measured), tuple(absent), circumstances(packages)
    )
