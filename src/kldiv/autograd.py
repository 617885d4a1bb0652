"""Makes a kernel's values and gradients one differentiable operation."""

from typing import Any

import torch
from torch import Tensor

from kldiv.definition import Divergence, NegativeEntropy
from kldiv.kernels import reference
from kldiv.kernels.reference import Side


class _Rowwise(torch.autograd.Function):
    """One divergence a row, with the kernel's own gradient.

    Autograd through the formula of the value would cancel the digits that the kernel keeps.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(
        divergence: Divergence, p_space: str, q_space: str, temperature: float, p: Tensor, q: Tensor
    ) -> Tensor:
        return reference.value(divergence, Side(p_space, p), Side(q_space, q), temperature)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        *ctx.how, p, q = inputs
        ctx.save_for_backward(p, q)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        divergence, p_space, q_space, temperature = ctx.how
        p, q = ctx.saved_tensors
        slopes = reference.gradients(divergence, Side(p_space, p), Side(q_space, q), temperature)
        wanted = ctx.needs_input_grad[4:]
        return (None,) * 4 + tuple(
            _scaled(slope, grad[..., None]) if needed else None
            for slope, needed in zip(slopes, wanted, strict=True)
        )


def rowwise(divergence: Divergence, p: Side, q: Side, temperature: float) -> Tensor:
    """The divergence of each row, in nats; differentiable any number of times in both sides."""
    return _Rowwise.apply(  # type: ignore[no-untyped-call, no-any-return]
        divergence, p.space, q.space, temperature, p.values, q.values
    )


def negative_entropy_rows(p: Side, temperature: float) -> Tensor:
    """Σ p·log p of each row, in nats; of logits with the slopes of D(p‖uniform), which are its own."""
    if reference.is_normalised(p, temperature):
        return reference.negative_entropy(p)
    uniform = Side("logits", torch.zeros_like(p.values))
    return rowwise(NegativeEntropy(), p, uniform, temperature)


def _scaled(slope: Tensor, grad: Tensor) -> Tensor:
    """grad·slope, where a row that nothing depends on gets 0 even if its slope is infinite."""
    return torch.where((grad == 0) & slope.isinf(), 0.0, grad * slope)
