"""Shares rows among threads: as many as PyTorch uses, started when first needed, and anew after a fork.

The kernels release the interpreter's lock, and each row is computed by one thread in one order, so results
are the same for every number of threads. The caller works too; any number of callers may share the workers.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Lock

import torch

# Fewer logits than this are done before another thread has woken up.
_LEAST_WORK = 1 << 16


class _Workers:
    """A pool of threads that grows with what PyTorch is told to use."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._size = 0

    def submit(self, size: int, work: Callable[[int, int], None], first: int, last: int) -> "Future[None]":
        """Let a worker of a pool of at least `size` do rows first to last."""
        with self._lock:
            if self._pool is None or self._size < size:
                # A smaller pool ends by itself once what it was given is done.
                self._pool, self._size = ThreadPoolExecutor(size, thread_name_prefix="kldiv"), size
            return self._pool.submit(work, first, last)


_workers = _Workers()


def _forget_workers() -> None:
    """A forked process has none of its parent's threads, and perhaps a lock that is held."""
    global _workers  # noqa: PLW0603
    _workers = _Workers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)


def share(rows: int, outcomes: int, work: Callable[[int, int], None]) -> None:
    """Call work(first, last) for parts of all rows, at the same time where that pays."""
    parts = min(torch.get_num_threads(), rows, max(1, rows * outcomes // _LEAST_WORK))
    edges = [rows * part // parts for part in range(parts + 1)]
    others = [_workers.submit(parts - 1, work, *part) for part in pairwise(edges[1:])]
    try:
        work(edges[0], edges[1])
    finally:
        for other in others:
            other.result()
