"""Of what is stored of both sides, the logits, and the log-ratios up to a constant.

Probabilities and counts are called x. Two sides of x are compared through q − p, which is exact where they
are close; a side of logits has its differences from the other's logarithms.
"""

import math
from typing import Any

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.lanes import all_are, every, read, width, write
from kldiv.kernels.cpu.machine import binary_exponent, power_of_two, select, wide_vectors
from kldiv.kernels.cpu.pairs import LOGITS
from kldiv.kernels.cpu.vector import logarithm_parts

# Ratios below this, or above its inverse, are too near the end of the exponents.
_LEAST_RATIO = 1e-290
_LOWEST = -1.7976931348623157e308


@compiled
def _ratios_of(x: Any, y: Any, factor: Any, out: Any) -> Any:
    """Write log x/(y·factor), ±∞ where one is alone and 0 where neither is; whether all can be told."""
    wide_vectors()
    zero, one, times = every(0.0), every(1.0), every(factor)
    least, most, infinite = every(_LEAST_RATIO), every(1.0 / _LEAST_RATIO), every(math.inf)
    fine = one > zero
    for j in range(0, len(x), width(zero)):
        a, b = read(zero, x, j), read(zero, y, j) * times
        both = (a > zero) & (b > zero)
        a_held, b_held = select(both, a, one), select(both, b, one)
        ratio = b_held / a_held
        less, _ = logarithm_parts((b_held - a_held) / a_held, ratio)
        write(out, j, select(both, -less, select(a > zero, infinite, select(b > zero, -infinite, zero))))
        fine &= (ratio > least) & (ratio < most)
    return all_are(fine)


@compiled
def _differences_of(a: Any, b: Any, out: Any) -> None:
    """The same of two logarithms, −∞ of what is not there."""
    wide_vectors()
    zero, none = every(0.0), every(-math.inf)
    for j in range(0, len(a), width(zero)):
        one, other = read(none, a, j), read(none, b, j)
        write(out, j, select((one == none) & (other == none), zero, one - other))


@compiled
def _to_logits(space: Any, x: Any, top: Any) -> Any:
    """What is stored ← its logits, 0 for the likeliest and −∞ of what is not there; whether all can be told.

    A difference of logits that overflows is not −∞, which would take the outcome from the support.
    """
    wide_vectors()
    has_logits, zero, one, none = space == LOGITS, every(0.0), every(1.0), every(-math.inf)
    outside, lowest, highest = select(has_logits, none, zero), every(_LOWEST), every(top)
    inverse, least = every(1.0 / top), every(_LEAST_RATIO)
    fine = one > zero
    for j in range(0, len(x), width(zero)):
        stored = read(outside, x, j)
        gap, share = stored - highest, stored * inverse
        held = select(share > zero, share, one)
        logarithm, _ = logarithm_parts(held - one, held)
        gap = select((gap < lowest) & (stored > none), lowest, gap)
        write(x, j, select(has_logits, gap, select(share > zero, logarithm, none)))
        # No NaN, and of what is no logit nothing below 0.
        is_logit, is_share = (stored < highest) | (stored == highest), (share > least) | (share == zero)
        fine &= select(has_logits, is_logit, is_share)
    return all_are(fine)


@compiled
def compared(p_space: Any, q_space: Any, p: Any, q: Any, p_top: Any, q_top: Any, out: Any) -> Any:
    """Both sides ← their logits, `out` ← log-ratios up to a constant; how much that is, NaN if hard.

    Of two sides of x, one is brought next to the other by a power of two, which costs no digit.
    """
    usual, fine = 0.0, math.isfinite(p_top) and math.isfinite(q_top)
    has_logits = (p_space == LOGITS) | (q_space == LOGITS)
    if not has_logits:
        ratio = q_top / p_top
        if not (p_top > 0.0 and _LEAST_RATIO < ratio < 1.0 / _LEAST_RATIO):
            return math.nan
        factor = power_of_two(-binary_exponent(ratio))
        usual = -math.log(ratio * factor)
        fine &= _ratios_of(p, q, factor, out)
    fine &= _to_logits(p_space, p, p_top)
    fine &= _to_logits(q_space, q, q_top)
    if has_logits:
        _differences_of(p, q, out)
    return usual if fine else math.nan
