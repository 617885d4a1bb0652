"""Every call shown to users, run in the real PyTorch, NumPy and SciPy; others have their own files."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (the name the calls are written with)
from conventions import PAIRS, assert_returns, calls_of
from scipy import special
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy
from torch.distributions import Categorical

from kldiv.conventions.call import Pair
from kldiv.conventions.catalogue import CALLS, FUNCTIONS
from kldiv.conventions.in_pytorch import TORCH_MISTAKES, TORCH_RIGHT

PUBLISHED = {
    'F.kl_div(q.log(), p, reduction="sum")': 0.3266309,
    "F.kl_div(q.log(), p)": 0.1088770,
    'F.kl_div(p.log(), q, reduction="sum")': 0.2502012,
    'F.kl_div(q, p, reduction="sum")': -1.3749201,
    'F.kl_div(p, q, reduction="sum")': -1.2633483,
}


@pytest.mark.parametrize("call", [TORCH_RIGHT, *TORCH_MISTAKES], ids=lambda call: call.name)
def test_published_numbers(call):
    pair = Pair(np.array([0.4, 0.4, 0.2]), np.array([0.5, 0.1, 0.4]))
    # Published from float32, to 7 decimals.
    assert call.returns(pair) == pytest.approx(PUBLISHED[call.call], abs=1e-7)


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # the default is what is under test
@pytest.mark.parametrize("pair", PAIRS)
def test_each_call_returns_what_pytorch_returns(pair):
    tensors = {name: torch.tensor(values) for name, values in pair._asdict().items()}
    names = {**tensors, "F": F, "nn": torch.nn, "torch": torch, "math": math, "Categorical": Categorical}
    assert_returns(calls_of("torch"), pair, names)


@pytest.mark.parametrize("pair", PAIRS)
def test_each_call_returns_what_numpy_and_scipy_return(pair):
    names = {"np": np, "math": math, "softmax": special.softmax, "special": special}
    names |= {"entropy": entropy, "jensenshannon": jensenshannon, **pair._asdict()}
    assert_returns(calls_of("numpy"), pair, names)
    assert_returns(calls_of("scipy"), pair, names)


# What Paddle 3.3.1 printed of PAIRS in float64: the sum, the mean, and the sum with log_target=True.
# MindSpore 2.10.0 printed the same of the first five, but has no log_target.
SEEN = [
    (0.32663088781028327, 0.10887696260342776, 0.32663088781028327),
    (0.6931471805599453, 0.34657359027997264, math.nan),
    (math.inf, math.inf, math.inf),
    (0.14384103622589045, 0.047947012075296815, math.nan),
    (math.inf, math.inf, math.nan),
    (math.inf, math.inf, math.nan),
    (0.0, 0.0, 0.0),
    (1.8729337524154281, 0.2675619646307755, 1.8729337524154284),
    (0.5101245561837086, 0.07287493659767265, 0.5101245561837086),
    (0.3722477016862765, 0.0531782430980395, 0.3722477016862765),
    (109.79763863383995, 15.685376947691422, 109.79763863383995),
]


@pytest.mark.parametrize(("pair", "seen"), list(zip(PAIRS, SEEN, strict=True)))
def test_documented_calls_return_what_was_seen(pair, seen):
    total, mean, of_logarithms = seen
    for function in FUNCTIONS:
        for call in function.calls if function.documented else ():
            averaged = any("mean" in slip.name for slip in call.slips)
            expected = of_logarithms if "log_target" in call.call else mean if averaged else total
            assert call.returns(pair) == pytest.approx(expected, rel=1e-14, nan_ok=True)


def test_right_calls_give_the_divergence():
    pair = PAIRS[0]
    for function in FUNCTIONS:
        if function.order != "symmetric":
            # 1e-6: float32, and Keras' clip.
            assert function.calls[0].returns(pair) == pytest.approx(0.32663088781028327, rel=1e-6)
        assert not any(slip.mistake for slip in function.calls[0].slips) or function.order == "symmetric"


def test_no_call_has_more_than_two_slips_and_texts_differ():
    assert all(len(call.slips) <= 2 for call in CALLS)
    assert len({(call.framework, call.call) for call in CALLS}) == len(CALLS)
