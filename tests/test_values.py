"""Values that others published, from every kind of input; and torch's own where it is well conditioned."""

import json
import math
from pathlib import Path

import pytest
import scipy.special
import scipy.stats
import torch
from torch import distributions as td
from torch.nn import functional as F  # noqa: N812 (its usual name)

import kldiv
from kldiv.inputs import Counts, Logits, LogProbs, Probs

PUBLISHED = json.loads((Path(__file__).parent / "data" / "reference_values.json").read_text())
BASES = {"bits": 2, "nats": None}


def decimals(number):
    """How many decimals the source gives, of at most 14 that float64 can hold."""
    return min(len(repr(number).partition(".")[2]), 14)


def normalised(weights):
    weights = torch.tensor(weights, dtype=torch.float64)
    return weights / weights.sum()


KINDS = {
    "counts": Counts,
    "probs": lambda w: Probs(normalised(w)),
    "log_probs": lambda w: LogProbs(normalised(w).log()),
    "logits": lambda w: Logits(torch.tensor(w, dtype=torch.float64).log()),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", PUBLISHED["discrete"], ids=lambda case: case["source"])
def test_published(case, kind):
    """To the last digit printed; p and q may also be of two kinds."""
    for other in KINDS.values():
        seen = kldiv.kl(KINDS[kind](case["p"]), other(case["q"]), base=BASES[case["unit"]]).item()
        if case["value"] == "inf":
            assert seen == math.inf
        else:
            assert abs(seen - case["value"]) <= 0.5000001 * 10.0 ** -decimals(case["value"])


def test_direction():
    """D(p‖q) is the one that is infinite where q lacks what p has, not the reverse."""
    p, q = Probs([0.5, 0.5]), Probs([1.0, 0.0])
    assert kldiv.kl(p, q) == math.inf
    assert math.isclose(kldiv.kl(q, p), math.log(2), rel_tol=1e-15)


def tensor(value):
    return torch.tensor(value, dtype=torch.float64)


CLOSED_FORMS = {
    "Normal(0,1)": td.Normal(tensor(0.0), tensor(1.0)),
    "Normal(1,2)": td.Normal(tensor(1.0), tensor(2.0)),
    "MultivariateNormal(0,I2)": td.MultivariateNormal(tensor([0.0, 0.0]), torch.eye(2).double()),
    "MultivariateNormal(0,[[1,1],[1,2]])": td.MultivariateNormal(
        tensor([0.0, 0.0]), tensor([[1.0, 1.0], [1.0, 2.0]])
    ),
    "Exponential(rate 0.2)": td.Exponential(tensor(0.2)),
    "Exponential(rate 0.4)": td.Exponential(tensor(0.4)),
    "Beta(0.5,0.5)": td.Beta(tensor(0.5), tensor(0.5)),
    "Beta(0.3,0.7)": td.Beta(tensor(0.3), tensor(0.7)),
}


@pytest.mark.parametrize("case", PUBLISHED["closed_form"], ids=lambda case: case["p"])
def test_published_closed_form(case):
    """To the digits printed, or to the few units of float32's epsilon of those computed in it."""
    seen = kldiv.kl(CLOSED_FORMS[case["p"]], CLOSED_FORMS[case["q"]]).item()
    printed = 0.5000001 * 10.0 ** -decimals(case["value"])
    assert abs(seen - case["value"]) <= max(printed, 4 * 2.0**-23 * seen)


def test_pytorch_example():
    """The number F.kl_div gives when its arguments are in its own order, and the one when they are not."""
    example = PUBLISHED["pytorch_example"]
    p, q = tensor(example["p"]), tensor(example["q"])
    for first, second, name in [
        (p, q, "F.kl_div(q.log(), p, reduction='sum')"),
        (q, p, "F.kl_div(p.log(), q, reduction='sum')"),
    ]:
        seen = kldiv.kl(Probs(first), Probs(second)).item()
        assert abs(seen - example[name]) < 5e-8
        # The same sum by torch, in float64 and well conditioned: a few roundings apart.
        assert math.isclose(seen, F.kl_div(second.log(), first, reduction="sum").item(), rel_tol=1e-14)


def test_torch_on_many_rows():
    """F.kl_div, cross_entropy and Categorical in float64, for distributions of which none is close."""
    p, q = torch.randn(2, 40, 50, dtype=torch.float64).mul(3)
    torch_kl = F.kl_div(q.log_softmax(-1), p.log_softmax(-1), log_target=True, reduction="none").sum(-1)
    # Each sums 50 terms of some 10 units, so that 1e-15 times 10 over a divergence of 10 is left.
    near = {"rtol": 1e-13, "atol": 0}
    torch.testing.assert_close(kldiv.kl(Logits(p), Logits(q)), torch_kl, **near)
    torch.testing.assert_close(kldiv.kl(Logits(p), Logits(q), reduction="mean"), torch_kl.mean(), **near)
    torch_cross = F.cross_entropy(q, p.softmax(-1), reduction="none")
    torch.testing.assert_close(kldiv.cross_entropy(Logits(p), Logits(q)), torch_cross, **near)
    torch.testing.assert_close(kldiv.entropy(Logits(p)), td.Categorical(logits=p).entropy(), **near)


@pytest.mark.parametrize("base", [None, 2, 10, 1.5])
def test_scipy(base):
    p, q = torch.randn(2, 7, dtype=torch.float64).softmax(-1).numpy()
    assert math.isclose(
        kldiv.kl(Probs(p), Probs(q), base=base), scipy.stats.entropy(p, q, base=base), rel_tol=1e-13
    )
    assert math.isclose(kldiv.entropy(Probs(p), base=base), scipy.stats.entropy(p, base=base), rel_tol=1e-14)


def test_scipy_terms_of_unnormalised_values():
    """Off the simplex the value is Σ p·log(p/q) − p + q, which is scipy.special.kl_div summed."""
    p, q = torch.rand(2, 9, dtype=torch.float64)
    seen = kldiv.kl(Probs(p, validate=False), Probs(q, validate=False))
    assert math.isclose(seen, scipy.special.kl_div(p.numpy(), q.numpy()).sum(), rel_tol=1e-14)


# P = (1/2, 1/2) and Q = (1/4, 3/4), worked out by hand.
BY_HAND = [
    (
        kldiv.js,
        {},
        0.5 * (0.5 * math.log(4 / 3) + 0.5 * math.log(4 / 5))
        + 0.5 * (0.25 * math.log(2 / 3) + 0.75 * math.log(6 / 5)),
    ),
    (kldiv.jeffreys, {}, 0.25 * math.log(3)),
    (kldiv.skew_kl, {"weight": 0.5}, 0.5 * math.log(16 / 15)),
    (kldiv.renyi, {"order": 2}, math.log(4 / 3)),
    (kldiv.renyi, {"order": 0.5}, -2 * math.log(math.sqrt(1 / 8) + math.sqrt(3 / 8))),
    (kldiv.renyi, {"order": math.inf}, math.log(2)),
    (kldiv.renyi, {"order": 0}, 0.0),
    (kldiv.total_variation, {}, 0.25),
    (kldiv.hellinger, {}, math.sqrt(1 - math.sqrt(1 / 8) - math.sqrt(3 / 8))),
    (kldiv.chi2, {}, 1 / 3),
    (kldiv.cross_entropy, {}, 0.5 * math.log(16 / 3)),
]


@pytest.mark.parametrize(("function", "options", "expected"), BY_HAND)
def test_by_hand(function, options, expected):
    seen = function(Probs([0.5, 0.5]), Probs([0.25, 0.75]), **options).item()
    # The expectations themselves cancel by up to a factor of 30.
    assert math.isclose(seen, expected, rel_tol=30 * 2.0**-52, abs_tol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("order", [1e20, 1e38, 1e39, 1e300, 1e308])
def test_vast_orders(order, dtype):
    """log(2^α/2 + (2/3)^α/2)/(α − 1), off its limit log 2 by less than 1/α; single precision ends at 3e38."""
    p, q = (Probs(torch.tensor(values, dtype=dtype)) for values in ([0.5, 0.5], [0.25, 0.75]))
    seen = kldiv.renyi(p, q, order=order).item()
    assert math.isclose(seen, math.log(2), rel_tol=2 * torch.finfo(dtype).eps)
    assert kldiv.renyi(q, q, order=order) == 0


def test_psi():
    """Jeffreys' divergence is the population stability index, Σ (p − q)·ln(p/q), symmetric."""
    p, q = (0.2, 0.3, 0.5), (0.25, 0.25, 0.5)
    psi = sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert math.isclose(kldiv.jeffreys(Probs(p), Probs(q)), psi, rel_tol=1e-14)
    assert math.isclose(kldiv.jeffreys(Probs(q), Probs(p)), psi, rel_tol=1e-14)
