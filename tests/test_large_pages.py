"""Fresh memory for gradients is asked for by large pages, where the system has them."""

import mmap
from pathlib import Path

import pytest
import torch

import kldiv
from kldiv import Logits
from kldiv.kernels.cpu.pages import on_large_pages

_MAPS = Path("/proc/self/smaps")

pytestmark = pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists(),
    reason="this system has no large pages to ask for",
)


def is_advised(tensor: torch.Tensor) -> bool:
    """Whether the mapping that the middle of this tensor lies in has the flag hg, as the kernel tells it."""
    middle, inside = tensor.data_ptr() + tensor.nbytes // 2, False
    for line in _MAPS.read_text(encoding="utf-8").splitlines():
        head = line.split(maxsplit=1)[0]
        if not head.endswith(":"):
            start, end = (int(each, 16) for each in head.split("-"))
            inside = start <= middle < end
        elif inside and head == "VmFlags:":
            return "hg" in line.split()
    raise AssertionError(f"no mapping has {middle:#x}")


# Above 32 MiB, glibc takes new memory for each tensor, unless something in the process has told it otherwise.
_NEW = 40 << 20


def test_large_memory_is_advised():
    # From the system itself, so that nobody can have advised it before.
    pages = mmap.mmap(-1, _NEW, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    room = torch.frombuffer(pages, dtype=torch.uint8)
    assert not is_advised(room)
    assert on_large_pages(room) is room
    assert is_advised(room)


def test_small_memory_is_left_alone():
    room = torch.empty(1 << 20, dtype=torch.uint8)
    before = is_advised(room)
    assert is_advised(on_large_pages(room)) == before


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_large_gradient_lies_on_large_pages(dtype):
    outcomes = _NEW // dtype.itemsize // 4
    logits = torch.zeros(4, outcomes, dtype=dtype, requires_grad=True)
    kldiv.kl(Logits(torch.zeros(4, outcomes, dtype=dtype)), Logits(logits), reduction="sum").backward()
    assert logits.grad is not None
    assert is_advised(logits.grad)
