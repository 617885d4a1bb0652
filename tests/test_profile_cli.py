"""`kldiv profile`, and what `kldiv compare` does with one, as a user at a shell sees it."""

import json
import os
import signal
import subprocess
import sys
import time
import types

import pytest
from tabular import JANUARY, JULY, parquet

import kldiv
from kldiv.report.json import dumps
from kldiv.tables.profile_file import read


@pytest.fixture
def run(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    return run


def test_a_profile_stands_for_its_table(run):
    assert run("profile", JANUARY, "-o", "jan.json") == (0, "", "")
    _, out, err = run("compare", JULY, "jan.json", "--top", "5")
    assert (0, out, err) == run("compare", JULY, JANUARY, "--top", "5")
    code, out, _ = run("profile", JANUARY, "--output", "-", "--columns", "hour,origin")
    assert (code, [each["name"] for each in json.loads(out)["columns"]]) == (0, ["hour", "origin"])


def test_profiles_of_parts_are_merged(run, tmp_path):
    for part in (0, 1):
        parquet(tmp_path / f"part{part}.parquet", f"FROM '{JULY}' WHERE day % 2 = {part}")
        assert run("profile", f"part{part}.parquet", "-o", f"part{part}.json")[0] == 0
    assert run("profile", "--merge", "part0.json", "part1.json", "-o", "whole.json") == (0, "", "")
    merged, whole = run("compare", JANUARY, "whole.json"), run("compare", JANUARY, JULY)
    assert merged == whole
    run("profile", "part?.parquet", "-o", "glob.json")
    assert (tmp_path / "glob.json").read_text() == (tmp_path / "whole.json").read_text()


def test_columns_of_many_values_are_said(run, tmp_path):
    columns = "x / 7 AS number, 'v' || x AS text, [x] AS nested"
    parquet(tmp_path / "t.parquet", f"FROM range(100) AS t(x) SELECT {columns}")
    code, _, err = run("profile", "t.parquet", "-o", "t.json", "--max-values", "40", "--bins", "4")
    assert code == 0
    assert err == (
        "number: has too many different values to store each; stored in 4 bins\n"
        "text: has too many different values to store each; stored are the 40 most frequent, and 60 others "
        "together\n"
        "nested: holds values of type BIGINT[], which can't be counted\n"
    )
    run("profile", "t.parquet", "-o", "u.json", "--max-values", "40", "--bins", "5")
    code, _, err = run("profile", "--merge", "t.json", "u.json", "-o", "v.json")
    assert (code, err.count("\n")) == (2, 1)
    assert "make one like the other: kldiv profile TABLE --like t.json" in err
    run("profile", "t.parquet", "-o", "u.json", "--max-values", "40", "--bins", "5", "--like", "t.json")
    assert run("profile", "--merge", "t.json", "u.json", "-o", "v.json")[0] == 0
    assert read(tmp_path / "v.json").rows() == 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["profile"], "Missing argument 'TABLE...'"),
        (["profile", JULY], "Missing option '-o' / '--output'"),
        (
            ["profile", JULY, JANUARY, "-o", "x"],
            "there are several tables; expected one, or a glob in quotes",
        ),
        (["profile", "--merge", JULY, "-o", "x"], "is no whole profile"),
        (["profile", "--merge", "absent.json", "-o", "x"], "can't read absent.json"),
        (["profile", "--merge", "a.json", "-o", "x", "--like", "b"], "--like is for a table"),
        (["profile", JULY, "-o", "no/such/folder.json"], "can't write no/such/folder.json"),
        (["profile", JULY, "-o", "x", "--max-values", "5"], "Invalid value for '--max-values'"),
        (["profile", JULY, "-o", "x", "--master", "local"], "--master is Spark's"),
        (["profile", JULY, "-o", "x", "--like", JANUARY], "is no profile; expected one to be like"),
        (["compare", JULY, JULY, "--joint", "a"], "'a' is no pair; expected two names with a comma between"),
        (["compare", JULY, JULY, "--joint", "a,b,c"], "'a,b,c' is no pair"),
        (["compare", JULY, JULY, "--columns", ""], "it is empty; expected names with commas between"),
        (["profile", JULY, "-o", "x", "--columns", ""], "it is empty; expected names with commas between"),
        (["compare", JULY, JULY, "--query", "x", "--p-query", "y"], "write --p-query and --q-query instead"),
        (["compare", JULY, JULY, "--missing", "x"], "Invalid value for '--missing'"),
        (["compare", JULY, JULY, "--weights", "carrier"], "are of type VARCHAR; expected numbers"),
    ],
)
def test_an_error_is_one_sentence_and_exit_code_2(run, tmp_path, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not [*tmp_path.iterdir()]


def test_a_profile_has_no_rows_to_query(run, tmp_path):
    run("profile", JULY, "-o", "july.json", "--columns", "hour")
    code, _, err = run("compare", JULY, "july.json", "--q-query", "FROM t")
    assert (code, err) == (
        2,
        "kldiv: july.json is a profile, which has no rows to query; expected a table, or no query\n",
    )
    run("profile", JULY, "-o", "bad.json", "--columns", "hour")
    bad = tmp_path / "bad.json"
    bad.write_text(bad.read_text()[:-200])
    code, _, err = run("compare", JULY, "bad.json")
    assert (code, err.count("\n")) == (2, 1)
    assert "bad.json is no whole profile" in err


def test_options_reach_the_comparison(run):
    columns = ["--columns", "dep_delay,origin"]
    asked = ["--by", "origin", "--joint", "origin,carrier", "--missing", "separate", "--weights", "distance"]
    code, out, err = run("compare", JULY, JANUARY, *columns, *asked, "--json", "-")
    found = json.loads(out)
    expected = kldiv.compare(
        JULY, JANUARY, columns=["dep_delay", "origin"], by="origin", joint=[("origin", "carrier")],
        missing="separate", weights="distance",
    )  # fmt: skip
    from kldiv.report.comparison import document

    assert (code, err, out) == (0, "", dumps(document(expected)))
    assert (found["missing"], found["weights"], found["by"]) == ("separate", "distance", "origin")
    assert [each["group"] for each in found["groups"]] == ["EWR", "JFK", "LGA"]
    assert found["joint"][0]["names"] == ["origin", "carrier"]
    first = found["joint"][0]["outcomes"][0]
    assert first["outcome"] == "EWR × 9E"
    assert first["parts"] == [
        {"outcome": "EWR", "outcome_kind": "value"},
        {"outcome": "9E", "outcome_kind": "value"},
    ]
    assert {each["kind"] for each in found["columns"]} == {"numeric", "missingness", "categorical"}


def test_a_group_over_the_threshold_is_named(run):
    code, out, err = run(
        "compare", JULY, JANUARY, "--columns", "dep_delay", "--by", "origin", "--threshold", "0.05"
    )
    assert code == 1
    assert err.splitlines()[-1].startswith(
        "kldiv: the interval lies above 0.05 nats for dep_delay, origin = JFK (from"
    )
    groups = [line.split("\t")[-1] for line in out.splitlines()]
    assert groups == ["group", "", "EWR", "JFK", "LGA"]


def test_the_profile_of_q_is_kept(run, tmp_path):
    arguments = ["compare", JULY, JANUARY, "--columns", "hour", "--json", "a.json"]
    assert run(*arguments, "--save-profile", "q.json")[0] == 0
    run("profile", JANUARY, "-o", "expected.json")
    assert (tmp_path / "q.json").read_text() == (tmp_path / "expected.json").read_text()


@pytest.mark.parametrize("name", ["report.html", "REPORT.HTM", "/dev/fd/63", "report"])
def test_a_report_is_written(run, monkeypatch, name):
    written = []
    report = types.SimpleNamespace(write_report=lambda *arguments: written.append(arguments))
    monkeypatch.setitem(sys.modules, "kldiv.report.html", report)
    code, out, _ = run("compare", JULY, JANUARY, "--columns", "hour", "--html", name)
    assert (code, out.splitlines()[0][:6]) == (0, "column")
    assert written == [(kldiv.compare(JULY, JANUARY, columns=["hour"]), name)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "report.pdf",
            "report.pdf ends in .pdf, and a page of HTML is written; expected a name that ends in",
        ),
        ("a.b.html.gz", "a.b.html.gz ends in .gz, and"),
        ("-", "'-' names no file; expected one, such as report.html"),
        ("", "'' names no file; expected one, such as report.html"),
    ],
)
def test_a_report_goes_into_no_file_of_another_kind(run, tmp_path, name, said):
    """And that is said before the tables are so much as looked for."""
    code, out, err = run("compare", "absent.csv", "absent.csv", "--html", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"kldiv: Invalid value for '--html': {said}")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("compare a.csv b.csv --json b.csv", "b.csv is a table that is read, and would be lost; expected"),
        (
            "compare a.csv [ab].csv --save-profile ./b.csv",
            "./b.csv is a table that is read, and would be lost",
        ),
        ("compare a.csv b.csv --json link", "link is a table that is read, and would be lost"),
        ("profile a.csv --like b.csv -o b.csv", "b.csv is a table that is read, and"),
        ("profile ?.csv -o a.csv", "a.csv is a table that is read, and"),
        # These are no databases, which doesn't matter yet.
        ("compare duckdb:///a.csv?table=t b.csv --json a.csv", "a.csv is a table that is read, and"),
        ("compare a.csv duckdb:///./b.csv?query=x#y --save-profile b.csv", "b.csv is a table that is read"),
        ("profile --engine spark file://{folder}/%61.csv -o a.csv", "a.csv is a table that is read, and"),
        (
            "compare a.csv b.csv --json c --save-profile ./c",
            "./c is asked for twice; expected",
        ),
        ("compare a.csv b.csv --html no/such/c", "can't write no/such/c: there is no folder no/such"),
        ("profile a.csv -o .", "can't write .: a folder; expected a file's name"),
    ],
)
def test_a_result_takes_no_table_s_place(run, tmp_path, monkeypatch, arguments, said):
    """Nor has one that nowhere exists, which is said before the tables are read."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n2\n")
    (tmp_path / "link").symlink_to("b.csv")
    monkeypatch.setattr("kldiv.tables.sources.opened", None)
    code, out, err = run(*arguments.format(folder=tmp_path).split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"kldiv: {said}")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == dict.fromkeys(
        ["a.csv", "b.csv", "link"], "x\n1\n2\n"
    )


def test_a_profile_may_be_merged_into_one_of_its_parts(run):
    for name in ("day.json", "week.json"):
        run("profile", JULY, "-o", name)
    assert run("profile", "--merge", "week.json", "day.json", "-o", "week.json") == (0, "", "")
    assert read("week.json").rows() == 2 * read("day.json").rows()


def test_letters_that_an_encoding_lacks_have_others():
    command = [sys.executable, "-m", "kldiv", "compare", JULY, JANUARY, "--columns", "month"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert b"month: inf as counted: Q never shows 7" in done.stderr


# --- interrupted --------------------------------------------------------------------------------------

SLOW = "FROM range(3000000) AS t(x) SELECT x / 7 AS a, 'v' || x AS b, hash(x) AS c"


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    return parquet(tmp_path_factory.mktemp("slow") / "slow.parquet", SLOW)


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.6, 0.9, 1.2, 1.6, 2.0])
@pytest.mark.parametrize("command", ["profile", "compare"])
def test_an_interrupt_leaves_nothing_behind(tmp_path, slow, command, seconds):
    """At whatever moment: the old file, or the whole new one, and no other."""
    target, old = tmp_path / "out.json", '{"old": true}'
    target.write_text(old)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    arguments = {"profile": [slow, "-o", target], "compare": [slow, slow, "--json", target]}[command]
    program = [sys.executable, "-m", "kldiv", command, *arguments]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=environment) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    # While Python itself starts it is Python that is interrupted, and says so in its own way.
    starting = process.returncode in (1, -signal.SIGINT) and "/cli/" not in err
    assert process.returncode in (0, 130) or starting, err
    found = target.read_text()
    assert found == old or "columns" in json.loads(found)
    assert process.returncode or found != old
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["out.json", "temporary"]
    assert starting or not ("Exception ignored" in err or "Traceback" in err), err
