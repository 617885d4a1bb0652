"""A comparison of two tables on a terminal: what fits in its width, the most important columns first."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from kldiv.estimators.estimate import Estimate
from kldiv.report.comparison import largest_terms, remarks, shown
from kldiv.report.printable import printable
from kldiv.tables.comparison import ColumnComparison, Comparison
from kldiv.tables.progress import Progress

# Numbers from the one to the other are shown without an exponent.
_SMALL, _LARGE = 1e-3, 1e5
_LEAST_P_VALUE = 1e-4
_GAP = "  "
# Room for a short outcome and its number.
_TERM_WIDTH = 14
# Longer lines of prose are hard to read.
_PROSE_WIDTH = 100


class _Terms:
    """Outcomes with what they add: as many as the cell has room for, but one at least, and no number cut."""

    def __init__(self, divergence: Estimate, top: int) -> None:
        terms = largest_terms(divergence, top)
        self._terms = [(Text(shown(each)), Text(f" +{_number(each.contribution)}", "dim")) for each in terms]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widths = [name.cell_len + amount.cell_len for name, amount in self._terms]
        whole = sum(widths) + len(_GAP) * (len(widths) - 1)
        return Measurement(
            min(_TERM_WIDTH, options.max_width), min(max(whole, _TERM_WIDTH), options.max_width)
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = Text(no_wrap=True, overflow="ellipsis")
        for name, amount in self._terms:
            room = options.max_width - line.cell_len - amount.cell_len - (len(_GAP) if line else 0)
            if line and name.cell_len > room:
                break
            name.truncate(max(room, 1), overflow="ellipsis")
            line.append(_GAP if line else "").append_text(name).append_text(amount)
        yield line


def show(comparison: Comparison, console: Console, *, top: int, threshold: float | None = None) -> None:
    """Print the direction, a row for each column, and below them what the numbers don't say."""
    console.print(_title(comparison))
    if comparison.columns:
        console.print()
        console.print(_table(comparison, console.width, top, threshold))
    said = remarks(comparison)
    if said:
        console.print()
        console.print(_remarks(said), width=min(console.width, _PROSE_WIDTH))


def _title(comparison: Comparison) -> Text:
    title = Text.assemble(("D(P‖Q)", "bold"), f" in {comparison.unit} for each column; P is the reference")
    for name, path, rows in (("P", comparison.p, comparison.rows_p), ("Q", comparison.q, comparison.rows_q)):
        title.append(f"\n{name} = {printable(path)}").append(
            f", {rows:,} row{'s' if rows != 1 else ''}", "dim"
        )
    return title


class _Heading(NamedTuple):
    """A column of the table, and how wide a terminal has to be to have it."""

    text: str
    justify: Literal["left", "right"]
    least_width: int
    cell: Callable[[ColumnComparison], RenderableType]


def _headings(comparison: Comparison, top: int) -> list[_Heading]:
    return [
        _Heading("column", "left", 0, lambda column: Text(printable(column.name))),
        _Heading("type", "left", 100, lambda column: Text(column.type, "dim")),
        _Heading("D(P‖Q)", "right", 0, lambda column: Text(_number(column.divergence.estimate), "bold")),
        _Heading(
            f"{100 * comparison.confidence:.4g} % interval",
            "left",
            48,
            lambda column: Text(_interval(column.divergence)),
        ),
        _Heading("p adj.", "right", 58, lambda column: Text(_p_value(column.p_value_adjusted))),
        _Heading("counted", "right", 100, lambda column: Text(_number(column.divergence.value))),
        _Heading("nulls P", "right", 110, lambda column: Text(f"{column.nulls_p:,}")),
        _Heading("nulls Q", "right", 110, lambda column: Text(f"{column.nulls_q:,}")),
        _Heading("largest terms", "left", 72, lambda column: _Terms(column.divergence, top)),
    ]


def _table(comparison: Comparison, width: int, top: int, threshold: float | None) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    headings = [each for each in _headings(comparison, top) if each.least_width <= width]
    for each in headings:
        wraps = each.text in ("column", "largest terms")
        table.add_column(each.text, justify=each.justify, no_wrap=not wraps, overflow="fold")
    for column in comparison.columns:
        exceeds = threshold is not None and column.divergence.low > threshold
        table.add_row(*(each.cell(column) for each in headings), style="yellow" if exceeds else None)
    return table


def _remarks(said: list[tuple[str, str]]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="dim")
    for name, remark in said:
        table.add_row(Text(printable(name)), Text(remark))
    return table


@contextmanager
def progress() -> Iterator[Callable[[Progress], None] | None]:
    """A bar on standard error while it is a terminal: columns done, of how many, and rows a second."""
    if not sys.stderr.isatty():
        yield None
        return
    parts = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[speed]}"))
    with ProgressBar(*parts, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None, speed="")
        began = time.monotonic()

        def update(now: Progress) -> None:
            speed = now.rows / max(time.monotonic() - began, 1e-9)
            done = f"{now.done} of {now.total} columns"
            bar.update(
                task, description=done, completed=now.done, total=now.total, speed=f"{_short(speed)} rows/s"
            )

        yield update


def _short(number: float) -> str:
    """A number as three digits and a word: 1.23 M."""
    for limit, word in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= limit:
            return f"{number / limit:.3g}{word}"
    return f"{number:.0f}"


def _interval(divergence: Estimate) -> str:
    return f"[{_number(divergence.low)}, {_number(divergence.high)}]"


def _p_value(value: float) -> str:
    return f"{value:.4f}" if value >= _LEAST_P_VALUE else f"< {_LEAST_P_VALUE:g}"


def _number(number: float) -> str:
    if math.isinf(number):
        return "∞"
    if number == 0 or _SMALL <= abs(number) < _LARGE:
        return f"{number:.4f}".replace("-", "−")
    return f"{number:.1e}".replace("-", "−")
