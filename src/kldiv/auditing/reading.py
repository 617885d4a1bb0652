"""Reads the numbers of a call before the program can change them.

They are read as NumPy arrays, a bounded part of them, so that no mode or profiler of the program sees an
operation more than the reading. Copying a small call costs little beside looking at it: calls of one kind are
gathered and looked at together.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kldiv.auditing.arguments import Arguments, Options
from kldiv.auditing.spaces import Floats

# Of a larger tensor some rows are read, this many elements or one row.
_ELEMENTS = 1 << 14
_MOST_CALLS = 100
_HALF = frozenset({torch.float16, torch.bfloat16})


class Kind(NamedTuple):
    """What calls that are looked at together share."""

    shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    input_dtype: torch.dtype
    target_dtype: torch.dtype
    swapped_gradient: bool
    options: Options

    @property
    def dtype(self) -> str:
        """The input's dtype, as it is called."""
        return str(self.input_dtype).removeprefix("torch.")

    @property
    def half(self) -> bool:
        """Whether the input has half precision."""
        return self.input_dtype in _HALF

    @property
    def reduction(self) -> str:
        """The reduction that takes effect."""
        return self.options.reduced_by

    @property
    def legacy(self) -> bool:
        """Whether a deprecated argument decides the reduction."""
        return self.options.legacy

    @property
    def log_target(self) -> bool:
        """Whether the call says that the target is in logarithms."""
        return bool(self.options.log_target)


def kind_of(arguments: Arguments) -> Kind:
    """The kind of a call, which no number decides."""
    given, target, options = arguments
    swapped = target.requires_grad and not given.requires_grad
    return Kind(given.shape, target.shape, given.dtype, target.dtype, swapped, options)


class Sides(NamedTuple):
    """Input and target as float64 of shape (calls, rows, outcomes); there are `rows` rows in all."""

    input: Floats
    target: Floats
    rows: int


class Batch:
    """Small calls of one kind, copied whole."""

    def __init__(self, kind: Kind, shape: tuple[int, ...]) -> None:
        self.kind, self.dimensions = kind, len(shape)
        self.returned: list[float] = []
        self._most = min(_MOST_CALLS, _ELEMENTS // math.prod(shape))
        self._input, self._target = np.empty((2, self._most, *shape))

    def add(self, arguments: Arguments, returned: float) -> bool:
        """Copy a call; the answer is whether there is no room left."""
        number = len(self.returned)
        # NumPy broadcasts as PyTorch does.
        self._input[number], self._target[number] = _array(arguments.input), _array(arguments.target)
        self.returned.append(returned)
        return number + 1 == self._most

    def sides(self, dim: int) -> Sides:
        """All calls, the outcomes along `dim`."""
        calls = len(self.returned)
        axis = dim if dim < 0 else dim + 1
        sides = [np.moveaxis(each[:calls], axis, -1) for each in (self._input, self._target)]
        given, target = (each.reshape(calls, -1, each.shape[-1]) for each in sides)
        return Sides(given, target, given.shape[1])


class Large:
    """One call, as it stands, of which some rows are read: to be looked at before the program goes on."""

    def __init__(self, kind: Kind, sides: tuple[Tensor, Tensor], returned: float) -> None:
        self._input, self._target = sides
        self.kind, self.dimensions = kind, self._input.ndim
        self.returned = [returned]

    def sides(self, dim: int) -> Sides:
        """The rows read along `dim`."""
        rows = self._input.numel() // self._input.shape[dim]
        return Sides(_rows(self._input, dim)[None], _rows(self._target, dim)[None], rows)


def is_large(shape: tuple[int, ...]) -> bool:
    """Whether a call of this shape is not copied whole."""
    return math.prod(shape) > _ELEMENTS


def broadcast(arguments: Arguments) -> tuple[Tensor, Tensor]:
    """Both sides in one shape, outside the autograd graph."""
    sides: tuple[Tensor, Tensor] = torch.broadcast_tensors(
        arguments.input.detach(), arguments.target.detach()
    )  # type: ignore[no-untyped-call]
    return sides


def number_of(result: Tensor) -> float:
    """What the call returned, added up where it is not one number."""
    return float(result.detach().sum()) if result.ndim else result.item()


def _rows(tensor: Tensor, dim: int) -> Floats:
    """Some rows along a dimension, evenly spaced, as float64."""
    if dim != -1:
        tensor = tensor.movedim(dim, -1)
    outcomes = tensor.shape[-1]
    most = max(1, _ELEMENTS // outcomes)
    count = tensor.numel() // outcomes
    if count > most:
        chosen = np.linspace(0, count - 1, most).astype(np.int64)
        index = tuple(torch.from_numpy(each) for each in np.unravel_index(chosen, tensor.shape[:-1]))
        tensor = tensor[index]
    return _array(tensor).astype(np.float64).reshape(-1, outcomes)


def _array(tensor: Tensor) -> NDArray[np.floating]:
    """The numbers, outside the autograd graph and on the processor."""
    if tensor.dtype in _HALF:
        tensor = tensor.detach().float()
    return tensor.numpy(force=True)
