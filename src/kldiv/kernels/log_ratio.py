"""log p − log q from the logits of both sides, to a few units of its last digit however close they are."""

import math
from typing import Any

import torch
from torch import Tensor

from kldiv.elementary import exp_remainder
from kldiv.kernels.differentiation import applied

# e^16·w can't overflow for a weight w <= 1, and past it the exponential of q itself takes over.
_FAR = 16.0
# Up to here log1p of the excess keeps all its digits and can't have overflowed.
_OVERFLOW = 1e30


def support(raw: Tensor) -> Tensor:
    """The outcomes of probability > 0; all of them in a row without any, so that its NaN shows."""
    inside = raw != -math.inf
    return inside | ~inside.any(-1, keepdim=True)


def tempered(z: Tensor, temperature: float) -> Tensor:
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


def log_ratio(zp: Tensor, zq: Tensor, difference: Tensor | None, temperature: float) -> Tensor:
    """log softmax(zp/T) − log softmax(zq/T), and 0 where either is −∞.

    `difference` is zp − zq where that is known better than from the two.
    """
    return applied(_LogRatio, _DualLogRatio, zp, zq, difference, temperature)


class _LogRatio(torch.autograd.Function):
    """The log-ratio d.

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

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        zp, zq = ctx.saved_tensors
        inner = torch.where(support(zp) & support(zq), grad, 0.0) / ctx.temperature
        total = inner.sum(-1, keepdim=True)
        p, q = (torch.softmax(tempered(z, ctx.temperature), -1) for z in (zp, zq))
        return inner - p * total, q * total - inner, None, None


class _DualLogRatio(_LogRatio):
    """The same in forward mode."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _LogRatio.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*inputs[:2])

    @staticmethod
    def jvp(ctx: Any, p_tangent: Tensor | None, q_tangent: Tensor | None, *_: None) -> Tensor:
        zp, zq = ctx.saved_tensors
        of_p, of_q = (
            _log_softmax_along(tangent, z, ctx.temperature)
            for tangent, z in ((p_tangent, zp), (q_tangent, zq))
        )
        return torch.where(support(zp) & support(zq), of_p - of_q, 0.0)


def _log_softmax_along(tangent: Tensor | None, z: Tensor, temperature: float) -> Tensor:
    """How fast log softmax(z/T) changes along a tangent; None is that of a side at rest."""
    if tangent is None:
        return torch.zeros_like(z)
    mean = (torch.softmax(tempered(z, temperature), -1) * tangent).sum(-1, keepdim=True)
    change: Tensor = (tangent - mean) / temperature
    return change


def _log_ratio(zp: Tensor, zq: Tensor, difference: Tensor | None, temperature: float) -> Tensor:
    """log p − log q from logits, to a few units of its own last digit however close they are.

    Far apart it is the difference of the two logarithms. Close, with w = p restricted to the outcomes
    that q has too: the differences δ of the logits, less their mean under w, are t; then
    D(w‖q) = log1p(A), A = E_w[φ(t)] + q's mass elsewhere, so that log w − log q = t + D(w‖q).
    Everything summed is >= 0. `difference` is zp − zq where that is known better than from the two.
    """
    shared = support(zp) & support(zq)
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
    log_p, log_q = (log_softmax(tempered(z, temperature)) for z in (zp, zq))
    # Both forms round their parts, so the one whose parts are smaller has the smaller error; NaN, which
    # the logarithms of a row with +∞ have, is no smaller and must show.
    plain = ~(abs(log_p) + abs(log_q) >= abs(t) + abs(divergence) + abs(log_mass))
    return torch.where(shared, torch.where(plain, log_p - log_q, by_mean), 0.0)


def _restricted(z: Tensor, shared: Tensor, temperature: float) -> tuple[Tensor, Tensor, Tensor]:
    """softmax over the shared outcomes, its likeliest outcome, and the log of their mass in the whole."""
    some = shared.any(-1, keepdim=True)
    within = torch.where(shared | ~some, z, -math.inf)
    whole = tempered(z, temperature)
    missed = torch.where(shared, 0.0, torch.softmax(whole, -1)).sum(-1, keepdim=True)
    # Of logarithms of probabilities, not of logits: next to 1e30 a mass of 1/2 is lost in rounding.
    part = torch.where(shared | ~some, log_softmax(whole), -math.inf)
    held = torch.logsumexp(part, -1, keepdim=True)
    log_mass = torch.where(missed < 0.5, torch.log1p(-missed), held)  # noqa: PLR2004 (half the mass)
    return torch.softmax(tempered(within, temperature), -1), within.argmax(-1, keepdim=True), log_mass


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
