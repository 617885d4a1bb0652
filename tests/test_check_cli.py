"""`kldiv check`, as a user at a shell, a pipe, an editor or a CI job sees it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from checking import COMMAND, HARMLESS, WRONG, at_terminal, check

from kldiv.checker.files import EXCLUDED_FOLDERS

ROOT = Path(__file__).parent.parent
FIXABLE = "import torch.nn.functional as F\nx = F.kl_div(a.log_softmax(1), b.softmax(1))\n"
RIGHT = "import torch.nn.functional as F\nx = F.kl_div(a.log_softmax(1), b.softmax(1), reduction='sum')\n"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "fine.py").write_text(HARMLESS)
    return tmp_path


# --- exit codes and output ----------------------------------------------------------------------------


def test_findings_are_printed_and_exit_with_1(folder):
    done = check(cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("wrong.py:2:8 KL014 ")
    assert done.stdout.splitlines()[2:4] == ["2 | loss = nn.KLDivLoss(a, b)", "  |        ^^^^^^^^^^^^^^^^^^"]
    assert done.stdout.splitlines()[4].startswith("help: ")
    assert done.stdout.endswith("\n\nFound 1 error in 1 of 2 files.\n")
    assert done.stderr == ""


def test_no_findings_exit_with_0(folder):
    done = check("fine.py", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No findings in 1 file.\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.py"], "nothing.py does not exist; expected a file or a folder"),
        (
            ["fine.py", "--select", "KL3"],
            "--select has 'KL3', which is no rule; expected codes or beginnings",
        ),
        (["fine.py", "--ignore", "KL003,,"], "--ignore has '', which is no rule"),
        (["fine.py", "--format", "xml"], "Invalid value for '--format'"),
        (["fine.py", "--to-kldiv"], "--to-kldiv changes files; expected --fix or --diff beside it"),
        (["fine.py", "--fix", "--diff"], "got --fix and --diff; expected one of them"),
        (
            ["fine.py", "--diff", "--format", "json"],
            "--diff prints a diff; expected it without --format json",
        ),
        (["fine.py", "-"], "got - and other paths; expected standard input alone"),
        (["fine.py", "--stdin-filename", "x"], "--stdin-filename names standard input; expected - as"),
        (["--explain", "KL3"], "'KL3' is no rule; expected one of KL000, KL001"),
    ],
)
def test_bad_usage_is_one_sentence_and_exits_with_2(folder, arguments, message):
    done = check(*arguments, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_configuration_exits_with_2_and_names_the_key(folder):
    (folder / "pyproject.toml").write_text("[tool.kldiv]\nselekt = []\n")
    done = check(cwd=folder)
    assert done.returncode == 2
    assert "[tool.kldiv] has the unknown key 'selekt'" in done.stderr


def test_a_file_that_can_not_be_read_does_not_stop_the_rest(folder):
    (folder / "broken.py").write_text("def kl_div(:\n")
    (folder / "coded.py").write_bytes(b"kl_div = '\xff'\n")
    (folder / "broken.ipynb").write_text("{kl_div")
    found = json.loads(check("--format", "json", cwd=folder).stdout)
    assert [(each["path"], each["code"]) for each in found] == [
        ("broken.ipynb", "KL000"),
        ("broken.py", "KL000"),
        ("coded.py", "KL000"),
        ("wrong.py", "KL014"),
    ]
    assert check("--ignore", "KL000,KL014", cwd=folder).returncode == 0
    assert check("--select", "KL003", cwd=folder).stdout.count("KL000") == 3


@pytest.mark.parametrize("format_", ["json", "sarif", "github"])
def test_formats_for_programs_exit_alike(folder, format_):
    assert check("--format", format_, cwd=folder).returncode == 1
    done = check("--format", format_, "fine.py", cwd=folder)
    assert done.returncode == 0
    if format_ != "github":
        json.loads(done.stdout)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_formats_for_programs_name_files_whatever_the_encoding(folder, encoding):
    named = [os.fsdecode("日 é.py".encode()), os.fsdecode(b"\xff.py")]
    for name in named:
        (folder / name).write_text(WRONG)
    printed = {
        format_: check("--format", format_, *named, cwd=folder, piped=b"", PYTHONIOENCODING=encoding).stdout
        for format_ in ("json", "sarif", "github")
    }
    assert [each["path"] for each in json.loads(printed["json"])] == named
    results = json.loads(printed["sarif"])["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results]
    assert [unquote(place, errors="surrogateescape") for place in places] == named
    assert b"file=\xff.py," in printed["github"]
    assert "file=日 é.py,".encode() in printed["github"]


def test_an_excluded_file_that_is_named_is_not_passed_over_in_silence(folder):
    (folder / "pyproject.toml").write_text('[tool.kldiv]\nexclude = ["wrong.py"]\n')
    done = check("wrong.py", "fine.py", cwd=folder)
    assert done.returncode == 0
    assert done.stderr == "wrong.py is excluded by [tool.kldiv] and was not checked\n"


def test_rules_are_listed_and_explained(folder):
    done = check("--rules", cwd=folder)
    assert done.returncode == 0
    assert "KL003\twarning\t" in done.stdout
    for code in re.findall(r"^KL\d+", done.stdout, re.MULTILINE):
        explained = check("--explain", code.lower(), cwd=folder)
        assert explained.returncode == 0
        assert explained.stdout.startswith(f"# {code}: ")
        assert explained.stdout == (ROOT / "docs" / "rules" / f"{code}.md").read_text(encoding="utf-8")


# --- standard input -----------------------------------------------------------------------------------


def test_standard_input_is_checked_under_a_name(folder):
    done = check("-", piped=WRONG, cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("<stdin>:2:8 KL014 ")
    named = check("--stdin-filename", "src/x.py", "--format", "json", piped=WRONG, cwd=folder)
    assert json.loads(named.stdout)[0]["path"] == "src/x.py"
    assert check("-", piped=HARMLESS, cwd=folder).returncode == 0


def test_the_name_decides_the_configuration_and_the_kind(folder):
    (folder / "pyproject.toml").write_text('[tool.kldiv.per-file-ignores]\n"tests" = ["KL014"]\n')
    assert check("-", "--stdin-filename", "tests/x.py", piped=WRONG, cwd=folder).returncode == 0
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": WRONG}], "nbformat": 4})
    done = check("-", "--stdin-filename", "x.ipynb", piped=notebook, cwd=folder)
    assert done.stdout.startswith("x.ipynb:cell 1:2:8 KL014 ")


@pytest.mark.parametrize("content", [FIXABLE, FIXABLE.replace("\n", "\r\n"), HARMLESS, WRONG, "(kl_div"])
def test_fixed_standard_input_is_the_output_and_the_rest_goes_to_standard_error(folder, content):
    done = check("-", "--fix", piped=content.encode(), cwd=folder)
    expected = content.replace("b.softmax(1))", 'b.softmax(1), reduction="batchmean")')
    assert done.stdout == expected.encode()
    assert done.returncode == (content in {WRONG, "(kl_div"})
    assert (b"Found" in done.stderr) == bool(done.returncode)


# --- fixing -------------------------------------------------------------------------------------------


def test_fix_rewrites_files_says_what_it_did_and_reports_what_is_left(folder):
    (folder / "fixable.py").write_text(FIXABLE)
    before = (folder / "fine.py").stat().st_mtime_ns
    done = check("--fix", cwd=folder)
    assert done.returncode == 1
    assert (folder / "fixable.py").read_text().count('reduction="batchmean"') == 1
    assert done.stderr == 'fixable.py:2:5 KL003: reduction="batchmean"\n'
    assert "Found 1 error in 1 of 3 files." in done.stdout
    assert (folder / "fine.py").stat().st_mtime_ns == before
    assert {path.name for path in folder.iterdir()} == {"fine.py", "fixable.py", "wrong.py"}
    assert check("--fix", "fixable.py", cwd=folder).returncode == 0


def test_a_fixed_file_keeps_its_permissions_and_a_link_stays_one(folder):
    (folder / "real").mkdir()
    target = folder / "real" / "script.py"
    target.write_text(FIXABLE)
    target.chmod(0o750)
    (folder / "link.py").symlink_to(target)
    assert check("--fix", "link.py", cwd=folder).returncode == 0
    assert (folder / "link.py").is_symlink()
    assert "batchmean" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o750


def test_a_diff_changes_nothing_and_can_be_applied(folder):
    (folder / "fixable.py").write_bytes(FIXABLE.replace("\n", "\r\n").encode())
    done = check("--diff", "--to-kldiv", piped=b"", cwd=folder)
    assert done.returncode == 1
    assert (folder / "fixable.py").read_bytes() == FIXABLE.replace("\n", "\r\n").encode()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)  # noqa: S607
    subprocess.run(["git", "apply", "-"], cwd=folder, input=done.stdout, check=True)  # noqa: S607
    by_patch = (folder / "fixable.py").read_bytes()
    (folder / "fixable.py").write_bytes(FIXABLE.replace("\n", "\r\n").encode())
    check("--fix", "--to-kldiv", "fixable.py", cwd=folder)
    assert (folder / "fixable.py").read_bytes() == by_patch
    assert b"import kldiv\r\n" in by_patch


def test_conversion_says_what_was_and_was_not_converted(folder):
    source = RIGHT + "y = F.kl_div(a.log_softmax(1), b.softmax(1), reduction='none')\n"
    (folder / "fine.py").write_text(source)
    done = check("--fix", "--to-kldiv", "fine.py", cwd=folder)
    assert "fine.py:2:5 converted to kldiv.kl\n" in done.stderr
    converted = (folder / "fine.py").read_text()
    assert "x = kldiv.kl(kldiv.Logits(b, dim=1), kldiv.Logits(a, dim=1), reduction='sum')" in converted
    assert "F.kl_div(a.log_softmax(1), b.softmax(1), reduction='none')" in converted


def test_a_notebook_is_fixed_in_place(folder):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Ä"]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": FIXABLE.splitlines(keepends=True)},
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (folder / "n.ipynb").write_text(text, encoding="utf-8")
    done = check("--fix", "n.ipynb", cwd=folder)
    assert done.returncode == 0
    assert done.stderr.startswith("n.ipynb:cell 2:2:5 KL003: ")
    after = (folder / "n.ipynb").read_text(encoding="utf-8")
    assert after == text.replace("b.softmax(1))", 'b.softmax(1), reduction=\\"batchmean\\")')
    (folder / "n.ipynb").write_text(text.replace('"cells"', '  "cells"'), encoding="utf-8")
    left = check("--fix", "n.ipynb", cwd=folder)
    assert left.returncode == 1
    assert "not changed: the notebook's JSON is not laid out as Jupyter writes it" in left.stderr


# --- terminals, pipes, interruptions ------------------------------------------------------------------


def test_a_terminal_shows_colours_and_a_pipe_none(folder):
    code, text = at_terminal(cwd=folder, columns=200)
    assert code == 1
    assert "\x1b[" in text
    assert ESCAPES.sub("", text) == check(cwd=folder).stdout
    assert "\x1b" not in check(cwd=folder).stdout
    plain = at_terminal(cwd=folder, NO_COLOR="1")[1]
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", plain)


@pytest.mark.parametrize("columns", [20, 40, 200])
def test_every_line_fits_the_terminal(folder, columns):
    (folder / "wrong.py").write_text(f"import torch.nn as nn\n{'x = ' * 40}nn.KLDivLoss(a, b){' + 1' * 40}\n")
    _, text = at_terminal(cwd=folder, columns=columns)
    lines = ESCAPES.sub("", text).splitlines()
    assert max(len(line) for line in lines) <= columns
    assert any(line.rstrip().endswith("^") for line in lines)


@pytest.mark.parametrize(
    "arguments", [["--rules"], ["--explain", "KL003"], ["--diff", "fixable.py"], ["--help"]]
)
def test_whatever_is_shown_at_a_terminal_comes_out_whole(folder, arguments):
    (folder / "fixable.py").write_text(FIXABLE)
    code, text = at_terminal(*arguments, cwd=folder, columns=60)
    assert code == (arguments[0] == "--diff")
    assert "Traceback" not in text
    assert "KL003" in text or "batchmean" in text


def test_a_reader_that_leaves_early_is_no_error(folder):
    for number in range(200):
        (folder / f"wrong_{number}.py").write_text(WRONG)
    with subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


# What happens when the second file is about to be put in place; {event} is a statement.
AT_THE_SECOND_FILE = """
import os, pathlib, signal
from kldiv.cli import main
replace = pathlib.Path.replace

