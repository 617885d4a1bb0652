"""Stored profiles: they answer as their table does, merge exactly, and are read only if whole."""

import datetime as dt
import json
import math
import re
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabular import JANUARY, JULY, counts, csv_file, parquet

import kldiv
from kldiv.tables import Profile, merge, open_table, profile
from kldiv.tables.outcomes import Cut, Special
from kldiv.tables.profile_file import dumps, is_profile, loads, read


def same(found, expected):
    """Two comparisons that say the same, but for the names of their tables."""
    return {**vars(found), "p": "", "q": ""} == {**vars(expected), "p": "", "q": ""}


def shards(folder, path, parts):
    """A Parquet file cut into so many, row by row in turn."""
    paths = []
    for part in range(parts):
        numbered = f"(FROM '{path}' SELECT *, row_number() OVER () AS r)"
        rows = f"FROM {numbered} SELECT * EXCLUDE (r) WHERE r % {parts} = {part}"
        paths.append(parquet(folder / f"shard{part}.parquet", rows))
    return paths


@pytest.fixture(scope="module")
def july():
    return profile(JULY)


# --- the same numbers as from the table ---------------------------------------------------------------


def test_a_profile_on_either_side_gives_the_tables_numbers(tmp_path, july):
    path = tmp_path / "july.json"
    july.save(path)
    assert same(kldiv.compare(JANUARY, path), kldiv.compare(JANUARY, JULY))
    assert same(kldiv.compare(path, JANUARY), kldiv.compare(JULY, JANUARY))
    january = profile(JANUARY)
    assert same(kldiv.compare(january, path), kldiv.compare(JANUARY, JULY))
    some = {"bins": 7, "max_categories": 20, "missing": "separate"}
    assert same(kldiv.compare(january, july, **some), kldiv.compare(JANUARY, JULY, **some))


