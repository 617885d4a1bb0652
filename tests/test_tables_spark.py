"""Spark counts what the others count, on one machine and on two workers, and shuffles counts, not rows."""

import json
import os
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import narwhals.stable.v2 as nw
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
import pytest
from py4j.protocol import Py4JError
from pyspark.sql import SparkSession
from sparking import NEEDS_JAVA, spark_session  # noqa: F401 (a fixture)
from table_engines import COLUMNS, ENGINES, rows_of, table
from tabular import JANUARY, JULY, counts

import kldiv
from kldiv.report.comparison import document
from kldiv.tables import frames
from kldiv.tables.contract import ByCuts, ByValues, Kind
from kldiv.tables.opening import open_table
from kldiv.tables.outcomes import Cut, Special, Value
from kldiv.tables.spark_errors import reason

# Spark has no unsigned integers, and reads no times of day and nanoseconds by itself.
NAMES = [name for name in COLUMNS if name not in ("u8", "u64", "time", "zoned ns")]
ROWS = rows_of(table(NAMES))


@pytest.fixture(scope="module", params=[None, "weight", "weight 1/2"])
def both(request, session, tmp_path_factory):
    """The same table in DuckDB, whose answers are checked elsewhere, and in Spark."""
    path = ENGINES["parquet"](table(NAMES), tmp_path_factory.mktemp("spark"))
    frame = session.read.parquet(str(path))
    with open_table(path, weights=request.param) as known, open_table(frame, weights=request.param) as found:
        yield known, found


def test_everything_is_counted_alike(both):
    known, found = both
    kinds = {name: column.kind for name, column in known.columns().items()}
    assert {name: column.kind for name, column in found.columns().items()} == kinds
    assert found.rows() == known.rows()
    summaries = known.summaries([*kinds])
    assert found.summaries([*kinds]) == summaries
    ordered = [
        name
        for name, kind in kinds.items()
        if kind in (Kind.NUMBER, Kind.DATE) and summaries[name].ordinary and name not in ("i8", "i16", "i32")
    ]
    amounts = {name: [each * summaries[name].ordinary / 8 for each in range(8)] for name in ordered}
    if all(isinstance(of.ordinary, int) for of in summaries.values()):
        amounts = {name: [*map(int, each)] for name, each in amounts.items()}
    values = known.values_past(amounts)
    assert found.values_past(amounts) == values
    different = {name: [*dict.fromkeys(each)] for name, each in values.items()}
    assert found.next_values(different) == known.next_values(different)
    cuts = {
        name: [Cut(each, above) for each in texts for above in (False, True)]
        for name, texts in different.items()
    }
    assert found.count_bins(cuts) == known.count_bins(cuts)


@pytest.mark.parametrize("guessed", [[], [-5.0], None])
def test_quantiles_near_guesses_are_the_same(session, tmp_path, monkeypatch, guessed):
    """Guesses decide the time, never the answer: none at all, a bad one, and Spark's own."""
    names = ["f64b", "f32", "wide", "stamp"]
    path = ENGINES["parquet"](table(names), tmp_path)
    monkeypatch.setattr(frames, "_GROUPED", 2)
    with open_table(path) as known, open_table(session.read.parquet(str(path))) as found:
        if guessed is not None:
            said = nw.from_native(session.sql(f"SELECT array({', '.join(f'{each}D' for each in guessed)})"))
            monkeypatch.setattr(found, "_guesses", found._guesses._replace(quantiles=lambda *_: said.lazy()))
        amounts = {name: range(int(of.ordinary)) for name, of in known.summaries(names).items()}
        assert found.values_past(amounts) == known.values_past(amounts)


def test_decimals_of_places_alone(session, tmp_path):
    """Beside a whole number Spark rounds them to 37 places: 10^-38 is not 0, nor is what ends in nines 1."""
    values = [Decimal("1e-38"), Decimal("0." + "9" * 38), Decimal(0), Decimal("-0." + "9" * 38)]
    for some in (values, values[:1], values[2:3]):
        path = tmp_path / "t.parquet"
        pq.write_table(pa.table({"x": pa.array(some, pa.decimal128(38, 38))}), path)
        with open_table(session.read.parquet(str(path))) as found, open_table(path) as known:
            assert found.summaries(["x"]) == known.summaries(["x"])
            assert found.summaries(["x"])["x"].whole == (some == [0])
        compared = kldiv.compare(session.read.parquet(str(path)), path)["x"]
        assert all(each.p_count == each.q_count for each in compared.divergence.outcomes)


