"""Fixes made in a file until there is nothing left to change; what was done, and what was not."""

import ast
import warnings
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kldiv.checker.conversion import Refusal, conversions_of
from kldiv.checker.documents import Document
from kldiv.checker.edits import Edit, compatible, origin
from kldiv.checker.finding import Finding
from kldiv.checker.fixes import Fix, fixes_of
from kldiv.checker.modules import Module
from kldiv.checker.project import FileReport, Wish, check_document
from kldiv.checker.spans import Text
from kldiv.checker.unused_imports import imports_left_unused

# One change shows the next: old arguments become a reduction, which becomes another, and the call is right.
_ROUNDS = 10


@dataclass(frozen=True)
class Rewriting:
    """A file before and after its fixes; `changes` and `refusals` are lines for a person.

    Their places are those in the file as it was.
    """

    report: FileReport
    left: FileReport
    changes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def before(self) -> str:
        """The text of the file as it is."""
        return self.report.document.text if self.report.document else ""

    @property
    def after(self) -> str:
        """The text of the file with the changes."""
        return self.left.document.text if self.left.document else ""

    @property
    def content(self) -> bytes:
        """What the file with the changes holds."""
        return self.left.document.content if self.left.document else b""


def fixable(report: FileReport) -> int:
    """How many findings `--fix` would put right at once."""
    module = _module(report) if report.findings else None
    return len(_wanted(module, report.findings, to_kldiv=False)[0]) if module else 0


def rewrite_document(report: FileReport, wish: Wish, *, to_kldiv: bool) -> Rewriting:
    """Make every fix there is for the findings of a file, and convert its right calls if asked to."""
    module = first = _module(report)
    current, changes, refusals = report, list[str](), list[str]()
    rounds: list[list[Edit]] = []

    def line(start: int, said: str) -> str:
        return _line(report, first, _before(start, rounds), said) if first else said

    for _ in range(_ROUNDS):
        if module is None or current.document is None:
            break
        fixes, refused = _wanted(module, current.findings, to_kldiv=to_kldiv)
        document, made = _made(current.document, fixes)
        refusals = [line(each.start, f"not converted: {each.why}") for each in refused]
        if document is None or not made:
            refusals += [line(fix.start, _why_not(current)) for fix in fixes[:1]]
            break
        changes += [line(fix.start, _said(fix)) for fix in made]
        rounds.append([edit for fix in made for edit in fix.edits])
        current = check_document(document, report.path, wish)
        module = _module(current)
    if to_kldiv and first and module and rounds and current.document:
        needless = [] if _is_shared(report) else imports_left_unused(first, module)
        document, made = _made(current.document, needless)
        if document:
            changes += [line(fix.start, f"removed {fix.what}, which nothing uses any more") for fix in made]
            current = check_document(document, report.path, wish)
    return Rewriting(report, current, tuple(changes), tuple(refusals))


def _is_shared(report: FileReport) -> bool:
    """Whether names may be used elsewhere: in a cell that was run before, or by who imports the package."""
    return bool(report.document and report.document.notebook) or Path(report.path).name == "__init__.py"


def _before(offset: int, rounds: Sequence[Sequence[Edit]]) -> int:
    """Where a place was before all rounds of changes."""
    for edits in reversed(rounds):
        offset = origin(offset, edits)
    return offset


def _module(report: FileReport) -> Module | None:
    """The module of a file; None where it can't be read."""
    if report.document is None or report.checked is None:
        return None
    source = report.document.module
    try:
        return Module(Text(source), _parsed(source), report.checked.calls)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _wanted(
    module: Module, findings: Sequence[Finding], *, to_kldiv: bool
) -> tuple[list[Fix], list[Refusal]]:
    fixes = fixes_of(module, findings)
    conversions, refusals = conversions_of(module) if to_kldiv else ([], [])
    return [fix for fix in (*fixes, *conversions) if not module.is_in_text(fix.start)], refusals


def _made(document: Document, fixes: Sequence[Fix]) -> tuple[Document | None, list[Fix]]:
    """The document with as many of the fixes as go together, and which those are."""
    together = set(compatible(fix.edits for fix in fixes))
    made = [fix for fix in fixes if fix.edits in together]
    after = _rewritten(document, made)
    if after is not None or len(made) <= 1:
        return after, made if after else []
    # One of them does harm, and has to be found.
    kept: list[Fix] = []
    for fix in made:
        attempt = _rewritten(document, [*kept, fix])
        if attempt is not None:
            after, kept = attempt, [*kept, fix]
    return after, kept


def _rewritten(document: Document, fixes: Sequence[Fix]) -> Document | None:
    """The document with the fixes; None where it would no longer parse, or can't be written back."""
    after = document.rewritten([edit for fix in fixes for edit in fix.edits])
    if not fixes or after is None or after.broken_cells("") != document.broken_cells(""):
        return None
    try:
        _parsed(after.module)
        after.content  # noqa: B018 (raises where the encoding lacks a character)
    except (SyntaxError, ValueError):
        return None
    return after


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _said(fix: Fix) -> str:
    return f"{fix.code}: {fix.what}" if fix.code else f"converted to {fix.what}"


def _why_not(report: FileReport) -> str:
    if report.document and report.document.notebook:
        return "not changed: the notebook's JSON is not laid out as Jupyter writes it; save it there first"
    return "not changed: the file would no longer parse"


def _line(report: FileReport, module: Module, start: int, said: str) -> str:
    """A line about a place of a file."""
    starts = module.text.starts
    row = bisect_right(starts, start)
    cell, line = report.document.place(row) if report.document else (None, row)
    within = "" if cell is None else f"cell {cell}:"
    return f"{report.path}:{within}{line}:{start - starts[row - 1] + 1} {said}"
