"""The CPU kernels as compiled for a processor without the instructions that they are quicker with."""

import os
import subprocess
import sys

import pytest

# Values and slopes of one process, beside autograd through PyTorch's own line in double precision.
_PROGRAM = """
import sys
import torch
import torch.nn.functional as F
import kldiv
from kldiv import Logits

def worst(found, right):
    return float(((found.double() - right).abs() / right.abs().amax()).max())

torch.manual_seed(0)
dtype = getattr(torch, sys.argv[1])
kldiv.kernels.use("cpu")
for outcomes in (10, 200, 3000):
    p = (3 * torch.randn(40, outcomes)).to(dtype)
    q = (p.double() + torch.randn(40, outcomes)).to(dtype)
    p[:, 0] -= 100
    q[::2, 1] += 40
    q.requires_grad_()
    value = kldiv.kl(Logits(p), Logits(q), reduction="none")
    value.sum().backward()
    z = q.detach().double().requires_grad_()
    right = F.kl_div(z.log_softmax(-1), p.double().log_softmax(-1), reduction="none", log_target=True).sum(-1)
    right.sum().backward()
    print(worst(value, right.detach()), worst(q.grad, z.grad))
"""
# Every finite half, on its own against a logit of 0.
_HALVES = """
import torch
import kldiv
from kldiv import Logits
kldiv.kernels.use("cpu")
halves = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(torch.float16)
z = torch.stack([halves, torch.zeros_like(halves)], dim=-1)[halves.isfinite()]
read, converted = (kldiv.js(Logits(each), Logits(torch.zeros_like(each))) for each in (z, z.float()))
print(int((read != converted).sum()), len(read))
"""


def _printed(*arguments):
    # Numba's names for what LLVM compiles for: https://numba.readthedocs.io/en/stable/reference/envvars.html
    environment = os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    command = [sys.executable, "-c", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return [float(each) for each in done.stdout.split()]


# Single precision as ever; a slope comes back in the storage's own type, rounded once.
@pytest.mark.parametrize(
    ("dtype", "of_value", "of_slopes"),
    [
        ("float32", 2e-6, 2e-6),
        ("float64", 1e-14, 1e-14),
        ("bfloat16", 2e-6, 2**-8),
        ("float16", 2e-6, 2**-11),
    ],
)
def test_values_and_slopes_on_a_plain_processor(dtype, of_value, of_slopes):
    found = _printed(_PROGRAM, dtype)
    assert len(found) == 6
    assert max(found[::2]) <= of_value
    assert max(found[1::2]) <= of_slopes


def test_every_half_is_read_without_an_instruction_for_it():
    assert _printed(_HALVES) == [0, 2**16 - 2**11]
