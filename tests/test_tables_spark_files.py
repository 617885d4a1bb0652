"""Files that Spark reads are counted as DuckDB counts them, or refused: never otherwise."""

import gzip
import json
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sparking import spark_session  # noqa: F401 (a fixture)
from tabular import JANUARY, JULY, counts, csv_file, parquet, written

import kldiv
from kldiv.tables.contract import Kind
from kldiv.tables.opening import open_table
from kldiv.tables.spark_stored import formed

pytestmark = pytest.mark.usefixtures("session")

# One column each; empty is null.
TEXTS = {
    "whole": ["1", "-2", "0", ""],
    "long": [str(2**63), "5"],
    "huge": [str(10**37 + 1), "-5"],
    "code": ["007", "1"],
    "minus zero": ["-0", "1"],
    "plus": ["+1", "2"],
    "double": [
        "1.5",
        "-2e3",
        "nan",
        "inf",
        "-INF",
        "+Infinity",
        "-nan",
        " 1.5 ",
        ".5",
        "5.",
        "1e400",
        "5e-324",
    ],
    "suffix d": ["1d", "1.5"],
    "suffix f": ["1f", "2"],
    "hexadecimal": ["0x1p3", "1"],
    "underscore": ["1_0", "2"],
    "blank code": [" 007", "1"],
    "tab": ["\t1", "2"],
    "day": ["2013-01-01", "2013-1-2", "2013/01/03", "0000-02-29"],
    "instant": ["2013-01-01 10:00:00", "2013-03-10T02:30", "2013-01-02 9:30:00.123456", "9999-12-31"],
    "zulu": ["2013-01-01T10:00:00Z", "1582-10-10"],
    "offset": ["2013-01-01 10:00:00+02"],
    "nanoseconds": ["2013-01-01 10:00:00.1234567"],
    "no day": ["2013-02-30"],
    "midnight": ["2013-01-01 24:00:00"],
    "separators": ["2013/01-01"],
    "month": ["2013-01"],
    "time": ["10:00", "9:30:00.5", "23:59:59.999999", "00:00:00", ""],
    "boolean": ["TRUE", "false"],
    "words": ["a", "true", "NULL", "null", " padded ", 'the "a"', "a,b", "\\", "\\n", "#", "'"],
    "unicode": ["é", "👩‍👩‍👧", "\u00a0", "x\u0085y", "\u2028", "\x0b", "\0"],
    "empty": [""],
    "nan": ["nan", "NaN"],
}
JSON_VALUES = {
    "whole": [1, -2, 2**63 - 1, None],
    "fractions": [1, 2.5, -0.0, 1e-320, 123456789.123456789, 1.7976931348623157e308, 2**53 + 1],
    "whole doubles": [1.0, 2],
    "mixed": [1, "a"],
    "kinds": [1, True],
    "lists": [[1], None, []],
    "objects": [{"a": 1}, None],
    "booleans": [True, None],
    "days": ["2013-01-01", "2013-1-2"],
    "instants": ["2013-01-01T10:00:00.5Z", "2013-01-01"],
    "short year": ["213-01-01"],
    "numbers as text": ["5", "6"],
    "words": ["", None, "é", "👍", "\\n\n", "\0"],
    "nulls": [None],
    "a.b`'\"\\$ é": [1, 2],
}


def answers(table):
    """Everything a column is counted as."""
    found = {}
    for name, column in table.columns().items():
        summary = table.summaries([name])[name]
        found[name] = [column.kind if summary.ordinary else None, summary]
        if summary.ordinary and column.kind in (Kind.TEXT, Kind.BOOLEAN):
            found[name].append(table.count_values([name], 99)[name])
        elif summary.ordinary and column.kind is not Kind.UNSUPPORTED:
            found[name] += [table.tally(name, 99), table.values_past({name: range(summary.ordinary)})]
    return found


def both(path, **how):
    with open_table(path, **how) as known, open_table(path, engine="spark", **how) as found:
        return answers(known), answers(found)


def test_texts_of_every_kind(tmp_path):
    rows = [
        [each[line] if line < len(each) else "" for each in TEXTS.values()]
        for line in range(max(map(len, TEXTS.values())))
    ]
    known, found = both(csv_file(tmp_path / "t.csv", [*TEXTS], rows))
    assert known == found
    assert [*found] == [*TEXTS]
    kinds = {name: of[0] and of[0].value for name, of in found.items()}
    texts = {
        "code",
        "suffix d",
        "suffix f",
        "hexadecimal",
        "underscore",
        "blank code",
        "offset",
        "nanoseconds",
    }
    texts |= {"no day", "midnight", "separators", "month", "words", "unicode"}
    assert {name for name, kind in kinds.items() if kind == "text"} == texts
    assert {name for name, kind in kinds.items() if kind == "date"} == {"day", "instant", "zulu"}
    assert kinds["time"] == "time of day"


