"""The terminal a result is shown on."""

import sys
from typing import NoReturn

from rich.console import Console

# A pipe has no width to wrap at.
_UNWRAPPED = 100_000


class OutputConsole(Console):
    """Standard output: a terminal with its width, or a pipe, where lines are as long as they are."""

    def __init__(self) -> None:
        super().__init__(highlight=False, width=None if sys.stdout.isatty() else _UNWRAPPED)

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command line, which knows what exit code a closed pipe has."""
        raise  # noqa: PLE0704 (called while a BrokenPipeError is handled)
