"""`kldiv explain --got` and `--framework`: which call prints a number, and what each framework returns."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (the name the calls are written with)
from hypothesis import given
from hypothesis import strategies as st

from kldiv.conventions.call import Pair
from kldiv.conventions.catalogue import CALLS
from kldiv.conventions.matching import diagnose, parse_printed
from kldiv.errors import InvalidInputError

EXAMPLE = ("explain", "1,1,2,2,3", "1,1,1,1,1,2,3,3,3,3")
P, Q = np.array([0.4, 0.4, 0.2]), np.array([0.5, 0.1, 0.4])
PAIR = Pair(P, Q, np.array([2.0, 2.0, 1.0]), np.array([5.0, 1.0, 4.0]))
DIVERGENCE = 0.32663088781028327


def first(run, *arguments):
    """The likeliest match, from JSON."""
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, "")
    document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    return document["diagnosis"]["matches"][0]


def test_the_example_is_the_default_mean(run):
    code, out, err = run(*EXAMPLE, "--got", "0.1088770")
    assert (code, err) == (0, "")
    assert "F.kl_div(q.log(), p)\n" in out
    assert 'the default reduction="mean" averages over outcomes too: divided by 3' in out
    assert 'Write instead\n  F.kl_div(q.log(), p, reduction="sum")' in out


# The numbers are what PyTorch, SciPy and Keras print for the example.
@pytest.mark.parametrize(
    ("got", "call"),
    [
        ("0.1088770", "F.kl_div(q.log(), p)"),
        ("0.10887696593999863", "F.kl_div(q.log(), p)"),  # float32, through item()
        ("tensor(0.1089)", "F.kl_div(q.log(), p)"),
        ("0.2502012", 'F.kl_div(p.log(), q, reduction="sum")'),
        ("-1.3749201", 'F.kl_div(q, p, reduction="sum")'),
        ("-1.26334834", 'F.kl_div(p, q, reduction="sum")'),
        ("-4.583067e-01", "F.kl_div(q, p)"),
        ("0.47122876", 'F.kl_div(q.log(), p, reduction="sum") / math.log(2)'),
        ("−0.32663089", '-F.kl_div(q.log(), p, reduction="sum")'),
        ("0.26069065", "jensenshannon(p, q)"),
        ("1.0549202", "entropy(p)"),
        ("nan", 'F.kl_div(q.log(), p.log(), reduction="sum")'),
    ],
)
def test_printed_numbers_are_recognised(run, got, call):
    assert first(run, *EXAMPLE, "--got", got)["call"] == call


def test_the_right_number_is_said_to_be_right(run):
    assert "nothing is wrong" in run(*EXAMPLE, "--got", "0.3266309")[1]
    assert "nothing is wrong" in run(*EXAMPLE, "--got", "0.4712288", "--base", "2")[1]
    assert "in another unit" in run(*EXAMPLE, "--got", "0.4712288")[1]
    match = first(run, *EXAMPLE, "--got", "0.3266309", "--base", "2")
    assert match["corrected"] == 'F.kl_div(q.log(), p, reduction="sum") / math.log(2)'
    assert match["right"] is False
    assert match["agrees"] == "digits"
    assert first(run, *EXAMPLE, "--got", "0.10888")["agrees"] == "digits"
    assert first(run, *EXAMPLE, "--got", "0.10887699")["agrees"] == "float32"
    match = first(run, *EXAMPLE, "--got", "0.2502012", "--base", "3")
    assert match["corrected"] == 'F.kl_div(q.log(), p, reduction="sum") / math.log(3)'


def test_probabilities_and_weights(run):
    assert first(run, "explain", "0.4,0.4,0.2", "0.5,0.1,0.4", "--pmf", "--got", "0.10888")["slips"] == [
        "default mean"
    ]
    # Counts given to kl_div as they are: Σ p·(log p − log q) = 2 ln 0.4 + 2 ln 2 + ln 0.25.
    match = first(run, "explain", "2,2,1", "5,1,4", "--weights", "--got", "-1.8325815")
    assert match["slips"] == ["counts instead of probabilities"]
    assert match["call"] == 'F.kl_div(q_counts.log(), p_counts, reduction="sum")'


def test_infinity_and_what_makes_it(run):
    match = first(run, "explain", "a,b", "a,a", "--got", "inf")
    assert (match["call"], match["returns"], match["printed"]) == (
        'F.kl_div(q.log(), p, reduction="sum")', None, "inf"
    )  # fmt: skip
    # Keras clips where the others are infinite: −ln 2/2 + ln(0.5/1e-7)/2.
    match = first(run, "explain", "a,b", "a,a", "--got", "7.365901")
    assert match["call"] == "keras.losses.kl_divergence(p, q)"
    # 0·log 0 in PyTorch is 0·(−∞) where Q lacks the outcome too.
    match = first(run, "explain", "0.5,0.5,0", "0.25,0.75,0", "--pmf", "--got", "nan")
    assert match["slips"] == []
    assert "NaN where Q = 0 too" in match["meaning"]


@pytest.mark.parametrize("weights", [("1000,2000,0", "3000,1,0"), ("1e300,1e-300", "1,1")])
def test_weights_that_overflow_in_a_mistake_warn_of_nothing(run, weights):
    for option in (("--got", "0.5"), ("--framework", "all")):
        code, out, err = run("explain", *weights, "--weights", *option)
        assert (code, err) == (0, "")
        assert out


def test_too_few_digits_and_no_match_are_said(run):
    out = run(*EXAMPLE, "--got", "0.1")[1]
    assert "different numbers agree with the 1 digit given; give more digits" in out
    out = run(*EXAMPLE, "--got", "42.123")[1]
    assert "None of " in out
    assert "The nearest with at most one mistake" in out
    document = json.loads(run(*EXAMPLE, "--got", "42.123", "--json")[1])["diagnosis"]
    assert document["matches"] == []
    assert len(document["nearest"]) == 3


@pytest.mark.parametrize("text", ["", "x", "1,5", "tensor()", "1e999", "0x10"])
def test_no_number_is_one_sentence(run, text):
    code, out, err = run(*EXAMPLE, "--got", text)
    assert (code, out) == (2, "")
    assert "--got is" in err
    assert err.count("\n") == 1


def test_got_looks_among_the_calls_of_one_framework(run):
    match = first(run, *EXAMPLE, "--got", "0.1088770", "--framework", "scipy")
    assert match["call"] == "special.rel_entr(p, q).mean()"
    # Keras averages over rows alone.
    assert "None of 82 calls" in run(*EXAMPLE, "--got", "0.1088770", "--framework", "keras")[1]
    assert first(run, *EXAMPLE, "--got", "0.1088770", "--framework", "all")["framework"] == "torch"


def test_an_unknown_framework_is_refused(run):
    assert "expected all or one of torch, keras" in run(*EXAMPLE, "--framework", "theano")[2]
    for framework in ("theano", "paddle"):
        code, out, err = run(*EXAMPLE, "--got", "1", "--framework", framework)
        assert (code, out) == (2, "")
        assert "expected with --got all or one of torch, numpy, scipy, keras" in err


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(1, 12))
def test_any_rounding_of_a_number_agrees_with_it(number, digits):
    for text in (f"{number:.{digits}e}", f"{number:.{digits}f}", f"{number:.{digits}g}"):
        printed = parse_printed(text)
        # Half a unit of the last place, and what float64 adds in printing and reading.
        assert abs(printed.value - number) <= printed.half_unit * (1 + 1e-9) + 1e-300


def test_what_is_no_number_is_refused_before_anything_is_tried():
    with pytest.raises(InvalidInputError, match="expected the number your code printed"):
        parse_printed("0.1.2")


ONE_SLIP = [call for call in CALLS if call.framework == "torch" and len(call.slips) == 1]


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # the default is one of the mistakes
@pytest.mark.parametrize("call", ONE_SLIP, ids=lambda call: call.call)
def test_what_pytorch_prints_for_one_mistake_is_explained_by_it(call):
    """The number comes from PyTorch in float32; what explains it has no more mistakes."""
    tensors = {name: torch.tensor(values, dtype=torch.float32) for name, values in PAIR._asdict().items()}
    names = {**tensors, "F": F, "torch": torch, "math": math, "Categorical": torch.distributions.Categorical}
    number = float(eval(call.call, names))  # noqa: S307 (the text under test is a call)
    matches = diagnose(PAIR, parse_printed(f"{number:.7g}")).matches
    assert matches, call.call
    assert len(matches[0].call.slips) == 1
    assert call.slips in [match.call.slips for match in matches]


@pytest.mark.parametrize("framework", ["torch", "keras", "jax", "scipy", "numpy", "tfp", "torchmetrics"])
@pytest.mark.parametrize("digits", [4, 5, 8])
def test_calls_that_return_one_number_are_one_group(framework, digits):
    """Every call with one mistake is among the first three numbers, whatever else returns its number."""
    pair = random_pair(3)
    calls = [call for call in CALLS if call.framework == framework and len(call.slips) == 1]
    assert calls
    lost = []
    for call in calls:
        groups = diagnose(pair, parse_printed(f"{call.returns(pair):.{digits}g}")).groups[:3]
        named = {
            (match.call.framework, slip) for group in groups for match in group for slip in match.call.slips
        }
        if (framework, call.slips[0]) not in named:
            lost.append(call.call)
    assert len(lost) <= len(calls) // 20


def test_what_returns_the_same_number_is_shown_together(run):
    out = run(*EXAMPLE, "--got", "0.2502012")[1]
    same = out.partition("The same number is returned by\n")[2]
    assert "tfp, swapped\n    tfd.kl_divergence(tfd.Categorical(probs=q), tfd.Categorical(probs=p))\n" in same
    document = json.loads(run(*EXAMPLE, "--got", "0.25", "--json")[1])["diagnosis"]
    swapped = {each["group"] for each in document["matches"] if each["slips"] == ["swapped"]}
    assert swapped == {1}
    assert max(each["group"] for each in document["matches"]) == document["distinct_numbers"]


def test_a_zero_is_first_what_is_zero():
    """Keras clips counts to 1 on both sides: 0, though many small numbers round to it."""
    pair = random_pair(1)
    first, *_ = diagnose(pair, parse_printed("0.0")).matches
    assert first.value == 0


def random_pair(seed):
    """Two counted samples that show every outcome."""
    random = np.random.default_rng(seed)
    outcomes = int(random.integers(3, 9))
    p, q = (
        random.multinomial(random.integers(5, 40), random.dirichlet(np.full(outcomes, 2.0))) for _ in "pq"
    )
    p, q = p + 1.0, q + 1.0
    return Pair(p / p.sum(), q / q.sum(), p, q)


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("seed", range(12))
def test_what_float32_rounds_is_allowed_for(seed):
    """Every call that PyTorch computes in float32 is recognised by all digits of its number."""
    pair = random_pair(seed)
    tensors = {name: torch.tensor(values, dtype=torch.float32) for name, values in pair._asdict().items()}
    names = {**tensors, "F": F, "torch": torch, "math": math, "Categorical": torch.distributions.Categorical}
    lost = []
    for call in (call for call in CALLS if call.framework == "torch"):
        number = np.float32(eval(call.call, names))  # noqa: S307 (the text under test is a call)
        if not diagnose(pair, parse_printed(str(number)), [call]).matches:
            lost.append((call.call, number, call.returns(pair)))
    assert not lost


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_claimed_of_a_number_that_nothing_prints(seed):
    pair, random = random_pair(seed), np.random.default_rng(seed)
    numbers = random.choice([-1, 1], 10) * 10 ** random.uniform(-2, 1, 10)
    claimed = [number for number in numbers if diagnose(pair, parse_printed(f"{number:.8g}")).matches]
    assert not claimed


def test_every_framework_is_shown_and_in_json(run):
    code, out, err = run(*EXAMPLE, "--framework", "all")
    assert (code, err) == (0, "")
    for part in (
        "torch.nn.KLDivLoss",
        "keras.losses",
        "tfp.",
        "scipy.stats.entropy",
        "optax.losses",
        "paddle.",
    ):
        assert part in out
    assert "torch.nn" not in run(*EXAMPLE, "--framework", "scipy")[1]
    functions = json.loads(run(*EXAMPLE, "--framework", "all", "--json")[1])["functions"]
    entropy = next(each for each in functions if each["function"] == "scipy.stats.entropy")
    assert entropy["calls"][0]["returns"] == pytest.approx(DIVERGENCE, rel=1e-14)
    assert all(each["documented_only"] for each in functions if each["framework"] in {"paddle", "mindspore"})


def test_the_page_of_conventions_is_up_to_date():
    tool = Path(__file__).parent.parent / "tools" / "write_conventions.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
