"""The CPU kernels where single precision has no number for what an outcome has."""

from itertools import product

import pytest
import torch
from cases import logit_rows
from scipy.special import rel_entr, softmax

import kldiv
from kldiv import Logits, kernels

INF = float("inf")


@pytest.fixture(autouse=True)
def compiled():
    with kernels.use("cpu"):
        yield


@pytest.mark.parametrize("spread", [0.01, 1.0, 5.0])
@pytest.mark.parametrize("outcomes", [10, 64, 1000])
def test_what_q_lacks_costs_everything_however_little_p_has_of_it(outcomes, spread):
    """Down to what single precision has no number for; masked in p too, it costs nothing."""
    p, q = logit_rows(outcomes, torch.float32, (1.0,) * 9)
    p, q = spread * p, spread * q
    depths = torch.tensor([0.0, 20, 60, 80, 86, 88, 95, 102, INF])
    p[:, 3], q[:, 3] = p.amax(-1) - depths, -INF
    for of_p, of_q in product((False, True), repeat=2):
        sides = [Logits(z.clone().requires_grad_(wanted)) for z, wanted in ((p, of_p), (q, of_q))]
        seen = kldiv.kl(*sides)
        assert seen[:-1].isinf().all()
        assert seen[-1].isfinite()


@pytest.mark.parametrize("apart", [20.0, 80.0, 86.0, 100.0, 1e4])
@pytest.mark.parametrize("outcomes", [10, 64, 1000])
def test_js_keeps_its_digits_beside_an_outcome_that_q_hardly_has(outcomes, apart):
    """Whose q underflows, while half of its term is made of it."""
    p, q = logit_rows(outcomes, torch.float32, (0.01,) * 4, scale=0.01)
    p[:, 3] = p.amax(-1) - 5
    q[:, 3] = p[:, 3] - apart
    in_p, in_q = (softmax(z.double().numpy(), -1) for z in (p, q))
    mean = (in_p + in_q) / 2
    exact = torch.from_numpy((rel_entr(in_p, mean) + rel_entr(in_q, mean)).sum(-1) / 2)
    found = kldiv.js(Logits(p), Logits(q)).double()
    assert ((found - exact).abs() <= 2e-6 * exact).all(), (found / exact - 1).abs().max()
