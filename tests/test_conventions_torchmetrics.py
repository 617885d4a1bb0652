"""Every TorchMetrics call shown to users, run in the real one."""

import math

import pytest
import torch
from conventions import PAIRS, assert_returns, calls_of

torchmetrics = pytest.importorskip("torchmetrics")


@pytest.mark.parametrize("pair", PAIRS)
def test_each_call_returns_what_torchmetrics_returns(pair):
    tensors = {name: torch.tensor(values) for name, values in pair._asdict().items()}
    assert_returns(calls_of("torchmetrics"), pair, {**tensors, "torchmetrics": torchmetrics, "math": math})
