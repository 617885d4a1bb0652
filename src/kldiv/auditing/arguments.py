"""The arguments of a watched call, and whether their numbers can be read."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

_REDUCTIONS = ("none", "mean", "sum")
_READABLE = frozenset({torch.float64, torch.float32, torch.float16, torch.bfloat16})
_is_transformed = torch._C._functorch.is_functorch_wrapped_tensor
_is_traced, _dispatch_modes = torch._C._is_tracing, torch._C._len_torch_dispatch_stack
_untouched = Tensor.__torch_dispatch__


class Options(NamedTuple):
    """The arguments of F.kl_div that are no tensors."""

    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str | int = "mean"
    log_target: bool = False

    @property
    def legacy(self) -> bool:
        """Whether a deprecated argument decides the reduction."""
        return self.size_average is not None or self.reduce is not None

    @property
    def reduced_by(self) -> str:
        """The reduction that takes effect; torch.kl_div numbers them."""
        if self.legacy:
            # Whatever they say, PyTorch divides by the batch for "batchmean".
            total = "batchmean" if self.reduction == "batchmean" else "sum"
            averaged = "mean" if self.size_average is not False else total
            return averaged if self.reduce is not False else "none"
        return self.reduction if isinstance(self.reduction, str) else _REDUCTIONS[self.reduction]


class Arguments(NamedTuple):
    """The arguments of F.kl_div: two tensors, and what `Options` are made of."""

    input: Tensor
    target: Tensor
    options: tuple[Any, ...]


def hidden(arguments: Arguments, result: Tensor) -> str:
    """Why the numbers of this call can't be read, or nothing."""
    if _is_traced():
        return "while PyTorch traces"
    if _is_transformed(result):
        return "inside a torch.func transform"
    given, target = type(arguments[0]), type(arguments[1])
    # A subclass that meddles with functions alone holds its numbers as every tensor does.
    if not (given is target is Tensor or given.__torch_dispatch__ is target.__torch_dispatch__ is _untouched):
        changed = target if given.__torch_dispatch__ is _untouched else given
        return f"of type {changed.__name__}"
    return "" if result.is_cpu else _hidden_elsewhere(result)


def _hidden_elsewhere(result: Tensor) -> str:
    """The same where only operations of PyTorch can read them."""
    if _dispatch_modes():
        return "while another tool watches"
    capturing = result.is_cuda and torch.cuda.is_current_stream_capturing()
    return "captured in a CUDA graph" if capturing else ""


def lacking(arguments: Arguments) -> str:
    """Why calls of this kind have no numbers to read, or nothing."""
    for tensor in arguments[:2]:
        if tensor.is_meta or tensor.layout is not torch.strided or tensor.dtype not in _READABLE:
            return "without readable floating-point values"
        if not tensor.numel() or not tensor.ndim:
            return "without outcomes"
    return ""
