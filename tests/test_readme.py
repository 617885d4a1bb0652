"""What the README and the documentation say is true."""

import re
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
