"""What the watched call computes in float64, and what it should have: D(P‖Q) by kldiv's own definition."""

import numpy as np

from kldiv.auditing.spaces import Floats, Numbers, Space
from kldiv.definition import KullbackLeibler, Rows
from kldiv.elementary import log_ratio_of_probabilities


def terms(input_rows: Floats, target_rows: Floats, *, log_target: bool) -> Floats:
    """What kl_div computes of each element: target·(log target − input), or exp(target)·(target − input)."""
    if log_target:
        result: Floats = np.exp(target_rows) * (target_rows - input_rows)
        return result
    logarithms = np.log(np.where(target_rows == 0, 1.0, target_rows))
    product: Floats = target_rows * logarithms - target_rows * input_rows
    return product


def rounded_terms(input_rows: Numbers, target_rows: Numbers, half: str, *, log_target: bool) -> Numbers:
    """The same as PyTorch computes them in half precision: every step is rounded to it."""

    def rounded(values: Numbers) -> Numbers:
        return to_half(values, half)

    if log_target:
        return rounded(rounded(np.exp(target_rows)) * rounded(target_rows - input_rows))
    logarithms = np.log(np.where(target_rows == 0, np.float32(1), target_rows))
    return rounded(rounded(target_rows * rounded(logarithms)) - rounded(target_rows * input_rows))


def to_half(values: Numbers, half: str) -> Numbers:
    """Round to the nearest number of a half precision, of two as near to the even one."""
    if half == "float16":
        return values.astype(np.float16).astype(np.float32)
    bits = values.view(np.uint32)
    nearest = (bits + (0x7FFF + ((bits >> 16) & 1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(values), values, nearest.view(np.float32))


def divergence(p_rows: Floats, p_space: Space, q_rows: Floats, q_space: Space) -> Floats:
    """D(p‖q) of each row, in nats, as `kldiv.kl` defines it for what the two sides hold."""
    (p, log_p), (q, log_q) = _normalised(p_rows, p_space), _normalised(q_rows, q_space)
    in_p, in_q = log_p > -np.inf, log_q > -np.inf
    shared = in_p & in_q
    if p_space in {"probabilities", "weights"} and q_space in {"probabilities", "weights"}:
        ratio = log_ratio_of_probabilities(np, np.where(shared, p, 1.0), np.where(shared, q, 1.0))
    else:
        ratio = log_p - log_q
    rows = Rows(
        p=p,
        q=q,
        log_p=np.where(in_p, log_p, 0.0),
        log_ratio=np.where(shared, ratio, 0.0),
        in_p=in_p,
        in_q=in_q,
    )
    values: Floats = KullbackLeibler().value(np, rows)
    return values


def _normalised(rows: Floats, space: Space) -> tuple[Floats, Floats]:
    """Probabilities of sum 1 and their logarithms."""
    if space in {"probabilities", "weights"}:
        p = rows if space == "probabilities" else rows / rows.sum(-1, keepdims=True)
        return p, np.log(p)
    if space == "logits":
        rows = rows - rows.max(-1, keepdims=True)
        rows = rows - np.log(np.exp(rows).sum(-1, keepdims=True))
    return np.exp(rows), rows
