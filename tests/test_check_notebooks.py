"""Notebooks: their cells are one program, and a finding has its cell."""

import json

import pytest
from checking import codes
from hypothesis import given
from hypothesis import strategies as st

from kldiv.checker.edits import Edit
from kldiv.checker.notebooks import python_of, read_notebook
from kldiv.checker.project import Wish, check_content

CODE = "KL014"


def notebook(*cells, **top):
    """A notebook as Jupyter writes it; a cell that begins with # is Markdown if it is marked so."""
    made = [
        {"cell_type": "markdown", "metadata": {}, "source": [cell[2:]]}
        if cell.startswith("m:")
        else {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": cell.splitlines(keepends=True),
        }
        for cell in cells
    ]
    document = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **top}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def test_a_finding_in_a_notebook_has_its_cell_and_line():
    content = notebook("m:# Title", "import torch.nn as nn", "x = 1\n\nloss = nn.KLDivLoss(a, b)")
    (found,) = check_content(content.encode(), "a.ipynb", Wish()).placed
    assert (found.code, found.cell, found.line, found.column) == (CODE, 3, 3, 8)


def test_what_ipython_adds_is_tolerated():
    content = notebook(
        "%matplotlib inline\n!pip install torch \\\n  --quiet\nimport torch.nn as nn\n?nn\nnn.KLDivLoss??",
        "%%bash\nthis is (not Python",
        "%%time\nfiles = !ls *.py\nx = %timeit -o f()\nif True:\n    !ls\nawait f()",
        "nn.KLDivLoss(a, b)  # kldiv: ignore",
        "nn.KLDivLoss(a, b);",
    )
    (found,) = check_content(content.encode(), "a.ipynb", Wish()).placed
    assert (found.code, found.cell) == (CODE, 5)


def test_a_cell_that_does_not_parse_is_reported_and_the_others_are_checked():
    content = notebook("import torch.nn as nn", "x = 1\nif (:", "nn.KLDivLoss(a, b)")
    found = check_content(content.encode(), "a.ipynb", Wish()).placed
    assert [(each.code, each.cell, each.line) for each in found] == [("KL000", 2, 2), (CODE, 3, 1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("kl_div <<<<<<< HEAD", "the notebook is no JSON: "),
        ('["kl_div"]', "the notebook is JSON without a list of cells; expected format 4"),
        ('{"worksheets": [], "nbformat": 3, "x": "kl_div"}', "the notebook is format 3; expected format 4"),
        ("[" * 100_000 + "kl_div", "the notebook is n"),
    ],
)
def test_a_notebook_that_is_none_is_reported(content, message):
    (found,) = check_content(content.encode(), "a.ipynb", Wish()).findings
    assert found.code == "KL000"
    assert found.message.startswith(message)


def test_a_notebook_of_another_language_is_not_python():
    metadata = {"kernelspec": {"language": "R", "name": "ir"}}
    assert codes(notebook("x <- kl_div(a, b)", metadata=metadata), "a.ipynb") == []


@given(st.lists(st.text(alphabet="ab=%!?(\\\n 1", max_size=15), max_size=4))
def test_the_module_of_a_notebook_is_as_long_as_its_cells(cells):
    found = read_notebook(notebook(*cells))
    assert len(found.module) == sum(len(each) + 1 for each in cells)
    for cell in cells:
        assert [len(line) for line in python_of(cell).split("\n")] == [len(line) for line in cell.split("\n")]


@pytest.mark.parametrize("indent", [1, 2, 4, "\t", None])
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_rewritten_notebook_differs_in_the_edited_cell_alone(indent, end):
    content = json.dumps(json.loads(notebook("m:é", "a = 1\nb = 2", "c = 3")), indent=indent) + end
    changed = read_notebook(content).rewritten([Edit(6, 6, "x\n"), Edit(12, 13, "d")])
    assert json.loads(changed) == json.loads(notebook("m:é", "a = 1\nx\nb = 2", "d = 3"))
    assert changed.replace(json.dumps("x\n"), "").split() != content.split()
    assert len(changed.splitlines()) - len(content.splitlines()) == (indent is not None)


def test_a_notebook_in_an_unknown_layout_is_left():
    content = notebook("import torch.nn as nn").replace('"cells"', '  "cells"')
    assert read_notebook(content).rewritten([Edit(0, 0, "x\n")]) is None
