"""The CPU kernels: every f-divergence of every kind of input, with its gradients, compiled by Numba.

`compute` says where everything lies, so that strided and broadcast rows are read without a copy, and chooses
the form of the rows: few outcomes side by side, logits row by row, or sides of different kinds.
"""

from functools import cache
from itertools import pairwise
from threading import local
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kldiv.definition import Divergence, KullbackLeibler
from kldiv.kernels import reference
from kldiv.kernels.cpu import call, long_rows, pairs, rows, sharing, side_by_side, tempered, tiles
from kldiv.kernels.cpu.entries import (
    entry_of_logits,
    entry_of_long_rows,
    entry_of_pairs,
    entry_of_tempered,
    entry_of_tiles,
)
from kldiv.kernels.cpu.generators import marker_of
from kldiv.kernels.cpu.pages import on_large_pages
from kldiv.kernels.cpu.threads import run, threads_for
from kldiv.kernels.question import Question
from kldiv.kernels.reference import Side, gradient_dtype, value_dtype

# Up to so many outcomes rows side by side are faster than one by one, in double precision and in single.
_FEW, _FEW_IN_SINGLE = 48, 127
# From so many outcomes on, and in fewer rows than that, the threads share each row.
_LONG, _MANY_ROWS = 1 << 18, 16
# Of the rows that are done once more, so many numbers of a side at a time.
_REDONE = 1 << 20
# Parts of all rows for each thread: enough that none waits long for the last.
_PARTS = 8

_KINDS = {torch.float32: 0, torch.float64: 1, torch.bfloat16: 2, torch.float16: 3}
# What a single number is made like: quicker than by its size.
_SCALARS = {each: torch.empty((), dtype=each, device="cpu") for each in (torch.float32, torch.float64)}
_SPACES = {"logits": pairs.LOGITS, "log_probs": pairs.LOG_PROBS, "probs": pairs.PROBS, "counts": pairs.COUNTS}


# The divergence of each row or their total, and the gradients that were asked for.
Result = tuple[Tensor, Tensor | None, Tensor | None]


def compute(
    question: Question, where: Tensor | None, p: Tensor, q: Tensor, want_p: bool, want_q: bool
) -> Result:
    """The divergence of the rows of two sides, outcomes last, or of those of `where` alone."""
    dtype, outcomes = value_dtype(p, q), p.size(-1)
    is_total = question.total and where is None and p.numel() == outcomes
    # The total of one row has no dimension from the start, for a view costs more.
    value = torch.empty_like(_SCALARS[dtype]) if is_total else p.new_empty(p.shape[:-1], dtype=dtype)
    p_grad = _room_for_gradient(p, dtype) if want_p else None
    q_grad = _room_for_gradient(q, dtype) if want_q else None
    result = value, p_grad, q_grad
    if value.numel():
        hard = _run(question, where, p, q, outcomes, result)
        if where is not None:
            _clear(result, ~where)
        if hard is not None:
            _redo(hard, question, p, q, result)
    return (value.sum(), p_grad, q_grad) if question.total and value.ndim else result


def _clear(result: Result, rows: Tensor) -> None:
    """Nothing is asked of these rows."""
    for each in result:
        if each is not None:
            each[rows] = 0


def _room_for_gradient(z: Tensor, unit: torch.dtype) -> Tensor:
    """Memory for a gradient of z, row after row; `empty_like` is the quickest to give it."""
    own = z.dtype
    dtype = gradient_dtype(own, unit)
    return on_large_pages(
        torch.empty_like(z) if own == dtype and z.is_contiguous() else z.new_empty(z.shape, dtype=dtype)
    )


