"""What `--fix` and `--to-kldiv` write: it parses, is what was meant, and computes the number it should."""

import ast
import itertools
import re
import tokenize
from io import StringIO

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from kldiv.checker.fixes import legacy_reduction
from kldiv.checker.fixing import fixable, rewrite_document
from kldiv.checker.project import Wish, check_content
from kldiv.checker.selection import Selection

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def rewritten(source, *, to_kldiv=False, name="a.py", wish=None):
    """A source after every fix."""
    wish = wish or Wish()
    content = source if isinstance(source, bytes) else source.encode()
    return rewrite_document(check_content(content, name, wish), wish, to_kldiv=to_kldiv)


def fixed(body, **options):
    """The lines below the imports after every fix."""
    done = rewritten(HEAD + body, **options)
    return (done.after if done.changes else done.before).replace(HEAD, "").replace("import kldiv\n", "")


def values_of(source, a, b):
    """What the function `f` of a source returns for two tensors, and its gradients."""
    namespace = {}
    exec(compile(source, "f.py", "exec"), namespace)  # noqa: S102 (that is what is tested)
    a, b = a.clone().requires_grad_(), b.clone()
    torch.manual_seed(7)
    value = namespace["f"](a, b)
    (gradient,) = torch.autograd.grad(value.sum(), a)
    return value.detach(), gradient


# --- converted calls compute the same -----------------------------------------------------------------

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


def comments(source):
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return [each.string for each in tokens if each.type == tokenize.COMMENT]


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


# --- fixes of findings --------------------------------------------------------------------------------


IMPORT = "import torch.nn.functional as F\n"
ONLY_USE = "x = F.kl_div(a.log_softmax(-1), b.softmax(-1), reduction='sum')\n"


@pytest.mark.parametrize(
    ("imports", "left"),
    [
        (IMPORT, ""),
        ("from torch.nn import functional as F\n", ""),
        ("import torch\n" + IMPORT, "import torch\n"),
        (IMPORT.rstrip() + "  \n", ""),
    ],
)
def test_an_import_that_nothing_uses_any_more_is_removed(imports, left):
    done = rewritten(imports + ONLY_USE, to_kldiv=True)
    assert done.after.startswith(f"import kldiv\n{left}x = kldiv.kl(")
    removed = imports.splitlines()[-1].strip()
    line = imports.count("\n")
    assert f"a.py:{line}:1 removed {removed}, which nothing uses any more" in done.changes
    assert rewritten(done.after, to_kldiv=True).changes == ()


@pytest.mark.parametrize(
    "source",
    [
        IMPORT + ONLY_USE + "y = F.relu(a)\n",
        IMPORT + ONLY_USE + "def f(x: 'F.Tensor'): pass\n",
        IMPORT + ONLY_USE + "__all__ = ['F']\n",
        IMPORT.rstrip() + "  # noqa: F401\n" + ONLY_USE,
        "import torch.nn.functional as F; import math\n" + ONLY_USE,
        "from torch.nn import functional as F, Module\n" + ONLY_USE,
        "try:\n    import torch.nn.functional as F\nexcept ImportError:\n    raise\n" + ONLY_USE,
        "import torch.nn as nn\n" + IMPORT + ONLY_USE,
    ],
)
def test_an_import_that_may_be_used_stays(source):
    after = rewritten(source, to_kldiv=True).after
    kept = source.replace(IMPORT, "") if source.startswith("import torch.nn as nn") else source
    assert "kldiv.kl(" in after
    assert kept.partition(ONLY_USE)[0] in after


