"""The row kernels: from the logits of one pair of distributions to its divergence and its gradients.

A row is read twice, for its likeliest outcome and for weights e = exp(zp − max zp) and differences
d = zp − zq; what follows works on those two in cache. The mathematics is that of the reference kernel. Sums
run in vector lanes over a block and in double precision over blocks, so that they neither depend on threads
nor lose digits as rows grow.

Rows where that is not enough are marked hard and left to the reference kernel: supports that differ,
differences that overflow, and q's mass where p has underflowed.
"""

import math
from collections.abc import Callable
from typing import Any

from numba.extending import overload

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.generators import term_and_slopes
from kldiv.kernels.cpu.machine import (
    accumulate,
    larger,
    like,
    multiply_add,
    narrow,
    ordered,
    select,
    widen,
)
from kldiv.kernels.cpu.vector import exponential, exponential_parts

BLOCK = 2048
# Below this difference e^(−t) nears overflow, and p may have underflowed where q has not.
WILD = -60.0


# --- reading a row ----------------------------------------------------------------------------------


@compiled
def _largest_key(z: Any, unit: Any) -> Any:
    key = ordered(widen(unit, z[0]))
    for j in range(len(z)):
        key = larger(key, ordered(widen(unit, z[j])))
    return key


@compiled
def likeliest(z: Any, unit: Any) -> Any:
    """The index of the largest logit; of a NaN if there is one."""
    best, start = _largest_key(z[:BLOCK], unit), 0
    for first in range(BLOCK, len(z), BLOCK):
        key = _largest_key(z[first : first + BLOCK], unit)
        if key > best:
            best, start = key, first
    block = z[start : start + BLOCK]
    for j in range(len(block)):
        if ordered(widen(unit, block[j])) == best:
            return start + j
    return start


@compiled
def _difference(a: Any, b: Any) -> Any:
    """a − b and what its rounding lost (Knuth's two-sum)."""
    gap = a - b
    virtual = gap - a
    return gap, (a - (gap - virtual)) - (b + virtual)


@compiled
def _weigh(zp: Any, zq: Any, weights: Any, differences: Any, top: Any, anchor: Any, scale: Any) -> Any:
    """Write e and d of a block; return Σ e and Σ e·d."""
    total, moment = like(top, 0.0), like(top, 0.0)
    for j in range(len(zp)):
        a = widen(top, zp[j])
        gap, lost = _difference(a, widen(top, zq[j]))
        d = ((gap - anchor) + lost) * scale
        e = exponential((a - top) * scale)
        weights[j] = e
        differences[j] = d
        total, moment = accumulate(total, e), accumulate(moment, e * d)
    return total, moment


@compiled
def _weigh_shared(zp: Any, zq: Any, weights: Any, differences: Any, top: Any, anchor: Any, scale: Any) -> Any:
    """As `_weigh`, where −∞ may stand on both sides; also whether it stands on one alone."""
    total, moment, alone = like(top, 0.0), like(top, 0.0), False
    zero, never = like(top, 0.0), like(top, -math.inf)
    for j in range(len(zp)):
        a, b = widen(top, zp[j]), widen(top, zq[j])
        alone |= (a == never) != (b == never)
        gap, lost = _difference(a, b)
        d = select(a == never, zero, ((gap - anchor) + lost) * scale)
        e = exponential((a - top) * scale)
        weights[j] = e
        differences[j] = d
        total, moment = accumulate(total, e), accumulate(moment, e * d)
    return total, moment, alone


@compiled
def _read(zp: Any, zq: Any, weights: Any, differences: Any, scale: Any) -> Any:
    """Write e and d of a row; return Σ e, the mean of d under e, and whether the row is hard."""
    at = likeliest(zp, scale)
    top = widen(scale, zp[at])
    anchor, _ = _difference(top, widen(scale, zq[at]))
    total, moment, hard = 0.0, 0.0, False
    for i in range(0, len(zp), BLOCK):
        j = i + BLOCK
        s, m = _weigh(zp[i:j], zq[i:j], weights[i:j], differences[i:j], top, anchor, scale)
        total, moment = total + s, moment + m
    if math.isfinite(moment):
        return total, moment / total, False
    total, moment = 0.0, 0.0
    for i in range(0, len(zp), BLOCK):
        j = i + BLOCK
        s, m, alone = _weigh_shared(zp[i:j], zq[i:j], weights[i:j], differences[i:j], top, anchor, scale)
        total, moment, hard = total + s, moment + m, hard | alone
    return total, moment / total, hard | (not math.isfinite(moment))


def _room(out: Any, scratch: Any) -> Any:
    """Where a row is kept until it is final: where it will lie, if that has the kernel's precision."""
    raise NotImplementedError


