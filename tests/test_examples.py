"""The examples as a user runs them, shortened: what they print, and how they end."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parent.parent / "examples"
SHORT = {
    "distill.py": ["--steps", "20", "--batch", "2", "--vocabulary", "1024"],
    "vae.py": ["--epochs", "3", "--batch", "64"],
}
# Two losses that are right differ by float32's rounding, 6e-8 of a term, which twenty steps of AdamW amplify
# to about 1e-6 of the loss. A forgotten factor or a wrong reduction makes a difference of 0.5 and more.
AMPLIFIED_ROUNDING = 1e-4


def run(*command):
    """What Python does with `command`: warnings are errors, and nothing it writes to is a terminal."""
    command = [sys.executable, "-W", "error", *command]
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", env=environment())


def environment():
    """Ours, in UTF-8, without what would make a pipe pass for a terminal."""
    forcing = {"FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"}
    kept = {name: value for name, value in os.environ.items() if name not in forcing}
    # Models as small as these wait for a second thread longer than it saves.
    return kept | {"PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def printed():
    """The finished processes of both examples, by name."""
    return {name: run(EXAMPLES / name, *options) for name, options in SHORT.items()}


@pytest.mark.parametrize("name", SHORT)
def test_it_succeeds_and_a_pipe_gets_plain_lines_alone(printed, name):
    process = printed[name]
    assert (process.returncode, process.stderr) == (0, "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", process.stdout)
    assert "━" not in process.stdout  # of a progress bar
    assert max(map(len, process.stdout.splitlines())) <= 80


def losses_of(name, text):
    """The first and the last loss beside the curve of that name, and the curve."""
    first, curve, last = re.search(rf"^{re.escape(name)} +(\S+) ([▁-█]+) (\S+)$", text, re.MULTILINE).groups()
    return float(first), float(last), curve


def test_both_distillations_learn_and_their_curves_are_the_same(printed):
    text = printed["distill.py"].stdout
    pytorch, ours = losses_of("F.kl_div", text), losses_of("kldiv.kl", text)
    assert pytorch[1] < pytorch[0] / 2
    assert ours[:2] == pytest.approx(pytorch[:2], rel=AMPLIFIED_ROUNDING)
    assert len(ours[2]) == len(pytorch[2]) == 20
    largest = float(re.search(r"differ by at most (\S+) of the loss", text)[1])
    assert 0 <= largest < AMPLIFIED_ROUNDING


def test_the_two_losses_and_their_gradients_are_the_same():
    specification = importlib.util.spec_from_file_location("distill", EXAMPLES / "distill.py")
    distill = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(distill)
    teacher, student = torch.randn(2, 3, 50), torch.randn(2, 3, 50, requires_grad=True)
    # By the definition, for each of the six positions.
    p, q = ((z.double() / distill.TEMPERATURE).softmax(-1) for z in (teacher, student))
    expected = distill.TEMPERATURE**2 * (p * (p / q).log()).sum() / 6
    (slope,) = torch.autograd.grad(expected, student)
    for loss in distill.LOSSES.values():
        value = loss(teacher, student)
        # A sum of fifty terms, each with float32's epsilon, 1.2e-7.
        torch.testing.assert_close(value, expected.float(), rtol=1e-5, atol=0)
        torch.testing.assert_close(torch.autograd.grad(value, student)[0], slope, rtol=1e-5, atol=1e-7)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux counts the peak of memory")
def test_distilling_with_kldiv_takes_the_memory_of_the_gradient_and_little_more(printed):
    pytorch, ours = re.search(r"in tables of logits +(\S+) +(\S+)", printed["distill.py"].stdout).groups()
    # A table is 0.5 MiB here; pages and what the threads need add some tenths of one.
    assert 0.9 < float(ours) < 2
    assert float(pytorch) > 3


def test_the_bound_of_the_autoencoder_rises_and_its_terms_add_up(printed):
    rows = re.findall(r"^ +(\d+) +(-\S+) +(-\S+) +(\S+)$", printed["vae.py"].stdout, re.MULTILINE)
    epochs, bounds, likelihoods, divergences = zip(*(map(float, row) for row in rows), strict=True)
    assert epochs == (1, 2, 3)
    assert bounds[0] < bounds[-1] < 0
    # Each of the three numbers is rounded to 0.005.
    for bound, likelihood, divergence in zip(bounds, likelihoods, divergences, strict=True):
        assert abs(bound - (likelihood - divergence)) <= 0.0151
        assert divergence > 0


def test_the_autoencoder_prints_the_same_divergence_twice_and_draws(printed):
    text = printed["vae.py"].stdout
    ours, formula = re.search(r"is (\S+) by kldiv.kl and (\S+) by its formula", text).groups()
    # Both are rounded to 1e-4, in float32, where sums of about 10 have an epsilon of 1e-6.
    assert float(ours) == pytest.approx(float(formula), abs=1.1e-4)
    pictures = [line for line in text.splitlines() if line and set(line) <= set(" ░▒▓█")]
    assert len(pictures) == 3 * 8
    assert len(set(pictures)) > 8


@pytest.mark.parametrize("name", SHORT)
def test_an_interrupt_ends_it_with_130_and_a_sentence(name):
    command = [sys.executable, EXAMPLES / name]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment()
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, f"{name}: interrupted; nothing was saved\n")


def test_without_scikit_learn_the_autoencoder_names_the_command_that_installs_it():
    code = (
        "import runpy, sys; sys.modules['sklearn'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    process = run("-c", code, EXAMPLES / "vae.py")
    assert process.returncode == 1
    assert process.stderr == "vae.py needs scikit-learn for its digits: pip install scikit-learn\n"
