"""Draws the pictures of the documentation from the program's own output.

Run: make pictures. Writes docs/images/*.svg, and report.png where Chromium is installed.
"""

import contextlib
import io
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console

from kldiv.estimators.counting import count
from kldiv.report.explanation import explain_counts
from kldiv.report.explanation_terminal import show
from kldiv.report.html import write_report
from kldiv.tables import compare

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
_WIDTH = 86
_REPORTED = ["air_time", "dest", "dep_delay", "arr_time", "day", "carrier", "origin"]
_REPORT_SIZE = "1180,1500"


def draw_explanation() -> None:
    """The example worked by hand."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    counts = count([1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 2, 3, 3, 3, 3])
    show(explain_counts(counts, base=2), console, top=20, estimate=False)
    title = "kldiv explain 1,1,2,2,3 1,1,1,1,1,2,3,3,3,3 --base 2"
    console.save_svg(str(IMAGES / "explain.svg"), title=title, unique_id="explain")


def draw_report() -> None:
    """A report of two months, as a browser shows it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed: docs/images/report.png is left as it is")
        return
    with contextlib.chdir(ROOT), tempfile.TemporaryDirectory() as folder:
        july, january = (f"examples/data/flights-2013-{month}.parquet" for month in ("07", "01"))
        page = Path(folder, "report.html")
        write_report(compare(july, january, columns=_REPORTED, base=2), page)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        flags += ["--hide-scrollbars", f"--user-data-dir={folder}/profile", f"--window-size={_REPORT_SIZE}"]
        flags += ["--virtual-time-budget=60000", f"--screenshot={IMAGES / 'report.png'}", page.as_uri()]
        subprocess.run([chromium, *flags], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    draw_explanation()
    draw_report()
