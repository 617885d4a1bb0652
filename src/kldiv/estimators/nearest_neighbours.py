"""D(P‖Q) from points on a continuous scale: Wang, Kulkarni & Verdú's estimate by nearest neighbours.

Wang, Kulkarni & Verdú 2009, Divergence estimation for multidimensional densities via k-nearest-neighbor
distances, eq. 29:

    D̂ = (d/n)·Σ log(ν_i/ρ_i) + (1/n)·Σ [ψ(l_i) − ψ(k_i)] + log(m/(n−1)),

where ε_i is the larger of the distances from x_i to its k-th neighbour among the other x and among the y, l_i
and k_i are how many of either lie no further than ε_i, and ρ_i and ν_i the distances to the last of those.
Both densities are taken over nearly the same ball, so that their biases cancel.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from kldiv.errors import InvalidInputError
from kldiv.estimators.discrete import check_confidence, check_whole
from kldiv.estimators.estimate import ContinuousEstimate
from kldiv.estimators.intervals import Floats
from kldiv.estimators.points import points_of, without_ties
from kldiv.units import unit_of

# No more neighbours than these are looked at (as in the R package kldest): where Q is so thin that more of P
# lie within the ball, the last of them has the radius for P, and the two balls differ.
_MOST = 100
# How much too low the estimate may be if all of P's points lie beyond Q's, in nats a dimension. For normal
# points in one to five dimensions it was 2 times their share or less, and that share is known but roughly.
_BEYOND = 3.0
# So many distances are held at once: 16 MB.
_BLOCK = 2_000_000

Progress = Callable[[int, int], None]


def estimate_from_points(
    x: object,
    y: object,
    *,
    neighbours: int = 1,
    ties: str = "error",
    subsamples: int = 200,
    seed: int = 0,
    base: float | None = None,
    confidence: float = 0.95,
    reason: str = "",
    on_progress: Progress | None = None,
) -> ContinuousEstimate:
    """Estimate D(P‖Q) from points; `kldiv.estimate` says what the arguments mean.

    Raises:
        InputTypeError: samples that are no numbers.
        ShapeError: points of different dimensions, or no array of points.
        InvalidInputError: too few points, ties, values that are not finite, or an argument that can't be.
    """
    check_confidence(confidence)
    unit = unit_of(base)
    for name, value, least in (
        ("neighbours", neighbours, 1),
        ("subsamples", subsamples, 20),
        ("seed", seed, 0),
    ):
        check_whole(name, value, least)
    given = points_of(x, y)
    for name, each in zip(("x", "y"), given, strict=True):
        # One beside the point and its neighbours, for subsamples to leave out.
        if len(each) < neighbours + 2:
            raise InvalidInputError(
                f"{name} has {len(each)} point{'' if len(each) == 1 else 's'}; expected at least "
                f"{neighbours + 2} for distances to neighbour number {neighbours}"
            )
    p, q = points = without_ties(given, ties, seed)
    center = nearest_neighbours(p, q, neighbours, on_progress)
    reach = _reach(p, q, center, neighbours, subsamples, seed, confidence)
    bias = max(reach.bias, -_beyond(p, q, neighbours), key=abs)
    return ContinuousEstimate(
        estimate=center / unit.nats,
        low=(center - reach.above - max(bias, 0.0)) / unit.nats,
        high=(center - reach.below - min(bias, 0.0)) / unit.nats,
        bias=bias / unit.nats,
        confidence=confidence,
        n_p=len(p),
        n_q=len(q),
        dimensions=p.shape[1],
        neighbours=neighbours,
        base=base,
        unit=unit.name,
        subsamples=subsamples,
        jittered=points is not given,
        reason=reason,
    )


def nearest_neighbours(p: Floats, q: Floats, k: int, on_progress: Progress | None = None) -> float:
    """Equation 29, in nats, of points without ties."""
    from scipy.special import digamma  # noqa: PLC0415 (slow to load)

    n, m, dimensions, total = len(p), len(q), p.shape[1], 0.0
    for done, (own, other) in _balls(p, q, k):
        logs = np.log(other.distance) - np.log(own.distance)
        total += float((dimensions * logs + digamma(own.number) - digamma(other.number)).sum())
        if on_progress:
            on_progress(done, n)
    return total / n + math.log(m / (n - 1))


class _Neighbours:
    """How many neighbours lie within the ball about each point, and the distance to the last of them."""

    def __init__(self, distances: Floats, radius: Floats) -> None:
        self.number = (distances <= radius[:, None]).sum(1)
        self.distance: Floats = distances[np.arange(len(radius)), self.number - 1]


def _balls(p: Floats, q: Floats, k: int) -> Iterator[tuple[int, tuple[_Neighbours, _Neighbours]]]:
    """The neighbours of all points of p, block by block, and how many points are done."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 (slow to load)

    own, other = cKDTree(p), cKDTree(q)
    most = max(_MOST, k)
    block = max(_BLOCK // most, 1)
    for start in range(0, len(p), block):
        centers = p[start : start + block]
        # The nearest own point is the point itself.
        of_p, of_q = _nearest(own, centers, k + 1)[:, 1:], _nearest(other, centers, k)
        radius = np.maximum(of_p[:, -1], of_q[:, -1])
        of_p = _widened(own, centers, of_p, radius, most, skipped=1)
        of_q = _widened(other, centers, of_q, radius, most, skipped=0)
        yield start + len(centers), (_Neighbours(of_p, radius), _Neighbours(of_q, radius))


def _nearest(tree: Any, centers: Floats, number: int) -> Floats:
    """Distances to the nearest points, [points, number], in rising order; ∞ beyond the last."""
    distances, _ = tree.query(centers, k=range(1, number + 1))
    rising: Floats = distances
    return rising


def _widened(
    tree: Any, centers: Floats, nearest: Floats, radius: Floats, most: int, *, skipped: int
) -> Floats:
    """The distances of as many neighbours as any ball holds, doubled step by step up to `most`."""
    number = nearest.shape[1]
    open_ = np.flatnonzero(nearest[:, -1] < radius)
    while open_.size and number < most:
        number = min(2 * number, most)
        wider = np.full((len(centers), number), math.inf)
        wider[:, : nearest.shape[1]] = nearest
        wider[open_] = _nearest(tree, centers[open_], number + skipped)[:, skipped:]
        nearest = wider
        open_ = open_[nearest[open_, -1] < radius[open_]]
    return nearest


class _Reach(NamedTuple):
    """How far D̂ lies below and above its mean, and that mean above D, in nats."""

    below: float
    above: float
    bias: float


def _reach(
    p: Floats, q: Floats, center: float, k: int, subsamples: int, seed: int, confidence: float
) -> _Reach:
    """The quantiles of D̂ about its mean, and its bias, by subsampling.

    Subsamples of n^(2/3) and m^(2/3) points without replacement vary as samples of that size do, and the
    estimate by √(b/n) of that; b/n of a subsample's variance is lost for being drawn without replacement
    (Politis, Romano & Wolf 1999, Subsampling, §2.2 and §10.3). They are taken about their own mean, for their
    bias is theirs alone: it doesn't shrink as √(b/n) does. It is taken to shrink as the distances to
    neighbours do, by n^(−1/d), but no faster than what varies; how far the subsamples' mean is from D̂ then
    tells it.
    """
    generator = np.random.default_rng(seed)
    sizes = [min(max(round(len(each) ** (2 / 3)), k + 1), len(each) - 1) for each in (p, q)]
    drawn = np.array(
        [
            nearest_neighbours(_subsample(generator, p, sizes[0]), _subsample(generator, q, sizes[1]), k)
            for _ in range(subsamples)
        ]
    )
    ratios = [size / len(each) for size, each in zip(sizes, (p, q), strict=True)]
    # One sample's share of the variance is its 1/size; both shares are scaled as one.
    inverse = [1 / size for size in sizes]
    full = sum(1 / len(each) for each in (p, q)) / sum(inverse)
    kept = 1 - sum(r * i for r, i in zip(ratios, inverse, strict=True)) / sum(inverse)
    scale = math.sqrt(full / kept)
    low, high = np.quantile(drawn - drawn.mean(), [(1 - confidence) / 2, (1 + confidence) / 2])
    shrinks = (1 / full) ** min(1 / p.shape[1], 0.5) - 1
    return _Reach(float(low) * scale, float(high) * scale, float(drawn.mean() - center) / shrinks)


def _beyond(p: Floats, q: Floats, k: int) -> float:
    """How much too low the estimate may be for points of P that lie beyond Q's, in nats.

    Such a point is farther from Q's than any of these is from the others: no distance tells how thin Q is
    there. If P = Q it is one of m + 1, and in subsamples there are as many, so that they don't tell of it.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 (slow to load)

    tree = cKDTree(q)
    farthest = float(_nearest(tree, q, k + 1)[:, k].max())
    share = float((_nearest(tree, p, k)[:, -1] > farthest).mean())
    return _BEYOND * int(p.shape[1]) * max(share - 1 / (len(q) + 1), 0.0)


def _subsample(generator: np.random.Generator, points: Floats, size: int) -> Floats:
    chosen: Floats = points[generator.choice(len(points), size, replace=False)]
    return chosen
