"""Pairs to hold a framework's calls to, and the comparison: the text is run, and its number is ours."""

import math

import numpy as np

from kldiv.conventions.call import Pair
from kldiv.conventions.catalogue import CALLS, FUNCTIONS


def _pair(p, q, p_total=20.0, q_total=10.0):
    p, q = np.array(p), np.array(q)
    return Pair(p, q, p * p_total, q * q_total)


_RANDOM = [np.random.default_rng(seed) for seed in range(4)]
PAIRS = [
    _pair([0.4, 0.4, 0.2], [0.5, 0.1, 0.4], 5.0),
    _pair([1.0, 0.0], [0.5, 0.5]),
    _pair([0.5, 0.5], [1.0, 0.0]),
    _pair([0.5, 0.5, 0.0], [0.25, 0.75, 0.0]),
    _pair([1.0, 0.0], [0.0, 1.0]),
    _pair([0.0, 0.3, 0.7, 0.0], [0.2, 0.0, 0.3, 0.5]),
    _pair([1.0], [1.0]),
    *[_pair(*rng.dirichlet(np.ones(7), 2)) for rng in _RANDOM[:3]],
    # Some probabilities below 1e-7, where Keras clips.
    _pair(*_RANDOM[3].dirichlet(np.full(7, 0.05), 2)),
]


def calls_of(framework):
    """Every call of a framework, the enumerated ones and its functions' own, by text."""
    rows = [call for function in FUNCTIONS for call in function.calls]
    return list({call.call: call for call in [*CALLS, *rows] if call.framework == framework}.values())


def assert_returns(calls, pair, names):
    """Run every call's text with `names` and compare with what we say it returns."""
    total = pair.p_counts.sum() + pair.q_counts.sum()
    wrong = []
    for call in calls:
        with np.errstate(all="ignore"):
            real = float(eval(call.call, names))  # noqa: S307 (the text under test is a call)
            ours = call.returns(pair)
        # At most 7 terms, each the rounded product of a weight and a difference of logarithms, or of
        # exponentials of counts, which are the number itself.
        smallest = min((x for x in (*pair.p, *pair.q) if x > 0), default=1.0)
        scale = (1 + total) * (2 + abs(math.log(smallest))) + abs(real)
        tolerance = 16 * np.finfo(call.precision).eps * scale
        same = abs(ours - real) <= tolerance if math.isfinite(real) else str(ours) == str(real)
        if not same:
            wrong.append(f"{call.call} returns {real}, not {ours}")
    assert not wrong, "\n".join(wrong)
