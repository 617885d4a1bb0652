"""How columns become outcomes: names and values as data, numbers, dates, nulls and infinities."""

import csv
import json
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tabular import binned, both, counts, csv_file, edges_of, parquet, written

import kldiv
from kldiv.tables.outcomes import Special, Value

# --- names and values are data ------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NASTY = st.sampled_from(
    [
        '"',
        "'",
        "select",
        "c0",
        "a b",
        'x"; drop table p; --',
        "%s",
        "{0}",
        "null",
        "NaN",
        "\n",
        "\t",
        "*",
        "\\",
        "[x]",
    ]
)
NAMES = st.lists(TEXTS.filter(bool) | NASTY, min_size=1, max_size=4, unique_by=str.casefold)
VALUES = st.lists(TEXTS | NASTY | st.none(), min_size=1, max_size=12)


def check_texts(folder, write, names, p_values, q_values):
    """The first value keeps texts that are all dates or UUIDs from being read as such."""
    sides = {"p": ["text", *p_values], "q": ["text", *q_values]}
    for side, values in sides.items():
        write(Path(folder) / side, names, values)
    comparison = kldiv.compare(*(next(Path(folder).glob(f"{side}.*")) for side in sides))
    assert {each.name for each in comparison.columns} == set(names)
    expected = {
        Special.NULL if text is None else Value(text): pair for text, pair in both(*sides.values()).items()
    }
    for column in comparison.columns:
        found = {each.outcome: (each.p_count, each.q_count) for each in column.divergence.outcomes}
        assert found == expected


def write_json(path, names, values):
    lines = [json.dumps(dict.fromkeys(names, each)) for each in values]
    written(path.with_suffix(".jsonl"), "\n".join(lines))


def write_csv(path, names, values):
    rows = [[each] * len(names) for each in values]
    csv_file(path.with_suffix(".csv"), names, rows, quoting=csv.QUOTE_ALL)


def write_parquet(path, names, values):
    with duckdb.connect() as connection:
        typed = ", ".join('"' + each.replace('"', '""') + '" VARCHAR' for each in names)
        connection.execute(f"CREATE TABLE t({typed})")
        insert = " ".join(("INSERT INTO t VALUES (", ", ".join("?" * len(names)), ")"))
        for each in values:
            connection.execute(insert, [each] * len(names))
        connection.execute(f"COPY t TO '{path}.parquet'")


@given(NAMES, VALUES, VALUES)
def test_any_name_and_value_comes_through_json(names, p_values, q_values):
    with tempfile.TemporaryDirectory() as folder:
        check_texts(folder, write_json, names, p_values, q_values)


@given(NAMES.filter(lambda names: "\0" not in "".join(names)), VALUES, VALUES)
def test_any_name_and_value_comes_through_parquet(names, p_values, q_values):
    with tempfile.TemporaryDirectory() as folder:
        check_texts(folder, write_parquet, names, p_values, q_values)


# A CSV file can't tell an empty text from a missing one, and its lines must all end alike.
CSV_TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x1f\0\ufeff"), min_size=1, max_size=8
)
CSV_NAMES = st.lists(
    (CSV_TEXTS | NASTY).filter(lambda name: "\n" not in name), min_size=1, max_size=4, unique=True
)
CSV_VALUES = st.lists(CSV_TEXTS | NASTY | st.none(), min_size=1, max_size=12)


@given(CSV_NAMES, CSV_VALUES, CSV_VALUES)
def test_any_name_and_value_comes_through_csv(names, p_values, q_values):
    with tempfile.TemporaryDirectory() as folder:
        check_texts(folder, write_csv, names, p_values, q_values)


def test_names_that_differ_in_case_are_different_columns(tmp_path):
    p = written(tmp_path / "p.csv", "a,A,b\n1,x,2\n2,y,3\n")
    q = written(tmp_path / "q.csv", "A,B,a\nx,2,1\nx,3,1\n")
    comparison = kldiv.compare(p, q)
    assert counts(comparison["a"]) == {"1": (1, 2), "2": (1, 0)}
    assert counts(comparison["A"]) == {"x": (1, 2), "y": (1, 0)}
    assert (comparison.only_in_p, comparison.only_in_q) == (("b",), ("B",))


