"""Functions that are one of two by the type of their arguments: nothing of the choice is left in the code."""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from kldiv.kernels.cpu.compiling import compiled
from kldiv.kernels.cpu.machine import narrow, wide_vectors


def part(room: Any, first: Any, end: Any) -> Any:
    """A part of an array, and None of None."""
    raise NotImplementedError


def _no_part(room: Any, first: Any, end: Any) -> Any:  # noqa: ARG001 (both have their function's arguments)
    return None


def _slice(room: Any, first: Any, end: Any) -> Any:
    return room[first:end]


@overload(part)
def _part_of(room: Any, first: Any, end: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _no_part if isinstance(room, types.NoneType) else _slice


def item(room: Any, j: Any, otherwise: Any) -> Any:
    """A number of an array, and `otherwise` of None."""
    raise NotImplementedError


def _no_item(room: Any, j: Any, otherwise: Any) -> Any:  # noqa: ARG001
    return otherwise


def _own_item(room: Any, j: Any, otherwise: Any) -> Any:  # noqa: ARG001
    return room[j]


@overload(item)
def _item_of(room: Any, j: Any, otherwise: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _no_item if isinstance(room, types.NoneType) else _own_item


def kept(keeps: Any, room: Any) -> Any:
    """The room of what is kept, and None with `keeps` None."""
    raise NotImplementedError


def _nothing_kept(keeps: Any, room: Any) -> Any:  # noqa: ARG001
    return None


def _all_kept(keeps: Any, room: Any) -> Any:  # noqa: ARG001
    return room


@overload(kept)
def _kept_of(keeps: Any, room: Any) -> Callable[..., Any]:  # noqa: ARG001
    return _nothing_kept if isinstance(keeps, types.NoneType) else _all_kept


def room(out: Any, scratch: Any) -> Any:
    """Where a row is kept until it is final: where it will lie, if that has the kernel's precision."""
    raise NotImplementedError


def _in_place(out: Any, scratch: Any) -> Any:  # noqa: ARG001
    return out


def _in_scratch(out: Any, scratch: Any) -> Any:  # noqa: ARG001
    return scratch


@overload(room)
def _room_of(out: Any, scratch: Any) -> Callable[..., Any]:
    return _in_place if out.dtype == scratch.dtype else _in_scratch


def keep(row: Any, out: Any) -> None:
    """Bring a final row from its room to where it lies; nothing to do where that is the same."""
    raise NotImplementedError


def _stay(row: Any, out: Any) -> None:
    pass


@compiled
def _store(row: Any, out: Any) -> None:
    wide_vectors()
    for j in range(len(out)):
        out[j] = narrow(out[j], row[j])


def _move(row: Any, out: Any) -> None:
    _store(row, out)


@overload(keep)
def _keep_of(row: Any, out: Any) -> Callable[..., Any]:
    return _stay if row.dtype == out.dtype else _move
