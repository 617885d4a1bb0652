"""That no kernel reads beyond the last logit: what lies there may be no memory of the process."""

import subprocess
import sys

import pytest

# Logits that end where a page that can't be read begins. The gradient's memory is PyTorch's own.
CODE = """
import ctypes, mmap, sys
import torch, kldiv

PAGE, ROWS = mmap.PAGESIZE, 37
libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

def at_the_end_of_memory(values):
    size = values.numel() * values.element_size()
    pages = -(-size // PAGE)
    room = mmap.mmap(-1, (pages + 1) * PAGE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(room))
    assert libc.mprotect(address + pages * PAGE, PAGE, 0) == 0
    placed = torch.frombuffer(room, dtype=values.dtype, count=values.numel(), offset=pages * PAGE - size)
    return placed.view(values.shape).copy_(values)

dtype = getattr(torch, sys.argv[1])
for outcomes in map(int, sys.argv[2:]):
    drawn = torch.randn(2, ROWS, outcomes).to(dtype)
    p, q = map(at_the_end_of_memory, drawn)
    for divergence in (kldiv.kl, kldiv.js, kldiv.cross_entropy):
        with torch.no_grad():
            seen = divergence(kldiv.Logits(p), kldiv.Logits(q))
            known = divergence(*map(kldiv.Logits, drawn))
        assert torch.equal(seen, known), (outcomes, divergence)
        divergence(kldiv.Logits(p.requires_grad_()), kldiv.Logits(q.requires_grad_())).sum().backward()
        q.grad = None
        divergence(kldiv.Logits(p.detach()), kldiv.Logits(q)).sum().backward()
print("read to the end")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="protects pages as Linux does")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
def test_nothing_beyond_the_last_logit_is_read(dtype):
    """For few outcomes, whether or not they come in fours, and for rows that end within a register."""
    outcomes = ["1", "2", "3", "4", "5", "7", "10", "47", "48", "49", "100", "127", "128", "2049"]
    done = subprocess.run(
        [sys.executable, "-c", CODE, dtype, *outcomes], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "read to the end\n"), done.stderr
