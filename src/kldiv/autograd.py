"""Makes a kernel's values and gradients one differentiable operation."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from kldiv import kernels
from kldiv.definition import Divergence
from kldiv.kernels import reference
from kldiv.kernels.differentiation import applied, is_forward_mode
from kldiv.kernels.question import Question
from kldiv.kernels.reference import Side
from kldiv.operators import operated, precise, reference_gradients, scaled
from kldiv.recording import is_watched


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
        wanted = ctx.needs_input_grad[4:]
        return (None,) * 4 + tuple(
            scaled(slope, grad[..., None]) if needed else None
            for slope, needed in zip(_Rowwise._slopes(ctx), wanted, strict=True)
        )

    @staticmethod
    def _slopes(ctx: Any) -> tuple[Tensor, Tensor]:
        divergence, p_space, q_space, temperature = ctx.how
        p, q = ctx.saved_tensors
        return reference.gradients(divergence, Side(p_space, p), Side(q_space, q), temperature)


class _DualRowwise(_Rowwise):
    """The same in forward mode."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _Rowwise.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*inputs[4:])

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        return _along(tangents[4:], _Rowwise._slopes(ctx))


class _CompiledRowwise(torch.autograd.Function):
    """A multiple of one divergence a row, or their total, by the compiled kernel, and gradients made with it.

    They are kept for the first backward pass, which scales them where they lie; a second one makes them anew.
    One that is itself differentiated, or of many upstream gradients at a time (`is_grads_batched`), takes the
    reference's, which are made of torch operations. All are in the kernel's precision; autograd brings what a
    function returns to the dtype of its input.
    """

    @staticmethod
    def forward(ctx: Any, question: Question, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
        ctx.question = question
        ctx.save_for_backward(where, p, q)
        value: Tensor
        value, *ctx.kept = kernels.compiled().compute(question, where, p, q, *ctx.needs_input_grad[2:])
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        kept, ctx.kept = ctx.kept, None
        if torch.is_grad_enabled() or torch._C._functorch.is_legacy_batchedtensor(grad):
            where, p, q = ctx.saved_tensors
            return None, None, *reference_gradients(ctx.question, where, p, q, grad)
        if kept is None:
            wants = ctx.needs_input_grad[2:]
            _, *kept = kernels.compiled().compute(ctx.question, *ctx.saved_tensors, *wants)
        p_grad, q_grad = kept
        return None, None, _scaled_in_place(p_grad, grad), _scaled_in_place(q_grad, grad)


class _TransformedRowwise(torch.autograd.Function):
    """The same under transforms of `torch.func` and in forward mode; differentiable again and again."""

    generate_vmap_rule = True

    @staticmethod
    def forward(question: Question, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
        return operated(question, where, p, q)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        ctx.question, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        where, p, q = ctx.saved_tensors
        slopes = reference_gradients(ctx.question, where, p, q, grad)
        return None, None, *(slope.to(z.dtype) for slope, z in zip(slopes, (p, q), strict=True))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        where, p, q = ctx.saved_tensors
        one = p.new_ones((), dtype=reference.value_dtype(p, q))
        return _along(tangents[2:], reference_gradients(ctx.question, where, p, q, one)).to(one.dtype)


def rowwise(question: Question, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
    """A multiple of the divergence of each row, in nats, 0 where it is not asked for; or the total of them.

    Differentiable any number of times in both sides.
    """
    if kernels.choose(question, p, q) == "cpu":
        return _by_compiled(question, where, p, q)
    return _added_up(question, _by_reference(question, where, p, q))


def _by_compiled(question: Question, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
    """By whichever of the ways to the compiled kernel is open; in the shortest two it adds up itself."""
    if torch.compiler.is_compiling():
        return _added_up(question, operated(question, where, p, q))
    function: Any = _TransformedRowwise
    if torch._C._are_functorch_transforms_active() or is_forward_mode():
        return _added_up(question, function.apply(question._replace(total=False), where, p, q))
    if is_watched():
        return _added_up(question, operated(question, where, p, q))
    function = _CompiledRowwise
    if torch.is_grad_enabled() and (p.requires_grad or q.requires_grad):
        return function.apply(question, where, p, q)  # type: ignore[no-any-return]
    return kernels.compiled().compute(question, where, p, q, False, False)[0]  # type: ignore[no-any-return]


def _added_up(question: Question, values: Tensor) -> Tensor:
    """The total, where that is asked for."""
    return values.sum() if question.total else values


def _by_reference(question: Question, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
    divergence, p_space, q_space, temperature, factor, _ = question
    given_p, given_q = precise(divergence, p, q)
    sides = reference.valid_pair(Side(p_space, given_p), Side(q_space, given_q), temperature, where)
    plain_p, plain_q = map(reference.plain, sides)
    how = divergence, plain_p.space, plain_q.space, temperature
    value = applied(_Rowwise, _DualRowwise, *how, plain_p.values, plain_q.values)
    value = (factor * value).to(reference.value_dtype(p, q))
    return value if where is None else torch.where(where, value, 0.0)


def entropy_rows(question: Question, where: Tensor | None, p: Tensor) -> Tensor:
    """As `rowwise` for the entropy of p alone: of the question's sides q is of no consequence."""
    if reference.is_normalised(Side(question.p_space, p), question.temperature):
        values = question.factor * reference.entropy(
            reference.plain(reference.valid(Side(question.p_space, p), where))
        )
        return _added_up(question, values if where is None else torch.where(where, values, 0.0))
    return rowwise(question, where, p, p.new_zeros(p.shape[-1:]).expand(p.shape))


def _along(tangents: Sequence[Tensor | None], slopes: Sequence[Tensor]) -> Tensor:
    """How fast a value of these slopes changes along the tangents; None is that of a side at rest."""
    moves = [
        scaled(slope, move).sum(-1) for move, slope in zip(tangents, slopes, strict=True) if move is not None
    ]
    total: Tensor = sum(moves[1:], moves[0])
    return total


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
