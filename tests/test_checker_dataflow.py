"""What is known of a value after code has done something with it; and that no text breaks the checker."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kldiv.checker.checking import check_source
from kldiv.checker.space import Space

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def space_of(body, expression="z", call="F.kl_div({}, other)"):
    """The space of an expression at the end of a function's body, as its KL call sees it."""
    lines = "".join(f"    {line}\n" for line in (*body.split("\n"), call.format(expression)))
    source = f"{HEAD}def f(x, y, w, T, flag, model, other):\n{lines}"
    return check_source(source, "a.py").calls[-1].input_space


@pytest.mark.parametrize(
    ("body", "space"),
    [
        ("z = F.softmax(x, -1)", Space.PROBS),
        ("z = x.log_softmax(-1)", Space.LOG_PROBS),
        ("z = torch.log_softmax(x, dim=1).exp()", Space.PROBS),
        ("z = F.softmax(x, -1).log()", Space.LOG_PROBS),
        ("z = torch.logsumexp(x, -1)", Space.UNKNOWN),
        ("z = x - x.logsumexp(-1, keepdim=True)", Space.LOG_PROBS),
        ("z = w / w.sum(-1, keepdim=True)", Space.PROBS),
        ("z = w / w.sum()\nz = z * flag", Space.SCALED_PROBS),
        ("z = x.softmax(-1).view(-1, 3).unsqueeze(0).permute(0, 2, 1)", Space.PROBS),
        ("z = F.one_hot(y, 10).float()", Space.PROBS),
        ("z = torch.zeros_like(x).scatter_(1, y, 1.0)", Space.PROBS),
        ("z = 0.3 * F.softmax(x, 1) + 0.7 * F.softmax(y, 1)", Space.PROBS),
        ("z = T * F.softmax(x, 1) + (1 - T) * F.softmax(y, 1)", Space.PROBS),
        ("z = F.softmax(x, 1) + F.softmax(y, 1)", Space.SCALED_PROBS),
        ("z = F.log_softmax(x, 1) / 2", Space.SCALED_LOG_PROBS),
        ("z = torch.sigmoid(x)", Space.BERNOULLI),
        ("z = nn.Linear(3, 4)(x)", Space.LOGITS),
        ("z = model(x)", Space.UNKNOWN),
        ("z = model(x)\nF.cross_entropy(z, y)", Space.LOGITS),
        ("z = model(x)\nF.cross_entropy(z.view(-1, 10), y)", Space.LOGITS),
        ("z = model(x)\nF.nll_loss(z, y)", Space.LOG_PROBS),
        ("z = model(x)\nF.nll_loss(z, y)\nF.cross_entropy(z, y)", Space.UNKNOWN),
        ("z, w = F.softmax(x, 1), F.log_softmax(x, 1)", Space.PROBS),
        ("w, z = [F.softmax(x, 1), F.log_softmax(x, 1)]", Space.LOG_PROBS),
        ("z = {'p': x.softmax(1)}['p']", Space.PROBS),
        ("z = F.softmax(x, 1) if flag else F.softmax(y, 1)", Space.PROBS),
        ("z = F.softmax(x, 1) if flag else model(x)", Space.UNKNOWN),
        ("z = None\nif flag:\n    z = F.softmax(x, 1)", Space.PROBS),
        ("if flag:\n    z = x.softmax(1)\nelse:\n    raise ValueError", Space.PROBS),
        ("z = x.softmax(1)\nif flag:\n    z = z.log()", Space.UNKNOWN),
        ("z = x\nfor i in y:\n    z = z.softmax(1)", Space.UNKNOWN),
        ("z = x.softmax(1)\nfor i in y:\n    z = z.detach()", Space.PROBS),
        ("z = x.softmax(1)\nwhile flag:\n    z = z.log()\n    z = z.exp()", Space.PROBS),
        ("try:\n    z = x.softmax(1)\nexcept ValueError:\n    z = y.softmax(1)", Space.PROBS),
        ("with torch.no_grad():\n    z = x.softmax(1)", Space.PROBS),
        ("g = lambda v: v.softmax(1)\nz = g(x)", Space.PROBS),
        (
            "def g(v, log=False):\n    return v.log_softmax(1) if log else v.softmax(1)\nz = g(x, log=True)",
            Space.LOG_PROBS,
        ),
        ("z = [v.softmax(1) for v in x][0]", Space.PROBS),
        ("z = nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(dim=1))(x)", Space.LOG_PROBS),
        ("z = torch.distributions.Categorical(logits=x).logits", Space.LOG_PROBS),
        ("z = torch.tensor([0.25, 0.75])", Space.PROBS),
        ("z = torch.stack([x.softmax(1), y.softmax(1)]).mean(0)", Space.PROBS),
        ("z = x.softmax(-1)[..., 0]", Space.UNKNOWN),
        ("z = F.normalize(x, dim=1)", Space.UNIT_VECTORS),
        ("z = F.normalize(x) @ F.normalize(y).t()", Space.SIMILARITIES),
        ("z = model(x).logits", Space.LOGITS),
        ("z = model.dist(x).logits", Space.UNKNOWN),
    ],
)
def test_space(body, space):
    assert space_of(body) is space


