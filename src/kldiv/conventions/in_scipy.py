"""SciPy: stats.entropy, special.rel_entr, special.kl_div and spatial.distance.jensenshannon."""

from collections.abc import Callable, Iterator

import numpy as np

from kldiv.conventions.call import Call, Floats, Function, Option, Pair, Slip, choices, of_one_function
from kldiv.conventions.options import (
    AFTERWARDS,
    ARRAYS,
    BITS,
    HARTLEYS,
    MEAN_BY_HAND,
    NEGATED,
    SOFTMAX,
    TIMES_LN2,
    arrays,
    identity,
    log,
    softmax,
    texts,
)

LOGARITHMS = Slip("logarithms given", "logarithms are taken for probabilities")
NORMALISED_LOGARITHMS = Slip("logarithms given", "logarithms are divided by their sum, as weights are")
Q_FORGOTTEN = Slip("Q forgotten", "the entropy of P, as no Q was given")
P_FORGOTTEN = Slip("P forgotten", "the entropy of Q, as no P was given")
DISTANCE = Slip(
    "Jensen-Shannon distance", "the square root of the Jensen-Shannon divergence, another quantity"
)
DIVERGENCE = Slip("Jensen-Shannon divergence", "the Jensen-Shannon divergence, another quantity")


def rel_entr(p: Floats, q: Floats) -> Floats:
    """p·log(p/q), 0 where p = 0 <= q, +∞ elsewhere; the documentation of scipy.special.rel_entr."""
    with np.errstate(all="ignore"):
        positive = (p > 0) & (q > 0)
        terms: Floats = np.where(positive, p * np.log(p / q), np.where((p == 0) & (q >= 0), 0.0, np.inf))
        return np.where(np.isnan(p) | np.isnan(q), np.nan, terms)


def entropy(p: Floats, q: Floats | None = None) -> float:
    """Σ rel_entr of both divided by their sums, or −Σ p·log p of one; scipy.stats.entropy."""
    with np.errstate(all="ignore"):
        p = p / p.sum()
        if q is None:
            return float(-np.where(p == 0, 0.0, p * np.log(p)).sum())
        return float(rel_entr(p, q / q.sum()).sum())


def kl_div(p: Floats, q: Floats) -> Floats:
    """rel_entr(p, q) − p + q, +∞ wherever that is; the documentation of scipy.special.kl_div."""
    terms = rel_entr(p, q)
    with np.errstate(all="ignore"):
        return np.where(np.isposinf(terms), np.inf, terms - p + q)


