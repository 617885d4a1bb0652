"""`kldiv.compare` of whole tables: against counts made from the rows, what is left out, and every error."""

import math
import string
import sys
import tempfile

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy, false_discovery_control
from tabular import (
    FLIGHTS,
    JANUARY,
    JULY,
    REPORTED_BY_VALUE,
    binned,
    both,
    counts,
    csv_file,
    edges_of,
    parquet,
    written,
)

import kldiv
from kldiv.tables.multiple_testing import benjamini_hochberg


@pytest.fixture(scope="module")
def flights():
    with duckdb.connect() as connection:
        tables = [connection.execute(f"FROM '{each}'") for each in (JANUARY, JULY)]
        names = [each[0] for each in tables[0].description]
        rows = [connection.execute(f"FROM '{each}'").fetchall() for each in (JANUARY, JULY)]
    return {name: [[row[index] for row in side] for side in rows] for index, name in enumerate(names)}


@pytest.fixture(scope="module")
def comparison():
    return kldiv.compare(JANUARY, JULY, max_categories=10_000)


def test_every_column_of_the_flights_is_counted_as_python_counts_it(flights, comparison):
    assert {each.name for each in comparison.columns} == set(flights)
    for column in comparison.columns:
        p, q = flights[column.name]
        held_p, held_q = ([each for each in side if each is not None] for side in (p, q))
        if column.type in REPORTED_BY_VALUE:
            expected = both([*map(str, held_p)], [*map(str, held_q)])
        else:
            edges = edges_of(held_q, 10)
            found = [key for key in counts(column) if key != "null"]
            expected = dict(
                zip(found, zip(binned(held_p, edges), binned(held_q, edges), strict=True), strict=True)
            )
        if len(held_p) < len(p) or len(held_q) < len(q):
            expected["null"] = (p.count(None), q.count(None))
        assert counts(column) == expected, column.name
        assert (column.nulls_p, column.nulls_q) == (p.count(None), q.count(None))
        assert (column.divergence.n_p, column.divergence.n_q) == (len(p), len(q))


def test_the_value_is_the_divergence_of_the_counts(comparison):
    for column in comparison.columns:
        p, q = zip(*counts(column).values(), strict=True)
        assert column.divergence.value == pytest.approx(entropy(p, q), rel=1e-12)


def test_the_numbers_are_those_of_estimate_on_the_rows(flights, comparison):
    carriers = kldiv.estimate(*flights["carrier"])
    found = comparison["carrier"].divergence
    for name in ("value", "estimate", "low", "high", "p_value", "n_p", "n_q"):
        assert getattr(found, name) == pytest.approx(getattr(carriers, name), rel=1e-12)


