"""A comparison of two tables on a terminal: what fits in its width, the most important columns first."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table

from kldiv.estimators.estimate import Estimate
from kldiv.report.comparison import NAMES, Compared, group_name, largest_terms, remarks, shown
from kldiv.report.console import Text
from kldiv.report.numbers import count, number, p_value
from kldiv.report.printable import printable
from kldiv.report.sparkline import WIDTH, sparklines
from kldiv.tables.comparison import ColumnComparison, Comparison, GroupComparison
from kldiv.tables.contract import Count
from kldiv.tables.progress import Progress

_GAP = "  "
# Room for a short outcome and its number.
_TERM_WIDTH = 14
# Longer lines of prose are hard to read.
_PROSE_WIDTH = 100


class _Terms:
    """Outcomes with what they add: as many as the cell has room for, but one at least, and no number cut."""

    def __init__(self, divergence: Estimate, top: int) -> None:
        terms = largest_terms(divergence, top)
        self._terms = [(Text(shown(each)), Text(f" +{number(each.contribution)}", "dim")) for each in terms]

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
    """Print the divergence, a row for each column, and below them what the numbers don't say."""
    console.print(_title(comparison))
    rows: list[Compared] = [*comparison.columns, *comparison.joint]
    if rows:
        console.print()
        console.print(_table(comparison, rows, console.width, top, threshold))
    for group in comparison.groups:
        console.print()
        console.print(_group_title(comparison, group))
        console.print(_table(comparison, [*group.columns, *group.joint], console.width, top, threshold))
    said = remarks(comparison)
    if said:
        console.print()
        console.print(_remarks(said), width=min(console.width, _PROSE_WIDTH))


def _title(comparison: Comparison) -> Text:
    name = NAMES[comparison.divergence].words
    unit = f" in {comparison.unit}" if comparison.unit else ""
    reference = "; P is the reference" if comparison.divergence == "kl" else " of P and Q"
    weighed = f", rows weighed by {printable(comparison.weights)}" if comparison.weights is not None else ""
    title = Text.assemble((name, "bold"), f"{unit} for each column{weighed}{reference}")
    for side, path, rows in (("P", comparison.p, comparison.rows_p), ("Q", comparison.q, comparison.rows_q)):
        title.append(f"\n{side} = {printable(path)}").append(f", {_rows(rows)}", "dim")
    return title


def _group_title(comparison: Comparison, group: GroupComparison) -> Text:
    title = Text(group_name(comparison, group.group), "bold")
    return title.append(f", {_rows(group.rows_p)} of P and {_rows(group.rows_q)} of Q", "not bold dim")


def _rows(rows: Count) -> str:
    return f"{count(rows)} row{'s' if rows != 1 else ''}"


class _Heading(NamedTuple):
    """A column of the table, and how wide a terminal has to be to have it."""

    text: str
    justify: Literal["left", "right"]
    least_width: int
    cell: Callable[[Compared], RenderableType]


def _headings(comparison: Comparison, top: int) -> list[_Heading]:
    interval = f"{100 * comparison.confidence:.4g} % interval"
    symbol = NAMES[comparison.divergence].symbol
    return [
        _Heading("column", "left", 0, lambda row: Text(_name(row))),
        _Heading("type", "left", 116, lambda row: Text(_type(row), "dim")),
        _Heading(symbol, "right", 0, lambda row: Text(number(row.divergence.estimate), "bold")),
        _Heading(interval, "left", 48, lambda row: Text(_interval(row.divergence))),
        _Heading("p adj.", "right", 58, lambda row: Text(p_value(row.p_value_adjusted))),
        _Heading("counted", "right", 116, lambda row: Text(number(row.divergence.value))),
        _Heading("nulls P", "right", 134, lambda row: Text(_nulls(row, "p"))),
        _Heading("nulls Q", "right", 134, lambda row: Text(_nulls(row, "q"))),
        _Heading(
            "P".ljust(WIDTH), "left", 76, lambda row: Text(sparklines(row.divergence.outcomes)[0], "cyan")
        ),
        _Heading(
            "Q".ljust(WIDTH), "left", 76, lambda row: Text(sparklines(row.divergence.outcomes)[1], "cyan")
        ),
        _Heading("largest terms", "left", 96, lambda row: _Terms(row.divergence, top)),
    ]


def _name(row: Compared) -> str:
    name = printable(row.name)
    return f"{name} (missing)" if _type(row) == "missingness" else name


def _type(row: Compared) -> str:
    return row.type if isinstance(row, ColumnComparison) else "joint"


def _nulls(row: Compared, side: Literal["p", "q"]) -> str:
    if not isinstance(row, ColumnComparison):
        return ""
    return count(row.nulls_p if side == "p" else row.nulls_q)


def _table(
    comparison: Comparison, rows: Sequence[Compared], width: int, top: int, threshold: float | None
) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    headings = [each for each in _headings(comparison, top) if each.least_width <= width]
    for each in headings:
        wraps = each.text in ("column", "largest terms")
        table.add_column(Text(each.text), justify=each.justify, no_wrap=not wraps, overflow="fold")
    for row in rows:
        exceeds = threshold is not None and row.divergence.low > threshold
        table.add_row(*(each.cell(row) for each in headings), style="yellow" if exceeds else None)
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
    return f"[{number(divergence.low)}, {number(divergence.high)}]"
