"""Times `kldiv.compare` against SQL written by hand that gives DuckDB the same counts and edges, in turns.

Run: python benchmarks/tables_speed.py [--rows 1000000] [--rounds 5] [--evidently PYTHON]. Two Parquet
tables of 20 mixed columns are made in a temporary folder. PYTHON is an interpreter that has evidently, whose
drift report by kl_div on the same frames is timed too, without reading them.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import duckdb
import records

import kldiv
from kldiv.benchmark.circumstances import circumstances

NUMBERS = [
    *(f"d{index}" for index in range(6)),
    *(f"g{index}" for index in range(3)),
    "i0",
    "i1",
    "dec",
    "day",
    "ts",
]
VALUES = ["k0", "k1", "flag", "c0", "c1", "c2"]
BINS = 10
_EVIDENTLY = """
import sys, time, pandas
from evidently import Report
from evidently.presets import DataDriftPreset
p, q = (pandas.read_parquet(path) for path in sys.argv[1:3])
start = time.perf_counter()
Report([DataDriftPreset(method="kl_div")]).run(p, q)
print(time.perf_counter() - start)
"""


def table(path: Path, rows: int, seed: float) -> None:
    """Write a table of 20 columns: floats, normal ones with nulls, integers, few integers, and the rest."""
    columns = [
        *(f"random() * 100 + {index} AS d{index}" for index in range(6)),
        *(
            "CASE WHEN random() > 0.05 THEN sqrt(-2 * ln(random() + 1e-12)) * cos(6.283 * random()) END "
            f"AS g{index}"
            for index in range(3)
        ),
        *(f"CAST(random() * 1000000 AS INTEGER) AS i{index}" for index in range(2)),
        *(f"CAST(random() * 20 AS TINYINT) AS k{index}" for index in range(2)),
        "CAST(random() * 10000 AS DECIMAL(9, 2)) AS dec",
        "DATE '2020-01-01' + CAST(random() * 1000 AS INTEGER) AS day",
        "TIMESTAMP '2020-01-01' + to_microseconds(CAST(random() * 1e13 AS BIGINT)) AS ts",
        "random() < 0.3 AS flag",
        "'cat' || CAST(random() * random() * 30 AS INTEGER) AS c0",
        "'user' || CAST(random() * random() * 5000 AS INTEGER) AS c1",
        "['a', 'b', 'c', 'd'][1 + CAST(random() * 3 AS INTEGER)] AS c2",
    ]
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = 1; SELECT setseed({seed})")
        query = " ".join(("SELECT", ", ".join(columns), f"FROM range({rows})"))
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def by_hand(p: Path, q: Path) -> dict[str, tuple[list[int], list[int]]]:
    """The same counts by the plainest SQL that gets them: edges from Q, then counts of both tables."""
    with duckdb.connect() as connection:

        def row(query: str) -> list:
            return list(connection.execute(query).fetchone())

        totals = row(" ".join(("SELECT", ", ".join(f"count({name})" for name in NUMBERS), f"FROM '{q}'")))
        quantiles = ", ".join(
            # Right after each tenth of the values, as kldiv has it.
            f"quantile_disc({name}, {[(index * total // BINS + 0.5) / total for index in range(1, BINS)]})"
            for name, total in zip(NUMBERS, totals, strict=True)
        )
        edges = dict(zip(NUMBERS, row(" ".join(("SELECT", quantiles, f"FROM '{q}'"))), strict=True))
        found: dict[str, list[list[int]]] = {name: [] for name in NUMBERS + VALUES}
        for path in (p, q):
            for name in NUMBERS:
                # A query a column: a hundred filtered counts in one take DuckDB many times as long.
                parts = [*_bins(name, edges[name]), f"count(*) - count({name})"]
                found[name].append(row(" ".join(("SELECT", ", ".join(parts), f"FROM '{path}'"))))
            for name in VALUES:
                query = " ".join((f"SELECT {name}, count(*)", f"FROM '{path}' GROUP BY 1 ORDER BY 1"))
                found[name].append([times for _, times in connection.execute(query).fetchall()])
    return {name: (of_p, of_q) for name, (of_p, of_q) in found.items()}


def _bins(name: str, edges: list) -> list[str]:
    bounds = [f"{each!r}" if isinstance(each, int | float) else f"'{each}'" for each in edges]
    inner = [f"count(*) FILTER (WHERE {name} >= {low} AND {name} < {high})" for low, high in pairwise(bounds)]
    last = f"count(*) FILTER (WHERE {name} >= {bounds[-1]})"
    return [f"count(*) FILTER (WHERE {name} < {bounds[0]})", *inner, last]


def seconds(action: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    """Make the tables, time both in turns, and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--evidently", metavar="PYTHON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        p, q = (Path(folder) / f"{name}.parquet" for name in "pq")
        table(p, asked.rows, 0.1)
        table(q, asked.rows, 0.2)
        check(p, q)
        rounds = [
            (seconds(lambda: kldiv.compare(p, q)), seconds(lambda: by_hand(p, q)))
            for _ in range(asked.rounds)
        ]
        times = dict(zip(("kldiv", "SQL by hand"), zip(*rounds, strict=True), strict=True))
        own, hand = (statistics.median(each) for each in times.values())
        ratio = statistics.median(one / other for one, other in rounds)
        print(f"kldiv {own:.2f} s, SQL by hand {hand:.2f} s, ratio of a round {ratio:.2f}")
        if asked.evidently:
            command = [asked.evidently, "-c", _EVIDENTLY, str(p), str(q)]
            took = float(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
            )
            print(f"evidently {took:.2f} s, {took / own:.1f} times as long as kldiv")
            times["evidently"] = (took,)
    keep(asked.rows, times)


def keep(rows: int, times: dict[str, tuple[float, ...]]) -> None:
    """Write a record for each that was timed."""
    about = {"rows": rows, "columns": 20, **circumstances(("duckdb", "numpy", "kldiv"))}
    records.write(
        records.RESULTS / "tables_speed.jsonl",
        [
            {"peer": peer, "seconds": {"median": statistics.median(all_of_it), "all": all_of_it}, **about}
            for peer, all_of_it in times.items()
        ],
    )


def check(p: Path, q: Path) -> None:
    """Both must have counted the same."""
    hand = by_hand(p, q)
    for column in kldiv.compare(p, q).columns:
        outcomes = column.divergence.outcomes
        for index, side in enumerate(("p_count", "q_count")):
            counts = sorted(getattr(each, side) for each in outcomes if getattr(each, side))
            if counts != sorted(filter(None, hand[column.name][index])):
                raise SystemExit(f"{column.name}: kldiv and the SQL have counted differently")


if __name__ == "__main__":
    main()
