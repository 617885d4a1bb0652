"""Files in, findings out: what is wanted of each file, and what its comments take back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kldiv.checker.checking import Checked, check_source
from kldiv.checker.configuration import configuration_of
from kldiv.checker.documents import Document, open_document
from kldiv.checker.files import find_files
from kldiv.checker.finding import Finding
from kldiv.checker.notices import UNPARSED
from kldiv.checker.selection import Selection
from kldiv.checker.sources import UnreadableError, mentions_kl_div, read_bytes
from kldiv.checker.suppression import ignores_of, split


@dataclass(frozen=True)
class Wish:
    """What is asked of every file."""

    selection: Selection = Selection()  # noqa: RUF009 (it can't be changed)
    unused_ignores: bool = False


@dataclass(frozen=True)
class FileReport:
    """What was found in one file.

    `document` and `checked` are None where it could not be read; `findings` stand at their places in the
    module, as `checked` has them, `placed` at those in the file.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    document: Document | None = None
    checked: Checked | None = None
    excluded: bool = False

    @property
    def placed(self) -> list[Finding]:
        """The findings where a reader of the file looks for them."""
        placed = (self.document.placed(each) if self.document else each for each in self.findings)
        return sorted(placed, key=_place)


def check_paths(paths: Sequence[Path], wish: Wish) -> Iterator[FileReport]:
    """Check the files that the paths stand for; reports come as they are made.

    Raises:
        InvalidInputError: a path that does not exist; a wrong configuration.
    """
    for path, excluded, problem in find_files(paths):
        name = str(path)
        if excluded:
            yield FileReport(name, excluded=True)
        elif problem:
            yield FileReport(
                name, (_unreadable(name, UnreadableError(problem, "make it readable, or exclude it")),)
            )
        else:
            yield _check_file(path, name, wish)


def check_content(content: bytes, name: str, wish: Wish) -> FileReport:
    """Check what a file of this name holds; it need not exist."""
    if not mentions_kl_div(content):
        return FileReport(name)
    try:
        document = open_document(content, name)
    except UnreadableError as error:
        return FileReport(name, _wanted([_unreadable(name, error)], name, wish))
    return check_document(document, name, wish)


def check_document(document: Document, name: str, wish: Wish) -> FileReport:
    """Check an open file."""
    checked = check_source(document.module, name)
    left, unused = split(checked.findings, ignores_of(document.module))
    if wish.unused_ignores:
        left += [ignore.unused(name) for ignore in unused]
    left += document.broken_cells(name)
    return FileReport(name, _wanted(left, name, wish), document, checked)


def _check_file(path: Path, name: str, wish: Wish) -> FileReport:
    try:
        content = read_bytes(path)
    except UnreadableError as error:
        return FileReport(name, _wanted([_unreadable(name, error)], name, wish))
    return check_content(content, name, wish)


def _wanted(findings: Iterable[Finding], name: str, wish: Wish) -> tuple[Finding, ...]:
    path = Path(name)
    selection = configuration_of(path.absolute().parent).selection_for(path, wish.selection)
    return tuple(each for each in findings if selection.wants(each.code))


def _unreadable(name: str, error: UnreadableError) -> Finding:
    line, column = error.line, error.column
    return Finding(
        name, line, column, line, column + 1, UNPARSED.code, UNPARSED.severity, error.message, error.advice
    )


def _place(finding: Finding) -> tuple[int, int, int, str]:
    return finding.cell or 0, finding.line, finding.column, finding.code
