"""What `kldiv compare` says where it can't be asked: one sentence, and what to write instead."""

from functools import partial

import pytest
from tabular import JANUARY, JULY


@pytest.fixture
def run(run):
    return partial(run, "compare")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([JANUARY, "absent.csv"], "absent.csv doesn't exist; expected the path of a table or a glob"),
        ([JANUARY], "Missing argument 'Q'; expected kldiv compare [OPTIONS] P Q"),
        ([JANUARY, JULY, JULY], "); kldiv compare --help lists what there is"),
        (
            ["-", JULY],
            "standard input can't be a table, which is read more than once; write it to a file first",
        ),
        (
            ["https://a.example/b.csv", JULY],
            "https://a.example/b.csv is no file of this machine; download it first;",
        ),
        (["file:///a/b.csv", JULY], "file:///a/b.csv is no file of this machine; write its path, /a/b.csv"),
        (["duckdb://a.db", JULY], "write three slashes: duckdb:///file.db?table=NAME"),
        (["~/a.csv", JULY], "~/a.csv doesn't exist, as only the shell knows ~, without quotes"),
        (["/dev/null", JULY], "/dev/null can't be read more than once, as a table is"),
        (
            [JANUARY, JULY, "--query", "FROM x"],
            "the query calls the table t, which has 'year', 'month', 'day'",
        ),
        (
            [JANUARY, JULY, "--query", "SELECT x FROM t"],
            "the query calls the table t, which has 'year', 'month'",
        ),
        (
            [JANUARY, JULY, "--columns", "carier"],
            "column 'carier' is in neither table; did you mean 'carrier'?",
        ),
        (
            [JANUARY, JULY, "--columns", 'a,"b'],
            "expected names with commas between, those that hold one in quotes",
        ),
        ([JANUARY, JULY, "--threshold", "nan"], "nan is no threshold; expected a finite number"),
        ([JANUARY, JULY, "--base", "1"], "base is '1'; expected e, 2, 10 or another number greater than 1"),
        ([JANUARY, JULY, "--bins", "1"], "'--bins'"),
        ([JANUARY, JULY, "--confidence", "1"], "'--confidence'"),
        ([JANUARY, JULY, "--json", "no/such/folder.json"], "can't write no/such/folder.json"),
        ([JANUARY, JULY, "--json", "a" * 300], "a: File name too long"),
        (["duckdb:///" + "a" * 300 + "?table=t", JULY], "a: File name too long"),
        (["a\x1b[31m.txt", JULY], r"a\x1b[31m.txt matches no file"),
    ],
)
def test_an_error_is_one_sentence_and_exit_code_2(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("kldiv: ")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.CSV.gz", "write '{}/*.CSV.gz', in quotes, for the files in it"),
        ("deeper/a.parquet", "write '{}/**/*.parquet', in quotes, for the files in it"),
        ("y=1/m=2/a.pq", "for the files in it; what their folders are called, as y=1, makes no column"),
        ("a.txt", "expected a file, and none in it has an extension of a known format: CSV (.csv"),
    ],
)
def test_a_folder_is_no_table(run, tmp_path, name, said):
    folder = tmp_path / "data.v1"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).touch()
    _, _, err = run(folder, JULY)
    assert err.startswith(f"kldiv: {folder} is a folder; ")
    assert said.format(folder) in err


@pytest.mark.parametrize(("encoding", "line"), [("latin-1", 2), ("utf-16", 1)])
def test_a_file_that_is_not_utf8(run, tmp_path, encoding, line):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,é\n", encoding=encoding)
    _, _, err = run(path, JULY)
    assert (
        f"line {line} of {path}: it is not UTF-8; convert the file, as iconv -f LATIN1 -t UTF-8 does" in err
    )
