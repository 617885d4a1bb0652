"""How functions that have gradients of their own are differentiated: here or there in another way."""

from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import TransformType
from torch.autograd import forward_ad

Function = type[torch.autograd.Function]


def applied(plain: Function, dual: Function, *arguments: Any) -> Tensor:
    """Apply `plain`, or in forward mode `dual`, its subclass that has derivatives there too.

    torch.compile takes no function that has them, and loses derivatives of derivatives of any function where
    torch.func differentiates within a graph: there the formula itself is differentiated.
    """
    function: Any = dual if is_forward_mode() else plain
    apply = function.forward if differentiates_in_a_graph() else function.apply
    value: Tensor = apply(*arguments)
    return value


def is_forward_mode() -> bool:
    """Whether dual numbers are about, whose derivatives go with the values."""
    return forward_ad._current_level >= 0


def differentiates_in_a_graph() -> bool:
    """Whether torch.func differentiates within what torch.compile compiles."""
    return torch.compiler.is_compiling() and _differentiates()


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _differentiates() -> bool:
    kinds = {each.key() for each in torch._C._functorch.get_interpreter_stack() or ()}
    return not kinds.isdisjoint((TransformType.Grad, TransformType.Jvp))
