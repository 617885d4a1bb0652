"""From two collections of numbers to points of one space: finite, of one dimension, without ties."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kldiv.errors import InputTypeError, InvalidInputError, ShapeError
from kldiv.estimators.intervals import Floats


class Points(NamedTuple):
    """Two samples of points, [n, d] and [m, d]."""

    p: Floats
    q: Floats


def points_of(x: object, y: object, names: tuple[str, str] = ("x", "y")) -> Points:
    """Two samples as arrays of points; a collection of numbers is points of one dimension.

    Raises:
        InputTypeError: not numbers.
        ShapeError: more than two dimensions, no point, or points of different dimensions.
        InvalidInputError: a value that is not finite.
    """
    p, q = (_points(sample, name) for sample, name in zip((x, y), names, strict=True))
    if p.shape[1] != q.shape[1]:
        raise ShapeError(
            f"{names[0]} has points of {p.shape[1]} dimensions and {names[1]} of {q.shape[1]}; expected the "
            "same for both"
        )
    return Points(p, q)


def as_array(sample: Any) -> NDArray[Any] | None:
    """An array of numbers, whatever held them; None if they are none, or of ragged shape."""
    held = sample.detach().cpu() if hasattr(sample, "detach") else sample
    if not hasattr(held, "__array__") and not isinstance(held, list | tuple):
        return None
    try:
        array = np.asarray(held)
    except (TypeError, ValueError, RuntimeError):
        return None
    return array if array.dtype.kind in "iuf" else None


def _points(sample: object, name: str) -> Floats:
    array = as_array(
        sample if hasattr(sample, "__array__") or isinstance(sample, tuple) else _listed(sample, name)
    )
    if array is None:
        raise InputTypeError(
            f"{name} doesn't hold numbers alone; nearest neighbours need an array of numbers, [n] or [n, d]"
        )
    if array.ndim not in {1, 2} or array.size == 0:
        raise ShapeError(f"{name} has shape {array.shape}; expected points, [n] or [n, d], one at least")
    points = np.ascontiguousarray(array.reshape(len(array), -1), np.float64)
    strange = ~np.isfinite(points).all(1)
    if strange.any():
        at = int(strange.argmax())
        raise InvalidInputError(
            f"{name} holds {_shown(points[at])} at index {at}; nearest neighbours need finite numbers"
        )
    return points


def _listed(sample: object, name: str) -> list[Any]:
    try:
        return list(sample)  # type: ignore[call-overload,no-any-return]
    except TypeError:
        raise InputTypeError(f"{name} is {type(sample).__name__}; expected a collection of numbers") from None


def without_ties(points: Points, ties: str, seed: int, names: tuple[str, str] = ("x", "y")) -> Points:
    """The points, none twice: as they are, or with noise that breaks ties if `ties` is "jitter".

    The noise is uniform and as wide as the smallest gap between two values of a coordinate: values rounded to
    a grid are spread over what was rounded to them.

    Raises:
        InvalidInputError: a point that occurs twice, unless noise was asked for; a coordinate without any
            differences; a `ties` that is neither.
    """
    if ties not in {"error", "jitter"}:
        raise InvalidInputError(f'ties is {ties!r}; expected "error" or "jitter"')
    together = np.concatenate(points)
    flat = np.flatnonzero(np.ptp(together, axis=0) == 0)
    if flat.size:
        coordinate = f"coordinate {flat[0]} " if together.shape[1] > 1 else "every value "
        raise InvalidInputError(
            f"{coordinate}is {together[0, flat[0]]:g} in both samples; nearest neighbours need values that "
            "differ" + (", leave that coordinate out" if together.shape[1] > 1 else "")
        )
    unique, counts = np.unique(together, axis=0, return_counts=True)
    if len(unique) == len(together):
        return points
    if ties == "error":
        most = int(counts.argmax())
        raise InvalidInputError(
            f"{len(together) - len(unique):,} of {len(together):,} points of {names[0]} and {names[1]} are "
            f'ties, such as {_shown(unique[most])}, {counts[most]} times; write ties="jitter" to add noise '
            "as wide as the smallest gap, or a method for counts if the values are discrete"
        )
    widths = np.array([np.diff(np.unique(column)).min() for column in together.T])
    generator = np.random.default_rng(seed)
    return Points(*(each + widths * generator.uniform(-0.5, 0.5, each.shape) for each in points))


def _shown(point: Floats) -> str:
    return f"{point[0]:g}" if len(point) == 1 else "(" + ", ".join(f"{each:g}" for each in point) + ")"
