"""How much an estimate from points varies: subsampling, at the rate that two sizes of subsamples show.

Politis, Romano & Wolf 1999, Subsampling, §2.2 and §10.3: subsamples of b of n points, drawn without
replacement, vary as samples of that size do, and the estimate by (b/n)^β of that, with β = ½ as for a mean.
Where most of P lies beyond Q's points a few of these decide, and β is less. So it is told by subsamples of
two sizes (Bertail, Politis & Romano 1999, On subsampling estimators with unknown rate of convergence).
"""

import math
from typing import NamedTuple

import numpy as np

from kldiv.estimators.intervals import Floats
from kldiv.estimators.nearest_neighbours import nearest_neighbours

# The sizes of the subsamples: n to these powers. The larger are those whose quantiles are taken.
_POWERS = (1 / 2, 2 / 3)
# An estimate varies by this power of the size, or a smaller one.
_FASTEST = 0.5


class Spread(NamedTuple):
    """How far an estimate lies below and above its mean, in nats."""

    below: float
    above: float


class _Drawn(NamedTuple):
    """Estimates from subsamples, about their mean and as if independent, and what 1/n + 1/m is of these."""

    deviations: Floats
    inverse: float


def spread(p: Floats, q: Floats, k: int, number: int, seed: int, confidence: float) -> Spread:
    """The quantiles of the estimate about its mean, from so many subsamples of either size.

    They are taken about their own mean, for their bias is theirs alone.
    """
    generator = np.random.default_rng(seed)
    smaller, larger = (_drawn(generator, p, q, k, number, power) for power in _POWERS)
    scale = ((1 / len(p) + 1 / len(q)) / larger.inverse) ** _rate(smaller, larger)
    low, high = np.quantile(larger.deviations, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Spread(float(low) * scale, float(high) * scale)


def _drawn(generator: np.random.Generator, p: Floats, q: Floats, k: int, number: int, power: float) -> _Drawn:
    """The estimates from subsamples of n and m to the power, both in units of k neighbours.

    A share of a subsample's variance is lost for being drawn without replacement: b/n of what the sample of n
    makes of it, which goes by 1/b.
    """
    sizes = [_size(len(each), k, power) for each in (p, q)]
    estimates = np.array(
        [
            nearest_neighbours(_subsample(generator, p, sizes[0]), _subsample(generator, q, sizes[1]), k)
            for _ in range(number)
        ]
    )
    inverse = sum(1 / size for size in sizes)
    kept = 1 - (1 / len(p) + 1 / len(q)) / inverse
    return _Drawn((estimates - estimates.mean()) / math.sqrt(kept), inverse)


def _size(n: int, k: int, power: float) -> int:
    size: int = min(max(round(k * (n / k) ** power), k + 1), n - 1)
    return size


def _rate(smaller: _Drawn, larger: _Drawn) -> float:
    """The power of 1/n + 1/m by which the estimate varies; that of a mean where the sizes are one."""
    deviations = [float(each.deviations.std()) for each in (smaller, larger)]
    if smaller.inverse == larger.inverse or min(deviations) == 0:
        return _FASTEST
    rate = math.log(deviations[0] / deviations[1]) / math.log(smaller.inverse / larger.inverse)
    return min(max(rate, 0.0), _FASTEST)


def _subsample(generator: np.random.Generator, points: Floats, size: int) -> Floats:
    chosen: Floats = points[generator.choice(len(points), size, replace=False)]
    return chosen
