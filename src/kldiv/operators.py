"""The compiled kernels as an operator of PyTorch, for the graphs of `torch.compile`.

Elsewhere `kldiv.autograd` calls the kernels itself: an operator has to return new tensors, so that its
gradients can't be scaled where they lie.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from kldiv import definition, kernels
from kldiv.definition import Divergence
from kldiv.inputs import in_double
from kldiv.kernels import reference
from kldiv.kernels.question import Question
from kldiv.kernels.reference import Side, gradient_dtype, value_dtype
from kldiv.renyi_definition import Renyi


def reference_gradients(
    question: Question, where: Tensor | None, p: Tensor, q: Tensor, grad: Tensor
) -> list[Tensor]:
    """The gradients as torch operations, which can be differentiated once more."""
    divergence, p_space, q_space, temperature, factor, _ = question
    p, q = precise(divergence, p, q)
    sides = reference.valid_pair(Side(p_space, p), Side(q_space, q), temperature, where)
    p_side, q_side = (reference.plain(side) for side in sides)
    slopes = reference.gradients(divergence, p_side, q_side, temperature)
    upstream = factor * (grad if where is None else torch.where(where, grad, 0.0))[..., None]
    return [
        scaled(reference.normalised_slopes(side.values, slope) if side.space == "counts" else slope, upstream)
        for side, slope in zip(sides, slopes, strict=True)
    ]


def precise(divergence: Divergence, p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """Both sides as the reference needs them: a power multiplies the rounding of a log-ratio."""
    return (in_double(p), in_double(q)) if isinstance(divergence, Renyi) else (p, q)


def scaled(slope: Tensor, grad: Tensor) -> Tensor:
    """grad·slope, where a row that nothing depends on gets 0 even if its slope is infinite."""
    return torch.where((grad == 0) & slope.isinf(), 0.0, grad * slope)


@torch.library.custom_op("kldiv::rowwise", mutates_args=())
def _rowwise(
    p: Tensor, q: Tensor, where: Tensor | None, names: str, numbers: Sequence[float], wants: Sequence[int]
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """A multiple of the divergence of each row and, where wanted, its gradients; else tensors of nothing."""
    question, want = _question(names, numbers), map(bool, wants)
    value, *grads = kernels.compiled().compute(question, where, p, q, *want)
    p_grad, q_grad = (value.new_empty(0) if each is None else each for each in grads)
    return value, p_grad, q_grad


@_rowwise.register_fake
def _(
    p: Tensor, q: Tensor, where: Tensor | None, names: str, numbers: Sequence[float], wants: Sequence[int]  # noqa: ARG001
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    dtype = value_dtype(p, q)
    value = p.new_empty(p.shape[:-1], dtype=dtype)
    p_grad, q_grad = (
        z.new_empty(z.shape, dtype=gradient_dtype(z.dtype, dtype)) if want else value.new_empty(0)
        for z, want in zip((p, q), wants, strict=True)
    )
    return value, p_grad, q_grad


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
    p, q, where, names, numbers, ctx.wants = inputs
    ctx.question = _question(names, numbers)
    ctx.save_for_backward(where, p, q, *output[1:])


def _backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
    where, p, q, *kept = ctx.saved_tensors
    wants = ctx.needs_input_grad[:2]
    if torch.is_grad_enabled() or any(want and not made for want, made in zip(wants, ctx.wants, strict=True)):
        slopes = reference_gradients(ctx.question, where, p, q, grad)
    else:
        slopes = [
            scaled(each, grad[..., None]) if want else each for each, want in zip(kept, wants, strict=True)
        ]
    p_grad, q_grad = (
        slope.to(z.dtype) if want else None for slope, z, want in zip(slopes, (p, q), wants, strict=True)
    )
    return p_grad, q_grad, None, None, None, None


_rowwise.register_autograd(_backward, setup_context=_keep)


@_rowwise.register_vmap
def _(
    info: Any, in_dims: tuple[Any, ...], p: Tensor, q: Tensor, where: Tensor | None, *how: Any
) -> tuple[Any, tuple[int | None, ...]]:
    """A mapped dimension is one more batch dimension."""
    tensors = (
        z if z is None else z.expand(info.batch_size, *z.shape) if dim is None else z.movedim(dim, 0)
        for z, dim in zip((p, q, where), in_dims[:3], strict=True)
    )
    result = _rowwise(*tensors, *how)
    return result, (0, *(0 if want else None for want in how[-1]))


def operated(question: Question, where: Tensor | None, p: Tensor, q: Tensor) -> Tensor:
    """A multiple of the divergence of each row, as one operator of the graph."""
    divergence, p_space, q_space, temperature, factor, _ = question
    numbers = [float(each) for each in (temperature, factor, *divergence.parameters)]
    # Numbers, for torch.jit.trace takes no booleans.
    wants = [int(z.requires_grad and torch.is_grad_enabled()) for z in (p, q)]
    value: Tensor
    value, *_ = _rowwise(p, q, where, f"{type(divergence).__name__} {p_space} {q_space}", numbers, wants)
    return value


def _question(names: str, numbers: Sequence[float]) -> Question:
    """What `operated` has put into words and numbers, for an operator takes nothing else."""
    name, p_space, q_space = names.split()
    temperature, factor, *parameters = numbers
    form: Any = Renyi if name == Renyi.__name__ else getattr(definition, name)
    return Question(form(*parameters), p_space, q_space, temperature, factor)
