"""Whether PyTorch records what is done to tensors; compiled code that reads memory is in no record."""

import torch


def is_recorded() -> bool:
    """Whether operations are compiled or traced, or a mode watches them, and so sees operators alone.

    Example:
        >>> is_recorded()
        False
    """
    return (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._get_tracing_state() is not None
    )
