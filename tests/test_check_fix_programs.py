"""Generated programs, run before and after `--fix` and `--to-kldiv`: the numbers are those the pages say.

What a program should return is worked out here from PyTorch's documented formula, without its function and
without the checker.
"""

import warnings
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rewriting import HEAD, comments, rewritten, values_of

SHAPES = {"rows": (4, 5), "sequences": (2, 3, 5)}
INPUTS = [
    "F.log_softmax({a}, dim=-1)",
    "F.log_softmax(input={a}, dim=-1)",
    "torch.log_softmax({a}, -1)",
    "({a}).log_softmax(-1)",
    "nn.LogSoftmax(dim=-1)({a})",
    "torch.log(F.softmax({a}, dim=-1))",
    "F.softmax({a}, dim=-1).log()",
    "({a}).softmax(-1).log()",
]
PROBABILITIES = [
    "F.softmax({b}, dim=-1)",
    "torch.softmax({b}, -1)",
    "({b}).softmax(dim=-1)",
    "F.softmax({b}, dim=-1).detach()",
    "F.log_softmax({b}, dim=-1).exp()",
]
LOGARITHMS = ["F.log_softmax({b}, -1)", "({b}).log_softmax(-1)", "torch.log_softmax({b}, dim=-1).detach()"]
CALLS = [
    "F.kl_div({arguments})",
    "torch.nn.functional.kl_div({arguments})",
    "nn.KLDivLoss({options})({sides})",
    "criterion({sides})",
    "partial(F.kl_div, {options})({sides})",
]
REDUCTIONS = [
    *((f"reduction={quote}{word}{quote}", word) for word in ("mean", "sum", "batchmean") for quote in "'\""),
    ("", "mean"),
    ("size_average=False", "sum"),
    ("size_average=True", "mean"),
    ("reduce=True", "mean"),
    ("size_average=False, reduction='batchmean'", "sum, divided"),
    ("size_average=True, reduction='batchmean'", "mean, divided"),
    ("size_average=False, reduction='mean'", "sum"),
    ("reduction='none'", "none"),
]
ENDINGS = {
    ".sum(-1)": lambda elements: elements.sum(-1),
    ".sum(dim=-1).mean()": lambda elements: elements.sum(-1).mean(),
    ".sum()": lambda elements: elements.sum(),
    ".mean()": lambda elements: elements.mean(),
    "": lambda elements: elements,
}
FACTORS = [("", 1.0), (" * 4.0", 4.0), (" / 2", 0.5), (" * T * T", 4.0), (" * T**2", 4.0), (" / T", 0.5)]
LAYOUTS = {
    "one line": ("", ", ", ""),
    "blanks": (" ", " ,  ", " "),
    "lines": ("\n        ", ",\n        ", "\n    "),
    "comma": ("\n        ", ",\n        ", ",\n    "),
    "comments": ("  # opened\n        ", ",  # one\n        ", "  # last\n    "),
    "own lines": (
        "\n        # before\n        ",
        ",\n        # between\n        ",
        ",\n        # after\n    ",
    ),
}
# Lines that no change has to do with, in a layout no formatter would leave.
AROUND = [
    "x  =  {'a' :1}   # kept   ",
    "y = (1,\n         2 ,)",
    's = """\n  # no comment\n"""',
    "# ---\t---",
]


@dataclass(frozen=True)
class Program:
    """A source with a function of two tensors of logits, and what its call is."""

    source: str
    reduction: str
    log_target: bool
    in_logarithms: bool
    ending: str
    factor: float
    temperature: float

    def value(self, a, b, fixed):
        """What the function returns once the findings of these codes are put right.

        Source:
            PyTorch 2, documentation of torch.nn.KLDivLoss: y_true·(log y_true - y_pred), and with log_target
            exp(y_true)·(y_true - y_pred).
        """
        log_q, log_p = ((each / self.temperature).log_softmax(-1) for each in (a, b))
        target = log_p if self.in_logarithms else log_p.exp()
        log_target = self.in_logarithms if "KL002" in fixed else self.log_target
        elements = target.exp() * (target - log_q) if log_target else target * (target.log() - log_q)
        if self.reduction == "none":
            return ENDINGS[self.ending](elements) * self.factor
        divisors = {"mean": elements.numel(), "batchmean": len(elements), "sum": 1}
        first, _, divided = self.reduction.partition(", ")
        value = elements.sum() / divisors["batchmean" if "KL003" in fixed else first]
        # PyTorch's function, other than the criterion, divides for "batchmean" whatever size_average says.
        return value / (len(elements) if divided and "KLDivLoss" not in self.source else 1) * self.factor


