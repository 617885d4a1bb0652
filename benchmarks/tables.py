"""Turns the committed measurements into docs/benchmarks.md.

Run: python benchmarks/tables.py
"""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

Made by `python benchmarks/tables.py` from benchmarks/results/; `python benchmarks/kernels.py` measures anew.

The divergence of logits, summed over rows, with its gradient to q unless it says forward. Medians of
{rounds} rounds in which every peer runs once, in an order drawn anew; milliseconds, and in brackets how many
times kldiv's own. {processor}, {threads} threads; torch {torch}, numba {numba}; at commit {commit}.

| {titles} |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
_TITLES = (
    "logits", "kl", "torch.compile", "eager", "kl forward", "torch.compile", "js", "torch.compile",
    "two reads and a write",
)  # fmt: skip
_TAIL = """
torch.compile and eager are `F.kl_div(q.log_softmax(-1), p.log_softmax(-1), log_target=True)`, and for js the
textbook line. The last column is `torch.add(p, q, out=...)`: the least that reading both sides and writing
one gradient can take.

Where a number in brackets is below 1, the peer is faster. A row has a cost of its own here, which shows where
outcomes are few; a single row is computed by one thread; and below 32,768 logits the reference kernel runs,
whose many small operations take longer than eager's few.
"""
_PEERS = [
    ("kl, kldiv", "kl, torch.compile", "kl, eager"),
    ("kl forward, kldiv", "kl forward, torch.compile"),
    ("js, kldiv", "js, torch.compile"),
]


def _cells(case: dict[str, float]) -> list[str]:
    cells = []
    for own, *others in _PEERS:
        cells.append(f"{case[own] * 1e3:.3g}")
        cells += [f"{case[other] * 1e3:.3g} ({case[other] / case[own]:.2g}×)" for other in others]
    return [*cells, f"{case['two reads and a write'] * 1e3:.3g}"]


def main() -> None:
    """Write the page."""
    text = (HERE / "results" / "kernels.jsonl").read_text(encoding="utf-8")
    records: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    cases: dict[str, dict[str, float]] = {}
    for each in records:
        name = f"{each['rows']}×{each['outcomes']} {each['dtype']}"
        cases.setdefault(name, {})[each["peer"]] = each["seconds"][1]
    first = records[0]
    rows = "".join(f"| {' | '.join([name, *_cells(case)])} |\n" for name, case in cases.items())
    PAGE.write_text(
        _HEAD.format(**first, **first["versions"], titles=" | ".join(_TITLES)) + rows + _TAIL,
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
