"""How often the 95 % interval holds the truth of two outcomes, over all samples: docs/estimators.md.

Run: python benchmarks/two_outcomes.py. It takes a minute and goes to results/two_outcomes.jsonl. Nothing is
drawn at random: every pair of tables has its probability.
"""

import argparse
from itertools import product

import numpy as np
import records
from numpy.typing import NDArray
from scipy.stats import binom

from kldiv.estimators.discrete import DIVERGENCES, Named
from kldiv.estimators.intervals import normal_quantiles

FILE = records.RESULTS / "two_outcomes.jsonl"
Floats = NDArray[np.float64]

# Values of P and of Q.
SIZES = (
    *((20, 20), (20, 97), (97, 20), (20, 400), (400, 20)),
    *((50, 50), (50, 200), (200, 50), (150, 150), (400, 400)),
)
# The probability of the first outcome in P; in Q it is one of these, or of the second.
RARER = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.17, 0.23, 0.3, 0.4, 0.5)
OF_Q = sorted({*RARER, *(1 - each for each in RARER)})
CONFIDENCE = 0.95
LEAST, GREATEST = 0.93, 0.99


def ends(named: Named, n: int, m: int) -> tuple[Floats, Floats]:
    """Both ends of the interval, by the counts of the first outcome in both samples."""
    x, y = (each.ravel() for each in np.meshgrid(np.arange(n + 1.0), np.arange(m + 1.0), indexing="ij"))
    tables = np.stack([x, n - x], -1), np.stack([y, m - y], -1)
    low, high = named.counted.interval(*tables, normal_quantiles(CONFIDENCE), skewness=True)
    if named.bounded:
        low, high = np.maximum(low, 0.0), np.minimum(high, named.greatest)
    return low.reshape(n + 1, m + 1), high.reshape(n + 1, m + 1)


def measured(name: str, n: int, m: int) -> records.Record:
    """The coverage of one divergence over all pairs of probabilities."""
    named = DIVERGENCES[name]
    low, high = ends(named, n, m)
    held = {}
    for p, q in product(RARER, OF_Q):
        # Of P = Q the truth is exactly 0; elsewhere a rounding error decides nothing.
        truth = float(named.counted.plug_in(np.array([p, 1 - p]), np.array([q, 1 - q]))) if p != q else 0.0
        of_p, of_q = binom.pmf(np.arange(n + 1), n, p), binom.pmf(np.arange(m + 1), m, q)
        held[p, q] = float(of_p @ ((low <= truth) & (truth <= high)) @ of_q)
    coverage = np.array(list(held.values()))
    at_p, at_q = min(held, key=lambda pair: held[pair])
    return {
        "divergence": name,
        "n_p": n,
        "n_q": m,
        "cells": len(held),
        "below": int((coverage < LEAST).sum()),
        "above": int((coverage > GREATEST).sum()),
        "least": round(float(coverage.min()), 4),
        "least_at": [at_p, round(at_q, 3)],
        "mean": round(float(coverage.mean()), 4),
    }


def main() -> None:
    """Measure, and replace the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.parse_args()
    records.write(FILE, [measured(name, *sizes) for name, sizes in product(DIVERGENCES, SIZES)])


if __name__ == "__main__":
    main()
