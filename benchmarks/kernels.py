"""Times divergences of logits beside what else computes them, and compares every answer with an exact one.

Run: python benchmarks/kernels.py [--rounds N] [--shape RxC] [--peer NAME]. All of it, which takes some ten
minutes, goes to results/kernels.jsonl; a part that was asked for is only printed.
"""

import argparse
from collections.abc import Iterator
from itertools import product

import records

from kldiv.benchmark.case import Case, Divergence, DType, parse_shape
from kldiv.benchmark.circumstances import circumstances
from kldiv.benchmark.measurement import Measurement
from kldiv.benchmark.measuring import measure
from kldiv.benchmark.peer import Peer, split_by_presence
from kldiv.benchmark.peers import peers_of
from kldiv.benchmark.room import available_bytes, check_room

FILE = records.RESULTS / "kernels.jsonl"
SHAPES: list[tuple[int, int, DType]] = [
    (256, 32000, "float32"),
    (64, 128256, "float32"),
    (256, 128256, "float32"),
    (4096, 1000, "float32"),
    (64, 128256, "bfloat16"),
    (256, 32000, "float64"),
    (65536, 10, "float32"),
    (1, 1_000_000, "float32"),
    (1, 10, "float32"),
    (1, 1, "float32"),
]
# A divergence, and whether with its gradient to q.
QUESTIONS: list[tuple[Divergence, bool]] = [("kl", True), ("kl", False), ("js", True)]


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often everybody is timed")
    parser.add_argument("--shape", metavar="RxC", type=parse_shape, help="this one alone, such as 256x32000")
    names = sorted({peer.name for divergence, _ in QUESTIONS for peer in peers_of(divergence)})
    parser.add_argument("--peer", action="append", choices=names, help="this one alone; may be repeated")
    return parser.parse_args()


def cases(shape: tuple[int, int] | None) -> Iterator[Case]:
    """All cases, or those of one shape, in float32 if it is not in the list."""
    chosen = [each for each in SHAPES if shape in (None, each[:2])]
    if shape and not chosen:
        chosen = [(*shape, "float32")]
    for (rows, outcomes, dtype), (divergence, gradient) in product(chosen, QUESTIONS):
        yield Case(rows, outcomes, dtype, divergence, gradient)


def peers(case: Case, names: list[str] | None) -> list[Peer]:
    """Who is measured in a case: in one with a gradient, only who has one."""
    wanted = [peer for peer in peers_of(case.divergence) if names is None or peer.name in names]
    return [peer for peer in wanted if not (case.gradient and peer.forward_alone)]


def measured(case: Case, names: list[str] | None, rounds: int) -> Iterator[records.Record]:
    """Measure one case, say it on the terminal, and return its records."""
    check_room(case, available_bytes())
    present, absent = split_by_presence(peers(case, names))
    for peer in absent:
        print(f"{peer.name} is not installed and is left out; install it with: {peer.install}")
    packages = {peer.name: peer.packages for peer in present}
    for found in measure(case, present, rounds=rounds):
        print(line(found), flush=True)
        yield found.record(circumstances(packages[found.peer]))


def line(found: Measurement) -> str:
    """A measurement as a line for who watches."""
    case = found.case
    question = f"{case.divergence}{'' if case.gradient else ' forward'}"
    result = found.error or f"{found.seconds.median * 1e3:10.4g} ms" if found.seconds else found.error
    errors = (answer.relative_error for answer in (found.answer, found.answer_close) if answer)
    off = "  ".join(f"{error:8.1e}" for error in errors)
    return f"{case.shape:>12} {case.dtype:8} {question:10} {found.peer:22} {result}  {off}"


def main() -> None:
    """Measure, and replace the results if it was everything."""
    asked = arguments()
    found = [each for case in cases(asked.shape) for each in measured(case, asked.peer, asked.rounds)]
    if asked.shape is None and asked.peer is None:
        records.write(FILE, found)


if __name__ == "__main__":
    main()
