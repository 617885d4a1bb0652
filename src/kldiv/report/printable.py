"""Values of any kind as one line of text that can't move a cursor, colour a terminal or break a row."""


def printable(value: object) -> str:
    r"""The text of `value`, with control and other unprintable characters escaped as in a Python literal.

    Example:
        >>> printable("a\x1b[31mb")
        'a\\x1b[31mb'
    """
    text = str(value)
    if text.isprintable() and text:
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) or "''"
