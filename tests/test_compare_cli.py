"""`kldiv compare`, as a user at a shell sees it."""

import csv
import io
import json
import math
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import terminals
from rich.cells import cell_len
from rich.console import Console

import kldiv
from kldiv.report.comparison import document, shown, tab_separated
from kldiv.report.comparison_terminal import show
from kldiv.report.json import dumps

FLIGHTS = Path(__file__).parent.parent / "examples" / "data"
JANUARY, JULY = (FLIGHTS / f"flights-2013-{month}.parquet" for month in ("01", "07"))
# Departures more than 6 minutes early: 4,055 of January's 27,004 flights, 2,830 of July's 29,425.
EARLY = 4055 / 27_004 * math.log(4055 / 27_004 * 29_425 / 2830)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HOSTILE = '[red]a[/red]\x1b[31m "q"\n\t\u202e\\'


@pytest.fixture
def run(run):
    return partial(run, "compare")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A table whose names and values would colour a terminal, break rows, or be taken for something else."""
    folder = tmp_path_factory.mktemp("hostile")
    values = [
        "[bold]x[/bold]",
        "\x1b[2Jgone",
        "tab\there",
        "line\nbreak",
        "",
        "null",
        " 'q' ",
        "日本語",
        None,
    ]
    for side, times in (("p", 1), ("q", 2)):
        rows = [
            {HOSTILE: each, f"long {'name ' * 20}": str(each), "only" + side: 1} for each in values * times
        ]
        (folder / f"{side}.json").write_text(json.dumps(rows[times:]), encoding="utf-8")
    return folder / "p.json", folder / "q.json"


@pytest.fixture(scope="module")
def flights():
    return kldiv.compare(JANUARY, JULY)


def table(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def rendered(comparison, width, **options):
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, highlight=False, color_system="standard"
    )
    show(comparison, console, **{"top": 3, **options})
    return console.file.getvalue()


def at_terminal(*arguments, **options):
    """What the command writes to a terminal, standard error included, and its exit code."""
    return terminals.at_terminal([sys.executable, "-m", "kldiv", "compare", *map(str, arguments)], **options)


# --- the piped table ----------------------------------------------------------------------------------


def test_the_piped_table_is_the_comparison(run, flights):
    code, out, err = run(JANUARY, JULY)
    assert code == 0
    rows = table(out)
    assert [each["column"] for each in rows] == [each.name for each in flights.columns]
    for row, column in zip(rows, flights.columns, strict=True):
        for name in ("estimate", "low", "high", "value", "n_p", "n_q"):
            assert float(row[name]) == getattr(column.divergence, name)
        assert float(row["p_value_adjusted"]) == column.p_value_adjusted
        assert (int(row["nulls_p"]), int(row["nulls_q"])) == (column.nulls_p, column.nulls_q)
        assert row["kind"] == column.kind
    by_name = {each["column"]: each for each in rows}
    assert by_name["carrier"]["value"] == "inf"
    assert by_name["year"]["largest_terms"] == ""
    assert by_name["dep_delay"]["largest_terms"].startswith(f"< -6 +{EARLY:.4g}; ")
    assert "carrier: ∞ as counted: Q never shows OO, which has 0.0037 % of P\n" in err
    assert "tailnum: ∞ as counted: Q never shows" in err


def test_no_name_or_value_breaks_a_row(run, hostile):
    _, out, err = run(*hostile, "--top", 20)
    rows = table(out)
    assert len(out.splitlines()) == 3
    assert {each["column"][:9] for each in rows} == {"[red]a[/r", "long name"}
    assert all(each.isprintable() for text in (out, err) for each in text if each not in "\n\t")
    assert "onlyp: not compared: only in P\n" in err
    assert "onlyq: not compared: only in Q\n" in err


def test_options_reach_the_comparison(run):
    code, out, _ = run(
        JANUARY,
        JULY,
        "--columns",
        "dep_delay",
        "--base",
        "2",
        "--bins",
        "4",
        "--confidence",
        "0.5",
        "--top",
        "1",
    )
    expected = kldiv.compare(JANUARY, JULY, columns=["dep_delay"], base=2, bins=4, confidence=0.5)
    assert code == 0
    assert out == tab_separated(expected, 1)
    _, out, err = run(JANUARY, JULY, "--columns", "dest", "--max-categories", "5", "--top", "0")
    assert "the 5 most frequent values" in err
    assert table(out)[0]["largest_terms"] == ""


def test_columns_are_named_as_in_a_line_of_csv(run, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"a,b",c," d",e\n1,2,3,4\n')
    _, out, _ = run(path, path, "--columns", '"a,b", c', "--columns", '" d"')
    assert sorted(each["column"] for each in table(out)) == [" d", "a,b", "c"]
    _, out, _ = run(path, path, "--columns", "e", "--joint", '"a,b",c', "--joint", "c,e")
    assert {each["column"]: each["kind"] for each in table(out)} == {
        "e": "categorical", "a,b × c": "joint", "c × e": "joint"
    }  # fmt: skip


# --- exit codes and errors ----------------------------------------------------------------------------


def test_a_threshold_is_exceeded_by_a_low_end(run, flights):
    low = flights["dep_delay"].divergence.low
    code, _, err = run(
        JANUARY, JULY, "--columns", "dep_delay,hour", "--threshold", repr(math.nextafter(low, 0))
    )
    assert code == 1
    assert (
        err.splitlines()[-1] == f"kldiv: the interval lies above {low:g} nats for dep_delay (from {low:.4g})"
    )
    code, _, err = run(JANUARY, JULY, "--columns", "dep_delay", "--threshold", repr(low))
    assert (code, err) == (0, "")


def test_json_is_written_before_the_threshold_is_judged(run, tmp_path):
    target = tmp_path / "out.json"
    code, out, _ = run(JANUARY, JULY, "--columns", "month", "--threshold", "1", "--json", target)
    assert (code, out) == (1, "")
    assert json.loads(target.read_text())["columns"][0]["name"] == "month"


def test_a_document_that_fails_to_be_written_leaves_the_old_one(run, tmp_path):
    target = tmp_path / "out.json"
    target.write_text("old")
    assert run(JANUARY, "absent.csv", "--json", target)[0] == 2
    assert (target.read_text(), list(tmp_path.iterdir())) == ("old", [target])


# --- JSON ---------------------------------------------------------------------------------------------


def test_json_has_everything(run, flights):
    code, out, err = run(JANUARY, JULY, "--json", "-")
    parsed = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert (code, err) == (0, "")
    assert out == dumps(document(flights))
    assert set(parsed) == {
        "divergence", "direction", "p", "q", "rows_p", "rows_q", "base", "unit", "confidence", "missing",
        "weights", "columns", "joint", "skipped", "only_in_p", "only_in_q",
        "by", "groups", "groups_only_in_p", "groups_only_in_q",
    }  # fmt: skip
    assert (parsed["direction"], parsed["unit"], parsed["rows_p"]) == ("D(P||Q)", "nats", 27_004)
    carrier = next(each for each in parsed["columns"] if each["name"] == "carrier")
    assert (carrier["value"], carrier["infinite"]) == (None, True)
    assert carrier["infinite_because"] == "Q never shows OO, which has 0.0037 % of P"
    assert carrier["outcomes"][10] == {
        "outcome": "OO", "outcome_kind": "value", "p_count": 1, "q_count": 0,
        "p": 1 / 27_004, "q": 0.0, "contribution": None, "infinite": True,
    }  # fmt: skip
    delay = next(each for each in parsed["columns"] if each["name"] == "dep_delay")
    assert (delay["infinite"], delay["infinite_because"]) == (False, None)
    assert sum(each["contribution"] for each in delay["outcomes"]) == pytest.approx(delay["value"], rel=1e-9)
    assert [(each["outcome"], each["outcome_kind"]) for each in delay["outcomes"]][-2:] == [
        (">= 79", "bin"),
        ("null", "null"),
    ]


def test_json_says_what_was_left_out(run, hostile, tmp_path):
    paths = []
    for side, value in (("p", "1"), ("q", "'x'")):
        paths.append(tmp_path / f"{side}.parquet")
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT {value} AS a, 1 AS b, 1 AS only_{side}) TO '{paths[-1]}'")
    parsed = json.loads(run(*paths, "--json", "-")[1])
    assert parsed["skipped"] == [{"name": "a", "reason": "holds numbers in P and text in Q"}]
    assert (parsed["only_in_p"], parsed["only_in_q"]) == (["only_p"], ["only_q"])
    parsed = json.loads(run(*hostile, "--json", "-")[1])
    assert HOSTILE in {each["name"] for each in parsed["columns"]}


# --- the terminal -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("named", ["flights", "hostile"])
def test_the_table_fits_its_terminal(width, named, flights, hostile):
    comparison = flights if named == "flights" else kldiv.compare(*hostile)
    text = rendered(comparison, width)
    assert max(cell_len(ESCAPES.sub("", line)) for line in text.splitlines()) <= width
    assert all(each.isprintable() for each in ESCAPES.sub("", text) if each != "\n")


@pytest.mark.parametrize(("width", "shown_at", "dropped"), [
    (60, ["column", "D(P‖Q)", "95 % interval", "p adj."], ["P  ", "largest terms", "type", "nulls"]),
    (80, ["p adj.", "P  ", "Q  "], ["type", "counted  ", "nulls", "largest terms"]),
    (100, ["p adj.", "P  ", "Q  ", "largest terms"], ["type", "counted  ", "nulls"]),
    (140, ["type", "counted  ", "nulls P", "nulls Q", "P  ", "Q  ", "largest terms"], []),
])  # fmt: skip
def test_a_narrow_terminal_has_the_important_columns(flights, width, shown_at, dropped):
    text = ESCAPES.sub("", rendered(flights, width))
    heading = next(line for line in text.splitlines() if line.startswith("column"))
    assert all(each in heading for each in shown_at)
    assert not any(each in heading for each in dropped)
    lines = {line.split()[0]: line for line in text.splitlines() if line.split()}
    delay = flights["dep_delay"].divergence
    assert ("▆" in lines["dep_delay"]) == ("P  " in shown_at)
    numbers = f" {delay.estimate:.4f} [{delay.low:.4f}, {delay.high:.4f}] < 0.0001"
    assert numbers in re.sub(" +", " ", lines["dep_delay"])
    assert (f"< -6 +{EARLY:.4f}" in lines["dep_delay"]) == ("largest terms" in shown_at)


def test_no_number_of_a_term_is_cut(flights):
    for width in range(96, 160):
        for line in ESCAPES.sub("", rendered(flights, width)).splitlines():
            if line.startswith("time_hour"):
                assert re.search(r"… \+\d\.\d{4} *$|00 \+\d\.\d{4}", line), line


def test_the_title_says_the_direction_and_the_tables(flights):
    assert ESCAPES.sub("", rendered(flights, 300)).splitlines()[:3] == [
        "D(P‖Q) in nats for each column; P is the reference",
        f"P = {JANUARY}, 27,004 rows",
        f"Q = {JULY}, 29,425 rows",
    ]


def test_markup_and_escapes_are_shown_as_they_are(hostile):
    text = rendered(kldiv.compare(*hostile), 200, top=20)
    assert r'[red]a[/red]\x1b[31m "q"\n\t\u202e' in ESCAPES.sub("", text)
    assert "\x1b[2J" not in text
    assert "\x1b[31m" not in text


def test_values_that_could_be_taken_for_others_are_quoted(hostile):
    comparison = kldiv.compare(*hostile)
    outcomes = {shown(each) for column in comparison.columns for each in column.divergence.outcomes}
    assert {"'null'", "null", "''", "\" 'q' \"", "[bold]x[/bold]", r"tab\there"} <= outcomes


def test_groups_that_could_be_taken_for_others_are_quoted(run, tmp_path):
    """An empty text, and the text null beside no value; the column that makes them may have no name."""
    tables = [tmp_path / "p.parquet", tmp_path / "q.parquet"]
    for path, more in zip(tables, (["only"], []), strict=True):
        groups = ["", "null", None, "tab\t", *more]
        pq.write_table(pa.table({"": groups, "x": [1] * len(groups)}), path)
    _, out, err = run(*tables, "--by", "", "--threshold", "-1")
    assert [each["group"] for each in table(out)] == ["", "", "''", "'null'", "tab\\t", "null"]
    assert "'' = only: not compared: only in P\n" in err
    assert (
        "x, '' = '' (from 0), x, '' = 'null' (from 0), x, '' = tab\\t (from 0), x, '' = null (from 0)" in err
    )
    text = ESCAPES.sub("", rendered(kldiv.compare(*tables, by=""), 80))
    headings = [line.partition(",")[0] for line in text.splitlines() if line.endswith("1 row of Q")]
    assert headings == ["'' = ''", "'' = 'null'", "'' = tab\\t", "'' = null"]


def test_rows_above_the_threshold_stand_out(flights):
    def coloured(threshold):
        text = rendered(flights, 80, threshold=threshold)
        return {
            ESCAPES.sub("", line).split()[0]
            for line in text.splitlines()
            if "\x1b[33m" in line or ";33m" in line
        }

    assert coloured(None) == set()
    assert coloured(1.0) == {each.name for each in flights.exceeding(1.0)} == {"month", "time_hour"}
    delay = flights["dep_delay"].divergence
    assert "dep_delay" not in coloured(delay.estimate)


def test_a_real_terminal_has_a_table_and_a_progress_bar():
    code, text = at_terminal(JANUARY, JULY, "--columns", "carrier,dest", columns=80)
    assert code == 0
    assert "reading" in text
    assert "\x1b[1mD(P‖Q)" in text
    shown_text = ESCAPES.sub("", text)
    assert "2 of 2 columns" in shown_text
    assert "carrier  ∞ as counted: Q never shows OO, which has 0.0037 % of P" in shown_text


def test_a_terminal_without_blocks_has_other_letters():
    _, text = at_terminal(JANUARY, JULY, "--columns", "month,hour", PYTHONIOENCODING="latin-1")
    lines = ESCAPES.sub("", text).splitlines()
    assert any("D(P||Q) in nats" in line for line in lines)
    row = next(line for line in lines if line.startswith("hour"))
    assert re.search(r"  [_.=+*%#-]{10}  [_.=+*%#-]{10}", row), row
    assert "?" not in "".join(lines)


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_other_letters_take_no_more_room_than_there_is(columns):
    """They are longer; an interval that ends at infinity moves nothing behind it."""
    _, text = at_terminal(
        JANUARY, JULY, "--columns", "carrier,tailnum,hour", columns=columns, PYTHONIOENCODING="ascii"
    )
    lines = ESCAPES.sub("", text).replace("\r", "\n").splitlines()
    assert all(len(line.rstrip()) <= columns for line in lines), lines
    heading, *rows = [line for line in lines if re.match(r"\w+ +(text|integer|type|D|0\.)", line)]
    assert len(rows) == 3
    if columns > 40:
        end = heading.index("p adj.") + len("p adj.")
        assert {row[end - 1].isdigit() and row[end] for row in rows} == {" "}


def test_no_color_is_honoured():
    _, text = at_terminal(JANUARY, JULY, "--columns", "month", "--threshold", "1", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


def test_torch_is_not_loaded(tmp_path):
    target = tmp_path / "out.json"
    code = (
        "import sys; from kldiv.cli import _run\n"
        f"assert _run(['compare', {str(JANUARY)!r}, {str(JULY)!r}, '--json', {str(target)!r}]) == 0\n"
        f"assert _run(['compare', {str(JANUARY)!r}, {str(JULY)!r}]) == 0\n"
        "assert 'duckdb' in sys.modules\n"
        "assert not {'torch', 'pandas', 'pyarrow'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_ends_the_command():
    command = f"{sys.executable} -m kldiv compare {JANUARY} {JULY} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)  # noqa: S607
    assert done.stdout.startswith("column\tkind\t")
    assert "Traceback" not in done.stderr
