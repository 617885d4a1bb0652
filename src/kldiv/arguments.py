"""From what a caller passes to the rows a kernel takes, and from its results to a reduction."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch.distributions import Distribution as TorchDistribution

from kldiv.errors import InputTypeError, InvalidInputError, ShapeError
from kldiv.given_numbers import real
from kldiv.inputs import Counts, Distribution, Logits, LogProbs, Probs
from kldiv.recording import is_recorded
from kldiv.units import Unit

Reduction = Literal["none", "sum", "mean"]
Mask = Tensor | Sequence[Any]

_KINDS = frozenset({Logits, LogProbs, Probs, Counts})
_NAMES = ("p", "q")
_WRAPPERS = "Logits, LogProbs, Probs or Counts"


def rows_of(function: str, where: Mask | None, *given: Any) -> tuple[tuple[Tensor, ...], Tensor | None]:
    """The values of one batch shape and device, outcomes last, and which rows are asked for.

    `given` are p and q, or p alone, which then stands twice. Both become float64 if either is; what is in
    half precision a kernel widens as it reads.
    """
    p, q = given[0], given[-1]
    if type(p) not in _KINDS or type(q) not in _KINDS:
        raise _bare(function, given)
    # Nearly always they agree in all that they have to agree in.
    a, b, dim = p.values, q.values, p.dim
    is_one_device = (a.is_cpu and b.is_cpu) or a.device == b.device
    if dim == q.dim and a.shape == b.shape and a.dtype == b.dtype and is_one_device:
        rows: tuple[Tensor, ...] = (a, b)
        if dim not in (-1, a.ndim - 1):
            rows = a.movedim(dim, -1), b.movedim(dim, -1)
    else:
        rows = _brought_together(dict(zip(_NAMES, given, strict=True)))
    return rows, None if where is None else mask_of(where, rows[0].shape[:-1], a.device)


def reduced(values: Tensor, where: Tensor | None, reduction: Reduction, nats: float = 1.0) -> Tensor:
    """Convert from nats, put 0 where nothing was asked for, and reduce over distributions."""
    values = values / nats if nats != 1 else values
    if where is not None:
        values = torch.where(where, values, 0.0)
    if reduction == "none":
        return values
    if reduction == "sum" or where is None:
        return values.sum() if reduction == "sum" else values.mean()
    return values.sum() / where.sum()


def number_of_rows(rows: Tensor, where: Tensor | None) -> int:
    """How many rows are asked for; 0 too where that can't be read for nothing.

    So it is while recording, under a transform, where tensors have no numbers, and on another device.
    """
    if is_recorded() or torch._C._are_functorch_transforms_active():
        return 0
    if where is None:
        return rows.shape[:-1].numel()
    return int(where.sum()) if type(where) is Tensor and where.is_cpu else 0


def scaling(rows: Tensor, mask: Tensor | None, reduction: Reduction, unit: Unit) -> tuple[float, bool]:
    """What the kernel multiplies each row by, so that no gradient has to be scaled, and whether it adds up.

    Of a mean it divides by the number of rows, where that is known.
    """
    number = number_of_rows(rows, mask) if reduction == "mean" else 1
    return 1 / (unit.nats * (number or 1)), reduction == "sum" or (reduction == "mean" and number > 0)


def check_reduction(reduction: object) -> None:
    """Raise unless it is one of the three."""
    if not isinstance(reduction, str) or reduction not in ("none", "sum", "mean"):
        hint = ' ("mean" is the mean over distributions already)' if str(reduction) == "batchmean" else ""
        raise InvalidInputError(f'reduction is {reduction!r}; expected "none", "sum" or "mean"{hint}')


def check_fraction(name: str, value: object) -> float:
    """Return a weight between 0 and 1."""
    if not 0 <= real(value) <= 1:
        raise InvalidInputError(f"{name} is {value!r}; expected a number between 0 and 1")
    return real(value)


def temperature_of(given: object) -> float:
    """The temperature as a float: NumPy's shorter numbers would shorten what is computed with them."""
    temperature = given if type(given) is float else real(given)
    if not 0 < temperature < math.inf:
        hint = "; a tensor divides logits itself, Logits(values / temperature)"
        raise InvalidInputError(
            f"temperature is {given!r}; expected a finite number greater than 0"
            f"{hint if isinstance(given, Tensor) else ''}"
        )
    return temperature


