"""How often the 95 % interval holds the truth, and how far estimates are off on average: docs/estimators.md.

Run: python benchmarks/calibration.py [--outcomes K]. All of it takes some minutes on one core and goes
to results/calibration.jsonl; a part that was asked for is only printed. The samples are the same on every
run.
"""

import argparse
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
import records
from numpy.typing import NDArray

from kldiv.estimators.counted import frequencies
from kldiv.estimators.discrete import DIVERGENCES, Named
from kldiv.estimators.intervals import normal_quantiles

FILE = records.RESULTS / "calibration.jsonl"
Floats = NDArray[np.float64]

OUTCOMES = (2, 3, 5, 10, 20, 50, 100, 200)
# Values of P and of Q for each outcome.
SIZES = ((10, 10), (10, 100), (100, 10), (100, 100))
# The size of a random step in each log-probability.
STEPS = (0.0, 0.02, 0.1, 0.3, 1.0)
# How many pairs of samples a cell has: a coverage of 95 % is then known within 1 %, two standard deviations.
TABLES = 2000
# Where each takes a search.
TABLES_SLOW = 400
CONFIDENCE = 0.95


class Pair(NamedTuple):
    """Two distributions, and in words how they came about."""

    shape: str
    distance: str
    p: Floats
    q: Floats


class Cell(NamedTuple):
    """Two distributions and the sizes of the samples from them."""

    pair: Pair
    n_p: int
    n_q: int

    @property
    def least(self) -> float:
        """The least number of values that P or Q is expected to show of an outcome that it has."""
        return float(min((self.n_p * self.pair.p).min(), (self.n_q * self.pair.q).min()))


def zipf(outcomes: int, exponent: float) -> Floats:
    """Probabilities in proportion to 1/rank^exponent; 0 for all alike."""
    weights = np.arange(1.0, outcomes + 1) ** -exponent
    return weights / weights.sum()


def rare(outcomes: int) -> Floats:
    """One outcome has 90 % and the others share the rest."""
    return np.array([0.9, *[0.1 / (outcomes - 1)] * (outcomes - 1)])


def pairs(outcomes: int) -> Iterator[Pair]:
    """Q of each shape and P a random step away from it, and pairs that are far apart."""
    generator = np.random.default_rng(outcomes)
    shapes = {"uniform": zipf(outcomes, 0), "Zipf": zipf(outcomes, 1), "rare outcomes": rare(outcomes)}
    for (shape, q), step in product(shapes.items(), STEPS):
        weights = q * np.exp(step * generator.standard_normal(outcomes))
        yield Pair(shape, f"step {step:g}" if step else "P = Q", weights / weights.sum(), q)
    yield Pair("Zipf", "against uniform", shapes["Zipf"], shapes["uniform"])
    yield Pair("uniform", "against Zipf", shapes["uniform"], shapes["Zipf"])
    yield Pair("Zipf", "reversed", shapes["Zipf"], shapes["Zipf"][::-1])
    drawn = generator.dirichlet(np.ones(outcomes), 2)
    yield Pair("random", "Dirichlet(1)", drawn[0], drawn[1])


def cells(outcomes: int) -> Iterator[Cell]:
    """Every pair with every pair of sizes."""
    for pair, (of_p, of_q) in product(pairs(outcomes), SIZES):
        yield Cell(pair, of_p * outcomes, of_q * outcomes)


def tables(cell: Cell, number: int, seed: int) -> tuple[Floats, Floats]:
    """Counts of that many independent pairs of samples."""
    generator = np.random.default_rng([seed, number])
    x = generator.multinomial(cell.n_p, cell.pair.p, number).astype(np.float64)
    return x, generator.multinomial(cell.n_q, cell.pair.q, number).astype(np.float64)


def measured(cell: Cell, name: str, seed: int) -> records.Record:
    """The coverage of one divergence in one cell, and the bias of its estimates."""
    number = TABLES_SLOW if name == "total_variation" else TABLES
    x, y = tables(cell, number, seed)
    named = DIVERGENCES[name]
    low, high = named.counted.interval(x, y, normal_quantiles(CONFIDENCE), skewness=True)
    truth = float(named.counted.plug_in(cell.pair.p, cell.pair.q))
    if named.bounded:
        low, high = np.maximum(low, 0.0), np.minimum(high, named.greatest)
    # Of P = Q the truth is exactly 0; elsewhere a rounding error decides nothing.
    missed_below, missed_above = float((high < truth).mean()), float((low > truth).mean())
    return {
        "divergence": name,
        "outcomes": len(cell.pair.p),
        "n_p": cell.n_p,
        "n_q": cell.n_q,
        "shape": cell.pair.shape,
        "distance": cell.pair.distance,
        "least_expected": round(cell.least, 3),
        "truth": truth,
        "tables": number,
        "coverage": round(1 - missed_below - missed_above, 4),
        "truth_above": round(missed_below, 4),
        "truth_below": round(missed_above, 4),
        "bias": biases(named, x, y, truth),
    }


def biases(named: Named, x: Floats, y: Floats, truth: float) -> dict[str, float | None]:
    """Each estimate's mean less the truth, in nats, of hellinger squared; None where some are infinite."""
    half = np.where(x + y > 0, 0.5, 0.0)
    with np.errstate(invalid="ignore"):
        estimates = {
            named.correction: named.counted.corrected(x, y),
            "plug_in": named.counted.plug_in(frequencies(x), frequencies(y)),
            "jeffreys": named.counted.plug_in(frequencies(x, half), frequencies(y, half)),
        }
    means = {name: float(each.mean()) - truth for name, each in estimates.items()}
    return {name: round(mean, 6) if np.isfinite(mean) else None for name, mean in means.items()}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--outcomes", type=int, choices=OUTCOMES, help="this number of outcomes alone")
    return parser.parse_args()


def main() -> None:
    """Measure, and replace the results if it was everything."""
    asked = arguments()
    found = []
    for outcomes in OUTCOMES if asked.outcomes is None else (asked.outcomes,):
        for seed, (cell, name) in enumerate(product(cells(outcomes), DIVERGENCES)):
            found.append(measured(cell, name, seed))
        for name in DIVERGENCES:
            coverage = [
                each["coverage"]
                for each in found
                if (each["divergence"], each["outcomes"]) == (name, outcomes)
            ]
            print(
                f"{outcomes:4} outcomes  {name:16} {min(coverage):6.1%} to {max(coverage):6.1%}", flush=True
            )
    if asked.outcomes is None:
        records.write(FILE, found)


if __name__ == "__main__":
    main()
