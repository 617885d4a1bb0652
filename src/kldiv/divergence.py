"""The divergences of tensors: from what the arguments hold to one number a distribution.

Everywhere the order is that of the maths: p is the reference, true or teacher distribution, q the
approximation or student. All functions share these rules:

- Shapes: p and q have the same number of outcomes along their event dimension (each wrapper's `dim`);
  their other dimensions, the batch, broadcast. Without a reduction the result has the batch shape.
- Precision: arithmetic and result are float32 for float32, bfloat16 and float16 values, and float64
  if either side is. Gradients flow to both sides, in the dtype of the values they belong to.
- `temperature` T divides the logits, or the logarithms of probabilities, of both sides before softmax.
- `where`: booleans that broadcast to the batch shape; a row where it is False gives 0 and gets no
  gradient, whatever is in it, and "mean" does not count it. (Of `torch.distributions` it is the result alone
  that is masked: their parameters have to be valid in every row.)
- `reduction`: "none", or the "sum" or "mean" over all distributions, never over outcomes.
- Errors: InputTypeError (a TypeError) for an argument that doesn't say what it holds, ShapeError and
  InvalidInputError (ValueErrors) for shapes and numbers that can't be.
"""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution as TorchDistribution

from kldiv import definition
from kldiv.arguments import (
    Mask,
    Reduction,
    check_fraction,
    check_reduction,
    mask_of,
    reduced,
    rows_of,
    scaling,
    temperature_of,
)
from kldiv.autograd import entropy_rows, rowwise
from kldiv.closed_forms import registered_entropy, registered_kl
from kldiv.definition import Divergence
from kldiv.errors import InvalidInputError
from kldiv.given_numbers import real
from kldiv.inputs import Distribution
from kldiv.kernels.question import Question
from kldiv.renyi_definition import Renyi, RenyiMaximum
from kldiv.units import unit_of

Argument = Distribution | TorchDistribution

_KULLBACK_LEIBLER = definition.KullbackLeibler()  # made once: a call of ten outcomes notices


