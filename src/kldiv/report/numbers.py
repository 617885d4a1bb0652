"""Numbers as a person reads them: few digits, a true minus sign, ∞ for an infinity."""

import math

# Numbers from the one to the other are shown without an exponent.
_SMALL, _LARGE = 1e-3, 1e5
_LEAST_P_VALUE = 1e-4


def number(value: float) -> str:
    """A divergence, or what an outcome adds to one.

    Example:
        >>> number(0.25), number(-0.5), number(0.00001234), number(math.inf)
        ('0.2500', '−0.5000', '1.2e-05', '∞')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0 or _SMALL <= abs(value) < _LARGE:
        return f"{value:.4f}".replace("-", "−")
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.replace('-', '−')}e{exponent}"


def count(value: float) -> str:
    """How often something occurs; with weights that need not be a whole number.

    Example:
        >>> count(1234567), count(1234.5), count(0.00123)
        ('1,234,567', '1,234.5', '0.00123')
    """
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.3f}".rstrip("0") if value >= 1 else f"{value:.3g}"


def how_many(value: float, noun: str) -> str:
    """How many there are of something.

    Example:
        >>> how_many(1, "value"), how_many(1234, "value")
        ('1 value', '1,234 values')
    """
    return f"{count(value)} {noun}" + ("" if value == 1 else "s")


def signed(value: float) -> str:
    """A number with its sign, unless it is 0.

    Example:
        >>> signed(0.25), signed(-0.25), signed(0.0)
        ('+0.2500', '−0.2500', '0')
    """
    return f"{'+' if value > 0 else ''}{number(value)}" if value else "0"


def p_value(value: float) -> str:
    """A p-value; below 0.0001 only that it is.

    Example:
        >>> p_value(0.03456), p_value(1e-30)
        ('0.0346', '< 0.0001')
    """
    return f"{value:.4f}" if value >= _LEAST_P_VALUE else f"< {_LEAST_P_VALUE:g}"


def share(value: float) -> str:
    r"""A probability in percent, on one line.

    Example:
        >>> share(0.1234), share(0.00012), share(0.0), share(1.0)
        ('12.3\xa0%', '0.012\xa0%', '0\xa0%', '100\xa0%')
    """
    return f"{100 * value:.3g}\N{NO-BREAK SPACE}%"


def percent(value: float) -> str:
    r"""The coverage of an interval, in percent as it was asked for.

    Example:
        >>> percent(0.95), percent(0.999)
        ('95\xa0%', '99.9\xa0%')
    """
    return f"{100 * value:.4g}\N{NO-BREAK SPACE}%"