def test_parquet_names_are_taken_from_the_file(tmp_path):
    """DuckDB would read the second as NAME_1, and can't write it: the name is changed in the file."""
    p = parquet(
        tmp_path / "p.parquet", "SELECT 1 AS name, {'x': 5, 'y': [6]} AS nested, 2 AS ZAME, 3 AS name_1"
    )
    p.write_bytes(p.read_bytes().replace(b"ZAME", b"NAME"))
    comparison = kldiv.compare(p, p)
    assert {each.name: counts(each) for each in comparison.columns} == {
        "name": {"1": (1, 1)}, "NAME": {"2": (1, 1)}, "name_1": {"3": (1, 1)}
    }  # fmt: skip
    assert [each.name for each in comparison.skipped] == ["nested"]


def test_a_null_is_not_the_text_null_and_other_is_a_value_too(tmp_path):
    p = written(
        tmp_path / "p.jsonl",
        '{"a":null}\n{"a":"null"}\n{"a":"NaN"}\n{"a":"other (1 value in P, 1 in Q)"}\n{"a":"z"}\n',
    )
    outcomes = kldiv.compare(p, p, max_categories=3)["a"].divergence.outcomes
    assert [(str(each.outcome), each.outcome.kind) for each in outcomes] == [
        ("NaN", "value"),
        ("null", "value"),
        ("other (1 value in P, 1 in Q)", "value"),
        ("other (1 value in P, 1 in Q)", "other"),
        ("null", "null"),
    ]


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "it's ?.csv", 'q"x.csv', "a\\b.csv", "日本.csv"])
def test_a_file_is_opened_by_its_exact_name(tmp_path, name):
    for decoy in ("a1.csv", "ab.csv", "it's x.csv"):
        written(tmp_path / decoy, "a\ndecoy\n")
    exact = written(tmp_path / name, "a\nexact\n")
    assert counts(kldiv.compare(exact, exact)["a"]) == {"exact": (1, 1)}


# --- numbers, dates and times -------------------------------------------------------------------------


def test_null_nan_and_the_infinities_are_four_outcomes(tmp_path):
    values = ["NULL", "'nan'", "'nan'", "'inf'", "'-inf'", "'-inf'", "'1.5'", "'2.5'", "'-0.0'", "'0.0'"]
    p = parquet(tmp_path / "p.parquet", f"SELECT unnest([{', '.join(values)}])::DOUBLE AS x")
    q = parquet(tmp_path / "q.parquet", "SELECT unnest(['0.5', '1', '2.5', 'nan'])::DOUBLE AS x")
    found = counts(kldiv.compare(p, q)["x"])
    assert {key: found[key] for key in ("null", "NaN", "+inf", "-inf")} == {
        "null": (1, 0), "NaN": (2, 1), "+inf": (1, 0), "-inf": (2, 0)
    }  # fmt: skip
    assert {key: pair for key, pair in found.items() if key not in {"null", "NaN", "+inf", "-inf"}} == {
        "< 1": (2, 1), "[1, 2.5)": (1, 1), ">= 2.5": (1, 1)
    }  # fmt: skip


@given(
    st.lists(st.integers(-6, 6), min_size=1, max_size=60),
    st.lists(st.integers(-9, 9), min_size=1),
    st.integers(2, 12),
)
def test_bins_are_those_of_the_rule_and_each_has_some_of_q(q, p, bins):
    q, p = ([each / 4 + 0.1 for each in side] for side in (q, p))
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            csv_file(Path(folder) / f"{side}.csv", ["x"], [[each] for each in values])
            for side, values in (("p", p), ("q", q))
        ]
        column = kldiv.compare(*paths, bins=bins)["x"]
    if len(set(q)) == 1:
        return
    edges = edges_of(q, bins)
    assert [*counts(column).values()] == [*zip(binned(p, edges), binned(q, edges), strict=True)]
    assert all(each.q_count for each in column.divergence.outcomes)