def kl(
    p: Argument,
    q: Argument,
    *,
    base: float | None = None,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The Kullback–Leibler divergence D(p‖q) = Σ p·log(p/q).

    0·log 0 = 0; +∞ where p has an outcome that q lacks; exactly 0 at p = q; never negative. The
    gradient with respect to logits of q is (softmax(q) − p), to logits of p it is p·(log(p/q) − D).

    Args:
        p: the reference distribution: Logits, LogProbs, Probs, Counts, or a `torch.distributions` object.
        q: the approximation, likewise; a pair of `torch.distributions` goes to PyTorch's own registry and has
            its batch shape: of one Normal a latent dimension, say, one number each, which `.sum(-1)` adds up.
        base: of the logarithm; None for nats, 2 for bits.
        temperature: divides the logits of both sides; the result is not multiplied by its square.
        where: booleans of the batch shape; False rows give 0 and no gradient.
        reduction: "none" for the batch shape, "sum" or "mean" over distributions.

    Returns:
        Divergences >= 0 in units of `base`, of the batch shape or, reduced, a single number.

    Raises:
        InputTypeError: a bare tensor, or a `torch.distributions` object beside a wrapper.
        ShapeError: different numbers of outcomes, or batches that don't broadcast.
        InvalidInputError: a base, temperature or reduction that can't be.
        UnsupportedPairError: two `torch.distributions` types PyTorch has no formula for.

    Source:
        Kullback & Leibler 1951, On information and sufficiency, eq. 2.4.

    Example:
        >>> kl(Probs([0.4, 0.4, 0.2]), Probs([0.5, 0.1, 0.4]), base=2)
        tensor(0.4712, dtype=torch.float64)
        >>> teacher, student = torch.randn(8, 100), torch.randn(8, 100, requires_grad=True)
        >>> kl(Logits(teacher), Logits(student), temperature=2.0, reduction="mean").backward()
    """
    if isinstance(p, TorchDistribution) or isinstance(q, TorchDistribution):
        return _reduced_where(registered_kl(p, q, temperature), where, reduction, base)
    return _evaluated("kl", _KULLBACK_LEIBLER, p, q, base, temperature, where, reduction)


def jeffreys(
    p: Argument,
    q: Argument,
    *,
    base: float | None = None,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The Jeffreys divergence D(p‖q) + D(q‖p) = Σ (p − q)·log(p/q), symmetric.

    The population stability index (PSI) is the same number. +∞ where either lacks an outcome of the other.

    Args, Returns, Raises: as for `kl`.

    Source:
        Jeffreys 1946, An invariant form for the prior probability in estimation problems.

    Example:
        >>> jeffreys(Probs([0.75, 0.25]), Probs([0.5, 0.5]), base=2)
        tensor(0.3962, dtype=torch.float64)
    """
    if isinstance(p, TorchDistribution) or isinstance(q, TorchDistribution):
        values = registered_kl(p, q, temperature) + registered_kl(q, p, temperature)
        return _reduced_where(values, where, reduction, base)
    return _evaluated("jeffreys", definition.Jeffreys(), p, q, base, temperature, where, reduction)


def js(
    p: Distribution,
    q: Distribution,
    *,
    weight: float = 0.5,
    base: float | None = None,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The Jensen–Shannon divergence w·D(p‖m) + (1 − w)·D(q‖m), m = w·p + (1 − w)·q.

    Always finite: at most w·log(1/w) + (1 − w)·log(1/(1 − w)), which is 1 bit at w = 1/2. Its square root
    is a metric at w = 1/2.

    Args:
        p: the first distribution: Logits, LogProbs, Probs or Counts.
        q: the second.
        weight: of p in the mixture and in the sum, between 0 and 1.
        base, temperature, where, reduction: as for `kl`.

    Returns, Raises: as for `kl`, and InvalidInputError for a weight outside [0, 1].

    Source:
        Lin 1991, Divergence measures based on the Shannon entropy, eq. 4.1.

    Example:
        >>> js(Probs([1.0, 0.0]), Probs([0.0, 1.0]), base=2)
        tensor(1., dtype=torch.float64)
    """
    how = definition.JensenShannon(check_fraction("weight", weight))
    return _evaluated("js", how, p, q, base, temperature, where, reduction)


def skew_kl(
    p: Distribution,
    q: Distribution,
    *,
    weight: float,
    base: float | None = None,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The skew divergence D(p‖w·p + (1 − w)·q): finite for every pair once w > 0.

    w = 0 is `kl`, w = 1 is 0. The skew reverse divergence of distillation, D(q‖(1 − w)·p + w·q), is
    `skew_kl(q, p, weight=w)`.

    Args:
        p: the reference distribution: Logits, LogProbs, Probs or Counts.
        q: the approximation.
        weight: of p in the mixture, between 0 and 1.
        base, temperature, where, reduction: as for `kl`.

    Returns, Raises: as for `kl`, and InvalidInputError for a weight outside [0, 1].

    Source:
        Lee 1999, Measures of distributional similarity, eq. 5; Ko et al. 2024, DistiLLM, eq. 4.

    Example:
        >>> skew_kl(Probs([1.0, 0.0]), Probs([0.0, 1.0]), weight=0.5, base=2)
        tensor(1., dtype=torch.float64)
    """
    share = check_fraction("weight", weight)
    # Without p in the mixture ratios may be too large for any number; `kl` needs their logarithms alone.
    how = definition.SkewKullbackLeibler(share) if share else definition.KullbackLeibler()
    return _evaluated("skew_kl", how, p, q, base, temperature, where, reduction)


def renyi(
    p: Distribution,
    q: Distribution,
    *,
    order: float,
    base: float | None = None,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """Rényi's divergence of order α: log Σ p^α·q^(1−α) / (α − 1).

    α = 1 is `kl`, its limit; α = 0 is −log q(p > 0); α = ∞ is log max p/q. It grows with α.

    Args:
        p: the reference distribution: Logits, LogProbs, Probs or Counts.
        q: the approximation.
        order: α, between 0 and ∞ (`math.inf`), both included.
        base, temperature, where, reduction: as for `kl`.

    Returns, Raises: as for `kl`, and InvalidInputError for an order below 0.

    Source:
        Rényi 1961, On measures of entropy and information; van Erven & Harremoës 2014, eq. 1.

    Example:
        >>> renyi(Probs([0.5, 0.5]), Probs([0.25, 0.75]), order=2, base=2)
        tensor(0.4150, dtype=torch.float64)
    """
    return _evaluated("renyi", _renyi(order), p, q, base, temperature, where, reduction)


def total_variation(
    p: Distribution,
    q: Distribution,
    *,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The total variation distance ½ Σ |p − q|: the largest difference in any event's probability.

    Between 0 and 1, of no unit. Its gradient is 0 where p = q.

    Args, Returns, Raises: as for `kl`; there is no logarithm and so no base.

    Source:
        Levin, Peres & Wilmer 2009, Markov Chains and Mixing Times, prop. 4.2.

    Example:
        >>> total_variation(Probs([0.5, 0.5]), Probs([0.25, 0.75]))
        tensor(0.2500, dtype=torch.float64)
    """
    return _evaluated(
        "total_variation", definition.TotalVariation(), p, q, None, temperature, where, reduction
    )


def hellinger(
    p: Distribution,
    q: Distribution,
    *,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The Hellinger distance √(½ Σ (√p − √q)²).

    A metric between 0 and 1, of no unit. Its gradient is taken as 0 at p = q, where it has its kink.

    Args, Returns, Raises: as for `kl`; there is no logarithm and so no base.

    Source:
        Hellinger 1909; Le Cam 1986, Asymptotic Methods in Statistical Decision Theory.

    Example:
        >>> hellinger(Probs([1.0, 0.0]), Probs([0.0, 1.0]))
        tensor(1., dtype=torch.float64)
    """
    return _evaluated("hellinger", definition.Hellinger(), p, q, None, temperature, where, reduction)


def chi2(
    p: Distribution,
    q: Distribution,
    *,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """Pearson's χ² divergence Σ (p − q)²/q, the variance under q of the ratio p/q.

    Of no unit; +∞ where p has an outcome that q lacks. log(1 + χ²) is Rényi's divergence of order 2.

    Args, Returns, Raises: as for `kl`; there is no logarithm and so no base.

    Source:
        Pearson 1900; Nielsen & Nock 2014, On the chi square and higher-order chi distances.

    Example:
        >>> chi2(Probs([0.5, 0.5]), Probs([0.25, 0.75]))
        tensor(0.3333, dtype=torch.float64)
    """
    return _evaluated("chi2", definition.ChiSquared(), p, q, None, temperature, where, reduction)


def entropy(
    p: Argument,
    *,
    base: float | None = None,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The entropy H(p) = −Σ p·log p, between 0 and log n.

    Args:
        p: Logits, LogProbs, Probs, Counts, or a `torch.distributions` object.
        base, temperature, where, reduction: as for `kl`.

    Returns, Raises: as for `kl`.

    Source:
        Shannon 1948, A mathematical theory of communication, §6.

    Example:
        >>> entropy(Probs([0.5, 0.25, 0.25]), base=2)
        tensor(1.5000, dtype=torch.float64)
    """
    if isinstance(p, TorchDistribution):
        return _reduced_where(registered_entropy(p, temperature), where, reduction, base)
    unit, temperature = unit_of(base), temperature_of(temperature)
    (rows, _), mask = rows_of("entropy", where, p)
    check_reduction(reduction)
    factor, total = scaling(rows, mask, reduction, unit)
    question = Question(definition.Entropy(), p.space, "logits", temperature, factor, total)
    values = entropy_rows(question, mask, rows)
    return values if total else reduced(values, mask, reduction)


def cross_entropy(
    p: Argument,
    q: Argument,
    *,
    base: float | None = None,
    temperature: float = 1.0,
    where: Mask | None = None,
    reduction: Reduction = "none",
) -> Tensor:
    """The cross-entropy −Σ p·log q = H(p) + D(p‖q), computed as that sum for the digits of q's gradient.

    Args, Returns, Raises: as for `kl`.

    Source:
        Cover & Thomas 2006, Elements of Information Theory, thm. 5.4.3 (the cost of the wrong code).

    Example:
        >>> cross_entropy(Probs([0.5, 0.5]), Probs([0.25, 0.75]), base=2)
        tensor(1.2075, dtype=torch.float64)
    """
    if isinstance(p, TorchDistribution) or isinstance(q, TorchDistribution):
        values = registered_kl(p, q, temperature) + registered_entropy(p, temperature)  # type: ignore[arg-type]
        return _reduced_where(values, where, reduction, base)
    unit, temperature = unit_of(base), temperature_of(temperature)
    (p_rows, q_rows), mask = rows_of("cross_entropy", where, p, q)
    check_reduction(reduction)
    # Each half has slopes of its own, which may nearly cancel: they are added before they are rounded.
    p_rows = p_rows.float() if p_rows.requires_grad and p_rows.dtype != torch.float64 else p_rows
    factor, total = scaling(p_rows, mask, reduction, unit)
    question = Question(_KULLBACK_LEIBLER, p.space, q.space, temperature, factor, total)
    of_p = question._replace(divergence=definition.Entropy(), q_space="logits")
    values = rowwise(question, mask, p_rows, q_rows) + entropy_rows(of_p, mask, p_rows)
    return values if total else reduced(values, mask, reduction)


def _evaluated(
    function: str,
    divergence: Divergence,
    p: Any,
    q: Any,
    base: float | None,
    temperature: float,
    where: Mask | None,
    reduction: Reduction,
) -> Tensor:
    unit, temperature = unit_of(base), temperature_of(temperature)
    (p_rows, q_rows), mask = rows_of(function, where, p, q)
    check_reduction(reduction)
    factor, total = scaling(p_rows, mask, reduction, unit)
    question = Question(divergence, p.space, q.space, temperature, factor, total)
    values = rowwise(question, mask, p_rows, q_rows)
    return values if total else reduced(values, mask, reduction)


def _renyi(order: object) -> Divergence:
    number = real(order)
    if not number >= 0:
        raise InvalidInputError(f"order is {order!r}; expected a number >= 0, or math.inf")
    if number == 1:
        return definition.KullbackLeibler()
    # Single precision has no larger order, and the limit is the same to the last digit long before.
    return RenyiMaximum() if number > torch.finfo(torch.float32).max else Renyi(number)


def _reduced_where(values: Tensor, where: Mask | None, reduction: Reduction, base: float | None) -> Tensor:
    check_reduction(reduction)
    return reduced(values, mask_of(where, values.shape, values.device), reduction, unit_of(base).nats)
