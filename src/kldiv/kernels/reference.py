"""The reference kernel: every divergence from every kind of input, composed of torch operations.

It runs on any device and is differentiable any number of times; the fast kernels are held to it. The
work is in one quantity, d = log p − log q, got without losing digits where p and q are close; the
definitions turn (p, q, d) into values and slopes.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kldiv.definition import Divergence, Rows
from kldiv.elementary import exp_remainder, log_ratio_of_probabilities
from kldiv.inputs import in_double

# e^16·w can't overflow for a weight w <= 1, and past it the exponential of q itself takes over.
_FAR = 16.0
# Up to here log1p of the excess keeps all its digits and can't have overflowed.
_OVERFLOW = 1e30


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
    in_p, in_q = _support(raw_p), _support(raw_q)
    log_p, log_q = (_log_normalised(side, raw, temperature) for side, raw in ((p, raw_p), (q, raw_q)))
    shared = in_p & in_q
    ratio = _ratio_of_probabilities(p, q, shared)
    if not (is_normalised(p, temperature) or is_normalised(q, temperature)):
        d = _LogRatio.apply(raw_p, raw_q, ratio, temperature)  # type: ignore[no-untyped-call]
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


def negative_entropy(side: Side) -> Tensor:
    """Σ p·log p a row, in nats, of values that are probabilities as they stand."""
    raw = _log_values(side)
    inside = _support(raw)
    return (torch.where(inside, raw, 0.0) * torch.where(inside, _probabilities(side, raw, 1.0), 0.0)).sum(-1)


def is_normalised(side: Side, temperature: float) -> bool:
    """Whether the values are probabilities as they stand; at another temperature none are."""
    return side.space != "logits" and temperature == 1


def _log_values(side: Side) -> Tensor:
    """Logits or log-probabilities as they are, the logarithm of probabilities; −∞ for 0."""
    if side.space != "probs":
        return side.values
    positive = side.values != 0
    return torch.where(positive, torch.where(positive, side.values, 1.0).log(), -math.inf)


def _support(raw: Tensor) -> Tensor:
    """The outcomes of probability > 0; all of them in a row without any, so that its NaN shows."""
    inside = raw != -math.inf
    return inside | ~inside.any(-1, keepdim=True)


def _probabilities(side: Side, raw: Tensor, temperature: float) -> Tensor:
    if not is_normalised(side, temperature):
        return torch.softmax(_tempered(raw, temperature), -1)
    return side.values if side.space == "probs" else raw.exp()


def _log_normalised(side: Side, raw: Tensor, temperature: float) -> Tensor:
    return raw if is_normalised(side, temperature) else log_softmax(_tempered(raw, temperature))


def _tempered(z: Tensor, temperature: float) -> Tensor:
    """z/T up to a constant: the largest is taken away first, so that a large one costs no digit."""
    if temperature == 1:
        return z
    top = z.detach().amax(-1, keepdim=True)
    # A difference that overflows is not −∞, which would take the outcome from the support.
    gap = (z - top).clip(-torch.finfo(z.dtype).max)
    return torch.where(z == -math.inf, z, gap) / temperature


def log_softmax(z: Tensor) -> Tensor:
    """z − log Σ e^z, accurate also for the outcome that has nearly all the mass.

    The logarithm of the sum is taken as log1p of all terms but the largest.
    """
    top, at = z.max(-1, keepdim=True)
    others = torch.exp(z - top).scatter(-1, at, 0.0).sum(-1, keepdim=True)
    return z - top - others.log1p()


def normalised(weights: Tensor) -> Tensor:
    """Weights divided by their sum."""
    return _Normalised.apply(weights)  # type: ignore[no-untyped-call, no-any-return]


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
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (weights,) = ctx.saved_tensors
        return normalised_slopes(weights, grad)

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


class _LogRatio(torch.autograd.Function):
    """d = log softmax(zp/T) − log softmax(zq/T), and 0 where either is −∞.

    Its own function because its derivative is simple where that of its parts is not:
    ∂d_i/∂zp_j = (1{i=j} − p_j)/T, and the negative of the same for q.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(zp: Tensor, zq: Tensor, difference: Tensor | None, temperature: float) -> Tensor:
        return _log_ratio(zp, zq, difference, temperature)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        zp, zq, _, ctx.temperature = inputs
        ctx.save_for_backward(zp, zq)
        ctx.save_for_forward(zp, zq)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        zp, zq = ctx.saved_tensors
        inner = torch.where(_support(zp) & _support(zq), grad, 0.0) / ctx.temperature
        total = inner.sum(-1, keepdim=True)
        p, q = (torch.softmax(_tempered(z, ctx.temperature), -1) for z in (zp, zq))
        return inner - p * total, q * total - inner, None, None

    @staticmethod
    def jvp(ctx: Any, p_tangent: Tensor | None, q_tangent: Tensor | None, *_: None) -> Tensor:
        zp, zq = ctx.saved_tensors
        of_p, of_q = (
            _log_softmax_along(tangent, z, ctx.temperature)
            for tangent, z in ((p_tangent, zp), (q_tangent, zq))
        )
        return torch.where(_support(zp) & _support(zq), of_p - of_q, 0.0)


