"""The reference kernel: every divergence from every kind of input, composed of torch operations.

It runs on any device and is differentiable any number of times; the fast kernels are held to it. The
work is in one quantity, d = log p − log q, which `log_ratio` gets without losing digits where p and q are
close; the definitions turn (p, q, d) into values and slopes.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kldiv.definition import Divergence, Rows
from kldiv.elementary import log_ratio_of_probabilities
from kldiv.inputs import in_double
from kldiv.kernels.differentiation import applied
from kldiv.kernels.log_ratio import log_ratio, log_softmax, support, tempered


class Side(NamedTuple):
    """One argument of a divergence: its values, outcomes last, and the space they are in."""

    space: str
    """"logits", "log_probs", "probs" or "counts"."""
    values: Tensor


def value_dtype(p: Tensor, q: Tensor) -> torch.dtype:
    """The dtype of a divergence between values of these: double precision if either has it."""
    return torch.float64 if torch.float64 in (p.dtype, q.dtype) else torch.float32


def gradient_dtype(own: torch.dtype, dtype: torch.dtype) -> torch.dtype:
    """The dtype in which a compiled kernel keeps the gradient to values of dtype `own`, computed in `dtype`.

    bfloat16 has the range of float32 and keeps its own precision. float16 has not: a gradient that underflows
    in it would be lost before the upstream factor, such as a loss scale, is multiplied in.
    """
    return own if own in (torch.bfloat16, torch.float32) else dtype


def valid(side: Side, where: Tensor | None) -> Side:
    """In single precision or more; what is not asked for is replaced by a row of equal outcomes."""
    space, values = side
    if values.dtype in (torch.bfloat16, torch.float16):
        values = values.float()
    if where is not None:
        values = torch.where(where[..., None], values, 0.0 if space in ("logits", "log_probs") else 1.0)
    return Side(space, values)


def valid_pair(p: Side, q: Side, temperature: float, where: Tensor | None) -> tuple[Side, Side]:
    """Both sides `valid`; in double precision if logarithms have to be rounded before they are used.

    In single precision their difference would lose the more digits the closer p and q are, and a small
    temperature would multiply the rounding.
    """
    p, q = valid(p, where), valid(q, where)
    if _differ_exactly(p, q, temperature):
        return p, q
    return Side(p.space, in_double(p.values)), Side(q.space, in_double(q.values))


def _differ_exactly(p: Side, q: Side, temperature: float) -> bool:
    """Whether all is got from the values as they stand: logits, or probabilities of one kind."""
    if p.space == q.space:
        return p.space != "counts" and (p.space != "probs" or temperature == 1)
    return temperature != 1 and {p.space, q.space} == {"logits", "log_probs"}


def plain(side: Side) -> Side:
    """Counts as probabilities; `value` and `gradients` take no counts."""
    return Side("probs", normalised(side.values)) if side.space == "counts" else side


def value(divergence: Divergence, p: Side, q: Side, temperature: float) -> Tensor:
    """One divergence a row, in nats."""
    return divergence.value(torch, _rows(p, q, temperature))  # type: ignore[no-any-return]


def gradients(divergence: Divergence, p: Side, q: Side, temperature: float) -> tuple[Tensor, Tensor]:
    """The derivatives of `value` with respect to the values of both sides."""
    rows = _rows(p, q, temperature)
    log_p_slopes, log_q_slopes = divergence.log_slopes(torch, rows)
    return (
        _to_space(p, temperature, log_p_slopes, rows.p, rows.in_p, rows.in_q, divergence.slope_at_no_p),
        _to_space(q, temperature, log_q_slopes, rows.q, rows.in_q, rows.in_p, divergence.slope_at_no_q),
    )


# --- from values to rows ----------------------------------------------------------------------------


def _rows(p: Side, q: Side, temperature: float) -> Rows:
    """Both sides as probabilities, with their log-ratio by the form that suits their spaces."""
    raw_p, raw_q = _log_values(p), _log_values(q)
    in_p, in_q = support(raw_p), support(raw_q)
    log_p, log_q = (_log_normalised(side, raw, temperature) for side, raw in ((p, raw_p), (q, raw_q)))
    shared = in_p & in_q
    ratio = _ratio_of_probabilities(p, q, shared)
    if not (is_normalised(p, temperature) or is_normalised(q, temperature)):
        d = log_ratio(raw_p, raw_q, ratio, temperature)
    elif ratio is not None:
        d = ratio
    else:
        d = torch.where(shared, log_p, 0.0) - torch.where(shared, log_q, 0.0)
    return Rows(
        p=_probabilities(p, raw_p, temperature),
        q=_probabilities(q, raw_q, temperature),
        log_p=torch.where(in_p, log_p, 0.0),
        log_ratio=d,
        in_p=in_p,
        in_q=in_q,
    )


def _ratio_of_probabilities(p: Side, q: Side, shared: Tensor) -> Tensor | None:
    """log p/q as the values stand, 0 where either is 0; None unless both are probabilities."""
    if not p.space == q.space == "probs":
        return None
    values = (torch.where(shared, side.values, torch.ones_like(side.values)) for side in (p, q))
    return log_ratio_of_probabilities(torch, *values)  # type: ignore[no-any-return]


def entropy(side: Side) -> Tensor:
    """−Σ p·log p a row, in nats, of values that are probabilities as they stand."""
    raw = _log_values(side)
    inside = support(raw)
    held = torch.where(inside, raw, 0.0) * torch.where(inside, _probabilities(side, raw, 1.0), 0.0)
    return 0.0 - held.sum(-1)


def is_normalised(side: Side, temperature: float) -> bool:
    """Whether the values are probabilities as they stand; at another temperature none are."""
    return side.space != "logits" and temperature == 1


def _log_values(side: Side) -> Tensor:
    """Logits or log-probabilities as they are, the logarithm of probabilities; −∞ for 0."""
    if side.space != "probs":
        return side.values
    positive = side.values != 0
    return torch.where(positive, torch.where(positive, side.values, 1.0).log(), -math.inf)


def _probabilities(side: Side, raw: Tensor, temperature: float) -> Tensor:
    if not is_normalised(side, temperature):
        return torch.softmax(tempered(raw, temperature), -1)
    return side.values if side.space == "probs" else raw.exp()


def _log_normalised(side: Side, raw: Tensor, temperature: float) -> Tensor:
    return raw if is_normalised(side, temperature) else log_softmax(tempered(raw, temperature))


def normalised(weights: Tensor) -> Tensor:
    """Weights divided by their sum."""
    return applied(_Normalised, _DualNormalised, weights)


class _Normalised(torch.autograd.Function):
    """w / Σ w; its own function for the limit of infinite gradients, as in `_off_simplex_removed`.

    One at a weight of 0 is that weight's alone; one at a positive weight turns all others against it.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(weights: Tensor) -> Tensor:
        return weights / weights.sum(-1, keepdim=True)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (weights,) = ctx.saved_tensors
        return normalised_slopes(weights, grad)


