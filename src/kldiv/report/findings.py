"""Findings for programs: as JSON, as SARIF, and as the workflow commands of GitHub Actions."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kldiv.checker.finding import Finding
from kldiv.checker.notices import Page, all_pages
from kldiv.report.numbers import how_many

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def documents(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """One object a finding; in a notebook it has the cell too, and the line counts within it."""
    return [_document(each) for each in findings]


def _document(finding: Finding) -> dict[str, Any]:
    document: dict[str, Any] = {
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "fix": finding.fix,
    }
    return document if finding.cell is None else {**document, "cell": finding.cell}


def sarif(findings: Iterable[Finding]) -> dict[str, Any]:
    """A log of one run in the format SARIF.

    Source:
        OASIS 2023, Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01.
    """
    rules = all_pages()
    driver = {
        "name": "kldiv",
        "version": version("kldiv"),
        "rules": [_sarif_rule(rule) for rule in rules.values()],
    }
    index = {code: number for number, code in enumerate(rules)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(each, index) for each in findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_rule(rule: Page) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.example}\n\nbecomes\n\n{rule.fix}", "markdown": page(rule)},
        "defaultConfiguration": {"level": rule.severity},
    }


def _sarif_result(finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.severity,
        "message": {"text": f"{finding.message}. {_sentence(finding.fix)}"},
        "locations": [_sarif_location(finding)],
    }


def _sarif_location(finding: Finding) -> dict[str, Any]:
    """Where it is; the lines of a notebook's file are not those of its cells, and so not named."""
    artifact = {"artifactLocation": _artifact(finding.path)}
    if finding.cell is not None:
        name = f"cell {finding.cell}, line {finding.line}"
        return {"physicalLocation": artifact, "logicalLocations": [{"fullyQualifiedName": name}]}
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end_line,
        "endColumn": finding.end_column,
    }
    return {"physicalLocation": {**artifact, "region": region}}


def _artifact(path: str) -> dict[str, str]:
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    encoded = quote(Path(path).as_posix().encode(errors="surrogateescape"))
    return {"uri": encoded, "uriBaseId": "%SRCROOT%"}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def github(findings: Iterable[Finding]) -> str:
    """A workflow command a finding, which GitHub Actions shows beside the line.

    Source:
        GitHub documentation, Workflow commands for GitHub Actions, "Setting an error message"; the escapes
        are those of its toolkit's `command.ts`.
    """
    return "".join(f"{_command(each)}\n" for each in findings)


def _command(finding: Finding) -> str:
    properties: dict[str, object] = {"title": f"kldiv {finding.code}", "file": finding.path}
    if finding.cell is None:
        properties |= {"line": finding.line, "endLine": finding.end_line}
        if finding.line == finding.end_line:
            properties |= {"col": finding.column, "endColumn": finding.end_column}
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    text = f"{place(finding)} {finding.code} {finding.message}\nhelp: {finding.fix}"
    return f"::{finding.severity} {written}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def place(finding: Finding) -> str:
    """Where a finding stands, as editors take it: path:line:column, in a notebook path:cell N:line:column."""
    cell = "" if finding.cell is None else f"cell {finding.cell}:"
    return f"{finding.path}:{cell}{finding.line}:{finding.column}"


def page(rule: Page) -> str:
    """A rule's page, in Markdown."""
    return (
        f"# {rule.code}: {rule.name}\n\nSeverity: {rule.severity}.\n\n"
        f"## What\n\n{rule.what.strip()}\n\n## Why\n\n{rule.why.strip()}\n\n"
        f"## Example\n\n```python\n{rule.example}\n```\n\n## Fix\n\n```python\n{rule.fix}\n```\n"
    )


def unified_diff(path: str, before: str, after: str) -> str:
    """The difference of two texts of a file, as `patch` and `git apply` take it."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path.lstrip('/')}",
        f"b/{path.lstrip('/')}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def rule_lines(rules: Iterable[Page]) -> str:
    """A line a rule, its fields with tabs between them."""
    return "".join(f"{each.code}\t{each.severity}\t{each.name}\t{_first_sentence(each)}\n" for each in rules)


def _first_sentence(rule: Page) -> str:
    return " ".join(rule.what.split()).split(". ")[0].rstrip(".")


def counted(findings: Sequence[Finding], files: int, fixable: int) -> str:
    """One sentence on how much was found."""
    if not findings:
        return f"No findings in {how_many(files, 'file')}."
    errors = sum(each.severity == "error" for each in findings)
    kinds = [(errors, "error"), (len(findings) - errors, "warning")]
    listed = " and ".join(how_many(count, kind) for count, kind in kinds if count)
    places = len({each.path for each in findings})
    offered = f"; --fix changes {fixable}" if fixable else ""
    where = "1 file" if files == 1 else f"{places:,} of {files:,} files"
    return f"Found {listed} in {where}{offered}."
