"""Makes a kernel's values and gradients one differentiable operation."""

from typing import Any

import torch
from torch import Tensor

from kldiv import kernels
from kldiv.definition import Divergence, NegativeEntropy
from kldiv.kernels import reference
from kldiv.kernels.reference import Side
from kldiv.operators import How, computed, operated, reference_gradients, scaled


class _Rowwise(torch.autograd.Function):
    """One divergence a row, with the reference kernel's own gradient.

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
            scaled(slope, grad[..., None]) if needed else None
            for slope, needed in zip(slopes, wanted, strict=True)
        )


class _CompiledRowwise(torch.autograd.Function):
    """A multiple of one divergence a row, or their total, by the compiled kernel, and gradients made with it.

    They are kept for the first backward pass, which scales them where they lie; a second one makes them anew.
    One that is itself differentiated takes the reference's, which are made of torch operations.
    """

    @staticmethod
    def forward(ctx: Any, how: How, total: bool, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
        ctx.how, ctx.dtypes = how, (p.dtype, q.dtype)
        ctx.save_for_backward(where, p, q)
        value, *ctx.kept = computed(how, ctx.needs_input_grad[3:], where, p, q, total=total)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        kept, ctx.kept = ctx.kept, None
        want_p, want_q = wants = ctx.needs_input_grad[3:]
        p_grad: Tensor | None
        q_grad: Tensor | None
        if torch.is_grad_enabled():
            where, p, q = ctx.saved_tensors
            p_grad, q_grad = reference_gradients(ctx.how, where, p, q, grad)
        else:
            p_grad, q_grad = kept or computed(ctx.how, wants, *ctx.saved_tensors)[1:]
            p_grad, q_grad = _scaled_in_place(p_grad, grad), _scaled_in_place(q_grad, grad)
        p_dtype, q_dtype = ctx.dtypes
        return (
            None,
            None,
            None,
            _of(p_grad, p_dtype) if want_p else None,
            _of(q_grad, q_dtype) if want_q else None,
        )


class _TransformedRowwise(torch.autograd.Function):
    """The same under transforms of `torch.func`, whose gradients can always be differentiated again."""

    @staticmethod
    def forward(how: How, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
        return computed(how, (False, False), where, p, q)[0]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        ctx.how, where, p, q = inputs
        ctx.save_for_backward(where, p, q)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        where, p, q = ctx.saved_tensors
        slopes = reference_gradients(ctx.how, where, p, q, grad)
        return None, None, *(slope.to(z.dtype) for slope, z in zip(slopes, (p, q), strict=True))

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], how: How, *tensors: Any) -> tuple[Tensor, int]:
        """A mapped dimension is one more batch dimension."""
        where, p, q = (
            z if z is None else z.expand(info.batch_size, *z.shape) if dim is None else z.movedim(dim, 0)
            for z, dim in zip(tensors, in_dims[1:], strict=True)
        )
        return _TransformedRowwise.apply(how, where, p, q), 0  # type: ignore[no-untyped-call]


def rowwise(
    divergence: Divergence,
    p: Side,
    q: Side,
    temperature: float,
    where: Tensor | None = None,
    factor: float = 1.0,
    total: bool = False,
) -> Tensor:
    """A multiple of the divergence of each row, in nats, 0 where it is not asked for; or the total of them.

    Differentiable any number of times in both sides.
    """
    if kernels.choose(divergence, p, q, temperature) == "cpu":
        how = (divergence, p.space, q.space, temperature, factor)
        value = _by_compiled(how, total, where, p.values, q.values)
    else:
        dtype = reference.value_dtype(p.values, q.values)
        p, q = map(reference.plain, reference.valid_pair(p, q, temperature, where))
        function: Any = _Rowwise
        value = function.apply(divergence, p.space, q.space, temperature, p.values, q.values)
        value = (factor * value).to(dtype)
        value = value if where is None else torch.where(where, value, 0.0)
    return value.sum() if total and value.ndim else value


def _by_compiled(how: How, total: bool, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
    """By whichever of the ways to the compiled kernel is open; the total only by the shortest two."""
    if torch.compiler.is_compiling():
        return operated(how, where, p, q)
    function: Any = _TransformedRowwise
    if torch._C._are_functorch_transforms_active():
        return function.apply(how, where, p, q)  # type: ignore[no-any-return]
    function = _CompiledRowwise
    if torch.is_grad_enabled() and (p.requires_grad or q.requires_grad):
        return function.apply(how, total, where, p, q)  # type: ignore[no-any-return]
    return computed(how, (False, False), where, p, q, total=total)[0]


def negative_entropy_rows(p: Side, temperature: float, where: Tensor | None) -> Tensor:
    """Σ p·log p of each row, in nats; of logits with the slopes of D(p‖uniform), which are its own."""
    p = reference.plain(reference.valid(p, where))
    if reference.is_normalised(p, temperature):
        return reference.negative_entropy(p)
    uniform = Side("logits", torch.zeros_like(p.values))
    return rowwise(NegativeEntropy(), p, uniform, temperature)


def _of(slope: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    return slope if slope is None or slope.dtype == dtype else slope.to(dtype)


def _scaled_in_place(slope: Tensor | None, grad: Tensor) -> Tensor | None:
    """As `scaled`, without another tensor of the logits' size; rows of no consequence are rare."""
    if slope is None:
        return None
    if not any(grad.stride()):
        # One number for all rows; mostly 1, which spares reading and writing them.
        factor = (grad.as_strided((), ()) if grad.ndim else grad).item()
        return slope if factor == 1 else slope.zero_() if factor == 0 else slope.mul_(factor)
    nothing = grad == 0
    if bool(nothing.any()):
        slope.masked_fill_(nothing[..., None], 0.0)
    return slope.mul_(grad[..., None])
