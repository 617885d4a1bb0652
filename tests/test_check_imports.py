"""The imports that a conversion adds, and those that it leaves without a use."""

import pytest
from rewriting import rewritten

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
