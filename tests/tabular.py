"""Tables to compare, and their counts made from the rows in plain Python."""

import csv
from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from pathlib import Path

import duckdb

FLIGHTS = Path(__file__).parent.parent / "examples" / "data"
JANUARY, JULY = (FLIGHTS / f"flights-2013-{month}.parquet" for month in ("01", "07"))
REPORTED_BY_VALUE = {"text", "boolean", "integer"}


def parquet(path, query):
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def written(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    return path


def csv_file(path, names, rows, **options):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, **options).writerows([names, *rows])
    return path


def counts(column):
    """What the column was counted as, by the text of each outcome."""
    return {str(each.outcome): (each.p_count, each.q_count) for each in column.divergence.outcomes}


def both(p, q):
    return {each: (Counter(p)[each], Counter(q)[each]) for each in {*p, *q}}


def edges_of(values, bins):
    """The rule of the bins, written again: quantiles of the values, and the end of each that is repeated."""
    ordered = sorted(values)
    quantiles = [ordered[j * len(ordered) // bins] for j in range(bins)]
    repeated = {low for low, high in pairwise(quantiles) if low == high}
    after = {ordered[bisect_right(ordered, low)] for low in repeated if low < ordered[-1]}
    return sorted({*quantiles, *after} - {ordered[0]})


def binned(values, edges):
    counted = Counter(bisect_right(edges, each) for each in values)
    return [counted[index] for index in range(len(edges) + 1)]
