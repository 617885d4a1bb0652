"""What `--to-kldiv` writes: it parses, computes the same number, and is written once."""

import ast
import itertools
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rewriting import HEAD, comments, fixed, rewritten, values_of

from kldiv.checker.fixing import fixable

TENSORS = {
    "rows": ((5, 7), (5, 7)),
    "sequences": ((3, 4, 7), (3, 4, 7)),
    "images": ((2, 7, 3, 4), (2, 7, 3, 4)),
    "one": ((7,), (7,)),
}
# Code of a function of logits a and b; with which tensors it runs; whether the conversion is certain.
RIGHT = [
    ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='sum')", "rows sequences one"),
    ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='batchmean')", "rows sequences"),
    ("F.kl_div(F.log_softmax(a, dim=1), F.softmax(b, dim=1), reduction='batchmean')", "rows images"),
    ("F.kl_div(a.log_softmax(dim=-1), b.softmax(-1).detach(), reduction='batchmean')", "rows"),
    (
        "F.kl_div(F.log_softmax(a / 4.0, -1), F.softmax(b / 4.0, -1), reduction='batchmean') * 4.0 * 4.0",
        "rows",
    ),
    (
        "16 * F.kl_div(F.log_softmax(a / 4, -1), F.softmax(b / 4, -1), reduction='batchmean')",
        "rows sequences",
    ),
    ("1 / F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='batchmean')", "rows sequences"),
    ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='batchmean') ** 2", "rows sequences"),
    ("-F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='batchmean').sqrt()", "rows sequences"),
    ("F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), reduction='batchmean', log_target=True)", "rows"),
    ("F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), None, None, 'sum', True)", "rows sequences"),
    (
        "F.kl_div(log_target=False, target=b.softmax(1), reduction='sum', input=a.log_softmax(1))",
        "rows images",
    ),
    ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').sum(-1)", "rows sequences one"),
    (
        "F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').sum(dim=-1).mean()",
        "rows sequences",
    ),
    ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').sum(-1).sum()", "rows sequences"),
    ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').sum()", "rows sequences"),
    ("F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1), reduction='none').sum(1).mean()", "rows images"),
    ("(F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none')).sum(-1)", "rows sequences"),
    (
        "F.kl_div((a.double() / 2).log_softmax(-1), (b / 2).softmax(-1), reduction='batchmean')",
        "rows sequences",
    ),
    (
        "F.kl_div(F.log_softmax(a[:, 1:], -1), F.softmax(b[:, 1:], -1), reduction='batchmean')",
        "rows sequences",
    ),
    ("F.kl_div(F.log_softmax(a[:1], -1), F.softmax(b, -1), reduction='batchmean')", "rows sequences"),
    ("F.kl_div(nn.LogSoftmax(-1)(a), nn.Softmax(-1)(b), reduction='sum')", "rows sequences"),
    (
        "torch.mean(torch.sum(F.kl_div(a.log_softmax(-1), b.softmax(-1), reduction='none'), dim=-1))",
        "rows sequences",
    ),
    (
        "(F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').sum(-1) * a[..., 0]).sum()",
        "rows",
    ),
    ("nn.KLDivLoss(reduction='sum')(F.log_softmax(a, -1), F.softmax(b, -1))", "rows sequences"),
    ("nn.KLDivLoss(reduction='batchmean', log_target=True)(a.log_softmax(-1), b.log_softmax(-1))", "rows"),
    ("torch.nn.functional.kl_div(torch.log_softmax(a, -1), torch.softmax(b, -1), reduction='sum')", "rows"),
]
STATEMENTS = [
    (
        """
    q = F.log_softmax(a, dim=-1)
    with torch.no_grad():
        p = F.softmax(b, dim=-1)
    return F.kl_div(q, p, reduction="batchmean")
""",
        "rows sequences",
    ),
    (
        """
    # The student comes first in PyTorch.
    return F.kl_div(
        F.log_softmax(a, dim=-1),  # the student
        # what it learns from
        F.softmax(b, dim=-1),
        reduction="sum",  # over everything
    )
""",
        "rows sequences",
    ),
    (
        """
    drop = nn.Dropout(0.5)
    return F.kl_div(F.log_softmax(drop(a), dim=-1), F.softmax(drop(b), dim=-1), reduction="sum")
""",
        "rows sequences",
    ),
    (
        """
    loss = nn.KLDivLoss(reduction="sum")
    p, q = b.softmax(-1), a.log_softmax(-1)
    return loss(q, p) / 2
""",
        "rows",
    ),
]
CASES = [(f"{HEAD}def f(a, b):\n    return {code}\n", names) for code, names in RIGHT] + [
    (f"{HEAD}def f(a, b):{body}", names) for body, names in STATEMENTS
]