@pytest.mark.parametrize("type_", [pa.float64(), pa.float32()])
def test_which_floats_are_whole(session, tmp_path, type_):
    """What is less than a digit of 1 is lost where 1 is added to it, and no long integer is 10^30."""
    smallest = [1e-17, -3e-40, 1e-45 if type_ == pa.float32() else 5e-324]
    path = tmp_path / "t.parquet"
    for some, whole in [([each], False) for each in (*smallest, 0.5, 1e30)] + [([-0.0, -2.0, 2.0**24], True)]:
        values = [*some, 2.0, float("inf"), float("nan"), None]
        pq.write_table(pa.table({"x": pa.array(values, type_)}), path)
        with open_table(session.read.parquet(str(path))) as found:
            assert found.summaries(["x"])["x"].whole == whole, some


def test_times_of_day_of_a_session_that_has_them(session):
    session.conf.set("spark.sql.timeType.enabled", "true")
    try:
        frame = session.sql(
            "SELECT CAST(x AS TIME(6)) AS x FROM VALUES ('10:00:00'), ('23:59:59.999999') AS t(x)"
        )
        with open_table(frame) as found:
            assert found.tally("x", 9) == {"10:00:00": 1, "23:59:59.999999": 1}
    finally:
        session.conf.unset("spark.sql.timeType.enabled")


def test_values_are_counted_alike(both):
    known, found = both
    names = [name for name in ("i8", "bool", "text", "dictionary", "f64w") if known.summaries([name])[name]]
    for keep in (2, 99):
        assert found.count_values(names, keep) == known.count_values(names, keep)
    assert found.distinct(names, 3) == known.distinct(names, 3)
    listed = {"text": [*{each for each in ROWS["text"] if each is not None}, "absent"], "i8": ["1", "-128"]}
    for name, of in found.count_listed(listed).items():
        assert {key: times for key, times in of.items() if times} == known.count_listed(listed)[name]
    grids = {
        "dec": ByCuts((Cut("0"), Cut("1.5", above=True))),
        "text": ByValues(("a", "")),
        "bool": ByValues(("true",)),
    }
    assert found.count_joint(grids) == known.count_joint(grids)
    of_nulls = {"none": ByValues(()), "bool": ByValues(())}
    assert found.count_joint(of_nulls) == known.count_joint(of_nulls)
    for outcome in (Value("a"), Special.NULL):
        parts = [each.restricted("text", outcome) for each in both]
        assert parts[0].rows() == parts[1].rows()


def test_names_are_data_in_spark_too(session):
    names = ["a.b", "`", "select", "c0", "*", "it's", 'q"', "é"]
    frame = session.createDataFrame([tuple(range(len(names)))], names)
    with open_table(frame) as found:
        assert [*found.columns()] == names
        kept = {name: {str(index): 1} for index, name in enumerate(names)}
        assert {name: of.kept for name, of in found.count_values(names, 9).items()} == kept