def _in_place(out: Any, scratch: Any) -> Any:  # noqa: ARG001 (an overload has its function's arguments)
    return out


def _in_scratch(out: Any, scratch: Any) -> Any:  # noqa: ARG001
    return scratch


@overload(_room)
def _room_of(out: Any, scratch: Any) -> Callable[..., Any]:
    return _in_place if out.dtype == scratch.dtype else _in_scratch


# --- the Kullback–Leibler divergence ----------------------------------------------------------------


@compiled
def _spread(weights: Any, differences: Any, mean: Any) -> Any:
    """Σ e·φ(t), Σ e·t, and whether some t is out of range, for t = d − mean."""
    excess, rest, wild = like(mean, 0.0), like(mean, 0.0), False
    for j in range(len(weights)):
        e, t = weights[j], differences[j] - mean
        _, _, beyond = exponential_parts(-t)
        excess, rest = accumulate(excess, e * beyond), accumulate(rest, e * t)
        wild |= t < like(mean, WILD)
    return excess, rest, wild


@compiled
def _spread_keeping_gaps(weights: Any, differences: Any, mean: Any, gaps: Any) -> Any:
    """As `_spread`; also write e·(e^(−t) − 1), from which the gradient to q is made."""
    excess, rest, wild = like(mean, 0.0), like(mean, 0.0), False
    for j in range(len(weights)):
        e, t = weights[j], differences[j] - mean
        _, gap, beyond = exponential_parts(-t)
        excess, rest = accumulate(excess, e * beyond), accumulate(rest, e * t)
        wild |= t < like(mean, WILD)
        gaps[j] = e * gap
    return excess, rest, wild


@compiled
def _spread_row(weights: Any, differences: Any, mean: Any, gaps: Any, keep: Any) -> Any:
    excess, rest, wild = 0.0, 0.0, False
    for i in range(0, len(weights), BLOCK):
        j = i + BLOCK
        if keep:
            a, r, w = _spread_keeping_gaps(weights[i:j], differences[i:j], mean, gaps[i:j])
        else:
            a, r, w = _spread(weights[i:j], differences[i:j], mean)
        excess, rest, wild = excess + a, rest + r, wild | w
    return excess, rest, wild


@compiled
def _less(slopes: Any, mass: Any, share: Any, factor: Any, out: Any) -> None:
    """out ← (slopes − share·mass)·factor."""
    for j in range(len(out)):
        out[j] = narrow(out[j], multiply_add(-share, mass[j], slopes[j]) * factor)


@compiled
def _weighted_differences(out: Any, weights: Any, differences: Any, mean: Any, factor: Any) -> None:
    """out ← e·(d − mean)·factor."""
    for j in range(len(out)):
        out[j] = narrow(out[j], weights[j] * (differences[j] - mean) * factor)


@compiled
def kl_rows(
    how: Any,  # noqa: ARG001 (as for `f_rows`)
    p: Any,
    q: Any,
    outcomes: Any,
    p_starts: Any,
    q_starts: Any,
    value: Any,
    p_grad: Any,
    q_grad: Any,
    wants: Any,
    hard: Any,
    rows: Any,
    scale: Any,
    scratch: Any,
) -> None:
    """D(p‖q) of rows[0] to rows[1], in nats, and its gradients with respect to the logits if wanted.

    With ρ = E[t], the rounding left in the mean, E[e^(−t)] = 1 + A − ρ and D = ρ + log1p(A − ρ).
    """
    weights, differences = scratch[0], scratch[1]
    want_p, want_q = wants
    for i in range(rows[0], rows[1]):
        zp, zq = p[p_starts[i] : p_starts[i] + outcomes], q[q_starts[i] : q_starts[i] + outcomes]
        total, mean, hard[i] = _read(zp, zq, weights, differences, scale)
        if hard[i]:
            continue
        gaps = _room(q_grad[i if want_q else 0], scratch[2])
        excess, rest, hard[i] = _spread_row(weights, differences, like(scale, mean), gaps, want_q)
        rest /= total
        grown = excess / total - rest
        value[i] = max(rest + math.log1p(grown), 0.0)
        if want_q:
            factor = like(scale, scale / (total * (1.0 + grown)))
            _less(gaps, weights, like(scale, grown), factor, q_grad[i])
        if want_p:
            centre = like(scale, mean + rest)
            _weighted_differences(p_grad[i], weights, differences, centre, like(scale, scale / total))


# --- every other divergence -------------------------------------------------------------------------


@compiled
def _sum_terms(how: Any, weights: Any, differences: Any, share: Any, shift: Any) -> Any:
    total = like(shift, 0.0)
    for j in range(len(weights)):
        d = differences[j] - shift
        ratio, gap, beyond = exponential_parts(-d)
        term, _, _ = term_and_slopes(how, weights[j] * share, d, ratio, gap, beyond)
        total = accumulate(total, term)
    return total


