"""What stands for the letters of mathematics on a terminal or in a pipe whose encoding lacks them."""

import codecs
import sys

ERRORS = "kldiv"
_PLAIN = str.maketrans({
    "‖": "||", "∞": "inf", "−": "-", "–": "-", "…": "~", "×": "x", "≥": ">=", "≤": "<=", "Σ": "sum", "·": "*",
    "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "%", "█": "#",
    "░": ".", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": "-", "▎": "-", "▏": "-",
    "━": "-", "╸": "-", "╺": "-", "→": "->", "√": "sqrt", "½": "1/2", "²": "^2", "÷": "/", "\xa0": " ",
    **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
})  # fmt: skip


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Other characters for what can't be encoded; a question mark for what has none."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(each if each.isascii() else "?" for each in lacking), error.end


def as_shown(text: str) -> str:
    """A text as standard output shows it, so that its width is known beforehand."""
    # A program may have closed it or put something else in its place.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, register()).decode(encoding)


def register() -> str:
    """Make the way of handling errors known to Python's codecs; returns its name.

    Example:
        >>> "D(P‖Q) = ∞, ▁█".encode("ascii", errors=register()).decode()
        'D(P||Q) = inf, _#'
    """
    codecs.register_error(ERRORS, _plain)
    return ERRORS