TYPES = {
    "DOUBLE": ["0.1", "-2.5", "1e300", "-0.0", "0.0", "5", "nan", "inf", "-inf", "1e-7", "123456789.5"],
    "FLOAT": ["0.1", "0.2", "-3.25", "16777217", "nan", "inf"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807", "9007199254740993", "0", "5", "-12"],
    "DECIMAL(9,2)": ["5.50", "-0.05", "100.00", "7.25", "0.00"],
    "DATE": ["2024-01-01", "1969-12-31", "2024-02-29", "0001-01-01", "9999-12-31"],
    "TIMESTAMP": ["2024-01-01 10:00:00.5", "2024-01-01", "1969-12-31 23:59:59.999999"],
    "TIMESTAMPTZ": ["2024-01-01 10:00:00+02", "2024-01-01 00:00:00+00"],
    "TIME": ["10:00:00", "00:00:00.000001", "23:59:59"],
    "VARCHAR": ["a", "", "null", "é", "\U0001f600", 'quote "', "line\nbreak", "<script>", "{}", "Z"],
    "BOOLEAN": ["true", "false"],
}
ORDERED = ["DOUBLE", "FLOAT", "BIGINT", "DECIMAL(9,2)", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME"]


@st.composite
def column(draw, types=tuple(TYPES)):
    type_ = draw(st.sampled_from([*types]))
    values = draw(st.lists(st.sampled_from(TYPES[type_]) | st.none(), min_size=1, max_size=30))
    return type_, values


def table_of(folder, name, type_, values):
    path = Path(folder) / f"{name}.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE t(x {type_})")
        connection.executemany("INSERT INTO t VALUES (?)", [[each] for each in values])
        connection.execute(f"COPY t TO '{path}'")
    return path


@given(column())
def test_a_profile_answers_as_its_table(tmp_path_factory, drawn):
    type_, values = drawn
    with open_table(table_of(tmp_path_factory.mktemp("t"), "t", type_, values)) as table:
        stored = loads(dumps(profile(table)), "stored")
        assert stored.columns() == table.columns()
        assert stored.rows() == table.rows()
        assert stored.summaries(["x"]) == table.summaries(["x"])
        whole = table.summaries(["x"])["x"].whole
        if type_ in ("VARCHAR", "BOOLEAN") or whole:
            for limit in (1, 3, 100):
                assert stored.distinct(["x"], limit) == table.distinct(["x"], limit)
                assert stored.count_values(["x"], limit) == table.count_values(["x"], limit)
            listed = {"x": ["a", "null", "5", "true", "nowhere"]}
            found = {key: each for key, each in stored.count_listed(listed)["x"].items() if each}
            assert found == {key: each for key, each in table.count_listed(listed)["x"].items() if each}
        ordinary = table.summaries(["x"])["x"].ordinary
        if type_ in ORDERED and ordinary:
            amounts = {"x": [*range(ordinary)]}
            past = table.values_past(amounts)
            assert stored.values_past(amounts) == past
            assert stored.next_values(past) == table.next_values(past)
            cuts = {"x": [Cut(each, above) for each in dict.fromkeys(past["x"]) for above in (False, True)]}
            assert stored.count_bins(cuts) == table.count_bins(cuts)


FAMILIES = (ORDERED[:4], ORDERED[4:7])


@given(st.sampled_from(FAMILIES).flatmap(lambda types: st.tuples(column(types), column(types))))
def test_edges_of_one_type_are_exact_in_another(tmp_path_factory, drawn):
    """0.1 in single precision, a day and its midnight, integers that no float tells apart."""
    folder = tmp_path_factory.mktemp("t")
    paths = [table_of(folder, name, *each) for name, each in zip("pq", drawn, strict=True)]
    assert same(kldiv.compare(*map(profile, paths), bins=3), kldiv.compare(*paths, bins=3))


def test_a_cut_is_rounded_to_single_precision_first(tmp_path):
    p = parquet(tmp_path / "p.parquet", "SELECT unnest([0.1, 0.3])::FLOAT AS x")
    q = parquet(tmp_path / "q.parquet", "SELECT unnest([0, 0.10000000001, 0.5])::DOUBLE AS x")
    expected = {"< 0.10000000001": (0, 1), "[0.10000000001, 0.5)": (2, 1), ">= 0.5": (0, 1)}
    assert counts(kldiv.compare(p, q)["x"]) == counts(kldiv.compare(profile(p), q)["x"]) == expected


def test_equally_frequent_values_are_kept_by_their_text(tmp_path):
    path = parquet(tmp_path / "t.parquet", "SELECT unnest(['ba', 'ab', 'c', 'aa', 'c']) AS x")
    assert profile(path).count_values(["x"], 2)["x"].kept == {"c": 2, "aa": 1}


def test_columns_that_cannot_be_counted_are_remembered(tmp_path):
    path = parquet(tmp_path / "t.parquet", "SELECT [1] AS nested, NULL::INTEGER AS empty, 1 AS x")
    table, stored = kldiv.compare(path, path), kldiv.compare(profile(path), path)
    assert same(stored, table)
    assert [each.name for each in stored.skipped] == ["nested"]


def test_every_engine_makes_the_same_profile(july):
    frame = pl.read_parquet(JULY)
    tables = [frame, frame.lazy(), frame.to_arrow(), frame.to_pandas()]
    with duckdb.connect() as connection:
        found = [profile(each) for each in (*tables, connection.from_parquet(str(JULY)))]
    for other in found:
        assert other.rows() == july.rows()
        for name, each in july.stored.items():
            assert other.stored[name].values == each.values, name
            assert other.stored[name].summary == each.summary
            assert other.stored[name].column.kind is each.column.kind
        assert kldiv.compare(JANUARY, other).columns == kldiv.compare(JANUARY, JULY).columns


def test_profiles_of_different_engines_merge(tmp_path):
    frame = pl.DataFrame({"x": [0.5, 0.25, 1e20], "y": ["a", "b", None]})
    frame.write_parquet(tmp_path / "t.parquet")
    merged = merge([profile(frame), profile(tmp_path / "t.parquet"), profile(frame.to_pandas())])
    assert merged.stored["x"].values == {"0.25": 3, "0.5": 3, "1e+20": 3}
    assert merged.stored["y"].values == {"a": 3, "b": 3}
    assert merged.stored["y"].summary.specials[Special.NULL] == 3


def test_few_columns_of_a_table():
    january = profile(JANUARY, columns=["carrier", "hour"])
    assert [*january.columns()] == ["carrier", "hour"]
    assert {each.name for each in kldiv.compare(JULY, january).columns} == {"carrier", "hour"}
    with pytest.raises(kldiv.TableError, match="has no column 'nowhere'; it has 'year'"):
        profile(JANUARY, columns=["nowhere"])


def test_weights_are_in_the_counts(tmp_path):
    p = parquet(tmp_path / "p.parquet", "SELECT x, x % 5 + 0.25 AS w FROM range(50) AS t(x)")
    weighted = profile(p, weights="w")
    weighted.save(tmp_path / "p.json")
    assert [*weighted.columns()] == ["x"]
    expected = kldiv.compare(p, p, weights="w")
    assert same(kldiv.compare(tmp_path / "p.json", p, weights="w"), expected)
    with pytest.raises(kldiv.TableError, match="was made with the weights in 'w', and none were asked for"):
        kldiv.compare(p, weighted)
    with pytest.raises(kldiv.TableError, match="was made without weights, and 'w' was asked for"):
        kldiv.compare(p, profile(p), weights="w")


# --- too many values ----------------------------------------------------------------------------------


@pytest.fixture
def many(tmp_path):
    """A thousand different numbers, days and texts, of which few are stored one by one."""
    columns = "x / 7 AS number, DATE '2000-01-01' + x::INTEGER AS day, 'v' || x % 600 AS text, x % 9 AS few"
    return [
        parquet(tmp_path / f"{name}.parquet", f"FROM range({low}, {low + 1000}) AS t(x) SELECT {columns}")
        for name, low in (("p", 300), ("q", 0))
    ]


def test_a_profile_of_too_many_values_has_the_bins_of_its_table(many):
    p, q = many
    stored = profile(q, max_values=50)
    found, table = kldiv.compare(p, stored), kldiv.compare(p, q)
    for name in ("number", "day", "few"):
        assert found[name].divergence == table[name].divergence
    assert found["number"].notes == ("counted in the 10 bins that the profile of Q stores",)
    assert counts(kldiv.compare(stored, p)["number"]) == {
        key: pair[::-1] for key, pair in counts(found["number"]).items()
    }


def test_bins_that_a_profile_lacks_cannot_be_had(many):
    p, q = many
    other, stored = profile(p, max_values=50), profile(q, max_values=50)
    result = kldiv.compare(other, stored)
    reason = "is stored in other bins in P than in Q; make one profile --like the other"
    assert {each.name: each.reason for each in result.skipped} == {"number": reason, "day": reason}
    alike = kldiv.compare(profile(p, max_values=50, like=stored), stored)
    assert alike["number"].divergence == kldiv.compare(p, q)["number"].divergence


def test_a_profile_of_a_profile_is_the_same(many):
    stored = profile(many[0], max_values=50)
    assert dumps(profile(stored)) == dumps(stored)
    few = profile(stored, columns=["few", "number"])
    assert few.stored == {name: stored.stored[name] for name in ("few", "number")}


def test_texts_beyond_the_most_frequent_are_one_outcome(many):
    p, q = many
    stored = profile(q, max_values=50)
    with duckdb.connect() as connection:
        grouped = "SELECT text, count(*) GROUP BY ALL ORDER BY 2 DESC, 1"
        rows, of_p = (connection.execute(f"FROM '{each}' {grouped}").fetchall() for each in (q, p))
    of_p = dict(of_p)
    kept = dict(rows[:50])
    column = kldiv.compare(p, stored)["text"]
    found = counts(column)
    folded = found.pop(f"other ({len(set(of_p) - set(kept)):,} values in P, {len(rows) - 50:,} in Q)")
    assert found == {each: (of_p.get(each, 0), times) for each, times in kept.items()}
    assert folded == (1000 - sum(pair[0] for pair in found.values()), 1000 - sum(kept.values()))
    assert "Q stores no other values one by one" in column.notes[0]


def test_a_profile_has_each_column_alone(july):
    with pytest.raises(kldiv.TableError, match="columns together can be compared only from the table"):
        kldiv.compare(july, july, joint=[("origin", "carrier")])
    with pytest.raises(kldiv.TableError, match="groups of rows can be compared only from the table"):
        kldiv.compare(july, july, by="origin")


# --- merging ------------------------------------------------------------------------------------------


def test_merged_shards_are_the_whole(tmp_path):
    parts = [profile(each) for each in shards(tmp_path, JULY, 3)]
    merged = merge(parts)
    assert dumps(merged) == dumps(profile(JULY))
    assert same(kldiv.compare(JANUARY, merged), kldiv.compare(JANUARY, JULY))


@given(column(), st.integers(1, 4))
def test_any_shards_of_any_column_are_the_whole(tmp_path_factory, drawn, parts):
    type_, values = drawn
    folder = tmp_path_factory.mktemp("t")
    pieces = [each for each in (values[part::parts] for part in range(parts)) if each]
    stored = [profile(table_of(folder, f"t{index}", type_, each)) for index, each in enumerate(pieces)]
    assert dumps(merge(stored)) == dumps(profile(table_of(folder, "whole", type_, values)))


def test_parts_of_one_name_are_told_apart():
    """Every frame is called the same, and one file may be merged with itself."""
    whole = pl.DataFrame({"x": [*"aab", None], "y": [0.5, 1.5, 2.5, 0.5], "l": [[1], None, [2], None]})
    parts = merge([profile(whole[:1]), profile(whole[1:2]), profile(whole[2:])])
    assert dumps(parts) == dumps(profile(whole))


def test_bins_of_one_name_are_told_apart():
    whole = pl.DataFrame({"x": [each / 7 for each in range(100)]})
    first = profile(whole, max_values=50)
    parts = [profile(whole[::2], max_values=40, like=first), profile(whole[1::2], max_values=40, like=first)]
    assert merge(parts).stored == first.stored


def test_shards_of_csv_whose_types_differ(tmp_path):
    """Whole numbers in one shard, fractions in the next, nothing in the third: numbers in the whole."""
    values = [["1", "2", "1"], ["2.5", "1e3", "1"], ["", ""]]
    paths = [
        csv_file(tmp_path / f"{index}.csv", ["x", "y"], [[each, "y"] for each in part])
        for index, part in enumerate(values)
    ]
    whole = csv_file(tmp_path / "whole.csv", ["x", "y"], [[each, "y"] for part in values for each in part])
    assert dumps(merge([*map(profile, paths)])) == dumps(profile(whole))


@pytest.mark.parametrize("order", [1, -1])
def test_a_number_that_two_types_write_differently_is_one_value(tmp_path, order):
    exact = parquet(tmp_path / "a.parquet", "SELECT 0.00001::DECIMAL(9,5) AS x")
    floating = parquet(tmp_path / "b.parquet", "SELECT 0.00001::DOUBLE AS x")
    whole = parquet(tmp_path / "whole.parquet", "SELECT unnest([0.00001, 0.00001])::DOUBLE AS x")
    assert dumps(merge([*map(profile, (exact, floating))][::order])) == dumps(profile(whole))


def test_numbers_that_the_common_type_cannot_hold(tmp_path):
    exact = parquet(tmp_path / "a.parquet", "SELECT 9007199254740993 AS x")
    floating = parquet(tmp_path / "b.parquet", "SELECT 0.5::DOUBLE AS x")
    single = parquet(tmp_path / "c.parquet", "SELECT 0.5::FLOAT AS x")
    with pytest.raises(kldiv.TableError, match="has 9007199254740993 as BIGINT, which DOUBLE can't hold"):
        merge([profile(exact), profile(floating)])
    with pytest.raises(kldiv.TableError, match="is of types DOUBLE and FLOAT, whose numbers differ"):
        merge([profile(floating), profile(single)])


def test_shards_of_too_many_values_merge_if_made_alike(tmp_path, many):
    p, _ = many
    parts = shards(tmp_path, p, 2)
    first, other = (profile(each, max_values=50) for each in parts)
    with pytest.raises(kldiv.TableError, match="make one like the other: kldiv profile TABLE --like"):
        merge([first, other])
    merged = merge([first, profile(parts[1], max_values=50, like=first)])
    whole = profile(p, max_values=50, like=first)
    for name in ("number", "day", "few"):
        assert merged.stored[name] == whole.stored[name]
    assert merged.stored["text"].values == whole.stored["text"].values
    assert merged.stored["text"].other_count == whole.stored["text"].other_count
    # A shard with few values is cut at the same edges when it is merged.
    complete = merge([first, profile(parts[1], columns=None)])
    assert complete.stored["number"] == whole.stored["number"]
    assert complete.stored["text"].values == whole.stored["text"].values


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("SELECT 1 AS x", "are not of one table: column 'y' is in one alone"),
        ("SELECT 'a' AS x, 2 AS y", "column 'x' holds number values in .* and text values in"),
    ],
)
def test_profiles_that_cannot_be_merged(tmp_path, other, message):
    first = profile(parquet(tmp_path / "a.parquet", "SELECT 1 AS x, 2 AS y"))
    with pytest.raises(kldiv.TableError, match=message):
        merge([first, profile(parquet(tmp_path / "b.parquet", other))])
    weighted = profile(tmp_path / "a.parquet", weights="y")
    with pytest.raises(kldiv.TableError):
        merge([first, weighted])
    with pytest.raises(kldiv.InvalidInputError):
        merge([])


