"""`kldiv audit`, as a user at a shell sees it: the program runs as under python, then comes the report."""

import json
import os
import signal
import subprocess
import sys

import pytest

from kldiv import cli

WATCHED = """
import torch, torch.nn.functional as F, torch.nn as nn
torch.manual_seed(0)
z, t = torch.randn(4, 5), torch.randn(4, 5).softmax(-1)
for _ in range(3):
    print(F.kl_div(z, t, reduction="batchmean").item())
print(F.kl_div(z.log_softmax(-1), t).item(), nn.KLDivLoss()(z.log_softmax(-1), t).item(), torch.rand(1))
F.softmax(z)
"""
SHOW_NAMESPACE = """'''doc'''
import sys
print(sorted(name for name in globals() if name.startswith("__")))
print(__name__, __file__, __doc__, __package__, __cached__, type(__loader__).__name__, __builtins__)
print(sys.argv, sys.path[0], vars(sys.modules["__main__"]) is globals())
print(sys.stdout.errors, sys.stderr.errors, sys.stdout.encoding)
"""
PROGRAMS = {
    "watched": WATCHED,
    "namespace": SHOW_NAMESPACE,
    "exit_code": "import sys; print('out'); sys.exit(7)",
    "exit_message": "import sys; sys.exit('a message')",
    "syntax_error": "x = = 1",
    "error_in_the_call": (
        "import torch, torch.nn.functional as F\n"
        "try:\n    F.kl_div(torch.zeros(2, 3), torch.zeros(4))\n"
        "except RuntimeError as error:\n    raise ValueError('chained') from error\n"
    ),
    "error_of_kldiv": "import kldiv; raise kldiv.KLDivError('mine')",
    "own_hook": "import sys; sys.excepthook = lambda t, v, tb: print('hook', v, tb.tb_lineno); 1 / 0",
    "os_exit": "import os; print('bye', flush=True); os._exit(5)",
    "interrupted": "raise KeyboardInterrupt",
    "closed_output": "import sys; print('out'); sys.stdout.close()",
    "no_output": "import sys; sys.stdout = None",
    "no_errors": "import sys; print('out'); sys.stderr.close()",
    "reader_gone": (
        "import os\nread, write = os.pipe()\n"
        "os.dup2(write, 1)\nos.close(write)\nos.close(read)\nprint('out')\n"
    ),
    "threads_and_handlers": (
        "import atexit, threading, time\n"
        "atexit.register(lambda: print('handler'))\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()\n"
        "print('main')\n"
    ),
    "pickled_and_forked": (
        "import multiprocessing, pickle\n"
        "class A: pass\n"
        # Flushed, for the pool ends its processes whether or not they have written what they buffer.
        "print(type(pickle.loads(pickle.dumps(A()))) is A, flush=True)\n"
        "def square(x): return x * x\n"
        "if __name__ == '__main__':\n"
        "    for method in ('spawn', 'fork'):\n"
        "        with multiprocessing.get_context(method).Pool(1) as pool: print(pool.map(square, [3]))\n"
    ),
}


def python(*arguments, cwd):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        check=False,
        # Buffered, as output into a pipe is unless someone has said otherwise.
        env=os.environ | {"PYTHONSAFEPATH": "", "PYTHONUNBUFFERED": ""},
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_it_does_under_python(name, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "program.py").write_text(PROGRAMS[name])
    command = ("folder/program.py", "a", "--json", "-h")
    alone = python(*command, cwd=tmp_path)
    watched = python("-m", "kldiv", "audit", *command, cwd=tmp_path)
    assert watched.stdout == alone.stdout
    assert watched.returncode == alone.returncode
    own, separator, report = watched.stderr.rpartition(b"kldiv audit: ")
    if name == "reader_gone":  # of which Python tells when all else is done
        own += report.removeprefix(b"kl_div was not called\n")
    assert own == alone.stderr
    assert separator or name in {"os_exit", "no_errors"}
    assert name != "interrupted" or watched.returncode == -signal.SIGINT


