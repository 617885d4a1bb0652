"""Draws the pictures of the documentation from the program's own output.

Run: make pictures. Writes docs/images/*.svg.
"""

import io
from pathlib import Path

from rich.console import Console

from kldiv.estimators.counting import count
from kldiv.report.explanation import explain_counts
from kldiv.report.explanation_terminal import show

IMAGES = Path(__file__).parent.parent / "docs" / "images"
_WIDTH = 86


def draw_explanation() -> None:
    """The example worked by hand."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    counts = count([1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 2, 3, 3, 3, 3])
    show(explain_counts(counts, base=2), console, top=20, estimate=False)
    title = "kldiv explain 1,1,2,2,3 1,1,1,1,1,2,3,3,3,3 --base 2"
    console.save_svg(str(IMAGES / "explain.svg"), title=title, unique_id="explain")


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    draw_explanation()
