"""How often the 95 % interval holds the truth, and how far estimates are off on average: docs/estimators.md.

Run: python benchmarks/calibration.py. It takes some twenty minutes on two cores and goes to
results/calibration.jsonl. The samples are the same on every run.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import records
from numpy.typing import NDArray

from kldiv.estimators.bootstrap import bootstrap_interval
from kldiv.estimators.continuous import estimate_from_points
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
# How many pairs of samples a cell has: a coverage of 95 % is known within two standard deviations, 1.4 %.
TABLES = 1000
# Where each takes a search, and of this many outcomes: within 2 %.
TABLES_SLOW, MANY = 500, 100
# How many it has anew where the coverage of those lies outside 93 to 99 % or this near: within 0.7 %.
TABLES_DOUBTFUL, NEAR = 4000, 0.005
LEAST, GREATEST = 0.93, 0.99
# Cells that no rule had a hand in.
RANDOM = 100
# Pairs of samples of a cell, and resamples of each: a coverage is known within 2.5 %.
BOOTSTRAPPED, RESAMPLES = 300, 200
# Pairs of samples of points: within 5.6 %.
POINT_SAMPLES = 60
# How far Q's are moved, and how much wider P's are.
POINT_CELLS = ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (0.0, 0.5), (0.0, 1.5), (0.0, 2.0))
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


def random_cells() -> Iterator[Cell]:
    """Dirichlet distributions: both alone, one against uniform, mixed with the other, and a step away."""
    generator = np.random.default_rng(1)
    for _ in range(RANDOM):
        outcomes, each_p, each_q = np.exp(generator.uniform(np.log((2, 10, 10)), np.log((150, 100, 100))))
        number, concentration = round(outcomes), generator.choice((0.3, 0.5, 1, 3, 20))
        q, other = generator.dirichlet(np.full(number, concentration), 2)
        ways = {
            "alone": other,
            "against uniform": np.full(number, 1 / number),
            "half mixed": 0.5 * (q + other),
            "step 0.2": q * np.exp(0.2 * generator.standard_normal(number)),
        }
        way = generator.choice(list(ways))
        pair = Pair(f"Dirichlet({concentration:g})", str(way), ways[way] / ways[way].sum(), q)
        yield Cell(pair, round(number * each_p), round(number * each_q))


def bootstrap_cells() -> Iterator[Cell]:
    """Three outcomes, 120 values of P and 150 of Q; P = Q, a step away, and far apart."""
    for pair in pairs(3):
        if pair.shape in {"uniform", "rare outcomes"} and pair.distance in {"P = Q", "step 0.3", "step 1"}:
            yield Cell(pair, 120, 150)


def tables(cell: Cell, number: int, seed: int) -> tuple[Floats, Floats]:
    """Counts of that many independent pairs of samples."""
    generator = np.random.default_rng([seed, number])
    x = generator.multinomial(cell.n_p, cell.pair.p, number).astype(np.float64)
    return x, generator.multinomial(cell.n_q, cell.pair.q, number).astype(np.float64)


def measured(cell: Cell, name: str, seed: int) -> records.Record:
    """The coverage of one divergence in one cell; anew, of other samples, where it may lie outside."""
    slow = name == "total_variation" or len(cell.pair.p) >= MANY
    found = measured_by(TABLES_SLOW if slow else TABLES, cell, name, seed)
    if LEAST + NEAR <= found["coverage"] <= GREATEST - NEAR:
        return found
    return measured_by(TABLES_DOUBTFUL, cell, name, seed)


def measured_by(number: int, cell: Cell, name: str, seed: int) -> records.Record:
    """The coverage of one divergence in one cell, and the bias of its estimates."""
    x, y = tables(cell, number, seed)
    named = DIVERGENCES[name]
    low, high = named.counted.interval(x, y, normal_quantiles(CONFIDENCE), skewness=True)
    truth = float(named.counted.plug_in(cell.pair.p, cell.pair.q))
    return {
        "interval": "delta",
        **described(cell, name, truth, low, high),
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


def measured_by_bootstrap(cell: Cell, name: str, seed: int) -> records.Record:
    """The coverage of the bootstrap's interval; each needs its own resamples."""
    named = DIVERGENCES[name]
    truth, ends = named.counted.plug_in(cell.pair.p, cell.pair.q), []
    for number, (x, y) in enumerate(zip(*tables(cell, BOOTSTRAPPED, seed), strict=True)):
        ends.append(
            bootstrap_interval(named.counted, x, y, confidence=CONFIDENCE, resamples=RESAMPLES, seed=number)
        )
    low, high = np.array(ends).T
    return {"interval": "bootstrap", "resamples": RESAMPLES, **described(cell, name, float(truth), low, high)}


