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

from kldiv.estimators.intervals import Floats

# No more neighbours than these are looked at (as in the R package kldest): where Q is so thin that more of P
# lie within the ball, the last of them has the radius for P, and the two balls differ.
_MOST = 100
# So many distances are held at once: 16 MB.
_BLOCK = 2_000_000

Progress = Callable[[int, int], None]


def nearest_neighbours(p: Floats, q: Floats, k: int, on_progress: Progress | None = None) -> float:
    """Equation 29, in nats, of points without ties."""
    from scipy.special import digamma  # noqa: PLC0415 (slow to load)

    n, m, dimensions, total = len(p), len(q), p.shape[1], 0.0
    for ball in balls(p, q, k):
        logs = np.log(ball.other.distance) - np.log(ball.own.distance)
        total += float((dimensions * logs + digamma(ball.own.number) - digamma(ball.other.number)).sum())
        if on_progress:
            on_progress(ball.done, n)
    return total / n + math.log(m / (n - 1))


class Neighbours:
    """How many neighbours lie within the ball about each point, and the distance to the last of them."""

    def __init__(self, distances: Floats, radius: Floats) -> None:
        self.number = (distances <= radius[:, None]).sum(1)
        self.distance: Floats = distances[np.arange(len(radius)), self.number - 1]


class Balls(NamedTuple):
    """The balls about a block of P's points, the neighbours in them, and how many points are done with it."""

    centers: Floats
    own: Neighbours
    other: Neighbours
    done: int


def balls(p: Floats, q: Floats, k: int) -> Iterator[Balls]:
    """The balls about all points of p, block by block."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 (slow to load)

    own, other = cKDTree(p), cKDTree(q)
    most = max(_MOST, k)
    block = max(_BLOCK // most, 1)
    for start in range(0, len(p), block):
        centers = p[start : start + block]
        # The nearest own point is the point itself.
        of_p, of_q = nearest(own, centers, k + 1)[:, 1:], nearest(other, centers, k)
        radius = np.maximum(of_p[:, -1], of_q[:, -1])
        of_p = _widened(own, centers, of_p, radius, most, skipped=1)
        of_q = _widened(other, centers, of_q, radius, most, skipped=0)
        yield Balls(centers, Neighbours(of_p, radius), Neighbours(of_q, radius), start + len(centers))


def nearest(tree: Any, centers: Floats, number: int) -> Floats:
    """Distances to the nearest points, [points, number], in rising order; ∞ beyond the last."""
    distances, _ = tree.query(centers, k=range(1, number + 1))
    rising: Floats = distances
    return rising


def _widened(tree: Any, centers: Floats, found: Floats, radius: Floats, most: int, *, skipped: int) -> Floats:
    """The distances of as many neighbours as any ball holds, doubled step by step up to `most`."""
    number = found.shape[1]
    open_ = np.flatnonzero(found[:, -1] < radius)
    while open_.size and number < most:
        number = min(2 * number, most)
        wider = np.full((len(centers), number), math.inf)
        wider[:, : found.shape[1]] = found
        wider[open_] = nearest(tree, centers[open_], number + skipped)[:, skipped:]
        found = wider
        open_ = open_[found[open_, -1] < radius[open_]]
    return found
