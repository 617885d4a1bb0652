"""The terminal a result is shown on."""

import sys
from typing import Any, NoReturn, Self

from rich import text
from rich.console import Console
from rich.style import Style

from kldiv.report.encoding import as_shown

# A pipe has no width to wrap at.
_UNWRAPPED = 100_000


class OutputConsole(Console):
    """Standard output: a terminal with its width, or a pipe, where lines are as long as they are."""

    def __init__(self) -> None:
        super().__init__(highlight=False, width=None if sys.stdout.isatty() else _UNWRAPPED)

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command line, which knows what exit code a closed pipe has."""
        raise  # noqa: PLE0704 (called while a BrokenPipeError is handled)


class Text(text.Text):
    """A text with styles that takes as much room as it will have in the encoding of standard output."""

    def __init__(self, content: str = "", *how: Any, **options: Any) -> None:
        super().__init__(as_shown(content), *how, **options)

    @classmethod
    def assemble(cls, *parts: Any, **options: Any) -> Self:
        """Texts one after the other, each with a style if it is a pair."""
        whole = cls(**options)
        for part in parts:
            whole.append(*part) if isinstance(part, tuple) else whole.append(part)
        return whole

    def append(self, content: text.Text | str, style: str | Style | None = None) -> Self:
        """Add a text at the end."""
        super().append(as_shown(content) if isinstance(content, str) else content, style)
        return self