def described(cell: Cell, name: str, truth: float, low: Floats, high: Floats) -> records.Record:
    """A cell and how often the interval held its truth."""
    named = DIVERGENCES[name]
    if named.bounded:
        low, high = np.maximum(low, 0.0), np.minimum(high, named.greatest)
    return {
        "divergence": name,
        "outcomes": len(cell.pair.p),
        "n_p": cell.n_p,
        "n_q": cell.n_q,
        "shape": cell.pair.shape,
        "distance": cell.pair.distance,
        "least_expected": round(cell.least, 3),
        "truth": truth,
        **covered(truth, low, high),
    }


def covered(truth: float, low: Floats, high: Floats) -> records.Record:
    """How often the truth lies within the intervals, above them and below, and how often there is no end."""
    # Of P = Q the truth is exactly 0; elsewhere a rounding error decides nothing.
    above, below = float((high < truth).mean()), float((low > truth).mean())
    return {
        "tables": len(low),
        "coverage": round(1 - above - below, 4),
        "truth_above": round(above, 4),
        "truth_below": round(below, 4),
        "unbounded": round(float(np.isinf(high).mean()), 4),
    }


def measured_points(dimensions: int, number: int, shift: float, wider: float) -> records.Record:
    """The coverage of the subsampling interval: P standard normal, Q moved along an axis, P as much wider."""
    generator = np.random.default_rng([dimensions, number, round(10 * shift), round(10 * wider)])
    away, found = shift * np.eye(dimensions)[0], []
    for seed in range(POINT_SAMPLES):
        x, y = (generator.standard_normal((number, dimensions)) for _ in "pq")
        found.append(estimate_from_points(x, y / wider + away, seed=seed))
    truth = (shift * wider) ** 2 / 2 + dimensions * ((wider**2 - 1) / 2 - float(np.log(wider)))
    estimates, low, high = (np.array([getattr(e, end) for e in found]) for end in ("estimate", "low", "high"))
    return {
        "interval": "subsampling",
        "divergence": "kl",
        "dimensions": dimensions,
        "n_p": number,
        "n_q": number,
        "shift": shift,
        "wider": wider,
        "truth": truth,
        **covered(truth, low, high),
        "bias": round(float(estimates.mean()) - truth, 4),
        "deviation": round(float(estimates.std()), 4),
        "biased": float(np.mean([each.biased for each in found])),
    }


def jobs() -> Iterator[tuple[Callable[..., records.Record], tuple[Any, ...]]]:
    """Everything that is measured, and with which arguments."""
    grid = [cell for outcomes in OUTCOMES for cell in cells(outcomes)] + list(random_cells())
    for seed, (cell, name) in enumerate(product(grid, DIVERGENCES)):
        yield measured, (cell, name, seed)
    for seed, (cell, name) in enumerate(product(bootstrap_cells(), DIVERGENCES)):
        yield measured_by_bootstrap, (cell, name, seed)
    for dimensions, (shift, wider) in product((1, 2, 3, 5), POINT_CELLS):
        yield measured_points, (dimensions, 500, shift, wider)


def run(job: tuple[Callable[..., records.Record], tuple[Any, ...]]) -> records.Record:
    """One of the jobs."""
    function, given = job
    return function(*given)


def main() -> None:
    """Measure on all processors, and replace the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.parse_args()
    found, every = [], list(jobs())
    with ProcessPoolExecutor() as pool:
        for record in pool.map(run, every, chunksize=5):
            found.append(record)
            if len(found) % 100 == 0:
                print(f"{len(found)} of {len(every)}", flush=True)
    records.write(FILE, found)


if __name__ == "__main__":
    main()
