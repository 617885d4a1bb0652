"""D(P‖Q) from points on a continuous scale: an estimate, its interval, and whether to rely on them."""

import math

import numpy as np

from kldiv.errors import InvalidInputError
from kldiv.estimators.ball_bias import bias
from kldiv.estimators.discrete import confidence_of
from kldiv.estimators.estimate import ContinuousEstimate
from kldiv.estimators.nearest_neighbours import Progress, nearest_neighbours
from kldiv.estimators.points import balanced, points_of, without_ties
from kldiv.estimators.subsampling import spread
from kldiv.given_numbers import whole
from kldiv.units import unit_of


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
    confidence = confidence_of(confidence)
    unit = unit_of(base)
    neighbours, subsamples = whole("neighbours", neighbours, 1), whole("resamples", subsamples, 20)
    seed = whole("seed", seed, 0)
    given = points_of(x, y)
    for name, each in zip(("x", "y"), given, strict=True):
        # One beside the point and its neighbours, for subsamples to leave out.
        if len(each) < neighbours + 2:
            raise InvalidInputError(
                f"{name} has {len(each)} point{'' if len(each) == 1 else 's'}; expected at least "
                f"{neighbours + 2} for distances to neighbour number {neighbours}"
            )
    points = without_ties(given, ties, seed)
    p, q = balanced(points)
    with np.errstate(divide="ignore", invalid="ignore"):
        center = nearest_neighbours(p, q, neighbours, on_progress)
    if not math.isfinite(center):
        raise InvalidInputError(
            "some points of x and y are so close, beside the others, that their distance is 0; subtract what "
            "all values have in common, or round them and count them"
        )
    off = bias(p, q, neighbours, center)
    varies = spread(p, q, neighbours, subsamples, seed, confidence)
    return ContinuousEstimate(
        estimate=center / unit.nats,
        low=(center - varies.above - max(off, 0.0)) / unit.nats,
        high=(center - varies.below - min(off, 0.0)) / unit.nats,
        bias=off / unit.nats,
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
