"""Findings, rules and changes on a terminal, in colour."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax

from kldiv.checker.notices import Page
from kldiv.report.console import Text
from kldiv.report.findings import page, rule_lines
from kldiv.report.findings_text import Line


def console_of(file: TextIO) -> Console:
    """The terminal behind a stream."""
    return Console(file=file, highlight=False)


def coloured(lines: Sequence[Line], console: Console) -> str:
    """A finding's lines with their colours, those that are too long broken at the terminal's width."""
    with console.capture() as captured:
        for line in lines:
            console.print(Text.assemble(*line))
    return captured.get()


def show_page(rule: Page, console: Console) -> None:
    """Print a rule's page."""
    console.print(Markdown(page(rule), code_theme="ansi_dark"))


def show_rules(rules: Iterable[Page], console: Console) -> None:
    """Print a line a rule, and below it what it finds."""
    for row in rule_lines(rules).splitlines():
        code, severity, name, what = row.split("\t")
        console.print(Text.assemble((code, "bold red" if severity == "error" else "bold yellow"), f" {name}"))
        console.print(Text(f"  {what}"))


def show_diff(diff: str, console: Console) -> None:
    """Print a diff in its colours, every line as it is."""
    console.print(
        Syntax(diff.rstrip("\n"), "diff", theme="ansi_dark", background_color="default"), soft_wrap=True
    )
