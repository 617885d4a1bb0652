"""Estimates of a divergence from how often each outcome was counted in two independent samples."""

import math
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from kldiv.definition import FDivergence
from kldiv.errors import InvalidInputError
from kldiv.estimators.bootstrap import bootstrap_interval
from kldiv.estimators.counted import (
    JEFFREYS,
    JENSEN_SHANNON,
    KULLBACK_LEIBLER,
    CountedDivergence,
    frequencies,
    rows_of,
)
from kldiv.estimators.counting import CountTable
from kldiv.estimators.estimate import Estimate, Outcome
from kldiv.estimators.hellinger import SQUARED_HELLINGER
from kldiv.estimators.homogeneity import homogeneity_p_value
from kldiv.estimators.intervals import Floats, Interval, normal_quantiles
from kldiv.estimators.smoothing import concentration_of, smoothed
from kldiv.estimators.total_variation import TOTAL_VARIATION
from kldiv.given_numbers import real, whole
from kldiv.units import Unit, unit_of

DivergenceName = Literal["kl", "js", "psi", "total_variation", "hellinger"]
CountMethod = Literal[
    "auto", "zhang_grabchak", "bias_corrected", "plug_in", "laplace", "jeffreys", "perks", "dirichlet"
]
CountInterval = Literal["delta", "bootstrap"]


class Named(NamedTuple):
    """A divergence as it is asked for: how it is counted, its bias correction, its range and units."""

    counted: CountedDivergence
    correction: Literal["zhang_grabchak", "bias_corrected"]
    greatest: float = math.inf
    """In nats, where it has units."""
    in_units: bool = True
    rooted: bool = False
    """Whether it is the square root of what is counted."""

    @property
    def bounded(self) -> bool:
        """Whether it has a greatest value; its estimates then keep to the range."""
        return math.isfinite(self.greatest)

    def finished(self, value: float) -> float:
        """A number as it is told: the root, and within the range of a bounded divergence."""
        if not self.bounded:
            return value
        inside = min(max(value, 0.0), self.greatest)
        return math.sqrt(inside) if self.rooted else inside


DIVERGENCES: dict[str, Named] = {
    "kl": Named(KULLBACK_LEIBLER, "zhang_grabchak"),
    "js": Named(JENSEN_SHANNON, "bias_corrected", math.log(2)),
    "psi": Named(JEFFREYS, "zhang_grabchak"),
    "total_variation": Named(TOTAL_VARIATION, "bias_corrected", 1.0, in_units=False),
    "hellinger": Named(SQUARED_HELLINGER, "bias_corrected", 1.0, in_units=False, rooted=True),
}


def estimate_from_counts(
    table: CountTable,
    *,
    divergence: DivergenceName = "kl",
    method: CountMethod = "auto",
    concentration: float | None = None,
    interval: CountInterval = "delta",
    resamples: int = 1000,
    seed: int = 0,
    base: float | None = None,
    confidence: float = 0.95,
    reason: str = "",
) -> Estimate:
    """Estimate a divergence from a table of counts; `kldiv.estimate` says what the arguments mean.

    Counts may be sums of weights: a weight counts as so many independent observations.

    Raises:
        InvalidInputError: a side without counts, a count that is no finite number >= 0, or an argument that
            can't be.
    """
    named, unit = named_divergence(divergence), _unit(divergence, base)
    confidence = confidence_of(confidence)
    x, y = _counts(table.p_counts, "P"), _counts(table.q_counts, "Q")
    chosen = _method(method, divergence, named)
    ends = _interval(named, x, y, interval, confidence, resamples, seed)
    value = named.finished(float(named.counted.plug_in(frequencies(x), frequencies(y))))
    center = _center(named, x, y, chosen, concentration, value)
    n_p, n_q = table.totals
    return Estimate(
        value=value / unit.nats,
        estimate=center / unit.nats,
        low=named.finished(float(ends.low)) / unit.nats,
        high=named.finished(float(ends.high)) / unit.nats,
        confidence=confidence,
        p_value=homogeneity_p_value(x, y),
        n_p=n_p,
        n_q=n_q,
        base=base,
        unit=unit.name,
        method=chosen,
        outcomes=_working(table, named.counted.definition, unit)
        if divergence != "kl"
        else working(table, unit),
        divergence=divergence,
        interval=interval,
        reason=reason,
    )


def named_divergence(divergence: str) -> Named:
    """What is asked for by that name.

    Raises:
        InvalidInputError: no such divergence.
    """
    if not isinstance(divergence, str) or divergence not in DIVERGENCES:
        raise InvalidInputError(f"divergence is {divergence!r}; expected {_either(DIVERGENCES)}")
    return DIVERGENCES[divergence]


def _unit(divergence: str, base: float | None) -> Unit:
    if DIVERGENCES[divergence].in_units:
        return unit_of(base)
    if base is not None:
        raise InvalidInputError(
            f"base is {base!r}; {divergence} lies between 0 and 1 and has no logarithm: expected None"
        )
    return Unit("", 1.0)


