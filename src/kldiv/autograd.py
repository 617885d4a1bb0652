"""Makes a kernel's values and gradients one differentiable operation."""

from typing import Any, cast

import torch
from torch import Tensor

from kldiv import kernels
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


class _CompiledRowwise(torch.autograd.Function):
    """One divergence a row of logits by the compiled kernel, which makes the gradients with the value.

    They are kept for the first backward pass, which scales them where they lie; a second one makes them anew.
    One that is itself differentiated takes the reference's, which are made of torch operations.
    """

    @staticmethod
    def forward(
        divergence: Divergence, temperature: float, wants: tuple[bool, bool], p: Tensor, q: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        from kldiv.kernels import cpu  # noqa: PLC0415 (loads the compiler)

        return cpu.compute(divergence, p, q, temperature, want_p=wants[0], want_q=wants[1])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor | None, ...]) -> None:
        ctx.divergence, ctx.temperature, _, p, q = inputs
        ctx.save_for_backward(p, q)
        kept = output[1:]
        ctx.mark_non_differentiable(*(each for each in kept if each is not None))
        ctx.set_materialize_grads(False)
        ctx.kept = kept if any(each is not None for each in kept) else None

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None, *_: Any) -> tuple[Tensor | None, ...]:
        wanted = ctx.needs_input_grad[3:]
        if grad is None:
            return (None,) * 5
        p, q = ctx.saved_tensors
        kept, ctx.kept = ctx.kept, None
        if torch.is_grad_enabled() or torch._C._are_functorch_transforms_active():
            sides = Side("logits", _widened(p)), Side("logits", _widened(q))
            slopes = reference.gradients(ctx.divergence, *sides, ctx.temperature)
            scaled: list[Tensor | None] = [_scaled(each, grad[..., None]) for each in slopes]
        else:
            from kldiv.kernels import cpu  # noqa: PLC0415 (loads the compiler)

            if kept is None:
                wants = {"want_p": wanted[0], "want_q": wanted[1]}
                kept = cpu.compute(ctx.divergence, p, q, ctx.temperature, **wants)[1:]
            scaled = [None if each is None else _scaled_in_place(each, grad[..., None]) for each in kept]
        results = [
            each.to(z.dtype) if needed and each is not None else None
            for each, needed, z in zip(scaled, wanted, (p, q), strict=True)
        ]
        return None, None, None, *results

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> tuple[Any, tuple[int | None, ...]]:
        """A mapped dimension is one more batch dimension."""
        divergence, temperature, wants, p, q = inputs
        p, q = (
            z.expand(info.batch_size, *z.shape) if dim is None else z.movedim(dim, 0)
            for z, dim in zip((p, q), in_dims[3:], strict=True)
        )
        output = _CompiledRowwise.apply(divergence, temperature, wants, p, q)  # type: ignore[no-untyped-call]
        return output, tuple(None if each is None else 0 for each in output)


def rowwise(divergence: Divergence, p: Side, q: Side, temperature: float) -> Tensor:
    """The divergence of each row, in nats; differentiable any number of times in both sides."""
    if kernels.choose(divergence, p, q) == "cpu":
        wants = (_learns(p.values), _learns(q.values))
        value, *_ = _CompiledRowwise.apply(  # type: ignore[no-untyped-call]
            divergence, temperature, wants, p.values, q.values
        )
        return cast("Tensor", value)
    return _Rowwise.apply(  # type: ignore[no-untyped-call, no-any-return]
        divergence, p.space, q.space, temperature, _widened(p.values), _widened(q.values)
    )


def _learns(values: Tensor) -> bool:
    """Whether a gradient will be asked for; function transforms say so in the backward pass only."""
    transformed = torch._C._are_functorch_transforms_active()
    return values.requires_grad and torch.is_grad_enabled() and not transformed


def _widened(values: Tensor) -> Tensor:
    """float32 for half precisions, in which nothing but storage is done."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def negative_entropy_rows(p: Side, temperature: float) -> Tensor:
    """Σ p·log p of each row, in nats; of logits with the slopes of D(p‖uniform), which are its own."""
    p = Side(p.space, _widened(p.values))
    if reference.is_normalised(p, temperature):
        return reference.negative_entropy(p)
    uniform = Side("logits", torch.zeros_like(p.values))
    return rowwise(NegativeEntropy(), p, uniform, temperature)


def _scaled(slope: Tensor, grad: Tensor) -> Tensor:
    """grad·slope, where a row that nothing depends on gets 0 even if its slope is infinite."""
    return torch.where((grad == 0) & slope.isinf(), 0.0, grad * slope)


def _scaled_in_place(slope: Tensor, grad: Tensor) -> Tensor:
    """As `_scaled`, without another tensor of the logits' size; rows of no consequence are rare."""
    if bool((grad == 1).all()):
        # A plain sum: there is nothing to multiply, and the logits' size to read and write.
        return slope
    nothing = grad == 0
    if bool(nothing.any()):
        slope.masked_fill_(nothing, 0.0)
    return slope.mul_(grad)
