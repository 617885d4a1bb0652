"""`kldiv estimate`, as a user at a shell sees it: the numbers of kldiv.estimate, and what they mean."""

import json
import math
import os
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import kldiv
from kldiv.report.estimation import in_words

FEW = ("1,1,2,2,3", "1,1,1,1,1,2,3,3,3,3")


@pytest.fixture
def run(run):
    return partial(run, "estimate")


@pytest.fixture
def measured(tmp_path):
    """Decimals of which none occurs twice, as files and as lists."""
    generator = np.random.default_rng(5)
    samples = generator.normal(0, 1, 80).tolist(), generator.normal(1, 1, 90).tolist()
    paths = tmp_path / "p.txt", tmp_path / "q.txt"
    for path, sample in zip(paths, samples, strict=True):
        path.write_text("\n".join(map(repr, sample)))
    return [f"@{path}" for path in paths], samples


@pytest.mark.parametrize("divergence", ["kl", "js", "psi", "tv", "hellinger"])
@pytest.mark.parametrize("interval", ["delta", "bootstrap"])
def test_json_is_what_python_returns(run, divergence, interval):
    code, out, err = run(
        *FEW, "--divergence", divergence, "--interval", interval, "--confidence", "0.9", "--json"
    )
    values = [[*map(int, each.split(","))] for each in FEW]
    name = {"tv": "total_variation"}.get(divergence, divergence)
    expected = kldiv.estimate(*values, divergence=name, interval=interval, confidence=0.9)
    found = json.loads(out)
    assert (code, err) == (0, "")
    for each in ("value", "estimate", "low", "high", "confidence", "p_value", "n_p", "n_q", "unit", "method"):
        assert found[each] == getattr(expected, each), each
    assert [each["outcome"] for each in found["outcomes"]] == [1, 2, 3]
    assert ("direction" in found) == (divergence == "kl")


def test_the_terminal_says_what_was_found_and_how(run):
    code, out, err = run(*FEW, "--base", "2")
    expected = kldiv.estimate([1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 2, 3, 3, 3, 3], base=2)
    assert (code, err) == (0, "")
    for part in (
        "D(P‖Q), how far Q is from the reference P",
        "P: 5 values   Q: 10 values",
        f"estimate          −{abs(expected.estimate):.4f} bits",
        "corrected for bias (Zhang & Grabchak 2014)",
        f"−{abs(expected.low):.4f} to {expected.high:.4f}",
        "as counted        0.4712 bits",
        f"p-value of P = Q  {expected.p_value:.4f}",
        "it is not excluded",
    ):
        assert part in out


def test_measurements_say_why_they_were_measured(run, measured):
    arguments, samples = measured
    code, out, _ = run(*arguments)
    expected = kldiv.estimate(*samples)
    assert code == 0
    assert f"estimate       {expected.estimate:.4f} nats" in out
    assert "Measured because the values are decimals of which none occurs more than once." in out
    assert f"{math.exp(expected.estimate):.3g} times as likely under P as under Q" in out
    assert "The interval lies above 0: P and Q differ." in out
    assert json.loads(run(*arguments, "--json")[1])["dimensions"] == 1
    assert json.loads(run(*arguments, "--json", "--neighbours", "3")[1])["neighbours"] == 3


def test_an_infinite_value_says_why(run):
    _, out, _ = run("a,b,c,d", "a,b")
    assert "∞ nats" in out
    assert "infinite because Q never shows c and 1 more outcome, which P has 0.5 of" in out
    _, out, _ = run("a,b", "a,b,c", "--divergence", "psi")
    assert "infinite because P never shows c, which Q has 0.3333 of" in out
    document = json.loads(run("a,b", "a", "--json")[1])
    assert (document["value"], document["infinite"]) == (None, True)


def test_an_interval_without_an_upper_end_says_why(run):
    asked = ",".join("a" * 9 + "b" * 9), ",".join("b" * 18)
    _, out, _ = run(*asked)
    assert " to ∞ " in out
    assert "no upper end: P shows an outcome that Q lacks by more than chance, and Q may not have it" in out
    document = json.loads(run(*asked, "--json")[1])
    assert (document["high"], document["unbounded"]) == (None, True)
    _, out, _ = run(*reversed(asked), "--divergence", "psi")
    assert "no upper end: one shows an outcome that the other lacks by more than chance" in out
    document = json.loads(run(*asked, "--divergence", "js", "--json")[1])
    assert document["unbounded"] is False


def test_points_that_are_not_to_be_relied_on_say_so():
    generator = np.random.default_rng(3)
    found = kldiv.estimate(generator.normal(0, 1.5, (300, 5)), generator.normal(0, 1, (300, 5)))
    told = in_words(found)
    assert len(told) == 3
    assert "Neither is to be relied on: an estimate from so many points of 5 dimensions" in told[-1]
    assert f"off by −{-found.bias:.4f} nats on average" in told[-1]


@pytest.mark.parametrize(
    ("divergence", "meaning"),
    [
        ("kl", "times as likely under P as under Q, in the geometric mean"),
        ("psi", "It is D(P‖Q) + D(Q‖P)"),
        ("js", "One value tells"),
        ("tv", "whether it is P's or Q's"),
        ("hellinger", "It is 0 where P and Q are equal"),
    ],
)
def test_samples_that_differ(run, divergence, meaning):
    _, out, _ = run(",".join("a" * 90 + "b" * 10), ",".join("a" * 10 + "b" * 90), "--divergence", divergence)
    assert meaning in out
    assert "less than 5 % have frequencies this different: they differ" in out


