"""`torch.distributions` objects: PyTorch's own closed forms, in this library's units and reductions."""

import math

import pytest
import torch
from torch import distributions as td
from torch.distributions import kl as registry

import kldiv
from kldiv.errors import InputTypeError, InvalidInputError, KLDivError, ShapeError, UnsupportedPairError
from kldiv.inputs import Logits, Probs

HALF, ONE, TWO = (torch.tensor(x, dtype=torch.float64) for x in (0.5, 1.0, 2.0))
ROW = torch.tensor([0.5, 1.5, 1.0], dtype=torch.float64)
EYE = torch.eye(2, dtype=torch.float64)

# One instance a class; a class of the registry that is not here has no closed form of its own.
INSTANCES = {
    td.Bernoulli: td.Bernoulli(HALF),
    td.Beta: td.Beta(HALF, TWO),
    td.Binomial: td.Binomial(3, HALF),
    td.Categorical: td.Categorical(logits=ROW),
    td.Cauchy: td.Cauchy(ONE, TWO),
    td.ContinuousBernoulli: td.ContinuousBernoulli(torch.tensor(0.3, dtype=torch.float64)),
    td.Dirichlet: td.Dirichlet(ROW),
    td.Exponential: td.Exponential(TWO),
    td.Gamma: td.Gamma(TWO, ONE),
    td.Geometric: td.Geometric(HALF),
    td.Gumbel: td.Gumbel(ONE, TWO),
    td.HalfNormal: td.HalfNormal(TWO),
    td.Independent: td.Independent(td.Normal(ROW, ROW), 1),
    td.Laplace: td.Laplace(ONE, TWO),
    td.LowRankMultivariateNormal: td.LowRankMultivariateNormal(ROW[:2], EYE, ROW[:2]),
    td.MultivariateNormal: td.MultivariateNormal(ROW[:2], EYE),
    td.Normal: td.Normal(ONE, TWO),
    td.OneHotCategorical: td.OneHotCategorical(logits=ROW),
    td.Pareto: td.Pareto(ONE, TWO),
    td.Poisson: td.Poisson(TWO),
    td.TransformedDistribution: td.LogNormal(ONE, TWO),
    td.Uniform: td.Uniform(HALF, ONE),
}
PAIRS = sorted(
    ((p, q) for p, q in registry._KL_REGISTRY if p in INSTANCES and q in INSTANCES),
    key=lambda pair: (pair[0].__name__, pair[1].__name__),
)


def test_most_of_the_registry_is_here():
    assert len(PAIRS) >= 50


@pytest.mark.parametrize(("p", "q"), PAIRS, ids=lambda kind: kind.__name__)
def test_every_registered_pair(p, q):
    """D(p‖q) in p's and q's own order: the registered function's number, or the error where it has none."""
    try:
        expected = registry._KL_REGISTRY[p, q](INSTANCES[p], INSTANCES[q])
    except NotImplementedError:
        with pytest.raises(UnsupportedPairError):
            kldiv.kl(INSTANCES[p], INSTANCES[q])
        return
    torch.testing.assert_close(kldiv.kl(INSTANCES[p], INSTANCES[q]), expected, rtol=0, atol=0)


@pytest.mark.parametrize(("mean", "scale"), [(1.0, 2.0), (-3.0, 0.25), (0.0, 1.0)])
def test_normals(mean, scale):
    """log(σ₂/σ₁) + (σ₁² + (μ₁ − μ₂)²)/(2σ₂²) − 1/2."""
    p, q = td.Normal(0 * ONE, ONE), td.Normal(mean * ONE, scale * ONE)
    expected = math.log(scale) + (1 + mean**2) / (2 * scale**2) - 0.5
    assert math.isclose(kldiv.kl(p, q), expected, rel_tol=1e-14)
    reverse = -math.log(scale) + (scale**2 + mean**2) / 2 - 0.5
    assert math.isclose(kldiv.jeffreys(p, q), expected + reverse, rel_tol=1e-14)
    assert math.isclose(kldiv.kl(p, q, base=2), expected / math.log(2), rel_tol=1e-14)


def test_cross_entropy_and_entropy():
    """H(p) + D(p‖q) and ½·log(2πeσ²)."""
    p, q = td.Normal(ONE, TWO), td.Normal(HALF, ONE)
    entropy = 0.5 * math.log(2 * math.pi * math.e * 4)
    assert math.isclose(kldiv.entropy(p), entropy, rel_tol=1e-15)
    expected = entropy + kldiv.kl(p, q).item()
    assert math.isclose(kldiv.cross_entropy(p, q), expected, rel_tol=1e-15)
    assert math.isclose(kldiv.cross_entropy(p, q, base=2), expected / math.log(2), rel_tol=1e-15)


def test_independent_sums_its_dimensions():
    p, q = (td.Normal(ROW.expand(2, 3), scale) for scale in (ONE, TWO))
    seen = kldiv.kl(td.Independent(p, 1), td.Independent(q, 1))
    torch.testing.assert_close(seen, kldiv.kl(p, q).sum(-1), rtol=1e-15, atol=0)
    assert seen.shape == (2,)


