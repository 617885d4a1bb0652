"""Texts that look like numbers: what keeps a column from being compared in bins, which must not go unsaid."""

import re
from collections.abc import Collection

from kldiv.tables.binning import FEW_VALUES

# No code that begins with 0.
_DIGITS = r"(?:0|[1-9][0-9]*)"
_PLAIN = re.compile(rf"[+-]?(?:{_DIGITS}(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?")
# Thousands set apart, by blanks of three kinds too; the minus sign, and the apostrophe, may be typographic.
_GROUPED = r"[1-9][0-9]{0,2}(?P<between>[ '.,\u2019\u00a0\u202f])[0-9]{3}(?:(?P=between)[0-9]{3})*"
_UNIT = r"[%€$£¥]"
_WRITTEN = re.compile(
    rf"[+\-\u2212]?(?:{_UNIT}\s?)?(?:{_GROUPED}|{_DIGITS})(?:[.,][0-9]+)?(?:\s?{_UNIT})?",
)
# Longer ones are codes.
_LONGEST = 24


def note(values: Collection[str]) -> tuple[str, ...]:
    """What to say of a column of text that has these different values, if they look like numbers.

    Few plain ones are counted alike as numbers and as text: nothing is to be said of them.

    Example:
        >>> note(["1", "2"]), note(["007", "008"])
        ((), ())
        >>> note(["2,71", "3,14"])[0].partition(";")[0]
        "text, though its values look like numbers, such as '2,71'"
    """
    if len(values) <= FEW_VALUES and not any(_is_written(each) and not _is_plain(each) for each in values):
        return ()
    alike = likeness(values)
    advice = "only what is written like 3.14, or left out, is counted in bins"
    return (f"text, though its values{alike}; {advice}",) if alike else ()


def likeness(values: Collection[str]) -> str | None:
    """That these texts, or all but one of many, look like numbers, if they do; what comes after their name.

    Example:
        >>> likeness(["3,14"]), likeness(["7 %", "n/a"]), likeness(["a", "1"])
        (" look like numbers, such as '3,14'", None, None)
    """
    others = [each for each in values if not (_is_plain(each) or _is_written(each))]
    if len(others) > len(values) // FEW_VALUES or len(others) > 1 or len("".join(others)) > _LONGEST:
        return None
    but = f" but for {others[0]!r}" if others else ""
    example = min(values, key=lambda each: (each in others, _is_plain(each), each), default=None)
    return None if example is None else f"{but} look like numbers, such as {example!r}"


def _is_plain(text: str) -> bool:
    """Whether it is written as every engine reads numbers."""
    return len(text) <= _LONGEST and _PLAIN.fullmatch(text) is not None


def _is_written(text: str) -> bool:
    """Whether it is written as people write numbers."""
    return len(text) <= _LONGEST and _WRITTEN.fullmatch(text) is not None