# --- the file -----------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "t.json"
    profile(
        parquet(tmp_path / "t.parquet", "SELECT x, x / 4 AS y, 'v' || x AS z FROM range(100) AS t(x)"),
        max_values=40,
    ).save(path)
    return path


def test_a_profile_is_told_from_a_table_in_json(tmp_path, stored):
    table = tmp_path / "table.json"
    table.write_text('{"a": 1, "kldiv_profile": 1}\n')
    assert (is_profile(stored), is_profile(table), is_profile(tmp_path / "absent.json")) == (
        True,
        False,
        False,
    )
    assert counts(kldiv.compare(table, table)["a"]) == {"1": (1, 1)}


def test_what_is_read_is_what_was_written(stored):
    text = stored.read_text()
    assert dumps(read(stored)) == text
    # Whatever lays the same document out anew changes nothing.
    assert dumps(loads(json.dumps(json.loads(text), indent=4), "")) == text


def test_a_profile_that_windows_has_saved(tmp_path, stored):
    """With a mark at its beginning, which made it a table in JSON, and other ends of lines."""
    path = tmp_path / "saved.json"
    path.write_bytes(b"\xef\xbb\xbf" + stored.read_bytes().replace(b"\n", b"\r\n"))
    assert is_profile(path)
    assert dumps(read(path)) == stored.read_text()