@pytest.mark.parametrize(
    ("imports", "call", "ours"),
    [
        ("import torch.nn.functional as F", "F.kl_div(a, b)", True),
        ("from torch.nn import functional as nnf", "nnf.kl_div(a, b)", True),
        ("import torch as th", "th.nn.functional.kl_div(a, b)", True),
        ("import torch", "torch.kl_div(a, b)", True),
        ("from torch.nn.functional import kl_div as kld", "kld(a, b)", True),
        ("from torch.nn.functional import *", "kl_div(a, b)", True),
        ("from torch.nn.modules.loss import KLDivLoss", "KLDivLoss()(a, b)", True),
        (
            "try:\n    import torch.nn.functional as F\nexcept ImportError:\n    F = None",
            "F.kl_div(a, b)",
            True,
        ),
        ("", "F.kl_div(a, b)", True),
        ("import paddle.nn.functional as F", "F.kl_div(a, b)", False),
        ("from mindspore import nn", "nn.KLDivLoss()(a, b)", False),
        ("from scipy.special import kl_div", "kl_div(a, b)", False),
        ("from .losses import KLDivLoss", "KLDivLoss()(a, b)", False),
        ("def kl_div(p, q):\n    return p", "kl_div(a, b)", False),
        ("from utils import *", "kl_div(a, b)", False),
    ],
)
def test_whose_function_it_is(imports, call, ours):
    assert bool(check_source(f"{imports}\nx = {call}\n", "a.py").calls) == ours


DEEP = [
    "F.kl_div" + "(" * 5000 + ")" * 5000,
    "x = F.kl_div(" + "- " * 20000 + "1, b)",
    "x = F.kl_div(a, b" + ".a" * 3000 + ")",
    "x = F.kl_div(a, b)" + " + c" * 3000,
    "x = F.kl_div(a, b)" + " if c else d" * 300,
    "\n".join("  " * depth + f"if a > {depth}:" for depth in range(90)) + "\n" + "  " * 90 + "F.kl_div(a, b)",
    "if a: F.kl_div(a, b)\n" + "".join(f"elif a == {number}: b = 1\n" for number in range(800)),
    "F.kl_div(a, b" + ", [" * 150 + "]" * 150 + ")",
    "F.kl_div(\0)",
    "def f(): return f(F.kl_div(a, b))\nf()",
    "f = lambda x: f(f(x))\nf(F.kl_div)",
    "class A(A): kl_div = A\nA().kl_div",
    "x = y = x, y = F.kl_div(x, y), x\n*x, y = F.kl_div(*x, **y)",
    "F.kl_div(1e999 ** 1e9, 10 ** 999999 / 0, 2 ** -1)",
]


@pytest.mark.parametrize("source", DEEP, ids=range(len(DEEP)))
def test_no_text_breaks_it(source):
    check_source(source, "a.py")


