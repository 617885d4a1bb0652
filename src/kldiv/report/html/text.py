"""Any text as HTML that shows it: nothing in it is markup, and what is invisible can be seen."""

import re
import unicodedata
from itertools import groupby

from markupsafe import Markup, escape

# Longer texts get a box of a few lines that scrolls.
_LONG = 160
# A zero-width joiner or non-joiner, and the tags that make up flags, belong to what is around them.
_JOINING = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})


def visible(value: object) -> Markup:
    r"""The text of `value` as HTML, isolated from the direction of the text around it.

    A control character, a separator of lines, or a blank other than the space is shown as its escape in
    Python, and is still there to be copied. HTML can't hold a null or half of a surrogate pair: of those
    only the escape is.

    Example:
        >>> print(visible("<b> & \r\x00"))
        <bdi>&lt;b&gt; &amp; <i data-shown="\r">&#13;</i><i data-shown="\x00"></i></bdi>
    """
    text = str(value)
    inner = escape(text) if text.isprintable() else _with_escapes(text)
    return Markup("<bdi{}>{}</bdi>").format(Markup(' class="long"') if len(text) > _LONG else "", inner)


def plain(value: object, at_most: int) -> str:
    r"""The text of `value` where there is room for one short line only, with an ellipsis for the rest.

    Example:
        >>> plain("two\nlines", 8)
        'two\\nlin…'
    """
    text = str(value)
    short = text if len(text) <= at_most else f"{text[: at_most - 1]}…"
    return "".join(_python_escape(each) if _is_invisible(each) else each for each in short)


def variables(formula: str) -> Markup:
    """A formula as HTML, its variables in italics.

    Example:
        >>> print(variables("p·ln(p/q)"))
        <i>p</i>·ln(<i>p</i>/<i>q</i>)
    """
    return Markup(re.sub(r"\b([pqm])\b", r"<i>\1</i>", str(escape(formula))))  # noqa: S704 (escaped)


def sides(sentence: str) -> Markup:
    """A sentence about P and Q as HTML, each in its colour.

    Example:
        >>> print(sides("P & Q"))
        <b class="p">P</b> &amp; <b class="q">Q</b>
    """
    coloured = re.sub(r"\b([PQ])\b", lambda found: _coloured(found[1]), str(escape(sentence)))
    return Markup(coloured)  # noqa: S704 (escaped)


def _coloured(letter: str) -> str:
    return f'<b class="{letter.lower()}">{letter}</b>'


def _with_escapes(text: str) -> Markup:
    parts = [
        Markup("").join(map(_escaped, run)) if hidden else escape("".join(run))
        for hidden, run in groupby(text, _is_invisible)
    ]
    return Markup("").join(parts)


def _is_invisible(character: str) -> bool:
    if character == " " or _JOINING.match(character):
        return False
    return unicodedata.category(character) in _INVISIBLE


def _escaped(character: str) -> Markup:
    lost = character == "\0" or unicodedata.category(character) == "Cs"
    # A parser takes a carriage return in the text for a line feed.
    kept = "" if lost else Markup("&#13;") if character == "\r" else character
    return Markup('<i data-shown="{}">{}</i>').format(_python_escape(character), kept)


def _python_escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