def _edits(text):
    document = json.loads(text)
    yield "version 2", {**document, "kldiv_profile": 2}
    yield "'kldiv_profile' of the document is '1'", {**document, "kldiv_profile": "1"}
    yield "checksum", {**document, "checksum": "0"}
    yield "unknown member 'more'", {**document, "more": 1}
    yield "lacks 'rows'", {key: each for key, each in document.items() if key != "rows"}
    yield "sum to 100, not to 101", {**document, "rows": 101}
    first = document["columns"][0]
    for reason, change in (
        ("same name", None),
        ("'strange' is not a valid Kind", {"kind": "strange"}),
        ("unknown 'nil'", {"specials": {"nil": 1}}),
        ("expected ascending ones", {"cuts": first["cuts"][::-1]}),
        ("expected ascending ones", {"counts": first["counts"][1:]}),
        ("1.5 is no count", {"counts": [1.5, *first["counts"][1:]]}),
        ("-1 is no count", {"counts": [-1, *first["counts"][1:]]}),
        ("True is no count", {"counts": [True, *first["counts"][1:]]}),
        ("sum to", {"counts": [0, *first["counts"][1:]]}),
        ("lacks 'counts'", {"counts": ...}),
        ("neither values nor bins", {"counts": ..., "cuts": ...}),
        ("'name' of column 1 is 5", {"name": 5}),
        ("unknown member 'x'", {"x": 1}),
        ("Invalid literal", {"cuts": [{"at": "nine"}, *first["cuts"][1:]]}),
    ):
        columns = [first, first] if change is None else [{**first, **change}]
        columns = [{key: each for key, each in of.items() if each is not ...} for of in columns]
        yield reason, {**document, "columns": columns}
    yield "", {**document, "columns": [*document["columns"][1:], first]}


