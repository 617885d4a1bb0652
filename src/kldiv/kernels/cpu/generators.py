"""The f-divergences of `kldiv.definition` in vector form: a term and its two slopes for an outcome of each.

Given are the probability p, the log-ratio d = log p/q, and of it ratio = q/p = e^(−d), gap = ratio − 1 and
beyond = gap + d, the last two exact where d is small. A marker class names the divergence, so that each is
compiled into the kernels by itself.

Slopes are what they exceed those of equal sides by, constants a unit of mass: no change of normalised p or q
sees these. Of a bounded divergence they are, if `disjoint`, what they exceed those of disjoint sides by,
and terms what the divergence falls short of its bound by. The others heed no `disjoint`.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from kldiv import definition
from kldiv.kernels.cpu.compiling import overload
from kldiv.kernels.cpu.machine import like, magnitude, select, square_root
from kldiv.kernels.cpu.vector import logarithm_parts


class KullbackLeibler(NamedTuple):
    """Σ p·log(p/q); weight is unused, as in every marker without one."""

    weight: float = 0.0


class Jeffreys(NamedTuple):
    """Σ (p − q)·log(p/q)."""

    weight: float = 0.0


class TotalVariation(NamedTuple):
    """½ Σ |p − q|."""

    weight: float = 0.0


class SquaredHellinger(NamedTuple):
    """½ Σ (√p − √q)²."""

    weight: float = 0.0


class ChiSquared(NamedTuple):
    """Σ (p − q)²/q."""

    weight: float = 0.0


class Skew(NamedTuple):
    """Σ p·log(p/m), m = weight·p + (1 − weight)·q."""

    weight: float = 0.0


class JensenShannon(NamedTuple):
    """weight·D(p‖m) + (1 − weight)·D(q‖m)."""

    weight: float = 0.0


Marker = KullbackLeibler | Jeffreys | TotalVariation | SquaredHellinger | ChiSquared | Skew | JensenShannon


_MARKERS: dict[type, type[Marker]] = {
    definition.KullbackLeibler: KullbackLeibler,
    definition.Jeffreys: Jeffreys,
    definition.TotalVariation: TotalVariation,
    definition.Hellinger: SquaredHellinger,
    definition.ChiSquared: ChiSquared,
    definition.SkewKullbackLeibler: Skew,
    definition.JensenShannon: JensenShannon,
}


def marker_of(divergence: type[definition.Divergence]) -> Any:
    """The marker of an f-divergence; each has one."""
    return _MARKERS[divergence]


def term_and_slopes(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:
    """F(p, q) with p·∂F/∂p and q·∂F/∂q."""
    raise NotImplementedError


def _kullback_leibler(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    return p * beyond, p * d, p * gap


def _jeffreys(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    less = -p * gap
    return less * d, p * d + less, -p * ratio * d - less


def _total_variation(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    half, zero = like(p, 0.5), like(p, 0.0)
    sign = select(gap < zero, half, select(gap > zero, -half, zero))
    return magnitude(p * gap) * half, p * sign, -p * ratio * sign


def _squared_hellinger(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    root = square_root(ratio)
    step, half = gap / (root + like(p, 1.0)), like(p, 0.5) * p
    term = select(disjoint, p * root, half * step * step)
    return term, -half * select(disjoint, root, step), half * root * select(disjoint, like(p, -1.0), step)


def _chi_squared(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    grown = gap / ratio
    return p * gap * grown, -like(p, 2.0) * p * grown, p * grown * (ratio + like(p, 1.0))


def _skew(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    # Subtracted in double precision, so that a small rest has its digits.
    weight, rest, one = like(p, how.weight), like(p, 1.0 - how.weight), like(p, 1.0)
    # How much larger the mixture is than that of equal sides, or of disjoint ones, weight·p.
    grown = select(disjoint, ratio * (rest / weight), rest * gap)
    mixture = select(disjoint, one + grown, weight + rest * ratio)
    step = grown / mixture
    # Of disjoint sides what the slope of p needs is the remainder of the inverse's logarithm.
    inverse = select(disjoint, one / mixture, mixture)
    logarithm, remainder = logarithm_parts(select(disjoint, -step, grown), inverse)
    # The same number twice: each form cancels where the other does not.
    of_q = rest * ratio * step
    of_p = select(grown < one, remainder - of_q, weight * step - logarithm)
    term, of_p = select(disjoint, -logarithm, remainder), select(disjoint, -remainder, of_p)
    return p * term, p * of_p, p * select(disjoint, -step, of_q)


def _jensen_shannon(how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    # Subtracted in double precision, so that a small rest has its digits.
    weight, rest = like(p, how.weight), like(p, 1.0 - how.weight)
    one = like(p, 1.0)
    mixture, inverse = weight + rest * ratio, one / ratio
    # How much larger the mixture is than that of equal sides, or of disjoint ones, weight·p and rest·q.
    p_grown = select(disjoint, ratio * (rest / weight), rest * gap)
    q_grown = inverse * select(disjoint, weight / rest, -weight * gap)
    of_p, beyond_p = logarithm_parts(p_grown, mixture * select(disjoint, one / weight, one))
    of_q, beyond_q = logarithm_parts(q_grown, mixture * inverse * select(disjoint, one / rest, one))
    # q itself may underflow, where its term is half of all.
    term_p, term_q = select(disjoint, of_p, beyond_p), select(disjoint, of_q, beyond_q)
    return p * (weight * term_p + rest * (ratio * term_q)), -weight * p * of_p, -rest * p * (ratio * of_q)


_OF: dict[type, Callable[..., Any]] = {
    KullbackLeibler: _kullback_leibler,
    Jeffreys: _jeffreys,
    TotalVariation: _total_variation,
    SquaredHellinger: _squared_hellinger,
    ChiSquared: _chi_squared,
    Skew: _skew,
    JensenShannon: _jensen_shannon,
}


@overload(term_and_slopes)
def _term_and_slopes_of(
    how: Any, disjoint: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    return _OF[how.instance_class]


def room_for_differences(how: Any, scratch: Any) -> Any:
    """`scratch` if the term is made of log-ratios too, else None."""
    raise NotImplementedError


def _room(how: Any, scratch: Any) -> Any:  # noqa: ARG001
    return scratch


def _no_room(how: Any, scratch: Any) -> Any:  # noqa: ARG001
    return None


@overload(room_for_differences)
def _room_for_differences_of(how: Any, scratch: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _room if how.instance_class in (KullbackLeibler, Jeffreys) else _no_room


def needs_small_ratios(how: Any) -> Any:
    """Whether the divergence grows as q/p shrinks without end."""
    raise NotImplementedError


def _yes(how: Any) -> Any:  # noqa: ARG001
    return True


def _no(how: Any) -> Any:  # noqa: ARG001
    return False


@overload(needs_small_ratios)
def _needs_small_ratios_of(how: Any) -> Callable[..., Any]:
    return _yes if how.instance_class is ChiSquared else _no


def has_exact_slopes(how: Any) -> Any:
    """Whether slopes a unit of mass are one of few numbers, whose differences have no rounding."""
    raise NotImplementedError


@overload(has_exact_slopes)
def _has_exact_slopes_of(how: Any) -> Callable[..., Any]:
    return _yes if how.instance_class is TotalVariation else _no


def slopes_of_q_sum_to_zero(how: Any) -> bool:
    """Whether, for a marker's type, Σ q·∂F/∂q is 0 for all p and q, as Σ (q − p) is."""
    return how.instance_class is KullbackLeibler