def test_reductions_and_where():
    p, q = td.Normal(ROW, ONE), td.Normal(0 * ROW, ONE)
    each = ROW**2 / 2
    keep = torch.tensor([True, False, True])
    near = {"rtol": 1e-15, "atol": 0}
    torch.testing.assert_close(kldiv.kl(p, q, reduction="sum"), each.sum(), **near)
    torch.testing.assert_close(kldiv.kl(p, q, reduction="mean"), each.mean(), **near)
    torch.testing.assert_close(kldiv.kl(p, q, where=keep), torch.where(keep, each, 0.0), **near)
    torch.testing.assert_close(kldiv.kl(p, q, where=keep, reduction="mean"), each[keep].mean(), **near)
    with pytest.raises(ShapeError, match=r"batch shape \(3,\)"):
        kldiv.kl(p, q, where=[True, False])


def test_gradients_flow_to_parameters():
    loc = ROW.clone().requires_grad_()
    kldiv.kl(td.Normal(loc, ONE), td.Normal(0 * ROW, ONE), reduction="sum").backward()
    torch.testing.assert_close(loc.grad, ROW, rtol=1e-15, atol=0)


@pytest.mark.parametrize("function", [kldiv.kl, kldiv.jeffreys, kldiv.cross_entropy])
def test_a_missing_pair(function):
    with pytest.raises(UnsupportedPairError, match=r"D\(Cauchy‖Normal\).*register_kl.*log_prob") as caught:
        function(td.Cauchy(ONE, TWO), td.Normal(ONE, TWO))
    assert isinstance(caught.value, NotImplementedError)
    assert isinstance(caught.value, KLDivError)


def test_a_missing_reverse():
    """Jeffreys' divergence needs both directions; the message names the one that is missing."""
    p, q = td.Gumbel(ONE, TWO), td.Beta(ONE, TWO)
    assert kldiv.kl(p, q) == math.inf
    with pytest.raises(UnsupportedPairError, match="Beta‖Gumbel"):
        kldiv.jeffreys(p, q)


@pytest.mark.parametrize("function", [kldiv.kl, kldiv.jeffreys, kldiv.cross_entropy])
@pytest.mark.parametrize(
    ("p", "q", "told"),
    [
        (td.Normal(ROW, ONE), td.Normal(ROW[:2], ONE), r"batch shape \(3,\) .*batch shape \(2,\)"),
        (td.Categorical(ROW), td.Categorical(ROW[:2]), r"event shape \(3,\), .*event shape \(2,\)"),
        (td.Dirichlet(ROW), td.Dirichlet(ROW[:2]), r"event shape \(3,\), .*event shape \(2,\)"),
    ],
)
def test_shapes_that_do_not_match(function, p, q, told):
    with pytest.raises(ShapeError, match=told):
        function(p, q)


def test_batches_broadcast():
    """½·(μ₁ − μ₂)² of a column of means against a row of them."""
    p, q = td.Normal(ROW[:, None], ONE), td.Normal(ROW[:2], ONE)
    expected = 0.5 * (ROW[:, None] - ROW[:2]) ** 2
    torch.testing.assert_close(kldiv.kl(p, q), expected, rtol=1e-15, atol=0)
    three = td.Categorical(logits=ROW.expand(2, 3))
    assert kldiv.kl(three, td.Categorical(logits=ROW)).tolist() == [0.0, 0.0]


def test_a_missing_entropy():
    with pytest.raises(UnsupportedPairError, match="entropy of MixtureSameFamily"):
        kldiv.entropy(td.MixtureSameFamily(td.Categorical(logits=ROW), td.Normal(ROW, ONE)))


@pytest.mark.parametrize("function", [kldiv.kl, kldiv.jeffreys, kldiv.cross_entropy])
def test_one_of_each_kind(function):
    """A wrapper says nothing about a density; the message shows how a Categorical is written."""
    categorical, logits = td.Categorical(logits=ROW), Logits(ROW)
    with pytest.raises(InputTypeError, match=r"Categorical for p and Logits for q.*Logits\(c\.logits\)"):
        function(categorical, logits)
    with pytest.raises(InputTypeError, match="Logits for p and Categorical for q"):
        function(logits, categorical)
    with pytest.raises(TypeError, match="Categorical for p and Tensor for q"):
        function(categorical, ROW)


def test_categorical_is_the_same_number_either_way():
    p, q = td.Categorical(logits=ROW), td.Categorical(logits=-ROW)
    wrapped = kldiv.kl(Logits(p.logits), Logits(q.logits))
    # torch sums p·(log p − log q): a few roundings of a number of order 1.
    torch.testing.assert_close(kldiv.kl(p, q), wrapped, rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    "function", [kldiv.js, kldiv.total_variation, kldiv.hellinger, kldiv.chi2], ids=lambda f: f.__name__
)
def test_only_what_has_closed_forms_takes_them(function):
    told = rf"{function.__name__} got Normal for p; .* kl, jeffreys, entropy and cross_entropy alone"
    with pytest.raises(InputTypeError, match=told):
        function(td.Normal(ONE, TWO), td.Normal(ONE, TWO))


@pytest.mark.parametrize("function", [kldiv.kl, kldiv.jeffreys, kldiv.cross_entropy])
def test_no_temperature(function):
    with pytest.raises(InvalidInputError, match="temperature is 2"):
        function(td.Normal(ONE, TWO), td.Normal(ONE, TWO), temperature=2)
    assert kldiv.kl(Probs([1.0]), Probs([1.0]), temperature=2) == 0