def test_values_of_json_of_every_kind(tmp_path):
    objects = [
        {name: each[line] for name, each in JSON_VALUES.items() if line < len(each)}
        for line in range(max(map(len, JSON_VALUES.values())))
    ]
    known, found = both(written(tmp_path / "t.ndjson", "".join(json.dumps(each) + "\n" for each in objects)))
    assert known == found
    assert [*found] == [*JSON_VALUES]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "a,b\r\n1,x\r\n\r\n2,\r\n"),
        ("t.csv", "a,b\r1,x\r2,y"),
        ("t.csv", "a;b\n1;x\n2;\n"),
        ("t.csv", 'a|b\n1|x\n2|"y|"\n'),
        ("t.csv", '\ufeff"a","b"\n"1","x"\n"2",""\n,\n'),
        ("t.tsv", 'a\tb\n1\tx\n2\t"\t"\n'),
        ("t.csv.gz", "a,b\n1,x\n2,\n"),
        ("a b%20[é]{x,y}*?.csv", "a,b\n1,x\n2,"),
        ("t.json", '{"a": 1}\n\n{"b": "x", "a": 2}\r\n{}\n'),
    ],
)
def test_one_table_in_many_forms(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    known, found = both(path)
    assert known == found
    assert found["a"][2] == {"1": 1, "2": 1}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "t.csv",
            'a,b\n1,"x\ny"\n',
            "2 of its lines have a quote that neither opens nor closes a field there",
        ),
        ("t.csv", 'a,b\n1, "x"\n', "1 of its lines have a quote that neither opens nor closes a field there"),
        ("t.csv", 'a,b\n1,"x"y\n', "1 of its lines have a quote that neither opens nor closes a field there"),
        ("t.csv", 'a,b\n1,"x\n', "1 of its lines have a quote that neither opens nor closes a field there"),
        (
            "t.csv",
            'a,b\n5" x,"y\n',
            "1 of its lines have a quote that neither opens nor closes a field there",
        ),
        ("t.csv", "a,b\n1,\udcff\n", "1 of its lines are not UTF-8"),
        ("t.csv", "a\n1\n\n", "1 of its lines are empty, and its only column may be so"),
        ("t.csv", "a\n1\n  \n", "1 of its lines are nothing but blanks"),
        ("t.tsv", "a\tb\n1\t2\n\t\n", "1 of its lines are nothing but blanks"),
        ("t.csv", "a,b\n1\n", "Malformed CSV record: 1"),
        ("t.csv", "a,b\n1,2,3\n", "Malformed CSV record: 1,2,3"),
        ("t.csv", "a,b\n", "has no rows; expected at least one"),
        ("t.csv", "\n", "has no first line; expected a header"),
        ("t.csv", "a,a\n1,2\n", "has more than one column called 'a'"),
        ("t.csv", f"a\n{17 * 10**37}\n", "column 'a' has whole numbers of more than 38 digits"),
        ("t.json", '{"a": 1} {"a": 2}\n', "1 of its lines are not one JSON object each"),
        ("t.json", '[{"a": 1}, {"a": 2}]\n', "1 of its lines are not one JSON object each"),
        ("t.json", '{"a":\n1}\n', "2 of its lines are not one JSON object each"),
        ("t.json", '{"a": 1}\n{"a"', "1 of its lines are not one JSON object each"),
        ("t.json", '{"a": 1}\nnull\n5\n', "2 of its lines are not one JSON object each"),
        ("t.json", "{'a': 1}\n", "was expecting double-quote"),
        ("t.json", '{"a": 1, "a": 2}\n', "1 of its lines have a key twice"),
        ("t.json", '{"a": 1, "A": 2}\n', "has keys that differ in case alone"),
        ("t.json", '{"a": 9223372036854775808}\n', "column 'a' has whole numbers of more than 64 bits"),
        ("t.json", "{}\n", "its objects have no keys"),
        ("t.parquet", "no parquet at all", "it is no Parquet, or damaged: Expected magic number"),
        ("t.parquet", "", "can't read {path}: it is empty; expected Parquet"),
        ("_t.csv", "a\n1\n", "it leaves out 1 of its files, as it does where a name begins with _ or ."),
    ],
)
def test_what_is_not_sure_to_be_read_alike(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(kldiv.TableError) as error:
        open_table(path, engine="spark")
    assert message.replace("{path}", str(path)) in str(error.value)


# What Spark has no types for, each with a null.
STORED = {
    "half": (pa.float16(), [np.float16(each) for each in (1.5, -0.0, 65504, 6e-8, "nan", "inf", "-inf")]),
    "ns": (pa.timestamp("ns"), [0, -1, 2**63 - 1, 2**63 - 2, -(2**63), 1_357_034_400_123_456_789]),
    "zoned ns": (pa.timestamp("ns", tz="Europe/Berlin"), [0, -1, 1_357_034_400_123_456_789]),
    "seconds": (pa.time32("s"), [0, 86399, 36000]),
    "ms": (pa.time32("ms"), [0, 86_399_999, 36_000_500]),
    "us": (pa.time64("us"), [0, 86_399_999_999, 36_000_500_000]),
    "time ns": (pa.time64("ns"), [0, 86_399_999_999_999, 1, 2]),
    "uuid": (pa.uuid(), [bytes(range(16)), bytes(range(240, 256))]),
    "list of times": (pa.list_(pa.time64("us")), [[1], [], [None]]),
    "instants in it": (pa.struct([("a.`b", pa.timestamp("ns"))]), [{"a.`b": 1}, {"a.`b": None}]),
    "halves in maps": (pa.map_(pa.string(), pa.float16()), [[("a", np.float16(1))], []]),
    "a `b`.c\"'": (pa.timestamp("ns"), [5]),
    "no time": (pa.time64("us"), []),
    "beyond years": (pa.timestamp("us"), [2**63 - 1, 2**63 - 2, 1 - 2**63, 2 - 2**63, -1, 0]),
    "their instants": (pa.timestamp("us", tz="UTC"), [2**63 - 1, 2**63 - 2, 1 - 2**63, 2 - 2**63]),
    "days": (pa.date32(), [2**31 - 1, 1 - 2**31, 1, -1]),
    "plain": (pa.int64(), [1, 2, 3]),
}


def test_what_is_stored_in_types_that_spark_lacks(tmp_path):
    arrays = {name: pa.array([*each, *[None] * (9 - len(each))], of) for name, (of, each) in STORED.items()}
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(arrays), path)
    known, found = both(path)
    assert known == found
    assert [*found] == [*STORED]
    kinds = {name: of[0] and of[0].value for name, of in found.items()}
    assert {name for name, kind in kinds.items() if kind == "time of day"} == {
        "seconds",
        "ms",
        "us",
        "time ns",
    }
    assert found["time ns"][2] == {
        "00:00:00": 1,
        "23:59:59.999999999": 1,
        "00:00:00.000000001": 1,
        "00:00:00.000000002": 1,
    }
    # A query that takes such columns as they are leaves them what they are.
    asked = {"query": "SELECT ms AS x, half, plain + 1 AS y FROM t WHERE plain > 1"}
    known, found = both(path, **asked)
    assert known == found
    assert found["x"][0] is Kind.TIME


