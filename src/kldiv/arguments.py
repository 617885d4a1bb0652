"""From what a caller passes to the rows a kernel takes, and from its results to a reduction."""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from kldiv.errors import InputTypeError, InvalidInputError, ShapeError
from kldiv.inputs import Counts, Distribution, Logits, LogProbs, Probs
from kldiv.kernels.reference import Side, normalised
from kldiv.units import real

Reduction = Literal["none", "sum", "mean"]
Mask = Tensor | Sequence[Any]

_SPACES = {Logits: "logits", LogProbs: "log_probs", Probs: "probs", Counts: "probs"}
_WRAPPERS = "Logits, LogProbs, Probs or Counts"


class Rowwise(NamedTuple):
    """Sides of one batch shape and device, outcomes last, and which rows are asked for.

    They are of one dtype too, but for logits in half precision, which a kernel widens to float32 as it reads.
    """

    sides: tuple[Side, ...]
    where: Tensor | None


def rowwise_of(function: str, where: Mask | None, temperature: float, **distributions: object) -> Rowwise:
    """Bring the arguments of `function`, by their names, to the form of `Rowwise`."""
    _check_temperature(temperature)
    given = {name: _wrapped(function, name, value) for name, value in distributions.items()}
    _check_devices(given)
    _check_outcomes(given)
    batch = _batch_shape(given)
    mask = mask_of(where, batch, next(iter(given.values())).values.device)
    dtype = torch.float32
    for distribution in given.values():
        dtype = torch.promote_types(dtype, distribution.values.dtype)
    return Rowwise(tuple(_side(distribution, batch, dtype, mask) for distribution in given.values()), mask)


def reduced(values: Tensor, where: Tensor | None, reduction: Reduction, nats: float = 1.0) -> Tensor:
    """Convert from nats, put 0 where nothing was asked for, and reduce over distributions."""
    check_reduction(reduction)
    values = values / nats if nats != 1 else values
    if where is not None:
        values = torch.where(where, values, 0.0)
    if reduction == "none":
        return values
    if reduction == "sum" or where is None:
        return values.sum() if reduction == "sum" else values.mean()
    return values.sum() / where.sum()


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


def _check_temperature(temperature: object) -> None:
    if not 0 < real(temperature) < math.inf:
        raise InvalidInputError(f"temperature is {temperature!r}; expected a finite number greater than 0")


def _wrapped(function: str, name: str, value: object) -> Distribution:
    if type(value) in _SPACES:
        return value  # type: ignore[return-value]
    if isinstance(value, Tensor):
        seen = (
            f"a bare tensor of shape {tuple(value.shape)} and dtype {str(value.dtype).removeprefix('torch.')}"
        )
    else:
        seen = f"a bare {type(value).__name__}"
    raise InputTypeError(
        f"{function} got {seen} for {name}, which doesn't say what its numbers are; wrap it in "
        f"kldiv.{_WRAPPERS}, for example kldiv.{function}(..., kldiv.Logits({name}))"
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


def _batch_shape(given: dict[str, Distribution]) -> torch.Size:
    shapes = [each.values.movedim(each.dim, -1).shape[:-1] for each in given.values()]
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


def _side(distribution: Distribution, batch: torch.Size, dtype: torch.dtype, mask: Tensor | None) -> Side:
    """Outcomes last, every row valid: what is not asked for is replaced by a row of equal outcomes."""
    rows = distribution.values.movedim(distribution.dim, -1)
    rows = rows.expand(*batch, rows.shape[-1])
    space = _SPACES[type(distribution)]
    if space != "logits" or dtype != torch.float32:
        rows = rows.to(dtype)
    if mask is not None:
        rows = torch.where(mask[..., None], rows, 1.0 if space == "probs" else 0.0)
    if isinstance(distribution, Counts):
        rows = normalised(rows)
    return Side(space, rows)
