"""Where a node of the syntax tree stands in the text, in characters: the tree itself counts bytes."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property

_LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Text:
    """A source text and its lines as Python counts them."""

    source: str

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line begins."""
        return [0, *(end.end() for end in _LINE_ENDS.finditer(self.source))]

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, with its end."""
        begin = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.source)
        return self.source[begin:end]

    def column(self, line: int, byte: int) -> int:
        """The column in characters, counted from 0, of a byte of a line."""
        text = self.line(line)
        return (
            byte
            if text.isascii()
            else len(text.encode("utf-8", "surrogatepass")[:byte].decode("utf-8", "replace"))
        )

    def offset(self, line: int, byte: int) -> int:
        """Where a byte of a line stands in the whole text, in characters."""
        return self.starts[line - 1] + self.column(line, byte)

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """The offsets of a node's first character and of the one after its last."""
        end_line, end_byte = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_byte)

    def of(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """The text a node was written as."""
        begin, end = self.span(node)
        return self.source[begin:end]
