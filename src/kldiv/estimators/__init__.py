"""Divergences estimated from samples, with their uncertainty."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from kldiv.errors import InvalidInputError
from kldiv.estimators.choosing import Choice, choose
from kldiv.estimators.continuous import estimate_from_points
from kldiv.estimators.counting import count, values_of
from kldiv.estimators.discrete import (
    CountMethod,
    DivergenceName,
    estimate_from_counts,
    named_divergence,
)
from kldiv.estimators.estimate import ContinuousEstimate, Estimate

__all__ = ["ContinuousEstimate", "Estimate", "estimate"]

Method = CountMethod | Literal["nearest_neighbours"]
_METHODS = (*get_args(CountMethod), "nearest_neighbours")
IntervalName = Literal["auto", "delta", "bootstrap", "subsampling"]


def estimate(  # noqa: PLR0913 (what can be asked; all but the samples by name)
    x: object,
    y: object,
    *,
    divergence: DivergenceName = "kl",
    method: Method = "auto",
    interval: IntervalName = "auto",
    base: float | None = None,
    confidence: float = 0.95,
    concentration: float | None = None,
    neighbours: int | None = None,
    ties: Literal["error", "jitter"] = "error",
    resamples: int | None = None,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Estimate | ContinuousEstimate:
    """Estimate a divergence of P and Q from x, values drawn from P, and y, drawn from Q, of any two sizes.

    Values on a discrete scale are counted: the textbook value Σ p·log(p/q) of the observed frequencies, Zhang
    & Grabchak's bias-corrected estimate with an interval, and the p-value of the G-test that P = Q. Values on
    a continuous scale, and points of several dimensions, are estimated by distances to nearest neighbours.
    The result says which it was, and why.

    Args:
        x: values of one kind (numbers, text, dates, booleans, tuples, …) in a list, array, tensor, series or
            other iterable; a mapping of outcomes to counts; or an array of points [n, d].
        y: the same, of the same kind.
        divergence: "kl", "js" (Jensen–Shannon), "psi" (the population stability index, which is Jeffreys'
            D(P‖Q) + D(Q‖P)), "total_variation" or "hellinger"; of points "kl" alone.
        method: "auto" counts whole numbers, text, dates and whatever else is not a decimal, and decimals most
            of which repeat; it measures decimals that hardly ever do, and points. By name, of counts:
            "zhang_grabchak" (kl, psi), "bias_corrected" (the others), "plug_in", and Dirichlet smoothing of
            both samples by "laplace" (1 an outcome), "jeffreys" (1/2), "perks" (1/K) or "dirichlet"; of
            points "nearest_neighbours".
        interval: of counts "delta" (the delta method, as "auto") or "bootstrap"; of points "subsampling".
        base: of the logarithm; None for nats, 2 for bits. total_variation and hellinger have none.
        confidence: nominal coverage of the interval, between 0 and 1.
        concentration: what method "dirichlet" adds to each count.
        neighbours: the number k of nearest neighbours, None for 1; more vary less and have more bias.
        ties: what is done with points that occur twice: an "error", or "jitter", which adds uniform noise as
            wide as the smallest gap between values.
        resamples: of the bootstrap, None for 1000, or subsamples, None for 200.
        seed: of whatever is drawn at random; the same seed gives the same numbers.
        on_progress: called with the number of points done and their total, while distances are computed.

    Returns:
        Of counts an Estimate: the numbers in units of `base`, and the working: outcomes, counts, frequencies,
        contributions. Of points a ContinuousEstimate.

    Raises:
        InputTypeError: not a collection of hashable values or of numbers, or kinds that don't mix.
        InvalidInputError: an empty sample, decimals of which some repeat and some don't, points that
            are tied, not finite or too few, or an argument that can't be.
        ShapeError: an array of more than two dimensions, or points of different dimensions.

    Source:
        Zhang & Grabchak 2014, Nonparametric estimation of Kullback–Leibler divergence, eq. 6; Wang, Kulkarni
        & Verdú 2009, Divergence estimation for multidimensional densities via k-nearest-neighbor distances,
        eq. 29.

    Example:
        >>> result = estimate([1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 2, 3, 3, 3, 3], base=2)
        >>> round(result.value, 4), result.unit, result.n_p, result.n_q
        (0.4712, 'bits', 5, 10)
        >>> [each.outcome for each in result.outcomes if each.contribution > 0]
        [2]
    """
    for name, given, known in (("method", method, _METHODS), ("interval", interval, get_args(IntervalName))):
        if given not in known:
            raise InvalidInputError(f"{name} is {given!r}; expected one of {', '.join(known)}")
    named_divergence(divergence)
    x, y, choice = _chosen(x, y, method)
    if choice.kind == "counts":
        _refuse(
            choice,
            interval=interval == "subsampling",
            neighbours=neighbours is not None,
            ties=ties != "error",
        )
        return estimate_from_counts(
            count(x, y, ("x", "y")),
            divergence=divergence,
            method="auto" if method == "nearest_neighbours" else method,
            concentration=concentration,
            interval="bootstrap" if interval == "bootstrap" else "delta",
            resamples=1000 if resamples is None else resamples,
            seed=seed,
            base=base,
            confidence=confidence,
            reason=choice.reason,
        )
    others = interval not in {"auto", "subsampling"}
    _refuse(choice, divergence=divergence != "kl", interval=others, concentration=concentration is not None)
    return estimate_from_points(
        x,
        y,
        neighbours=1 if neighbours is None else neighbours,
        ties=ties,
        subsamples=200 if resamples is None else resamples,
        seed=seed,
        base=base,
        confidence=confidence,
        reason=choice.reason,
        on_progress=on_progress,
    )


def _chosen(x: object, y: object, method: str) -> tuple[object, object, Choice]:
    """The samples, those that can be read only once as lists, and how they are taken."""
    if method == "nearest_neighbours":
        return x, y, Choice("points", "")
    if method != "auto" or isinstance(x, Mapping) or isinstance(y, Mapping):
        return x, y, Choice("counts", "")
    if any(getattr(each, "ndim", 1) == 2 and not hasattr(each, "columns") for each in (x, y)):  # noqa: PLR2004
        return x, y, Choice("points", "measured because the values are points of a space")
    of_x, of_y = values_of(x, "x"), values_of(y, "y")
    dates = any(getattr(getattr(each, "dtype", None), "kind", "") in {"m", "M"} for each in (x, y))
    return of_x, of_y, Choice("counts", "") if dates else choose(of_x, of_y)


def _refuse(choice: Choice, **given: bool) -> None:
    """Raise InvalidInputError for an argument that was given and that the other kind of estimate takes."""
    other = "points" if choice.kind == "counts" else "counts"
    for name, asked in given.items():
        if asked:
            why = f": {choice.reason}" if choice.reason else ""
            raise InvalidInputError(
                f"the argument {name} is for samples taken as {other}, and these are {choice.kind}{why}; "
                "leave it out, or name a method"
            )
