"""A benchmark on a terminal: for each shape who takes how long and is how right, with bars where they fit."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement as Width
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from kldiv.benchmark.benchmark import Benchmark
from kldiv.benchmark.case import Case
from kldiv.benchmark.measurement import Answer, Measurement
from kldiv.benchmark.peers.in_kldiv import OWN
from kldiv.benchmark.room import size
from kldiv.report.benchmark import remarks, times_own
from kldiv.report.console import Text

_NAMES = {"kl": "D(P‖Q)", "js": "JS(P, Q)"}
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
# Errors from this one on are shown without an exponent.
_LARGE_ERROR = 1e-3
# Longer lines of prose are hard to read, longer bars say no more.
_PROSE_WIDTH, _BAR_WIDTH, _LEAST_BAR_WIDTH = 100, 60, 8
_EIGHTHS = " ▏▎▍▌▋▊▉"
# Redrawing takes processor time from whoever is timed next.
_SECONDS_BETWEEN_UPDATES = 0.2


class _Bar:
    """A time beside the longest of its case; the floor's is hollow."""

    def __init__(self, share: float, *, own: bool, floor: bool) -> None:
        self._share, self._floor = share, floor
        self._style = "green" if own else "dim" if floor else "cyan"

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Width:
        return Width(min(_LEAST_BAR_WIDTH, options.max_width), min(_BAR_WIDTH, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        eighths = max(1, round(8 * self._share * min(options.max_width, _BAR_WIDTH)))
        bar = "░" * math.ceil(eighths / 8) if self._floor else _solid(eighths)
        yield Text(bar, self._style, no_wrap=True)


def _solid(eighths: int) -> str:
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _bar(each: Measurement, others: Sequence[Measurement]) -> RenderableType:
    if each.seconds is None:
        return Text("")
    longest = max(other.seconds.median for other in others if other.seconds)
    return _Bar(each.seconds.median / longest, own=each.peer == OWN, floor=each.floor)


class _Heading(NamedTuple):
    """A column of the table, and how wide a terminal has to be to have it."""

    text: str
    justify: Literal["left", "right"]
    least_width: int
    cell: Callable[[Measurement, Sequence[Measurement]], RenderableType]


_HEADINGS = (
    _Heading("", "left", 0, lambda each, _: _name(each)),
    _Heading("time", "right", 0, lambda each, _: Text(_time(each))),
    _Heading("× kldiv", "right", 40, lambda each, others: Text(_ratio(times_own(each, others)), "bold")),
    _Heading("error", "right", 50, lambda each, _: _error(each.answer)),
    _Heading("close", "right", 72, lambda each, _: _error(each.answer_close)),
    _Heading("", "left", 58, _bar),
)


def show(benchmark: Benchmark, console: Console) -> None:
    """Print what was measured, a table, what each name stands for, and who is missing."""
    prose = min(console.width, _PROSE_WIDTH)
    console.print(_title(benchmark), width=prose)
    console.print()
    console.print(_table(benchmark, console.width))
    console.print()
    console.print(_names(benchmark), width=prose)
    said = remarks(benchmark)
    if said:
        console.print()
        for remark in said:
            console.print(Text(remark, "yellow"), width=prose)


def _title(benchmark: Benchmark) -> Text:
    what = "with its gradient to Q" if benchmark.gradient else "alone, without a gradient"
    found, first = benchmark.circumstances, benchmark.cases[0][0]
    torch = found["versions"].get("torch", "")
    rounds = sorted({each.rounds for _, measured in benchmark.cases for each in measured if each.seconds})
    counted = "–".join(str(each) for each in dict.fromkeys((rounds or [0])[:: max(len(rounds) - 1, 1)]))
    threads = f"{found['threads']} thread{'s' if found['threads'] != 1 else ''}"
    return Text.assemble(
        (_NAMES[benchmark.divergence], "bold"),
        f" of {first.dtype} logits {what}, summed over rows\n",
        (f"{found['processor']}, {threads}, torch {torch}\n", "dim"),
        f"Medians of {counted} rounds in random order. The relative error is that of the sum: with Q a "
        "step of 1 away from P, as timed, and close, a step of 0.01 away.",
    )


def _table(benchmark: Benchmark, width: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    headings = [each for each in _HEADINGS if each.least_width <= width]
    for each in headings:
        # What may wrap is what gives way to the others: the bars.
        table.add_column(Text(each.text), justify=each.justify, no_wrap=each.cell is not _bar)
    for number, (case, measured) in enumerate(benchmark.cases):
        if number:
            table.add_row()
        table.add_row(_shape(case))
        for found in sorted(measured, key=_place):
            table.add_row(*(heading.cell(found, measured) for heading in headings))
    return table


def _shape(case: Case) -> Text:
    return Text.assemble((case.shape, "bold"), (f", {size(case.logits_bytes)}", "dim"))


def _place(each: Measurement) -> tuple[bool, bool, float]:
    """The fastest first, who failed after them, and the floor last."""
    return each.floor, each.seconds is None, each.seconds.median if each.seconds else 0.0


def _name(each: Measurement) -> Text:
    if each.floor:
        return Text(each.peer, "dim")
    name = Text(each.peer, "bold green" if each.peer == OWN else "")
    return name.append(", value", "dim") if each.forward_alone and each.seconds else name


def _time(each: Measurement) -> str:
    return quantity(each.seconds.median) if each.seconds else "failed"


def quantity(seconds: float) -> str:
    """A time in the unit that suits it, to three digits.

    Example:
        >>> quantity(0.01234)
        '12.3 ms'
    """
    factor, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return f"{_three_digits(seconds / factor)} {unit}"


def _three_digits(number: float) -> str:
    rounded = float(f"{number:.3g}")
    digits = 2 - math.floor(math.log10(rounded)) if rounded else 0
    return f"{number:,.{min(max(digits, 0), 3)}f}"


def _ratio(times: float | None) -> str:
    return "" if times is None else _three_digits(times) if times >= 1 else f"{times:.2g}"


def _error(answer: Answer | None) -> Text:
    if answer is None:
        return Text("")
    error = answer.relative_error
    return Text(relative(error), "" if error < _LARGE_ERROR else "red")


def relative(error: float) -> str:
    """A relative error, of which the size is what matters.

    Example:
        >>> relative(6.1e-8), relative(0.0048), relative(37.1)
        ('6e-8', '0.0048', '37')
    """
    if not math.isfinite(error):
        return "∞" if error > 0 else "nan"
    if error == 0:
        return "0"
    if error < _LARGE_ERROR:
        digits, _, exponent = f"{error:.0e}".partition("e")
        return f"{digits}e{int(exponent)}"
    return f"{error:.2g}" if error < 10 else f"{error:,.0f}"  # noqa: PLR2004


def _names(benchmark: Benchmark) -> Table:
    """What was measured under each name."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", style="dim")
    measured = [each for _, measured in benchmark.cases for each in measured if each.seconds]
    names = {each.peer: f"{each.measured}{', the floor' if each.floor else ''}" for each in measured}
    for name, meaning in names.items():
        table.add_row(Text(name), Text(meaning))
    return table


@contextmanager
def progress() -> Iterator[Callable[[float, str], None]]:
    """A bar on standard error while it is a terminal: what share is done, and what is being done."""
    if not sys.stderr.isatty():
        yield lambda _share, _what: None
        return
    parts = (BarColumn(24), TextColumn("{task.percentage:>3.0f}%  {task.description}"))
    # It draws when it is told something, never while somebody is timed.
    with Progress(*parts, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        yield _updating(bar)


def _updating(bar: Progress) -> Callable[[float, str], None]:
    task = bar.add_task("", total=1.0)
    drawn, shown = -math.inf, ""

    def update(share: float, what: str) -> None:
        nonlocal drawn, shown
        if what == shown and time.monotonic() - drawn < _SECONDS_BETWEEN_UPDATES:
            return
        drawn, shown = time.monotonic(), what
        bar.update(task, completed=share, description=what, refresh=True)

    return update
