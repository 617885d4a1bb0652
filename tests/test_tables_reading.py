"""The files a table is read from, and the types of what is text in them."""

import gzip
import json
import sqlite3
import sys
from contextlib import closing
from datetime import date
from decimal import Decimal

import duckdb
import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tabular import both, counts, csv_file, parquet, written

import kldiv
from kldiv.tables.comparison import Skipped
from kldiv.tables.contract import ByCuts, ByValues
from kldiv.tables.opening import open_table
from kldiv.tables.outcomes import Cut, Special


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "a,b\r\n1,x\r\n2,\r\n"),
        ("t.csv", "a;b\n1;x\n2;\n"),
        ("t.csv", "\ufeffa,b\n1,x\n2,\n"),
        ("t.csv", '"a","b"\n"1","x"\n"2",""\n'),
        ("t.tsv", "a\tb\n1\tx\n2\t\n"),
        ("t.csv.gz", "a,b\n1,x\n2,\n"),
        ("T.CSV", "a,b\n1,x\n2,"),
        ("t.json", '[{"a": 1, "b": "x"}, {"a": 2, "b": null}]'),
        ("t.ndjson", '{"a": 1, "b": "x"}\n{"a": 2}\n'),
    ],
)
def test_one_table_in_many_forms(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    comparison = kldiv.compare(path, path)
    assert counts(comparison["a"]) == {"1": (1, 1), "2": (1, 1)}
    assert counts(comparison["b"]) == {"x": (1, 1), "null": (1, 1)}
    assert comparison["a"].type == "integer"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["01234", "99999"], "text"),
        (["12", "1_000"], "text"),
        (["01/02/2013", "03/02/2013"], "text"),
        (["01/02/2013 10:00:00", "03/02/2013 10:00:00"], "text"),
        (["2013-02-01", "2013-02-03T10:00:00"], "date"),
        (["2013-02-01 10:00:00+02", "2013-02-01"], "text"),
        (["2013-02-01 10:00:00.1234567", "2013-02-01"], "text"),
        (["10:00", "9:59:59"], "time of day"),
        (["10:00", "23:59:59.1234567"], "text"),
        (["epoch", "infinity"], "text"),
        (["1", "x"], "text"),
        (["1", "2", ""], "integer"),
        (["1.5", "-2e3", "nan"], "number"),
        (["TRUE", "false"], "boolean"),
        (["", ""], "null"),
    ],
)
@pytest.mark.parametrize("rows", [1, 15_000])
def test_a_csv_column_has_the_type_all_of_it_is_written_as(tmp_path, values, kind, rows):
    """The last row decides as well as the first, however far down it is."""
    path = csv_file(
        tmp_path / "t.csv", ["x", "y"], [[values[0], 0]] * rows + [[each, 0] for each in values[1:]]
    )
    assert kldiv.compare(path, path)["x"].type == kind


def test_a_glob_is_one_table(tmp_path):
    for index in range(3):
        written(tmp_path / f"{index}.csv", f"a,b\n{index},x\n")
    column = kldiv.compare(tmp_path / "*.csv", tmp_path / "0.csv")["a"]
    assert counts(column) == {"0": (1, 1), "1": (1, 0), "2": (1, 0)}


def test_files_of_one_glob_may_widen_a_type(tmp_path):
    parquet(tmp_path / "1.parquet", "SELECT 2::INTEGER AS x, 'a' AS y")
    parquet(tmp_path / "2.parquet", "SELECT 'b' AS y, 2.5::DOUBLE AS x")
    both_files = tmp_path / "*.parquet"
    comparison = kldiv.compare(both_files, both_files, columns=["x", "y"])
    assert counts(comparison["y"]) == {"a": (1, 1), "b": (1, 1)}
    assert counts(comparison["x"]) == {"< 2.5": (1, 1), ">= 2.5": (1, 1)}


