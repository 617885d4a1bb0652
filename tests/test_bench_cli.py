"""`kldiv bench`, as a user at a shell sees it, and its report."""

import io
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import terminals
from benchmarking import QUICK, made, quick_peers
from rich.cells import cell_len
from rich.console import Console

from kldiv.benchmark.measurement import Quantiles
from kldiv.benchmark.peers import peers_of
from kldiv.report.bench_terminal import quantity, relative, show
from kldiv.report.benchmark import document, remarks, tab_separated
from kldiv.report.json import dumps


@pytest.fixture
def run(run, monkeypatch):
    monkeypatch.setattr("kldiv.benchmark.benchmark.peers_of", quick_peers)

    return partial(run, "bench")


# --- the report ---------------------------------------------------------------------------------------


def rendered(result, width, **options):
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    show(result, console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160, 200])
def test_the_table_fits_its_terminal(width):
    text = rendered(made(), width)
    assert max(map(cell_len, text.splitlines())) <= width
    for part in ("256×32000, 31 MiB", "1×10, 40 B", "10.0 ms", "123 µs", "failed", "two reads", "torch 2.0"):
        assert part in text


@pytest.mark.parametrize(
    ("width", "shown", "dropped"), [(45, "× kldiv", "error"), (60, "░", "close"), (80, "nan", "…")]
)
def test_a_narrow_terminal_has_the_important_columns(width, shown, dropped):
    text = rendered(made(), width).partition("kldiv(p, q)")[0].partition("away.\n")[2]
    assert shown in text
    assert dropped not in text


def test_bars_are_as_long_as_the_times():
    lines = rendered(made(), 160).splitlines()
    lengths = [line.count("█") for line in lines if line.startswith(("kldiv  ", "quick,"))][:2]
    assert lengths == [0, 60]
    assert [line.count("░") for line in lines if line.startswith("two reads  ")][:2] == [6, 6]


def test_the_remarks_name_who_failed_and_who_is_absent():
    assert remarks(made()) == [
        "broken failed at 256×32000, 1×10: InductorError: no \\x1b[31mcompiler",
        "nobody is not installed and was left out; install it with: pip install no_such_package",
    ]
    text = " ".join(rendered(made(), 80).split())
    assert all(" ".join(each.split()) in text for each in remarks(made()))


def test_a_busy_machine_is_remarked_on():
    steady = made()
    case, (*others, floor) = steady.cases[1]
    busy = replace(floor, seconds=Quantiles(0.001, 0.002, 0.0021, 0.5))
    result = replace(steady, cases=(steady.cases[0], (case, (*others, busy))))
    (said,) = set(remarks(result)) - set(remarks(steady))
    assert "other programs" in said
    assert "at 1×10, where" in said


def test_fields_with_tabs_between_them():
    lines = [line.split("\t") for line in tab_separated(made()).splitlines()]
    assert {len(line) for line in lines} == {len(lines[0])}
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert rows[1] | {
        "shape": "256x32000", "peer": "quick", "gradient": "no", "median_seconds": "0.000123",
        "times_kldiv": repr(0.000123 / 0.01), "relative_error": "0.5", "relative_error_close": "nan",
    } == rows[1]  # fmt: skip
    assert (rows[2]["median_seconds"], rows[2]["error"]) == ("", "InductorError: no \\x1b[31mcompiler")


def test_the_document_has_everything():
    text = dumps(document(made()))
    read = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert read["absent"] == [{"peer": "nobody", "install": "pip install no_such_package"}]
    assert [each["times_kldiv"] for each in read["measurements"][:3]] == [1.0, pytest.approx(0.0123), None]
    assert read["measurements"][1]["answer_close"] == {
        "value": None, "printed": "nan", "exact": 1, "relative_error": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.5, "2.50 s"),
        (0.0999996, "100 ms"),
        (0.999, "999 ms"),
        (1e-3, "1.00 ms"),
        (87.94e-6, "87.9 µs"),
        (5e-10, "0.500 ns"),
        (1234.0, "1,234 s"),
        (0.0, "0 ns"),
    ],
)
def test_times_have_three_digits(seconds, text):
    assert quantity(seconds) == text


