"""D(P‖Q) of points, against closed forms, equation 29 written out, and its invariances."""

import math

import numpy as np
import pytest
import scipy.spatial
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st

import kldiv
from kldiv.estimators import ContinuousEstimate, Estimate, ball_bias, subsampling
from kldiv.estimators.nearest_neighbours import nearest_neighbours
from kldiv.estimators.subsampling import spread

PLANE = np.random.default_rng(0).normal(size=(30, 2))
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
    """Where densities seem to be even in their balls what is left is 3 nats a dimension for such points."""
    x, y = drawn(7, n=300, m=200, d=d)
    x = 3 * x
    monkeypatch.setattr(ball_bias, "_local", lambda *_: 0.0)
    monkeypatch.setattr(ball_bias, "_by_distance", lambda *_: 0.0)
    result = kldiv.estimate(x, y, method="nearest_neighbours", neighbours=k, resamples=20)
    among = np.sort(np.linalg.norm(y[:, None] - y, axis=-1), axis=1)[:, k].max()
    beyond = (np.sort(np.linalg.norm(x[:, None] - y, axis=-1), axis=1)[:, k - 1] > among).mean()
    # One of m + 1 is farther than all the others by chance.
    assert beyond > 1 / 201
    assert result.bias == pytest.approx(-3 * d * (beyond - 1 / 201), rel=1e-12)
    varies = spread(x, y, k, 20, 0, 0.95)
    assert result.low == pytest.approx(result.estimate - varies.above, rel=1e-12)
    assert result.high == pytest.approx(result.estimate - varies.below - result.bias, rel=1e-12)


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


def test_a_bias_that_grows_with_the_distance_to_neighbours_is_told_exactly(monkeypatch):
    """In three dimensions k of n neighbours lie within (k/n)^(1/3) of where all do."""
    monkeypatch.setattr(ball_bias, "nearest_neighbours", lambda p, _, k: 2.0 - (k / len(p)) ** (1.5 / 3))
    monkeypatch.setattr(ball_bias, "_local", lambda *_: 0.0)
    x, y = (np.random.default_rng(seed).normal(size=(1000, 3)) for seed in (1, 2))
    for k in (1, 5):
        off = -((k / 1000) ** (1.5 / 3))
        assert ball_bias.bias(x, y, k, 2.0 + off) == pytest.approx(off, rel=1e-9)


def test_farther_neighbours_are_a_quarter_of_the_smaller_sample_at_most(monkeypatch):
    asked = []
    monkeypatch.setattr(ball_bias, "nearest_neighbours", lambda *of: asked.append(of[2]) or 0.0)
    x, y = drawn(1, n=500, m=60, d=4)
    for k in (1, 2, 4, 7, 8):
        ball_bias.bias(x, y, k, 0.0)
        ball_bias.bias(y, x, k, 0.0)
    # A quarter of 60 is not twice as many as eight.
    assert asked == [6, 6, 12, 12, 15, 15, 15, 15]


def tilted(generator, slope, number, dimensions):
    """Points of the unit ball with density exp(slope·u₁)."""
    away = generator.normal(size=(60 * number, dimensions))
    points = away / np.linalg.norm(away, axis=1)[:, None]
    points *= generator.uniform(size=len(points))[:, None] ** (1 / dimensions)
    kept = points[generator.uniform(size=len(points)) < np.exp(slope * (points[:, 0] - 1))]
    assert len(kept) >= number
    return kept[:number]


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 30])
def test_the_mean_of_a_tilted_density_is_a_bessel_function(d):
    """∫exp(κ·u₁) over the unit ball, over its volume, is Γ(d/2+1)·(2/κ)^(d/2)·I_{d/2}(κ) (DLMF 10.32.2)."""
    slope = np.geomspace(1e-3, 200, 300)
    exact = scipy.special.gammaln(d / 2 + 1) + d / 2 * np.log(2 / slope)
    exact += np.log(scipy.special.ive(d / 2, slope)) + slope
    # Of the logarithm of 1 + x² for small x digits cancel in the exact one.
    assert ball_bias._log_mean(slope, d) == pytest.approx(exact, rel=0.03, abs=1e-12 / 1e-3)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("slope", [0.3, 2.0, 6.0])
