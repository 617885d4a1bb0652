"""Columns of Parquet by what their files say that they stand for, as Java writes them and others don't."""

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sparking import spark_session  # noqa: F401 (a fixture)
from tabular import parquet, written

import kldiv
from kldiv.tables.contract import Kind
from kldiv.tables.opening import open_table
from kldiv.tables.outcomes import Special

# A column each: how its type is written in Parquet's own language, and its values as they are stored.
DOCUMENTS = [b'{"a": 1}', b'{"a":1}', b"[]", b'{"a": 1}']
# 257 and 258 hundredths.
AMOUNTS = [bytes([1, 1]), bytes([1, 2]), bytes([1, 1]), bytes([255])]
COLUMNS = {
    "enum": ("binary enum (ENUM)", [b"a", b"b", b"a", "é".encode()]),
    "json": ("binary json (JSON)", DOCUMENTS),
    "decimal": ("binary decimal (DECIMAL(9,2))", AMOUNTS),
    "longer": ("binary longer (DECIMAL(18,2))", AMOUNTS),
    "long": ("binary long (DECIMAL(25,2))", AMOUNTS),
}
NUMBERS = {"2.57": 2, "2.58": 1, "-0.01": 1}
EXPECTED = {
    "enum": (Kind.TEXT, {"a": 2, "b": 1, "é": 1}),
    "json": (Kind.TEXT, {'{"a": 1}': 2, '{"a":1}': 1, "[]": 1}),
    "decimal": (Kind.NUMBER, NUMBERS),
    "longer": (Kind.NUMBER, NUMBERS),
    "long": (Kind.NUMBER, NUMBERS),
}


# By the file's own words of two kinds these are intervals, and nothing but nulls.
INTERVAL = ("fixed_len_byte_array(12) interval (INTERVAL)", [bytes([1, 0, 0, 0] * 3)] * 4)
BSON = ("binary bson (BSON)", [bytes([5, 0, 0, 0, 0])] * 4)


def write_by_java(session, path, columns=COLUMNS, *, dictionary=True):
    """A row of nulls after the values."""
    java = session._jvm
    groups, settings = java.org.apache.parquet.example.data.simple, session._jsc.hadoopConfiguration()
    types = " ".join(f"optional {of};" for of, _ in columns.values())
    schema = java.org.apache.parquet.schema.MessageTypeParser.parseMessageType(f"message rows {{ {types} }}")
    at = java.org.apache.hadoop.fs.Path(str(path))
    builder = java.org.apache.parquet.hadoop.example.ExampleParquetWriter.builder(at).withConf(settings)
    writer = builder.withType(schema).withDictionaryEncoding(dictionary).build()
    made = groups.SimpleGroupFactory(schema)
    for row in [*zip(*(values for _, values in columns.values()), strict=True), ()]:
        group = made.newGroup()
        for name, value in zip(columns, row, strict=False):
            group.append(name, java.org.apache.parquet.io.api.Binary.fromConstantByteArray(value))
        writer.write(group)
    writer.close()
    return path


@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_what_java_writes_is_counted_alike(session, tmp_path, engine, dictionary):
    path = write_by_java(session, tmp_path / "t.parquet", dictionary=dictionary)
    with open_table(path, engine=engine) as table:
        for name, (kind, counts) in EXPECTED.items():
            assert table.columns()[name].kind is kind
            counted = (
                table.tally
                if kind is Kind.NUMBER
                else lambda *asked: table.count_values(asked[:1], 9)[asked[0]].kept
            )
            assert counted(name, 9) == counts


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_intervals_of_java_are_skipped_not_nulls(session, tmp_path, engine):
    path = write_by_java(session, tmp_path / "t.parquet", {"interval": INTERVAL, "enum": COLUMNS["enum"]})
    with open_table(path, engine=engine) as table:
        compared = kldiv.compare(table, table)
    assert [each.name for each in compared.columns] == ["enum"]
    reason = "holds values of type INTERVAL in P, which can't be counted"
    assert [(each.name, each.reason) for each in compared.skipped] == [("interval", reason)]


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_decimals_of_more_digits_than_any_engine_has(tmp_path, engine):
    """DuckDB reads them as doubles, of which these two are one, and Spark not at all."""
    values = [Decimal(10**39), Decimal(10**39 + 1), None]
    table = pa.table({"wide": pa.array(values, pa.decimal256(40, 0)), "a": [1, 2, 3]})
    pq.write_table(table, tmp_path / "t.parquet")
    with open_table(tmp_path / "t.parquet", engine=engine) as opened:
        assert opened.summaries(["wide"])["wide"].specials[Special.NULL] == 1
        compared = kldiv.compare(opened, opened)
    assert [each.name for each in compared.columns] == ["a"]
    reason = "holds values of type DECIMAL(40,0) in P, which can't be counted"
    assert [(each.name, each.reason) for each in compared.skipped] == [("wide", reason)]


def test_bson_fails_in_duckdb_alone(session, tmp_path):
    path = write_by_java(session, tmp_path / "t.parquet", {"bson": BSON, "enum": COLUMNS["enum"]})
    with pytest.raises(
        kldiv.TableError, match="it has a column of BSON, at which DuckDB fails; --engine spark"
    ):
        open_table(path)
    with open_table(path, engine="spark") as table:
        assert table.columns()["bson"].kind is Kind.UNSUPPORTED
        assert table.count_values(["enum"], 9)["enum"].kept == EXPECTED["enum"][1]


@pytest.mark.parametrize("dictionary", [True, False])
def test_what_spark_reads_for_its_user_it_may_fail_at(session, tmp_path, dictionary):
    """Once it is set as the error says, the same frame is read."""
    path = write_by_java(session, tmp_path / "t.parquet", dictionary=dictionary)
    frame = session.read.parquet(str(path))
    with pytest.raises(kldiv.TableError, match="its decimals are stored as BINARY, which Spark reads"):
        kldiv.compare(frame, path)
    setting = "spark.sql.parquet.enableVectorizedReader"
    session.conf.set(setting, "false")
    try:
        assert all(each.divergence.value == 0 for each in kldiv.compare(frame, path).columns)
    finally:
        session.conf.unset(setting)


def test_an_instant_beyond_those_of_spark(session, tmp_path):
    of = "unnest(['infinity', '2024-01-01'])::TIMESTAMP_MS AS t"
    path = parquet(tmp_path / "t.parquet", f"SELECT {of}")
    for source, how in ((path, {"engine": "spark"}), (session.read.parquet(str(path)), {})):
        with pytest.raises(kldiv.TableError, match=": it has instants that are beyond Spark's"):
            open_table(source, **how).summaries(["t"])


def test_values_in_json_of_no_one_type_are_no_texts(tmp_path):
    """Though DuckDB calls both of the type JSON."""
    rows = [{"mixed": 1, "n": 1}, {"mixed": "x", "n": 1}, {"mixed": None, "n": 2}]
    path = written(tmp_path / "t.json", "\n".join(map(json.dumps, rows)))
    with open_table(path) as table:
        assert table.columns()["mixed"].kind is Kind.UNSUPPORTED
        assert table.summaries(["mixed"])["mixed"].ordinary == 2
