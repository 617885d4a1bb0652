"""A benchmark as a JSON document and as piped lines, and what a reader has to be told."""

from collections.abc import Iterator, Sequence
from typing import Any

from kldiv.benchmark.benchmark import Benchmark
from kldiv.benchmark.measurement import Answer, Measurement
from kldiv.benchmark.peers.in_kldiv import OWN
from kldiv.report.printable import printable

_PIPED = (
    "shape", "dtype", "divergence", "peer", "gradient", "median_seconds", "least_seconds", "quarter_seconds",
    "three_quarters_seconds", "rounds", "times_kldiv", "relative_error", "relative_error_close", "error",
)  # fmt: skip


def document(benchmark: Benchmark) -> dict[str, Any]:
    """Everything the benchmark found."""
    return {
        "divergence": benchmark.divergence,
        "gradient": benchmark.gradient,
        "circumstances": benchmark.circumstances,
        "measurements": [
            {**each.record({}), "times_kldiv": times_own(each, measurements)}
            for _, measurements in benchmark.cases
            for each in measurements
        ],
        "absent": [{"peer": peer.name, "install": peer.install} for peer in benchmark.absent],
    }


def tab_separated(benchmark: Benchmark) -> str:
    """The benchmark as lines of fields with tabs between them, the first line their names.

    Numbers are written in full; what a peer doesn't have is empty.
    """
    lines = ["\t".join(_PIPED)]
    for _, measurements in benchmark.cases:
        lines += ["\t".join(_fields(each, measurements)) for each in measurements]
    return "\n".join(lines) + "\n"


def _fields(each: Measurement, measurements: Sequence[Measurement]) -> list[str]:
    case, seconds = each.case, each.seconds
    times = (
        (seconds.median, seconds.least, seconds.quarter, seconds.three_quarters) if seconds else [None] * 4
    )
    numbers = (
        *times,
        each.rounds,
        times_own(each, measurements),
        *map(_error, (each.answer, each.answer_close)),
    )
    return [
        f"{case.rows}x{case.outcomes}",
        case.dtype,
        case.divergence,
        each.peer,
        "yes" if each.gradient else "no",
        *("" if number is None else repr(number) for number in numbers),
        "" if each.error is None else printable(each.error),
    ]


def _error(answer: Answer | None) -> float | None:
    return answer and answer.relative_error


def times_own(each: Measurement, measurements: Sequence[Measurement]) -> float | None:
    """How many times kldiv's own median a peer takes; None where either failed."""
    own = next((other.seconds for other in measurements if other.peer == OWN), None)
    return each.seconds.median / own.median if each.seconds and own else None


def remarks(benchmark: Benchmark) -> list[str]:
    """Who failed and why, where the machine was busy, and who was left out."""
    failed = [
        f"{peer} failed at {', '.join(shapes)}: {printable(error)}"
        for (peer, error), shapes in _failures(benchmark).items()
    ]
    absent = [
        f"{peer.name} is not installed and was left out; install it with: {peer.install}"
        for peer in benchmark.absent
    ]
    return failed + _disturbances(benchmark) + absent


def _disturbances(benchmark: Benchmark) -> list[str]:
    """Said of the floor's times: those of others may differ for reasons of their own."""
    shapes = [
        case.shape for case, measured in benchmark.cases if any(m.floor and m.unsteady for m in measured)
    ]
    if not shapes:
        return []
    remark = (
        "other programs seem to use the processors: reading and writing memory took twice its least time or "
        f"more in half of the rounds at {', '.join(shapes)}, where these times say little"
    )
    return [remark]


def _failures(benchmark: Benchmark) -> dict[tuple[str, str], list[str]]:
    failures: dict[tuple[str, str], list[str]] = {}
    for peer, error, shape in _errors(benchmark):
        failures.setdefault((peer, error), []).append(shape)
    return failures


def _errors(benchmark: Benchmark) -> Iterator[tuple[str, str, str]]:
    for case, measurements in benchmark.cases:
        for each in measurements:
            if each.error is not None:
                yield each.peer, each.error, case.shape