def test_slopes_are_found_and_are_no_curvature(d, slope):
    points = tilted(np.random.default_rng(1), slope, 20_000, d)
    shape = ball_bias._shape(points[None])
    # The bound is off by 9 % of the slope at most, and 20,000 points tell it within 3 %.
    assert shape.slope == pytest.approx(slope, rel=0.09, abs=0.1)
    assert abs(shape.curvature) < 0.15


@pytest.mark.parametrize("d", [1, 3, 6])
def test_a_curvature_raises_the_mean_by_what_it_is(d):
    """A density 1 + c·r² at distance r from the centre has the mean 1 + c·d/(d + 2) over the ball."""
    generator, c = np.random.default_rng(2), 0.2
    radii = generator.uniform(size=200_000) ** (1 / d)
    radii = radii[generator.uniform(size=len(radii)) < (1 + c * radii**2) / (1 + c)]
    away = generator.normal(size=(len(radii), d))
    points = away / np.linalg.norm(away, axis=1)[:, None] * radii[:, None]
    # To first order in c, whose square is 4 %; the points tell it within 2 % of 1.
    assert ball_bias._shape(points[None]).curvature == pytest.approx(c * d / (d + 2), rel=0.25, abs=0.02)


@pytest.mark.parametrize(
    ("d", "shift", "wider"),
    [
        (2, 0.0, 1.5),
        (3, 0.0, 1.25),
        (3, 1.0, 1.0),
        (5, 0.0, 0.8),
        (5, 0.0, 1.25),
        (5, 1.0, 1.0),
        (3, 0.0, 1.0),
    ],
)
def test_what_balls_tell_is_how_far_estimates_are_off_on_average(d, shift, wider):
    generator, errors, told = np.random.default_rng(d), [], []
    truth = (shift**2 + d * (wider**2 - 1)) / 2 - d * math.log(wider)
    for _ in range(40):
        x, y = (generator.normal(size=(400, d)) for _ in "pq")
        x = wider * x + shift * np.eye(d)[0]
        errors.append(nearest_neighbours(x, y, 1) - truth)
        told.append(ball_bias._local(x, y, 1))
    # The mean error is known within 0.09/√40, twice that, and the second order takes a third for the rest.
    assert np.mean(told) == pytest.approx(np.mean(errors), rel=0.35, abs=0.035)
    # And one sample tells it about as well as many: the deviation is a fraction of the estimate's own.
    assert np.std(told) < 0.8 * np.std(errors)


@given(SEEDS)
def test_turns_shifts_scales_and_orders_don_t_change_the_bias(seed):
    x, y = drawn(seed)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    before = ball_bias.bias(x, y, 1, nearest_neighbours(x, y, 1))
    turned = [(each @ turn) * 7 + 3 for each in (x, y)]
    # Offsets of points that are close to one another keep some ten digits.
    assert ball_bias.bias(*turned, 1, nearest_neighbours(*turned, 1)) == pytest.approx(
        before, rel=1e-6, abs=1e-6
    )
    other = ball_bias.bias(x[::-1], y[::-1], 1, nearest_neighbours(x, y, 1))
    assert other == pytest.approx(before, rel=1e-9, abs=1e-9)


