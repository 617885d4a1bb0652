"""Turns the committed measurements into docs/benchmarks.md.

Run: python benchmarks/tables.py
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import records

from kldiv.benchmark.room import size
from kldiv.report.bench_terminal import quantity, relative

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
OWN, FLOOR = "kldiv", "two reads and a write"
# From here on a call's own cost no longer decides.
_LARGE_LOGITS = 4096

Cell = dict[str, Any]


class Row(NamedTuple):
    """One case: its name, and what was measured of each peer."""

    name: str
    cells: dict[str, Cell]


def page(folder: Path) -> str:
    """The whole page, from the records in a folder."""
    kernels = records.read(folder / "kernels.jsonl")
    large = [each for each in kernels if each["rows"] * each["outcomes"] >= _LARGE_LOGITS]
    small = [each for each in kernels if each["rows"] * each["outcomes"] < _LARGE_LOGITS]
    parts = [
        head(kernels),
        "## The divergence with its gradient",
        *timed(large, "kl", gradient=True),
        "## The divergence alone",
        *timed(large, "kl", gradient=False),
        "## Jensen–Shannon with its gradient",
        *timed(large, "js", gradient=True),
        "## Small inputs",
        *small_inputs(small),
        "## How right the answers are",
        *answers(kernels),
        "## Memory",
        *memory(records.read(folder / "memory.jsonl")),
        "## The first call",
        *first_call(records.read(folder / "first_call.jsonl")),
        "## Two tables",
        *two_tables(records.read(folder / "tables_speed.jsonl"), records.read(folder / "tables_scale.jsonl")),
        "## What was measured",
        *meanings(kernels),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def head(kernels: Sequence[Cell]) -> str:
    """On what it was measured, and how to read it."""
    first = kernels[0]
    versions: dict[str, str] = {}
    for each in kernels:
        versions |= each["versions"]
    rounds = sorted({each["rounds"] for each in kernels if each["seconds"]})
    counted = "–".join(str(each) for each in dict.fromkeys((rounds[0], rounds[-1])))
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    commit = f"; commit {first['commit']}" if first["commit"] else ""
    return f"""# Benchmarks

