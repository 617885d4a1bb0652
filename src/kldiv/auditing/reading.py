"""Reads the numbers of a call before the program can change them.

They are copied out of the tensors' own memory, a bounded part of them, without an operation of PyTorch's: no
profiler, mode or trace of the program sees it. Only where the memory is not the processor's is PyTorch asked.
"""

import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kldiv.auditing.arguments import Arguments, Options
from kldiv.auditing.spaces import Numbers

Raw = NDArray[Any]
Dims = tuple[int, ...]

_HALF = frozenset({torch.float16, torch.bfloat16})
# NumPy has no bfloat16: its numbers are the upper halves of float32's.
_HELD: dict[torch.dtype, np.dtype[Any]] = {
    torch.float64: np.dtype(np.float64),
    torch.float32: np.dtype(np.float32),
    torch.float16: np.dtype(np.float16),
    torch.bfloat16: np.dtype(np.uint16),
}
_record_operations = torch._C._autograd._enable_record_function
_LAST: Dims = (-1,)
# To copy so many elements takes less time than to choose among them.
_WHOLE = 1 << 12


class Kind(NamedTuple):
    """What calls that are looked at together share."""

    shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    input_dtype: torch.dtype
    target_dtype: torch.dtype
    result_dtype: torch.dtype
    swapped_gradient: bool
    options: tuple[Any, ...]

    @property
    def dtype(self) -> str:
        """The input's dtype, as it is called."""
        return str(self.input_dtype).removeprefix("torch.")

    @property
    def half(self) -> str:
        """What the half precision of the result is called, or nothing; autocast computes in float32."""
        return str(self.result_dtype).removeprefix("torch.") if self.result_dtype in _HALF else ""

    @property
    def reduction(self) -> str:
        """The reduction that takes effect."""
        return Options(*self.options).reduced_by

    @property
    def legacy(self) -> bool:
        """Whether a deprecated argument decides the reduction."""
        return Options(*self.options).legacy

    @property
    def log_target(self) -> bool:
        """Whether the call says that the target is in logarithms."""
        return bool(Options(*self.options).log_target)

    @property
    def computed_shape(self) -> tuple[int, ...]:
        """The shape to which input and target are broadcast."""
        return self.shape if self.shape == self.target_shape else np.broadcast_shapes(*self[:2])


def kind_of(arguments: Arguments, result: Tensor) -> tuple[Any, ...]:
    """The kind of a call, which no number decides, as the plain tuple that equals it."""
    given, target, options = arguments
    swapped = target.requires_grad and not given.requires_grad
    return given.shape, target.shape, given.dtype, target.dtype, result.dtype, swapped, options


def ways(dimensions: int) -> Iterator[Dims]:
    """Along which dimensions the outcomes may lie, the likeliest first: one alone, or several together."""
    yield _LAST
    yield from ((dim,) for dim in range(dimensions - 1))
    yield from (tuple(range(-number, 0)) for number in range(2, dimensions + 1))