PIECES = [
    "F.kl_div(",
    "nn.KLDivLoss(",
    ")",
    "(",
    "x",
    "y",
    ", ",
    " = ",
    "\n",
    "\n    ",
    "def f(x, *y, **z):",
    "return ",
    "lambda x: ",
    "for x in y:",
    "while x:",
    "if x:",
    "else:",
    "try:",
    "except:",
    "with torch.no_grad():",
    "class A(nn.Module):",
    "self.x",
    ".softmax(-1)",
    ".log()",
    ".exp()",
    "[0]",
    "[:, None, ...]",
    "[1:]",
    " / ",
    " * ",
    " ** ",
    " + ",
    " - ",
    " @ ",
    "0",
    "2.5",
    "'a'",
    "**x",
    "*x",
    "reduction=",
    '"none"',
    "log_target=",
    "True",
    ".mean()",
    ".shape",
    ".t()",
    ".view(-1, 2)",
    "import torch",
    "x, y",
    ".permute(0, 9)",
    ".flatten(3, 1)",
    ".unsqueeze(-9)",
    "match x:",
    "case _:",
    "yield ",
    "await ",
    ":=",
    "{",
    "}",
    "[",
    "]",
    "ß",
    "\t",
    "del x",
    "global x",
    "F.softmax(x)",
    "torch.stack([x, y])",
    ".mean(x)",
    ".sum(0, 1)",
    "partial(F.kl_div, ",
    "zip(x, y)",
    "sum(x)",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_no_pieces_of_code_break_it(text):
    check_source("F.kl_div\n" + text, "a.py")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_characters_break_it(text):
    check_source(text + "kl_div", "a.py")


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "self.x", "0", "2.0", "None", "'a'", "F", "nn", "torch.rand(2, 3)"]),
    lambda inner: st.one_of(
        st.builds("F.kl_div({}, {})".format, inner, inner),
        st.builds("F.kl_div({}, {}, reduction='none')".format, inner, inner),
        st.builds("nn.KLDivLoss({})({}, {})".format, inner, inner, inner),
        st.builds(
            "({}).{}({})".format,
            inner,
            st.sampled_from(
                [
                    "softmax",
                    "log",
                    "exp",
                    "mean",
                    "sum",
                    "view",
                    "permute",
                    "chunk",
                    "flatten",
                    "transpose",
                    "append",
                    "size",
                    "items",
                    "scatter_",
                    "max",
                    "squeeze",
                    "unsqueeze",
                    "get",
                    "t",
                    "to",
                ]
            ),
            inner,
        ),
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "**", "@", "and", "==", "is"]),
            inner,
        ),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("[{}, *{}]".format, inner, inner),
        st.builds("{{'a': {}, **{}}}".format, inner, inner),
        st.builds("(lambda x, *y: {})({})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("sum({} for x in {})".format, inner, inner),
        st.builds("zip({}, {})".format, inner, inner),
        st.builds("torch.stack([{}, {}], {})".format, inner, inner, inner),
        st.builds("nn.Sequential(nn.Linear(1, 2), {})({})".format, inner, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=6))
def test_no_valid_program_breaks_it(expressions):
    body = "".join(f"    x, self.x = {one}, x\n    for y in x:\n        x = {one}\n" for one in expressions)
    findings = check_source(f"{HEAD}class A:\n  def f(self, x, y):\n{body}# kl_div", "a.py").findings
    assert all(finding.code != "KL000" for finding in findings)


def test_helpers_that_call_each_other_cost_little():
    """Ten calls in each of two hundred helpers: inlining them all would be 10^200 runs."""
    helpers = "def f0(a, b):\n    return F.kl_div(a, b)\n" + "".join(
        f"def f{n}(a, b):\n"
        + "".join(f"    x{k} = f{n - 1}(a + {k}, b)\n" for k in range(10))
        + "    return x0\n"
        for n in range(1, 200)
    )
    start = time.process_time()
    assert check_source(HEAD + helpers, "a.py").calls
    # Seconds on the machine it was written on: five; without a bound it never ends.
    assert time.process_time() - start < 60