@pytest.mark.parametrize(
    ("first", "second", "made"),
    [
        # 1.55 would be 2.
        ("1.55::DECIMAL(9,2)", "1::DECIMAL(38,0)", "DECIMAL(38,0)"),
        ("1::DECIMAL(38,9)", "1e-18::DECIMAL(38,18)", "DECIMAL(38,9)"),
        # 16777217 would be 16777216, and 0.1 of two kinds two values.
        ("16777217::INTEGER", "0.5::FLOAT", "FLOAT"),
        ("0.1::DECIMAL(9,1)", "0.1::FLOAT", "FLOAT"),
        ("true", "1::INTEGER", "INTEGER"),
        ("DATE '2024-01-01'", "1::INTEGER", "DATE"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_files_of_one_glob_whose_values_no_type_holds(tmp_path, first, second, made, turned):
    of_files = [second, first] if turned else [first, second]
    for index, value in enumerate(of_files):
        parquet(tmp_path / f"{index}.parquet", f"SELECT {value} AS x, 1 AS y")
    types = [_type_of(each) for each in of_files]
    with pytest.raises(kldiv.TableError) as raised:
        kldiv.profile(tmp_path / "*.parquet")
    said = str(raised.value)
    assert said.startswith(f"can't read {tmp_path}/*.parquet: column 'x' is of type ")
    assert said.endswith(f", of which DuckDB would make {made}, and other values; write it as one type")
    assert all(f"{of} in {tmp_path}/{index}.parquet" in said for index, of in enumerate(types))


def _type_of(value):
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT typeof({value})").fetchone()[0]


@pytest.mark.parametrize(
    ("first", "second", "tally"),
    [
        ("1.55::DECIMAL(9,2)", "-1::SMALLINT", {"1.55": 1, "-1": 1}),
        ("1.55::DECIMAL(9,2)", "0.001::DECIMAL(18,3)", {"1.55": 1, "0.001": 1}),
        (
            "9223372036854775807::BIGINT",
            "18446744073709551615::UBIGINT",
            {str(2**63 - 1): 1, str(2**64 - 1): 1},
        ),
        ("0.5::FLOAT", "32767::SMALLINT", {"0.5": 1, "32767": 1}),
        ("0.5::FLOAT", "0.1::DOUBLE", {"0.5": 1, "0.1": 1}),
        ("0.5::DOUBLE", "1.55::DECIMAL(38,2)", {"0.5": 1, "1.55": 1}),
        ("DATE '2024-01-01'", "TIMESTAMP '2024-01-02 10:00:00'", {"2024-01-01": 1, "2024-01-02 10:00:00": 1}),
        ("NULL", "7::INTEGER", {"7": 1}),
    ],
)
def test_files_of_one_glob_whose_values_a_type_holds(tmp_path, first, second, tally):
    for index, value in enumerate([first, second]):
        parquet(tmp_path / f"{index}.parquet", f"SELECT {value} AS x")
    with open_table(tmp_path / "*.parquet") as table:
        assert table.tally("x", 9) == tally


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["01-02-2013", "03-02-2013"], "text"),
        (["2013-02-01", "2013-02-03 10:00"], "date"),
        (["2013-02-01T10:00:00Z", "2013-02-03T10:00:00Z"], "date"),
        (["5", "6"], "text"),
        ([5, 6.5], "number"),
        ([5, None], "integer"),
        ([True, False], "boolean"),
    ],
)
def test_a_json_column_has_the_type_it_is_written_as(tmp_path, values, kind):
    path = written(tmp_path / "t.json", json.dumps([{"x": each} for each in values]))
    assert kldiv.compare(path, path)["x"].type == kind


LONG_NUMBERS = [
    ("integer", [2**64, 2**64 + 1, 2**64 + 1, 5]),
    ("integer", [-1, 2**63, 2**63 + 1]),
    ("integer", [2**126, 2**126 + 1]),
    ("text", [10**40, 10**40 + 1]),
]


@pytest.mark.parametrize(("kind", "numbers"), LONG_NUMBERS)
@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson"])
def test_whole_numbers_keep_every_digit(tmp_path, kind, numbers, suffix):
    """Of more digits than a double has; a code that is longer than any type is text."""
    rows = [json.dumps({"x": each, "y": None, "z": [0.5]}) for each in numbers]
    text = {
        "csv": "\n".join(["x", *map(str, numbers)]),
        "json": f"[{', '.join(rows)}]",
        "ndjson": "\n".join(rows),
    }[suffix]
    column = kldiv.compare(path := written(tmp_path / f"t.{suffix}", text), path)["x"]
    assert column.type == kind
    assert counts(column) == both([*map(str, numbers)], [*map(str, numbers)])