def test_every_half_float_is_what_numpy_says(session):
    halves = np.arange(2**16, dtype=np.uint16).astype("<u2").view("<f2")
    rows = session.createDataFrame([(each.tobytes(),) for each in halves], "c0 BINARY")
    sql, _ = formed("c0", "FLOAT16")
    found = np.array([each for (each,) in rows.selectExpr(sql).collect()], np.float32)
    np.testing.assert_array_equal(found, halves.astype(np.float32))


def test_files_of_a_glob_must_have_one_unit(tmp_path):
    for index, unit in enumerate(("ns", "us")):
        pq.write_table(pa.table({"x": pa.array([1, 2], pa.timestamp(unit))}), tmp_path / f"{index}.parquet")
    with pytest.raises(
        kldiv.TableError, match=r"'x' is of type TIMESTAMP\(NANOS,false\) in .* and timestamp_ntz in"
    ):
        open_table(tmp_path / "*.parquet", engine="spark")
    pq.write_table(pa.table({"x": pa.array([3, 4, 4], pa.timestamp("ns"))}), tmp_path / "1.parquet")
    with open_table(tmp_path / "*.parquet", engine="spark") as table:
        assert answers(table)["x"][2] == {
            f"1970-01-01 00:00:00.00000000{each}": 1 + (each == 4) for each in range(1, 5)
        }


