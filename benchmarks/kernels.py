"""Times divergences from logits beside what people use for them today: with a gradient to q, and alone.

Run: python benchmarks/kernels.py [ROUNDS]. Every round times every peer once, in an order drawn anew, on
inputs as the peer before left the caches; quantiles are over rounds. One JSON line a measurement goes to
results/kernels.jsonl, which `python benchmarks/tables.py` turns into docs/benchmarks.md.
"""

import json
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

import kldiv
from kldiv import Logits

RESULTS = Path(__file__).parent / "results" / "kernels.jsonl"
SHAPES = [
    (256, 32000, torch.float32),
    (64, 128256, torch.float32),
    (4096, 1000, torch.float32),
    (64, 128256, torch.bfloat16),
    (65536, 10, torch.float32),
    (1, 1_000_000, torch.float32),
    (1, 10, torch.float32),
]


def textbook_kl(p: Tensor, q: Tensor) -> Tensor:
    """The line of PyTorch that is meant to be this divergence."""
    return F.kl_div(q.log_softmax(-1), p.log_softmax(-1), reduction="sum", log_target=True)


def textbook_js(p: Tensor, q: Tensor) -> Tensor:
    """The Jensen–Shannon divergence as it is written down."""
    p, q = p.softmax(-1), q.softmax(-1)
    mixture = 0.5 * (p + q)
    return 0.5 * (F.kl_div(mixture.log(), p, reduction="sum") + F.kl_div(mixture.log(), q, reduction="sum"))


def with_gradient(loss: Callable[[Tensor, Tensor], Tensor], p: Tensor, q: Tensor) -> Callable[[], object]:
    """A call that computes the loss and its gradient to q."""
    leaf = q.clone().requires_grad_()

    def call() -> None:
        leaf.grad = None
        loss(p, leaf).backward()

    return call


def without_gradient(loss: Callable[[Tensor, Tensor], Tensor], p: Tensor, q: Tensor) -> Callable[[], object]:
    """A call that computes the loss alone."""

    def call() -> None:
        with torch.no_grad():
            loss(p, q)

    return call


def peers(p: Tensor, q: Tensor) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    compiled_kl, compiled_js = torch.compile(textbook_kl), torch.compile(textbook_js)
    out = torch.empty_like(p)

    def kl(a: Tensor, b: Tensor) -> Tensor:
        return kldiv.kl(Logits(a), Logits(b), reduction="sum")

    def js(a: Tensor, b: Tensor) -> Tensor:
        return kldiv.js(Logits(a), Logits(b), reduction="sum")

    return {
        "kl, kldiv": with_gradient(kl, p, q),
        "kl, torch.compile": with_gradient(compiled_kl, p, q),
        "kl, eager": with_gradient(textbook_kl, p, q),
        "kl forward, kldiv": without_gradient(kl, p, q),
        "kl forward, torch.compile": without_gradient(compiled_kl, p, q),
        "js, kldiv": with_gradient(js, p, q),
        "js, torch.compile": with_gradient(compiled_js, p, q),
        "two reads and a write": lambda: torch.add(p, q, out=out),
    }


def measure(rows: int, outcomes: int, dtype: torch.dtype, rounds: int) -> list[dict[str, object]]:
    """Time every peer in every round; one record for each."""
    generator = torch.Generator().manual_seed(0)
    p = (3 * torch.randn(rows, outcomes, generator=generator)).to(dtype)
    q = (p + torch.randn(rows, outcomes, generator=generator)).to(dtype)
    calls = peers(p, q)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
        call()
    for _ in range(rounds):
        for name in random.sample(list(calls), len(calls)):
            start = time.perf_counter()
            calls[name]()
            times[name].append(time.perf_counter() - start)
    case = {"rows": rows, "outcomes": outcomes, "dtype": str(dtype).removeprefix("torch.")}
    size = p.numel() * p.element_size()
    return [
        {**case, "peer": name, "seconds": np.quantile(each, [0.25, 0.5, 0.75]).tolist(), "logits_bytes": size}
        for name, each in times.items()
    ]


def circumstances() -> dict[str, object]:
    """What a row needs to stand alone."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    processor = next(
        (line.split(":")[1].strip() for line in _cpu_information() if line.startswith("model name")),
        platform.processor(),
    )
    versions = {"kldiv": kldiv.__version__, "torch": torch.__version__, "numba": numba.__version__}
    return {
        "threads": torch.get_num_threads(),
        "processor": processor,
        "versions": versions,
        "commit": commit.stdout.strip(),
    }


def _cpu_information() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def main() -> None:
    """Measure every shape and replace the results."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    RESULTS.parent.mkdir(exist_ok=True)
    lines = []
    for shape in SHAPES:
        for record in measure(*shape, rounds):
            lines.append(json.dumps({**record, "rounds": rounds, **circumstances()}))
            print(record["rows"], record["outcomes"], record["dtype"], record["peer"], record["seconds"])
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