def test_large_fractions_in_json_are_numbers(tmp_path):
    """As Python reads them, beside whole numbers too long for them."""
    values = [1e300, 2.0**64, 0.5, -1.7976931348623157e308, 2**64 + 1, None]
    path = written(tmp_path / "t.json", json.dumps([{"x": each} for each in values]))
    with open_table(path) as table:
        found = table.values_past({"x": range(5)})["x"]
    assert [*map(float, found)] == sorted(float(each) for each in values if each is not None)


def test_every_key_is_a_column_however_rare(tmp_path):
    path = written(tmp_path / "t.jsonl", "".join(f'{{"key {index}": {index}}}\n' for index in range(300)))
    comparison = kldiv.compare(path, path)
    assert len(comparison.columns) == 300
    assert counts(comparison["key 7"]) == {"7": (1, 1), "null": (299, 299)}


# --- databases and queries ----------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect("my file.db") as connection:
        connection.execute("CREATE TABLE flights AS SELECT unnest([1, 2, 2]) AS a, 'x' AS B")
        connection.execute('CREATE SCHEMA s; CREATE VIEW s."o\'dd ""name&" AS SELECT 5 AS a')
        connection.execute('CREATE TABLE "no#1" AS SELECT 7 AS a; CREATE TABLE "no" AS SELECT 8 AS a')
    return "duckdb:///my file.db"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("?table=flights", {"1": (1, 1), "2": (2, 2)}),
        ("?table=main.flights", {"1": (1, 1), "2": (2, 2)}),
        ("?table=s.o'dd%20%22name%26", {"5": (1, 1)}),
        ("?query=SELECT%20a%2B1%20AS%20a%20FROM%20flights", {"2": (1, 1), "3": (2, 2)}),
        # As a person types it: a plus is no blank, and nothing is left out from # on.
        ("?query=SELECT a+1 AS a FROM flights", {"2": (1, 1), "3": (2, 2)}),
        ("?table=no#1", {"7": (1, 1)}),
    ],
)
def test_a_table_of_a_database(database, tmp_path, rest, expected):
    absolute = database.replace("///", f"///{tmp_path}/")
    assert counts(kldiv.compare(database + rest, absolute + rest)["a"]) == expected


def test_a_database_is_only_read(database, tmp_path):
    before = (tmp_path / "my file.db").read_bytes()
    with duckdb.connect("my file.db", read_only=True):
        kldiv.compare(f"{database}?table=flights", f"{database}?table=flights")
    with pytest.raises(kldiv.TableError):
        open_table(database, query="DROP TABLE flights")
    assert (tmp_path / "my file.db").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["my file.db"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "names no table; write ?table=NAME after it, it has 'flights', 'no', 'no#1', 's.o'dd \"name&'"),
        ("?table=flight", "there is no table 'flight'; it has 'flights', 'no', 'no#1', 's.o'dd \"name&'"),
        ("?table=flights'--", "there is no table 'flights'--'; it has"),
        ("?tabel=flights", "is no table of a database; expected duckdb:///file.db?table=NAME, or ?query=SQL"),
        ("?table=flights&query=FROM%20flights", "is no table of a database"),
        ("?query=", "is no table of a database"),
        ("?query=SELECT%201;%20SELECT%202", "can't read duckdb:///my file.db?query="),
        ("?query=SELECT%201%20AS%20a,%202%20AS%20a", "has more than one column called"),
    ],
)
def test_a_database_that_cannot_be_read(database, url, message):
    with pytest.raises(kldiv.TableError) as error:
        open_table(database + url)
    assert message in str(error.value)


def test_a_file_that_is_no_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "no.db", "not a database" * 1000)
    with pytest.raises(kldiv.TableError, match=r"can't read duckdb:///no\.db"):
        open_table("duckdb:///no.db?table=t")
    written(tmp_path / "t.csv", "a\n1\n")
    with pytest.raises(kldiv.TableError, match="not a valid DuckDB database file"):
        open_table("duckdb:///t.csv?table=t")
    with pytest.raises(kldiv.TableError, match=r"there is no file absent\.db; expected duckdb:///file"):
        open_table("duckdb:///absent.db?table=t")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_query_sees_the_columns_of_a_file_by_their_names(tmp_path, suffix):
    path = tmp_path / f"it's.{suffix}"
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE x AS SELECT unnest(range(9)) AS "the ""a""", \'x\' AS b')
        options = "(HEADER)" if suffix == "csv" else ""
        connection.execute(f"COPY x TO '{str(path).replace(chr(39), chr(39) * 2)}' {options}")
    query = 'SELECT "the ""a""" % 2 AS odd, b AS "the ""a""" FROM t WHERE "the ""a""" > 0 -- and so on'
    with open_table(path, query=query) as table:
        assert [*table.columns()] == ["odd", 'the "a"']
        assert table.count_values(["odd"], 9)["odd"].kept == {"0": 4, "1": 4}


