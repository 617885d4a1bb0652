"""What `kldiv check` prints: for people, as JSON, and for GitHub Actions."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kldiv.checker.finding import Finding
from kldiv.checker.notices import all_pages
from kldiv.checker.project import Wish, check_content
from kldiv.report.findings import counted, documents, github, page, place, rule_lines, unified_diff
from kldiv.report.findings_text import block, plain, underlined
from kldiv.report.json import dumps

FINDING = Finding("src/a b.py", 3, 5, 3, 9, "KL003", "warning", "100 % wrong", "write: this, or that")
IN_NOTEBOOK = Finding("n.ipynb", 2, 1, 2, 4, "KL001", "error", "wrong", "right", cell=4)
HOSTILE = Finding("a\x1b[31m\n,:%.py", 1, 1, 2, 1, "KL014", "error", "50%\r\n::error::x", "a, b: c")
ALL = [FINDING, IN_NOTEBOOK, HOSTILE]


def shown(finding, source, width=80):
    return plain(block(finding, source, width)).splitlines()


# --- text ---------------------------------------------------------------------------------------------


def test_a_finding_as_text():
    assert shown(FINDING, "    abcd = 1") == [
        "src/a b.py:3:5 KL003 100 % wrong",
        "  |",
        "3 |     abcd = 1",
        "  |     ^^^^",
        "help: write: this, or that",
    ]


def test_a_finding_without_a_source_line_and_one_in_a_cell():
    assert shown(IN_NOTEBOOK, None) == ["n.ipynb:cell 4:2:1 KL001 wrong", "help: right"]


def test_an_operand_of_several_lines_is_underlined_to_the_end_of_the_first():
    finding = Finding("a", 9, 3, 12, 1, "KL001", "error", "", "")
    assert shown(finding, "x(abc,  ")[3] == "  |   ^^^^"


@pytest.mark.parametrize(
    ("source", "start", "end", "room", "expected"),
    [
        ("\tf(x)", 3, 4, 40, ("    f(x)", 6, 1)),
        ("日本 = f(é)", 7, 8, 40, ("日本 = f(é)", 9, 1)),
        ("f('日本')", 2, 6, 40, ("f('日本')", 2, 6)),
        ("f(x)\r", 2, 3, 40, ("f(x)", 2, 1)),
        ("a\x1b[2Jb", 5, 6, 40, ("a\\x1b[2Jb", 8, 1)),
        ("short", 9, 12, 40, ("short", 5, 1)),
        ("", 0, 0, 40, ("", 0, 1)),
        ("x" * 50 + "OP" + "y" * 50, 50, 52, 20, ("…" + "x" * 16 + "OP…", 17, 2)),
        ("OP" + "y" * 50, 0, 2, 20, ("OP" + "y" * 16 + "…", 0, 2)),
        ("x" * 50 + "O" * 50, 50, 100, 20, ("…xxxx" + "O" * 14 + "…", 5, 14)),
    ],
)
def test_the_line_and_what_is_underlined(source, start, end, room, expected):
    assert underlined(source, start, end, room) == expected


@given(
    st.text(alphabet=st.sampled_from("ab\t日é\x07 \u0301"), max_size=60),
    st.integers(0, 70),
    st.integers(0, 30),
    st.integers(20, 50),
)
def test_any_line_fits_and_the_carets_stand_under_the_operand(source, start, length, room):
    text, before, carets = underlined(source, start, start + length, room)
    assert cell_len(text) <= room
    assert carets >= 1
    assert before + carets <= room + 1
    assert text.isprintable()


@given(
    st.text(alphabet=st.sampled_from("ab日\u0301"), min_size=1, max_size=9),
    st.integers(20, 50),
    st.integers(0, 600),
)
def test_of_a_long_line_the_operand_is_shown(piece, room, start):
    line = (piece * 700)[:700]
    text, before, carets = underlined(line[:start] + "OPERAND" + line[start:], start, start + 7, room)
    assert cell_len(text) <= room
    assert carets == 7
    at = text.index("OPERAND")
    assert cell_len(text[:at]) == before
    assert text.startswith("…") == (start > at)
    assert text.endswith("…")


def test_a_hostile_file_colours_no_terminal_and_breaks_no_line():
    lines = shown(HOSTILE, "x\x1b[31m = 1\x07")
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("findings", "files", "fixable", "sentence"),
    [
        ([], 1, 0, "No findings in 1 file."),
        ([], 1234, 0, "No findings in 1,234 files."),
        ([FINDING], 1, 1, "Found 1 warning in 1 file; --fix changes 1."),
        ([FINDING, FINDING, IN_NOTEBOOK], 7, 0, "Found 1 error and 2 warnings in 2 of 7 files."),
    ],
)
def test_the_sentence_at_the_end(findings, files, fixable, sentence):
    assert counted(findings, files, fixable) == sentence


# --- JSON ---------------------------------------------------------------------------------------------


def test_json_is_a_list_of_what_was_promised():
    first, second, third = json.loads(dumps(documents(ALL)))
    assert first == {
        "path": "src/a b.py",
        "line": 3,
        "column": 5,
        "code": "KL003",
        "severity": "warning",
        "message": "100 % wrong",
        "fix": "write: this, or that",
    }
    assert list(second) == [*first, "cell"]
    assert (second["cell"], third["path"]) == (4, HOSTILE.path)
    assert dumps(documents([])) == "[]\n"


# --- GitHub -------------------------------------------------------------------------------------------


def test_github_commands():
    assert github([FINDING]) == (
        "::warning title=kldiv KL003,file=src/a b.py,line=3,endLine=3,col=5,endColumn=9::"
        "src/a b.py:3:5 KL003 100 %25 wrong%0Ahelp: write: this, or that\n"
    )
    assert github([IN_NOTEBOOK]).startswith(
        "::error title=kldiv KL001,file=n.ipynb::n.ipynb:cell 4:2:1 KL001"
    )


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_github_command_is_one_line_and_reads_back(path, message):
    """Undone as the runner does: %0A and its like first, %25 last."""
    finding = Finding(path, 1, 2, 1, 3, "KL001", "error", message, "fix")
    text = github([finding]).removesuffix("\n")
    assert not set(text) & set("\r\n")
    properties, data = re.fullmatch(r"::error ([^:]*)::(.*)", text, re.DOTALL).groups()
    named = dict(each.split("=", 1) for each in properties.split(","))
    assert unescaped(named["file"]) == path
    assert unescaped(data) == f"{place(finding)} KL001 {message}\nhelp: fix"


def unescaped(text):
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


# --- rules and differences ----------------------------------------------------------------------------


def test_every_rule_has_a_page_and_a_line():
    rules = all_pages()
    lines = rule_lines(rules.values()).splitlines()
    assert [line.split("\t")[0] for line in lines] == sorted(rules)
    for rule, line in zip(rules.values(), lines, strict=True):
        assert line.count("\t") == 3
        text = page(rule)
        for heading in ("## What", "## Why", "## Example", "## Fix"):
            assert heading in text
        assert text.startswith(f"# {rule.code}: {rule.name}\n\nSeverity: {rule.severity}.\n")


def test_a_difference_of_a_file_without_a_last_line_end():
    diff = unified_diff("a.py", "a\nb", "a\nc")
    assert diff == (
        "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n a\n"
        "-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )


# --- advice -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ("torch.histc(a), q", "(x / x.sum(-1, keepdim=True)).log() of counts"),
        ("a.log_softmax(0), torch.histc(b)", "divide counts by their sum: x / x.sum(-1, keepdim=True)"),
        ("(a.sigmoid() + 1e-7).log(), q", "F.logsigmoid(logits)"),
        ("(a.softmax(0) + 1e-7).log(), q", "F.log_softmax(logits, dim=…)"),
    ],
)
def test_the_advice_is_for_what_was_found(arguments, advice):
    source = f"import torch\nimport torch.nn.functional as F\nx = F.kl_div({arguments}, reduction='sum')\n"
    report = check_content(source.encode(), "a.py", Wish())
    assert any(each.fix.endswith(advice) for each in report.findings)
