"""Jupyter notebooks: the code cells as one module, and the way back from its lines to cells.

A notebook's cells share one namespace, and a cell uses what an earlier one imports: they are checked as one
text. What is IPython's own syntax is replaced by Python of the same length, so that a place in the module is
the same place in the cells.
"""

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kldiv.checker.edits import Edit, applied
from kldiv.checker.finding import Finding
from kldiv.checker.sources import UnreadableError, split_lines

_FORMAT = 4
# Cell magics whose body is Python of the notebook's own namespace; every other one holds another language.
_PYTHON_MAGICS = frozenset({"%%time", "%%timeit", "%%capture", "%%prun", "%%memit", "%%mprun"})
_MAGIC_LINE = re.compile(r"[ \t]*(?:[%!?]|[\w.]+\?\??[ \t]*$)")
_MAGIC_VALUE = re.compile(r"([ \t]*[\w.,\[\] \t]+=[ \t]*)[%!]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_LINE_END = re.compile(r"[^\n]")
# The first is what Jupyter writes.
_LAYOUTS: tuple[Mapping[str, Any], ...] = tuple(
    {"indent": indent, "ensure_ascii": ascii_only}
    for indent in (1, 2, 4, "\t", None)
    for ascii_only in (False, True)
)


class Place(NamedTuple):
    """A line of a cell; both count from 1, and cells of text are counted too."""

    cell: int
    line: int


@dataclass(frozen=True)
class Cell:
    """A code cell: its number, its source, and the same as Python of the same length."""

    number: int
    source: str
    python: str
    error: SyntaxError | None = None


@dataclass(frozen=True)
class Notebook:
    """The text of a notebook and its code cells."""

    content: str
    cells: tuple[Cell, ...]

    @property
    def module(self) -> str:
        """What the cells amount to when they run downwards."""
        return "".join(f"{cell.python}\n" for cell in self.cells)

    def place(self, line: int) -> Place:
        """Where a line of the module stands."""
        starts = [1]
        for cell in self.cells:
            starts.append(starts[-1] + len(split_lines(cell.python)))
        index = min(bisect_right(starts, line), len(self.cells)) - 1
        return Place(self.cells[index].number, line - starts[index] + 1)

    def broken_cells(self, path: str) -> list[Finding]:
        """One finding for each cell that is neither Python nor what IPython adds to it."""
        return [_unparsed(path, cell, cell.error) for cell in self.cells if cell.error]

    def rewritten(self, edits: Iterable[Edit]) -> str | None:
        """The notebook with the edits of its module made in its cells.

        None where its JSON is laid out as no tool known here writes it, so that more would change.
        """
        document = json.loads(self.content)
        layout = next(
            (each for each in _LAYOUTS if _written(document, each, self.content) == self.content), None
        )
        if layout is None:
            return None
        edits, start = sorted(edits), 0
        for cell in self.cells:
            end = start + len(cell.source)
            own = [
                Edit(each.start - start, each.end - start, each.text)
                for each in edits
                if start <= each.start <= each.end <= end
            ]
            _set_source(document["cells"][cell.number - 1], applied(cell.source, own))
            start = end + 1
        return _written(document, layout, self.content)


def read_notebook(content: str) -> Notebook:
    """Take the code cells out of a notebook of format 4; there are none where the language is not Python.

    Raises:
        UnreadableError: not JSON, not a notebook, or one of an older format.
    """
    document = _document(content)
    if _language(document) not in ("", "python", "ipython"):
        return Notebook(content, ())
    cells = tuple(
        _cell(number, _source(cell))
        for number, cell in enumerate(document["cells"], start=1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    )
    return Notebook(content, cells)


def _document(content: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"the notebook is no JSON: {error.msg}",
            "repair or restore the file; an unresolved merge does this",
            error.lineno,
            error.colno,
        ) from error
    except RecursionError as error:
        raise UnreadableError("the notebook is nested too deeply to be read", "exclude it") from error
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        old = isinstance(document, dict) and document.get("nbformat", _FORMAT) != _FORMAT
        seen = f"format {document['nbformat']}" if old else "JSON without a list of cells"
        raise UnreadableError(
            f"the notebook is {seen}; expected format {_FORMAT}",
            "convert it with: jupyter nbconvert --to notebook --inplace",
        )
    return document


def _language(document: Mapping[str, Any]) -> str:
    """The language of the kernel in small letters, "" where the notebook doesn't say."""
    metadata = document.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        about = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(about, dict) and isinstance(about.get(name), str):
            return str(about[name]).lower()
    return ""


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    return "".join(each for each in lines if isinstance(each, str))


def _set_source(cell: dict[str, Any], source: str) -> None:
    """Replace a cell's source in the form it has: one text, or a list of lines with their ends."""
    if _source(cell) != source:
        lines = re.findall(r".*?\n|.+$", source, re.DOTALL)
        cell["source"] = lines if isinstance(cell["source"], list) else source


def _written(document: Any, layout: Mapping[str, Any], like: str) -> str:
    """JSON in a layout, with the line ends and the end that another text has."""
    text = json.dumps(document, **layout)
    text = text.replace("\n", "\r\n") if "\r\n" in like else text
    return text + like[len(like.rstrip()) :]


def _cell(number: int, source: str) -> Cell:
    text = _SURROGATE.sub("\ufffd", source).replace("\r\n", " \n").replace("\r", "\n")
    error = None
    for python in (text, python_of(text)):
        error = _syntax_error(python)
        if error is None:
            return Cell(number, source, python)
    return Cell(number, source, _NOT_LINE_END.sub(" ", text), error)


def _syntax_error(source: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return SyntaxError("it is nested too deeply, or holds a null character")
    return None


def _unparsed(path: str, cell: Cell, error: SyntaxError) -> Finding:
    lines = len(split_lines(cell.source))
    line, column = min(max(error.lineno or 1, 1), lines), max(error.offset or 1, 1)
    message = f"the cell does not parse: {error.msg}"
    fix = "write it in Python 3 syntax"
    return Finding(path, line, column, line, column + 1, "KL000", "error", message, fix, cell.number)


def python_of(source: str) -> str:
    r"""A cell's source with IPython's magics, shell lines and questions replaced, at the same length.

    Example:
        >>> python_of("%matplotlib inline\nx = 1")
        '0                 \nx = 1'
    """
    first = source.lstrip().split(maxsplit=1)[:1]
    if first and first[0].startswith("%%"):
        magic, line_end, body = source.partition("\n")
        if first[0] not in _PYTHON_MAGICS or not magic.strip():
            return _NOT_LINE_END.sub(" ", source)
        return " " * len(magic) + line_end + python_of(body)
    return "\n".join(_python_lines(source.split("\n")))


def _python_lines(lines: Sequence[str]) -> Iterable[str]:
    continued = False
    for line in lines:
        value = _MAGIC_VALUE.match(line)
        if continued:
            yield " " * len(line)
        elif value:
            yield f"{value[1]}0".ljust(len(line))
        elif _MAGIC_LINE.match(line):
            indentation = len(line) - len(line.lstrip())
            yield f"{line[:indentation]}0".ljust(len(line))
        else:
            yield line
            continue
        continued = line.endswith("\\")
