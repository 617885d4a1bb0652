"""Memory that compiled code reads and writes: an address, how many numbers lie there, and of which type.

Numba's arrays are counted by whoever holds them, which costs more than a short row, and are passed as seven
words each.
"""

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

from kldiv.kernels.cpu.machine import call_llvm

# What a prefetch is for: reading, into the first level, of data. A row is searched too fast for the second.
_READ, _WRITE, _FIRST_LEVEL, _DATA = 0, 1, 3, 1
# So many numbers ahead memory is brought near that is read or written from one end to the other.
AHEAD = 1024


class View(types.Type):  # type: ignore[misc]
    """Numbers of one kind that lie one after another."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        super().__init__(name=f"View({kind})")

    @property
    def literal_type(self) -> "View":
        """Itself: only of a type that has this does Numba see that it is not None, and leave out branches."""
        return self


@register_model(View)
class _Model(models.StructModel):  # type: ignore[misc]
    def __init__(self, manager: Any, view: Any) -> None:
        super().__init__(manager, view, [("data", types.CPointer(view.kind)), ("length", types.intp)])


def parts_of(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """The `data` and `length` of a view."""
    return cgutils.create_struct_proxy(kind)(context, builder, value=value)


def _made(context: Any, builder: Any, kind: Any, data: Any, length: Any) -> Any:
    proxy = cgutils.create_struct_proxy(kind)(context, builder)
    proxy.data, proxy.length = data, length
    return proxy._getvalue()


@intrinsic
def view(_context: Any, address: Any, length: Any, kind: Any) -> Any:  # noqa: ARG001 (typed by them)
    """The memory at an address as so many numbers of a type."""
    result = View(kind.instance_type)

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        data = builder.inttoptr(arguments[0], context.get_value_type(types.CPointer(result.kind)))
        return _made(context, builder, result, data, arguments[1])

    return result(types.int64, types.int64, kind), generate


@intrinsic
def part_of(_context: Any, whole: Any, first: Any, end: Any) -> Any:  # noqa: ARG001
    """The numbers from `first` to `end`, or to the last if there are fewer."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        numbers, start, stop = arguments
        parts = parts_of(context, builder, whole, numbers)
        within = builder.icmp_signed("<", stop, parts.length)
        length = builder.sub(builder.select(within, stop, parts.length), start)
        return _made(context, builder, whole, builder.gep(parts.data, [start]), length)

    return whole(whole, types.int64, types.int64), generate


@intrinsic
def scratch_row(_context: Any, rows: Any, k: Any, length: Any) -> Any:  # noqa: ARG001
    """The k-th of rows of one length."""

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        whole, number, size = arguments
        data = builder.gep(parts_of(context, builder, rows, whole).data, [builder.mul(number, size)])
        return _made(context, builder, rows, data, size)

    return rows(rows, types.int64, types.int64), generate


# --- Python's own words for it ----------------------------------------------------------------------


@infer_global(len)
class _Length(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        return signature(types.intp, *arguments) if isinstance(arguments[0], View) else None


@lower_builtin(len, View)
def _length(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
    return parts_of(context, builder, kinds.args[0], arguments[0]).length


@infer_global(operator.getitem)
class _Item(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        whole, at = arguments
        if isinstance(whole, View) and isinstance(at, types.Integer):
            return signature(whole.kind, whole, at)
        return None


@lower_builtin(operator.getitem, View, types.Integer)
def _item(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
    place = builder.gep(parts_of(context, builder, kinds.args[0], arguments[0]).data, [arguments[1]])
    return context.unpack_value(builder, kinds.return_type, place)


@infer_global(operator.setitem)
class _NewItem(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        whole, at, _ = arguments
        if isinstance(whole, View) and isinstance(at, types.Integer):
            return signature(types.none, whole, at, whole.kind)
        return None


@lower_builtin(operator.setitem, View, types.Integer, types.Any)
def _set_item(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
    whole, at, number = arguments
    place = builder.gep(parts_of(context, builder, kinds.args[0], whole).data, [at])
    context.pack_value(builder, kinds.args[2], number, place)
    return context.get_dummy_value()


# --- between threads, and ahead of time -------------------------------------------------------------


@intrinsic
def fetch_and_add(_context: Any, address: Any, number: Any) -> Any:  # noqa: ARG001 (typed by them)
    """Add to the whole number at an address, as one step among all threads; what it was before.

    What a thread wrote before it adds is seen by those that add after it.
    """

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("add", place, arguments[1], "acq_rel")

    return types.int64(types.int64, types.int64), generate


def _brought(access: int) -> Any:
    """What generates the instruction that brings the memory of a number near, to be read or to be written."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = parts_of(context, builder, signature.args[0], arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        how = (ir.Constant(ir.IntType(32), each) for each in (access, _FIRST_LEVEL, _DATA))
        call_llvm(builder, "prefetch", place, *how, kinds="p0", result=ir.VoidType())
        return context.get_dummy_value()

    return generate


@intrinsic
def prefetch(_context: Any, whole: Any, at: Any) -> Any:  # noqa: ARG001
    """Have the memory of a number, which may lie beyond the last, brought near."""
    return types.void(whole, types.int64), _brought(_READ)


@intrinsic
def prefetch_to_write(_context: Any, whole: Any, at: Any) -> Any:  # noqa: ARG001
    """The same of a number that will be written, which no other processor may then keep."""
    return types.void(whole, types.int64), _brought(_WRITE)
