"""Every error kldiv raises on purpose, in one tree.

A message says what was seen, what was expected, and what to write instead, in one sentence.
Each class also derives from the built-in exception a caller would think of first.
"""


class KLDivError(Exception):
    """The root: `except kldiv.KLDivError` catches whatever kldiv raises on purpose."""


class InvalidInputError(KLDivError, ValueError):
    """Values of the right type that can't be what they were said to be: a sum that is not 1, a NaN."""


class InputTypeError(KLDivError, TypeError):
    """An argument of the wrong type: a bare tensor, integer logits, kinds of value that don't mix."""


class ShapeError(InvalidInputError):
    """Shapes that don't go together."""


class UnsupportedPairError(KLDivError, NotImplementedError):
    """Two distributions whose divergence nobody has registered."""


class TableError(KLDivError, ValueError):
    """A table that can't be opened, is empty, or shares nothing with the other one."""


class MissingExtraError(KLDivError, ImportError):
    """An optional dependency is absent; the message names the command that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'kldiv[{extra}]'")
