"""What holds the whole together: layers, what is loaded when, and the program that checks it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHECK = [sys.executable, str(ROOT / "tools" / "check_layers.py")]
PRELUDE = "import sys; sys.argv = ['kldiv', *sys.argv[1:]]\n"


def python(code, *arguments):
    command = [sys.executable, "-W", "error", "-c", PRELUDE + code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_file_keeps_to_its_layer():
    done = subprocess.run(CHECK, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("definition.py", "from kldiv.inputs import Probs", "imports kldiv.inputs (layer 1)"),
        ("errors.py", "import kldiv.cli", "imports kldiv.cli (layer 9)"),
        ("units.py", "def f():\n    import torch", "imports torch"),
        ("tables.py", "from kldiv import report", "imports kldiv.report (layer 8)"),
        ("report/x.py", "import duckdb.sql", "imports duckdb"),
    ],
)
def test_an_import_that_climbs_is_found(tmp_path, file, text, problem):
    path = tmp_path / "kldiv" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    (tmp_path / "kldiv" / "report").mkdir(exist_ok=True)
    (tmp_path / "kldiv" / "report" / "__init__.py").touch()
    done = subprocess.run([*CHECK, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert problem in done.stdout


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], "torch numpy scipy rich duckdb"),
        (["explain", "--help"], "torch numpy scipy rich duckdb"),
        (["explain", "1,1,2,2,3", "1,1,1,1,1,2,3,3,3,3", "--base", "2"], "torch scipy duckdb"),
        (["explain", "1,2", "2,2", "--json"], "torch duckdb"),
        (["explain", "1,2", "2,2", "--got", "0.1"], "torch scipy duckdb"),
        (["explain", "1,2", "2,2", "--framework", "all"], "torch scipy duckdb jax keras"),
        (["audit", "--help"], "torch numpy scipy rich duckdb"),
        (["compare", "--help"], "torch numpy scipy rich duckdb"),
    ],
)
def test_commands_load_no_more_than_they_need(arguments, absent):
    code = (
        "from kldiv.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"loaded = set({absent.split()!r}) & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    done = python(code, *arguments)
    assert done.returncode == 0, done.stderr


def test_importing_kldiv_loads_nothing_heavy():
    done = python(
        "import kldiv; dir(kldiv); assert not {'torch', 'numpy', 'scipy', 'rich'} & set(sys.modules)"
    )
    assert done.returncode == 0, done.stderr


def test_estimate_loads_no_torch():
    done = python("import kldiv; kldiv.estimate([1], [1]); assert 'torch' not in sys.modules")
    assert done.returncode == 0, done.stderr