def jensenshannon(p: Floats, q: Floats) -> float:
    """√JS of both divided by their sums; scipy.spatial.distance.jensenshannon."""
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    return float(np.sqrt((rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2))


_SIDES = (
    Option("{}, {}", identity),
    Option("np.log({}), np.log({})", log, (NORMALISED_LOGARITHMS,)),
    Option("softmax({}), softmax({})", softmax, (SOFTMAX,)),
)
_TERM_SIDES = (_SIDES[0], _SIDES[1]._replace(slips=(LOGARITHMS,)), _SIDES[2])
_BASES = (
    Option("entropy({})", identity),
    Option("entropy({}, base=2)", lambda value: value / np.log(2), (BITS,)),
    Option("entropy({}, base=10)", lambda value: value / np.log(10), (HARTLEYS,)),
    Option("entropy({}) * math.log(2)", lambda value: value * np.log(2), (TIMES_LN2,)),
    Option("-entropy({})", lambda value: -value, (NEGATED,)),
)
# entropy divides counts by their sum, so that they are as good as probabilities.
_NORMALISING = ARRAYS[:2]


def _entropy_calls() -> Iterator[Call]:
    for (names, side, base), slips in choices(_NORMALISING, _SIDES, _BASES):

        def returns(pair: Pair, names: Option = names, side: Option = side, base: Option = base) -> float:
            p, q = arrays(names, pair)
            return float(base.of(entropy(side.of(p), side.of(q))))

        yield Call("scipy", base.text.format(side.text.format(*texts(names))), returns, slips)


def _one_sided_calls() -> Iterator[Call]:
    for name, forgotten in (("p", Q_FORGOTTEN), ("q", P_FORGOTTEN)):
        for base in _BASES[:3]:

            def returns(pair: Pair, name: str = name, base: Option = base) -> float:
                return float(base.of(entropy(pair.named(name))))

            yield Call("scipy", base.text.format(name), returns, (forgotten, *base.slips))


_REDUCTIONS = (
    Option("{}.sum()", lambda terms: terms.sum()),
    Option("{}.mean()", lambda terms: terms.mean(), (MEAN_BY_HAND,)),
)


def _special_calls(name: str, terms: Callable[[Floats, Floats], Floats]) -> Iterator[Call]:
    for (names, side, reduction, after), slips in choices(ARRAYS, _TERM_SIDES, _REDUCTIONS, AFTERWARDS):

        def returns(
            pair: Pair,
            names: Option = names,
            side: Option = side,
            reduction: Option = reduction,
            after: Option = after,
        ) -> float:
            p, q = arrays(names, pair)
            with np.errstate(all="ignore"):
                return float(after.of(reduction.of(terms(side.of(p), side.of(q)))))

        inner = reduction.text.format(f"special.{name}({side.text.format(*texts(names))})")
        yield Call("scipy", after.text.format(inner), returns, slips)


def _js_calls() -> Iterator[Call]:
    yield Call("scipy", "jensenshannon(p, q)", lambda pair: jensenshannon(pair.p, pair.q), (DISTANCE,))
    yield Call(
        "scipy", "jensenshannon(p, q, base=2)",
        lambda pair: jensenshannon(pair.p, pair.q) / float(np.sqrt(np.log(2))), (DISTANCE, BITS),
    )  # fmt: skip
    yield Call(
        "scipy", "jensenshannon(p, q) ** 2",
        lambda pair: jensenshannon(pair.p, pair.q) ** 2, (DIVERGENCE,),
    )  # fmt: skip
    yield Call(
        "scipy", "jensenshannon(p, q, base=2) ** 2",
        lambda pair: jensenshannon(pair.p, pair.q) ** 2 / float(np.log(2)), (DIVERGENCE, BITS),
    )  # fmt: skip


CALLS = (
    *of_one_function([*_entropy_calls(), *_one_sided_calls(), *_js_calls()]),
    *of_one_function(_special_calls("rel_entr", rel_entr)),
    *of_one_function(_special_calls("kl_div", kl_div)),
)


def _rows(*texts: str) -> tuple[Call, ...]:
    return tuple(next(call for call in CALLS if call.call == text) for text in texts)


_ORDER = "(p, q), that of the maths"
_ZEROS = "P = 0: 0; Q = 0 < P: +∞"

FUNCTIONS = (
    Function(
        "scipy",
        "scipy.stats.entropy",
        "(pk, qk): P, then Q; that of the maths",
        "probabilities or counts: both are divided by their sums",
        "e, or base=…",
        "sum over the axis, the first by default (axis=0)",
        "none",
        f"{_ZEROS}; the entropy of P where Q is not given",
        _rows("entropy(p, q)", "entropy(p, q, base=2)", "entropy(p)"),
    ),
    Function(
        "scipy",
        "scipy.special.rel_entr",
        _ORDER,
        "probabilities, which are not normalised",
        "e",
        "none: one term an outcome, their sum is the divergence",
        "none",
        _ZEROS,
        _rows("special.rel_entr(p, q).sum()"),
    ),
    Function(
        "scipy",
        "scipy.special.kl_div",
        _ORDER,
        "probabilities, which are not normalised",
        "e",
        "none: terms p·log(p/q) − p + q, whose sum is the divergence where both sum to 1",
        "none",
        "P = 0: the term is Q; Q = 0 < P: +∞",
        _rows("special.kl_div(p, q).sum()"),
    ),
    Function(
        "scipy",
        "scipy.spatial.distance.jensenshannon",
        "symmetric",
        "probabilities or counts: both are divided by their sums",
        "e, or base=…",
        "sum over the axis, the first by default (axis=0)",
        "none",
        "finite always",
        _rows("jensenshannon(p, q)"),
    ),
)