def test_more_points_than_are_fitted_are_compared_with_those():
    """P so narrow that all of its points lie in every ball: its density's logarithm is too low by log n's."""
    generator = np.random.default_rng(6)
    x, y = 1e-3 * generator.normal(size=(80, 1)), generator.normal(size=(80, 1))
    away = np.sort(abs(x - x.T), axis=1)
    nearest_of_q = np.sort(abs(x - y.T), axis=1)
    wide = np.maximum(nearest_of_q[:, 0], away[:, 1])[:, None]
    inside, fitted = (away <= wide).sum(1) - 1, 12
    radius = np.take_along_axis(away, inside[:, None], 1)[:, 0]
    expected = scipy.special.digamma(inside) - np.log(radius)
    expected -= scipy.special.digamma(fitted) - np.log(away[:, fitted])
    [ball] = ball_bias.balls(x, y, 1)
    told = ball_bias._of_p(scipy.spatial.cKDTree(x), ball)
    u = (x[np.argsort(abs(x - x.T), axis=1)[:, 1:fitted]][..., 0] - x) / away[:, fitted][:, None]
    shape = ball_bias._shape(u[..., None])
    expected += ball_bias._log_mean(shape.slope, 1) + shape.curvature
    assert (inside > fitted).sum() > 70
    assert told[inside > fitted] == pytest.approx(expected[inside > fitted], rel=1e-9)


def test_a_mean_s_spread_is_its_standard_error(monkeypatch):
    monkeypatch.setattr(subsampling, "nearest_neighbours", lambda p, *_: float(p.mean()))
    x, y = (np.random.default_rng(seed).normal(size=(64, 1)) for seed in (1, 2))
    varies = spread(x, y, 1, 20_000, 0, 0.95)
    # Of so many subsamples quantiles are known within 2 %, and the rate so that it makes no more than that.
    # Without what is lost by drawing without replacement, a quarter of the variance, it would be 13 % less.
    error = 1.96 * x.std(ddof=1) / math.sqrt(64)
    assert (varies.below, varies.above) == pytest.approx((-error, error), rel=0.07)


def test_an_estimate_that_hardly_gets_surer_with_more_points_is_not_taken_for_one_that_does(monkeypatch):
    """The greatest of n normal values deviates by 0.429 for n = 100, by 0.351 for 1000 (Tippett 1925)."""
    monkeypatch.setattr(subsampling, "nearest_neighbours", lambda p, *_: float(p.max()))
    widths = []
    for seed in range(20):
        x, y = np.random.default_rng(seed).normal(size=(2, 1000, 1))
        varies = spread(x, y, 1, 400, 0, 0.95)
        widths.append((varies.above - varies.below) / (2 * 1.96))
    # By √n it would be a third of the 0.429 of a hundred values, 0.14.
    assert np.mean(widths) == pytest.approx(0.351, abs=0.13)


def test_subsamples_of_few_points_are_as_large_as_neighbours_need(monkeypatch):
    sizes = set()
    monkeypatch.setattr(
        subsampling, "nearest_neighbours", lambda p, q, _: sizes.add((len(p), len(q))) or float(p[0, 0])
    )
    x, y = drawn(3, n=5, m=64, d=1)
    spread(x, y, 3, 20, 0, 0.95)
    assert sizes == {(4, 14), (4, 23)}


@pytest.mark.parametrize(
    ("d", "shift", "wider", "n"),
    [(1, 3.0, 1.0, 300), (5, 0.0, 0.5, 300), (1, 2.0, 1.0, 200), (3, 0.0, 1.0, 200), (2, 0.0, 0.33, 200)],
)
def test_the_truth_is_held_or_the_interval_is_said_not_to_be_relied_on(d, shift, wider, n):
    generator, failed, told = np.random.default_rng(n + d), 0, 0
    truth = (shift**2 + d * (wider**2 - 1)) / 2 - d * math.log(wider)
    for seed in range(40):
        x, y = generator.normal(size=(n, d)), generator.normal(size=(n, d))
        x = wider * x + shift * np.eye(d)[0]
        result = kldiv.estimate(x, y, seed=seed, method="nearest_neighbours", resamples=60)
        told += result.biased
        failed += not (result.biased or result.low <= truth <= result.high)
    # Three standard deviations of a share of 40 around 5 % are 10 %.
    assert failed <= 6
    # Where nothing is wrong it is said in hardly any.
    if (shift, wider) == (0.0, 1.0):
        assert told <= 3


