"""Whether two distributions have so little in common that a bounded divergence is near its bound.

There it hardly changes, and slopes that are told from those of equal sides are what is left of numbers that
cancel. Told from those of disjoint ones nothing cancels.
"""

import math
from collections.abc import Callable
from typing import Any

from kldiv.kernels.cpu.compiling import compiled, overload
from kldiv.kernels.cpu.generators import is_bounded, weight_of
from kldiv.kernels.cpu.lanes import doubled, every, read, sum_of, width
from kldiv.kernels.cpu.machine import like, select, wide_vectors
from kldiv.kernels.cpu.optional import any_wanted

# So little of the most that may overlap. With it the Jensen–Shannon divergence is at least 0.45 of its bound
# (Fano's inequality), so that little cancels between the two.
_LITTLE = 0.25
# Σ min(p, q) is at least e^(−D)/2 (Bretagnolle & Huber 1979), so that below this divergence it is not little.
_NEAR = math.log(2)
# What is divided by a weight and by the least ratio has to be finite.
_LEAST_WEIGHT = 0.005


def may_be_disjoint(how: Any, value: Any, p_grad: Any, q_grad: Any) -> Any:
    """Whether, D(p‖q) being `value`, it is worth looking how much of them overlaps."""
    raise NotImplementedError


def _no(how: Any, value: Any, p_grad: Any, q_grad: Any) -> Any:  # noqa: ARG001
    return False


def _beyond_near(how: Any, value: Any, p_grad: Any, q_grad: Any) -> Any:  # noqa: ARG001
    return value > _NEAR


@overload(may_be_disjoint)
def _may_be_disjoint(how: Any, value: Any, p_grad: Any, q_grad: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _beyond_near if is_bounded(how) and any_wanted(p_grad, q_grad) else _no


@compiled
def overlap(how: Any, weights: Any, ratios: Any, grown: Any, first: Any, end: Any) -> Any:
    """Σ e·min(w, (1 − w)·q/p) from `first` to `end`, w the weight of p in the mixture.

    `ratios` are q/p but for the factor 1 + `grown`.
    """
    wide_vectors()
    weight, one = weight_of(how), like(grown, 1.0)
    whole, zero = every(like(grown, weight)), every(like(grown, 0.0))
    share = every(like(grown, 1.0 - weight) / (one + grown))
    total = doubled(zero)
    for j in range(first, end, width(zero)):
        other = share * read(zero, ratios, j)
        total += doubled(read(zero, weights, j) * select(other < whole, other, whole))
    return sum_of(total)


@compiled
def are_disjoint(how: Any, common: Any) -> Any:
    """Whether what overlaps of the two, of all that p has, is little."""
    weight = weight_of(how)
    rest = 1.0 - weight
    is_little = (common < _LITTLE * weight) & (common < _LITTLE * rest)
    return is_little & (weight > _LEAST_WEIGHT) & (rest > _LEAST_WEIGHT)
