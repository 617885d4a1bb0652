"""Divergences and entropies of `torch.distributions`, by the closed forms registered with PyTorch."""

import torch
from torch import Tensor
from torch.distributions import Distribution as TorchDistribution

from kldiv.errors import InputTypeError, InvalidInputError, ShapeError, UnsupportedPairError


def registered_kl(p: object, q: object, temperature: float) -> Tensor:
    """D(p‖q) by PyTorch's registry of closed forms."""
    if not (isinstance(p, TorchDistribution) and isinstance(q, TorchDistribution)):
        seen = f"{type(p).__name__} for p and {type(q).__name__} for q"
        raise InputTypeError(
            f"got {seen}; expected two torch.distributions or two of Logits, LogProbs, Probs and Counts "
            "(a Categorical c becomes Logits(c.logits))"
        )
    _refuse_temperature(temperature)
    _check_shapes(p, q)
    try:
        return torch.distributions.kl_divergence(p, q)
    except NotImplementedError as error:
        raise UnsupportedPairError(
            f"PyTorch has no closed form of D({type(p).__name__}‖{type(q).__name__}); register one with "
            "torch.distributions.kl.register_kl, or average p.log_prob(x) − q.log_prob(x) over samples x of p"
        ) from error


def registered_entropy(p: TorchDistribution, temperature: float) -> Tensor:
    """H(p) by its own closed form."""
    _refuse_temperature(temperature)
    try:
        return p.entropy()
    except NotImplementedError as error:
        raise UnsupportedPairError(
            f"PyTorch has no closed form of the entropy of {type(p).__name__}"
        ) from error


def _check_shapes(p: TorchDistribution, q: TorchDistribution) -> None:
    (p_batch, p_event), (q_batch, q_event) = _shapes_of(p), _shapes_of(q)
    sizes = zip(reversed(p_batch), reversed(q_batch), strict=False)
    if p_event != q_event or any(a != b and 1 not in (a, b) for a, b in sizes):
        raise ShapeError(
            f"p is {type(p).__name__} of batch shape {p_batch} and event shape {p_event}, q is "
            f"{type(q).__name__} of batch shape {q_batch} and event shape {q_event}; "
            "expected batches that broadcast and equal events"
        )


def _shapes_of(distribution: TorchDistribution) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of the batch and of one event; a categorical distribution's counts as its outcomes."""
    batch = tuple(distribution.batch_shape)
    whole = getattr(distribution, "param_shape", (*batch, *distribution.event_shape))
    return batch, tuple(whole)[len(batch) :]


def _refuse_temperature(temperature: float) -> None:
    if temperature != 1:
        raise InvalidInputError(f"temperature is {temperature!r}; torch.distributions have none, expected 1")
