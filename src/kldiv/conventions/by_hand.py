"""The formula typed out in NumPy, as tutorials have it, and the ways it goes wrong there."""

from collections.abc import Iterator

import numpy as np

from kldiv.conventions.call import Call, Option, Pair, Slip, choices, of_one_function
from kldiv.conventions.options import (
    ARRAYS,
    BITS,
    HARTLEYS,
    MEAN_BY_HAND,
    NEGATED,
    SOFTMAX,
    TIMES_LN2,
    arrays,
    identity,
    softmax,
    texts,
)

UNWEIGHTED = Slip("not weighted by P", "Σ log(P/Q), without the factor P")
NO_LOGARITHM = Slip("without the logarithm", "Σ P·P/Q, without the logarithm")
CROSS_ENTROPY = Slip("cross-entropy", "the cross-entropy −Σ P·log Q, which is D(P‖Q) and the entropy of P")
JEFFREYS = Slip("both directions", "D(P‖Q) + D(Q‖P), the Jeffreys divergence")

_SIDES = (
    Option("{} {}", identity),
    Option("softmax({}) softmax({})", softmax, (SOFTMAX,)),
)
_TERMS = (
    Option("{0} * np.log({0} / {1})", lambda p, q: p * np.log(p / q)),
    Option("{0} * np.log2({0} / {1})", lambda p, q: p * np.log2(p / q), (BITS,)),
    Option("{0} * np.log10({0} / {1})", lambda p, q: p * np.log10(p / q), (HARTLEYS,)),
    Option("{0} * np.log({1} / {0})", lambda p, q: p * np.log(q / p), (NEGATED,)),
    Option("{0} * np.log2({1} / {0})", lambda p, q: p * np.log2(q / p), (NEGATED, BITS)),
    Option("math.log(2) * {0} * np.log({0} / {1})", lambda p, q: np.log(2) * p * np.log(p / q), (TIMES_LN2,)),
    Option("np.log({0} / {1})", lambda p, q: np.log(p / q), (UNWEIGHTED,)),
    Option("{0} * {0} / {1}", lambda p, q: p * p / q, (NO_LOGARITHM,)),
    Option("-{0} * np.log({1})", lambda p, q: -p * np.log(q), (CROSS_ENTROPY,)),
    Option("-{0} * np.log2({1})", lambda p, q: -p * np.log2(q), (CROSS_ENTROPY, BITS)),
    Option("({0} - {1}) * np.log({0} / {1})", lambda p, q: (p - q) * np.log(p / q), (JEFFREYS,)),
    Option("({0} - {1}) * np.log2({0} / {1})", lambda p, q: (p - q) * np.log2(p / q), (JEFFREYS, BITS)),
)
_REDUCTIONS = (
    Option("np.sum({})", lambda terms: terms.sum()),
    Option("np.mean({})", lambda terms: terms.mean(), (MEAN_BY_HAND,)),
)


def _calls() -> Iterator[Call]:
    for (names, side, terms, reduction), slips in choices(ARRAYS, _SIDES, _TERMS, _REDUCTIONS):

        def returns(
            pair: Pair,
            names: Option = names,
            side: Option = side,
            terms: Option = terms,
            reduction: Option = reduction,
        ) -> float:
            p, q = (side.of(each) for each in arrays(names, pair))
            with np.errstate(all="ignore"):
                return float(reduction.of(terms.of(p, q)))

        p_text, q_text = side.text.format(*texts(names)).split()
        yield Call("numpy", reduction.text.format(terms.text.format(p_text, q_text)), returns, slips)


CALLS = of_one_function(_calls())
