"""Large pages are asked for within a tensor's own memory, and only where that is worth it."""

import sys
from types import SimpleNamespace

import pytest
import torch

from kldiv.kernels.cpu import pages

PAGE = 2 << 20


@pytest.fixture
def asked(monkeypatch):
    calls = []
    monkeypatch.setattr(pages, "_libc", lambda: SimpleNamespace(madvise=lambda *call: calls.append(call)))
    monkeypatch.setattr(sys, "platform", "linux")
    return calls


@pytest.mark.parametrize("offset", [0, 1, 1000])
def test_whole_pages_within_the_tensor(asked, offset):
    tensor = torch.empty(5 * PAGE // 4 + offset)[offset:]
    assert pages.on_large_pages(tensor) is tensor
    ((start, length, advice),) = asked
    assert start % PAGE == 0
    assert length % PAGE == 0
    assert length >= 3 * PAGE
    assert tensor.data_ptr() <= start
    assert start + length <= tensor.data_ptr() + tensor.nbytes
    assert advice == 14


def test_none_for_little_memory_or_another_system(asked, monkeypatch):
    pages.on_large_pages(torch.empty(PAGE // 4))
    monkeypatch.setattr(sys, "platform", "darwin")
    pages.on_large_pages(torch.empty(5 * PAGE // 4))
    assert not asked


@pytest.mark.skipif(sys.platform != "linux", reason="madvise is Linux's")
def test_the_real_call_leaves_the_memory_usable():
    tensor = pages.on_large_pages(torch.empty(6 * PAGE // 4))
    assert tensor.fill_(2.0).sum() == 2 * tensor.numel()
