"""Shares rows among threads: PyTorch's own, so that the two never wait for each other.

PyTorch's OpenMP threads spin for a while after each operation; a second pool of threads would have to
compete with them for the processors. Each row is computed by one thread in one order, so results are the same
for every number of threads. The kernels run without the interpreter's lock.
"""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import torch

# Fewer logits than this are done before another thread has woken up.
_LEAST_WORK = 1 << 16

Work = Callable[[int, int], None]


def share(rows: int, outcomes: int, work: Work) -> None:
    """Call work(first, last) for parts of all rows, at the same time where that pays."""
    parts = min(torch.get_num_threads(), rows, max(1, rows * outcomes // _LEAST_WORK))
    if parts <= 1:
        work(0, rows)
        return
    edges = [rows * part // parts for part in range(parts + 1)]
    team = _openmp()
    if team is None:
        with ThreadPoolExecutor(parts) as pool:
            list(pool.map(work, edges[:-1], edges[1:]))
    else:
        _in_team(team, edges, work)


def _in_team(openmp: Any, edges: list[int], work: Work) -> None:
    """Let every thread of a team take the next part until none is left, whatever the team's real size."""
    errors: list[BaseException] = []
    taken = count()

    def member(_: object) -> None:
        try:
            while (part := next(taken)) < len(edges) - 1:
                work(edges[part], edges[part + 1])
        except BaseException as error:
            errors.append(error)

    openmp.GOMP_parallel(_MEMBER(member), None, len(edges) - 1, 0)
    if errors:
        raise errors[0]


_MEMBER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@cache
def _openmp() -> Any:
    """The OpenMP library that PyTorch brings along and has loaded; None where it is built otherwise."""
    paths = sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*"))
    if not paths:
        return None
    library = ctypes.CDLL(str(paths[0]))
    library.GOMP_parallel.argtypes = (_MEMBER, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
    library.GOMP_parallel.restype = None
    return library
