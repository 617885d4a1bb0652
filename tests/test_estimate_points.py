"""D(P‖Q) of points, against closed forms, equation 29 written out, and its invariances."""

import math

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import kldiv
from kldiv.estimators import ContinuousEstimate, Estimate
from kldiv.estimators.nearest_neighbours import nearest_neighbours

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, n=40, m=30, d=2):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, d)), generator.normal(0.5, 1.5, size=(m, d))


def equation_29(x, y, k):
    """Wang, Kulkarni & Verdú 2009, by the whole matrices of distances."""
    n, d, m = *x.shape, len(y)
    total = 0.0
    for i, point in enumerate(x):
        own = np.sort(np.linalg.norm(np.delete(x, i, 0) - point, axis=1))
        other = np.sort(np.linalg.norm(y - point, axis=1))
        radius = max(own[k - 1], other[k - 1])
        own, other = own[own <= radius], other[other <= radius]
        total += d * math.log(other[-1] / own[-1])
        total += scipy.special.digamma(len(own)) - scipy.special.digamma(len(other))
    return total / n + math.log(m / (n - 1))


@pytest.mark.parametrize("k", [1, 3])
@given(SEEDS, st.integers(1, 3))
def test_it_is_equation_29(k, seed, d):
    x, y = drawn(seed, d=d)
    # Distances by two libraries differ by roundings, of which a logarithm makes no more.
    assert nearest_neighbours(x, y, k) == pytest.approx(equation_29(x, y, k), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize(
    ("of_p", "of_q", "truth"),
    [
        (lambda g, n: g.normal(0, 1, n), lambda g, n: g.normal(1, 2, n), math.log(2) + 2 / 8 - 0.5),
        (lambda g, n: g.exponential(1, n), lambda g, n: g.exponential(2, n), math.log(2) + 0.5 - 1),
        (lambda g, n: g.uniform(0, 1, n), lambda g, n: g.uniform(-1, 2, n), math.log(3)),
        (lambda g, n: g.normal(0, 1, (n, 3)), lambda g, n: g.normal(0.5, 1, (n, 3)), 3 * 0.125),
    ],
)
@pytest.mark.parametrize("n", [500, 4000])
def test_closed_forms(of_p, of_q, truth, n):
    generator = np.random.default_rng(5)
    result = kldiv.estimate(of_p(generator, n), of_q(generator, n), method="nearest_neighbours")
    # A term's standard deviation is at most about 2.5 here, so the mean's is 2.5/√n; four of them, and bias.
    assert result.estimate == pytest.approx(truth, abs=4 * 2.5 / math.sqrt(n))
    assert result.low < result.estimate < result.high


@given(SEEDS)
def test_turns_shifts_scales_and_orders_change_nothing(seed):
    x, y = drawn(seed)
    before = nearest_neighbours(x, y, 1)
    turned = [(each @ np.array([[0.6, -0.8], [0.8, 0.6]])) * 7 + 3 for each in (x, y)]
    assert nearest_neighbours(*turned, 1) == pytest.approx(before, rel=1e-8, abs=1e-8)
    assert nearest_neighbours(x[::-1], y[::-1], 1) == pytest.approx(before, rel=1e-12, abs=1e-12)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    generator, held = np.random.default_rng(1), 0
    for seed in range(60):
        x, y = generator.normal(0, 1, 100), generator.normal(1, 1, 100)
        result = kldiv.estimate(x, y, seed=seed)
        held += result.low <= 0.5 <= result.high
    # Three standard deviations of a share of 60 around 0.95 are 8.4 %.
    assert held / 60 >= 0.86


def test_a_bias_that_is_larger_than_the_spread_is_allowed_for_and_told():
    generator = np.random.default_rng(3)
    # P is wider in every direction, so that most of its points have none of Q's about them.
    x, y = generator.normal(0, 1.5, (300, 5)), generator.normal(0, 1, (300, 5))
    truth = 5 * ((1.5**2 - 1) / 2 - math.log(1.5))
    result = kldiv.estimate(x, y)
    assert result.biased
    assert result.estimate < truth
    assert result.bias < 0
    assert result.high - result.estimate > -result.bias
    assert f"not to be relied on: its bias seems to be {result.bias:+.2g}" in str(result)
    line = kldiv.estimate(generator.normal(0, 1, 300), generator.normal(0, 1, 300))
    assert not line.biased
    assert "relied" not in str(line)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("d", [1, 2, 4])
def test_points_beyond_those_of_q_are_allowed_for(monkeypatch, k, d):
    """An estimate that subsamples say has no bias: what is left is 3 nats a dimension for such points."""
    x, y = drawn(7, n=300, m=200, d=d)
    x = 3 * x
    monkeypatch.setattr("kldiv.estimators.nearest_neighbours.nearest_neighbours", lambda *_: 2.0)
    result = kldiv.estimate(x, y, method="nearest_neighbours", neighbours=k)
    among = np.sort(np.linalg.norm(y[:, None] - y, axis=-1), axis=1)[:, k].max()
    beyond = (np.sort(np.linalg.norm(x[:, None] - y, axis=-1), axis=1)[:, k - 1] > among).mean()
    # One of m + 1 is farther than all the others by chance.
    assert beyond > 1 / 201
    assert result.bias == pytest.approx(-3 * d * (beyond - 1 / 201), rel=1e-12)
    assert (result.low, result.high) == pytest.approx((2.0, 2.0 - result.bias), rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_where_q_is_narrower_the_truth_is_held_or_it_is_told(d):
    generator, told, held, equal = np.random.default_rng(11), 0, 0, 0
    truth = d * ((2.0**2 - 1) / 2 - math.log(2.0))
    for seed in range(20):
        x, y = generator.normal(0, 2, (300, d)), generator.normal(0, 1, (300, d))
        result = kldiv.estimate(x, y, seed=seed, method="nearest_neighbours", resamples=50)
        told, held = told + result.biased, held + (result.low <= truth <= result.high)
        same = kldiv.estimate(x / 2, y, seed=seed, method="nearest_neighbours", resamples=50)
        equal += same.biased
    assert told >= 10
    assert held >= 10
    assert equal <= 5


def test_the_bias_is_what_power_laws_of_the_subsamples_make_it(monkeypatch):
    """An estimate that is off by n^(−1/3) in three dimensions has that bias told exactly."""
    monkeypatch.setattr(
        "kldiv.estimators.nearest_neighbours.nearest_neighbours", lambda p, *_: 2.0 - len(p) ** (-1 / 3)
    )
    x, y = (np.random.default_rng(seed).normal(size=(1000, 3)) for seed in (1, 2))
    result = kldiv.estimate(x, y)
    assert result.bias == pytest.approx(-0.1, rel=1e-9)
    assert (result.low, result.high) == pytest.approx((1.9, 2.0), rel=1e-9)


def test_auto_says_what_it_picked_and_why():
    x, y = drawn(1, d=1)
    measured = kldiv.estimate(x.ravel().tolist(), y.ravel())
    assert isinstance(measured, ContinuousEstimate)
    assert "decimals of which none occurs more than once" in str(measured)
    assert "points of a space" in str(kldiv.estimate(x, y))
    for values in ([0.1, 0.1, 0.2], [1, 2, 3], ["a", "b"], [True, False], np.array(["2020-01-01"], "M8[D]")):
        assert isinstance(kldiv.estimate(values, values), Estimate)
    assert "counted because 100% of the values occur more" in str(kldiv.estimate([0.1, 0.1], [0.1, 0.1]))


def test_jitter_breaks_ties_and_is_seeded():
    generator = np.random.default_rng(2)
    x, y = (np.round(generator.normal(mean, 1, 300), 1) for mean in (0, 1))
    options = {"method": "nearest_neighbours", "ties": "jitter", "resamples": 20}
    first, again, other = (kldiv.estimate(x, y, seed=seed, **options) for seed in (1, 1, 2))
    assert first == again
    assert first.estimate != other.estimate
    assert first.jittered
    assert first.estimate == pytest.approx(0.5, abs=0.5)


@pytest.mark.parametrize(
    ("x", "y", "options", "error", "message"),
    [
        ([0.5, 1.5, 1.5], [2.5, 3.5, 4.5], {}, ValueError, "1 of 6 points of x and y are ties, such as 1.5"),
        ([0.5, math.nan, 1.5], [2.5, 3.5, 4.5], {}, ValueError, "x holds nan at index 1"),
        ([0.5, 1.5, 2.5], [3.5, 4.5, math.inf], {}, ValueError, "y holds inf at index 2"),
        (np.ones((3, 2)), np.ones((3, 3)), {}, ValueError, "points of 2 dimensions and y of 3"),
        ([0.5, 1.5], [2.5, 3.5, 4.5], {}, ValueError, "x has 2 points; expected at least 3"),
        ([0.5, 1.5, 2.5], [3.5, 4.5, 5.5], {"neighbours": 3}, ValueError, "expected at least 5"),
        ([0.5, 1.5, 2.5], [3.5, 4.5, 5.5], {"neighbours": 0}, ValueError, "neighbours is 0"),
        ([0.5, 1.5, 2.5], [3.5, 4.5, 5.5], {"ties": "drop"}, ValueError, "ties is 'drop'"),
        ([0.5, 1.5, 2.5], [3.5, 4.5, 5.5], {"divergence": "js"}, ValueError, "divergence is for samples"),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], {}, ValueError, "every value is 0.5 in both samples"),
        (["a", "b", "c"], ["d", "e", "f"], {}, TypeError, "doesn't hold numbers alone"),
    ],
)
def test_bad_points_are_refused_with_what_was_seen(x, y, options, error, message):
    with pytest.raises(error, match=message) as caught:
        kldiv.estimate(x, y, method="nearest_neighbours", **options)
    assert isinstance(caught.value, kldiv.KLDivError)


def test_a_mix_of_repeated_and_single_decimals_asks_for_a_method():
    with pytest.raises(kldiv.InvalidInputError, match="too few for outcomes and too many for measurements"):
        kldiv.estimate([0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.7, 0.8, 0.9])


def test_progress_is_told_block_by_block(monkeypatch):
    monkeypatch.setattr("kldiv.estimators.nearest_neighbours._BLOCK", 1000)
    told = []
    x, y = drawn(4)
    result = kldiv.estimate(x, y, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(10, 40), (20, 40), (30, 40), (40, 40)]
    assert result.estimate == pytest.approx(equation_29(x, y, 1), rel=1e-10)


def test_the_page_is_made_of_the_calibration(monkeypatch):
    from pathlib import Path

    root = Path(__file__).parent.parent
    if not (root / "benchmarks").exists():
        pytest.skip("the benchmarks are in the repository alone")
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import calibration_page
    import records

    text = (root / "docs" / "estimators.md").read_text(encoding="utf-8")
    found, exact = (records.read(each) for each in (calibration_page.FILE, calibration_page.EXACT))
    assert calibration_page.page(found, exact) == text
