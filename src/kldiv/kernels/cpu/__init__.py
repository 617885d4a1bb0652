"""The CPU kernels: f-divergences from logits, with their gradients, compiled by Numba.

`compute` brings tensors to the form the compiled rows take: flat memory and where in it each row starts, so
that strided and broadcast rows need no copy.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kldiv import definition
from kldiv.definition import Divergence
from kldiv.kernels import reference
from kldiv.kernels.cpu.generators import KullbackLeibler, marker_of
from kldiv.kernels.cpu.rows import f_rows, kl_rows
from kldiv.kernels.cpu.threads import share
from kldiv.kernels.reference import Side

_SCRATCH_ROWS = 4
_STORAGE = {torch.bfloat16: torch.uint16, torch.float16: torch.int16}


class Result(NamedTuple):
    """The divergence of each row, and the gradients that were asked for."""

    value: Tensor
    p_grad: Tensor | None
    q_grad: Tensor | None


def knows(divergence: Divergence) -> bool:
    """Whether there is a compiled form of the divergence."""
    return marker_of(divergence) is not None


def compute(
    divergence: Divergence, p: Tensor, q: Tensor, temperature: float, *, want_p: bool, want_q: bool
) -> Result:
    """The divergence of the rows of two tensors of logits of one shape."""
    marker = marker_of(divergence)
    assert marker is not None  # noqa: S101 (callers ask `knows` first)
    batch, outcomes = p.shape[:-1], p.shape[-1]
    dtype = torch.float64 if torch.float64 in (p.dtype, q.dtype) else torch.float32
    rows = batch.numel()
    value = torch.empty(rows, dtype=dtype)
    grads = [_gradient(z, rows, dtype, want) for z, want in ((p, want_p), (q, want_q))]
    hard = np.zeros(rows, np.bool_)
    (p_flat, p_starts), (q_flat, q_starts) = _flat(p), _flat(q)
    arrays = tuple(_stored(each) for each in (value, *grads))
    kernel: Any = kl_rows if isinstance(marker, KullbackLeibler) else f_rows
    scale = arrays[0].dtype.type(1 / temperature)

    def work(first: int, last: int) -> None:
        scratch = np.empty((_SCRATCH_ROWS, outcomes), arrays[0].dtype)
        wants, part = (want_p, want_q), (first, last)
        kernel(
            marker, p_flat, q_flat, outcomes, p_starts, q_starts, *arrays, wants, hard, part, scale, scratch
        )

    share(rows, outcomes, work)
    if isinstance(divergence, definition.Hellinger):
        _take_root(value, grads)
    result = Result(
        value.view(batch),
        grads[0].view(*batch, outcomes) if want_p else None,
        grads[1].view(*batch, outcomes) if want_q else None,
    )
    if hard.any():
        _redo(torch.from_numpy(hard).view(batch), divergence, p, q, temperature, result)
    return result


def _flat(z: Tensor) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The memory of a tensor as one array, and where in it each row starts."""
    if z.stride(-1) != 1 and z.shape[-1] > 1:
        z = z.contiguous()
    starts = torch.zeros((), dtype=torch.int64)
    for size, stride in zip(z.shape[:-1], z.stride()[:-1], strict=True):
        starts = starts[..., None] + torch.arange(size) * stride
    starts = starts.reshape(-1)
    span = int(starts[-1]) + z.shape[-1] if starts.numel() else 0
    return _stored(z.detach().as_strided((span,), (1,))), starts.numpy()


def _stored(z: Tensor) -> NDArray[Any]:
    """The memory of a tensor as NumPy knows it: half precisions as whole numbers."""
    return z.view(_STORAGE.get(z.dtype, z.dtype)).numpy()


def _gradient(z: Tensor, rows: int, dtype: torch.dtype, want: bool) -> Tensor:
    """Room for the gradient to z; next to none where it is not wanted.

    bfloat16 has the range of float32 and keeps its own precision. float16 has not: a gradient that underflows
    in it would be lost before the upstream factor, such as a loss scale, is multiplied in.
    """
    own = z.dtype if z.dtype == torch.bfloat16 else dtype
    return torch.empty((rows, z.shape[-1]) if want else (1, 1), dtype=own)


def _take_root(value: Tensor, grads: list[Tensor]) -> None:
    """From the square of the Hellinger distance to the distance; its gradient is 0 where it is 0."""
    value.sqrt_()
    factor = torch.where(value > 0, 0.5 / value, 0.0)[:, None]
    for grad in grads:
        if grad.shape[0] == factor.shape[0]:
            grad.mul_(factor)


def _redo(
    hard: Tensor, divergence: Divergence, p: Tensor, q: Tensor, temperature: float, result: Result
) -> None:
    """Let the reference kernel do the rows that the compiled one has marked."""
    dtype = result.value.dtype
    sides = Side("logits", p[hard].to(dtype)), Side("logits", q[hard].to(dtype))
    result.value[hard] = reference.value(divergence, *sides, temperature)
    if result.p_grad is None and result.q_grad is None:
        return
    for grad, redone in zip(result[1:], reference.gradients(divergence, *sides, temperature), strict=True):
        if grad is not None:
            grad[hard] = redone.to(grad.dtype)