def test_a_query_of_names_that_differ_in_case_alone(tmp_path):
    """DuckDB would read one column for the other; without a query nothing depends on names."""
    path = written(tmp_path / "t.csv", "a,A\n1,x\n2,y\n")
    with pytest.raises(kldiv.TableError, match="has columns 'a' and 'A', which a query can't tell apart"):
        open_table(path, query="SELECT A FROM t")
    assert {each.name: each.type for each in kldiv.compare(path, path).columns} == {
        "a": "integer",
        "A": "text",
    }


def test_a_query_is_asked_once(database):
    """Chance would give other rows in each pass over them."""
    query = "SELECT random() AS x, random() AS y FROM range(1000)"
    with open_table(database, query=query) as table:
        [cut] = table.values_past({"x": [500]})["x"]
        assert table.count_bins({"x": [Cut(cut)]})["x"] == [500, 500]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT nothing FROM t", 'Referenced column "nothing" not found'),
        ("SELECT a FROM", "syntax error"),
        ("FROM t WHERE false", "has no rows; expected at least one"),
    ],
)
def test_a_query_that_cannot_be(tmp_path, query, message):
    path = written(tmp_path / "t.csv", "a\n1\n")
    with pytest.raises(kldiv.TableError) as error:
        open_table(path, query=query)
    assert message in str(error.value)


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_an_empty_query(tmp_path, engine):
    path = written(tmp_path / "t.csv", "a\n1\n")
    with pytest.raises(kldiv.InvalidInputError, match=r"the query is empty; expected SQL, such as SELECT"):
        open_table(path, query=" \n", engine=engine)


def test_a_query_or_an_engine_is_for_files():
    frame = pl.DataFrame({"a": [1]})
    for how in ({"query": "FROM t"}, {"engine": "spark"}, {"master": "local"}):
        with pytest.raises(kldiv.InvalidInputError, match="is for files and databases"):
            open_table(frame, **how)
    with pytest.raises(kldiv.InputTypeError, match="a table is int; expected the path of a file, a glob, or"):
        open_table(5)


# --- frames of pandas and Arrow that are not plain ------------------------------------------------------


def test_pandas_columns_of_every_kind():
    objects = {
        "decimals": [Decimal("1.5"), None, Decimal(2)],
        "days": [date(2024, 1, 1), None, date(2024, 1, 2)],
        "flags": [True, None, False],
        "texts": ["a", None, float("nan")],
        "whole": [1, None, 2],
    }
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in objects.items()})
    frame["missing"] = [1.5, float("nan"), float("inf")]
    frame["categories"] = pd.Categorical(["x", None, "y"])
    frame["instants"] = pd.to_datetime(["2024-01-01", None, "2024-01-02"]).tz_localize("Europe/Berlin")
    frame["periods"] = pd.period_range("2024-01", periods=3, freq="M")
    frame["complex"] = [1j, None, 2j]
    frame["sparse"] = pd.arrays.SparseArray([1.0, float("nan"), 2.0])
    frame[7] = pd.array([1, None, 2], dtype="Int8")
    with open_table(frame) as table:
        kinds = {name: column.kind.value for name, column in table.columns().items()}
        specials = {name: dict(of.specials) for name, of in table.summaries([*kinds]).items()}
    assert kinds == {
        "decimals": "number", "days": "date", "flags": "boolean", "texts": "text", "whole": "number",
        "missing": "number", "categories": "text", "instants": "date", "periods": "unsupported",
        "complex": "unsupported", "sparse": "unsupported", "7": "number",
    }  # fmt: skip
    nulls = {name: of[Special.NULL] for name, of in specials.items()}
    assert nulls == {name: {"texts": 2, "periods": 0}.get(name, 1) for name in kinds}
    assert specials["missing"][Special.POSITIVE_INFINITY] == 1
    assert specials["missing"][Special.NAN] == 0


