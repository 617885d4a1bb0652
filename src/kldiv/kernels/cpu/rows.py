"""Rows of logits one by one: takes them from a call, and hands each to what computes it."""

from collections.abc import Callable
from typing import Any

from numba import boolean

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.compiling import compiled_within, overload
from kldiv.kernels.cpu.entropy import Entropy, entropy_row
from kldiv.kernels.cpu.f_logits import f_row
from kldiv.kernels.cpu.generators import KullbackLeibler
from kldiv.kernels.cpu.kl_logits import kl_row, kl_value
from kldiv.kernels.cpu.machine import wide_vectors
from kldiv.kernels.cpu.memory import view
from kldiv.kernels.cpu.optional import any_wanted
from kldiv.kernels.cpu.renyi import Renyi, renyi_row

# In the precision of the kernel, after room for a row of each side as it is stored.
SCRATCH_ROWS = 6


def row(how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any) -> Any:
    """The call's factor times the divergence of one row of logits, and whether the row is hard.

    Gradients that are not None are written.
    """
    raise NotImplementedError


@overload(row)
def _row_of(
    how: Any, zp: Any, zq: Any, ahead: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    if how.instance_class is Entropy:
        return entropy_row
    if how.instance_class is Renyi:
        return renyi_row
    if how.instance_class is not KullbackLeibler:
        return f_row
    return kl_row if any_wanted(p_grad, q_grad) else kl_value


@compiled_within
def logit_rows(
    address: Any, how: Any, unit: Any, precision: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any
) -> None:
    """Rows of the call at an address, until none is left: values in one unit, computed in a precision.

    Kinds are the types of what lies in memory; None is that of a gradient that nobody wants.
    """
    wide_vectors()
    words, numbers = call.integers(address), call.numbers(address)
    outcomes = words[call.OUTCOMES]
    value = view(words[call.VALUE], words[call.ROWS], unit)
    hard = view(words[call.HARD], words[call.ROWS], boolean)
    memory = call.take_scratch(address, words)
    scratch = view(memory + 16 * outcomes, SCRATCH_ROWS * outcomes, precision)
    p_side, q_side = call.sides(words)
    while True:
        first, end = call.take_rows(address, words)
        if first == end:
            return
        for i in range(first, end):
            if call.left_out(words, i, hard):
                continue
            p_grad = call.wanted_row(words[call.P_GRAD], i, outcomes, p_out)
            q_grad = call.wanted_row(words[call.Q_GRAD], i, outcomes, q_out)
            zp = call.row_of(p_side, i, outcomes, p_kind, memory)
            zq = call.row_of(q_side, i, outcomes, q_kind, memory + 8 * outcomes)
            ahead = call.to_next(p_side, i, end, outcomes), call.to_next(q_side, i, end, outcomes)
            value[i], is_hard = row(how, zp, zq, ahead, numbers, p_grad, q_grad, scratch)
            call.mark(address, hard, i, is_hard)
