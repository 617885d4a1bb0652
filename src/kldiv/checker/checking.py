"""From a source text to its findings."""

import ast
import re
import warnings
from dataclasses import dataclass

from kldiv.checker.calls import CONSTRUCTOR_PARAMETERS, FUNCTION_PARAMETERS, KlCall, bind
from kldiv.checker.finding import Finding
from kldiv.checker.imports import KL_CRITERION, KL_FUNCTION, canonical, imported_names

_WORDS = re.compile(r"kl_div|KLDivLoss")


@dataclass(frozen=True)
class Checked:
    """A file's findings in the order of their places, and the calls they are about."""

    findings: tuple[Finding, ...] = ()
    calls: tuple[KlCall, ...] = ()


def check_source(source: str, path: str) -> Checked:
    """Check one file's text; a text that doesn't parse is one finding, KL000."""
    if not _WORDS.search(source):
        return Checked()
    try:
        tree = _parsed(source)
    except SyntaxError as error:
        return Checked(
            (_unreadable(path, error.lineno, error.offset, f"the file does not parse: {error.msg}"),)
        )
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return Checked((_unreadable(path, 1, 1, "the file is nested too deeply to be read"),))
    return Checked((), tuple(_calls(tree)))


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source.removeprefix("\ufeff"))


def _unreadable(path: str, line: int | None, column: int | None, message: str) -> Finding:
    row, start = max(line or 1, 1), max(column or 1, 1)
    return Finding(path, row, start, row, start + 1, "KL000", "error", message, "write it in Python 3 syntax")


def _calls(tree: ast.Module) -> list[KlCall]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update(imported_names(node))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            head, _, rest = ast.unparse(node.func).partition(".")
            dotted = canonical(".".join(part for part in (names.get(head, ""), rest) if part))
            parameters = {KL_FUNCTION: FUNCTION_PARAMETERS, KL_CRITERION: CONSTRUCTOR_PARAMETERS}.get(dotted)
            bound = bind(node, parameters) if parameters else None
            if bound and "input" in bound:
                options = {name: one for name, one in bound.items() if name not in {"input", "target"}}
                found.append(KlCall(node, bound["input"], bound.get("target"), options=options))
    return found