def test_an_object_far_down_decides_the_type_of_its_column():
    frame = pd.DataFrame({"x": pd.Series([1] * 5000 + ["a"], dtype=object)})
    with open_table(frame) as table:
        assert table.count_values(["x"], 9)["x"].kept == {"1": 5000, "a": 1}


def test_a_frame_with_a_name_twice():
    with pytest.raises(kldiv.TableError, match="more than one column called 'a'"):
        open_table(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(kldiv.TableError, match="more than one column called 'a'"):
        open_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    for frame in (pd.DataFrame(index=range(3)), pl.DataFrame(), pl.LazyFrame()):
        with pytest.raises(kldiv.TableError, match="has no columns"):
            open_table(frame)


def test_arrow_types_that_duckdb_lacks():
    table = pa.table({
        "half": pa.array([np.float16(1.5), None], pa.float16()),
        "wide": pa.array([Decimal(1), None], pa.decimal256(50, 2)),
        "bytes": pa.array([b"x", None]),
        "seconds": pa.array([1, None], pa.duration("s")),
    })  # fmt: skip
    with open_table(table) as opened:
        kinds = {name: column.kind.value for name, column in opened.columns().items()}
        nulls = {name: of.specials[Special.NULL] for name, of in opened.summaries([*kinds]).items()}
        assert opened.values_past({"half": [0]}) == {"half": ["1.5"]}
    assert kinds == {
        "half": "number",
        "wide": "unsupported",
        "bytes": "unsupported",
        "seconds": "unsupported",
    }
    assert set(nulls.values()) == {1}


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_instants_that_duckdb_has_not(unit):
    times = np.array(["300000-01-01", "2000-01-01"], f"datetime64[{unit}]")
    for frame in (pd.DataFrame({"a": [1, 2], "when": times}), pa.table({"a": [1, 2], "when": times})):
        with pytest.raises(kldiv.TableError, match="column 'when' has instants that DuckDB has not, such as"):
            kldiv.compare(frame, frame)
    with open_table(pl.DataFrame({"when": times.astype("datetime64[ms]")})) as table:
        assert table.values_past({"when": [0, 1]}) == {"when": ["2000-01-01", "300000-01-01"]}


def test_a_relation_and_its_connection_stay_as_they_are():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        connection.execute("CREATE TABLE kldiv_rows AS SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00' AS a")
        with open_table(connection.table("kldiv_rows")) as table:
            assert table.values_past({"a": [0]}) == {"a": ["2024-01-01 00:00:00+00"]}
        assert connection.execute("SHOW TABLES").fetchall() == [("kldiv_rows",)]
        assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("America/New_York",)]


@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
def test_what_a_backend_of_ibis_does_not_get_right_is_not_counted(tmp_path):
    """SQLite has no NaN and no decimals, and Ibis reads fractions of a second wrong there."""
    with closing(sqlite3.connect(tmp_path / "t.db")) as file, file as connection:
        connection.execute(
            "CREATE TABLE t (whole INTEGER, word TEXT, flag BOOLEAN, day DATE, at TIMESTAMP, hour TIME, "
            "real REAL, exact DECIMAL(38, 9))"
        )
        rows = [(2**53 + 1, "'é\"", True, "2013-01-02"), (2**53, "x", False, "1969-12-31"), (None,) * 4]
        for row in rows:
            connection.execute(
                "INSERT INTO t VALUES (?, ?, ?, ?, '2013-01-01 10:00:00.5', '10:00:00.5', 1.5, 10)", row
            )
    backend = ibis.sqlite.connect(tmp_path / "t.db")
    with closing(backend.con), open_table(backend.table("t")) as table:
        kinds = {name: column.kind.value for name, column in table.columns().items()}
        assert kinds == {
            "whole": "number", "word": "text", "flag": "boolean", "day": "date", "at": "unsupported",
            "hour": "unsupported", "real": "unsupported", "exact": "unsupported",
        }  # fmt: skip
        ordered = {"whole": ["9007199254740992", "9007199254740993"], "day": ["1969-12-31", "2013-01-02"]}
        assert table.values_past({"whole": [0, 1], "day": [0, 1]}) == ordered
        assert table.count_bins({"whole": [Cut("9007199254740993")]}) == {"whole": [1, 1]}
        assert table.count_values(["word"], 9)["word"].kept == {"'é\"": 1, "x": 1}
        assert table.summaries(["at"])["at"].ordinary == 3
        grids = {"word": ByValues(("a", "x")), "whole": ByCuts((Cut("9007199254740993"),))}
        nulls = (Special.NULL, Special.NULL)
        assert table.count_joint(grids) == {(2, 1): 1, (1, 0): 1, nulls: 1}
        compared = kldiv.compare(table, table)
    assert {each.name for each in compared.skipped} == {"at", "hour", "real", "exact"}


