"""The arguments of a call as they are written: where each begins and ends, brackets and comments included."""

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kldiv.checker.edits import Edit
from kldiv.checker.spans import Text

_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")
_LONE_RETURN = re.compile(r"\r(?!\n)")
_LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


class Slot(NamedTuple):
    """One argument: its offsets, node, the name before its equals sign, and the comment behind it."""

    start: int
    end: int
    node: ast.expr
    name: str | None
    comment: tuple[int, int] | None = None


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call in the order written.

    `opening` is the offset after the opening bracket, `closing` that of the closing one.
    `loose_comments` says that comments stand between the arguments on lines of their own.
    """

    text: Text
    slots: tuple[Slot, ...]
    opening: int
    closing: int
    trailing_comma: int | None
    loose_comments: bool

    def slot_of(self, node: ast.expr) -> Slot | None:
        """The slot of an argument, told by its place: the same text may have been parsed twice."""
        place = self.text.span(node)
        return next((slot for slot in self.slots if self.text.span(slot.node) == place), None)

    def added(self, argument: str) -> tuple[Edit, ...]:
        """The edits that write one more argument behind the others, on its own line where they have one."""
        if not self.slots:
            return (Edit(self.opening, self.opening, argument),)
        last = self.slots[-1]
        behind = last.end if self.trailing_comma is None else self.trailing_comma + 1
        line_end = self._line_end(last.comment[1] if last.comment else behind)
        if line_end >= self.closing:
            comma = "" if self.trailing_comma is None else ","
            lead = ", " if self.trailing_comma is None else " "
            return (Edit(behind, behind, f"{lead}{argument}{comma}"),)
        new_line = f"{self._newline()}{self._indentation(last.start)}{argument}"
        if self.trailing_comma is not None:
            return (Edit(line_end, line_end, f"{new_line},"),)
        if line_end == behind:
            return (Edit(behind, behind, f",{new_line}"),)
        return Edit(behind, behind, ","), Edit(line_end, line_end, new_line)

    def removed(self, gone: Collection[Slot]) -> list[Edit] | None:
        """The edits that take arguments away, with the comma before each, or behind if none is before.

        None where a comment would go with them.
        """
        edits: list[Edit] = []
        kept = False
        for number, slot in enumerate(self.slots):
            if slot not in gone:
                kept = True
            elif kept:
                edits.append(Edit(self.slots[number - 1].end, slot.end, ""))
            else:
                edits.append(Edit(slot.start, self._behind(number), ""))
        lost = (self.text.source[each.start : each.end] for each in edits)
        return None if any("#" in each for each in lost) else edits

    def _behind(self, number: int) -> int:
        """Where what follows an argument begins: the next one, or the end."""
        if number + 1 < len(self.slots):
            return self.slots[number + 1].start
        return self.slots[number].end if self.trailing_comma is None else self.trailing_comma + 1

    def _line_end(self, offset: int) -> int:
        source = self.text.source
        ends = [each for each in (source.find("\n", offset), source.find("\r", offset)) if each >= 0]
        return min(ends, default=len(source))

    def _newline(self) -> str:
        """The line end that the call's own lines have."""
        inside = self.text.source[self.opening : self.closing]
        return next(end for end in ("\r\n", "\n", "\r") if end in inside)

    def _indentation(self, offset: int) -> str:
        """The blanks before an argument on its line, or as many as place it under the first."""
        source = self.text.source
        start = max(source.rfind("\n", 0, offset), source.rfind("\r", 0, offset)) + 1
        line = source[start:offset]
        if start <= self.opening:
            return " " * (self.opening - start)
        return line[: len(line) - len(line.lstrip())]


def arguments_of(text: Text, call: ast.Call) -> Arguments | None:
    """Read the arguments of a call from its text; None where that is not where it should be."""
    if not _is_written(text, call):
        return None
    end = text.span(call)[1]
    # A function in brackets ends behind its own span.
    begin = text.source.find("(", text.span(call.func)[1], end)
    try:
        tokens = list(_tokens(text.source[begin:end], begin))
    except (tokenize.TokenError, SyntaxError):
        return None
    return _read(text, call, tokens) if tokens[-1].string == ")" else None


@dataclass(frozen=True)
class _Token:
    kind: int
    string: str
    start: int
    end: int


def _is_written(text: Text, call: ast.Call) -> bool:
    """Whether the call is what stands at its place; before Python 3.12 f-strings give wrong places."""
    try:
        return ast.dump(ast.parse(f"({text.of(call)}\n)", mode="eval").body) == ast.dump(call)
    except (SyntaxError, ValueError):
        return False


def _tokens(source: str, offset: int) -> Iterator[_Token]:
    """The tokens of a text in brackets, and where in the whole they stand."""
    inside = Text(source)
    # The tokenizer knows no line end of old Macintoshes, which Python's parser does.
    lines = io.StringIO(_LONE_RETURN.sub("\n", source), newline="")
    for token in tokenize.generate_tokens(lines.readline):
        if token.type not in _LAYOUT:
            start = inside.starts[token.start[0] - 1] + token.start[1]
            end = inside.starts[token.end[0] - 1] + token.end[1]
            yield _Token(token.type, token.string, offset + start, offset + end)


def _read(text: Text, call: ast.Call, tokens: list[_Token]) -> Arguments | None:
    nodes: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    given = sorted(nodes, key=lambda node: (node.lineno, node.col_offset))
    closing = tokens[-1].start
    pieces: list[list[_Token]] = [[]]
    commas: list[_Token] = []
    comments: list[_Token] = []
    depth = 0
    for token in tokens[1:-1]:
        if token.kind == tokenize.COMMENT:
            comments.append(token)
            continue
        depth += (token.string in _OPEN) - (token.string in _CLOSED)
        if token.string == "," and depth == 0:
            commas.append(token)
            pieces.append([])
        else:
            pieces[-1].append(token)
    written = [piece for piece in pieces if piece]
    if len(written) != len(given):
        return None
    slots = tuple(_slot(text, node, piece, comments) for node, piece in zip(given, written, strict=True))
    trailing = commas[-1].start if slots and commas and commas[-1].start >= slots[-1].end else None
    attached = {slot.comment for slot in slots}
    loose = any((each.start, each.end) not in attached and not _inside(each, slots) for each in comments)
    return Arguments(text, slots, tokens[0].end, closing, trailing, loose)


def _inside(token: _Token, slots: tuple[Slot, ...]) -> bool:
    return any(slot.start <= token.start < slot.end for slot in slots)


def _slot(text: Text, node: ast.expr | ast.keyword, piece: list[_Token], comments: list[_Token]) -> Slot:
    start, end = piece[0].start, piece[-1].end
    behind = [each for each in comments if each.start >= end and _only_comma(text.source[end : each.start])]
    comment = (behind[0].start, behind[0].end) if behind else None
    if isinstance(node, ast.keyword):
        return Slot(start, end, node.value, node.arg, comment)
    return Slot(start, end, node, None, comment)


def _only_comma(between: str) -> bool:
    """Whether nothing but a comma and blanks stands there."""
    return between.strip(" \t\f") in ("", ",")
