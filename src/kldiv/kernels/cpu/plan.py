"""What calls of one kind and layout have in common: found once, for it takes longer than ten outcomes.

A plan says which form of rows computes them (few outcomes side by side, logits row by row, long rows that
threads share, or sides that are not both logits), how much memory that takes, and most words of the call.
"""

from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kldiv.definition import Divergence, Entropy, KullbackLeibler
from kldiv.kernels.cpu import (
    call,
    entropy,
    long_rows,
    pairs,
    renyi,
    rows,
    sharing,
    side_by_side,
    tempered,
    tiles,
)
from kldiv.kernels.cpu.entries import (
    entry_of_logits,
    entry_of_long_rows,
    entry_of_pairs,
    entry_of_tempered,
    entry_of_tiles,
)
from kldiv.kernels.cpu.generators import marker_of
from kldiv.kernels.cpu.threads import worth
from kldiv.kernels.question import Question
from kldiv.kernels.reference import gradient_dtype
from kldiv.renyi_definition import Renyi

# Up to so many outcomes rows side by side are faster than one by one, in double precision and in single.
_FEW, _FEW_IN_SINGLE = 48, 127
# From so many outcomes on, and in fewer rows than that, the threads share each row.
_LONG, _MANY_ROWS = 1 << 18, 16
# Parts of all rows for each thread.
_PARTS = 8
# Layouts that are kept, those asked for last.
_LAYOUTS = 1024

_KINDS = {torch.float32: 0, torch.float64: 1, torch.bfloat16: 2, torch.float16: 3}
_SPACES = {"logits": pairs.LOGITS, "log_probs": pairs.LOG_PROBS, "probs": pairs.PROBS, "counts": pairs.COUNTS}