def test_errors_are_short():
    errors = (0.0, 6.1e-8, 9.9e-4, 1e-3, 0.0048, 1.64, 37.1, 4321.0, math.inf, math.nan)
    assert [relative(each) for each in errors] == [
        "0", "6e-8", "1e-3", "0.001", "0.0048", "1.6", "37", "4,321", "∞", "nan"
    ]  # fmt: skip


# --- the command --------------------------------------------------------------------------------------


def test_the_piped_table(run):
    code, out, err = run("--shape", "4x9", "--shape", "1x10", "--shape", "4x9", "--rounds", "2")
    assert code == 0
    assert "\x1b" not in out + err
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(row[0], row[3]) for row in rows[1:]] == [
        (shape, peer.name) for shape in ("4x9", "1x10") for peer in peers_of("kl") if peer.name in QUICK
    ]
    assert err.splitlines()[-1] == (
        "nobody is not installed and was left out; install it with: pip install no_such_package"
    )


def test_options_reach_the_benchmark(run):
    code, out, _ = run(
        *(
            "--shape",
            "2x3",
            "--divergence",
            "js",
            "--dtype",
            "float64",
            "--rounds",
            "3",
            "--forward",
            "--json",
        ),
        *("--threads", "1"),
    )
    assert code == 0
    read = json.loads(out)
    assert (read["divergence"], read["gradient"], read["circumstances"]["threads"]) == ("js", False, 1)
    assert [each["peer"] for each in read["measurements"]] == [
        "kldiv", "torch eager", "scipy", "two reads and a write"
    ]  # fmt: skip
    assert {(each["dtype"], each["rounds"]) for each in read["measurements"]} == {("float64", 3)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shape", "256"], "shape is '256'; expected rows x outcomes, as in 256x32000"),
        (["--shape", "0x5"], "shape is '0x5'"),
        (["--shape", "5x00"], "shape is '5x00'"),
        (["--shape", "-1x5"], "shape is '-1x5'"),
        (["--shape", "1x2x3"], "shape is '1x2x3'"),
        (["--shape", ""], "shape is ''"),
        (["--shape", "1x1", "--shape", "9999999x9999999"], "expected a smaller shape"),
        (["--rounds", "0"], "0 is not in the range"),
        (["--threads", "0"], "0 is not in the range"),
        (["--dtype", "int8"], "'int8' is not one of"),
        (["--divergence", "renyi"], "'renyi' is not one of"),
        (["extra"], "extra"),
    ],
)
def test_an_error_is_one_sentence_and_exit_code_2(run, monkeypatch, arguments, message):
    monkeypatch.setattr("kldiv.benchmark.room.available_bytes", lambda: 10**9)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("kldiv: ")
    assert message in err
    assert err.count("\n") == 1


def test_interruption_is_quiet(run, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kldiv.benchmark.benchmark.measure", interrupt)
    assert run("--shape", "1x1") == (130, "", "")


AT_TERMINAL = """
import sys
sys.path.insert(0, {tests!r})
import benchmarking
import kldiv.benchmark.benchmark as benchmark
benchmark.peers_of = benchmarking.quick_peers
sys.argv = ["kldiv", "bench", "--shape", "4x9", "--rounds", "2"]
from kldiv.cli import main
main()
"""


def at_terminal(columns):
    """What the command writes to a terminal of this width, standard error included."""
    command = [sys.executable, "-c", AT_TERMINAL.format(tests=str(Path(__file__).parent))]
    return terminals.at_terminal(command, columns)


def test_a_real_terminal_has_a_table_and_a_progress_bar():
    code, text = at_terminal(100)
    assert code == 0
    for part in ("4×9: preparing torch.distributions", "timing", "█", "× kldiv", "nobody is not installed"):
        assert part in text
    assert "\x1b[1;32mkldiv" in text


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    text = rendered(made(), 100, force_terminal=True)
    assert "█" in text
    assert not re.search(r"\x1b\[[0-9;]*[34][0-9]m", text)


@pytest.mark.parametrize("arguments", [["bench", "--help"], ["bench", "--shape", "9999999x9999999"]])
def test_help_and_refusals_load_nothing(arguments):
    code = (
        f"import sys; sys.argv = ['kldiv', *{arguments!r}]\n"
        "from kldiv.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "loaded = {'torch', 'numpy', 'scipy', 'rich', 'jax', 'keras'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_has_an_example(run):
    assert "kldiv bench --shape 64x128256 --dtype bfloat16" in run("--help")[1]
