"""The CPU kernels: every f-divergence of every kind of input, with its gradients, compiled by Numba.

`compute` says where everything lies, so that strided and broadcast rows are read without a copy; the plan
says how it is done.
"""

from threading import local

import torch
from torch import Tensor

from kldiv.kernels import reference
from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.pages import on_large_pages
from kldiv.kernels.cpu.plan import Batch, Plan, plan_of
from kldiv.kernels.cpu.threads import run
from kldiv.kernels.question import Question
from kldiv.kernels.reference import Side

# Of the rows that are done once more, so many numbers of a side at a time.
_REDONE = 1 << 20

# The divergence of each row or their total, and the gradients that were asked for.
Result = tuple[Tensor, Tensor | None, Tensor | None]


def compute(
    question: Question, where: Tensor | None, p: Tensor, q: Tensor, want_p: bool, want_q: bool
) -> Result:
    """The divergence of the rows of two sides, outcomes last, or of those of `where` alone."""
    plan = plan_of(question, p, q, want_p, want_q)
    is_total = question.total and where is None and plan.rows == 1
    # The total of one row has no dimension from the start, for a view costs more.
    value = torch.empty_like(plan.number) if is_total else plan.number.new_empty(p.shape[:-1])
    p_grad, q_grad = _room_for_gradient(p, plan.p_grad), _room_for_gradient(q, plan.q_grad)
    result = value, p_grad, q_grad
    if plan.rows:
        hard = _run(plan, question.factor, where, p, q, result)
        if where is not None:
            _clear(result, ~where)
        if hard is not None:
            _redo(hard, question, p, q, result)
    return (value.sum(), p_grad, q_grad) if question.total and not is_total else result


def _clear(result: Result, rows: Tensor) -> None:
    """Nothing is asked of these rows."""
    for each in result:
        if each is not None:
            each[rows] = 0


def _room_for_gradient(z: Tensor, dtype: torch.dtype | None) -> Tensor | None:
    """Memory for a gradient of z, row after row; `empty_like` is the quickest to give it."""
    if dtype is None:
        return None
    is_alike = z.dtype == dtype and z.is_contiguous()
    return on_large_pages(torch.empty_like(z) if is_alike else z.new_empty(z.shape, dtype=dtype))


def _run(
    plan: Plan, factor: float, where: Tensor | None, p: Tensor, q: Tensor, result: Result
) -> Tensor | None:
    """Compute all rows; which of them are hard, if any is."""
    value, p_grad, q_grad = result
    threads = min(torch.get_num_threads(), plan.threads)
    own = plan.slot_bytes * (1 if plan.board_words else threads)
    scratch, room = _scratch(own + plan.rows)
    # What addresses are of has to live as long as the call.
    mask = None if where is None else where.contiguous()
    p_starts = _starts(plan.p_batch) if plan.p_batch else None
    q_starts = _starts(plan.q_batch) if plan.q_batch else None
    board = _zeros(plan.rows * plan.board_words) if plan.board_words else None
    words = call.pack(
        plan.fixed, plan.chunk(threads), room,
        p.data_ptr(), 0 if p_starts is None else p_starts.data_ptr(),
        q.data_ptr(), 0 if q_starts is None else q_starts.data_ptr(),
        0 if mask is None else mask.data_ptr(), room + own, 0 if board is None else board.data_ptr(),
        value.data_ptr(),
        0 if p_grad is None else p_grad.data_ptr(), 0 if q_grad is None else q_grad.data_ptr(),
        factor,
    )  # fmt: skip
    run(plan.entry, words, threads)
    if not call.some_are_hard(words):
        return None
    return scratch[own:][: plan.rows].view(torch.bool).view(value.shape).clone()


class _Memory(local):
    """Scratch memory that is kept, for each thread that calls: fresh pages would cost more than the work."""

    size = 0
    room: tuple[Tensor, int]
    """The memory and its address."""


_memory = _Memory()


def _scratch(size: int) -> tuple[Tensor, int]:
    if _memory.size < size:
        room = torch.empty(size, dtype=torch.uint8, device="cpu")
        _memory.size, _memory.room = size, (room, room.data_ptr())
    return _memory.room


def _zeros(words: int) -> Tensor:
    return torch.zeros(words, dtype=torch.int64, device="cpu")


def _starts(batch: Batch) -> Tensor:
    """How many numbers after the first of a side each row starts."""
    starts = _zeros(1)
    for size, stride in batch:
        starts = starts[..., None] + torch.arange(size, device="cpu") * stride
    return starts.reshape(-1)


def _redo(hard: Tensor, question: Question, p: Tensor, q: Tensor, result: Result) -> None:
    """Do the rows that were marked once more, a part of them at a time, for each takes memory of its own."""
    for marked in torch.split(hard.nonzero(), max(1, _REDONE // p.shape[-1])):
        at = marked.unbind(-1)
        redone = _redone(question._replace(total=False), p.detach()[at], q.detach()[at], result)
        for kept, new in zip(result, redone, strict=True):
            if kept is not None and new is not None:
                kept[at] = new.to(kept.dtype)


def _redone(question: Question, p: Tensor, q: Tensor, result: Result) -> Result:
    """In double precision, and what is hard there by the reference; of rows that are all asked for."""
    wants = [each is not None for each in result[1:]]
    if plan_of(question, p, q, *wants).is_double:
        return _by_reference(question, p.double(), q.double())
    return compute(question, None, p.double(), q.double(), *wants)


def _by_reference(question: Question, p: Tensor, q: Tensor) -> Result:
    """The same by torch operations, as they are for everything that has no compiled form."""
    divergence, p_space, q_space, temperature, factor, _ = question
    sides = Side(p_space, p), Side(q_space, q)
    plain_p, plain_q = map(reference.plain, sides)
    value = reference.value(divergence, plain_p, plain_q, temperature)
    slopes = reference.gradients(divergence, plain_p, plain_q, temperature)
    p_grad, q_grad = (
        factor * (reference.normalised_slopes(side.values, slope) if side.space == "counts" else slope)
        for side, slope in zip(sides, slopes, strict=True)
    )
    return factor * value, p_grad, q_grad