def test_the_greatest_estimate_is_first_and_p_values_are_adjusted(comparison):
    estimates = [each.divergence.estimate for each in comparison.columns]
    assert estimates == sorted(estimates, reverse=True)
    adjusted = false_discovery_control([each.divergence.p_value for each in comparison.columns])
    assert [each.p_value_adjusted for each in comparison.columns] == pytest.approx(list(adjusted), rel=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_scipys(p_values):
    assert benjamini_hochberg(p_values) == pytest.approx(list(false_discovery_control(p_values)), rel=1e-12)


def test_progress_counts_the_columns():
    seen = []
    kldiv.compare(JANUARY, JULY, columns=["origin", "carrier"], on_progress=seen.append)
    assert seen == [(done, 2, done * (27_004 + 29_425)) for done in (1, 2)]


def test_base_changes_the_unit_alone():
    nats, bits = (kldiv.compare(JANUARY, JULY, columns=["hour"], base=base) for base in (None, 2))
    assert (nats.unit, bits.unit) == ("nats", "bits")
    for name in ("estimate", "low", "high"):
        numbers = (getattr(each["hour"].divergence, name) for each in (bits, nats))
        assert next(numbers) == pytest.approx(next(numbers) / math.log(2), rel=1e-12)
    assert bits["hour"].divergence.p_value == nats["hour"].divergence.p_value


def test_the_tables_are_not_interchangeable():
    forwards, backwards = (
        kldiv.compare(*both, columns=["dest"]) for both in ((JANUARY, JULY), (JULY, JANUARY))
    )
    assert [counts(backwards["dest"])[key] for key in ("ANC", "ABQ")] == [(4, 0), (31, 0)]
    assert {str(each.outcome) for each in forwards["dest"].divergence.missing_from_q}.isdisjoint(
        {"ANC", "ABQ"}
    )


# --- what is not compared, and what is folded ---------------------------------------------------------


def test_kinds_that_differ_are_skipped_with_the_reason(tmp_path):
    p = parquet(tmp_path / "p.parquet", "SELECT 1 AS a, 'x' AS b, [1] AS c, true AS d, 1 AS same")
    q = parquet(
        tmp_path / "q.parquet", "SELECT 'y' AS a, DATE '2024-01-01' AS b, [1] AS c, 0 AS d, 1 AS same"
    )
    comparison = kldiv.compare(p, q)
    assert [each.name for each in comparison.columns] == ["same"]
    assert {each.name: each.reason for each in comparison.skipped} == {
        "a": "holds numbers in P and text in Q",
        "b": "holds text in P and dates in Q",
        "c": "holds values of type INTEGER[] in P, which can't be counted",
        "d": "holds booleans in P and numbers in Q",
    }


@pytest.mark.parametrize("type_", ["DOUBLE", "VARCHAR", "DATE", "BOOLEAN", "TIME", "INTEGER[]"])
def test_a_column_of_nulls_has_the_other_sides_kind(tmp_path, type_):
    p = parquet(tmp_path / "p.parquet", f"FROM range(3) SELECT NULL::{type_} AS x")
    q = parquet(tmp_path / "q.parquet", "SELECT x + 0.5 AS x FROM range(3) AS t(x)")
    column = kldiv.compare(p, q)["x"]
    assert counts(column) == {"< 1.5": (0, 1), "[1.5, 2.5)": (0, 1), ">= 2.5": (0, 1), "null": (3, 0)}
    assert column.notes == ("all 3 values are null in P",)
    column = kldiv.compare(q, p)["x"]
    assert counts(column) == {"any value": (3, 0), "null": (0, 3)}
    column = kldiv.compare(p, p)["x"]
    assert (counts(column), column.type, column.divergence.value) == ({"null": (3, 3)}, "null", 0)


def test_the_most_frequent_values_are_kept_by_their_shares(tmp_path):
    """Q has ten times P's rows; both weigh the same."""
    p_values = ["only p"] * 5 + ["both"] * 4 + ["rare p"]
    q_values = ["only q"] * 40 + ["both"] * 50 + ["rare q"] * 6 + ["rare b"] * 4
    p, q = (
        csv_file(tmp_path / f"{name}.csv", ["x"], [[each] for each in side])
        for name, side in (("p", p_values), ("q", q_values))
    )
    column = kldiv.compare(p, q, max_categories=3)["x"]
    assert counts(column) == {
        "both": (4, 50),
        "only p": (5, 0),
        "only q": (0, 40),
        "other (1 value in P, 2 in Q)": (1, 10),
    }
    [note] = column.notes
    assert note == (
        "the 3 most frequent values are counted one by one and the other 1 of P and 2 of Q as one outcome, "
        "which has 10 % of P and 10 % of Q"
    )


def test_nothing_is_folded_that_need_not_be(tmp_path):
    p = csv_file(tmp_path / "p.csv", ["x"], [[each] for each in string.ascii_letters])
    column = kldiv.compare(p, p, max_categories=len(string.ascii_letters))["x"]
    assert (len(counts(column)), column.notes) == (52, ())
    column = kldiv.compare(p, p, max_categories=51)["x"]
    assert counts(column)["other (1 value in P, 1 in Q)"] == (1, 1)
    assert "never occur" not in column.notes[0]


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.chdir(tmp_path)
    bad = written(tmp_path / "bad.json", '{"a":')
    kldiv.compare(JANUARY, JULY, columns=["hour"])
    with pytest.raises(kldiv.TableError):
        kldiv.compare(JANUARY, bad)
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["bad.json", "temporary"]


# --- errors -------------------------------------------------------------------------------------------

OK = "a,b\n1,x\n2,y\n"
FILES = {
    "ok.csv": OK,
    "empty.csv": "",
    "header.csv": "a,b\n",
    "ragged.csv": "a,b\n1,2\n3,4,5\n",
    "short.csv": "a,b\n1,2\n3\n",
    "quote.csv": 'a,b\n1,"x\n2,y\n',
    "ends.csv": "a,b\r\n1,x\n2,y\r\n",
    "twice.csv": "a,b,a\n1,2,3\n",
    "latin.csv": b"a,b\n1,caf\xe9\n",
    "no.csv.gz": "no gzip",
    "no.parquet": "no parquet, but long enough to be one",
    "cut.json": '{"a":1}\n{"a":',
    "none.json": "[]",
    "empty.jsonl": "",
    "list.json": "[1, 2]",
    "nameless.json": '{"": 1}',
    "line.csv": f"a,b\n1,{'x' * 2**21}\n",
    "long.json": f'{{"a": "{"x" * 2**25}"}}\n',
    "break.csv": '"a\nb",c\r\n1,2\r\n',
    "case.json": '{"a":1,"A":2}\n',
    "other.csv": "z\n1\n",
    "text.txt": OK,
    "m1.csv": "a,b\n1,2\n",
    "m2.csv": "a,c\n1,2\n",
    "o1.csv": "a,b\n1,2\n",
    "o2.csv": "b,a\n1,2\n",
    "x.1.csv": OK,
    "x.2.json": '{"a":1}',
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "folder.csv").mkdir()
    parquet(tmp_path / "s1.parquet", "SELECT 1 AS a, 2 AS b")
    parquet(tmp_path / "s2.parquet", "SELECT 1 AS a")
    whole = bytearray(JANUARY.read_bytes())
    whole[200:20_000] = bytes(19_800)
    (tmp_path / "corrupt.parquet").write_bytes(whole)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("absent.csv", "absent.csv doesn't exist; expected the path of a table or a glob"),
        ("absent*.csv", "absent*.csv matches no file; expected the path of a table or a glob"),
        ("", "a path is empty; expected that of a table, or a glob"),
        ("folder.csv", "folder.csv is a folder; expected a file, and none in it has an extension"),
        ("text.txt", "text.txt has no extension of a known format; expected CSV (.csv, .tsv) or JSON"),
        ("x.*", "x.* matches files of different formats (csv, json); expected one"),
        ("empty.csv", "empty.csv has no first line; expected a header and rows below it"),
        ("header.csv", "header.csv has no rows; expected at least one"),
        ("none.json", "none.json has no rows; expected at least one"),
        ("empty.jsonl", "empty.jsonl has no rows; expected at least one"),
        ("list.json", "can't read list.json: it isn't objects with named values throughout; expected"),
        (
            "nameless.json",
            "can't read nameless.json: it has '' for a key, of which DuckDB makes no column; rename it",
        ),
        (
            "line.csv",
            "line 2 of line.csv: it has more than 2 MB, which DuckDB doesn't take; write the table as",
        ),
        (
            "long.json",
            "can't read long.json: an object in it has more than 16 MiB, which DuckDB doesn't take",
        ),
        ("break.csv", "break.csv has a line break in the name of a column; expected a header of one line"),
        ("ragged.csv", "can't read ragged.csv: line 3 of ragged.csv: Expected Number of Columns: 2 Found: 3"),
        ("short.csv", "can't read short.csv: line 3 of short.csv: Expected Number of Columns: 2 Found: 1"),
        ("quote.csv", "can't read quote.csv: line 2 of quote.csv: Value with unterminated quote found"),
        (
            "ends.csv",
            "can't read ends.csv: it is no CSV as RFC 4180 has it; lines that end in different ways",
        ),
        ("twice.csv", "twice.csv has more than one column called 'a'; rename all but one"),
        ("latin.csv", "can't read latin.csv: line 2 of latin.csv: it is not UTF-8; convert"),
        ("no.csv.gz", "can't read no.csv.gz: it is no gzip, or damaged: Not a gzipped file"),
        ("no.parquet", "can't read no.parquet: No magic bytes found at end of file"),
        ("cut.json", 'can\'t read cut.json: Malformed JSON in file "cut.json"'),
        ("case.json", "case.json has keys that differ in case alone; rename them, or write it as Parquet"),
        (
            "m?.csv",
            "m2.csv has not the columns of m1.csv: b, c are in one of them alone; expected the same in each",
        ),
        (
            "o?.csv",
            "o2.csv has not the columns of o1.csv: they are in another order; expected the same in each",
        ),
        ("s?.parquet", "s2.parquet has not the columns of s1.parquet: b is in one of them alone"),
        ("other.csv", "no column is in both tables: P has 'z' and Q has 'a', 'b'; expected a name that is"),
        ("\udcff.csv", "\udcff.csv doesn't exist"),
        ("a" * 5000, "File name too long"),
        ("nul\0.csv", "nul\0.csv doesn't exist"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_table_that_cannot_be_compared(path, message):
    with pytest.raises(kldiv.TableError) as error:
        kldiv.compare(path, "ok.csv")
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_damaged_further_in():
    with pytest.raises(kldiv.TableError, match=r"can't read corrupt\.parquet"):
        kldiv.compare("corrupt.parquet", JULY)


def test_a_name_that_is_not_utf8(folder):
    path = b"\xff.csv".decode(errors="surrogateescape")
    (folder / path).write_text(OK)
    with pytest.raises(kldiv.TableError, match="not UTF-8"):
        kldiv.compare(path, "ok.csv")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["B"], "column 'B' is in neither table; did you mean 'b'?"),
        (["nothing like it"], "column 'nothing like it' is in neither table; both have 'a', 'b'"),
        (["b", "c"], "column 'c' is in P alone; both have 'a', 'b'"),
    ],
)
def test_a_requested_column_that_is_absent(tmp_path, columns, message):
    p = written(tmp_path / "p.csv", "a,b,c\n1,2,3\n")
    q = written(tmp_path / "q.csv", "a,b\n1,2\n")
    with pytest.raises(kldiv.TableError) as error:
        kldiv.compare(p, q, columns=columns)
    assert str(error.value) == message


