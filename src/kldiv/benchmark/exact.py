"""The answer that others are compared with: in wider numbers, and by formulas without cancellation.

It shares no code with the rest of the library. float64 for what is narrower, and for float64 the widest that
the processor has.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kldiv.benchmark.case import Divergence

Array = NDArray[Any]

# Rows are taken in portions of about this many logits, which bounds the memory.
_PORTION = 1 << 20


def exact(divergence: Divergence, p: Array, q: Array) -> float:
    """The divergence of two tables of logits, summed over their rows."""
    wide = np.longdouble if p.dtype == np.float64 else np.float64
    rows = max(1, _PORTION // p.shape[1])
    of_rows = _kl if divergence == "kl" else _js
    portions = (slice(start, start + rows) for start in range(0, len(p), rows))
    return math.fsum(
        float(each) for part in portions for each in of_rows(p[part].astype(wide), q[part].astype(wide))
    )


def _kl(p: Array, q: Array) -> Array:
    """Σ p·(e^(−d) − 1 + d), each term of which is at least 0."""
    weights, d = _weights_and_log_ratios(p, q)
    of_rows: Array = (weights * (np.expm1(-d) + d)).sum(-1)
    return of_rows


def _js(p: Array, q: Array) -> Array:
    """½ Σ m·((1 + u)·log(1 + u) + (1 − u)·log(1 − u)), with p = m·(1 + u) and q = m·(1 − u)."""
    weights, d = _weights_and_log_ratios(p, q)
    u = np.tanh(d / 2)
    mixture = weights * (1 + np.exp(-d)) / 2
    of_rows: Array = (mixture * (_x_log_x(u) + _x_log_x(-u))).sum(-1) / 2
    return of_rows


def _x_log_x(u: Array) -> Array:
    """(1 + u)·log(1 + u), and 0 at u = −1."""
    product: Array = (1 + u) * np.log1p(np.where(u > -1, u, 0))
    return product


def _weights_and_log_ratios(p: Array, q: Array) -> tuple[Array, Array]:
    """Softmax(p), and log softmax(p) − log softmax(q) to its last digits where that is small."""
    delta = p - q
    shift = np.log1p((_softmax(q) * np.expm1(delta)).sum(-1, keepdims=True))
    return _softmax(p), delta - shift


def _softmax(logits: Array) -> Array:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    normalised: Array = weights / weights.sum(-1, keepdims=True)
    return normalised