@pytest.mark.parametrize(
    ("source", "tensors"),
    [(source, name) for source, names in CASES for name in names.split()],
)
def test_a_converted_call_computes_the_same_number_and_gradient(source, tensors):
    done = rewritten(source, to_kldiv=True)
    assert "kldiv.kl(" in done.after, done.refusals
    assert "F.kl_div" not in done.after
    assert "KLDivLoss(" not in done.after or "loss = nn.KLDivLoss" in done.after
    first, second = (torch.randn(*shape, dtype=torch.float64) for shape in TENSORS[tensors])
    for before, after in zip(
        values_of(source, first, second), values_of(done.after, first, second), strict=True
    ):
        # Sums of at most 200 terms of size 10, in another order: some hundred units of the last place.
        torch.testing.assert_close(after, before, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("source", [source for source, _ in CASES])
def test_a_second_conversion_changes_nothing_and_comments_stay(source):
    done = rewritten(source, to_kldiv=True)
    again = rewritten(done.after, to_kldiv=True)
    assert not again.changes
    assert sorted(comments(done.after)) == sorted(comments(source))
    assert done.after.count("import kldiv\n") == 1


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none') * 2", "one by one"),
        (
            "F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').sum(0)",
            "not over the outcomes",
        ),
        ("F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').sum(-1, True)", "not over the"),
        (
            "F.kl_div(F.log_softmax(net(a), -1), F.softmax(b, -1), reduction='batchmean')",
            "number of dimensions",
        ),
        ("F.kl_div(F.log_softmax(c := a, -1), F.softmax(b, -1), reduction='sum')", "assigns"),
        (
            "F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1),\n log_target=False  # !\n , reduction='sum')",
            "",
        ),
        ("F.kl_div(F.log_softmax(a,  # rows\n -1), F.softmax(b, -1), reduction='sum')", ""),
    ],
)
def test_what_is_not_certain_is_left_with_the_reason(code, why):
    source = f"{HEAD}def f(a, b, net):\n    return {code}\n"
    done = rewritten(source, to_kldiv=True)
    if done.changes:
        assert comments(done.after) == comments(source)
    else:
        assert done.after == source
        assert all(why in each and "not converted: " in each for each in done.refusals)


@pytest.mark.parametrize(
    "code",
    [
        "F.kl_div(F.softmax(a, -1), F.softmax(b, -1), reduction='sum')",
        "F.kl_div(F.log_softmax(a, -1), F.log_softmax(b, -1), log_target=unknown, reduction='sum')",
        "F.kl_div(a, b, reduction='sum')",
        "F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='none').mean()",
        "F.kl_div(*pair, reduction='sum')",
    ],
)
def test_a_call_that_is_not_known_to_be_right_is_not_converted(code):
    assert "kldiv.kl" not in fixed(f"def f(a, b, unknown, pair):\n    return {code}\n", to_kldiv=True)


# --- the import ---------------------------------------------------------------------------------------

CALL = "F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='sum')"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (
            f"import os\nimport torch.nn.functional as F\nx = {CALL}\n",
            "import os\nimport kldiv\nx = ",
        ),
        (
            f'"""Text."""\nfrom __future__ import annotations\nimport torch.nn.functional as F\nx = {CALL}',
            None,
        ),
        (f"#!/usr/bin/python\n# A comment.\nimport torch.nn.functional as F\nx = {CALL}\n", None),
        (f"def f(a, b):\n    import torch.nn.functional as F\n    return {CALL}\n", "import kldiv\ndef f"),
        (f"import torch.nn.functional as F; a = b = 1\nx = {CALL}\n", "import kldiv\nimport torch"),
        (
            f"if True:\n    import torch.nn.functional as F\nx = {CALL}\n",
            "import kldiv\nif",
        ),
    ],
)
def test_the_import_stands_where_it_may(source, line):
    after = rewritten(source, to_kldiv=True).after
    assert line is None or line in after
    assert after.count("import kldiv\n") == 1
    ast.parse(after)
    compile(after, "a.py", "exec")


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("import kldiv\n", "kldiv"),
        ("import kldiv as k\n", "k"),
        ("kldiv = 0\n", "kldiv_"),
        ("def kldiv(): pass\n", "kldiv_"),
        ("from other import kldiv\n", "kldiv_"),
        ("kldiv = kldiv_ = 0\n", "kldiv__"),
    ],
)
def test_kldiv_is_called_by_a_name_that_is_free(before, name):
    after = rewritten(f"{HEAD}{before}x = {CALL}\n", to_kldiv=True).after
    assert f"x = {name}.kl({name}.Logits(b), {name}.Logits(a), reduction='sum')" in after
    assert len(re.findall(r"^import kldiv", after, re.MULTILINE)) == 1


@given(st.sampled_from([source for source, _ in CASES]), st.data())
def test_any_text_is_fixed_without_a_crash_and_what_parsed_still_does(source, data):
    """Cut, doubled or swapped pieces of code: what comes out parses, and a second run changes nothing."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(source)), min_size=2, max_size=4)))
    pieces = [source[i:j] for i, j in itertools.pairwise([0, *cuts, len(source)])]
    text = "".join(data.draw(st.lists(st.sampled_from(pieces), max_size=6)))
    for body in (text, source.replace("a, ", text.replace("\n", " ")[:20], 1)):
        done = rewritten(body, to_kldiv=True)
        fixable(done.report)
        if done.changes:
            ast.parse(done.after)
            assert not rewritten(done.after, to_kldiv=True).changes
        else:
            assert done.after == done.before