def confidence_of(confidence: object) -> float:
    """A confidence as a float; raises InvalidInputError for what is none."""
    number = real(confidence)
    # Either tail is to have some of it: half of 1 − 2⁻⁵³ and 1 is 1.
    if not 0 < number < 1 or (1 + number) / 2 == 1:
        raise InvalidInputError(
            f"confidence is {confidence!r}; expected a number between 0 and 1, such as 0.95"
        )
    return number


def _counts(counts: object, name: str) -> Floats:
    values = np.asarray(counts, np.float64)
    wrong = ~((values >= 0) & (values < math.inf))
    if wrong.any():
        at = int(wrong.argmax())
        raise InvalidInputError(f"{name} counts {values[at]} at position {at}; expected a finite number >= 0")
    if values.sum() == 0:
        raise InvalidInputError(f"{name} has no counts; expected at least one outcome counted")
    return values


def _method(method: str, divergence: str, named: Named) -> str:
    if method == "auto":
        return named.correction
    if method not in get_args(CountMethod):
        raise InvalidInputError(f"method is {method!r}; expected {_either(get_args(CountMethod))}")
    if method in ("zhang_grabchak", "bias_corrected") and method != named.correction:
        raise InvalidInputError(
            f'method is {method!r}, which {divergence!r} has not; expected "{named.correction}" or "auto"'
        )
    return method


def _center(
    named: Named, x: Floats, y: Floats, method: str, concentration: float | None, value: float
) -> float:
    if method in ("zhang_grabchak", "bias_corrected", "plug_in") and concentration is not None:
        raise InvalidInputError(f'concentration is for method="dirichlet"; the method is {method!r}')
    if method == "plug_in":
        return value
    if method == named.correction:
        return named.finished(float(named.counted.corrected(x, y)))
    outcomes = int((x + y > 0).sum())
    added = np.where(x + y > 0, concentration_of(method, outcomes, concentration), 0.0)
    return named.finished(smoothed(named.counted, x, y, added))


def _interval(
    named: Named, x: Floats, y: Floats, interval: str, confidence: float, resamples: int, seed: int
) -> Interval:
    if interval not in get_args(CountInterval):
        raise InvalidInputError(f"interval is {interval!r}; expected {_either(get_args(CountInterval))}")
    resamples, seed = whole("resamples", resamples, 100), whole("seed", seed, 0)
    if interval == "delta":
        return named.counted.interval(x, y, normal_quantiles(confidence), skewness=True)
    return bootstrap_interval(named.counted, x, y, confidence=confidence, resamples=resamples, seed=seed)


def _either(names: Sequence[str] | dict[str, Named]) -> str:
    quoted = [f'"{each}"' for each in names]
    return ", ".join(quoted[:-1]) + " or " + quoted[-1]


def plug_in(table: CountTable) -> float:
    """The divergence of the observed frequencies, in nats: Σ p·log(p/q), +∞ where q = 0 < p."""
    return relative_entropy(_frequencies(table.p_counts), _frequencies(table.q_counts))


def working(table: CountTable, unit: Unit) -> tuple[Outcome, ...]:
    """The outcomes with their frequencies and their terms p·log(p/q), whose sum is the plug-in value."""
    p, q = _frequencies(table.p_counts), _frequencies(table.q_counts)
    return outcomes_of(table.outcomes, p, q, unit, table.p_counts.tolist(), table.q_counts.tolist())


def _working(table: CountTable, definition: FDivergence, unit: Unit) -> tuple[Outcome, ...]:
    """The same with another divergence's terms, each >= 0."""
    p, q = _frequencies(table.p_counts), _frequencies(table.q_counts)
    terms = terms_of(definition, p, q) / unit.nats
    columns = (
        table.outcomes,
        table.p_counts.tolist(),
        table.q_counts.tolist(),
        p.tolist(),
        q.tolist(),
        terms.tolist(),
    )
    return tuple(Outcome(*row) for row in zip(*columns, strict=True))


def terms_of(definition: FDivergence, p: Floats, q: Floats) -> Floats:
    """F(p, q) of each outcome: an outcome is a row with that outcome alone."""
    terms: Floats = FDivergence.value(definition, np, rows_of(p[:, None], q[:, None]))
    return terms


def outcomes_of(
    names: Sequence[Hashable],
    p: Floats,
    q: Floats,
    unit: Unit,
    p_counts: Sequence[float | None],
    q_counts: Sequence[float | None],
) -> tuple[Outcome, ...]:
    """Pair each outcome with its probabilities, counts and contribution."""
    log_ratio = rows_of(p, q).log_ratio
    terms = np.where(p > 0, np.where(q > 0, p * log_ratio, math.inf), 0.0) / unit.nats
    columns = (names, p_counts, q_counts, p.tolist(), q.tolist(), terms.tolist())
    return tuple(Outcome(*row) for row in zip(*columns, strict=True))


def _frequencies(counts: object) -> Floats:
    return frequencies(np.asarray(counts, np.float64))


def relative_entropy(p: Floats, q: Floats) -> float:
    """D(p‖q) of two arrays of probabilities, in nats."""
    return float(KULLBACK_LEIBLER.plug_in(p, q))
