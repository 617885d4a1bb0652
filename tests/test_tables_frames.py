"""Frames of other libraries that are hard to read: wide ones, and columns and names of unusual kinds."""

import datetime as dt
from decimal import Decimal
from itertools import accumulate
from pathlib import PurePosixPath

import duckdb
import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from table_engines import ENGINES
from tabular import counts

import kldiv
from kldiv.tables import duckdb_frames
from kldiv.tables.comparison import Skipped
from kldiv.tables.contract import ByCuts, ByValues
from kldiv.tables.opening import open_table
from kldiv.tables.outcomes import Cut, Special, Value

# Ibis still calls it.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def test_a_wide_frame_is_not_asked_for_all_its_columns_with_every_question(monkeypatch):
    """DuckDB does so where it reads a frame in place, and the time grows with the square of the columns."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(50, 60))).rename(columns=str)
    frame[["text", "word"]] = "a"
    asked = 0
    original = pd.DataFrame.__getitem__

    def counting(self, key):
        nonlocal asked
        asked += 1
        return original(self, key)

    monkeypatch.setattr(pd.DataFrame, "__getitem__", counting)
    kldiv.compare(frame, frame)
    assert 0 < asked <= 2 * 4 * frame.shape[1]


# --- pandas: what a column may hold -------------------------------------------------------------------


@pytest.mark.parametrize(
    "values", [[1, 2.5, True, None], [1.5, b"a", None, 2], [True, 3, dt.date(2024, 1, 1), None]]
)
def test_objects_of_no_one_kind_are_passed_over_and_not_the_whole_frame(values):
    frame = pd.DataFrame({"odd": pd.Series(values, dtype=object), "n": range(4)})
    comparison = kldiv.compare(frame, frame)
    assert [each.name for each in comparison.columns] == ["n"]
    assert comparison.skipped == (Skipped("odd", "holds values of type object in P, which can't be counted"),)
    halves = pd.DataFrame({"odd": [1.5, 2.5], "n": [0, 1]})
    assert kldiv.compare(frame.assign(odd=None), halves)["odd"].nulls_p == 4


class Thing:
    """Of which Python says where in memory it is."""


@pytest.mark.parametrize(
    ("values", "of"),
    [
        ([Thing(), Thing(), None], "Thing"),
        (["a", Thing(), None], "Thing"),
        (pd.Categorical([THING := Thing(), THING, None]), "Thing"),
        ([lambda: 0, lambda: 1, None], "function"),
        ([{"a", "b"}, {"b", "a"}, None], "set"),
    ],
)
def test_objects_whose_text_is_not_what_they_are_are_passed_over(values, of):
    odd = pd.Series(values, dtype=None if isinstance(values, pd.Categorical) else object)
    frame = pd.DataFrame({"odd": odd, "n": range(3)})
    comparison = kldiv.compare(frame, frame)
    assert [each.name for each in comparison.columns] == ["n"]
    assert comparison.skipped == (Skipped("odd", f"holds values of type {of} in P, which can't be counted"),)
    with open_table(frame) as table:
        assert table.summaries(["odd"])["odd"].specials[Special.NULL] == 1


def test_objects_whose_text_says_what_they_are_are_counted_by_it():
    paths = pd.DataFrame({"x": pd.Series([PurePosixPath("a/b"), PurePosixPath("c")], dtype=object)})
    assert counts(kldiv.compare(paths, paths)["x"]) == {"a/b": (1, 1), "c": (1, 1)}


@pytest.mark.parametrize("dtype", [object, pd.StringDtype("python")])
@pytest.mark.parametrize("copied", [True, False])
def test_half_of_a_character_is_said_where_it_is(monkeypatch, dtype, copied):
    """As in text that was read with surrogateescape: DuckDB says in which place of the text, and no more."""
    monkeypatch.setattr(duckdb_frames, "_COPIED", 2**24 if copied else 0)
    texts = pd.Series(["Köln 😀", None, "M\udcfcnchen", "\udc80"], dtype=object)
    frame = pd.DataFrame({"n": range(4), "city": texts.astype(dtype), "good": "ß"})
    with pytest.raises(kldiv.TableError) as raised:
        kldiv.compare(frame, frame, columns=["n"])
    assert str(raised.value) == (
        "can't read the pandas frame: column 'city' has '\\udcfc' in row 2, counted from 0, which is half of "
        "a character; replace such halves, as .str.encode('utf-8', 'replace').str.decode('utf-8') does"
    )
    frame["city"] = texts.str.encode("utf-8", "replace").str.decode("utf-8")
    assert counts(kldiv.compare(frame, frame)["city"])["M?nchen"] == (1, 1)


def test_half_of_a_character_in_a_name():
    """Which no file can hold, and no terminal show."""
    frame = pd.DataFrame([[1, 2]], columns=pd.Index(["n", "M\udcfcnchen"], dtype=object))
    said = r"column 'M\\udcfcnchen' has half of a character in its name; rename it"
    with pytest.raises(kldiv.TableError, match=said):
        kldiv.profile(frame)


def test_a_frame_of_a_class_derived_from_pandas():
    class Derived(pd.DataFrame):
        """As those of GeoPandas are."""

    counted = kldiv.compare(Derived({"a": ["x", "y"]}), pd.DataFrame({"a": ["x", "y"]}))["a"]
    assert counts(counted) == {"x": (1, 1), "y": (1, 1)}


def test_half_precision_of_arrow_in_pandas():
    halves = pa.table({"x": pa.array([np.float16(0.1), None, np.float16(2.5)], pa.float16())})
    frame = halves.to_pandas(types_mapper=pd.ArrowDtype)
    with open_table(frame) as table:
        assert table.tally("x", 9) == {"0.099975586": 1, "2.5": 1}
    assert str(frame.dtypes["x"]) == "halffloat[pyarrow]"


@pytest.mark.parametrize(
    ("values", "tally"),
    [
        # As whole numbers in a frame of categories, of which one row has none.
        (pd.Categorical([2**53, 2**53 + 1, None]), {str(2**53): 1, str(2**53 + 1): 1}),
        (pd.Categorical(pd.array([2**53, 2**53 + 1, None], "Int64")), {str(2**53): 1, str(2**53 + 1): 1}),
        (
            pd.Categorical.from_codes([0, 1, -1], np.array([2**64 - 2, 2**64 - 1], np.uint64)),
            {str(2**64 - 2): 1, str(2**64 - 1): 1},
        ),
        (pd.Categorical([Decimal("1.50"), Decimal(2), None]), {"1.5": 1, "2": 1}),
        (pd.Categorical([dt.date(2024, 1, 2), dt.date(1, 1, 1), None]), {"2024-01-02": 1, "0001-01-01": 1}),
        # NaN and infinities, beside which DuckDB takes decimals for numbers of single precision.
        (
            [Decimal("123456789.12"), Decimal("123456789.13"), Decimal("NaN")],
            {"123456789.12": 1, "123456789.13": 1},
        ),
        (
            [Decimal("123456789.12"), Decimal("123456789.13"), Decimal("inf")],
            {"123456789.12": 1, "123456789.13": 1},
        ),
        # More digits than its decimals have, of which it rounds the last away.
        ([Decimal(10**28), Decimal("1e-11"), None], {"1e+28": 1, "1e-11": 1}),
        ([10**28, Decimal("1e-11"), None], {"1e+28": 1, "1e-11": 1}),
        ([Decimal(10**37), Decimal("1e+36"), None], {str(10**37): 1, str(10**36): 1}),
        # NumPy's, which DuckDB takes for text.
        ([np.int64(2**53 + 1), 2**53, None], {str(2**53): 1, str(2**53 + 1): 1}),
        ([np.float32(0.5), np.float64(0.1), None], {"0.5": 1, "0.1": 1}),
        # Nanoseconds beside a zone.
        (
            pd.to_datetime([-1, 1001, None]).tz_localize("UTC").tz_convert("Asia/Tokyo"),
            {"1969-12-31 23:59:59.999999999+00": 1, "1970-01-01 00:00:00.000001001+00": 1},
        ),
        (
            pd.Categorical(pd.to_datetime([1, 2, None]).tz_localize("UTC")),
            {"1970-01-01 00:00:00.000000001+00": 1, "1970-01-01 00:00:00.000000002+00": 1},
        ),
    ],
)
@pytest.mark.parametrize("copied", [True, False])
def test_no_value_is_rounded(monkeypatch, values, tally, copied):
    monkeypatch.setattr(duckdb_frames, "_COPIED", 2**24 if copied else 0)
    column = pd.Series(values, dtype=object) if isinstance(values, list) else values
    with open_table(pd.DataFrame({"n": 1, "x": column}).set_axis([7, 7, 7])) as table:
        assert table.tally("x", 9) == tally
        assert table.summaries(["x"])["x"].ordinary == 2


def test_decimals_among_texts_stay_as_they_are_written():
    frame = pd.DataFrame({"x": pd.Series(["a", Decimal("1e-39"), Decimal("inf"), None], dtype=object)})
    expected = {"1E-39": (1, 1), "Infinity": (1, 1), "a": (1, 1), "null": (1, 1)}
    assert counts(kldiv.compare(frame, frame)["x"]) == expected


def test_a_signalling_nan_is_missing_as_any_other():
    frame = pd.DataFrame({"x": pd.Series([Decimal("sNaN"), Decimal(1), Decimal("NaN")], dtype=object)})
    assert counts(kldiv.compare(frame, frame)["x"]) == {"1": (1, 1), "null": (2, 2)}


def test_truths_of_numpy_in_a_column_of_objects():
    frame = pd.DataFrame({"x": pd.Series([np.True_, False, None, np.True_], dtype=object)})
    assert counts(kldiv.compare(frame, frame)["x"]) == {"true": (2, 2), "false": (1, 1), "null": (1, 1)}


# --- Polars: what a column may hold -------------------------------------------------------------------


@pytest.mark.parametrize("made", [pl.DataFrame, pl.LazyFrame])
def test_a_type_that_only_polars_knows_is_named(made):
    cents = pl.Extension("shop.money", pl.Int64, "cents")
    frame = made({"n": [1, 2], "price": [199, 250]}).with_columns(pl.col("price").ext.to(cents))
    of = "Extension('shop.money', Int64, 'cents')"
    why = f"holds values of type {of} in P, which can't be counted"
    assert kldiv.compare(frame, frame).skipped == (Skipped("price", why),)


# --- texts that a database takes for alike ------------------------------------------------------------


@pytest.mark.parametrize("default", ["binary", "nocase"])
@pytest.mark.parametrize("of", ["", "COLLATE nocase", "COLLATE noaccent", "COLLATE nocase.noaccent"])
def test_texts_differ_where_duckdb_takes_them_for_alike(tmp_path, of, default):
    texts = ["a", "A", "á", "a", "b"]
    with duckdb.connect(tmp_path / "t.db") as connection:
        connection.execute(f"SET default_collation = '{default}'; CREATE TABLE t (x VARCHAR {of}, y INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [*zip(texts, range(5), strict=True)])
        found = [_exactly(connection.table("t"))]
    found.append(_exactly(f"duckdb:///{tmp_path}/t.db?table=t"))
    assert found == [({"a": 2, "A": 1, "á": 1, "b": 1}, 2, {"A": 1, "á": 1}, 2)] * 2


def _exactly(source):
    """By value, in a group, looked up, and how many in the first outcome of a joint count."""
    with open_table(source) as table:
        joint = table.count_joint({"x": ByValues(("a",)), "y": ByCuts(())})
        return (
            table.count_values(["x"], 9)["x"].kept,
            table.restricted("x", Value("a")).rows(),
            table.count_listed({"x": ["A", "á", "B"]})["x"],
            joint[0, 0],
        )


# --- relations that can't be read ---------------------------------------------------------------------


def test_a_relation_with_a_name_twice():
    with pytest.raises(kldiv.TableError, match="the DuckDB relation has more than one column called 'a'"):
        open_table(duckdb.connect().sql("SELECT 1 AS a, 2 AS a"))


def test_a_relation_of_what_is_no_longer_there():
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    dropped, closed = connection.table("t"), connection.sql("SELECT 1 AS a")
    connection.execute("DROP TABLE t")
    with pytest.raises(kldiv.TableError, match="can't read the DuckDB relation: Table with name t does not"):
        open_table(dropped)
    connection.close()
    with pytest.raises(kldiv.TableError, match="can't read the DuckDB relation: Connection has already been"):
        open_table(closed)


# --- weights, bins and messages, on every engine ------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("of", "weights"),
    [
        (pa.int64(), [2**63 - 1, 2**63 - 1, 2]),
        (pa.uint64(), [2**64 - 1, 2**64 - 1, 1]),
        (pa.uint64(), [2**63, 1, 1]),
    ],
)
def test_weights_may_add_up_to_more_than_their_type_can_hold(tmp_path, engine, of, weights):
    table = pa.table({"x": ["a", "b", "a"], "y": [1.5, 2.5, 3.5], "w": pa.array(weights, of)})
    with open_table(ENGINES[engine](table, tmp_path), weights="w") as opened:
        assert opened.rows() == sum(weights)
        counted = opened.count_values(["x"], 9)["x"].kept
        assert counted == {"a": weights[0] + weights[2], "b": weights[1]}
        assert opened.count_bins({"y": [Cut("3")]})["y"] == [weights[0] + weights[1], weights[2]]
        assert opened.summaries(["y"])["y"].ordinary == sum(weights)


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_may_not_add_up_to_infinity(tmp_path, engine):
    source = ENGINES[engine](pa.table({"x": ["a", "b"], "w": [1e308, 1e308]}), tmp_path)
    with pytest.raises(kldiv.TableError, match=r"weights 'w' of .* add up to more than any number can be"):
        open_table(source, weights="w")


@pytest.mark.parametrize("asked", [{"columns": ["w"]}, {"joint": [("a", "w")]}, {"by": "w"}])
def test_the_weights_are_not_compared(asked):
    table = pl.DataFrame({"a": [1, 2], "w": [1, 2]})
    with pytest.raises(
        kldiv.InvalidInputError, match=r"^column 'w' weighs the rows, and is not one of those compared$"
    ):
        kldiv.compare(table, table, weights="w", **asked)


def test_nothing_but_weights():
    table = pl.DataFrame({"w": [1, 2]})
    with pytest.raises(kldiv.TableError, match="P has none to compare and Q has none to compare; expected"):
        kldiv.compare(table, table, weights="w")


@pytest.mark.parametrize("engine", ENGINES)
def test_many_more_bins_than_rows(tmp_path, engine, monkeypatch):
    """No more is asked than rows can answer."""
    source = ENGINES[engine](pa.table({"x": [1.5, 2.5, 2.5, 9.0]}), tmp_path)
    with open_table(source) as table:
        original, asked = table.values_past, []
        monkeypatch.setattr(table, "values_past", lambda amounts: asked.append(amounts) or original(amounts))
        column = kldiv.compare(table, table, bins=1000)["x"]
        assert counts(column) == {"< 2.5": (1, 1), "[2.5, 9)": (2, 2), ">= 9": (1, 1)}
        assert [*map(len, asked[0].values())] == [4]


def test_no_question_is_nested_as_deep_as_there_are_bins(monkeypatch):
    """Polars copies it at each level, so that time and memory grow with the square; for Spark narwhals and
    Catalyst go through it by recursion, and have no room for a thousand levels.
    """
    generator = np.random.default_rng(0)
    frame = pl.DataFrame(generator.normal(size=(2000, 2)), ["x", "y"])
    with open_table(frame) as table:
        original, plans = table._collect_rows, []
        monkeypatch.setattr(
            table, "_collect_rows", lambda few: plans.append(few.to_native().explain()) or original(few)
        )
        joint = kldiv.compare(table, table, joint=[("x", "y")], bins=500, max_categories=10**6).joint[0]
        assert len(joint.divergence.outcomes) > 500
    assert max(max(accumulate((each in "([") - (each in ")]") for each in plan)) for plan in plans) < 100


def test_one_value_is_no_plural():
    one, other = pl.DataFrame({"x": ["a"], "y": [None]}), pl.DataFrame({"x": ["b"], "y": [1]})
    comparison = kldiv.compare(one, other, max_categories=1)
    assert comparison["y"].notes == ("the only value is null in P",)
    assert (
        comparison["x"]
        .notes[0]
        .startswith("the most frequent value is counted by itself and the other 0 of P")
    )


def test_what_a_backend_of_ibis_refuses_is_told():
    huge = pa.table({"x": pa.array([Decimal(1)], pa.decimal256(50, 2))})
    with pytest.raises(kldiv.TableError, match=r"can't read the Ibis table: .*256"):
        open_table(ibis.memtable(huge))
    with pytest.raises(kldiv.TableError, match="can't read the Ibis table: "):
        open_table(ibis.table({"x": "int64"}, name="nowhere"))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_numbers_of_numpy_are_numbers(frame):
    """What engines are asked with is written into statements, and NumPy writes its numbers otherwise."""
    p, q = frame({"x": np.arange(90.0) ** 2}), frame({"x": np.arange(80.0) * 70})
    found = kldiv.compare(p, q, bins=np.int64(5), max_categories=np.int32(9))
    assert found["x"] == kldiv.compare(p, q, bins=5, max_categories=9)["x"]
    made = kldiv.profile(p, bins=np.int64(5), max_values=np.uint8(31))
    assert kldiv.compare(made, made)["x"].divergence.value == 0
