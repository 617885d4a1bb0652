"""Measures what an audit adds to a call of F.kl_div: while every call is looked at, and in the long run.

Run: python benchmarks/audit.py. Replaces results/audit.jsonl. Watched and unwatched rounds alternate, so that
whatever else the machine does meets both.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import records
import torch
from torch.nn import functional

import kldiv
from kldiv.benchmark.circumstances import circumstances

FILE = records.RESULTS / "audit.jsonl"
SHAPES = [(8, 10), (32, 100), (64, 1000), (256, 1000), (64, 32000)]
FIRST, ROUNDS = 100, 5
# The long run: calls enough that those looked at are few, in no more than some seconds.
_LONG, _MOST_ELEMENTS = 2000, 20_000_000


def measured(shape: tuple[int, int]) -> dict[str, Any]:
    """The record of one shape: seconds a call, medians of the rounds."""
    log_q, p = torch.randn(shape).log_softmax(-1), torch.randn(shape).softmax(-1)

    def call() -> None:
        functional.kl_div(log_q, p, reduction="batchmean")

    calls = max(FIRST, min(_LONG, _MOST_ELEMENTS // log_q.numel()))
    seconds: dict[str, list[float]] = {"alone": [], "first_hundred": [], "long_run": []}
    for _ in range(ROUNDS):
        seconds["alone"].append(per_call(call, calls))
        with kldiv.audit():
            seconds["first_hundred"].append(per_call(call, FIRST))
        with kldiv.audit():
            seconds["long_run"].append(per_call(call, calls))
    medians = {name: median(each) for name, each in seconds.items()}
    return {"rows": shape[0], "outcomes": shape[1], "calls": calls, **medians}


def per_call(call: Callable[[], None], calls: int) -> float:
    """Seconds a call, over many."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def main() -> None:
    """Measure every shape, and print it."""
    found = []
    for shape in SHAPES:
        record = measured(shape)
        alone = record["alone"]
        first, long = record["first_hundred"] / alone, record["long_run"] / alone
        print(
            f"{shape[0]}×{shape[1]}: {alone * 1e6:.1f} µs; first hundred calls {first:.2f} times that, "
            f"{record['calls']} calls {long:.2f} times",
            flush=True,
        )
        found.append({**record, **circumstances(("torch", "numpy", "kldiv"))})
    records.write(FILE, found)


if __name__ == "__main__":
    main()