@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
@pytest.mark.parametrize("other", ["n/a", 1.5, b"1"])
def test_a_column_of_sqlite_with_values_of_several_types_is_not_counted(tmp_path, other):
    """A column's type binds no value there; what is a whole number in text is stored as one."""
    with closing(sqlite3.connect(tmp_path / "t.db")) as file, file as connection:
        connection.execute("CREATE TABLE t (whole INTEGER, mixed INTEGER, word TEXT)")
        rows = [(index, each, "x") for index, each in enumerate([*map(str, range(40)), None, other])]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    backend = ibis.sqlite.connect(tmp_path / "t.db")
    with closing(backend.con):
        compared = kldiv.compare(backend.table("t"), backend.table("t"))
        why = "holds values of type whole numbers and others in P, which can't be counted"
        assert compared.skipped == (Skipped("mixed", why),)
        few = backend.table("t").filter(ibis._.whole < 40)
        assert kldiv.compare(few, few)["mixed"].type == "number"


@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
@pytest.mark.parametrize(
    ("of", "good", "other", "called"),
    [
        *(("DATE", "2024-02-29", each, "dates") for each in ("2023-02-29", "unknown", "", 20240101, b"1")),
        *(("BOOLEAN", 1, each, "booleans") for each in (2, "yes", 0.5, b"1")),
    ],
)
def test_a_value_of_sqlite_that_is_none_of_its_column_spoils_no_other(tmp_path, of, good, other, called):
    with closing(sqlite3.connect(tmp_path / "t.db")) as file, file as connection:
        connection.execute(f"CREATE TABLE t (x {of}, word TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, 'a')", [[good], [None], [other]])
    backend = ibis.sqlite.connect(tmp_path / "t.db")
    with closing(backend.con):
        compared = kldiv.compare(backend.table("t"), backend.table("t"))
        assert [each.name for each in compared.columns] == ["word"]
        why = f"holds values of type {called} and others in P, which can't be counted"
        assert compared.skipped == (Skipped("x", why),)


@pytest.mark.parametrize("missing", ["duckdb", "narwhals", "pyspark"])
def test_a_package_that_is_absent(monkeypatch, tmp_path, missing):
    source, how = {
        "duckdb": (pa.table({"a": [1]}), {}),
        "narwhals": (pl.DataFrame({"a": [1]}), {}),
        "pyspark": (parquet(tmp_path / "t.parquet", "SELECT 1 AS a"), {"engine": "spark"}),
    }[missing]
    for name in [name for name in sys.modules if name.partition(".")[0] == missing or name in {
        "kldiv.tables.frames", "kldiv.tables.frame_columns", "kldiv.tables.spark"
    }]:  # fmt: skip
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    extra = "spark" if missing == "pyspark" else "tables"
    with pytest.raises(kldiv.MissingExtraError, match=rf"pip install 'kldiv\[{extra}\]'"):
        open_table(source, **how)


def test_years_before_the_first_are_those_of_iso_8601(tmp_path):
    """Of four digits, and one less than historians count, who have no year 0."""
    said = {"12000-01-01": "-11999-01-01", "0044-03-15": "-0043-03-15", "0001-01-01": "0000-01-01"}
    days = " UNION ALL ".join(f"SELECT DATE '{each} (BC)' AS day, 1 AS x" for each in said)
    path = parquet(tmp_path / "t.parquet", days)
    for source in (path, pl.scan_parquet(path)):
        groups = kldiv.compare(source, source, columns=["x"], by="day").groups
        assert [str(each.group) for each in groups] == [*said.values()]
        assert [each.rows_p for each in groups] == [1, 1, 1]
