"""Divergences of counts: values against SciPy and mpmath, bias against exact enumeration."""

import math

import mpmath
import numpy as np
import pytest
import scipy.spatial.distance
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from tables_of_counts import COUNTS, NAMES, SMOOTH, all_tables, numbers, table, textbook

import kldiv
from kldiv.estimators.counted import JEFFREYS, JENSEN_SHANNON, KULLBACK_LEIBLER
from kldiv.estimators.discrete import estimate_from_counts
from kldiv.estimators.hellinger import SQUARED_HELLINGER
from kldiv.estimators.total_variation import TOTAL_VARIATION

# --- the textbook values -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@given(COUNTS)
def test_values_are_the_textbooks(name, counts):
    result = estimate_from_counts(table(*counts), divergence=name)
    # SciPy's sums of k <= 6 terms cancel; the root of the squared distance doubles the digits lost at 0.
    slack = 1e-7 if name == "hellinger" else 1e-14
    assert result.value == pytest.approx(textbook(name, *counts), rel=1e-12, abs=slack)
    terms = sum(each.contribution for each in result.outcomes)
    whole = result.value**2 if name == "hellinger" else result.value
    assert terms == pytest.approx(whole, rel=1e-12, abs=1e-14)


def test_psi_is_infinite_where_either_side_lacks_an_outcome_and_says_which():
    result = estimate_from_counts(table([5, 5, 0], [5, 4, 1]), divergence="psi")
    assert result.infinite
    assert [each.outcome for each in result.missing_from_p] == [2]
    assert "P never shows 1 outcomes that have 0.1 of Q" in str(result)
    assert "Q never shows" not in str(result)
    assert not estimate_from_counts(table([5, 5, 0], [5, 4, 1])).infinite


@pytest.mark.parametrize("name", ["js", "kl", "psi"])
def test_units(name):
    nats, bits = (
        estimate_from_counts(table([5, 9, 2], [3, 3, 8]), divergence=name, base=b) for b in (None, 2)
    )
    for of_nats, of_bits in zip(numbers(nats)[:4], numbers(bits)[:4], strict=True):
        assert of_nats == pytest.approx(of_bits * math.log(2), rel=1e-14)


# --- bias ---------------------------------------------------------------------------------------------


def expectation(divergence, n, m, p, q):
    """The exact mean of the corrected estimate and of the plug-in value over all pairs of samples."""
    (x, of_x), (y, of_y) = all_tables(n, p), all_tables(m, q)
    corrected = plugged = 0.0
    for counts, weight in zip(x, of_x, strict=True):
        left = np.broadcast_to(counts, y.shape)
        corrected += weight * (of_y * divergence.corrected(left, y)).sum()
        value = divergence.plug_in(left / n, y / m)
        plugged += weight * (of_y * np.minimum(value, 5.0)).sum()
    return corrected, plugged


@pytest.mark.parametrize(
    ("divergence", "left"),
    # What is left of the plug-in's bias: the exponentially small rest of series in n·p and m·q, of JS also
    # the mixture's terms of order n⁻².
    [(KULLBACK_LEIBLER, 0.02), (JEFFREYS, 0.02), (JENSEN_SHANNON, 0.15), (SQUARED_HELLINGER, 0.06)],
)
@pytest.mark.parametrize(("p", "q"), [((0.5, 0.3, 0.2), (0.3, 0.3, 0.4)), ((0.4, 0.3, 0.3),) * 2])
def test_the_correction_removes_nearly_all_of_the_bias(divergence, left, p, q):
    corrected, plugged = expectation(divergence, 22, 26, p, q)
    truth = float(divergence.plug_in(np.array(p), np.array(q)))
    assert plugged - truth > 0.005
    assert abs(corrected - truth) < left * (plugged - truth)


def test_hellinger_corrections_are_falling_factorial_moments():
    # E[Γ(X+1)/Γ(X+½); X > 0] = √λ·erf(√λ) for Poisson's X, summed in 40 digits.
    with mpmath.workdps(40):
        for rate in (0.3, 2.0, 9.0):
            series = mpmath.nsum(
                lambda k, rate=rate: mpmath.exp(-rate) * mpmath.mpf(rate) ** k / mpmath.gamma(k + 0.5),
                [1, mpmath.inf],
            )
            assert float(series) == pytest.approx(math.sqrt(rate) * math.erf(math.sqrt(rate)), rel=1e-14)


def test_digamma_is_off_by_the_exponential_integral():
    # E[ψ(Y+1)] − log λ = E₁(λ): what Zhang & Grabchak's terms have left, and where its table may end.
    y = np.arange(400)
    for rate in (0.5, 3.0, 20.0):
        mean = (scipy.stats.poisson(rate).pmf(y) * scipy.special.digamma(y + 1)).sum()
        assert mean - math.log(rate) == pytest.approx(scipy.special.exp1(rate), rel=1e-9, abs=1e-13)