def _run(
    question: Question, where: Tensor | None, p: Tensor, q: Tensor, outcomes: int, result: Result
) -> Tensor | None:
    """Compute all rows; which of them are hard, if any is."""
    value, p_grad, q_grad = result
    count, wants = value.numel(), (p_grad is not None, q_grad is not None)
    form = _form_of(question, p, q, outcomes, *wants)
    threads = threads_for(count * outcomes, outcomes if form.is_shared else count)
    # Rows in the kernel's precision, and three more as numbers are stored.
    size = 8 * outcomes * (form.scratch_rows + 3)
    own = size * (1 if form.is_shared else threads)
    scratch = _scratch(own + count)
    room = scratch.data_ptr()
    board_words = sharing.board_words(outcomes) if form.is_shared else 0
    board = torch.zeros(count * board_words, dtype=torch.int64, device="cpu") if board_words else None
    mask = None if where is None else where.contiguous()
    chunk = -(-count // (_PARTS * threads)) if threads > 1 else count
    # What starts of rows lie in has to live as long as the call.
    (p_place, _p_starts), (q_place, _q_starts) = _place(p), _place(q)
    words = call.pack(
        -(-chunk // side_by_side.ROWS) * side_by_side.ROWS, count, outcomes, room, size,
        *p_place, form.p_space, *q_place, form.q_space,
        0 if mask is None else mask.data_ptr(), room + own,
        0 if board is None else board.data_ptr(), board_words, value.data_ptr(), _KINDS[value.dtype],
        0 if p_grad is None else p_grad.data_ptr(), 0 if p_grad is None else _KINDS[p_grad.dtype],
        0 if q_grad is None else q_grad.data_ptr(), 0 if q_grad is None else _KINDS[q_grad.dtype],
        1 / question.temperature, question.factor, *_numbers(question.divergence),
    )  # fmt: skip
    run(form.entry, words, threads)
    if not call.some_are_hard(words):
        return None
    return scratch[own:][:count].view(torch.bool).view(value.shape).clone()


class _Form(NamedTuple):
    """What computes rows of one kind, the rows of scratch it takes, and what it calls the sides' spaces."""

    entry: Any
    scratch_rows: int
    p_space: int
    q_space: int
    is_double: bool
    """Whether it computes in double precision, whatever is stored."""
    is_shared: bool = False
    """Whether the threads work on one row together."""


def _form_of(question: Question, p: Tensor, q: Tensor, outcomes: int, want_p: bool, want_q: bool) -> _Form:
    divergence, p_space, q_space, temperature, _, _ = question
    kind = type(divergence)
    is_few = outcomes <= _FEW or (outcomes <= _FEW_IN_SINGLE and not want_p and kind is KullbackLeibler)
    is_long = outcomes >= _LONG and p.numel() < _MANY_ROWS * outcomes
    return _form(
        kind, p_space, q_space, temperature == 1, is_few,
        is_long and p.stride(-1) == q.stride(-1) == 1, p.dtype, q.dtype, want_p, want_q,
    )  # fmt: skip


@cache
def _form(
    divergence: type[Divergence], p_space: str, q_space: str, at_one: bool, few: bool, long: bool,
    p: torch.dtype, q: torch.dtype, want_p: bool, want_q: bool,
) -> _Form:  # fmt: skip
    marker = marker_of(divergence)
    # At another temperature than 1 logarithms of probabilities are logits as any others.
    of_p, of_q = (
        _SPACES[each] if at_one or each in ("probs", "counts") else pairs.LOGITS
        for each in (p_space, q_space)
    )
    if (of_p or of_q) and not at_one:
        return _Form(entry_of_tempered(marker), tempered.SCRATCH_ROWS, of_p, of_q, is_double=True)
    if of_p or of_q:
        return _Form(entry_of_pairs(marker), pairs.SCRATCH_ROWS, of_p, of_q, is_double=True)
    kinds = _kinds(p, q, want_p=want_p, want_q=want_q)
    if few and p != torch.float64:
        scratch_rows = (tiles.SCRATCH_ROWS + 1) * side_by_side.ROWS
        return _Form(entry_of_tiles(marker, *kinds[1:]), scratch_rows, of_p, of_q, is_double=True)
    if long:
        entry = entry_of_long_rows(marker, *kinds)
        return _Form(entry, long_rows.SCRATCH_ROWS, of_p, of_q, is_double=p == torch.float64, is_shared=True)
    entry = entry_of_logits(marker, *kinds)
    return _Form(entry, rows.SCRATCH_ROWS, of_p, of_q, is_double=p == torch.float64)


def _numbers(divergence: Any) -> tuple[float, ...]:
    """The weight of a mixture, what outcomes of one side alone cost, and the slopes there."""
    return (
        getattr(divergence, "weight", 0.0),
        divergence.p_alone,
        divergence.q_alone,
        divergence.slope_at_no_p,
        divergence.slope_at_no_q,
    )


def _kinds(p: torch.dtype, q: torch.dtype, *, want_p: bool, want_q: bool) -> list[Any]:
    """The types of the arithmetic, of both sides and of the gradients that are wanted, as Numba has them."""
    unit = torch.float64 if p == torch.float64 else torch.float32
    dtypes = (
        unit, p, q, gradient_dtype(p, unit) if want_p else None, gradient_dtype(q, unit) if want_q else None,
    )  # fmt: skip
    return [None if dtype is None else call.KINDS[_KINDS[dtype]] for dtype in dtypes]


class _Memory(local):
    """Scratch memory that is kept, for each thread that calls: fresh pages would cost more than the work."""

    room: Tensor | None = None


_memory = _Memory()


def _scratch(size: int) -> Tensor:
    room = _memory.room
    if room is None or room.numel() < size:
        room = _memory.room = torch.empty(size, dtype=torch.uint8, device="cpu")
    return room


def _place(z: Tensor) -> tuple[tuple[int, ...], Tensor | None]:
    """Where rows lie, as words of a call, and what their starts lie in if they are irregular."""
    strides, kind = z.stride(), _KINDS[z.dtype]
    if len(strides) <= 2:  # noqa: PLR2004 (nearly always)
        return (z.data_ptr(), strides[0] if len(strides) > 1 else 0, strides[-1], 0, kind), None
    batch = [(size, stride) for size, stride in zip(z.shape[:-1], strides[:-1], strict=True) if size != 1]
    if all(outer[1] == inner[0] * inner[1] for outer, inner in pairwise(batch)):
        return (z.data_ptr(), batch[-1][1] if batch else 0, strides[-1], 0, kind), None
    starts = torch.zeros((), dtype=torch.int64, device="cpu")
    for size, stride in batch:
        starts = starts[..., None] + torch.arange(size, device="cpu") * stride
    starts = starts.reshape(-1)
    return (z.data_ptr(), 0, strides[-1], starts.data_ptr(), kind), starts


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
    if _form_of(question, p, q, p.size(-1), *wants).is_double:
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
