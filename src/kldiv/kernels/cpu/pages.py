"""Large pages for new memory: the first touch of a page costs more than what the kernels write to it.

Where Linux gives large pages only to who asks ("madvise"), this asks for the whole ones within a tensor. It
changes what memory is made of, not how much is used, and ends with the memory itself.
"""

import ctypes
import sys
from functools import cache
from typing import Any

from torch import Tensor

# What the processors that PyTorch runs on have; of a smaller tensor the allocator mostly has memory at hand.
_PAGE = 2 << 20
_WORTHWHILE = 4 * _PAGE
_HUGE_PAGES = 14


def on_large_pages(tensor: Tensor) -> Tensor:
    """The tensor, whose memory nobody has touched yet."""
    start, end = tensor.data_ptr(), tensor.data_ptr() + tensor.nbytes
    first, last = -(-start // _PAGE) * _PAGE, end // _PAGE * _PAGE
    if end - start >= _WORTHWHILE and sys.platform == "linux":
        # It is advice: that it can't be followed is no error.
        _libc().madvise(first, last - first, _HUGE_PAGES)
    return tensor


@cache
def _libc() -> Any:
    library = ctypes.CDLL(None)
    library.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return library