def is_bounded(how: Any) -> bool:
    """Whether, for a marker's type, the divergence has a bound near which its slopes would cancel."""
    return how.instance_class in (JensenShannon, Skew, SquaredHellinger)


def weight_of(how: Any) -> Any:
    """How much of p is in the mixture that a divergence compares p and q by."""
    raise NotImplementedError


def _own_weight(how: Any) -> Any:
    return how.weight


def _half(how: Any) -> Any:  # noqa: ARG001
    return 0.5


@overload(weight_of)
def _weight_of(how: Any) -> Callable[..., Any]:
    return _half if how.instance_class is SquaredHellinger else _own_weight


def finished(how: Any, disjoint: Any, total: Any) -> Any:
    """The divergence, from the sum of its terms, and its slope in that sum."""
    raise NotImplementedError


def _the_sum(how: Any, disjoint: Any, total: Any) -> Any:  # noqa: ARG001
    return total, like(total, 1.0)


def _the_root(how: Any, disjoint: Any, total: Any) -> Any:  # noqa: ARG001
    # At 0 a distance has its kink; its gradient is taken as 0 there.
    squared = select(disjoint, like(total, 1.0) - total, total)
    root, zero = square_root(squared), like(total, 0.0)
    return root, select(root > zero, like(total, 0.5) / root, zero)


def _below_entropy(how: Any, disjoint: Any, total: Any) -> Any:
    weight, rest = how.weight, 1.0 - how.weight
    bound = -weight * math.log(weight) - rest * math.log(rest)
    return select(disjoint, like(total, bound) - total, total), like(total, 1.0)


def _below_logarithm(how: Any, disjoint: Any, total: Any) -> Any:
    return select(disjoint, like(total, -math.log(how.weight)) - total, total), like(total, 1.0)


_FINISHED = {JensenShannon: _below_entropy, Skew: _below_logarithm, SquaredHellinger: _the_root}


@overload(finished)
def _finished_of(how: Any, disjoint: Any, total: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _FINISHED.get(how.instance_class, _the_sum)