# --- smoothing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "added", "options"),
    [
        ("laplace", 1, {}),
        ("jeffreys", 0.5, {}),
        ("perks", 0.25, {}),
        ("dirichlet", 0.1, {"concentration": 0.1}),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_dirichlet_smoothing_is_the_textbook_value_of_larger_counts(method, added, options, name):
    x, y = [5, 0, 3, 2], [1, 4, 0, 6]
    result = estimate_from_counts(table(x, y), divergence=name, method=method, **options)
    expected = textbook(name, [each + added for each in x], [each + added for each in y])
    assert result.estimate == pytest.approx(expected, rel=1e-12)
    assert result.method == method
    plain = estimate_from_counts(table(x, y), divergence=name)
    assert (result.value, result.low, result.high) == (plain.value, plain.low, plain.high)


def test_the_plug_in_rule_by_name():
    result = estimate_from_counts(table([5, 0], [1, 4]), method="plug_in")
    assert result.estimate == result.value == pytest.approx(math.log(5), rel=1e-15)
    assert estimate_from_counts(table([5, 1], [4, 0]), method="plug_in").estimate == math.inf


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"divergence": "magic"}, 'expected "kl", "js", "psi", "total_variation" or "hellinger"'),
        ({"method": "dirichlet"}, "concentration is None"),
        ({"method": "dirichlet", "concentration": 0}, "concentration is 0"),
        ({"method": "laplace", "concentration": 1}, 'concentration is for method="dirichlet"'),
        ({"concentration": 1}, 'concentration is for method="dirichlet"'),
        ({"method": "zhang_grabchak", "divergence": "js"}, 'expected "bias_corrected" or "auto"'),
        ({"method": "bias_corrected"}, 'expected "zhang_grabchak" or "auto"'),
        ({"interval": "exact"}, 'expected "delta" or "bootstrap"'),
        ({"resamples": 10}, "resamples is 10; expected a whole number >= 100"),
        ({"seed": -1}, "seed is -1"),
        ({"base": 2, "divergence": "hellinger"}, "hellinger lies between 0 and 1"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(kldiv.InvalidInputError, match=message):
        estimate_from_counts(table([1, 2], [3, 4]), **options)


@pytest.mark.parametrize("counts", [[0, 0], [1, -1], [math.nan, 1], [math.inf, 1]])
def test_counts_that_are_none_are_refused(counts):
    for sides in ((counts, [1, 2]), ([1, 2], counts)):
        with pytest.raises(kldiv.InvalidInputError, match="expected"):
            estimate_from_counts(table(*sides, dtype=float))


# --- weights and other properties ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@given(COUNTS)
def test_whole_weights_give_exactly_what_counts_give(name, counts):
    whole = estimate_from_counts(table(*counts), divergence=name)
    weighted = estimate_from_counts(table(*counts, dtype=float), divergence=name)
    assert numbers(whole) == numbers(weighted)
    assert (weighted.n_p, weighted.n_q) == (whole.n_p, whole.n_q)
    assert isinstance(weighted.n_p, int)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["delta", "bootstrap"])
def test_fractional_weights_lie_between_their_neighbours(name, kind):
    results = [
        estimate_from_counts(
            table(np.array([30, 60, 5]) + s, np.array([50, 40, 9]), float), divergence=name, interval=kind
        )
        for s in (0, 1e-9, 0.5)
    ]
    assert numbers(results[0]) == pytest.approx(numbers(results[1]), rel=1e-6)
    assert all(map(math.isfinite, numbers(results[2])))
    assert results[2].n_p == 96.5


@pytest.mark.parametrize("name", NAMES)
@given(COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_outcomes_and_outcomes_of_neither_do_not_matter(name, counts, random):
    pairs = list(zip(*counts, strict=True))
    random.shuffle(pairs)
    x, y = zip(*pairs, strict=True)
    first = numbers(estimate_from_counts(table(*counts), divergence=name))
    # Sums in another order: a few roundings, of which bisection and cancelling terms make little more.
    assert numbers(estimate_from_counts(table((*x, 0), (*y, 0)), divergence=name)) == pytest.approx(
        first, rel=1e-9, abs=1e-7
    )


@pytest.mark.parametrize("name", ["js", "psi", "total_variation", "hellinger"])
@given(COUNTS)
def test_symmetric_divergences_have_symmetric_estimates(name, counts):
    there, back = (estimate_from_counts(table(*each), divergence=name) for each in (counts, counts[::-1]))
    assert numbers(there) == pytest.approx(numbers(back), rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
@given(COUNTS)
def test_merging_outcomes_never_raises_the_textbook_value(name, counts):
    x, y = counts
    fine = estimate_from_counts(table(x, y), divergence=name).value
    merged = estimate_from_counts(
        table([x[0] + x[-1], *x[1:-1], 0], [y[0] + y[-1], *y[1:-1], 0]), divergence=name
    )
    if len(x) > 1:
        assert merged.value <= fine * (1 + 1e-12) + 1e-8


@pytest.mark.parametrize(
    "divergence", [KULLBACK_LEIBLER, JEFFREYS, JENSEN_SHANNON, SQUARED_HELLINGER, TOTAL_VARIATION]
)
def test_more_of_the_same_brings_the_estimate_to_the_value(divergence):
    x, y = np.array([30.0, 60.0, 10.0]), np.array([50.0, 30.0, 20.0])
    truth = float(divergence.plug_in(x / 100, y / 100))
    gaps = [abs(float(divergence.corrected(x * times, y * times)) - truth) for times in (1, 100, 10_000)]
    # The plug-in's own bias is of order 1/n, and what is corrected away is no more.
    assert gaps[2] < 1e-5
    assert gaps[1] < 1e-3


def test_curvatures_are_second_derivatives():
    step = 1e-3
    for divergence in SMOOTH:
        p, q = np.array([0.5 + step, 0.5 - step]), np.array([0.5, 0.5])
        # f''/2·χ² with χ² = Σ (p − q)²/q = 4·step²; the next term is step² smaller.
        assert float(divergence.plug_in(p, q)) == pytest.approx(
            divergence.curvature / 2 * 4 * step**2, rel=1e-4
        )