def test_the_same_comparison_from_either_engine(tmp_path):
    """A column of each kind, in bins and by value, alone, together and in groups."""
    for path, name in ((JULY, "p"), (JANUARY, "q")):
        for format_, suffix in (("csv", "csv"), ("json", "ndjson")):
            query = f"COPY (FROM '{path}' WHERE day < 8) TO '{tmp_path / name}.{suffix}' (FORMAT {format_})"
            _run(query)
    asked = {"columns": ["carrier", "dep_delay", "hour"], "joint": [("carrier", "hour")], "by": "origin"}
    for suffix in ("csv", "ndjson"):
        p, q = tmp_path / f"p.{suffix}", tmp_path / f"q.{suffix}"
        known = kldiv.compare(p, q, **asked)
        with open_table(p, engine="spark") as of_p, open_table(q, engine="spark") as of_q:
            found = kldiv.compare(of_p, of_q, **asked)
        assert len(known.groups) == 3
        pairs = [*zip(known.everything(), found.everything(), strict=True)]
        assert all(one.name == other.name and counts(one) == counts(other) for one, other in pairs)


def _run(statement):
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(statement)


def test_a_glob_and_a_query(tmp_path):
    for index in range(3):
        written(tmp_path / f"{index} x.csv", f"a,b\n{index},2013-01-0{index + 1}\n")
    known, found = both(tmp_path / "*.csv")
    assert known == found
    assert found["a"][2] == {"0": 1, "1": 1, "2": 1}
    known, found = both(tmp_path / "*.csv", query="SELECT a + 1 AS n, b FROM t WHERE a > 0")
    assert known == found
    assert found["n"][2] == {"2": 1, "3": 1}


def test_files_of_a_glob_must_be_alike(tmp_path):
    for index, header in enumerate(("a,b", "b,a")):
        written(tmp_path / f"{index}.csv", f"{header}\n1,2\n")
    with pytest.raises(kldiv.TableError, match="they are in another order"):
        open_table(tmp_path / "*.csv", engine="spark")
    parquet(tmp_path / "0.parquet", "SELECT 1 AS a, 2 AS b")
    parquet(tmp_path / "1.parquet", "SELECT 1 AS a")
    with pytest.raises(kldiv.TableError, match="b is in one of them alone"):
        open_table(tmp_path / "*.parquet", engine="spark")
    parquet(tmp_path / "1.parquet", "SELECT 1 AS a, 2.5::DOUBLE AS b")
    with pytest.raises(kldiv.TableError, match=r"column 'b' is of type int in .* and double in"):
        open_table(tmp_path / "*.parquet", engine="spark")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_that_is_replaced_or_vanishes(tmp_path, suffix):
    """Its rows were counted when it was opened; with other rows than these nothing adds up."""
    for after in ("replace", "unlink"):
        path = tmp_path / f"t.{suffix}"
        _run(f"COPY (FROM range(9) t(x) SELECT x + 0.5 AS x) TO '{path}'")
        with open_table(path, engine="spark") as table:
            if after == "unlink":
                path.unlink()
            else:
                _run(f"COPY (FROM range(7) t(x) SELECT x AS x) TO '{path}'")
            with pytest.raises(kldiv.TableError, match=r"can't (read|count) .*t\."):
                table.summaries(["x"])


def test_a_corrupt_row_group(tmp_path):
    path = tmp_path / "t.parquet"
    _run(f"COPY (FROM range(50000) t(x) SELECT x + 0.5 AS x) TO '{path}' (ROW_GROUP_SIZE 10000)")
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 30_000] = bytes(30_000)
    path.write_bytes(whole)
    with (
        pytest.raises(kldiv.TableError, match=r"can't count .*t\.parquet"),
        open_table(path, engine="spark") as table,
    ):
        kldiv.compare(table, table)


def test_a_page_whose_checksum_is_another(tmp_path):
    """Values that were changed in the file are values nonetheless, and only its checksum knows."""
    path = tmp_path / "t.parquet"
    plain = {"compression": "none", "use_dictionary": False, "write_page_checksum": True}
    pq.write_table(pa.table({"x": [1.5] * 99}), path, **plain)
    whole = path.read_bytes()
    at = whole.index(struct.pack("<d", 1.5) * 9) + 80
    path.write_bytes(whole[:at] + struct.pack("<d", 2.5) + whole[at + 8 :])
    with (
        pytest.raises(kldiv.TableError, match=r"can't .*checksum"),
        open_table(path, engine="spark") as table,
    ):
        kldiv.compare(table, table)


def test_nothing_stays_in_the_users_session(session, tmp_path):
    session.range(5).createOrReplaceTempView("t")
    path = written(tmp_path / "t.csv", "a\n1\n")
    with open_table(path, engine="spark", query="SELECT a FROM t") as table:
        assert table.rows() == 1
        assert len(session.sparkContext._jsc.getPersistentRDDs()) > 0
    assert len(session.sparkContext._jsc.getPersistentRDDs()) == 0
    assert session.table("t").count() == 5