class Plan(NamedTuple):
    """How calls of one kind and layout are done."""

    entry: Any
    fixed: bytes
    """The words of `call.pack_fixed`."""
    rows: int
    slot_bytes: int
    """The scratch memory of one thread, or of all where they share it."""
    board_words: int
    """Of memory that threads share for each row; 0 where each row is one thread's."""
    threads: int
    """How many are worth it at the most."""
    number: Tensor
    """One of the dtype of values, which others are made like; that is quicker than to name the dtype."""
    p_grad: torch.dtype | None
    """The dtypes in which gradients are kept; None of one that is not wanted."""
    q_grad: torch.dtype | None
    p_batch: "Batch"
    q_batch: "Batch"
    is_double: bool
    """Whether it computes in double precision, whatever is stored."""

    def chunk(self, threads: int) -> int:
        """How many rows a thread takes at a time: few enough that none waits long for the last."""
        if threads == 1:
            return self.rows
        return -(-self.rows // (_PARTS * threads * side_by_side.ROWS)) * side_by_side.ROWS


# Sizes and strides of the dimensions whose rows don't lie at equal distances; nothing where they do.
Batch = tuple[tuple[int, int], ...]


def plan_of(question: Question, p: Tensor, q: Tensor, want_p: bool, want_q: bool) -> Plan:
    """The plan for rows of two sides of one shape, outcomes last."""
    return _plan(
        question.divergence, question.p_space, question.q_space, question.temperature,
        p.dtype, q.dtype, p.shape, p.stride(), q.stride(), want_p, want_q,
    )  # fmt: skip


@lru_cache(maxsize=_LAYOUTS)
def _plan(
    divergence: Divergence, p_space: str, q_space: str, temperature: float,
    p: torch.dtype, q: torch.dtype, shape: torch.Size, p_strides: tuple[int, ...], q_strides: tuple[int, ...],
    want_p: bool, want_q: bool,
) -> Plan:  # fmt: skip
    outcomes, count = shape[-1], shape[:-1].numel()
    is_few = outcomes <= _FEW or (
        outcomes <= _FEW_IN_SINGLE and not want_p and isinstance(divergence, KullbackLeibler)
    )
    is_long = outcomes >= _LONG and count < _MANY_ROWS and p_strides[-1] == q_strides[-1] == 1
    form = _form(
        type(divergence), p_space, q_space, temperature == 1, is_few, is_long, p, q, want_p, want_q,
    )  # fmt: skip
    # Rows in the kernel's precision, and three more as numbers are stored.
    slot_bytes = 8 * outcomes * (form.scratch_rows + 3)
    board_words = sharing.board_words(outcomes) if form.is_shared else 0
    value = torch.float64 if torch.float64 in (p, q) else torch.float32
    p_grad, q_grad = (gradient_dtype(z, value) if want else None for z, want in ((p, want_p), (q, want_q)))
    (p_stride, p_batch), (q_stride, q_batch) = _batch(shape, p_strides), _batch(shape, q_strides)
    alone = (getattr(divergence, each, 0.0) for each in ("p_alone", "q_alone"))
    fixed = call.pack_fixed(
        count, outcomes, slot_bytes, board_words,
        *(0 if each is None else _KINDS[each] for each in (value, p_grad, q_grad)),
        p_stride, p_strides[-1], _KINDS[p], form.p_space, q_stride, q_strides[-1], _KINDS[q], form.q_space,
        1 / temperature, (*divergence.parameters, 0.0)[0], *alone,
        divergence.slope_at_no_p, divergence.slope_at_no_q,
    )  # fmt: skip
    threads = worth(count * outcomes, outcomes if form.is_shared else count)
    return Plan(
        form.entry, fixed, count, slot_bytes, board_words, threads,
        torch.empty((), dtype=value, device="cpu"), p_grad, q_grad, p_batch, q_batch, form.is_double,
    )  # fmt: skip


def _batch(shape: torch.Size, strides: tuple[int, ...]) -> tuple[int, Batch]:
    """How far apart rows lie, or where that isn't the same for all the dimensions they lie along."""
    batch = tuple((size, stride) for size, stride in zip(shape[:-1], strides[:-1], strict=True) if size != 1)
    if all(outer[1] == inner[0] * inner[1] for outer, inner in pairwise(batch)):
        return batch[-1][1] if batch else 0, ()
    return 0, batch


# --- forms of rows ----------------------------------------------------------------------------------


class _Form(NamedTuple):
    """What computes rows of one kind, the rows of scratch it takes, and what it calls the sides' spaces."""

    entry: Any
    scratch_rows: int
    is_double: bool
    p_space: int = pairs.LOGITS
    q_space: int = pairs.LOGITS
    is_shared: bool = False
    """Whether the threads work on one row together."""


@cache
def _form(
    divergence: type[Divergence], p_space: str, q_space: str, at_one: bool, few: bool, long: bool,
    p: torch.dtype, q: torch.dtype, want_p: bool, want_q: bool,
) -> _Form:  # fmt: skip
    # At another temperature than 1 logarithms of probabilities are logits as any others.
    of_p, of_q = (
        pairs.LOGITS if each == "log_probs" and not at_one else _SPACES[each] for each in (p_space, q_space)
    )
    if (of_p or of_q) and not at_one:
        entry = entry_of_tempered(marker_of(divergence))
        return _Form(entry, tempered.SCRATCH_ROWS, is_double=True, p_space=of_p, q_space=of_q)
    if of_p or of_q:
        entry = entry_of_pairs(marker_of(divergence))
        return _Form(entry, pairs.SCRATCH_ROWS, is_double=True, p_space=of_p, q_space=of_q)
    return _form_of_logits(divergence, few, long, _kinds(p, q, want_p=want_p, want_q=want_q))


def _form_of_logits(divergence: type[Divergence], few: bool, long: bool, kinds: list[Any]) -> _Form:
    is_double = kinds[0] == call.KINDS[call.DOUBLE]
    if divergence is Entropy:
        return _Form(entry_of_logits(entropy.Entropy, *kinds), rows.SCRATCH_ROWS, is_double)
    if divergence is Renyi:
        return _Form(entry_of_logits(renyi.Renyi, *kinds), rows.SCRATCH_ROWS, is_double=True)
    marker = marker_of(divergence)
    if few and not is_double:
        scratch_rows = (tiles.SCRATCH_ROWS + 1) * side_by_side.ROWS
        return _Form(entry_of_tiles(marker, *kinds[1:]), scratch_rows, is_double=True)
    if long:
        return _Form(entry_of_long_rows(marker, *kinds), long_rows.SCRATCH_ROWS, is_double, is_shared=True)
    return _Form(entry_of_logits(marker, *kinds), rows.SCRATCH_ROWS, is_double)


def _kinds(p: torch.dtype, q: torch.dtype, *, want_p: bool, want_q: bool) -> list[Any]:
    """The types of the arithmetic, of both sides and of the gradients that are wanted, as Numba has them."""
    unit = torch.float64 if p == torch.float64 else torch.float32
    dtypes = (
        unit, p, q, gradient_dtype(p, unit) if want_p else None, gradient_dtype(q, unit) if want_q else None,
    )  # fmt: skip
    return [None if dtype is None else call.KINDS[_KINDS[dtype]] for dtype in dtypes]
