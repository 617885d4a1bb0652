"""The files a table is read from, and the types of what is text in them."""

import gzip
import json

import pytest
from tabular import counts, csv_file, parquet, written

import kldiv


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
        (["10:00", "23:59:59"], "time of day"),
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


def test_every_key_is_a_column_however_rare(tmp_path):
    path = written(tmp_path / "t.jsonl", "".join(f'{{"key {index}": {index}}}\n' for index in range(300)))
    comparison = kldiv.compare(path, path)
    assert len(comparison.columns) == 300
    assert counts(comparison["key 7"]) == {"7": (1, 1), "null": (299, 299)}