Made by `python benchmarks/tables.py` from benchmarks/results/; [Contributing](../CONTRIBUTING.md#measuring)
says how to measure anew, and `kldiv bench` measures on your machine.

{first["processor"]}, {first["threads"]} threads, {first["system"]}; {listed}{commit}.

The divergence of two tables of logits, rows × outcomes, summed over rows. Times are medians of {counted}
rounds in which everybody runs once, in an order drawn anew. In brackets stands how many times kldiv's own it
is: below 1 the other one is faster. The last column is `torch.add(p, q, out=out)`: reading both sides and
writing one table takes that long, whatever is computed.{disturbed(kernels)}"""


def disturbed(kernels: Sequence[Cell]) -> str:
    """A sentence on the cases in which even the floor's times were far apart."""
    floors = [each for each in kernels if each["floor"] and each["seconds"]]
    apart = [each for each in floors if each["seconds"]["median"] > 2 * each["seconds"]["least"]]
    if not apart:
        return ""
    where = "; ".join(f"{case_name(each)}, {question(each)}" for each in apart)
    return f" The machine was busy, so that these rows say little: {where}."


def timed(kernels: Iterable[Cell], divergence: str, *, gradient: bool) -> list[str]:
    """A sentence and a table of times of one question."""
    asked = [each for each in kernels if (each["divergence"], each["gradient"]) == (divergence, gradient)]
    rows = rows_of(asked, case_name)
    return [verdict(rows), table("logits", rows, names(asked), time_cell), *failures(asked)]


def small_inputs(kernels: Sequence[Cell]) -> list[str]:
    """The table of what a call itself costs."""
    rows = rows_of(kernels, lambda each: f"{case_name(each)}, {question(each)}")
    said = "Here a call's own cost is what is measured."
    return [f"{said} {verdict(rows)}", table("logits", rows, names(kernels), time_cell), *failures(kernels)]


def answers(kernels: Sequence[Cell]) -> list[str]:
    """The table of relative errors, far and close."""
    asked = [each for each in kernels if not each["gradient"] and not each["floor"]]
    rows = []
    for row in rows_of(asked, case_name):
        for key, step in (("answer", "1"), ("answer_close", "0.01")):
            rows.append(
                Row(f"{row.name}, step {step}", {name: cell[key] for name, cell in row.cells.items()})
            )
    said = (
        "The relative error of the divergence, against formulas without cancellation in wider numbers. q is "
        "a random step of that size away from p, each logit on its own: 1 is an untrained student, 0.01 one "
        "that has learnt."
    )
    return [said, *worst(asked), table("logits", rows, names(asked), lambda cell, _: error(cell))]


def worst(asked: Sequence[Cell]) -> list[str]:
    """For each type the largest error of kldiv, and the range of the others'."""
    sentences = []
    for dtype in dict.fromkeys(each["dtype"] for each in asked):
        largest: dict[str, float] = {}
        for each in asked:
            if each["dtype"] == dtype and each["answer"]:
                errors = [_number(each[key]) for key in ("answer", "answer_close")]
                largest[each["peer"]] = max(largest.get(each["peer"], 0.0), *errors)
        sentences += _largest_errors(dtype, largest)
    return sentences and [" ".join(sentences)]


def _number(answer: Cell) -> float:
    """An error, infinite where there is no number."""
    return float("inf") if answer["relative_error"] is None else float(answer["relative_error"])


def _largest_errors(dtype: str, largest: dict[str, float]) -> list[str]:
    own = largest.pop(OWN, None)
    if own is None or not largest:
        return []
    (first, least), *_, (last, most) = sorted(largest.items(), key=lambda item: item[1]) * 2
    others = f"{relative(least)} ({first}) to {relative(most)} ({last})"
    return [f"In {dtype} kldiv is off by {relative(own)} at most, the others by {others}."]


def memory(found: Sequence[Cell]) -> list[str]:
    """The table of what is taken beyond the inputs."""
    rows = rows_of(found, case_name)

    def cell(each: Cell, _: Cell | None) -> str:
        taken = each["beyond_inputs_bytes"]
        return "failed" if taken is None else f"{size(taken)} ({taken / each['logits_bytes']:.1f}×)"

    said = (
        "The most memory in use during one call with its gradient, beyond both sides of logits; in brackets, "
        "in tables of the size of one side. The gradient is one of them."
    )
    return [said, table("logits", rows, names(found), cell)]


def first_call(found: Sequence[Cell]) -> list[str]:
    """The table of what is waited for once."""
    rows = rows_of(
        found, lambda each: f"{case_name(each)}, {question(each)}", key=lambda e: f"{e['peer']}, {e['cache']}"
    )
    said = (
        "The first call in a new process loads a compiler and compiles: with an empty cache on disk, and "
        "with the one that an earlier process left. Loading torch is not counted."
    )
    columns = [f"{peer}, {cache}" for peer in names(found) for cache in ("empty", "warm")]
    return [said, table("first call", rows, columns, lambda each, _: first_seconds(each))]


def first_seconds(each: Cell) -> str:
    """The first call's time."""
    return "failed" if each["error"] else quantity(each["first_seconds"])


def two_tables(beside: Sequence[Cell], scale: Sequence[Cell]) -> list[str]:
    """Comparing every column of two Parquet tables: beside others, and as rows grow."""
    seconds = {each["peer"]: each["seconds"]["median"] for each in beside}
    first = beside[0]
    others = ", ".join(
        f"{name} {quantity(each)} ({ratio(each / seconds[OWN])}×)"
        for name, each in seconds.items()
        if name != OWN
    )
    said = (
        f"`kldiv.compare` of two Parquet tables of {first['rows']:,} rows and {first['columns']} columns "
        f"takes {quantity(seconds[OWN])}; {others}. The SQL gives DuckDB the same edges and counts; "
        "evidently's drift report by kl_div has read its frames before."
    )
    longer = "`kldiv compare` in a process of its own, with all the memory that it has at its peak:"
    rows = [
        f"| {each['rows']:,} × {each['columns']} | {quantity(each['seconds']['median'])} | "
        f"{size(each['peak_bytes'])} |"
        for each in scale
    ]
    return [said, longer, "\n".join(["| rows × columns | time | memory |", "| --- | --- | --- |", *rows])]


def meanings(kernels: Sequence[Cell]) -> list[str]:
    """What stands behind each name."""
    found: dict[str, list[str]] = {}
    for each in kernels:
        expressions = found.setdefault(each["peer"], [])
        if each["measured"] not in (*expressions, each["peer"]):
            expressions.append(each["measured"])
    lines = [f"| {name} | {'; '.join(f'`{each}`' for each in what)} |" for name, what in found.items()]
    gradients = "Gradients are to q, by autograd in PyTorch and by `value_and_grad` in JAX."
    return [gradients, "\n".join(["| name | expression |", "| --- | --- |", *lines])]


def rows_of(
    found: Iterable[Cell], name: Callable[[Cell], str], key: Callable[[Cell], str] = lambda each: each["peer"]
) -> list[Row]:
    """Records that share a name, in the order of the first."""
    rows: dict[str, Row] = {}
    for each in found:
        rows.setdefault(name(each), Row(name(each), {})).cells[key(each)] = each
    return list(rows.values())


def case_name(each: Cell) -> str:
    """Shape and type."""
    return f"{each['rows']}×{each['outcomes']} {each['dtype']}"


def question(each: Cell) -> str:
    """Divergence, with its gradient or alone."""
    return f"{each['divergence']} {'with gradient' if each['gradient'] else 'alone'}"


def names(found: Iterable[Cell]) -> list[str]:
    """Who was measured, kldiv first and the floor last."""
    return sorted(
        dict.fromkeys(each["peer"] for each in found), key=lambda name: (name != OWN, name == FLOOR)
    )


def table(corner: str, rows: Sequence[Row], columns: Sequence[str], cell: Callable[[Any, Any], str]) -> str:
    """A table in Markdown; a dash where nothing was measured."""
    lines = [[corner, *columns], ["---"] * (1 + len(columns))]
    for row in rows:
        own = row.cells.get(OWN)
        filled = (cell(row.cells[name], own) if row.cells.get(name) is not None else "–" for name in columns)
        lines.append([row.name, *filled])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def time_cell(each: Cell, own: Cell | None) -> str:
    """A median, and how many times kldiv's it is."""
    if each["seconds"] is None:
        return "failed"
    seconds = each["seconds"]["median"]
    if each["peer"] == OWN or own is None or own["seconds"] is None:
        return quantity(seconds)
    return f"{quantity(seconds)} ({ratio(seconds / own['seconds']['median'])}×)"


def ratio(number: float) -> str:
    """How many times, to two digits or three where that is next to once."""
    if abs(number - 1) < 0.1:  # noqa: PLR2004
        return f"{number:.3g}"
    return f"{number:.2g}" if number < 100 else f"{number:,.0f}"  # noqa: PLR2004


def error(answer: Cell) -> str:
    """A relative error; where it has none, what was printed."""
    found = answer["relative_error"]
    return answer["printed"] if found is None else relative(found)


def verdict(rows: Sequence[Row]) -> str:
    """Where kldiv is the fastest, and who is faster elsewhere, by the medians."""
    faster = []
    for row in rows:
        times = {name: each["seconds"]["median"] for name, each in row.cells.items() if each["seconds"]}
        times.pop(FLOOR, None)
        fastest = min(times, key=lambda name: times[name])
        if fastest != OWN and OWN in times:
            faster.append(f"{fastest} at {row.name} ({ratio(times[OWN] / times[fastest])} times)")
    if not faster:
        return "kldiv has the lowest median in every row."
    count = len(rows) - len(faster) or "none"
    return f"kldiv has the lowest median in {count} of {len(rows)} rows. Faster are {'; '.join(faster)}."


def failures(found: Iterable[Cell]) -> list[str]:
    """Who failed, and with what."""
    lines = [
        f"- {each['peer']} failed at {case_name(each)}, {question(each)}: `{each['error']}`"
        for each in found
        if each["error"]
    ]
    return ["\n".join(lines)] if lines else []


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(records.RESULTS), encoding="utf-8")


if __name__ == "__main__":
    main()
