"""From two collections of numbers to points of one space: finite, of one dimension, without ties."""

from collections.abc import Mapping, Set
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kldiv.errors import InputTypeError, InvalidInputError, ShapeError
from kldiv.estimators.counting import check_readable
from kldiv.estimators.intervals import Floats

# Beside a coordinate's largest value no unit is smaller than 2 to this: squares of distances stay finite.
_SMALLEST = -400
# So many units from the middle a point would leave the others without digits.
_FAR = 1000.0


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
    # NumPy lacks some of PyTorch's types.
    if hasattr(held, "is_floating_point") and held.is_floating_point():
        held = held.double()
    if not hasattr(held, "__array__") and not isinstance(held, list | tuple):
        return None
    try:
        array = np.asarray(held)
        if array.dtype.kind == "O" and all(isinstance(each, Real | Decimal) for each in array.flat):
            array = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    return array if array.dtype.kind in "iuf" else None


def _points(sample: object, name: str) -> Floats:
    check_readable(sample, name)
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
    if isinstance(sample, Mapping | Set):
        raise InputTypeError(
            f"{name} is a {type(sample).__name__}, and nearest neighbours need every value as often as it "
            "occurs; expected a list, or a method for counts"
        )
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
    for name, each in zip(names, points, strict=True):
        _check_varies(each, name)
    together = np.concatenate(points)
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


def _check_varies(sample: Floats, name: str) -> None:
    """Raise InvalidInputError for a coordinate that is the same in all of a sample: it has no density."""
    flat = np.flatnonzero((sample == sample[0]).all(0))
    if flat.size:
        several = sample.shape[1] > 1
        coordinate = f"coordinate {flat[0]}" if several else "every value"
        raise InvalidInputError(
            f"{coordinate} of {name} is {sample[0, flat[0]]:g}; nearest neighbours need values that differ"
            + (", leave that coordinate out" if several else ", a method for counts does not")
        )


def balanced(points: Points, names: tuple[str, str] = ("x", "y")) -> Points:
    """The points with all coordinates in units in which the samples' quartiles are about as far apart.

    D(P‖Q) is the same in any units, but distances are those of the coordinates with the largest numbers. The
    units are powers of 16, so that no digit changes, and coordinates less than four times as wide or narrow
    as all are on average stay as they are to each other.

    Raises:
        InvalidInputError: coordinates that depend linearly on others, so that there is no density.
    """
    _, exponents = np.frexp(np.maximum(*(abs(each).max(0) for each in points)))
    p, q = (np.ldexp(each, -exponents) for each in points)
    # How far apart all coordinates are in common is no matter, and decides no rounding.
    logs = np.log2(_spread(p) + _spread(q)) + exponents
    units = 4 * np.round((logs - logs.mean()) / 4).astype(int) + round(logs.mean()) - exponents
    p, q = (np.ldexp(each, -np.maximum(units, _SMALLEST)) for each in (p, q))
    for name, each in zip(names, (p, q), strict=True):
        depend = _dependent(each)
        if depend:
            raise InvalidInputError(
                f"{depend} of {p.shape[1]} coordinates of {name} depend linearly on the others; nearest "
                f"neighbours need a density, leave {depend} out"
            )
    return Points(p, q)


def _dependent(sample: Floats) -> int:
    """How many coordinates the others determine, to the last digits, among points that are not far off."""
    near = sample[(abs(sample - np.median(sample, axis=0)) <= _FAR).all(1)]
    dimensions: int = sample.shape[1]
    if len(near) < dimensions + 2:
        return 0
    centred = near - near.mean(0)
    largest = abs(centred).max(0)
    return dimensions - int(np.linalg.matrix_rank(centred / np.where(largest > 0, largest, 1.0)))


def _spread(sample: Floats) -> Floats:
    """The distance of the quartiles, or of the extremes where most are equal."""
    low, high = np.quantile(sample, (0.25, 0.75), axis=0)
    spread: Floats = np.where(high > low, high - low, np.ptp(sample, axis=0))
    return spread


def _shown(point: Floats) -> str:
    return f"{point[0]:g}" if len(point) == 1 else "(" + ", ".join(f"{each:g}" for each in point) + ")"
