"""An audit on a terminal, coloured and folded, or as plain unfolded lines where it goes elsewhere."""

import re
from typing import TextIO

from rich.console import Console

from kldiv.auditing.record import Audit
from kldiv.auditing.text import text
from kldiv.report.console import Text
from kldiv.report.printable import printable

_STYLES = {
    r"^  KL\d+ error": "bold red",
    r"^  KL\d+ warning": "bold yellow",
    r"^  nothing wrong": "green",
    r"^    fix: ": "cyan",
    r"^\S+:\d+(?=: )": "bold",
}


def show(audit: Audit, stream: TextIO) -> None:
    """Write the report to a stream."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    width = console.width if stream.isatty() else None
    for line in text(audit, width).splitlines():
        styled = Text(printable(line) if line else "")
        for pattern, style in _STYLES.items():
            styled.highlight_regex(re.compile(pattern), style)
        console.print(styled)
