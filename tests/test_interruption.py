"""Ctrl-C at moments that are hard to hit: each is struck from inside of the command."""

import os
import subprocess
import sys

import pytest
from sparking import NEEDS_JAVA
from tabular import JANUARY, JULY

STRIKE = """
import os, signal, sys
def strike():
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(1000))
"""
# Strikes when a module is about to be loaded.
FINDER = """
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            strikes()
sys.meta_path.insert(0, Finder())
"""
RUN = """
from kldiv.__main__ import main
main()
"""


def command(tmp_path, before, *arguments):
    """The exit code and standard error of the command line, after some other statements."""
    text = f"{before}\nsys.argv = ['kldiv', *{[*map(str, arguments)]!r}]\n{RUN}"
    done = subprocess.run(
        [sys.executable, "-c", text],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
        timeout=500,
    )
    return done.returncode, done.stderr, done.stdout


def on_loading(module, strikes):
    return STRIKE + strikes + FINDER.format(module=module)


ESTIMATE = ("estimate", "a,a,b", "a,b,b")
COMPARE = ("compare", JULY, JANUARY, "--columns", "carrier", "--json", "out.json")
PLAIN = "strikes = strike\n"
IN_EXEC = "def strikes():\n    exec('strike()')\n"
# As Cython does where it is interrupted while it sets up a module.
AS_IMPORT_ERROR = """
def strikes():
    try:
        strike()
    except KeyboardInterrupt:
        raise ImportError("can't be loaded")
"""
IN_A_DESTRUCTOR = """
class Struck:
    def __del__(self):
        strike()
def strikes():
    Struck()
"""
TWICE = """
def strikes():
    try:
        strike()
    finally:
        strike()
        print("cleared away")
"""


@pytest.mark.parametrize("module", ["click", "kldiv.cli.compare", "kldiv.estimators", "numpy"])
@pytest.mark.parametrize("strikes", [PLAIN, IN_EXEC, AS_IMPORT_ERROR, IN_A_DESTRUCTOR])
def test_while_something_is_loaded(tmp_path, module, strikes):
    assert command(tmp_path, on_loading(module, strikes), *ESTIMATE) == (130, "", "")


def test_what_a_library_swallows_is_not_lost(tmp_path):
    """As PyTorch does while it loads NumPy, and whoever takes it for the failure of a peer."""
    swallowed = "def strikes():\n    try:\n        strike()\n    except KeyboardInterrupt:\n        pass\n"
    bench = ("bench", "--shape", "2x3", "--rounds", "1")
    assert command(tmp_path, on_loading("numpy", swallowed), *bench) == (130, "", "")


def test_a_second_press_does_not_break_off_the_clearing_away(tmp_path):
    assert command(tmp_path, on_loading("numpy", TWICE), *ESTIMATE) == (130, "", "cleared away\n")


def test_after_the_answer(tmp_path):
    before = "\nimport atexit; atexit.register(strike)"
    code, err, out = command(tmp_path, STRIKE + before, *ESTIMATE)
    assert (code, err) == (0, "")
    assert "D(P‖Q)" in out


def test_duckdb_is_loaded_whole(tmp_path):
    """It aborts the process if its loading is broken off."""
    strikes = "def strikes():\n    strike()\n    print('went on')\n"
    assert command(tmp_path, on_loading("duckdb", strikes), *COMPARE) == (130, "", "went on\n")
    assert not [*tmp_path.iterdir()]


def test_an_error_without_a_press_is_still_one(tmp_path):
    strikes = "def strikes():\n    raise ImportError('broken')\n"
    code, err, _ = command(tmp_path, on_loading("kldiv.estimators", strikes), *ESTIMATE)
    assert (code, err.splitlines()[-1]) == (1, "ImportError: broken")


def test_where_it_is_ignored_it_stays_so(tmp_path):
    """As a shell does for what it starts in the background."""
    ignored = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    code, err, _ = command(tmp_path, f"{on_loading('numpy', PLAIN)}\n{ignored}", *ESTIMATE)
    assert (code, err) == (0, "")


TERMINATED = """
import os, signal, sys
from kldiv.tables.duckdb_engine import DuckDBTable
def count_values(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(1000))
DuckDBTable.count_values = count_values
"""
IN_A_DESTRUCTOR_TOO = (
    TERMINATED.replace("    os.kill", "    Struck()\ndef strike():\n    os.kill") + IN_A_DESTRUCTOR
)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process outright")
@pytest.mark.parametrize("before", [TERMINATED, IN_A_DESTRUCTOR_TOO])
def test_what_was_begun_is_cleared_away_when_it_is_terminated(tmp_path, before):
    """As by timeout or by whoever runs containers; what DuckDB has on disk may be gigabytes."""
    assert command(tmp_path, before, *COMPARE) == (143, "", "")
    assert not [*tmp_path.iterdir()]


# --- while Spark is asked -----------------------------------------------------------------------------

LATER = "import threading\ndef later(seconds): threading.Timer(seconds, strike).start()\n"
WHILE_JAVA_STARTS = (
    LATER
    + """
import pyspark.java_gateway
launch = pyspark.java_gateway.launch_gateway
def launching(*arguments):
    later(0.5)
    return launch(*arguments)
pyspark.java_gateway.launch_gateway = launching
"""
)
WHILE_IT_COUNTS = (
    LATER
    + """
from kldiv.tables.frames import FrameTable
collect = FrameTable._collect
def collecting(self, frame):
    FrameTable._collect = collect
    later(0.1)
    return collect(self, frame)
FrameTable._collect = collecting
"""
)


@NEEDS_JAVA
@pytest.mark.parametrize("before", [WHILE_JAVA_STARTS, WHILE_IT_COUNTS])
def test_spark_ends_without_a_word_and_takes_java_with_it(tmp_path, before):
    """The output ends when the last process that could write to it has."""
    arguments = (*COMPARE, "--engine", "spark", "--master", "local[1]")
    assert command(tmp_path, STRIKE + before, *arguments) == (130, "", "")
    assert [each.name for each in tmp_path.iterdir() if "hsperfdata" not in each.name] == []


@NEEDS_JAVA
def test_java_and_its_files_are_gone_when_the_answer_is_there(tmp_path):
    arguments = (*COMPARE, "--engine", "spark", "--master", "local[1]")
    assert command(tmp_path, "import sys", *arguments)[:2] == (0, "")
    assert [each.name for each in tmp_path.iterdir() if "hsperfdata" not in each.name] == ["out.json"]
