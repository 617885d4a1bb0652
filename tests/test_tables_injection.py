"""Names and values that are SQL, HTML or worse are data in every engine: counted, and nothing else."""

from collections import Counter
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reporting import HOSTILE
from sparking import spark_session  # noqa: F401 (a fixture)
from table_engines import ENGINES
from tabular import counts

import kldiv

# Ibis asks DuckDB for a table in a way that is going out of use.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

SQL = [
    'x"; DROP TABLE kldiv_rows; --',
    "'; SELECT 1; --",
    "a' OR '1'='1",
    "`c0`",
    "c0",
    "*",
    "value",
    "times",
    "$1 ${0} {0} {{0}} %s :x ?",
    "/* */ \\' \\\" \\",
    "COLUMNS('.*')",
    "ilike\n-- comment\n",
    "😀' \U0010ffff",
]
# Arrow has no halves of pairs, and DuckDB's names neither nulls nor nothing.
VALUES = [
    each for each in [*HOSTILE, *SQL] if each.isascii() or each.encode(errors="ignore").decode() == each
]
NAMES = [each for each in VALUES if each and "\0" not in each]


def tables(names, values):
    """Two tables of texts, and of numbers, under these names."""
    random = Random(len(values))  # noqa: S311 (a shuffle)
    made = []
    for _ in "pq":
        columns = {name: random.choices(values, k=30) for name in names}
        numbers = {f"{name} #": [random.choice([0.5, 1.5, 2.5]) for _ in range(30)] for name in names[:3]}
        made.append(pa.table({**columns, **numbers}))
    return made


def check(p, q, open_p, open_q):
    """Every column, the first two together, and the groups of one are counted as Python counts the rows."""
    first, second, *_ = p.column_names
    found = kldiv.compare(open_p, open_q, joint=[(first, second)])
    assert sorted(each.name for each in found.columns) == sorted(p.column_names)
    for column in found.columns:
        if not column.name.endswith(" #"):
            of_p, of_q = (Counter(each[column.name].to_pylist()) for each in (p, q))
            assert counts(column) == {each: (of_p[each], of_q[each]) for each in {*of_p, *of_q}}
    [joint] = found.joint
    pairs = Counter(zip(p[first].to_pylist(), p[second].to_pylist(), strict=True))
    together = {
        tuple(part.text for part in each.outcome.parts): each.p_count for each in joint.divergence.outcomes
    }
    assert {each: times for each, times in together.items() if times} == pairs
    grouped = kldiv.compare(open_p, open_q, columns=[second], by=first).groups
    of_p, of_q = (Counter(each[first].to_pylist()) for each in (p, q))
    assert {str(each.group): each.rows_p for each in grouped} == {
        each: of_p[each] for each in {*of_p} & {*of_q}
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_names_and_values(engine, tmp_path):
    p, q = tables(NAMES, VALUES)
    folders = [tmp_path / each for each in "pq"]
    for each in folders:
        each.mkdir()
    check(p, q, *(ENGINES[engine](*each) for each in zip((p, q), folders, strict=True)))


def test_hostile_names_and_values_in_spark(session, tmp_path):
    p, q = tables([*NAMES[:8], *SQL[:5]], VALUES[::3])
    for name, each in (("p", p), ("q", q)):
        pq.write_table(each, tmp_path / f"{name}.parquet")
    check(p, q, *(session.read.parquet(str(tmp_path / f"{each}.parquet")) for each in "pq"))
