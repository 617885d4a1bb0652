"""Every call shown to users, run in the real PyTorch."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (the name the calls are written with)

from kldiv.conventions import TORCH_MISTAKES, TORCH_RIGHT

PUBLISHED = {
    'F.kl_div(q.log(), p, reduction="sum")': 0.3266309,
    "F.kl_div(q.log(), p)": 0.1088770,
    'F.kl_div(p.log(), q, reduction="sum")': 0.2502012,
    'F.kl_div(q, p, reduction="sum")': -1.3749201,
    'F.kl_div(p, q, reduction="sum")': -1.2633483,
}
CALLS = [TORCH_RIGHT, *TORCH_MISTAKES]
PAIRS = [
    ([0.4, 0.4, 0.2], [0.5, 0.1, 0.4]),
    ([1.0, 0.0], [0.5, 0.5]),
    ([0.5, 0.5], [1.0, 0.0]),
    ([0.5, 0.5, 0.0], [0.25, 0.75, 0.0]),
    ([1.0], [1.0]),
    *[tuple(np.random.default_rng(seed).dirichlet(np.ones(7), 2).tolist()) for seed in range(5)],
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_published_numbers(call):
    p, q = np.array([0.4, 0.4, 0.2]), np.array([0.5, 0.1, 0.4])
    # Published from float32, to 7 decimals.
    assert call.returns(p, q) == pytest.approx(PUBLISHED[call.call], abs=1e-7)


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_each_call_returns_what_pytorch_returns(call, p, q):
    tensors = {"p": torch.tensor(p, dtype=torch.float64), "q": torch.tensor(q, dtype=torch.float64), "F": F}
    real = eval(call.call, tensors).item()  # noqa: S307 (the text under test is a call)
    ours = call.returns(np.array(p), np.array(q))
    if math.isfinite(real):
        # Sums of at most 7 rounded terms of size about 1.
        assert ours == pytest.approx(real, rel=1e-14, abs=1e-15)
    else:
        assert str(ours) == str(real)