def interfered(self, target):
    if target.name == "file_2.py":
        {event}
    return replace(self, target)

pathlib.Path.replace = interfered
main()
"""


def fix_three_files(folder, event):
    """Run `kldiv check --fix` on three files, and what they hold afterwards."""
    paths = [folder / f"file_{number}.py" for number in (1, 2, 3)]
    for path in paths:
        path.write_text(FIXABLE)
    code = AT_THE_SECOND_FILE.format(event=event)
    command = [sys.executable, "-c", code, "check", "--fix", *(path.name for path in paths)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    return done, [path.read_text() == FIXABLE for path in paths]


def test_an_interruption_exits_with_130_and_leaves_no_half_written_file(folder):
    done, as_they_were = fix_three_files(folder, "os.kill(os.getpid(), signal.SIGINT)")
    assert done.returncode == 130
    assert as_they_were == [False, True, True]


def test_a_file_that_can_not_be_written_does_not_keep_the_others_from_being_fixed(folder):
    done, as_they_were = fix_three_files(folder, "raise PermissionError(13, 'Permission denied')")
    assert done.returncode == 2
    assert as_they_were == [False, True, False]
    assert "kldiv: can't write file_2.py: Permission denied; nothing in it was changed\n" in done.stderr
    assert "file_2.py:2:5 KL003" not in done.stderr
    assert done.stdout.startswith("file_2.py:2:5 KL003 ")
    assert done.stdout.endswith("Found 1 warning in 1 of 3 files; --fix changes 1.\n")


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["--rules"], ["--fix", "--to-kldiv"], ["--format", "sarif"]]
)
def test_neither_torch_nor_what_else_is_heavy_is_loaded(folder, arguments):
    (folder / "right.py").write_text(RIGHT)
    code = (
        "import sys; from kldiv.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code in (0, 1, None), end.code\n"
        "loaded = {'torch', 'numpy', 'scipy', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    command = [sys.executable, "-c", code, "check", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- the documents ------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "checker.md").read_text(encoding="utf-8")


def test_the_example_in_the_documents_is_what_is_printed(tmp_path):
    source, printed = (re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[1] for kind in ("python", "text"))
    (tmp_path / "train.py").write_text(source)
    assert check("train.py", cwd=tmp_path).stdout == printed


def test_the_documents_name_every_folder_that_is_left_out_and_every_hook():
    named = re.search(r"left out: (.*?)\.\n\n", PAGE, re.DOTALL)[1]
    assert set(re.findall(r"`([^`]+)`", named)) == EXCLUDED_FOLDERS
    hooks = re.findall(r"^- id: (\S+)", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    assert hooks
    assert all(f"`{hook}`" in PAGE for hook in hooks)


def test_the_documents_name_every_option():
    options = re.findall(r"^  (--[\w-]+)", check("--help", cwd=ROOT).stdout, re.MULTILINE)
    assert len(options) > 8
    assert [each for each in options if each not in PAGE] == []
