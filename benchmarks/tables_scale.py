"""Measures `kldiv compare` on two Parquet tables of 10 and of 100 million rows: time, and memory at its peak.

Run: python benchmarks/tables_scale.py [--rounds 3]. On Linux. The tables, of five columns, take some 6 GB in
a temporary folder. Prints a JSON row for each size, and replaces results/tables_scale.jsonl.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import duckdb
import records

from kldiv.benchmark.circumstances import circumstances

FILE = records.RESULTS / "tables_scale.jsonl"
MILLIONS = (10, 100)


class Run(NamedTuple):
    """One process: how long it took, and the most memory it had."""

    seconds: float
    peak_bytes: int


def table(path: Path, rows: int, seed: int) -> None:
    """Write a table: uniform numbers, normal ones with nulls, whole ones, few different ones, and texts."""

    def uniform(column: int) -> str:
        return f"(hash(i, {seed}, {column}) / 18446744073709551616.0)"

    normal = f"sqrt(-2 * ln({uniform(3)} + 1e-12)) * cos(6.283 * {uniform(4)})"
    columns = [
        f"{uniform(1)} * 100 AS price",
        f"CASE WHEN {uniform(2)} > 0.05 THEN {normal} END AS score",
        f"CAST({uniform(5)} * 1000000 AS INTEGER) AS number",
        f"CAST({uniform(6)} * 20 AS TINYINT) AS class",
        f"'user' || CAST({uniform(7)} * {uniform(8)} * 5000 AS INTEGER) AS name",
    ]
    with duckdb.connect() as connection:
        query = " ".join(("SELECT", ", ".join(columns), f"FROM range({rows}) AS rows(i)"))
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def run(p: Path, q: Path) -> Run:
    """Compare in a process of its own."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "kldiv", "compare", str(p), str(q), "--json", "-"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return Run(time.perf_counter() - start, usage.ru_maxrss * 1024)


def measured(millions: int, rounds: int) -> records.Record:
    """The record of one size."""
    with tempfile.TemporaryDirectory() as folder:
        p, q = (Path(folder) / f"{name}.parquet" for name in "pq")
        table(p, millions * 10**6, 1)
        table(q, millions * 10**6, 2)
        runs = [run(p, q) for _ in range(rounds)]
        file_bytes = p.stat().st_size + q.stat().st_size
    seconds = [each.seconds for each in runs]
    return {
        "rows": millions * 10**6,
        "columns": 5,
        "file_bytes": file_bytes,
        "seconds": {"median": statistics.median(seconds), "all": seconds},
        "peak_bytes": max(each.peak_bytes for each in runs),
        **circumstances(("duckdb", "kldiv")),
    }


def main() -> None:
    """Measure both sizes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds, found = parser.parse_args().rounds, []
    for millions in MILLIONS:
        found.append(measured(millions, rounds))
        print(json.dumps(found[-1]), flush=True)
    records.write(FILE, found)


if __name__ == "__main__":
    main()