def test_the_share_of_js_does_not_depend_on_the_base(run):
    """0.9 and 0.1 swapped: 1 − H(0.9) bits of the one bit there is."""
    asked = [",".join("a" * 9000 + "b" * 1000), ",".join("a" * 1000 + "b" * 9000), "--divergence", "js"]
    entropy = -0.9 * math.log2(0.9) - 0.1 * math.log2(0.1)
    for base in ("e", "2"):
        assert f"One value tells {100 * (1 - entropy):.3g} %" in run(*asked, "--base", base)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-", "-"), "expected standard input for one of them only"),
        (("1,a", "1"), "P mixes numbers and text"),
        (("a", "b", "--method", "dirichlet"), "concentration"),
        (("a", "b", "--divergence", "tv", "--base", "2"), "has no logarithm"),
        (("a", "b", "--confidence", "1"), "Invalid value for '--confidence'"),
        (("0.5,0.5,0.25", "0.5,0.75,0.3,0.2"), "occur more than once"),
        (("@absent", "a"), "can't read 'absent' for P"),
        (("a.CSV.gz", "1"), "P is 'a.CSV.gz', which seems to be a file; expected @a.CSV.gz for values in it"),
        (("a", __file__), f"Q is {__file__!r}, which seems to be a file; "),
        (
            ("1 2.5  -3", "1"),
            "P is '1 2.5  -3'; expected commas between the values: 1,2.5,-3; --text takes it",
        ),
        (("1", "1; 2"), "Q is '1; 2'; expected commas between the values: 1,2; --text takes it as a text"),
    ],
)
def test_what_cannot_be_asked(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("values", ["a.csv", "1 2", "New York", "x" * 5000, "a.csv,b.csv", "2024-01-01 10"])
def test_a_text_is_taken_for_what_it_is_where_that_is_said_or_plain(run, values):
    asked = ("--text",) if values in ("a.csv", "1 2") else ()
    code, out, err = run(values, values, *asked)
    assert (code, err) == (0, "")
    assert "P: 2 values" in out if "," in values else "P: 1 value " in out


def test_smoothing_ties_and_text(run):
    assert json.loads(run("1,2", "01,2", "--text", "--json")[1])["outcomes"][0]["outcome"] == "01"
    smoothed = json.loads(run("a,b", "a", "--method", "dirichlet", "--concentration", "2", "--json")[1])
    assert (
        smoothed["estimate"]
        == kldiv.estimate(["a", "b"], ["a"], method="dirichlet", concentration=2.0).estimate
    )
    tied = ("0.5,0.5,0.25", "0.5,0.75,0.3,0.2", "--method", "nearest_neighbours")
    assert run(*tied)[0] == 2
    assert json.loads(run(*tied, "--ties", "jitter", "--json")[1])["jittered"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("1,2 a,b", "P holds numbers and Q holds text; expected values of one kind on both sides"),
        ("a,b a,b --method nearest_neighbours", "P doesn't hold numbers alone; nearest neighbours need an"),
        ("1.5,2.5,3 1.5,2 --method nearest_neighbours", "Q has 2 points; expected at least 3 for"),
        (
            "1.5,1.5,2,3 1,4,7,8 --method nearest_neighbours",
            "1 of 8 points of P and Q are ties, such as 1.5, 2 times; write --ties jitter to add noise",
        ),
        (
            "1.5,1.5,2.25,3 1,4,7,8",
            "25% of the values occur more than once, too few for outcomes and too many",
        ),
        ("1,2 1,2 --concentration 1", "concentration is for --method dirichlet; the method is"),
        ("1,2 1,2 --base x", "base is 'x'; expected e, 2, 10 or another number greater than 1"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_typed(run, arguments, said):
    """And what to write instead as it is typed: not as in Python."""
    code, out, err = run(*arguments.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"kldiv: {said}")
    assert '="' not in err


def test_hostile_values_are_shown_as_text(run):
    _, out, _ = run("\x1b[31mred", "x")
    assert "\x1b[31m" not in out


def test_help_loads_nothing_and_an_estimate_no_torch():
    heavy = (
        "import sys\nfrom kldiv import cli\n"
        "assert cli._run(['estimate', '--help']) == 0\n"
        "assert not {'torch', 'numpy', 'scipy', 'rich'} & set(sys.modules)\n"
        "assert cli._run(['estimate', 'a', 'a']) == 0\n"
        "assert not {'torch', 'pandas', 'duckdb'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", heavy], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_full_disk_is_one_sentence(more):
    command = [sys.executable, "-m", "kldiv", "estimate", *FEW, *more]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "kldiv: can't write the output: No space left on device\n")


@pytest.mark.skipif(os.name != "posix", reason="limits of processes")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_is_cut_off_is_no_success(tmp_path, unbuffered):
    """A disk that takes a part of a write and no more: without a buffer Python doesn't notice."""
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    with (tmp_path / "out").open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "kldiv", "estimate", *FEW, "--json"],
            check=False,
            stdout=out,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered, "PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=limit,
            text=True,
        )
    assert (done.returncode, done.stderr) == (2, "kldiv: can't write the output: File too large\n")


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_was_closed_before_is_none_that_is_written_to(closed):
    """What is said on the other one is said, and the exit code is that of the answer."""
    for numbers, code in (FEW, 0), (["1,2", "3", "--base", "0"], 2):
        command = shlex.join([sys.executable, "-m", "kldiv", "estimate", *numbers])
        opened = subprocess.run(["/bin/sh", "-c", command], check=False, capture_output=True)
        done = subprocess.run(["/bin/sh", "-c", f"{command} {closed}"], check=False, capture_output=True)
        assert (done.returncode, opened.returncode) == (code, code)
        assert done.stdout == (b"" if closed.startswith(">") else opened.stdout)
        assert done.stderr == (b"" if "2>" in closed else opened.stderr)
