"""Measures `kldiv check` on generated trees: how long a million lines take, and thousands of calls.

Run: python benchmarks/checker.py. Prints a JSON row a case, and replaces results/checker.jsonl.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import records

from kldiv.benchmark.circumstances import circumstances

FILE = records.RESULTS / "checker.jsonl"
ROUNDS = 3
# What ordinary code looks like, without the words that are searched for.
_PLAIN = """\
def step_{n}(model, batch, optimizer):
    inputs, labels = batch["inputs"], batch["labels"]
    optimizer.zero_grad()
    outputs = model(inputs)  # logits
    loss = torch.nn.functional.cross_entropy(outputs, labels)
    loss.backward()
    optimizer.step()
    return {{"loss": loss.item(), "step": {n}, "name": "step_{n}"}}


"""
# Ten lines with one call, in the ways that people write it.
_CALLS = (
    """\
def loss_{n}(student, teacher, T=2.0):
    log_q = F.log_softmax(student / T, dim=-1)
    with torch.no_grad():
        p = F.softmax(teacher / T, dim=-1)
    return F.kl_div(log_q, p, reduction="batchmean") * T * T


x_{n} = {n}


""",
    """\
class Loss{n}(nn.Module):
    def __init__(self):
        super().__init__()
        self.criterion = nn.KLDivLoss()

    def forward(self, a, b):
        return self.criterion(F.log_softmax(a, dim=1), F.softmax(b, dim=1))


y_{n} = {n}
""",
    """\
def other_{n}(a, b, mask=None):
    p = torch.softmax(a, dim=-1)
    if mask is not None:
        p = p * mask
    else:
        p = p.detach()
    loss = F.kl_div(torch.log(b.softmax(dim=-1)), p, size_average=False)
    return loss


""",
)
_IMPORTS = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"


class Case(NamedTuple):
    """A tree and the options it is checked with."""

    name: str
    files: Callable[[], Iterator[str]]
    options: tuple[str, ...] = ()


def plain(lines: int, calls: int) -> Iterator[str]:
    """Files of 200 lines, of which some, drawn with a fixed seed, have one call."""
    count = lines // 200
    chosen = set(random.Random(0).sample(range(count), calls))
    for number in range(count):
        body = "".join(_PLAIN.format(n=each) for each in range(20))
        yield _IMPORTS + body + (_CALLS[number % 3].format(n=number) if number in chosen else "")


def dense(lines: int, files: int) -> Iterator[str]:
    """Files with a call every ten lines."""
    for _ in range(files):
        yield _IMPORTS + "".join(_CALLS[each % 3].format(n=each) for each in range(lines // files // 10))


CASES = [
    Case("a million lines, 20 calls", lambda: plain(1_000_000, 20)),
    Case("20,000 lines in one file, 2,000 calls", lambda: dense(20_000, 1)),
    Case("20,000 lines in 100 files, 2,000 calls", lambda: dense(20_000, 100)),
    Case("the same, all changes shown", lambda: dense(20_000, 100), ("--diff", "--to-kldiv")),
    Case("one short file", lambda: dense(10, 1)),
    Case("nothing", lambda: iter(())),
]


def measured(case: Case) -> dict[str, Any]:
    """The record of one case: the least and all times of processes that may use one core."""
    with tempfile.TemporaryDirectory() as folder:
        lines = 0
        for number, text in enumerate(case.files()):
            path = Path(folder, f"package_{number // 100}", f"module_{number}.py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            lines += text.count("\n")
        runs = [_run(folder, case.options) for _ in range(ROUNDS)]
    seconds = [each for each, _ in runs]
    return {
        "case": case.name,
        "lines": lines,
        "findings": runs[0][1],
        "seconds": {"least": min(seconds), "all": seconds},
        **circumstances(()),
    }


def _run(folder: str, options: tuple[str, ...]) -> tuple[float, int]:
    """How long one run takes, and how many findings it prints."""
    command = [sys.executable, "-m", "kldiv", "check", folder]
    format_ = options or ("--format", "json")
    start = time.perf_counter()
    done = subprocess.run(
        [*command, *format_], capture_output=True, text=True, check=False, preexec_fn=_on_one_core
    )
    seconds = time.perf_counter() - start
    if done.returncode > 1:
        raise SystemExit(done.stderr)
    return seconds, len(json.loads(done.stdout)) if not options else done.stdout.count("\n-")


def _on_one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def main() -> None:
    """Measure every case."""
    found = []
    for case in CASES:
        found.append(measured(case))
        print(json.dumps(found[-1]), flush=True)
    records.write(FILE, found)


if __name__ == "__main__":
    main()