def test_an_import_of_a_package_or_a_notebook_stays():
    assert IMPORT in rewritten(IMPORT + ONLY_USE, to_kldiv=True, name="package/__init__.py").after
    unconverted = IMPORT + "x = F.kl_div(a, b)\n"
    assert rewritten(unconverted, to_kldiv=True).after == unconverted.replace(
        "(a, b)", '(a, b, reduction="batchmean")'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1))",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="batchmean")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), reduction='mean')",
            "F.kl_div(a.log_softmax(1), b.softmax(1), reduction='batchmean')",
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), None, None, 'mean')",
            "F.kl_div(a.log_softmax(1), b.softmax(1), None, None, 'batchmean')",
        ),
        (
            "F.kl_div(\n    a.log_softmax(1),\n    b.softmax(1),  # p\n)",
            'F.kl_div(\n    a.log_softmax(1),\n    b.softmax(1),  # p\n    reduction="batchmean",\n)',
        ),
        (
            "F.kl_div(\n    a.log_softmax(1),\n    (b.softmax(1))  # p\n)",
            'F.kl_div(\n    a.log_softmax(1),\n    (b.softmax(1)),  # p\n    reduction="batchmean"\n)',
        ),
        (
            "F.kl_div(a.log_softmax(1),\n         b.softmax(1), )",
            'F.kl_div(a.log_softmax(1),\n         b.softmax(1), reduction="batchmean", )',
        ),
        (
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum")',
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum", log_target=True)',
        ),
        (
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum", log_target=False)',
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum", log_target=True)',
        ),
        (
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum", log_target=True)',
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum", log_target=False)',
        ),
        (
            'F.kl_div(torch.log(F.softmax(a, 1)), b.softmax(1), reduction="sum")',
            'F.kl_div(F.log_softmax(a, 1), b.softmax(1), reduction="sum")',
        ),
        (
            'F.kl_div(a.softmax(dim=1).log(), b.softmax(1), reduction="sum")',
            'F.kl_div(a.log_softmax(dim=1), b.softmax(1), reduction="sum")',
        ),
        (
            'F.kl_div(nn.Softmax(dim=1)(a).log(), b.softmax(1), reduction="sum")',
            'F.kl_div(nn.LogSoftmax(dim=1)(a), b.softmax(1), reduction="sum")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), size_average=False)",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), False, True)",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.log_softmax(1), False, None, 'mean', True)",
            "F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction='sum', log_target=True)",
        ),
        (
            "nn.KLDivLoss(size_average=False)(a.log_softmax(1), b.softmax(1))",
            'nn.KLDivLoss(reduction="sum")(a.log_softmax(1), b.softmax(1))',
        ),
        (
            "nn.KLDivLoss(False)(a.log_softmax(1), b.softmax(1))",
            'nn.KLDivLoss(reduction="sum")(a.log_softmax(1), b.softmax(1))',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), size_average=True)",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="batchmean")',
        ),
    ],
)
def test_what_a_fix_writes(before, after):
    assert fixed(f"def f(a, b):\n    x = {before}\n") == f"def f(a, b):\n    x = {after}\n"


@pytest.mark.parametrize(
    "code",
    [
        # The rank is seen not to be 2, or the outcomes lie along the first dimension.
        "F.kl_div(torch.randn(2, 3, 4).log_softmax(-1), torch.randn(2, 3, 4).softmax(-1))",
        "F.kl_div(a.log_softmax(0), b.softmax(0))",
        # What stands in the way is not a literal.
        "F.kl_div(a.log_softmax(1), b.softmax(1), size_average=flag)",
        "F.kl_div(a.log_softmax(1), b.log_softmax(1), log_target=flag, reduction='sum')",
        # Its reduction is a number.
        "torch.kl_div(a.log_softmax(1), b.softmax(1))",
        # A comment would be lost.
        "F.kl_div(torch.log(  # why\n    F.softmax(a, 1)), b.softmax(1), reduction='sum')",
        # Not the function of PyTorch, or none that can be renamed.
        "F.kl_div(torch.log(own.softmax(a)), b.softmax(1), reduction='sum')",
    ],
)
def test_what_is_not_safe_is_left(code):
    source = f"def f(a, b, flag, own):\n    x = {code}\n"
    assert fixed(source) == source


def test_an_option_that_a_dictionary_gives_is_not_given_again():
    body = "x = F.kl_div(a.log_softmax(1), b.softmax(1), **{'reduction': 'mean'})\n"
    assert fixed(body) == body
    summed = body.replace("mean", "sum")
    assert fixed(summed, to_kldiv=True) == summed


def test_a_text_with_values_is_left():
    source = 'x = f"{F.kl_div(a.log_softmax(1), b.softmax(1))} {F.kl_div(a, b, False)}"\n'
    assert fixed(source, to_kldiv=True) == source


def test_a_criterion_that_serves_two_calls_is_changed_only_if_both_agree():
    body = "def f(a, b):\n    kl = nn.KLDivLoss()\n    x = kl(a.log_softmax(1), b.softmax(1))\n"
    assert "KLDivLoss(reduction=" in fixed(body)
    disagreeing = body + "    y = kl(a.log_softmax(0), b.softmax(0))\n"
    assert fixed(disagreeing) == disagreeing


def test_what_is_ignored_or_not_selected_is_not_fixed():
    line = "x = F.kl_div(a.log_softmax(1), b.softmax(1))"
    assert fixed(f"{line}  # kldiv: ignore\n") == f"{line}  # kldiv: ignore\n"
    assert fixed(f"{line}\n", wish=Wish(Selection(ignore=("KL003",)))) == f"{line}\n"


