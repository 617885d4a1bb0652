"""Measures what an audit adds to a call of F.kl_div: while every call is looked at, and in the long run.

Run: python benchmarks/audit.py [--rounds N] [--shape RxC]. All of it, which takes some minutes, goes to
results/audit.jsonl; a shape that was asked for is only printed. Watched and unwatched rounds alternate, so
that whatever else the machine does meets both.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import records
import torch
from torch.nn import functional

import kldiv
from kldiv.benchmark.case import parse_shape
from kldiv.benchmark.circumstances import circumstances

FILE = records.RESULTS / "audit.jsonl"
SHAPES = [(8, 10), (32, 100), (64, 1000), (256, 1000), (64, 32000)]
FIRST = 100
# The long run: calls enough that those looked at are few, in no more than some seconds.
_LONG, _MOST_ELEMENTS = 2000, 20_000_000


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often everything is timed")
    parser.add_argument("--shape", metavar="RxC", type=parse_shape, help="this one alone, such as 8x10")
    return parser.parse_args()


def measured(shape: tuple[int, int], rounds: int) -> dict[str, Any]:
    """The record of one shape: seconds a call, the least of the rounds."""
    log_q, p = torch.randn(shape).log_softmax(-1), torch.randn(shape).softmax(-1)

    def call() -> None:
        functional.kl_div(log_q, p, reduction="batchmean")

    calls = max(FIRST, min(_LONG, _MOST_ELEMENTS // log_q.numel()))
    seconds: dict[str, list[float]] = {"alone": [], "first_hundred": [], "long_run": []}
    for _ in range(rounds):
        seconds["alone"].append(per_call(call, FIRST))
        with kldiv.audit():
            seconds["first_hundred"].append(per_call(call, FIRST))
        with kldiv.audit():
            seconds["long_run"].append(per_call(call, calls))
    # Whatever else the machine does adds to a round, and to a long one more likely than to a short one.
    least = {name: min(each) for name, each in seconds.items()}
    return {"rows": shape[0], "outcomes": shape[1], "calls": calls, **least}


def per_call(call: Callable[[], None], calls: int) -> float:
    """Seconds a call, over many."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def line(record: records.Record) -> str:
    """A record as a line for who watches."""
    alone = record["alone"]
    first, long = record["first_hundred"] / alone, record["long_run"] / alone
    return (
        f"{record['rows']}×{record['outcomes']}: {alone * 1e6:.1f} µs; "
        f"first hundred calls {first:.2f} times that, {record['calls']} calls {long:.2f} times"
    )


def main() -> None:
    """Measure, print, and replace the results if it was everything."""
    asked = arguments()
    found = []
    for shape in [asked.shape] if asked.shape else SHAPES:
        record = measured(shape, asked.rounds)
        print(line(record), flush=True)
        found.append({**record, **circumstances(("torch", "numpy", "kldiv"))})
    if asked.shape is None:
        records.write(FILE, found)


if __name__ == "__main__":
    main()
