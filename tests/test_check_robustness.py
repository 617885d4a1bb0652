"""Code that nobody would write: it is checked, fixed and shown without a crash, whatever it is."""

import re
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rewriting import HEAD, rewritten

from kldiv.checker.project import Wish, check_content
from kldiv.report.findings_text import blocks, plain

FIXTURES = sorted((Path(__file__).parent / "checker_fixtures").glob("*/*.py"))
CALL = "F.kl_div(a.log_softmax(1), b.softmax(1))"
TEMPERED = "F.kl_div((a / 1e200).log_softmax(1), (b / 1e200).softmax(1))"
FEW = ", ".join("ab" * 4)
TOKENS = [
    *"\n\t\x0c\r()[]{}:,=*.\"'#\\0/%é日\u0301\x00\ufeff",
    *("**", "-1", "None", "lambda: ", "await ", "yield ", "x := ", "1e400", "1j", '"""', "self", "**k"),
    *("F.kl_div(", "nn.KLDivLoss(", ".sum(-1)", ".log()", "if ", " else ", "global x\n", "del a\n", "\r\n"),
]
EXTREME = {
    "divided by nothing": f"x = 4.0 * {CALL} / 0\ny = {TEMPERED} / 0",
    "numbers without a square": f"x = {TEMPERED} * 1e308 ** 9",
    "a huge power": f"x = 10**400 * {CALL} * 2**1e308",
    "brackets": "x = " + "[" * 150 + CALL + "]" * 150,
    "calls": "x = " + "f(" * 150 + CALL + ")" * 150,
    "lambdas": "x = " + "lambda: " * 300 + CALL,
    "blocks": "".join(" " * depth + "if a:\n" for depth in range(90)) + " " * 90 + f"x = {CALL}",
    "functions": "".join(" " * depth + f"def f{depth}(a, b):\n" for depth in range(90))
    + f"{' ' * 90}return {CALL}",
    "comprehensions": "x = " + "[" * 6 + CALL + f" for a in ({FEW})]" * 6,
    "functions that call each other": f"def f(a, b): return g(a, b) + {CALL}\ndef g(a, b): return f(b, a)",
    "a fan of calls": "".join(f"def f{n}(a, b): return f{n + 1}(a, b) + f{n + 1}(b, a)\n" for n in range(16))
    + f"def f16(a, b): return {CALL}",
    "a long line": f"x = '{'1' * 500_000}'; y = {CALL}",
    "many on one line": "; ".join(f"x{n} = {CALL}" for n in range(100)),
    "bases in a row": "".join(f"class C{n}(C{n - 1}): x = {CALL}\n" for n in range(1, 100)),
}
TOO_DEEP = {
    "a sum": "x = " + " + ".join([CALL] * 10_000),
    "methods": f"x = {CALL}" + ".log()" * 3000,
    "attributes": "x = a" + ".b" * 5000 + f"; y = {CALL}",
    "signs": "x = " + "-" * 20_000 + CALL,
    "a null byte": f"x = {CALL}\0",
}


def looked_at(source):
    """Check, show and fix a source; what was found."""
    content = source.encode("utf-8", "surrogatepass")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_content(content, "a.py", Wish(unused_ignores=True))
        assert all(plain(lines) for lines in blocks(report, 60))
        for to_kldiv in (False, True):
            done = rewritten(content, to_kldiv=to_kldiv)
            if done.changes:
                assert not rewritten(done.content, to_kldiv=to_kldiv).changes
    return {each.code for each in report.findings}


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_code_is_checked(name):
    assert "KL003" in looked_at(f"{HEAD}{EXTREME[name]}\n")


@pytest.mark.parametrize("name", TOO_DEEP)
def test_code_that_is_too_deep_is_said_to_be(name):
    assert looked_at(f"{HEAD}{TOO_DEEP[name]}\n") == {"KL000"}


@st.composite
def mutations(draw):
    """A fixture with pieces cut, doubled, exchanged and inserted, and names taken for others."""
    source = draw(st.sampled_from(FIXTURES)).read_text(encoding="utf-8")
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(source)))
        end = start + draw(st.integers(0, 30))
        kind = draw(st.sampled_from(["cut", "double", "insert", "rename", "lines"]))
        if kind == "rename":
            names = sorted(set(re.findall(r"\b[a-zA-Z_]\w*\b", source))) or ["x"]
            one, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
            source = re.sub(rf"\b{one}\b", other, source)
        elif kind == "lines":
            lines = source.split("\n")
            at, to = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            lines[at], lines[to] = lines[to], lines[at]
            source = "\n".join(lines)
        else:
            piece = {"cut": "", "double": source[start:end] * 2, "insert": draw(st.sampled_from(TOKENS))}[
                kind
            ]
            source = source[:start] + piece + source[start if kind == "insert" else end :]
    return source


@settings(max_examples=60)
@given(mutations())
def test_any_change_of_real_code_is_checked_and_fixed(source):
    looked_at(source)