QUESTIONS = {
    "columns": {},
    "weights": {"weights": "distance"},
    "groups": {"by": "origin"},
    "joint": {"joint": [("carrier", "dep_delay")]},
    "missing": {"missing": "separate"},
    "folded": {"max_categories": 3},
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("grouped", [frames._GROUPED, 1000])
def test_only_counts_are_collected_and_shuffled(session, monkeypatch, question, grouped):
    """In every plan, what is exchanged was aggregated first, and no row of the table is collected."""
    plans, collected = [], []
    frame = session.read.parquet(str(JULY))
    collect = type(frame).collect

    def watching(self):
        rows = collect(self)
        collected.append(len(rows))
        plans.append(self._jdf.queryExecution().executedPlan().toString())
        return rows

    monkeypatch.setattr(type(frame), "collect", watching)
    monkeypatch.setattr(frames, "_GROUPED", grouped)
    asked = {"columns": ["carrier", "dep_delay", "hour"], **QUESTIONS[question]}
    found, known = (
        kldiv.compare(each, session.read.parquet(str(JANUARY)), **asked) for each in (frame, JULY)
    )
    assert [counts(each) for each in found.everything()] == [counts(each) for each in known.everything()]
    # A value, and at most one more of the cuts of ten bins, the hours of a day, and cells of such.
    assert max(collected) <= (16 + 1) * 21
    assert _exchanges(plans) >= len(plans) / 2


def _exchanges(plans):
    """How many there are, each after an aggregation."""
    exchanged = 0
    for plan in plans:
        final = plan.partition("== Initial Plan ==")[2] or plan
        for below in re.split(r"Exchange \w+", final)[1:]:
            operators = re.findall(r"(?:\+- |: )(?:\*\(\d+\) )?(\w+)", below)
            partial = next(each for each in operators if each not in ("Project", "Sort", "Filter"))
            assert partial in ("HashAggregate", "SortAggregate", "ObjectHashAggregate"), plan
            exchanged += 1
    return exchanged


def test_a_query_of_parquet_files(session):
    assert session is SparkSession.getActiveSession()
    query = "SELECT hour % 2 AS odd FROM t"
    with open_table(JULY, engine="spark", query=query) as found, open_table(JULY, query=query) as known:
        assert found.count_values(["odd"], 9) == known.count_values(["odd"], 9)
    with pytest.raises(kldiv.TableError, match="with name `nothing` cannot be resolved"):
        open_table(JULY, engine="spark", query="SELECT nothing FROM t")


def test_a_name_twice_and_no_rows(session):
    frame = session.sql("SELECT 1 AS a, 2 AS a")
    with pytest.raises(kldiv.TableError, match="more than one column called 'a'"):
        open_table(frame)
    with pytest.raises(kldiv.TableError, match="has no rows"):
        open_table(session.sql("SELECT 1 AS a WHERE false"))


@pytest.mark.parametrize("collation", ["UTF8_LCASE", "UNICODE_AI", "UTF8_BINARY_RTRIM"])
def test_texts_differ_where_spark_takes_them_for_alike(session, collation):
    rows = session.createDataFrame([(each,) for each in ("a", "A", "á", "a ", "a")], "x STRING")
    with open_table(rows.selectExpr(f"collate(x, '{collation}') AS x")) as table:
        assert table.count_values(["x"], 9)["x"].kept == {"a": 2, "A": 1, "á": 1, "a ": 1}
        assert table.restricted("x", Value("A")).rows() == 1


# --- in a process of its own --------------------------------------------------------------------------

CLUSTER = """
import json, sys
import kldiv
from kldiv.report.comparison import document
from kldiv.tables.opening import open_table
from kldiv.tables.outcomes import Value
p, q, master, questions = sys.argv[1:]
try:
    with open_table(p, engine="spark", master=master):
        print("opened", flush=True)
        for asked in json.loads(questions):
            weights = asked.pop("weights", None)
            with (open_table(p, engine="spark", weights=weights) as of_p,
                  open_table(q, engine="spark", weights=weights) as of_q):
                print(json.dumps(document(kldiv.compare(of_p, of_q, weights=weights, **asked))))
except kldiv.TableError as error:
    sys.exit(f"TableError: {error}")
"""


def cluster(master, questions=({},), **environment):
    home = {"SPARK_HOME": str(Path(pyspark.__file__).parent)}
    asked = json.dumps([{"columns": ["carrier", "dep_delay", "hour"], **each} for each in questions])
    command = [sys.executable, "-W", "ignore", "-c", CLUSTER, str(JULY), str(JANUARY), master, asked]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | home | environment,
    )


def expected(questions=({},)):
    """What DuckDB's counts give, all of it, as JSON has it."""
    asked = [{"columns": ["carrier", "dep_delay", "hour"], **each} for each in questions]
    return [json.loads(json.dumps(document(kldiv.compare(JULY, JANUARY, **each)))) for each in asked]


def answers(out):
    return [json.loads(line) for line in out.splitlines() if line != "opened"]


@NEEDS_JAVA
@pytest.mark.parametrize("master", ["local[2]", "local-cluster[2,1,1024]"])
def test_every_number_is_the_same_on_two_threads_and_on_two_workers(master):
    questions = [
        {"by": "origin", "weights": "distance"},
        {"joint": [("carrier", "dep_delay")], "missing": "separate", "max_categories": 3},
        {"missing": "drop", "divergence": "js", "base": 2},
    ]
    done = cluster(master, questions)
    out, err = done.communicate(timeout=600)
    assert done.returncode == 0, err[-2000:]
    assert answers(out) == expected(questions)


@NEEDS_JAVA
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the executors' processes are found in /proc")
def test_a_killed_executor_costs_no_count():
    """Either Spark asks another one, and the answer is right, or there is an error."""
    done = cluster("local-cluster[2,1,1024]")
    assert done.stdout.readline() == "opened\n"
    executors = [each for each in _children(done.pid) if "CoarseGrainedExecutorBackend" in _command(each)]
    assert executors
    os.kill(executors[0], signal.SIGKILL)
    out, err = done.communicate(timeout=400)
    if done.returncode:
        assert "TableError: can't count" in err
    else:
        assert answers(out) == expected()


