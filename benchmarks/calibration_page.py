"""Turns the committed calibration into docs/estimators.md.

Run: python benchmarks/calibration_page.py
"""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import records

PAGE = Path(__file__).parent.parent / "docs" / "estimators.md"
FILE = records.RESULTS / "calibration.jsonl"
DIVERGENCES = ("kl", "psi", "js", "hellinger", "total_variation")
# The least expected count of any outcome in either sample: from, to below.
BANDS = ((5.0, float("inf"), "5 or more"), (2.0, 5.0, "2 to 5"), (1.0, 2.0, "1 to 2"), (0.0, 1.0, "below 1"))
LEAST, GREATEST = 0.93, 0.99

Cell = dict[str, Any]

HEAD = """# Estimates from samples

Made by `python benchmarks/calibration_page.py` from benchmarks/results/calibration.jsonl, which
`python benchmarks/calibration.py` measures.

`kldiv.estimate(x, y)` takes values drawn from P and values drawn from Q. Values on a discrete scale are
counted; decimals that hardly ever repeat, and arrays [n, d], are points whose nearest neighbours are
measured. The result says which it was. Name a `method` to decide yourself.

## Counts

| divergence | estimate by default | range |
| --- | --- | --- |
| `kl` | Zhang & Grabchak 2014 | not clipped: below 0 means that P = Q is not excluded |
| `psi`, the population stability index D(P‖Q) + D(Q‖P) | Zhang & Grabchak, both ways | the same |
| `js` | ψ in place of log in its three entropies (Grassberger 1988) | 0 to ln 2, its bounds |
| `hellinger` | falling factorial power ½ in place of the root | 0 to 1 |
| `total_variation` | the distance at which the one counted is expected | 0 to 1 |

Beside it stands `value`, the textbook number of the observed frequencies. Dirichlet smoothing is there by
name (`method="laplace"`, `"jeffreys"`, `"perks"`, or `"dirichlet"` with a `concentration`): every outcome
that either sample shows gets so much more in both samples, and the textbook value of that is the estimate.
Counts may be weights; a weight of 2.5 is two and a half observations.

The interval `"delta"` inverts a score: it holds every δ with (D̂ − δ)² ≤ z²·(V₀ + 4·c·δ), where V₀ is the
variance at P = Q and 4·c·δ the delta method's. The plain delta method has no width where both samples agree,
and held P = Q in 80 % of samples of two outcomes. `"bootstrap"` takes the quantiles of the same score from
resamples. It is there for comparison and holds the truth somewhat less often: of three outcomes, 120 and 150
values, in 89 to 91 % of 150 samples each for kl, psi and hellinger.

An outcome that P has and Q never shows could make D(P‖Q) as large as you like. The interval takes it for
about half a count; where an outcome's expected count is far below 1 and P has much of it, no interval knows.

## How often the 95 % interval holds the truth
"""

TAIL = """
## Points

`method="nearest_neighbours"` is Wang, Kulkarni & Verdú 2009, eq. 29, for D(P‖Q) alone. `neighbours` is k:
more vary less and have more bias, which the interval, by subsampling n^(2/3) points (Politis, Romano & Wolf
1999), doesn't know of; so k is 1 unless you ask for more. At most 100 neighbours are looked at. Ties are an
error, unless `ties="jitter"` adds uniform noise as wide as the smallest gap between values, drawn from
`seed`.
"""


def page(found: Sequence[Cell]) -> str:
    """The whole page."""
    return HEAD + "\n" + meaning(found) + "\n\n" + table(found) + "\n\n" + bias(found) + "\n" + TAIL


def meaning(found: Sequence[Cell]) -> str:
    """What was measured, in words."""
    outcomes = sorted({each["outcomes"] for each in found})
    listed = ", ".join(map(str, outcomes))
    numbers = sorted({each["tables"] for each in found})
    said = (
        f"Over {len(found) // len(DIVERGENCES)} cells: {listed} outcomes, samples of 10 to 100 values an "
        "outcome, equal and unequal, uniform, Zipf and with outcomes that share 10 %, P = Q, steps away "
        f"and far apart. {numbers[-1]} pairs of samples each ({numbers[0]} for total_variation), from "
        "fixed seeds. Rows are by the least expected count of any outcome in either sample. Each entry: the "
        "least and the greatest coverage of a cell, and how many cells lie between 93 and 99 %."
    )
    return textwrap.fill(said, 110)


def table(found: Sequence[Cell]) -> str:
    """Coverage by divergence and least expected count."""
    lines = ["| least expected | " + " | ".join(DIVERGENCES) + " |", "| --- |" + " --- |" * len(DIVERGENCES)]
    for low, high, name in BANDS:
        rows = [each for each in found if low <= each["least_expected"] < high]
        cells = (summary([each["coverage"] for each in rows if each["divergence"] == d]) for d in DIVERGENCES)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def summary(coverage: Sequence[float]) -> str:
    """The extremes, and how many lie where they should."""
    inside = sum(LEAST <= each <= GREATEST for each in coverage)
    return f"{min(coverage):.1%} to {max(coverage):.1%}, {inside} of {len(coverage)}"


def bias(found: Sequence[Cell]) -> str:
    """The bias of kl's estimates where P = Q, uniform, with ten values an outcome in both samples."""
    lines = [
        "The mean of each estimate of `kl` in nats where P = Q, uniform, with ten values an outcome (the",
        "truth is 0; where nothing stands, the plug-in value is infinite in some samples):",
        "",
        "| outcomes | Zhang & Grabchak | plug-in | Jeffreys smoothing |",
        "| --- | --- | --- | --- |",
    ]
    for each in found:
        where = (each["divergence"], each["shape"], each["distance"], each["n_p"], each["n_q"])
        if where == ("kl", "uniform", "P = Q", 10 * each["outcomes"], 10 * each["outcomes"]):
            numbers = (each["bias"][name] for name in ("zhang_grabchak", "plug_in", "jeffreys"))
            cells = ("" if number is None else f"{number:+.4f}" for number in numbers)
            lines.append(f"| {each['outcomes']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(records.read(FILE)), encoding="utf-8")


if __name__ == "__main__":
    main()
