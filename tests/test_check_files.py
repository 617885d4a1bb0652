"""Which files `kldiv check` reads, how it reads them, and what takes findings back."""

import errno
import itertools
import os
from pathlib import Path

import pytest
from checking import HARMLESS, WRONG, codes
from hypothesis import given
from hypothesis import strategies as st

from kldiv.checker.configuration import Configuration, configuration_of
from kldiv.checker.edits import Edit, applied, compatible
from kldiv.checker.files import EXCLUDED_FOLDERS, find_files
from kldiv.checker.finding import Finding
from kldiv.checker.project import Wish, check_content, check_paths
from kldiv.checker.selection import Selection
from kldiv.checker.sources import UnreadableError, decoded, split_lines
from kldiv.checker.suppression import ignores_of, split
from kldiv.errors import InvalidInputError

CODE = "KL014"


@pytest.fixture(autouse=True)
def _no_remembered_configuration():
    configuration_of.cache_clear()


def written(folder, files):
    """Write files, folders made as needed; return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def names(folder, *paths):
    found = find_files([folder / path for path in paths] or [folder])
    return [each.path.relative_to(folder).as_posix() for each in found if not each.excluded]


# --- walking ------------------------------------------------------------------------------------------


def test_a_folder_gives_its_python_files_and_notebooks_in_order_without_what_others_wrote(tmp_path):
    own = ["a.py", "b/c.py", "b/d.ipynb", "e.pyw"]
    others = [*(f"{folder}/x.py" for folder in EXCLUDED_FOLDERS), "b/build/x.py", "notes.txt", "py"]
    written(tmp_path, dict.fromkeys(own + others, ""))
    assert names(tmp_path) == own


def test_named_files_are_read_whatever_they_are_called_and_no_file_twice(tmp_path):
    written(tmp_path, {"script": "", "build/x.py": "", "a.py": ""})
    assert names(tmp_path, "script", "build/x.py", ".", "a.py", "build") == ["script", "build/x.py", "a.py"]


def test_links_that_go_in_circles_end(tmp_path):
    written(tmp_path, {"a/x.py": "", "b/y.py": ""})
    (tmp_path / "a/self").symlink_to(tmp_path / "a")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/other").symlink_to(tmp_path / "b")
    (tmp_path / "b/file.py").symlink_to(tmp_path / "a/x.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    assert names(tmp_path) == ["a/other/file.py", "a/other/y.py"]


def test_a_path_that_does_not_exist_is_named_before_anything_is_read(tmp_path):
    written(tmp_path, {"a.py": ""})
    with pytest.raises(InvalidInputError, match=r"nothing\.py does not exist; expected a file or a folder"):
        next(find_files([tmp_path / "a.py", tmp_path / "nothing.py"]))


def test_what_may_not_be_read_is_reported_and_the_rest_checked(tmp_path, monkeypatch):
    written(tmp_path, {"a.py": WRONG, "closed/b.py": WRONG, "z.py": WRONG})
    monkeypatch.setattr(os, "scandir", refusing(os.scandir, tmp_path / "closed"))
    monkeypatch.setattr(Path, "read_bytes", refusing(Path.read_bytes, tmp_path / "a.py"))
    found = [each for report in check_paths([tmp_path], Wish()) for each in report.findings]
    assert [each.code for each in found] == ["KL000", "KL000", CODE]
    assert {each.message for each in found[:2]} == {"can't be read: Permission denied"}


def refusing(function, path):
    """The function, except that it may not touch this path; the tests may run as a user who may."""

    def guarded(given, *rest):
        if given == path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return function(given, *rest)

    return guarded


# --- reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("é".encode(), "é"),
        (b"\xef\xbb\xbfx", "x"),
        (b"# coding: latin-1\n\xe9", "# coding: latin-1\n\xe9"),
        (
            b"#!/bin/py\r\n# -*- coding: cp1252 -*-\r\n\x80",
            "#!/bin/py\r\n# -*- coding: cp1252 -*-\r\n€",
        ),
        (b"\n\n# coding: latin-1\n", "\n\n# coding: latin-1\n"),
    ],
)
def test_files_are_decoded_as_python_does_and_written_back_the_same(content, text):
    source = decoded(content)
    assert source.text == text
    assert source.encoded(source.text) == content


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        (b"x = 1\r\ny = '\xe9'\n", 2, 6, "can't be decoded as utf-8: found byte 0xe9"),
        (b"\xff\xfe", 1, 1, "can't be decoded as utf-8: found byte 0xff"),
        (b"# coding: klingon\n", 1, 1, "can't be decoded: unknown encoding: klingon"),
        (b"# coding: rot13\n", 1, 1, "can't be decoded as rot13: 'rot13' is not a text encoding"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, 1, "can't be decoded: "),
    ],
)
def test_what_cannot_be_decoded_says_where(content, line, column, message):
    with pytest.raises(UnreadableError) as caught:
        decoded(content)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.message.startswith(message)


@given(st.binary(max_size=200))
def test_any_bytes_are_checked_without_a_crash(content):
    for name in ("a.py", "a.ipynb"):
        for body in (content, b"kl_div\n" + content, content + b"\nKLDivLoss"):
            check_content(body, name, Wish(unused_ignores=True))


@given(st.text(alphabet="ab\r\n\f\x0b\x85\u2028", max_size=30))
def test_lines_are_those_of_python(text):
    """`str.splitlines` knows ends that Python's grammar doesn't, and counts no line behind the last end."""
    plain = text.translate(dict.fromkeys(map(ord, "\f\x0b\x85\u2028"), "x"))
    assert [*map(len, split_lines(text + "."))] == [*map(len, (plain + ".").splitlines())]


def test_files_without_the_words_are_not_parsed(monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr("kldiv.checker.project.check_source", never)
    monkeypatch.setattr("kldiv.checker.project.open_document", never)
    assert codes("this does not parse") == []
    assert codes(HARMLESS) == []


# --- edits --------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.sampled_from(["", "A", "BB"])), max_size=8)
)
def test_edits_that_go_together_are_those_that_do_not_overlap(triples):
    """Against the definition: characters that two edits both replace, or a point at which two insert."""
    edits = [Edit(start, start + length, text) for start, length, text in triples]
    taken = [group[0] for group in compatible((each,) for each in edits)]
    distinct = sorted(set(taken))
    for one, other in itertools.pairwise(distinct):
        assert not set(range(one.start, one.end)) & set(range(other.start, other.end))
        assert not (one.start == one.end == other.start == other.end)
    assert set(edits[:1]) <= set(taken)
    text = "0123456789abcdefgh"
    kept = [c for i, c in enumerate(text) if not any(each.start <= i < each.end for each in taken)]
    assert [c for c in applied(text, taken) if c not in "AB"] == kept


# --- comments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "ignored"),
    [
        ("# kldiv: ignore", True),
        ("#kldiv:ignore[KL014]", True),
        ("# kldiv: ignore[KL003, KL014]", True),
        ("# kldiv: ignore[KL0] because of the paper", True),
        ("# noqa: E501  # kldiv: ignore", True),
        ("# kldiv: ignore[KL003]", False),
        ("# kldiv: ignore[]", False),
        ("# kldiv: ignore[KL014", False),
        ("# kldiv: ignored", False),
        ("# kldiv: ignore-next", False),
        ("# ignore", False),
        ("'# kldiv: ignore'", False),
    ],
)
def test_which_comments_ignore(comment, ignored):
    separator = "; " if comment.startswith("'") else "  "
    assert codes(WRONG.rstrip() + separator + comment) == ([] if ignored else [CODE])


@pytest.mark.parametrize("line", range(5))
def test_a_comment_speaks_for_the_whole_statement(line):
    lines = ["loss = (", "    nn.KLDivLoss(", "        a,", "        b)", ")"]
    lines[line] += "  # kldiv: ignore"
    assert codes("\n".join(["import torch.nn as nn", *lines])) == []


def test_a_comment_on_its_own_line_speaks_for_the_next_statement_alone():
    source = "import torch.nn as nn\n# kldiv: ignore\nx = nn.KLDivLoss(a, b)\ny = nn.KLDivLoss(a, b)\n"
    (found,) = check_content(source.encode(), "a.py", Wish()).findings
    assert found.line == 4


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_comment_speaks_for_no_other_statement(newline):
    source = "import torch.nn as nn  # kldiv: ignore\nif nn.KLDivLoss(a, b):\n    x = 1  # kldiv: ignore\n"
    assert codes(source.replace("\n", newline)) == [CODE]


def test_unused_comments_are_reported_on_request_with_what_they_name():
    source = WRONG.rstrip() + "  # kldiv: ignore[KL014]\nx = 1  # kldiv: ignore[KL003]\n"
    assert codes(source) == []
    (found,) = check_content(source.encode(), "a.py", Wish(unused_ignores=True)).findings
    assert (found.code, found.line, found.column) == ("KL099", 3, 8)
    assert "`# kldiv: ignore[KL003]`" in found.message


def test_a_finding_on_any_line_of_a_statement_is_covered():
    finding = Finding("a", 2, 1, 2, 3, "KL001", "error", "", "")
    (ignore,) = ignores_of("f(\na,  # kldiv: ignore\n)\n")
    assert split([finding], [ignore]) == ([], [])


# --- configuration ------------------------------------------------------------------------------------


def configured(folder, text, command_line=None, name="a.py", source=WRONG):
    written(folder, {"pyproject.toml": text, name: source})
    wish = Wish(command_line or Selection())
    return [each.code for report in check_paths([folder], wish) for each in report.findings]


def test_the_configuration_selects_and_ignores(tmp_path):
    assert configured(tmp_path, '[tool.kldiv]\nignore = ["KL014"]') == []
    configuration_of.cache_clear()
    assert configured(tmp_path, '[tool.kldiv]\nselect = ["KL003"]') == []
    configuration_of.cache_clear()
    assert configured(tmp_path, '[tool.kldiv]\nselect = ["KL01"]') == [CODE]


def test_the_command_line_wins(tmp_path):
    assert configured(tmp_path, '[tool.kldiv]\nignore = ["KL014"]', Selection(select=("KL014",))) == [CODE]
    configuration_of.cache_clear()
    assert configured(tmp_path, '[tool.kldiv]\nignore = ["KL014"]', Selection(ignore=("KL003",))) == [CODE]
    configuration_of.cache_clear()
    assert configured(tmp_path, '[tool.kldiv]\nselect = ["KL003"]', Selection(ignore=("KL014",))) == []


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        *(("old", True), ("old/", True), ("*.py", True), ("**/deep", True), ("src/old/deep/a.py", True)),
        *(("./src/old", True), ("deep/a.py", False), ("ol", False), ("src/*/b.py", False)),
    ],
)
def test_patterns(tmp_path, pattern, fits):
    folder, expected = written(tmp_path, {"src/old/deep/a.py": WRONG}), [] if fits else [CODE]
    assert configured(folder, f"[tool.kldiv]\nexclude = [{pattern!r}]", name="b.txt") == expected
    configuration_of.cache_clear()
    text = f'[tool.kldiv.per-file-ignores]\n{pattern!r} = ["KL014"]'
    assert configured(folder, text, name="b.txt") == expected


def test_the_nearest_table_counts_and_files_without_one_are_passed_over(tmp_path):
    written(tmp_path, {"pyproject.toml": '[tool.kldiv]\nignore = ["KL014"]', "p/pyproject.toml": "[project]"})
    assert configuration_of(tmp_path / "p" / "q").selection.ignore == ("KL014",)
    written(tmp_path, {"p/q/pyproject.toml": "[tool.kldiv]"})
    configuration_of.cache_clear()
    assert configuration_of(tmp_path / "p" / "q").selection == Selection()


def test_an_excluded_file_that_is_named_is_said_to_be_excluded(tmp_path):
    written(tmp_path, {"pyproject.toml": '[tool.kldiv]\nexclude = ["a.py"]', "a.py": WRONG})
    (report,) = check_paths([tmp_path / "a.py"], Wish())
    assert report.excluded
    assert list(check_paths([tmp_path], Wish())) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[tool.kldiv]\nselct = []\nfoo = 1",
            "has the unknown key 'selct', 'foo'; expected select, ignore, exclude",
        ),
        ('[tool.kldiv]\nselect = "KL003"', "select is 'KL003'; expected a list of strings"),
        ("[tool.kldiv]\nexclude = [1]", "exclude is [1]; expected a list of strings"),
        ('[tool.kldiv]\nignore = ["KL777"]', "ignore has 'KL777', which is no rule; expected codes"),
        ('[tool.kldiv.per-file-ignores]\na = ["X"]', "a has 'X', which is no rule"),
        ("[tool.kldiv]\nper-file-ignores = []", "per-file-ignores is []; expected a table"),
        ("[tool]\nkldiv = 3", "tool.kldiv is 3; expected a table, [tool.kldiv]"),
        ("[tool.kldiv\n", "is no TOML: "),
    ],
)
def test_a_wrong_configuration_is_an_error_that_names_the_file(tmp_path, text, message):
    with pytest.raises(InvalidInputError) as caught:
        configured(tmp_path, text)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)
    assert message in str(caught.value)


def test_a_file_outside_the_configured_folder_matches_no_pattern(tmp_path):
    configuration = Configuration(tmp_path / "p" / "pyproject.toml", exclude=("*",))
    assert configuration.excludes(tmp_path / "p" / "a.py")
    assert not configuration.excludes(tmp_path / "a.py")