def test_a_requested_column_is_never_skipped(tmp_path):
    p = written(tmp_path / "p.csv", "a,b\n1,2\n")
    q = written(tmp_path / "q.csv", "a,b\nx,2\n")
    assert [each.name for each in kldiv.compare(p, q).skipped] == ["a"]
    with pytest.raises(kldiv.TableError, match="can't compare 'a' holds numbers in P and text in Q"):
        kldiv.compare(p, q, columns=["a", "b"])
    only = written(tmp_path / "only.csv", "a\nx\n")
    with pytest.raises(kldiv.TableError, match="nothing to compare: 'a' holds numbers in P and text in Q"):
        kldiv.compare(p, only)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"p": 5}, kldiv.InputTypeError, "p is int; expected the path of a file, a glob"),
        ({"q": b"x.csv"}, kldiv.InputTypeError, "q is bytes; expected the path of a file, a glob"),
        ({"columns": "a"}, kldiv.InputTypeError, "columns is one piece of text; write columns=['a']"),
        ({"columns": []}, kldiv.InvalidInputError, "columns is empty; expected a name, or None for all"),
        ({"bins": 1}, kldiv.InvalidInputError, "bins is 1; expected a whole number >= 2"),
        ({"bins": 10**7}, kldiv.InvalidInputError, "bins is 10000000; expected at most 1000"),
        ({"bins": 2.0}, kldiv.InvalidInputError, "bins is 2.0; expected a whole number >= 2"),
        ({"max_categories": 0}, kldiv.InvalidInputError, "max_categories is 0; expected a whole number >= 1"),
        (
            {"max_categories": True},
            kldiv.InvalidInputError,
            "max_categories is True; expected a whole number",
        ),
        ({"base": 1}, kldiv.InvalidInputError, "base is 1"),
        ({"confidence": 1.0}, kldiv.InvalidInputError, "confidence is 1.0"),
    ],
)
def test_arguments_that_cannot_be(arguments, kind, message):
    with pytest.raises(kind) as error:
        kldiv.compare(**{"p": JANUARY, "q": JULY, **arguments})
    assert message in str(error.value)


