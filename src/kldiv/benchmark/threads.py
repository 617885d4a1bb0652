"""How many threads compute."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def number_of_threads() -> int:
    """What PyTorch and kldiv compute with."""
    return torch.get_num_threads()


@contextmanager
def limited_to(threads: int | None) -> Iterator[None]:
    """Compute with so many threads, and hold to it who has threads of their own, where the system can."""
    if threads is None:
        yield
        return
    before, processors = torch.get_num_threads(), _processors()
    torch.set_num_threads(threads)
    _hold_to(set(sorted(processors)[:threads]))
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _hold_to(processors)


def _processors() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _hold_to(processors: set[int]) -> None:
    if processors:
        os.sched_setaffinity(0, processors)
