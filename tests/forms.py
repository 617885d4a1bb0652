"""What the tests of the compiled kernel's forms share: rows in any space, and holding them to the reference.

Of single precision that is computed in double only the rounding of a result is left: two units of its
epsilon, relative to a value and to the largest number of a gradient.
"""

import torch

from kldiv import Counts, Logits, LogProbs, Probs, kernels

INF, NAN = float("inf"), float("nan")
SPACES = {"logits": Logits, "log_probs": LogProbs, "probs": Probs, "counts": Counts}
UNITS = 2


def slopes(case, p, q, kernel="cpu", **options):
    """Value and both gradients; p and q are pairs of a space and its values."""
    leaves = [z.detach().clone().requires_grad_() for _, z in (p, q)]
    with kernels.use(kernel):
        sides = [SPACES[space](z, validate=False) for (space, _), z in zip((p, q), leaves, strict=True)]
        value = case(*sides, **options)
        assert kernels.last_used() == kernel
        value.sum().backward()
    return value.detach(), leaves[0].grad, leaves[1].grad


def by_reference(case, p, q, **options):
    """The same of the same numbers in double precision, by the reference kernel."""
    (p_space, p_values), (q_space, q_values) = p, q
    return slopes(case, (p_space, p_values.double()), (q_space, q_values.double()), "reference", **options)


def assert_same(seen, wanted, units=UNITS):
    """NaN and infinities in one place; elsewhere relative. What underflows may be lost."""
    for i, (one, exact) in enumerate(zip(seen, wanted, strict=True)):
        info = torch.finfo(one.dtype)
        other = torch.where(exact.abs() > info.max, exact.sign() * INF, exact)
        size = other.abs() if i == 0 else other.abs().masked_fill(other.isinf(), 0.0).amax(-1, keepdim=True)
        same = (one == other) | (one.isnan() & other.isnan())
        near = (one.double() - other).abs() <= units * info.eps * size + info.tiny
        bad = ~(same | near)
        assert not bad.any(), (i, bad.nonzero()[0].tolist(), one[bad][0].item(), other[bad][0].item())


def in_space(space, logits):
    """The distributions of logits, written down in another space."""
    probabilities = logits.softmax(-1)
    return {
        "logits": logits,
        "log_probs": logits.log_softmax(-1),
        "probs": probabilities,
        "counts": probabilities * 1000 + 0.5,
    }[space]