def test_a_profile_that_was_changed_is_not_read(stored):
    for reason, document in _edits(stored.read_text()):
        with pytest.raises(kldiv.TableError) as error:
            loads(json.dumps(document), "t.json")
        assert reason in str(error.value), document
        assert re.search(r"t\.json .* make it again", str(error.value))
        assert len(str(error.value).splitlines()) == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("tail", ["9Z", "9T", ":"])
def test_an_instant_that_is_none_is_told_in_one_sentence(tail):
    """NumPy reads a Z for a zone, and warns."""
    made = profile(pl.DataFrame({"x": [dt.datetime(2024, 1, 1, 10, 0, 9), None]}))
    with pytest.raises(kldiv.TableError, match="is no whole profile"):
        loads(dumps(made).replace("10:00:09", f"10:00:0{tail}"), "t.json")


def test_a_profile_cut_off_anywhere_is_not_read(stored):
    text = stored.read_text().rstrip()
    for end in range(30, len(text), 97):
        with pytest.raises(kldiv.TableError, match="is no whole profile"):
            loads(text[:end], "t.json")


@pytest.mark.parametrize(
    "text", ['{"kldiv_profile": NaN}', '{"kldiv_profile": 1, "kldiv_profile": 1}', "[" * 100_000, "5"]
)
def test_what_is_no_profile_at_all(text):
    with pytest.raises(kldiv.TableError, match="is no whole profile"):
        loads(text, "t.json")


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "t.json"
    path.write_bytes(b'{"kldiv_profile": 1, "x": "\xff"}')
    with pytest.raises(kldiv.TableError, match="byte 27 is not UTF-8"):
        kldiv.compare(path, path)


HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(HOSTILE, min_size=1, unique=True), st.lists(HOSTILE, min_size=1, max_size=10))
def test_any_name_and_value_comes_through(tmp_path_factory, names, values):
    from kldiv.tables.contract import Column, Kind, Summary
    from kldiv.tables.profiles import StoredValues

    times = {each: index + 1 for index, each in enumerate(dict.fromkeys(values))}
    summary = Summary(sum(times.values()), dict.fromkeys(Special, 0), whole=False)
    column = StoredValues(Column(Kind.TEXT, "VARCHAR"), summary, times)
    path = tmp_path_factory.mktemp("t") / "t.json"
    Profile("t", summary.ordinary, dict.fromkeys(names, column)).save(path)
    found = read(path)
    assert [*found.columns()] == names
    assert all(each.values == times for each in found.stored.values())


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=20))
def test_weights_come_back_as_they_were(weights):
    from kldiv.tables.contract import Column, Kind, Summary
    from kldiv.tables.profiles import StoredValues

    values = {str(index): each for index, each in enumerate(weights)}
    summary = Summary(math.fsum(weights), dict.fromkeys(Special, 0), whole=True)
    column = StoredValues(Column(Kind.NUMBER, "BIGINT"), summary, values)
    found = loads(dumps(Profile("t", math.fsum(weights), {"x": column}, "w")), "t")
    assert found.stored["x"].values == values


def test_the_folder_must_be_there(tmp_path, july):
    with pytest.raises(kldiv.InvalidInputError, match="can't write"):
        july.save(tmp_path / "absent" / "t.json")


def test_a_profile_that_fails_to_be_written_leaves_the_old_one(tmp_path, monkeypatch, july):
    path = tmp_path / "t.json"
    path.write_text("old")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        july.save(path)
    assert (path.read_text(), [*tmp_path.iterdir()]) == ("old", [path])


def test_progress_and_arguments():
    seen = []
    profile(JANUARY, columns=["origin", "hour"], on_progress=seen.append)
    assert seen == [(1, 2, 27_004), (2, 2, 2 * 27_004)]
    for wrong in ({"bins": 1}, {"max_values": 5}):
        with pytest.raises(kldiv.InvalidInputError):
            profile(JANUARY, **wrong)
    with pytest.raises(kldiv.InputTypeError):
        profile(JANUARY, columns="hour")
    with pytest.raises(kldiv.TableError, match="is no profile; expected one to be like"):
        profile(JANUARY, like=JULY)