def test_a_module_does_what_it_does_under_python(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("print('package', __name__)")
    for name in ("__main__", "inner"):
        (tmp_path / "package" / f"{name}.py").write_text(SHOW_NAMESPACE)
    for arguments in (["package", "x"], ["package.inner", "-x"], ["package.absent"], ["absent.inner"]):
        alone = python("-m", *arguments, cwd=tmp_path)
        watched = python("-m", "kldiv", "audit", "-m", *arguments, cwd=tmp_path)
        assert watched.stdout == alone.stdout
        assert watched.returncode == alone.returncode
        assert watched.stderr.startswith(alone.stderr)


def test_the_report_names_lines_counts_and_fixes(tmp_path):
    (tmp_path / "program.py").write_text(WATCHED)
    done = python("-W", "ignore", "-m", "kldiv", "audit", "program.py", cwd=tmp_path)
    report = done.stderr.decode()
    assert report.startswith(
        "kldiv audit: 5 calls of kl_div at 2 places\n\nprogram.py:6: 3 calls, all looked at\n"
    )
    assert 'F.kl_div(z, t, reduction="batchmean")' in report
    assert "KL001 error: input is not log-probabilities: it looks like logits" in report
    assert "program.py:7: 2 calls" in report
    assert b"\x1b" not in done.stderr


def test_json_and_text_go_where_they_are_told(tmp_path):
    (tmp_path / "program.py").write_text(WATCHED)
    options = ("--json", "report.json", "--output", "report.txt")
    done = python("-W", "ignore", "-m", "kldiv", "audit", *options, "program.py", cwd=tmp_path)
    assert done.stderr == b""
    document = json.loads((tmp_path / "report.json").read_text())
    assert document["calls"] == 5
    assert {each["code"] for each in document["sites"][0]["findings"]} == {"KL001", "KL102"}
    assert (tmp_path / "report.txt").read_text().startswith("kldiv audit: 5 calls")
    (tmp_path / "quiet.py").write_text("print('own output')")
    done = python("-m", "kldiv", "audit", "--json", "-", "quiet.py", cwd=tmp_path)
    own, _, rest = done.stdout.decode().partition("\n")
    assert own == "own output"
    assert json.loads(rest)["sites"] == []


def test_a_report_for_a_closed_stream_is_said_to_be_lost(tmp_path):
    (tmp_path / "program.py").write_text("import sys; sys.stdout.close()")
    done = python("-m", "kldiv", "audit", "--json", "-", "program.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert (
        done.stderr == b"kldiv: the report is lost: the program has closed the stream that it was to go to\n"
    )


def test_the_report_is_where_it_was_asked_for_wherever_the_program_goes(tmp_path):
    (tmp_path / "program.py").write_text("import os; os.mkdir('elsewhere'); os.chdir('elsewhere')")
    done = python("-m", "kldiv", "audit", "--json", "a", "--output", "b", "program.py", cwd=tmp_path)
    assert done.returncode == 0
    assert {each.name for each in tmp_path.iterdir()} == {"program.py", "elsewhere", "a", "b"}
    assert not [*(tmp_path / "elsewhere").iterdir()]


def test_torch_is_loaded_by_the_program_or_not_at_all(tmp_path):
    (tmp_path / "program.py").write_text(
        "import sys\nprint({'torch', 'numpy', 'rich', 'scipy'} & set(sys.modules))\n"
        "import os; os.environ['OMP_NUM_THREADS'] = '1'\nimport torch\nprint(torch.get_num_threads())\n"
    )
    done = python("-m", "kldiv", "audit", "program.py", cwd=tmp_path)
    assert done.stdout == b"set()\n1\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.py",), "'missing.py' does not exist; expected a Python script"),
        ((".",), "'.' is a folder"),
        ((), "Missing argument 'SCRIPT'"),
        (("--json", "/nowhere/report.json", __file__), "there is no folder /nowhere"),
        (("--output", ".", "program.py"), "can't write .: a folder; expected a file's name"),
        (("--output", "a", "--json", "a", "program.py"), "a is asked for twice"),
        (
            ("--json", "./program.py", "program.py"),
            "./program.py is the program that is run, and would be lost",
        ),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_2(capfd, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").touch()
    assert cli._run(["audit", *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
