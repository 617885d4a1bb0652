"""Asks for large pages: giving out new memory 4 KiB by 4 KiB takes longer than filling it.

Linux has them where transparent huge pages are on, mostly for who asks alone ("madvise"):
https://docs.kernel.org/admin-guide/mm/transhuge.html. It is advice; where it isn't taken all is as before.
"""

import ctypes
import mmap
from functools import cache
from typing import Any

from torch import Tensor

_ADVICE = getattr(mmap, "MADV_HUGEPAGE", None)
# Less than glibc may keep when it is freed, and to give kept memory out by large pages has been a loss.
_KEPT = 32 << 20


def on_large_pages(room: Tensor) -> Tensor:
    """Memory that nothing was written to yet, given out by large pages if the system has them."""
    if _ADVICE is not None and room.nbytes > _KEPT:
        start = room.data_ptr() // mmap.PAGESIZE * mmap.PAGESIZE
        _madvise()(start, room.data_ptr() + room.nbytes - start, _ADVICE)
    return room


@cache
def _madvise() -> Any:
    function = ctypes.CDLL(None).madvise
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return function
