"""Products of powers: what logits were divided by, and what a loss was multiplied with."""

import math

from kldiv.checker.dataflow.values import Scalar, Value
from kldiv.checker.space import Factors, Symbol, Tensor

_MOST = 12
_HIGHEST = 8.0


def times(left: Factors, right: Factors, power: float = 1.0) -> Factors:
    """left · right^power."""
    if not right:
        return left
    powers: dict[Symbol, float] = dict(left)
    for symbol, exponent in right:
        raised = powers.get(symbol, 0.0) + exponent * power
        powers[symbol] = max(-_HIGHEST, min(_HIGHEST, raised))
    kept = [(symbol, exponent) for symbol, exponent in powers.items() if exponent]
    return tuple(sorted(kept, key=lambda one: (one[0].text, str(one[0].of)))[:_MOST])


def of_number(number: float) -> Factors:
    """A number as a factor; 1 is no factor."""
    return () if number == 1 or not math.isfinite(number) else ((Symbol(f"{number:g}", float(number)), 1.0),)


def factors_of(value: Value) -> Factors | None:
    """The product a scalar stands for; None for what may be no scalar."""
    if isinstance(value, Scalar):
        return value.factors or of_number(value.number if value.number is not None else 1.0)
    return value.factors or None if isinstance(value, Tensor) else None


def number_of(value: Value) -> float | None:
    """The number a scalar is known to be."""
    return value.number if isinstance(value, Scalar) else None


def worth(factors: Factors) -> float | None:
    """The product, if all of it is numbers."""
    product = 1.0
    for symbol, power in factors:
        if not isinstance(symbol.of, float) or not symbol.of:
            return None
        try:
            product *= abs(symbol.of) ** power
        except OverflowError:
            return None
    return product


def text(factors: Factors) -> str:
    """The product as one would write it."""
    return "·".join(symbol.text if power == 1 else f"{symbol.text}^{power:g}" for symbol, power in factors)