def test_the_words_for_old_arguments_are_those_of_pytorch():
    for size_average, reduce in itertools.product((None, True, False), repeat=2):
        if (size_average, reduce) == (None, None):
            assert legacy_reduction(None, None) is None
            continue
        with pytest.warns(UserWarning, match="will be deprecated"):
            criterion = nn.KLDivLoss(size_average=size_average, reduce=reduce)
        assert legacy_reduction(size_average, reduce) == criterion.reduction


@pytest.mark.parametrize("size_average", [None, True, False])
@pytest.mark.parametrize("reduce", [None, True, False])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_without_old_arguments_the_number_stays(size_average, reduce, reduction):
    source = (
        f"{HEAD}def f(a, b):\n    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), "
        f"size_average={size_average}, reduce={reduce}, reduction={reduction!r})\n"
    )
    only = Wish(Selection(select=("KL005",)))
    after = rewritten(source, wish=only).after
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    torch.testing.assert_close(values_of(after, a, b), values_of(source, a, b), rtol=0, atol=0)
    if (size_average, reduce) != (None, None):
        assert "size_average" not in after
        assert "reduce=" not in after


def test_log_softmax_is_the_logarithm_it_replaces():
    source = (
        f"{HEAD}def f(a, b):\n    return F.kl_div(F.softmax(a, 1).log(), b.softmax(1), reduction='sum')\n"
    )
    after = rewritten(source).after
    assert "log_softmax" in after
    a, b = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)
    torch.testing.assert_close(values_of(after, a, b), values_of(source, a, b), rtol=1e-12, atol=1e-12)


def test_batchmean_is_the_divergence():
    source = f"{HEAD}def f(a, b):\n    return F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1))\n"
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    p, q = b.softmax(1), a.softmax(1)
    value, _ = values_of(rewritten(source).after, a, b)
    # Twelve terms of size 1 in float32.
    torch.testing.assert_close(value, (p * (p / q).log()).sum(1).mean(), rtol=1e-5, atol=1e-6)


def test_places_are_those_of_the_file_as_it_was():
    body = f"x = F.kl_div(a.log_softmax(1), b.softmax(1), size_average=True); y = {CALL}\n"
    body += "z = F.kl_div(a.log_softmax(1), b.softmax(1), reduction='none')\n"
    done = rewritten(HEAD + body, to_kldiv=True)
    columns = [1 + body.index(each) for each in ("True", "F.kl_div", "size_average", "F.kl_div")]
    columns[1] = 1 + body.index(CALL)
    assert [each.split(" ")[0] for each in done.changes] == [f"a.py:4:{column}" for column in columns]
    assert done.refusals[0].startswith("a.py:5:5 not converted: ")


# --- bytes, line ends, notebooks ----------------------------------------------------------------------

FIXABLE = "import torch.nn.functional as F\nx = F.kl_div(\n    a.log_softmax(1),\n    b.softmax(1),\n)  # é\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "declaration", "encoding"),
    [(b"", "", "utf-8"), (b"\xef\xbb\xbf", "", "utf-8"), (b"", "# coding: latin-1\n", "latin-1")],
)
def test_encoding_mark_and_line_ends_stay(newline, mark, declaration, encoding):
    def as_bytes(text):
        return mark + (declaration + text).replace("\n", newline).encode(encoding)

    done = rewrite_document(check_content(as_bytes(FIXABLE), "a.py", Wish()), Wish(), to_kldiv=False)
    expected = FIXABLE.replace("(1),\n)", '(1),\n    reduction="batchmean",\n)')
    assert done.left.document.content == as_bytes(expected)
    converted = rewrite_document(check_content(as_bytes(FIXABLE), "a.py", Wish()), Wish(), to_kldiv=True)
    content = converted.left.document.content
    assert b"import kldiv" + newline.encode() in content
    assert content.count(newline.encode()) == as_bytes(expected).count(newline.encode())


def test_wide_characters_before_a_call_do_not_shift_it():
    body = 'x = "日本 é 𝒳", F.kl_div(a.log_softmax(1), b.softmax(1)), "ü"\n'
    assert fixed(body) == body.replace("softmax(1))", 'softmax(1), reduction="batchmean")')


def test_a_form_feed_shifts_nothing():
    body = "\f\nclass A:\n    pass\n\f\nx = F.kl_div(a.log_softmax(1), b.softmax(1))\n"
    assert fixed(body) == body.replace("softmax(1))", 'softmax(1), reduction="batchmean")')


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