def test_auto_says_what_it_picked_and_why():
    x, y = drawn(1, d=1)
    measured = kldiv.estimate(x.ravel().tolist(), y.ravel())
    assert isinstance(measured, ContinuousEstimate)
    assert "decimals of which none occurs more than once" in str(measured)
    assert "points of a space" in str(kldiv.estimate(x, y))
    for values in ([0.1, 0.1, 0.2], [1, 2, 3], ["a", "b"], [True, False], np.array(["2020-01-01"], "M8[D]")):
        assert isinstance(kldiv.estimate(values, values), Estimate)
    assert "counted because 100% of the values occur more" in str(kldiv.estimate([0.1, 0.1], [0.1, 0.1]))


@pytest.mark.parametrize("scale", [2.0**-1050, 2.0**-500, 2.0**500, 2.0**1000])
def test_units_do_not_matter(scale):
    x, y = drawn(3)
    plain = kldiv.estimate(x, y)
    # A power of two changes no digit, but of the smallest numbers it drops the last.
    found = kldiv.estimate(x * scale, y * scale)
    assert (found.low, found.estimate, found.high) == pytest.approx(
        (plain.low, plain.estimate, plain.high), rel=1e-6
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-6, 1e6, 1e300])
def test_a_coordinate_in_another_unit_counts_as_much(scale):
    x, y = np.random.default_rng(5).normal(size=(2, 2000, 2))
    # Of one coordinate alone, taken for two, it would be 0 or twice as much.
    result = kldiv.estimate((x + np.array([1, 0])) * [1, scale], y * [1, scale])
    assert result.low <= 0.5 <= result.high
    assert result.estimate == pytest.approx(0.5, abs=0.15)


def test_numbers_beyond_all_digits_are_measured_as_decimals_are():
    x, y = drawn(1, d=1)
    plain, large = (kldiv.estimate(x.ravel() * each, y.ravel() * each) for each in (1.0, 2.0**80))
    assert isinstance(large, ContinuousEstimate)
    assert large.estimate == pytest.approx(plain.estimate, rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64, torch.int32])
def test_tensors_of_any_type_of_numbers_are_points(dtype):
    x, y = (torch.tensor(1000 * each).to(dtype) for each in drawn(1))
    found = kldiv.estimate(x, y, ties="jitter")
    assert found == kldiv.estimate(x.double().numpy(), y.double().numpy(), ties="jitter")


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
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], {}, ValueError, "every value of x is 0.5"),
        ([0.5, 1.5, 2.5], [0.5, 0.5, 0.5], {"ties": "jitter"}, ValueError, "every value of y is 0.5"),
        (np.c_[PLANE, np.ones(30)], np.c_[PLANE, PLANE[:, 0]] + 1, {}, ValueError, "coordinate 2 of x is 1"),
        (np.c_[PLANE, PLANE.sum(1)], np.c_[PLANE, PLANE.sum(1)] + 1, {}, ValueError, "1 of 3 coordinates"),
        (np.ma.array(PLANE, mask=PLANE > 0), PLANE + 1, {}, TypeError, "x is an array that is masked"),
        (PLANE[:, 0] + 1e15, PLANE[:, 1] + 1e15, {"ties": "jitter"}, ValueError, "their distance is 0"),
        ([0.5, 1.5, 2.5], [3.5, 4.5, 5.5], {"resamples": 5}, ValueError, "resamples is 5"),
        (["a", "b", "c"], ["d", "e", "f"], {}, TypeError, "doesn't hold numbers alone"),
        ({0.5: 9, 1.5: 2, 2.5: 4}, [0.5, 1.5, 2.5], {}, TypeError, "x is a dict, .* every value as often"),
        ([0.5, 1.5, 2.5], {0.5, 1.5, 2.5}, {}, TypeError, "y is a set, .* expected a list"),
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
