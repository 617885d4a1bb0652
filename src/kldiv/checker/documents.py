"""A file open for checking: a module, or a notebook whose cells make one."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from kldiv.checker.edits import Edit, applied
from kldiv.checker.finding import Finding
from kldiv.checker.notebooks import Notebook, read_notebook
from kldiv.checker.sources import Source, decoded, split_lines

_NOTEBOOK = ".ipynb"


@dataclass(frozen=True)
class Document:
    """A file's source and, of a notebook, its cells."""

    source: Source
    notebook: Notebook | None = None

    @cached_property
    def module(self) -> str:
        """The Python text that is checked."""
        return self.notebook.module if self.notebook else self.source.text

    @property
    def text(self) -> str:
        """What the file holds."""
        return self.notebook.content if self.notebook else self.source.text

    @property
    def content(self) -> bytes:
        """What the file holds, in its encoding.

        Raises:
            UnicodeEncodeError: the encoding lacks one of the characters.
        """
        return self.source.encoded(self.text)

    def broken_cells(self, path: str) -> list[Finding]:
        """The findings about cells that don't parse; the rest is checked without them."""
        return self.notebook.broken_cells(path) if self.notebook else []

    def place(self, line: int) -> tuple[int | None, int]:
        """The cell, in a notebook, and the line in it of a line of the module."""
        return self.notebook.place(line) if self.notebook else (None, line)

    def placed(self, finding: Finding) -> Finding:
        """A finding of the module at its place in the file."""
        if self.notebook is None or finding.cell is not None:
            return finding
        cell, line = self.place(finding.line)
        # Both ends lie in one cell, for none of its brackets is left open.
        return replace(finding, cell=cell, line=line, end_line=line + finding.end_line - finding.line)

    def lines(self, cell: int | None) -> list[str]:
        """The lines of the file, or of one cell, as they are written there."""
        if self.notebook is None:
            return split_lines(self.source.text)
        return next((split_lines(each.source) for each in self.notebook.cells if each.number == cell), [])

    def rewritten(self, edits: Iterable[Edit]) -> "Document | None":
        """The document with edits of its module; None for a notebook whose layout would not survive."""
        if self.notebook is None:
            return Document(replace(self.source, text=applied(self.source.text, edits)))
        content = self.notebook.rewritten(edits)
        return None if content is None else Document(self.source, read_notebook(content))


def open_document(content: bytes, path: str) -> Document:
    """Decode a file's content, as a notebook if its name says so.

    Raises:
        UnreadableError: it can't be decoded, or is no notebook.
    """
    if not path.endswith(_NOTEBOOK):
        return Document(decoded(content))
    source = decoded(content, declared=False)
    return Document(source, read_notebook(source.text))
