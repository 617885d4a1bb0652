"""Runs an entry on several threads: PyTorch's own, so that the two never wait for each other.

PyTorch's OpenMP threads spin for a while after each operation; a second pool of threads would have to
compete with them for the processors. The threads take rows from the call until none is left; each row is
computed by one thread in one order, so results are the same for every number of threads. No thread needs the
interpreter's lock.
"""

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import torch

# Fewer logits than this are done before another thread has woken up.
_LEAST_WORK = 1 << 15


def worth(logits: int, parts: int) -> int:
    """How many threads so many logits are worth, in so many parts at most."""
    return max(1, min(parts, logits // _LEAST_WORK))


def run(entry: Any, words: Any, threads: int) -> None:
    """Let every thread take rows of a call until none is left."""
    address = ctypes.addressof(words)
    if threads == 1:
        entry(address)
        return
    openmp = _openmp()
    if openmp is None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(entry, [address] * threads))
    else:
        openmp.GOMP_parallel(entry, address, threads, 0)


@cache
def _openmp() -> Any:
    """The OpenMP library that PyTorch brings along and has loaded; None where it is built otherwise."""
    paths = sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*"))
    if not paths:
        return None
    library = ctypes.CDLL(str(paths[0]))
    library.GOMP_parallel.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
    library.GOMP_parallel.restype = None
    return library