@st.composite
def programs(draw):
    """A program, its parts chosen one by one."""
    temperature = draw(st.sampled_from([1.0, 2.0]))
    a, b = ("a", "b") if temperature == 1 else ("a / T", "b / T")
    in_logarithms, log_target = draw(st.booleans()), draw(st.sampled_from([None, False, True]))
    written, reduction = draw(st.sampled_from(REDUCTIONS))
    flag = "" if log_target is None else f"log_target={log_target}"
    options = [each for each in draw(st.permutations([written, flag])) if each]
    sides = [
        draw(st.sampled_from(INPUTS)).format(a=a),
        draw(st.sampled_from(LOGARITHMS if in_logarithms else PROBABILITIES)).format(b=b),
    ]
    lines = ["T = 2.0", *draw(st.lists(st.sampled_from(AROUND), max_size=2))]
    if draw(st.booleans()):
        lines += [f"log_q = {sides[0]}", f"target = {sides[1]}  # what is learnt from"]
        sides = ["log_q", "target"]
    call = draw(st.sampled_from(CALLS if options else CALLS[:-1]))
    if "criterion" in call:
        lines.append(f"criterion = nn.KLDivLoss({', '.join(options)})  # built once")
    before, between, behind = LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))]
    filled = call.format(
        arguments=before + between.join([*sides, *options]) + behind,
        sides=before + between.join(sides) + behind,
        options=", ".join(options),
    )
    ending = draw(st.sampled_from(sorted(ENDINGS))) if reduction == "none" else ""
    factor, worth = draw(st.sampled_from(FACTORS))
    lines.append(f"return {filled}{ending}{factor}")
    body = "".join(f"    {line}\n" for line in lines)
    source = f"{HEAD}from functools import partial\n\n\ndef f(a, b):\n{body}"
    return Program(source, reduction, bool(log_target), in_logarithms, ending, worth, temperature)


def numbers(source, tensors):
    """What `f` returns, and its gradient, without PyTorch's warnings of old arguments and means."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return values_of(source, *tensors)


def fixed_codes(changes):
    return {word.rstrip(":") for line in changes for word in line.split() if word.startswith("KL0")}


@pytest.mark.parametrize("shape", sorted(SHAPES))
@settings(max_examples=60)
@given(program=programs(), seed=st.integers(0, 99))
def test_a_fixed_program_returns_what_its_page_says(shape, program, seed):
    generator = torch.Generator().manual_seed(seed)
    tensors = [torch.randn(SHAPES[shape], generator=generator, dtype=torch.float64) for _ in "ab"]
    # Sums of at most 30 terms, in another order; a temperature of 2 is exact.
    close = {"rtol": 1e-9, "atol": 1e-12, "equal_nan": True}
    before, _ = numbers(program.source, tensors)
    torch.testing.assert_close(before, program.value(*tensors, fixed=()), **close)
    fixed = rewritten(program.source)
    value, gradient = numbers(fixed.after, tensors)
    torch.testing.assert_close(value, program.value(*tensors, fixed=fixed_codes(fixed.changes)), **close)
    same, slope = numbers(rewritten(program.source, to_kldiv=True).after, tensors)
    torch.testing.assert_close(same, value, **close)
    torch.testing.assert_close(slope, gradient, **close)


@settings(max_examples=60)
@given(program=programs())
def test_what_is_decided_is_fixed(program):
    codes = fixed_codes(rewritten(program.source).changes)
    criterion, mean = "KLDivLoss" in program.source, program.reduction.startswith("mean")
    no_word = program.reduction == "mean, divided" and not criterion
    legacy = "size_average" in program.source or "reduce=" in program.source
    assert ("KL002" in codes) == (program.log_target != program.in_logarithms)
    assert ("KL003" in codes) == (mean and not no_word)
    assert ("KL005" in codes) == (legacy and not no_word)


@settings(max_examples=60)
@given(program=programs(), to_kldiv=st.booleans())
def test_a_second_run_changes_nothing_and_all_else_stays(program, to_kldiv):
    done = rewritten(program.source, to_kldiv=to_kldiv)
    assert not rewritten(done.after, to_kldiv=to_kldiv).changes
    assert sorted(comments(done.after)) == sorted(comments(program.source))
    for each in AROUND:
        assert done.after.count(f"    {each}\n") == program.source.count(f"    {each}\n")
