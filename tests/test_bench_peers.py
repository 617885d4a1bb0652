"""Who is measured: everybody computes the divergence and its gradient, in every call."""

import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from benchmarking import check

from kldiv.benchmark.case import Case
from kldiv.benchmark.measuring import measure
from kldiv.benchmark.peers import peers_of
from kldiv.errors import InvalidInputError


@pytest.mark.parametrize("gradient", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize(
    ("divergence", "name"),
    [
        ("kl", "kldiv"),
        ("kl", "torch eager"),
        ("kl", "torch.distributions"),
        ("kl", "scipy"),
        ("js", "kldiv"),
        ("js", "torch eager"),
        ("js", "scipy"),
    ],
)
def test_everybody_does_the_whole_work_in_every_call(divergence, name, dtype, gradient):
    (peer,) = (each for each in peers_of(divergence) if each.name == name)
    case = Case(4, 9, dtype, divergence, gradient)
    if name == "scipy" and dtype == "bfloat16":
        with pytest.raises(InvalidInputError, match="NumPy has no bfloat16"):
            peer.prepare(case)
        return
    _, computed = check(peer, case)
    assert (computed is not None) == (gradient and not peer.forward_alone)


PRELUDE = """
import sys
sys.path.insert(0, sys.argv[1])
from benchmarking import Case, check, peers_of
peers = {each.name: each for each in peers_of("kl")}
"""
ON_JAX = """
for name, dtype in (("jax with optax", "float32"), ("jax with optax", "bfloat16"), ("keras", "float32")):
    for gradient in (True, False):
        measured, computed = check(peers[name], Case(4, 9, dtype, gradient=gradient))
        assert ("optax" in measured) == (name != "keras"), measured
        assert (computed is not None) == gradient, name
assert measured.endswith("on jax, jit"), measured
"""
ON_TORCH = """
measured, computed = check(peers["keras"], Case(4, 9))
assert measured.endswith("on torch"), measured
assert computed is not None
"""


@pytest.mark.parametrize(
    ("packages", "code", "environment"),
    [
        (("jax", "optax", "keras"), ON_JAX, {}),
        (("keras",), ON_TORCH, {"KERAS_BACKEND": "torch"}),
    ],
    ids=["jax", "torch"],
)
def test_jax_and_keras(packages, code, environment, tmp_path):
    # Not imported here: Keras has one backend a process, and with JAX loaded a fork is a warning.
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed; the group bench has it")
    kept = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code, str(Path(__file__).parent)],
        # The folder that Keras writes its settings to.
        env=kept | environment | {"KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("divergence", ["kl", "js"])
def test_torch_compile(divergence, monkeypatch):
    # Everything but the C++ compiler, which may be missing and takes ten seconds.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    (peer,) = (each for each in peers_of(divergence) if each.name == "torch.compile")
    measured, computed = check(peer, Case(4, 9, divergence=divergence))
    assert measured.startswith("torch.compile of ")
    assert computed is not None


def test_a_compiler_that_is_missing_is_said(monkeypatch):
    def broken(*_):
        raise RuntimeError("No working C++ compiler found\nand pages more")

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=broken))
    (peer,) = (each for each in peers_of("kl") if each.name == "torch.compile")
    (found,) = measure(Case(4, 9), [peer], rounds=1)
    assert "No working C++ compiler found" in found.error
    assert "\n" not in found.error
    assert found.seconds is None


def test_the_floor_has_no_answer_and_no_gradient():
    (floor,) = (each for each in peers_of("kl") if each.floor)
    (found,) = measure(Case(4, 9), [floor], rounds=1)
    assert found.answer is found.answer_close is None
    assert (found.gradient, found.forward_alone, found.seconds.median > 0) == (False, False, True)