def _log_softmax_along(tangent: Tensor | None, z: Tensor, temperature: float) -> Tensor:
    """How fast log softmax(z/T) changes along a tangent; None is that of a side at rest."""
    if tangent is None:
        return torch.zeros_like(z)
    mean = (torch.softmax(_tempered(z, temperature), -1) * tangent).sum(-1, keepdim=True)
    change: Tensor = (tangent - mean) / temperature
    return change


def _log_ratio(zp: Tensor, zq: Tensor, difference: Tensor | None, temperature: float) -> Tensor:
    """log p − log q from logits, to a few units of its own last digit however close they are.

    Far apart it is the difference of the two logarithms. Close, with w = p restricted to the outcomes
    that q has too: the differences δ of the logits, less their mean under w, are t; then
    D(w‖q) = log1p(A), A = E_w[φ(t)] + q's mass elsewhere, so that log w − log q = t + D(w‖q).
    Everything summed is >= 0. `difference` is zp − zq where that is known better than from the two.
    """
    shared = _support(zp) & _support(zq)
    held_p, held_q = torch.where(shared, zp, 0.0), torch.where(shared, zq, 0.0)
    weights, anchor, log_mass = _restricted(zp, shared, temperature)
    if difference is None:
        delta = _difference_from(held_p, held_q, anchor)
    else:
        delta = difference - difference.gather(-1, anchor)
    t, mean = _centred(delta / temperature, weights)

    ahead = (zq - held_q.gather(-1, anchor)) / temperature
    weight = weights.gather(-1, anchor)
    q_scaled = weight * torch.exp(ahead + mean)
    near = shared & (t > -_FAR)
    terms = torch.where(near, weights * exp_remainder(torch, t.clip(-_FAR)), q_scaled - weights * (1 - t))
    excess = terms.sum(-1, keepdim=True)
    overflowed = mean + weight.log() + torch.logsumexp(ahead, -1, keepdim=True)
    divergence = torch.where(excess < _OVERFLOW, excess.log1p(), overflowed)
    by_mean = t + divergence + log_mass
    log_p, log_q = (log_softmax(_tempered(z, temperature)) for z in (zp, zq))
    # Both forms round their parts, so the one whose parts are smaller has the smaller error; NaN, which
    # the logarithms of a row with +∞ have, is no smaller and must show.
    plain = ~(abs(log_p) + abs(log_q) >= abs(t) + abs(divergence) + abs(log_mass))
    return torch.where(shared, torch.where(plain, log_p - log_q, by_mean), 0.0)


def _restricted(z: Tensor, shared: Tensor, temperature: float) -> tuple[Tensor, Tensor, Tensor]:
    """softmax over the shared outcomes, its likeliest outcome, and the log of their mass in the whole."""
    some = shared.any(-1, keepdim=True)
    within = torch.where(shared | ~some, z, -math.inf)
    whole = _tempered(z, temperature)
    missed = torch.where(shared, 0.0, torch.softmax(whole, -1)).sum(-1, keepdim=True)
    # Of logarithms of probabilities, not of logits: next to 1e30 a mass of 1/2 is lost in rounding.
    part = torch.where(shared | ~some, log_softmax(whole), -math.inf)
    held = torch.logsumexp(part, -1, keepdim=True)
    log_mass = torch.where(missed < 0.5, torch.log1p(-missed), held)  # noqa: PLR2004 (half the mass)
    return torch.softmax(_tempered(within, temperature), -1), within.argmax(-1, keepdim=True), log_mass


def _difference_from(a: Tensor, b: Tensor, anchor: Tensor) -> Tensor:
    """(a − b) − (a − b)[anchor], rounded once: Knuth's two-sum keeps what the first difference loses.

    So logits that differ by a constant give exactly 0, and a large constant costs no digit.
    """
    gap = a - b
    virtual = gap - a
    lost = (a - (gap - virtual)) - (b + virtual)
    lost = torch.where(gap.isinf(), 0.0, lost)
    largest = torch.finfo(a.dtype).max
    return ((gap - gap.gather(-1, anchor)) + (lost - lost.gather(-1, anchor))).clip(-largest, largest)


def _centred(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """x − E_w[x] and E_w[x]; the second pass takes out the rounding of the first."""
    first = (weights * x).sum(-1, keepdim=True)
    rest = x - first
    second = (weights * rest).sum(-1, keepdim=True)
    return rest - second, first + second


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