def test_another_master_than_that_of_the_session_that_runs(session):
    with open_table(JULY, engine="spark", master=session.sparkContext.master) as table:
        assert table.rows()
    with pytest.raises(kldiv.InvalidInputError, match=r"'local\[7\]', but Spark runs already, on local\[2\]"):
        open_table(JULY, engine="spark", master="local[7]")


OLD_JAVA = """#!/bin/sh
echo 'Exception in thread "main" java.lang.UnsupportedClassVersionError: class file version 61.0' >&2
exit 1
"""


@pytest.mark.parametrize("java", ["none", "an old one"])
def test_without_a_java_that_it_runs_on(tmp_path, java):
    path = os.environ["PATH"] if java == "an old one" else ""
    home = {"PATH": f"{tmp_path}:{path}", "JAVA_HOME": str(tmp_path)}
    if java == "an old one":
        (tmp_path / "java").write_text(OLD_JAVA)
        (tmp_path / "java").chmod(0o700)
        (tmp_path / "bin").symlink_to(tmp_path)
    done = cluster("local[1]", **home)
    _, err = done.communicate(timeout=100)
    assert "TableError: can't start Spark: no Java was found that it runs on; install Java 17" in err


@NEEDS_JAVA
def test_what_java_says_before_it_ends_is_told(tmp_path):
    (tmp_path / "spark-defaults.conf").write_text("spark.submit.deployMode cluster")
    done = cluster("local[1]", SPARK_CONF_DIR=str(tmp_path))
    _, err = done.communicate(timeout=100)
    assert "TableError: can't start Spark: Cluster deploy mode is not " in err


def test_a_java_that_dies_as_it_answers_is_told():
    """Py4J has nothing more to say then, and its log says where in Py4J that was."""
    assert (
        reason(Py4JError("An error occurred while calling o80.text"))
        == "Java, in which Spark runs, has ended"
    )
    assert reason(Py4JError("An error occurred while calling o80.text.\n: java.io.IOException: no")) == "no"


@NEEDS_JAVA
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="Java's process is found in /proc")
def test_a_java_that_is_killed_is_told():
    done = cluster("local[1]")
    assert done.stdout.readline() == "opened\n"
    for each in _children(done.pid):
        if "java" in _command(each).partition("\0")[0]:
            os.kill(each, signal.SIGKILL)
    out, err = done.communicate(timeout=100)
    assert (out, done.returncode) == ("", 1)
    assert re.fullmatch(r"TableError: can't (read|count) \S+: Java, in which Spark runs, has ended\n", err)


STOPPED = """
from pyspark.sql import SparkSession
import kldiv
from kldiv.tables.contract import ByCuts
from kldiv.tables.opening import open_table
from kldiv.tables.outcomes import Cut, Value
def says(question):
    try:
        question()
    except kldiv.TableError as error:
        print(error)
session = SparkSession.builder.master("local[1]").getOrCreate()
frame = session.range(9)
tables = [open_table(frame), open_table(frame.selectExpr("id", "id + 1 AS w"), weights="w")]
session.stop()
says(lambda: kldiv.compare(frame, frame))
for table in tables:
    says(lambda: table.summaries(["id"]))
    says(lambda: table.values_past({"id": [0]}))
    says(lambda: table.count_bins({"id": [Cut("1")]}))
    says(lambda: table.count_values(["id"], 9))
    says(lambda: table.count_joint({"id": ByCuts((Cut("1"),))}))
    says(lambda: table.restricted("id", Value("1")))
    says(lambda: kldiv.profile(table))
SparkSession.builder.master("local[1]").getOrCreate()
says(lambda: kldiv.compare(frame, frame))
"""


@NEEDS_JAVA
def test_a_frame_of_a_session_that_was_stopped():
    """Whether another one runs since or not; before it was opened, or after."""
    command = [sys.executable, "-W", "ignore", "-c", STOPPED]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    why = "the Spark frame: its Spark session has been stopped; make the frame again in one that runs"
    assert done.stdout.splitlines() == [f"can't count {why}"] * 16


def _children(process):
    """All below a process, by their numbers."""
    found = []
    for each in Path("/proc").glob("[0-9]*/task/[0-9]*/children"):
        if each.parent.parent.parent.name == str(process):
            for child in each.read_text().split():
                found += [int(child), *_children(child)]
    return found


def _command(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""
