"""What the README and the documentation say is true."""

import re
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kldiv.conventions.call import Pair
from kldiv.conventions.in_pytorch import TORCH_MISTAKES, TORCH_RIGHT

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_opens_with_its_two_commands():
    assert re.findall(r"^(make \w+)", README, re.MULTILINE) == ["make demo", "make test"]
    assert README.startswith("```sh\nmake demo")


def test_the_python_of_the_tour_runs():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(block, names)  # noqa: S102 (the text under test is a program)
    assert str(names["kldiv"].kl(names["p"], names["q"], base=2)) == "tensor(0.4712, dtype=torch.float64)"
    assert [each.outcome for each in names["result"].missing_from_q] == ["b"]


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("call", [TORCH_RIGHT, *TORCH_MISTAKES], ids=lambda call: call.name)
def test_the_table_of_mistakes(call):
    page = (ROOT / "docs" / "pytorch.md").read_text(encoding="utf-8")
    shown = re.search(re.escape(f"| `{call.call}` | ") + r"(\S+)", page)[1].replace("−", "-")
    assert shown == f"{call.returns(Pair(np.array([0.4, 0.4, 0.2]), np.array([0.5, 0.1, 0.4]))):.4f}"


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """The files that the pages' commands name, in the current folder."""
    data = ROOT / "examples" / "data"
    for month, names in (("07", ("july", "new")), ("01", ("january", "reference"))):
        for name in names:
            shutil.copy(data / f"flights-2013-{month}.parquet", tmp_path / f"{name}.parquet")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(
        "import torch.nn.functional as F\n\n\ndef loss(student, teacher):\n"
        "    return F.kl_div(F.log_softmax(student, dim=-1), F.softmax(teacher, dim=-1))\n"
    )
    monkeypatch.chdir(tmp_path)


def commands_of(page):
    """The command lines of a page's shell blocks on tables and source code, without their remarks."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if re.match(r"kldiv (compare|profile|check)\b", line)]


# All end with 0 but these: a column has drifted, a call is wrong.
FOUND = (
    "compare july.parquet january.parquet --threshold 0.1",
    "compare new.parquet reference.parquet --threshold 0.05 --json drift.json",
    "check src",
)


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(("page", "count"), [("README.md", 6), ("docs/tables.md", 5)])
def test_the_commands_of_a_page_run(page, count):
    commands = commands_of(page)
    assert len(commands) == count
    run = partial(subprocess.run, check=False, capture_output=True, text=True)
    for part in ("monday", "tuesday"):
        run([sys.executable, "-m", "kldiv", "profile", "january.parquet", "-o", f"{part}.json"])
    for command in commands:
        ended = run([sys.executable, "-m", "kldiv", *command])
        assert ended.returncode == (" ".join(command) in FOUND), f"{command}: {ended.stderr}"


@pytest.mark.usefixtures("tables")
def test_the_python_of_the_page_on_tables_runs():
    (block,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "tables.md").read_text(encoding="utf-8"), re.DOTALL
    )
    names = {}
    exec(block, names)  # noqa: S102 (the text under test is a program)
    assert "month" in [column.name for column in names["result"].exceeding(0.05)]
