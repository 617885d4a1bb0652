"""Long rows of logits, each shared out among the threads: takes them from a call, one after another."""

from collections.abc import Callable
from typing import Any

from numba import types

from kldiv.kernels.cpu import call
from kldiv.kernels.cpu.compiling import compiled_within, overload
from kldiv.kernels.cpu.generators import KullbackLeibler
from kldiv.kernels.cpu.long_f import f_long_row
from kldiv.kernels.cpu.long_kl import kl_long_row
from kldiv.kernels.cpu.machine import wide_vectors
from kldiv.kernels.cpu.memory import view
from kldiv.kernels.cpu.sharing import ENDING, take
from kldiv.kernels.cpu.weighing import scale_of

# In the precision of the kernel, for all threads together.
SCRATCH_ROWS = 6


def long_row(
    how: Any, board: Any, zp: Any, zq: Any, scale: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any
) -> Any:
    """As `rows.row`, of a row whose threads share a board."""
    raise NotImplementedError


@overload(long_row)
def _long_row_of(
    how: Any, board: Any, zp: Any, zq: Any, scale: Any, numbers: Any, p_grad: Any, q_grad: Any, scratch: Any  # noqa: ARG001
) -> Callable[..., Any]:  # fmt: skip
    return kl_long_row if how.instance_class is KullbackLeibler else f_long_row


@compiled_within
def long_rows(address: Any, how: Any, unit: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any) -> None:
    """All rows of the call at an address, by all threads; the arguments are those of `logit_rows`."""
    wide_vectors()
    words, numbers = call.integers(address), call.numbers(address)
    outcomes = words[call.OUTCOMES]
    hard = view(words[call.HARD], words[call.ROWS], types.boolean)
    scratch = view(words[call.SCRATCH], SCRATCH_ROWS * outcomes, unit)
    scale = scale_of(scratch[0], numbers[call.SCALE])
    p_side, q_side = call.sides(words)
    for i in range(words[call.ROWS]):
        if call.left_out(words, i, hard):
            continue
        board = words[call.BOARD] + 8 * i * words[call.BOARD_WORDS]
        p_grad = call.wanted_row(words[call.P_GRAD], i, outcomes, p_out)
        q_grad = call.wanted_row(words[call.Q_GRAD], i, outcomes, q_out)
        zp = call.row_of(p_side, i, outcomes, p_kind, 0)
        zq = call.row_of(q_side, i, outcomes, q_kind, 0)
        value, is_hard = long_row(how, board, zp, zq, scale, numbers, p_grad, q_grad, scratch)
        if take(board, ENDING, 1) == 0:
            call.write_value(words, i, value)
            call.mark(address, hard, i, is_hard)
