"""Rows of logits one by one: takes them from a call, and hands each to what computes it."""

from collections.abc import Callable
from typing import Any

from numba import boolean, types
from numba.extending import overload

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.f_logits import f_row
from kldiv.kernels.cpu.generators import KullbackLeibler
from kldiv.kernels.cpu.kl_logits import kl_row, kl_value
from kldiv.kernels.cpu.machine import wide_vectors

# In the precision of the kernel, between room for a row of each side as it is stored and for a gradient.
SCRATCH_ROWS = 6


def row(
    how: Any, keeps: Any, zp: Any, zq: Any, numbers: Any, p_grad: Any, q_grad: Any, wants: Any, scratch: Any
) -> Any:
    """The call's factor times the divergence of one row of logits, and whether the row is hard."""
    raise NotImplementedError


@overload(row)
def _row_of(
    how: Any, keeps: Any, zp: Any, zq: Any, numbers: Any, p_grad: Any, q_grad: Any, wants: Any, scratch: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    if how.instance_class is not KullbackLeibler:
        return f_row
    return kl_value if isinstance(keeps, types.NoneType) else kl_row


@compiled
def logit_rows(
    address: Any, how: Any, unit: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any, keeps: Any
) -> None:
    """Rows of the call at an address, until none is left; kinds are the types of what lies in memory.

    With `keeps` None no gradient is wanted, and nothing is kept for one.
    """
    wide_vectors()
    words, numbers = call.integers(address), call.numbers(address)
    outcomes = words[call.OUTCOMES]
    value = call.array(words[call.VALUE], words[call.ROWS], unit)
    hard = call.array(words[call.HARD], words[call.ROWS], boolean)
    memory = call.take_scratch(address, words)
    scratch = call.array(memory + 16 * outcomes, SCRATCH_ROWS * outcomes, unit)
    scratch = scratch.reshape(SCRATCH_ROWS, outcomes)
    spare = memory + 16 * outcomes + SCRATCH_ROWS * outcomes * scratch.itemsize
    p_side, q_side = call.sides(words)
    wants = words[call.P_GRAD] != 0, words[call.Q_GRAD] != 0
    while True:
        first, end = call.take_rows(address, words)
        if first == end:
            return
        for i in range(first, end):
            if call.cleared(words, i, hard):
                continue
            # What is not wanted is written too, to where nobody reads it.
            p_grad = call.gradient_row(words[call.P_GRAD] or spare, i if wants[0] else 0, outcomes, p_out)
            q_grad = call.gradient_row(words[call.Q_GRAD] or spare, i if wants[1] else 0, outcomes, q_out)
            zp = call.row_of(p_side, i, outcomes, p_kind, memory)
            zq = call.row_of(q_side, i, outcomes, q_kind, memory + 8 * outcomes)
            value[i], is_hard = row(how, keeps, zp, zq, numbers, p_grad, q_grad, wants, scratch)
            call.mark(address, hard, i, is_hard)
