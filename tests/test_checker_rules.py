"""Every rule against code whose findings were judged by hand before it was run."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kldiv.checker.checking import check_source
from kldiv.checker.rules import RULES

ROOT = Path(__file__).parent.parent
FIXTURES = Path(__file__).parent / "checker_fixtures"
CODES = [rule.code for rule in RULES]
FEWEST = 8
COMMENT = re.compile(r"#\s*(KL\d{3}(?:,\s*KL\d{3})*)\s*$")
PRELUDE = (
    "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nK = F.kl_div\n"
    "ls = lambda z: F.log_softmax(z, dim=-1)\nsm = lambda z: F.softmax(z, dim=-1)\n"
    "def f(a, b, t, u, v, p, q, y, h, g, mask, teacher, student, mode):\n"
)


def expected(source):
    """The comments: how often each code is expected on each line."""
    found = Counter()
    for number, line in enumerate(source.split("\n"), 1):
        match = COMMENT.search(line)
        found.update((number, code) for code in (re.findall(r"KL\d{3}", match[1]) if match else ()))
    return found


def found_in(path):
    return check_source(path.read_text(encoding="utf-8"), str(path)).findings


def counted(findings):
    return Counter((finding.line, finding.code) for finding in findings)


@pytest.mark.parametrize("path", sorted((FIXTURES / "realistic").glob("*.py")), ids=lambda path: path.stem)
def test_realistic_code(path):
    assert counted(found_in(path)) == expected(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("KL*/*.py")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_rules_own_code(path):
    code = path.parent.name
    findings = [one for one in found_in(path) if one.code == code or one.severity == "error"]
    assert counted(findings) == expected(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_its_examples(code):
    texts = [path.read_text(encoding="utf-8") for path in (FIXTURES / code).glob("*.py")]
    assert sum(expected(text).total() for text in texts) >= FEWEST
    negatives = (FIXTURES / code / "negatives.py").read_text(encoding="utf-8")
    assert not expected(negatives)
    assert negatives.count("def case_") >= FEWEST


# The survey's patterns, as published: u and v are tensors of which nothing else is known.
PATTERNS = [
    ('K(ls(a/t), sm(b/t), reduction="batchmean")*t*t', ""),
    ('K(sm(a), sm(b), reduction="batchmean")', "KL001"),
    ('K(a, sm(b), reduction="batchmean") + F.cross_entropy(a, y)', "KL001"),
    ('K(ls(a), ls(b), reduction="batchmean")', "KL002"),
    ('K(ls(a), sm(b), log_target=True, reduction="batchmean")', "KL002"),
    ('K(u, v, reduction="sum")+K(v, u, reduction="sum")', "KL002"),
    ('K(u, v, reduction="sum", log_target=True)+K(v, u, reduction="sum", log_target=True)', ""),
    ('m=(p+q)/2; K(p.log(), m, reduction="sum")+K(q.log(), m, reduction="sum")', "KL009"),
    ('m=(p+q)/2; K(m.log(), p, reduction="sum")+K(m.log(), q, reduction="sum")', ""),
    ("nn.KLDivLoss()(ls(a), sm(b))", "KL003"),
    ('K(ls(a), sm(b), reduction="none").mean()', "KL003"),
    ('l=K(ls(a), sm(b), reduction="none").sum(-1); (l*mask).sum()/mask.sum()', ""),
    ('B,T,V=h.shape; K(ls(h), sm(g), reduction="batchmean")', "KL004"),
    ('B,T,V=h.shape; K(ls(h).flatten(0,1), sm(g).flatten(0,1), reduction="batchmean")', ""),
    ('a=torch.randn(5); K(ls(a), sm(b), reduction="batchmean")', "KL004"),
    ('K(ls(teacher), sm(student), reduction="batchmean")', "KL008"),
    ('\n  if mode=="reverse": K(ls(teacher), sm(student), reduction="batchmean")', ""),
    ('K(sm(a)/4, sm(b), reduction="batchmean")', "KL010"),
    ('mu, logvar = g(a); K(mu, logvar, reduction="batchmean")', "KL010"),
    ("nn.KLDivLoss(ls(a), sm(b))", "KL014"),
]


@pytest.mark.parametrize(("code", "wanted"), PATTERNS)
def test_the_surveys_patterns(code, wanted):
    findings = check_source(f"{PRELUDE}  {code}\n", "pattern.py").findings
    assert ",".join(sorted({finding.code for finding in findings})) == wanted


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rules_example_is_found_and_its_fix_is_not(rule):
    """What the documents show is what the checker says."""
    head = (
        "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
        "def f(self, a, b, s, t, T, p, q, x, log_p, logits, student_logits, teacher_logits):\n"
    )
    for text, wanted in ((rule.example, True), (rule.fix, False)):
        body = "".join(f"    {line}\n" for line in text.split("\n"))
        findings = check_source(head + body, "example.py").findings
        assert (rule.code in {finding.code for finding in findings}) == wanted, text


def test_findings_point_at_the_operand():
    source = 'import torch.nn.functional as F\nß = 1; x = F.kl_div(F.softmax(a, -1), b, reduction="sum")\n'
    (finding,) = check_source(source, "a.py").findings
    line = source.split("\n")[finding.line - 1]
    assert line[finding.column - 1 : finding.end_column - 1] == "F.softmax(a, -1)"
    assert (finding.code, finding.severity, finding.line, finding.end_line) == ("KL001", "error", 2, 2)


def test_calls_say_what_is_right():
    source = (
        "import torch.nn.functional as F\n"
        "def f(a, b, T):\n"
        '    return F.kl_div(F.log_softmax(a / T, 1), F.softmax(b / T, 1), reduction="sum") * T**2\n'
    )
    (call,) = check_source(source, "a.py").calls
    assert (call.verdict, call.reduction, call.log_target, call.dim) == ("right", "sum", False, 1)
    assert (call.temperature, call.temperature_squared, call.function) == ("T", True, "f")


def test_the_pages_are_the_rules_words(tmp_path):
    tool = ROOT / "tools" / "write_rule_pages.py"
    subprocess.run([sys.executable, str(tool), str(tmp_path)], check=True)
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").iterdir()}
    assert kept == written


def test_the_rules_are_in_order():
    assert sorted(CODES) == CODES
