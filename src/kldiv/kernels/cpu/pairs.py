"""Rows of which a side holds probabilities, their logarithms or counts; the other may hold logits.

They are computed in double precision, whatever they are stored in: p and q then have digits to spare for
(q − p)/p, and nothing has to be centred. Of two sides of log-probabilities the log-ratio is their difference.

An outcome of one side alone costs what the call says. Where that is infinite, and where a number is no
probability or next to underflow, the row is hard: it is done once more, by the reference.
"""

import math
from typing import Any

from numba import boolean, float64

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.compiling import compiled, compiled_within
from kldiv.kernels.cpu.generators import finished, term_and_slopes
from kldiv.kernels.cpu.machine import accumulate
from kldiv.kernels.cpu.memory import scratch_row, view
from kldiv.kernels.cpu.vector import exponential, exponential_parts, logarithm_parts

LOGITS, LOG_PROBS, PROBS, COUNTS = range(4)
# Probabilities below this, and log-ratios beyond its logarithm, are too near the end of the exponents.
_LEAST, _MOST_RATIO = 1e-250, 575.0
SCRATCH_ROWS = 4


# --- from what is stored to probabilities -----------------------------------------------------------


@compiled
def _softmax(z: Any, scale: Any) -> None:
    """z ← the softmax of scale·z; NaN if there is no finite logit, or one that is +∞ or NaN."""
    top = -math.inf
    for j in range(len(z)):
        top = max(top, z[j])
    total = 0.0
    for j in range(len(z)):
        z[j] = exponential((z[j] - top) * scale)
        total = accumulate(total, z[j])
    for j in range(len(z)):
        z[j] /= total


@compiled
def _probabilities(space: Any, z: Any, scale: Any) -> Any:
    """z ← its probabilities; return their sum as it was, which is that of the counts and else taken as 1."""
    total = 1.0
    if space == LOGITS:
        _softmax(z, scale)
    elif space == LOG_PROBS:
        for j in range(len(z)):
            z[j] = math.exp(z[j])
    elif space == COUNTS:
        total = 0.0
        for j in range(len(z)):
            total = accumulate(total, z[j])
        for j in range(len(z)):
            z[j] /= total
    return total


@compiled
def _log_ratios(lp: Any, lq: Any, out: Any) -> Any:
    """Write log p − log q where both are finite and 0 elsewhere; whether none is out of range."""
    largest = 0.0
    for j in range(len(lp)):
        d = lp[j] - lq[j]
        out[j] = d if math.isfinite(d) else 0.0
        largest = max(largest, abs(out[j]))
    return largest < _MOST_RATIO


@compiled
def _in_range(p: Any, q: Any, p_alone: Any, q_alone: Any) -> Any:
    """Whether every pair is one of probabilities, none next to underflow, at a finite cost."""
    fine = True
    for j in range(len(p)):
        a, b = p[j], q[j]
        fine &= (a == 0.0 or a > _LEAST) & (b == 0.0 or b > _LEAST) & (a < math.inf) & (b < math.inf)
        fine &= (b > 0.0 or a == 0.0 or p_alone < math.inf) & (a > 0.0 or b == 0.0 or q_alone < math.inf)
    return fine


# --- terms and slopes -------------------------------------------------------------------------------


@compiled
def _term(how: Any, p: Any, q: Any, d: Any, p_alone: Any, q_alone: Any) -> Any:
    """F(p, q) and its slopes; d is NaN where the log-ratio is to be taken from p and q."""
    if p > 0.0 and q > 0.0:
        if math.isnan(d):
            ratio, gap = q / p, (q - p) / p
            logarithm, beyond = logarithm_parts(gap, ratio)
            d = -logarithm
        else:
            ratio, gap, beyond = exponential_parts(-d)
        return term_and_slopes(how, False, p, d, ratio, gap, beyond)
    alone_p = p * p_alone if p > 0.0 else 0.0
    alone_q = q * q_alone if q > 0.0 else 0.0
    return alone_p + alone_q, alone_p, alone_q


@compiled
def _finish(space: Any, slopes: Any, mine: Any, other: Any, at_none: Any, total: Any, scale: Any) -> None:
    """From slopes of log-probabilities to those of what is stored."""
    left = 0.0
    if space in (LOGITS, COUNTS):
        for j in range(len(slopes)):
            left = accumulate(left, slopes[j])
    for j in range(len(slopes)):
        if space == LOGITS:
            slopes[j] = (slopes[j] - mine[j] * left) * scale
        elif space != LOG_PROBS:
            limit = at_none if other[j] > 0.0 else 0.0
            slopes[j] = ((slopes[j] / mine[j] if mine[j] > 0.0 else limit) - left) / total


@compiled
def _multiply(row: Any, factor: Any) -> None:
    for j in range(len(row)):
        row[j] *= factor


@compiled
def pair(how: Any, words: Any, numbers: Any, i: Any, scratch: Any) -> Any:
    """Row i of the call, its gradients where wanted; whether it is hard."""
    outcomes, factor = words[call.OUTCOMES], numbers[call.FACTOR]
    scale, p_alone, q_alone = numbers[call.SCALE], numbers[call.P_ALONE], numbers[call.Q_ALONE]
    p, q = scratch_row(scratch, 0, outcomes), scratch_row(scratch, 1, outcomes)
    of_p, of_q = scratch_row(scratch, 2, outcomes), scratch_row(scratch, 3, outcomes)
    p_side, q_side = call.sides(words)
    call.read(p_side, i, outcomes, p, 0, 1)
    call.read(q_side, i, outcomes, q, 0, 1)
    p_space, q_space = words[call.P_SPACE], words[call.Q_SPACE]
    logarithms = p_space == LOG_PROBS and q_space == LOG_PROBS
    near = not logarithms or _log_ratios(p, q, of_p)
    p_total, q_total = _probabilities(p_space, p, scale), _probabilities(q_space, q, scale)
    if not (near and _in_range(p, q, p_alone, q_alone)):
        return True
    total = 0.0
    for j in range(outcomes):
        d = of_p[j] if logarithms else math.nan
        term, of_p[j], of_q[j] = _term(how, p[j], q[j], d, p_alone, q_alone)
        total = accumulate(total, term)
    value, slope = finished(how, False, total)
    call.write_value(words, i, value * factor)
    if words[call.P_GRAD]:
        _finish(p_space, of_p, p, q, numbers[call.SLOPE_AT_NO_P], p_total, scale)
        _multiply(of_p, slope * factor)
        call.write(of_p, words[call.P_GRAD], i, outcomes, words[call.P_GRAD_KIND])
    if words[call.Q_GRAD]:
        _finish(q_space, of_q, q, p, numbers[call.SLOPE_AT_NO_Q], q_total, scale)
        _multiply(of_q, slope * factor)
        call.write(of_q, words[call.Q_GRAD], i, outcomes, words[call.Q_GRAD_KIND])
    return False


@compiled_within
def rows_of(address: Any, how: Any, row: Any, scratch_rows: Any) -> None:
    """Rows of the call at an address, until none is left; `row` does one, in so many rows of scratch."""
    words, numbers = call.integers(address), call.numbers(address)
    hard = view(words[call.HARD], words[call.ROWS], boolean)
    scratch = view(call.take_scratch(address, words), scratch_rows * words[call.OUTCOMES], float64)
    while True:
        first, end = call.take_rows(address, words)
        if first == end:
            return
        for i in range(first, end):
            if not call.left_out(words, i, hard):
                call.mark(address, hard, i, row(how, words, numbers, i, scratch))
