"""Functions that are one of two by the type of their arguments: nothing of the choice is left in the code."""

from collections.abc import Callable
from typing import Any

from numba import types

from kldiv.kernels.cpu.compiling import overload
from kldiv.kernels.cpu.lanes import read


def any_wanted(*grads: Any) -> bool:
    """Whether one of the types of gradients is not that of None."""
    return not all(isinstance(grad, types.NoneType) for grad in grads)


def read_or(otherwise: Any, room: Any, j: Any) -> Any:
    """A register of a row's numbers from j on; `otherwise` of None."""
    raise NotImplementedError


def _nothing(otherwise: Any, room: Any, j: Any) -> Any:  # noqa: ARG001 (both have their function's arguments)
    return otherwise


def _something(otherwise: Any, room: Any, j: Any) -> Any:
    return read(otherwise, room, j)


@overload(read_or)
def _read_or_of(otherwise: Any, room: Any, j: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _nothing if isinstance(room, types.NoneType) else _something


def room(out: Any, scratch: Any) -> Any:
    """Where a row is kept until it is final: where it will lie, if that has the kernel's precision.

    None of a row that is not wanted.
    """
    raise NotImplementedError


def _no_room(out: Any, scratch: Any) -> Any:  # noqa: ARG001
    return None


def _in_place(out: Any, scratch: Any) -> Any:  # noqa: ARG001
    return out


def _in_scratch(out: Any, scratch: Any) -> Any:  # noqa: ARG001
    return scratch


@overload(room)
def _room_of(out: Any, scratch: Any) -> Callable[..., Any]:
    if isinstance(out, types.NoneType):
        return _no_room
    return _in_place if out.kind == scratch.kind else _in_scratch


def room_for_weights(p_grad: Any, q_grad: Any, scratch: Any) -> Any:
    """`scratch` if a gradient is wanted, else None."""
    raise NotImplementedError


def _no_weights(p_grad: Any, q_grad: Any, scratch: Any) -> Any:  # noqa: ARG001
    return None


def _weights(p_grad: Any, q_grad: Any, scratch: Any) -> Any:  # noqa: ARG001
    return scratch


@overload(room_for_weights)
def _room_for_weights_of(p_grad: Any, q_grad: Any, scratch: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _weights if any_wanted(p_grad, q_grad) else _no_weights