@compiled
def _slopes_of_p(
    how: Any, weights: Any, differences: Any, share: Any, shift: Any, unit: Any, out: Any
) -> Any:
    """Write how much each slope exceeds `unit` for its mass; return Σ terms and Σ of what was written."""
    total, left = like(shift, 0.0), like(shift, 0.0)
    for j in range(len(weights)):
        p, d = weights[j] * share, differences[j] - shift
        ratio, gap, beyond = exponential_parts(-d)
        term, slope, _ = term_and_slopes(how, p, d, ratio, gap, beyond)
        out[j] = slope - p * unit
        total, left = accumulate(total, term), accumulate(left, slope - p * unit)
    return total, left


@compiled
def _slopes_of_q(
    how: Any, weights: Any, differences: Any, share: Any, shift: Any, unit: Any, out: Any, mass: Any
) -> Any:
    """As `_slopes_of_p`; also write q."""
    total, left = like(shift, 0.0), like(shift, 0.0)
    for j in range(len(weights)):
        p, d = weights[j] * share, differences[j] - shift
        ratio, gap, beyond = exponential_parts(-d)
        term, _, slope = term_and_slopes(how, p, d, ratio, gap, beyond)
        mass[j] = p * ratio
        out[j] = slope - p * ratio * unit
        total, left = accumulate(total, term), accumulate(left, slope - p * ratio * unit)
    return total, left


@compiled
def _unit_slopes(how: Any, weight: Any, difference: Any, share: Any, shift: Any) -> Any:
    """The slopes a unit of mass of one outcome: the likeliest one's are taken off all others'."""
    p, d = weight * share, difference - shift
    ratio, gap, beyond = exponential_parts(-d)
    _, of_p, of_q = term_and_slopes(how, p, d, ratio, gap, beyond)
    return of_p / p, of_q / (p * ratio)


@compiled
def f_rows(
    how: Any,
    p: Any,
    q: Any,
    outcomes: Any,
    p_starts: Any,
    q_starts: Any,
    value: Any,
    p_grad: Any,
    q_grad: Any,
    wants: Any,
    hard: Any,
    rows: Any,
    scale: Any,
    scratch: Any,
) -> None:
    """The divergence `how` of rows[0] to rows[1], and its gradients with respect to the logits if wanted."""
    weights, differences, mass = scratch[0], scratch[1], scratch[2]
    want_p, want_q = wants
    for i in range(rows[0], rows[1]):
        zp, zq = p[p_starts[i] : p_starts[i] + outcomes], q[q_starts[i] : q_starts[i] + outcomes]
        total, mean, hard[i] = _read(zp, zq, weights, differences, scale)
        if hard[i]:
            continue
        excess, rest, hard[i] = _spread_row(weights, differences, like(scale, mean), weights, False)
        if hard[i]:
            continue
        rest /= total
        # From here on d is log p/q itself: the differences less their mean, plus D(p‖q).
        shift = like(scale, mean + rest - (rest + math.log1p(excess / total - rest)))
        share = like(scale, 1.0 / total)
        terms = 0.0
        if want_p:
            slopes = _room(p_grad[i], scratch[3])
            at, left, terms = likeliest(zp, scale), 0.0, 0.0
            unit, _ = _unit_slopes(how, weights[at], differences[at], share, shift)
            for a in range(0, outcomes, BLOCK):
                b = a + BLOCK
                t, s = _slopes_of_p(how, weights[a:b], differences[a:b], share, shift, unit, slopes[a:b])
                terms, left = terms + t, left + s
            left -= slopes[at]
            slopes[at] = like(scale, 0.0)
            _less(slopes, weights, like(scale, left / total), scale, p_grad[i])
        if want_q:
            kept = _room(q_grad[i], scratch[3])
            at, left, terms = likeliest(zq, scale), 0.0, 0.0
            _, unit = _unit_slopes(how, weights[at], differences[at], share, shift)
            for a in range(0, outcomes, BLOCK):
                b = a + BLOCK
                t, s = _slopes_of_q(
                    how, weights[a:b], differences[a:b], share, shift, unit, kept[a:b], mass[a:b]
                )
                terms, left = terms + t, left + s
            left -= kept[at]
            kept[at] = like(scale, 0.0)
            _less(kept, mass, like(scale, left), scale, q_grad[i])
        if not (want_p or want_q):
            for a in range(0, outcomes, BLOCK):
                terms += _sum_terms(how, weights[a : a + BLOCK], differences[a : a + BLOCK], share, shift)
        value[i] = terms