def _bare(function: str, given: tuple[object, ...]) -> InputTypeError:
    """The error for the first argument that doesn't say what it holds."""
    name, value = next((n, each) for n, each in zip(_NAMES, given, strict=False) if type(each) not in _KINDS)
    if isinstance(value, TorchDistribution):
        return InputTypeError(
            f"{function} got {type(value).__name__} for {name}; torch.distributions have closed forms of kl, "
            f"jeffreys, entropy and cross_entropy alone; expected kldiv.{_WRAPPERS} "
            "(a Categorical c becomes Logits(c.logits))"
        )
    if isinstance(value, Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        seen = f"a bare tensor of shape {tuple(value.shape)} and dtype {dtype}"
    else:
        seen = f"a bare {type(value).__name__}"
    named = _NAMES[: len(given)]
    example = ", ".join(f"kldiv.Logits({each})" if each == name else each for each in named)
    return InputTypeError(
        f"{function} got {seen} for {name}, which doesn't say what its numbers are; wrap it in "
        f"kldiv.{_WRAPPERS}, for example kldiv.{function}({example})"
    )


def _check_devices(given: dict[str, Distribution]) -> None:
    devices = {name: distribution.values.device for name, distribution in given.items()}
    if len(set(devices.values())) > 1:
        seen = " and ".join(f"{name} on {device}" for name, device in devices.items())
        raise InvalidInputError(f"got {seen}; expected one device, move one side with .to(device)")


def _check_outcomes(given: dict[str, Distribution]) -> None:
    sizes = {name: each.values.shape[each.dim] for name, each in given.items()}
    if len(set(sizes.values())) > 1:
        seen = " and ".join(
            f"{name} of shape {tuple(each.values.shape)} with {sizes[name]} outcomes along dim {each.dim}"
            for name, each in given.items()
        )
        raise ShapeError(f"got {seen}; expected the same number of outcomes on both sides")


def _outcomes_last(distribution: Distribution) -> Tensor:
    values, dim = distribution.values, distribution.dim
    return values if dim in (-1, values.ndim - 1) else values.movedim(dim, -1)


def _brought_together(given: dict[str, Distribution]) -> tuple[Tensor, ...]:
    """In one batch shape, and of the common dtype if that is float64."""
    _check_devices(given)
    _check_outcomes(given)
    batch = _batch_shape(given)
    in_double = any(each.values.dtype == torch.float64 for each in given.values())
    rows = (_outcomes_last(each) for each in given.values())
    alike = (each if each.shape[:-1] == batch else each.expand(*batch, each.shape[-1]) for each in rows)
    return tuple(each.double() if in_double else each for each in alike)


def _batch_shape(given: dict[str, Distribution]) -> torch.Size:
    shapes = [_outcomes_last(each).shape[:-1] for each in given.values()]
    if all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    try:
        return torch.Size(torch.broadcast_shapes(*shapes))  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        seen = " and ".join(
            f"{name} has batch shape {tuple(s)}" for name, s in zip(given, shapes, strict=True)
        )
        raise ShapeError(
            f"{seen}, which don't broadcast; expected equal sizes, or 1, in each dimension"
        ) from error


def mask_of(where: Mask | None, batch: torch.Size, device: torch.device) -> Tensor | None:
    """Return `where` in the batch shape, or None for no mask."""
    if where is None:
        return None
    try:
        mask = where if isinstance(where, Tensor) else torch.as_tensor(where, device=device)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputTypeError(
            f"where is {type(where).__name__} that is no array of booleans: {error}"
        ) from error
    if mask.dtype != torch.bool:
        dtype = str(mask.dtype).removeprefix("torch.")
        raise InputTypeError(f"where has dtype {dtype}; expected booleans, write where=mask.bool()")
    if mask.device != device:
        raise InvalidInputError(
            f"where is on {mask.device} and the distributions on {device}; expected one device"
        )
    try:
        return mask.expand(batch)
    except RuntimeError as error:
        raise ShapeError(
            f"where has shape {tuple(mask.shape)}; expected one that broadcasts to the "
            f"batch shape {tuple(batch)}, the shape without the event dimension"
        ) from error