class _DualNormalised(_Normalised):
    """The same in forward mode."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        _Normalised.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        (weights,) = ctx.saved_tensors
        total = weights.sum(-1, keepdim=True)
        change: Tensor = (tangent - weights / total * tangent.sum(-1, keepdim=True)) / total
        return change


def normalised_slopes(weights: Tensor, grad: Tensor) -> Tensor:
    """From the slopes of w / Σ w to those of the weights."""
    total = weights.sum(-1, keepdim=True)
    probabilities = weights / total
    infinite, held = grad.isinf(), weights != 0
    mean = torch.where(infinite, 0.0, grad * probabilities).sum(-1, keepdim=True)
    against = torch.where(infinite & held, grad, 0.0).sum(-1, keepdim=True)
    # Infinite both ways: the others' share in it is undefined, and taken as none.
    against = torch.where(against.isnan(), 0.0, against)
    elsewhere = torch.where(infinite, 0.0, probabilities).sum(-1, keepdim=True) > 0
    moved = torch.where(held & ~elsewhere, 0.0, grad)
    slopes: Tensor = torch.where(infinite, moved, grad - mean - against) / total
    return slopes


# --- from slopes to the values' own space -----------------------------------------------------------


def _to_space(
    side: Side,
    temperature: float,
    log_slopes: Tensor,
    mass: Tensor,
    inside: Tensor,
    other: Tensor,
    at_zero: float,
) -> Tensor:
    """Turn derivatives with respect to log-probabilities into derivatives with respect to the values."""
    slopes = log_slopes
    if not is_normalised(side, temperature):
        slopes = _off_simplex_removed(slopes, mass) / temperature
    if side.space != "probs":
        return slopes
    held = torch.where(inside, side.values, 1.0)
    limit = at_zero if temperature == 1 else 0.0
    at_none = torch.where(slopes != 0, slopes.detach() * math.inf, limit)
    return torch.where(inside, slopes / held, torch.where(other, at_none, torch.zeros_like(slopes)))


def _off_simplex_removed(slopes: Tensor, mass: Tensor) -> Tensor:
    """slopes − mass·Σ slopes, the derivative through softmax; its limit where slopes are infinite.

    Where an outcome's slope is infinite the others' are infinite against it in the limit, as far as
    they have mass; where nothing else has mass, nothing can move.
    """
    infinite = slopes.isinf()
    finite = torch.where(infinite, 0.0, slopes)
    plain = _less_mean(finite, mass)
    against = -torch.where(infinite, slopes, 0.0).sum(-1, keepdim=True)
    elsewhere = torch.where(infinite, 0.0, mass).sum(-1, keepdim=True) > 0
    moved = torch.where(infinite, torch.where(elsewhere, slopes, 0.0), torch.where(mass > 0, against, 0.0))
    return torch.where(infinite.any(-1, keepdim=True), moved, plain)


def _less_mean(slopes: Tensor, mass: Tensor) -> Tensor:
    """slopes − mass·Σ slopes, from what each outcome's slope a unit of mass exceeds the likeliest one's.

    Where one outcome has nearly all the mass the plain difference would have no right digit.
    """
    top, at = mass.max(-1, keepdim=True)
    beyond = (slopes - mass * (slopes.gather(-1, at) / top)).scatter(-1, at, 0.0)
    return beyond - mass * beyond.sum(-1, keepdim=True)