class Rows:
    """Which rows of tensors of one shape are read: all, or some evenly spaced ones.

    A row has `outcomes`, which lie along `dims`; there are `count` rows, of which no more are read than have
    `most` elements, but one.
    """

    def __init__(self, shape: tuple[int, ...], dims: Dims, most: int) -> None:
        self.shape, self.dims = shape, dims
        self.outcomes = math.prod([shape[dim] for dim in dims])
        self.count = math.prod(shape) // self.outcomes
        self.read = min(self.count, max(1, most // self.outcomes))

    @property
    def all(self) -> bool:
        """Whether all are read."""
        return self.read == self.count

    def of(self, tensor: Tensor) -> Raw:
        """The rows of a tensor that has the shape or is broadcast to it: (rows read, outcomes)."""
        last = tuple(range(-len(self.dims), 0))
        if tensor.is_cpu:
            array = memory(tensor)
            array = array if array.shape == self.shape else np.broadcast_to(array, self.shape)
            array = array if self.dims == last else np.moveaxis(array, self.dims, last)
            return (array if self.all else array[self._index]).reshape(self.read, self.outcomes)
        with _unrecorded():
            elsewhere = tensor.detach().expand(self.shape).movedim(self.dims, last)
            if not self.all:
                elsewhere = elsewhere[tuple(map(torch.from_numpy, self._index))]
            return memory(elsewhere.reshape(self.read, self.outcomes))

    def of_calls(self, calls: Numbers) -> Numbers:
        """The rows of several tensors that are here whole: (calls, rows read, outcomes)."""
        if self.dims != _LAST:
            axes = [dim if dim < 0 else dim + 1 for dim in self.dims]
            calls = np.moveaxis(calls.reshape(-1, *self.shape), axes, range(-len(axes), 0))
        calls = calls.reshape(-1, self.count, self.outcomes)
        return calls if self.all else calls[:, self._chosen]

    @cached_property
    def _chosen(self) -> NDArray[np.int64]:
        """The numbers of the rows read."""
        return np.linspace(0, self.count - 1, self.read).astype(np.int64)

    @cached_property
    def _index(self) -> tuple[NDArray[np.int64], ...]:
        """Where they lie along the other dimensions."""
        axes = {dim % len(self.shape) for dim in self.dims}
        others = [size for axis, size in enumerate(self.shape) if axis not in axes]
        return np.unravel_index(self._chosen, others)


class Calls(NamedTuple):
    """Calls of one kind, with input and target of shape (calls, rows read, outcomes)."""

    kind: Kind
    rows: Rows
    input: Numbers
    target: Numbers
    returned: list[float]


def single(kind: Kind, rows: Rows, arguments: Arguments, returned: float) -> Calls:
    """One call, which is copied no more than must be."""
    given, target = (numbers(rows.of(side), side.dtype)[None] for side in arguments[:2])
    return Calls(kind, rows, given, target, [returned])


class Copies:
    """Copies of calls of one kind: of whole tensors if they are small, of the rows to be read otherwise.

    Of the `first` calls of a kind more is copied than of those after them, which go by what they show.
    """

    def __init__(self, kind: Kind, rows: Rows, *, first: bool = False) -> None:
        self.kind, self.rows, self.first = kind, rows, first
        size = math.prod(rows.shape)
        self._whole = rows.all or size <= _WHOLE
        self._size = size if self._whole else rows.read * rows.outcomes
        self._as_it_lies = self._whole and kind.shape == kind.target_shape
        self._inputs: list[bytes] = []
        self._targets: list[bytes] = []
        self._results: list[bytes] = []
        self.elements = 0  # of a side, of all that is copied

    def __len__(self) -> int:
        return len(self._results)

    def add(self, arguments: Arguments, result: Tensor) -> int:
        """Copy a call; how many elements of a side that were."""
        rows = self.rows
        if self._as_it_lies:
            given, target, returned = _bytes(arguments[0]), _bytes(arguments[1]), _bytes(result)
        elif self._whole:
            given, target = (np.broadcast_to(memory(side), rows.shape).tobytes() for side in arguments[:2])
            returned = _bytes(result)
        else:
            given, target = rows.of(arguments.input).tobytes(), rows.of(arguments.target).tobytes()
            returned = np.float64(number_of(result)).tobytes() if result.ndim else _bytes(result)
        self._inputs.append(given)
        self._targets.append(target)
        self._results.append(returned)
        self.elements += self._size
        return self._size

    def calls(self, dims: Dims) -> Calls:
        """What has been added, along these dimensions; other ones than the rows' if the whole is here."""
        kind, rows = self.kind, self.rows
        if dims != rows.dims:
            rows = Rows(rows.shape, dims, math.prod(rows.shape))
        given, target = _joined(self._inputs, kind.input_dtype), _joined(self._targets, kind.target_dtype)
        if self._whole:
            given, target = rows.of_calls(given), rows.of_calls(target)
        else:
            given, target = (side.reshape(-1, rows.read, rows.outcomes) for side in (given, target))
        added_up = kind.reduction == "none" and not self._whole
        results = _joined(self._results, torch.float64 if added_up else kind.result_dtype)
        return Calls(kind, rows, given, target, results.sum(1, dtype=np.float64).tolist())


@lru_cache(maxsize=256)
def _held(size: int) -> type[ctypes.Array[ctypes.c_char]]:
    """So many bytes, as a type: reading memory by it costs two thirds of ctypes.string_at."""
    return ctypes.c_char * size


def _bytes(tensor: Tensor) -> bytes:
    """A copy of a tensor's numbers in the order of its shape."""
    if tensor.is_cpu and tensor.is_contiguous() and not tensor.is_neg() and (address := tensor.data_ptr()):
        return _held(tensor.nbytes).from_address(address).raw
    return memory(tensor).tobytes()


def _joined(copies: list[bytes], dtype: torch.dtype) -> Numbers:
    """The numbers of several copies: (calls, elements)."""
    return numbers(np.frombuffer(b"".join(copies), _HELD[dtype]), dtype).reshape(len(copies), -1)


def numbers(raw: Raw, dtype: torch.dtype) -> Numbers:
    """The numbers of a tensor's memory; those of half precision as float32."""
    if dtype is torch.bfloat16:
        widened: Numbers = (raw.astype(np.uint32) << 16).view(np.float32)
        return widened
    return raw.astype(np.float32) if dtype is torch.float16 else raw


def number_of(result: Tensor) -> float:
    """What the call returned, added up where it is not one number."""
    if result.is_cpu:
        return float(numbers(memory(result), result.dtype).sum(dtype=np.float64))
    with _unrecorded():
        return float(result.detach().sum())


def memory(tensor: Tensor) -> Raw:
    """A tensor's numbers as an array of its shape, which on the processor is the tensor's own memory."""
    if not tensor.is_cpu or tensor.is_neg():
        with _unrecorded():
            fetched = tensor.detach().cpu().resolve_neg()
            return memory(fetched).copy()
    held, shape = _HELD[tensor.dtype], tensor.shape
    strides = [stride * held.itemsize for stride in tensor.stride()]
    extent = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + held.itemsize
    address = tensor.data_ptr()
    if not address:
        raise ValueError("a tensor has no memory")
    buffer = (ctypes.c_char * extent).from_address(address)
    return np.ndarray(shape, held, buffer, 0, strides)  # type: ignore[arg-type]  # a buffer it is


@contextmanager
def _unrecorded() -> Iterator[None]:
    """Keep what is done from a profiler that the program runs."""
    profiled = torch._C._autograd._profiler_enabled()
    if profiled:
        _record_operations(False)
    try:
        yield
    finally:
        if profiled:
            _record_operations(True)
