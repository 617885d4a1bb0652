"""Whether PyTorch records what is done to tensors; compiled code that reads memory is in no record."""

import torch
from torch._C import _get_tracing_state, _len_torch_dispatch_stack


def is_recorded() -> bool:
    """Whether operations are compiled, or watched, and so operators alone are seen.

    Example:
        >>> is_recorded()
        False
    """
    return torch.compiler.is_compiling() or is_watched()


def is_watched() -> bool:
    """Whether operations are traced, or a mode sees them, outside of `torch.compile`.

    Example:
        >>> is_watched()
        False
    """
    return _len_torch_dispatch_stack() > 0 or _get_tracing_state() is not None