def test_duckdb_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(kldiv.MissingExtraError, match=r"pip install 'kldiv\[tables\]'"):
        kldiv.compare(JANUARY, JULY)


@pytest.mark.parametrize("error", [RuntimeError, duckdb.InterruptException])
@pytest.mark.parametrize("statement", [0, 1, 5, 8])
def test_an_interrupted_query_is_an_interrupt(monkeypatch, statement, error):
    """Whichever statement is running, the one that sets the connection up too."""
    connect, left = duckdb.connect, [statement]

    class Interrupted:
        def __init__(self, *arguments, **options):
            self.connection = connect(*arguments, **options)

        def execute(self, asked):
            left[0] -= 1
            if left[0] < 0:
                raise error("Query interrupted")
            return self.connection.execute(asked)

        def close(self):
            self.connection.close()

    monkeypatch.setattr(duckdb, "connect", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        kldiv.compare(JANUARY, JULY)


def test_a_column_is_found_by_name(comparison):
    assert comparison["dest"].name == "dest"
    with pytest.raises(KeyError):
        comparison["nowhere"]


def test_columns_exceed_a_threshold_by_their_low_end(comparison):
    low = comparison["dep_delay"].divergence.low
    assert "dep_delay" not in {each.name for each in comparison.exceeding(low)}
    assert "dep_delay" in {each.name for each in comparison.exceeding(math.nextafter(low, 0))}


def test_the_example_data_is_what_its_readme_says():
    readme = (FLIGHTS / "README.md").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        for path, month, rows in ((JANUARY, 1, 27_004), (JULY, 7, 29_425)):
            table = connection.execute(f"FROM '{path}'")
            names = [each[0] for each in table.description]
            assert connection.execute(
                f"FROM '{path}' SELECT DISTINCT year, month, count(*) OVER ()"
            ).fetchall() == [(2013, month, rows)]
            assert f"{rows:,}" in readme
    assert all(f"`{each}`" in readme for each in names)
