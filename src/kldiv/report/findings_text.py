"""Findings for people: the place and the message, the line with the operand underlined, and what to write.

A block is lines of pieces with styles, which a terminal colours and a pipe leaves away.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kldiv.checker.finding import Finding
from kldiv.checker.project import FileReport
from kldiv.report.findings import place
from kldiv.report.printable import printable

# Where there is no terminal whose width counts.
PIPE_WIDTH = 120
_TAB = "    "
_CUT = "…"
_STYLES = {"error": "bold red", "warning": "bold yellow"}
_NARROWEST = 20
# How many characters on either side of an operand are looked at, times the room: some take no column.
_REACH = 4


class Piece(NamedTuple):
    """A part of a line that has one style."""

    text: str
    style: str = ""


Line = list[Piece]


def blocks(report: FileReport, width: int) -> Iterator[list[Line]]:
    """The lines about each finding of a file."""
    sources: dict[int | None, list[str]] = {}
    for finding in report.placed:
        if report.document is not None and finding.cell not in sources:
            sources[finding.cell] = report.document.lines(finding.cell)
        lines = sources.get(finding.cell, [])
        yield block(finding, lines[finding.line - 1] if finding.line <= len(lines) else None, width)


def block(finding: Finding, source: str | None, width: int) -> list[Line]:
    """All the lines about one finding; `source` is the line it starts in, None where it can't be had."""
    style = _STYLES[finding.severity]
    head = [Piece(printable(place(finding)), "bold"), Piece(" "), Piece(finding.code, style)]
    lines = [[*head, Piece(f" {printable(finding.message)}")]]
    if source is not None:
        lines += _excerpt(finding, source, width)
    return [*lines, [Piece("help:", "bold cyan"), Piece(f" {printable(finding.fix)}")]]


def plain(lines: Sequence[Line]) -> str:
    """The lines as text without styles."""
    return "".join("".join(piece.text for piece in line) + "\n" for line in lines)


def _excerpt(finding: Finding, source: str, width: int) -> list[Line]:
    number = str(finding.line)
    margin = " " * len(number)
    room = max(width - len(number) - len(" | "), _NARROWEST)
    start = min(finding.column - 1, len(source))
    end = finding.end_column - 1 if finding.end_line == finding.line else len(source.rstrip())
    shown, before, carets = underlined(source, start, end, room)
    style = _STYLES[finding.severity]
    return [
        [Piece(f"{margin} |", "blue")],
        [Piece(f"{number} |", "blue"), Piece(f" {shown}")],
        [Piece(f"{margin} |", "blue"), Piece(" " * (before + 1)), Piece("^" * carets, style)],
    ]


def underlined(source: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    r"""The part of a line that fits, how many columns lie before the operand in it, and how many under it.

    `start` and `end` are the operand's characters. Tabs become blanks, what would move a cursor an escape.

    Example:
        >>> underlined("\tx = f(日本)", 5, 10, 40)
        ('    x = f(日本)', 8, 7)
    """
    line, reach = source.rstrip("\r\n"), _REACH * room
    # A line may be megabytes long and have thousands of findings.
    passed, behind = max(min(start, len(line)) - reach, 0), start + reach
    shown = [_TAB if character == "\t" else printable(character) for character in line[passed:behind]]
    widths = [_columns(each) for each in shown]
    start = min(start - passed, len(shown))
    end = max(min(end - passed, len(shown)), start)
    whole = not passed and behind >= len(line)
    first, last = (0, len(shown)) if whole and sum(widths) <= room else _window(widths, start, end, room)
    left = _CUT if first or passed else ""
    right = _CUT if last < len(shown) or behind < len(line) else ""
    before = len(left) + sum(widths[first:start])
    return (
        f"{left}{''.join(shown[first:last])}{right}",
        before,
        max(sum(widths[start : min(end, last)]), 1),
    )


def _window(widths: Sequence[int], start: int, end: int, room: int) -> tuple[int, int]:
    """The characters to show: from the beginning, or from somewhat before the operand."""
    inner = room - 2 * len(_CUT)
    first = 0
    if sum(widths[:end]) > inner:
        # A quarter of the room for what leads to the operand, more where the operand leaves it free.
        spare = max(inner - sum(widths[start:end]), inner // 4)
        first = start
        while first and sum(widths[first - 1 : start]) <= min(spare, inner - 1):
            first -= 1
    last = first
    while last < len(widths) and sum(widths[first : last + 1]) <= inner:
        last += 1
    return first, last


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 (most lines are ASCII)

    return cell_len(text)