def test_bins_of_different_values_have_equal_shares_of_q(tmp_path):
    """0.56·100 is more than 56 in floating point; no rounding may move a cut."""
    q = csv_file(tmp_path / "q.csv", ["x"], [[each + 0.5] for each in range(100)])
    for bins in (4, 10, 20, 25, 50, 100):
        assert [*counts(kldiv.compare(q, q, bins=bins)["x"]).values()] == [(100 // bins, 100 // bins)] * bins


def test_a_value_that_fills_a_bin_has_it_to_itself(tmp_path):
    """Nine in ten of Q are 0: quantiles alone would put everything into one bin, and D would be 0."""
    q = csv_file(tmp_path / "q.csv", ["x"], [[0.0]] * 90 + [[each + 0.5] for each in range(10)])
    p = csv_file(tmp_path / "p.csv", ["x"], [[each + 0.5] for each in range(100)])
    assert counts(kldiv.compare(p, q)["x"]) == {"< 0.5": (0, 90), ">= 0.5": (100, 10)}


@pytest.mark.parametrize(
    ("type_", "constant"), [("DOUBLE", "5.5"), ("BIGINT", "40"), ("DECIMAL(9,2)", "5.50")]
)
def test_what_a_constant_column_never_shows_makes_it_infinite(tmp_path, type_, constant):
    q = parquet(tmp_path / "q.parquet", f"FROM range(50) SELECT {constant}::{type_} AS x")
    p = parquet(tmp_path / "p.parquet", "SELECT x::DOUBLE + 0.5 AS x FROM range(100) AS t(x)")
    shown = constant.removesuffix("0") if "." in constant else constant
    below = sum(each + 0.5 < float(constant) for each in range(100))
    at = sum(each + 0.5 == float(constant) for each in range(100))
    expected = {f"< {shown}": (below, 0), shown: (at, 50), f"> {shown}": (100 - below - at, 0)}
    column = kldiv.compare(p, q)["x"]
    assert counts(column) == expected
    assert column.divergence.infinite
    if "." in constant:
        assert counts(kldiv.compare(q, q)["x"]) == {shown: (50, 50)}


def test_few_whole_numbers_are_counted_by_value_whatever_their_type(tmp_path):
    p = parquet(tmp_path / "p.parquet", "SELECT unnest([1, 2, 10])::INTEGER AS x")
    q = parquet(tmp_path / "q.parquet", "SELECT unnest([1, 2, NULL, -3])::DOUBLE AS x")
    column = kldiv.compare(p, q)["x"]
    assert column.type == "integer"
    assert counts(column) == {"-3": (0, 1), "1": (1, 1), "2": (1, 1), "10": (1, 0), "null": (0, 1)}
    assert [*counts(column)] == ["-3", "1", "2", "10", "null"]


def test_edges_are_written_as_people_write_numbers(tmp_path):
    values = "['-1.5', '-0.0', '2', '1e20', '0.1']"
    p = parquet(tmp_path / "p.parquet", f"SELECT unnest({values})::DOUBLE AS x")
    found = [*counts(kldiv.compare(p, p)["x"])]
    assert found == ["< 0", "[0, 0.1)", "[0.1, 2)", "[2, 1e+20)", ">= 1e+20"]


def test_whole_numbers_that_a_float_cannot_tell_apart_are_binned(tmp_path):
    p = parquet(tmp_path / "p.parquet", "SELECT unnest([1e300, -1e300, 5])::DOUBLE AS x")
    assert counts(kldiv.compare(p, p, bins=3)["x"]) == {
        "< 5": (1, 1),
        "[5, 1e+300)": (1, 1),
        ">= 1e+300": (1, 1),
    }


@pytest.mark.parametrize(("extra", "kind"), [(0, "integer"), (1, "number")])
def test_few_is_counted_over_both_tables(tmp_path, extra, kind):
    p = parquet(tmp_path / "p.parquet", f"FROM range(20, {31 + extra}) AS t(x) SELECT x")
    q = parquet(tmp_path / "q.parquet", "SELECT x FROM range(0, 25) AS t(x)")
    assert kldiv.compare(p, q)["x"].type == kind


@pytest.mark.parametrize("type_", ["BIGINT", "UBIGINT", "DECIMAL(38,1)"])
@pytest.mark.parametrize("base", [2**62, 2**53])
def test_large_integers_do_not_meet_in_a_float(tmp_path, type_, base):
    numbers = [base + each for each in range(40)]
    q = csv_file(tmp_path / "q.csv", ["x"], [[each] for each in numbers])
    p = parquet(tmp_path / "p.parquet", f"FROM range(40) AS t(x) SELECT ({base} + x)::{type_} AS x")
    column = kldiv.compare(p, q, bins=40)["x"]
    assert [*counts(column).values()] == [(1, 1)] * 40


@pytest.mark.parametrize("type_", ["FLOAT", "DOUBLE", "DECIMAL(5,1)", "DECIMAL(38,9)"])
@pytest.mark.parametrize("other", ["FLOAT", "DOUBLE", "DECIMAL(5,1)"])
def test_a_decimal_is_in_one_bin_in_every_type(tmp_path, type_, other):
    tenths = "SELECT (x / 10.0)::{} AS x FROM range(50) AS t(x)"
    p = parquet(tmp_path / "p.parquet", tenths.format(type_))
    q = parquet(tmp_path / "q.parquet", tenths.format(other))
    assert kldiv.compare(p, q)["x"].divergence.value == 0


def test_the_greatest_number_of_single_precision_is_at_a_cut_of_its_own(tmp_path):
    """Its fewest digits, 3.4028235e38, stand for a little more than it is."""
    values = [-1.5, 0.5, *[3.4028234663852886e38] * 2]
    rows = f"SELECT unnest({values})::FLOAT AS x"
    path = parquet(tmp_path / "t.parquet", rows)
    for table in (path, pl.read_parquet(path), kldiv.profile(path)):
        column = kldiv.compare(table, path, bins=2)["x"]
        assert counts(column) == {"< 3.4028235e+38": (2, 2), ">= 3.4028235e+38": (2, 2)}


FAR_APART = [Decimal(each) for each in range(-900, 1000, 200)]


@example("TINYINT", FAR_APART)
@example("UTINYINT", FAR_APART)
@example("DECIMAL(4,1)", [each * 10 for each in FAR_APART])
@given(
    st.sampled_from(
        ["TINYINT", "UTINYINT", "BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DECIMAL(4,1)", "DOUBLE"]
    ),
    st.lists(st.decimals(-1000, 1000, places=2), min_size=8, max_size=30, unique=True),
)
def test_cuts_of_one_type_are_exact_in_another(type_, cuts):
    """Q's cuts may lie between, below or above what P's type can hold."""
    numbers = [0, 1, 2, 100, 127]
    with tempfile.TemporaryDirectory() as folder:
        p = parquet(Path(folder) / "p.parquet", f"SELECT unnest({numbers})::{type_} AS x")
        values = ", ".join(f"({each + Decimal('0.001')}::DECIMAL(20,3))" for each in cuts)
        q = parquet(Path(folder) / "q.parquet", f"FROM (VALUES {values}) AS t(x) SELECT x")
        column = kldiv.compare(p, q, bins=5)["x"]
    edges = edges_of([each + Decimal("0.001") for each in cuts], 5)
    assert [each.p_count for each in column.divergence.outcomes] == binned(numbers, edges)


@pytest.mark.parametrize("type_", ["DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS", "TIMESTAMP_S"])
def test_dates_are_binned_with_readable_edges(tmp_path, type_):
    days = "SELECT (DATE '2024-01-01' + x::INTEGER)::{} AS x FROM range({}) AS t(x)"
    p = parquet(tmp_path / "p.parquet", days.format("DATE", 20))
    q = parquet(tmp_path / "q.parquet", days.format(type_, 40))
    column = kldiv.compare(p, q, bins=2)["x"]
    zone = " 00:00:00+00" if type_ == "TIMESTAMPTZ" else ""
    assert column.type == "date"
    assert counts(column) == {f"< 2024-01-21{zone}": (20, 20), f">= 2024-01-21{zone}": (0, 20)}


def test_infinite_dates_and_times_of_day(tmp_path):
    p = parquet(
        tmp_path / "p.parquet", "SELECT unnest(['infinity', '2024-01-01'])::DATE AS d, TIME '10:00' AS t"
    )
    q = parquet(
        tmp_path / "q.parquet",
        "SELECT unnest(['2024-01-01', '2024-01-02'])::DATE AS d, unnest(['09:00', '11:00'])::TIME AS t",
    )
    comparison = kldiv.compare(p, q)
    assert counts(comparison["d"]) == {"< 2024-01-02": (1, 1), ">= 2024-01-02": (0, 1), "+inf": (1, 0)}
    assert counts(comparison["t"]) == {"< 11:00:00": (2, 1), ">= 11:00:00": (0, 1)}
