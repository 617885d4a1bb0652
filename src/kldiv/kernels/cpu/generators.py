"""The f-divergences of `kldiv.definition` in vector form: a term and its two slopes for an outcome of each.

Given are the probability p, the log-ratio d = log p/q, and of it ratio = q/p = e^(−d), gap = ratio − 1 and
beyond = gap + d, the last two exact where d is small. A marker class names the divergence, so that each is
compiled into the kernels by itself.
"""

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


def term_and_slopes(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:
    """F(p, q) with p·∂F/∂p and q·∂F/∂q."""
    raise NotImplementedError


def _kullback_leibler(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    return p * beyond, p * d, p * gap


def _jeffreys(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    less = -p * gap
    return less * d, p * d + less, -p * ratio * d - less


def _total_variation(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    half, zero = like(p, 0.5), like(p, 0.0)
    sign = select(gap < zero, half, select(gap > zero, -half, zero))
    return magnitude(p * gap) * half, p * sign, -p * ratio * sign


def _squared_hellinger(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    root = square_root(ratio)
    step = gap / (root + like(p, 1.0))
    half = like(p, 0.5) * p
    return half * step * step, -half * step, half * step * root


def _chi_squared(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    grown = gap / ratio
    return p * gap * grown, -like(p, 2.0) * p * grown, p * grown * (ratio + like(p, 1.0))


def _skew(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    # Subtracted in double precision, so that a small rest has its digits.
    weight, rest = like(p, how.weight), like(p, 1.0 - how.weight)
    mixture = weight + rest * ratio
    logarithm, remainder = logarithm_parts(rest * gap, mixture)
    step = rest * gap / mixture
    of_q = rest * p * ratio * step
    # The same number twice: each form cancels where the other does not.
    near, far = p * remainder - of_q, p * (weight * step - logarithm)
    return p * remainder, select(rest * gap < like(p, 1.0), near, far), of_q


def _jensen_shannon(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Any:  # noqa: ARG001
    # Subtracted in double precision, so that a small rest has its digits.
    weight, rest = like(p, how.weight), like(p, 1.0 - how.weight)
    mixture, inverse = weight + rest * ratio, like(p, 1.0) / ratio
    of_p, beyond_p = logarithm_parts(rest * gap, mixture)
    of_q, beyond_q = logarithm_parts(-weight * gap * inverse, mixture * inverse)
    # q itself may underflow, where its term is half of all.
    term = weight * beyond_p + rest * (ratio * beyond_q)
    return p * term, -weight * p * of_p, -rest * p * (ratio * of_q)


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
def _term_and_slopes_of(how: Any, p: Any, d: Any, ratio: Any, gap: Any, beyond: Any) -> Callable[..., Any]:  # noqa: ARG001
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


def finished(how: Any, total: Any) -> Any:
    """The divergence, from the sum of its terms, and its slope in that sum."""
    raise NotImplementedError


def _the_sum(how: Any, total: Any) -> Any:  # noqa: ARG001
    return total, like(total, 1.0)


def _the_root(how: Any, total: Any) -> Any:  # noqa: ARG001
    # At 0 a distance has its kink; its gradient is taken as 0 there.
    root, zero = square_root(total), like(total, 0.0)
    return root, select(root > zero, like(total, 0.5) / root, zero)


@overload(finished)
def _finished_of(how: Any, total: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _the_root if how.instance_class is SquaredHellinger else _the_sum
