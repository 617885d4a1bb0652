"""How far equation 29 is off on average: what balls make of densities that are not even in them.

Over a ball a density's mean is not its value at the centre. Where it is exp(g·u + u·H·u/2) times that value,
the neighbours' mean offset tells g and their mean square offset the trace of H: local likelihood (Loader
1996, Local likelihood density estimation), in balls that reach to neighbours (Gao, Oh & Viswanath 2016,
Breaking the bandwidth barrier: Geometrical adaptive entropy estimation).

With offsets in units of the radius, a = (d + 1)/2 and b = (d + 3)/2, points with density exp(κ·u₁) have the
mean offset A'(κ) = κ/(a + √(b² + κ²)): Amos' lower bound of I_{d/2+1}(κ)/I_{d/2}(κ), which is sharp for small
κ and large (Amos 1974, Computation of modified Bessel functions and their ratios). The logarithm of the
density's mean is A.
"""

from typing import Any, NamedTuple

import numpy as np

from kldiv.estimators.intervals import Floats
from kldiv.estimators.nearest_neighbours import Balls, Neighbours, balls, nearest, nearest_neighbours

# So many neighbours for each of the d + 2 coefficients of a density.
_EACH = 4
# Farther neighbours are so many times as many, but at most this share of the smaller sample, and at least
# twice as many: of more an estimate is another thing, and of fewer much the same.
_FARTHER, _SHARE, _FEWEST = 6, 1 / 4, 2
# Where densities have an edge an estimate is off by the distance to neighbours, where they are smooth by its
# square: by this power of it in between.
_POWER = 1.5
# No log-ratio of a ball's edge to its centre is told to be larger than so many times the neighbours.
_STEEPEST = 3.0
# How much too low the estimate may be if all of P's points lie beyond Q's, in nats a dimension. For normal
# points in one to five dimensions it was 2 times their share or less, and that share is known but roughly.
_BEYOND = 3.0


def bias(p: Floats, q: Floats, k: int, estimate: float) -> float:
    """The mean of the estimate less D(P‖Q), in nats, as the larger of two ways to tell it has it.

    What is seen in and about the balls tells it best, where densities are smooth over several neighbours. An
    estimate by farther neighbours is farther off, whatever the densities are.
    """
    return max(_local(p, q, k) - _beyond(p, q, k), _by_distance(p, q, k, estimate), key=abs)


def _by_distance(p: Floats, q: Floats, k: int, estimate: float) -> float:
    """What it is if it grows with the distance to neighbours; 0 where there are too few to compare."""
    farther = min(_FARTHER * k, int(_SHARE * min(len(p), len(q))))
    if farther < _FEWEST * k:
        return 0.0
    growth: float = (farther / k) ** (_POWER / p.shape[1]) - 1
    return (nearest_neighbours(p, q, farther) - estimate) / growth


def _beyond(p: Floats, q: Floats, k: int) -> float:
    """How much too low the estimate may be for points of P that lie beyond Q's, in nats.

    Such a point is farther from Q's than any of these is from the others: no distance tells how thin Q is
    there. If P = Q it is one of m + 1.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 (slow to load)

    tree = cKDTree(q)
    farthest = float(nearest(tree, q, k + 1)[:, k].max())
    share = float((nearest(tree, p, k)[:, -1] > farthest).mean())
    return _BEYOND * int(p.shape[1]) * max(share - 1 / (len(q) + 1), 0.0)


def _local(p: Floats, q: Floats, k: int) -> float:
    """How much too high the logarithm of P's density is on average, less the same of Q's."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 (slow to load)

    own, other = cKDTree(p), cKDTree(q)
    total = sum(float((_of_p(own, each) - _of_q(other, each)).sum()) for each in balls(p, q, k))
    return total / len(p)


def _of_p(tree: Any, ball: Balls) -> Floats:
    # The nearest own point is the point itself.
    return _excess(tree, ball.centers, ball.own, skipped=1)


def _of_q(tree: Any, ball: Balls) -> Floats:
    return _excess(tree, ball.centers, ball.other, skipped=0)


def _excess(tree: Any, centers: Floats, inside: Neighbours, *, skipped: int) -> Floats:
    """How much too high the logarithm of a density is by the neighbours inside each ball.

    Where more are inside than a density is fitted to, they are compared with these.
    """
    from scipy.special import digamma  # noqa: PLC0415 (slow to load)

    dimensions = centers.shape[1]
    number = min(_fitted(dimensions), tree.n - skipped)
    distances: Floats
    distances, which = tree.query(centers, k=range(1, number + skipped + 1))
    radius = distances[:, -1]
    shape = _shape((tree.data[which[:, skipped:-1]] - centers[:, None]) / radius[:, None, None])
    reach = np.minimum(inside.distance / radius, 1.0)
    of_inside, of_fitted = (
        digamma(count) - dimensions * np.log(distance)
        for count, distance in ((inside.number, inside.distance), (number, radius))
    )
    excess: Floats = _log_mean(shape.slope * reach, dimensions) + shape.curvature * reach**2
    return excess + np.where(inside.distance > radius, of_inside - of_fitted, 0.0)


def _fitted(dimensions: int) -> int:
    """How many neighbours a density is fitted to."""
    return _EACH * (dimensions + 2)


class _Shape(NamedTuple):
    """A density over a ball: exp(slope·u₁) times the centre's, and how much its curvature raises the mean."""

    slope: Floats
    curvature: Floats


def _shape(offsets: Floats) -> _Shape:
    """The shape of a density over the unit ball that has points at these offsets, [balls, points, d].

    A'(κ) = v solved for κ; and of exp(κ·u₁) the mean of u² is 1 − 2·v/κ, of which each unit more is
    (d + 2)·(d + 4)/4 in the mean of a density.
    """
    _, number, dimensions = offsets.shape
    v = np.linalg.norm(offsets.mean(1), axis=1)
    a, rest = (dimensions + 1) / 2, 1 - v**2
    widened = a + np.sqrt(a**2 + rest * (dimensions + 2))
    squares = (offsets**2).sum(2).mean(1)
    more = squares - 1 + 2 * rest / widened
    steepest = _STEEPEST * (number + 1)
    slope = v * widened / np.maximum(rest, widened / steepest)
    return _Shape(slope, more * (dimensions + 2) * (dimensions + 4) / 4)


def _log_mean(slope: Floats, dimensions: int) -> Floats:
    """A, the logarithm of the mean of exp(slope·u₁) over the unit ball."""
    a, b = (dimensions + 1) / 2, (dimensions + 3) / 2
    root = np.sqrt(b**2 + slope**2)
    logarithm: Floats = root - b - a * np.log((a + root) / (a + b))
    return logarithm
