"""Intervals of counted divergences: moments against exact enumeration, coverage exact and over samples."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from tables_of_counts import (
    COUNTS,
    NAMES,
    SMOOTH,
    all_tables,
    exact_coverage,
    numbers,
    rare,
    table,
    textbook,
)

from kldiv.estimators.agreement import by_chance
from kldiv.estimators.bootstrap import moved
from kldiv.estimators.counted import JEFFREYS, KULLBACK_LEIBLER
from kldiv.estimators.discrete import DIVERGENCES, estimate_from_counts
from kldiv.estimators.intervals import Hidden, Moments, Quantiles, normal_quantiles, score, score_interval
from kldiv.estimators.two_outcomes import difference_interval, divergence_interval
from kldiv.estimators.unseen import (
    absences,
    entropy_bias,
    hidden_by_rarity,
    log_bias,
    mostly_absent,
    rarest_bias,
    surely_absent,
)

BOUNDS = {"js": math.log(2), "total_variation": 1.0, "hellinger": 1.0}


# --- moments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("divergence", SMOOTH)
@pytest.mark.parametrize(("n", "m"), [(9, 9), (5, 12), (12, 5)])
def test_the_mean_by_chance_is_that_over_all_samples_of_one_distribution(divergence, n, m):
    p = (0.7, 0.2, 0.1)
    (x, of_x), (y, of_y) = all_tables(n, p), all_tables(m, p)
    average = known = 0.0
    for counts, weight in zip(x, of_x, strict=True):
        left = np.broadcast_to(counts, y.shape)
        terms = divergence.terms(left, y, np.array([n]), np.array([m]))
        average += weight * (of_y * terms.sum(-1)).sum()
        known += weight * (of_y * by_chance(divergence.terms, left, y).mean).sum()
    # The pooled counts are sufficient: given them the mean is exact whatever p is.
    assert known == pytest.approx(average, rel=1e-10, abs=1e-12)


def test_what_was_never_or_hardly_shown_has_the_cumulants_of_a_log_gamma_variable():
    hidden = hidden_by_rarity(np.array([[2.0, 3.0, 5.0]]), np.array([[0.0, 9.0, 0.0]]))
    mean, variance, _ = scipy.stats.loggamma(1 / 3).stats("mvs")
    assert hidden.mean == pytest.approx(0.7 * (-mean - np.euler_gamma), rel=1e-9)
    assert hidden.variance == pytest.approx((0.2**2 + 0.5**2) * variance, rel=1e-9)
    assert hidden.third == pytest.approx((0.2**3 + 0.5**3) * third_cumulant(1 / 3), rel=1e-9)
    shown = hidden_by_rarity(np.array([7.0, 3.0]), np.array([1.0, 9.0]))
    assert (shown.mean, shown.variance) == (0, 0)
    # The divergence rises by p − q of −log λ, and falls with that of the other outcome.
    assert shown.third == pytest.approx(0.6**3 * third_cumulant(4 / 3), rel=1e-9)


def third_cumulant(shape):
    """Of −log of a Gamma variable, by SciPy."""
    _, variance, skewness = scipy.stats.loggamma(shape).stats("mvs")
    return -skewness * variance**1.5


@pytest.mark.parametrize(("n", "m"), [(20, 30), (30, 20), (5, 200)])
def test_an_absence_is_sure_where_the_hypergeometric_probability_of_it_is_small(n, m):
    x = np.arange(1.0, n + 1)
    tables = np.stack([x, n - x], -1), np.broadcast_to(np.array([0.0, m]), (n, 2))
    # All x values of an outcome are P's.
    chance = scipy.stats.hypergeom(n + m, x, n).pmf(x)
    absent = surely_absent(*tables, 0.025)
    assert (absent[:, 0] == (chance <= 0.025)).all()
    assert absent[:, 0].any()
    assert not absent[:, 1].any()
    assert not surely_absent(*reversed(tables), 0.025)[:-1].any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["delta", "bootstrap"])
def test_only_kl_and_psi_have_no_upper_end_and_only_where_an_absence_is_sure(name, kind):
    def high(x, y):
        return estimate_from_counts(table(x, y), divergence=name, interval=kind, resamples=100).high

    endless = name in {"kl", "psi"}
    assert (high([90, 10], [100, 0]) == math.inf) == endless
    # What Q has and P never shows adds no more than Q's share of it to D(P‖Q).
    assert (high([100, 0], [90, 10]) == math.inf) == (name == "psi")
    assert high([98, 2], [100, 0]) < math.inf


@pytest.mark.parametrize("expected", [0.05, 0.5, 0.8, 1.0, 2.0, 4.0, 9.0])
def test_rare_outcomes_tell_of_the_bias_of_the_digamma_function(expected):
    counts = np.arange(100.0)
    share = scipy.stats.poisson(expected).pmf(counts)
    # E[x·ψ(x)]/λ and E[ψ(y+1)] are both log λ + E₁(λ); it is E₁ that is told.
    entropy = (share * counts * scipy.special.digamma(np.maximum(counts, 1))).sum() / expected
    bias = entropy - math.log(expected)
    assert bias == pytest.approx((share * scipy.special.digamma(counts + 1)).sum() - math.log(expected))
    told = (share * entropy_bias(counts, np.array(expected))).sum(), (share * log_bias(counts)).sum()
    assert told[0] == pytest.approx(told[1], rel=1e-12)
    assert abs(told[0] - bias) < 0.06 if expected >= 0.5 else 0 < told[0] < bias


@pytest.mark.parametrize(("n", "m"), [(3000, 3000), (6000, 2000), (2000, 6000)])
def test_absences_that_are_no_chance_are_told_by_what_both_samples_show(n, m):
    generator, q = np.random.default_rng(9), np.array([0.5, *[0.5 / 1000] * 1000])
    # A frequent outcome has what the 300 have not.
    without = np.array([0.65, *[0.0] * 300, *[0.5 / 1000] * 700])
    draw = ((n, q), (m, without), (m, q))
    x, y, likewise = (generator.multinomial(*each, 200).astype(float) for each in draw)
    lacking = (y == 0) & (x > 0)
    found, by_chance_alone = absences(x, y), absences(x, likewise)
    # Those are shown less often than the others, which say a little too much.
    share = lacking[:, :301].sum() / lacking.sum()
    assert share - 0.15 < found.of_q.mean() < share
    assert max(each.mean() for each in (found.of_p, *by_chance_alone)) < 0.1


@pytest.mark.parametrize(("times", "least", "greatest"), [(0, 0.95, 1), (1 / 3, 0, 0.05), (1, 0, 0.025)])
def test_an_upper_end_is_missing_where_many_outcomes_are_and_not_where_they_are_only_fewer(
    times, least, greatest
):
    generator = np.random.default_rng(9)
    p, rarer = (np.array([1 - 0.1 * each, *[each * 0.1 / 150] * 150]) for each in (1.0, times))
    x, y = (generator.multinomial(2000, each, 500).astype(float) for each in (p, rarer))
    assert least <= mostly_absent(x, y, 0.025).mean() <= greatest
    # In most samples none of them is absent for sure.
    assert surely_absent(x, y, 0.025).any(-1).mean() < 0.5


def test_outcomes_that_no_chance_could_lack():
    """How many of them are expected is 0 in floating-point numbers, by which theirs is not to be divided."""
    x, y = np.array([[*[700.0] * 9, 26e3]]), np.array([[*[0.0] * 9, 28e3]])
    assert KULLBACK_LEIBLER.unbounded(x, y, 0.025).all()


def test_few_outcomes_that_may_be_lacking_by_chance_are_not_mostly_absent():
    assert not mostly_absent(np.array([[4.0, 96.0]]), np.array([[0.0, 100.0]]), 0.025).any()
    assert not mostly_absent(np.array([[0.0, 100.0]]), np.array([[0.0, 100.0]]), 0.025).any()


@pytest.mark.parametrize("expected", [0.2, 0.3, 0.45])
def test_outcomes_shown_once_and_twice_tell_the_bias_of_those_expected_seldom(expected):
    counts = np.random.default_rng(3).poisson(expected, (2000, 2000)).astype(float)
    told, linear = rarest_bias(counts), entropy_bias(counts, np.array(1.0)).sum(-1)
    bias = len(counts[0]) * expected * scipy.special.exp1(expected)
    # One in a hundred of it is left by what is nonlinear in two counts of hundreds.
    assert (told.mean + linear).mean() == pytest.approx(bias, rel=0.01)
    assert np.sqrt(told.variance).mean() == pytest.approx(told.mean.std(), rel=0.1)
    # Of outcomes that are unlike it is less than the bias, never more.
    mixed = np.random.default_rng(4).poisson(np.repeat([expected / 3, 2 * expected], 1000), (2000, 2000))
    rates = np.repeat([expected / 3, 2 * expected], 1000)
    least = (rarest_bias(mixed.astype(float)).mean + entropy_bias(mixed, np.array(1.0)).sum(-1)).mean()
    assert least < (rates * scipy.special.exp1(rates)).sum()


def test_outcomes_that_are_not_rare_tell_of_no_bias():
    assert rarest_bias(np.full((1, 5), 40.0)) == (0, 0)
    assert rarest_bias(np.array([[1.0, 9.0, 30.0]])).mean == 0


@pytest.mark.parametrize("expected", [0.05, 0.5, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0, 6.0])
def test_what_raises_a_lower_end_overestimates_the_bias_nowhere(expected):
    counts = np.arange(100.0)
    told = (scipy.stats.poisson(expected).pmf(counts) * log_bias(counts, once=0.4)).sum()
    assert told <= scipy.special.exp1(expected) + 0.0015


@pytest.mark.parametrize("divergence", [KULLBACK_LEIBLER, JEFFREYS])
@pytest.mark.parametrize(("p", "q"), [((0.01, 0.09, 0.9), (0.05, 0.25, 0.7)), ((0.3, 0.7), (0.006, 0.994))])
def test_the_unbiased_terms_have_the_truth_for_a_mean(divergence, p, q):
    n, m = 120, 100
    x, y = np.arange(n + 1.0)[:, None], np.arange(m + 1.0)[None, :]
    mean = before = 0.0
    for of_p, of_q in zip(p, q, strict=True):
        share = scipy.stats.binom(n, of_p).pmf(x) * scipy.stats.binom(m, of_q).pmf(y)
        sizes = np.array([n]), np.array([m])
        mean += (share * divergence.unbiased(x, y, *sizes)).sum()
        before += (share * divergence.terms(x, y, *sizes)).sum()
    truth = float(divergence.plug_in(np.array(p), np.array(q)))
    # E₁ is underestimated by 0.08 at most where an outcome is expected half a time or more.
    assert truth - 0.08 * 0.3 < mean <= truth + 1e-3
    assert abs(mean - truth) < 0.5 * abs(before - truth)


def mid_p_limits(count, size, share):
    """Probabilities of which so much or more has that probability, or so much or less; half of it counted."""

    def exceeded(probability):
        of = scipy.stats.binom(size, probability)
        return of.sf(count) + of.pmf(count) / 2

    tiny = 1e-15
    low = (
        scipy.optimize.brentq(lambda each: exceeded(each) - share, tiny, 1 - tiny, xtol=1e-14) if count else 0
    )
    high = 1.0
    if count < size:
        high = scipy.optimize.brentq(lambda each: 1 - exceeded(each) - share, tiny, 1 - tiny, xtol=1e-14)
    return low, high


@pytest.mark.parametrize("divergence", SMOOTH)
@pytest.mark.parametrize(
    ("x", "y"),
    [((12, 8), (7, 33)), ((3, 47), (20, 180)), ((30, 20), (28, 22)), ((1, 19), (9, 91)), ((20, 0), (50, 10))],
)
@pytest.mark.parametrize("share", [0.025, 0.1])
def test_of_two_outcomes_it_is_the_range_over_what_is_no_farther_than_the_limits(divergence, x, y, share):
    (p, q), limits = (
        (x[0] / sum(x), y[0] / sum(y)),
        (mid_p_limits(x[0], sum(x), share), mid_p_limits(y[0], sum(y), share)),
    )
    # All pairs of a fine grid, of which those are kept whose squared distances add up to 1 at most.
    grids = [np.linspace(*each, 1501) for each in limits]
    of_p, of_q = np.meshgrid(*grids, indexing="ij")
    squares = 0.0
    for each, seen, (low, high) in zip((of_p, of_q), (p, q), limits, strict=True):
        side = np.where(each > seen, high - seen, seen - low)
        squares += ((each - seen) / np.where(side > 0, side, 1.0)) ** 2
    inside = squares <= 1
    with np.errstate(divide="ignore"):
        values = divergence.plug_in(
            *(np.stack([each[inside], 1 - each[inside]], -1) for each in (of_p, of_q))
        )
    tables = np.array(x, float), np.array(y, float)
    found = divergence_interval(divergence.plug_in, *tables, share)
    apart = (of_p - of_q)[inside]
    assert (found.low == 0) == (apart.min() <= 0 <= apart.max())
    # The grid's cells are a fifteen-hundredth of the limits' distances wide.
    assert found.low == pytest.approx(values.min(), rel=0.02, abs=2e-5)
    assert found.high == pytest.approx(values.max(), rel=0.02)
    ends = divergence.interval(*tables, Quantiles(-1.0, 1.0, share), skewness=True)
    estimate = divergence.corrected(*tables)
    assert ends.low == min(found.low, estimate)
    if np.isfinite(found.high):
        assert ends.high == max(found.high, estimate)


@given(st.integers(0, 30), st.integers(0, 60), st.floats(0.01, 0.3))
def test_of_a_difference_the_range_is_the_interval_of_a_difference(first, other, share):
    x, y = np.array([first, 30.0 - first]), np.array([other, 60.0 - other])
    found = divergence_interval(lambda p, q: abs(p - q)[..., 0], x, y, share)
    # Between the directions that are looked into there is so much more.
    expected = difference_interval(x, y, share)
    assert [*map(float, found)] == pytest.approx([*map(float, expected)], abs=1e-4)


@pytest.mark.parametrize("divergence", [KULLBACK_LEIBLER, JEFFREYS])
def test_of_two_outcomes_too_there_is_an_upper_end_where_an_absence_may_be_chance(divergence):
    x, y = np.array([[1.0, 19.0], [15.0, 5.0], [0.0, 20.0]]), np.array([[0.0, 20.0]] * 3)
    high = divergence.interval(x, y, normal_quantiles(0.95), skewness=True).high
    assert np.isfinite(high).tolist() == [True, False, True]


@pytest.mark.parametrize("divergence", SMOOTH)
@pytest.mark.parametrize(
    ("p", "sizes"), [(np.full(5, 0.2), (2000, 3000)), (rare(50), (500, 500)), (rare(50), (500, 5000))]
)
def test_the_variance_where_p_equals_q_is_that_over_many_samples(divergence, p, sizes):
    generator = np.random.default_rng(8)
    x, y = (generator.multinomial(size, p, 20_000).astype(float) for size in sizes)
    moments = divergence.moments(x, y, "high")
    # A variance over 20,000 samples of a χ² shape is known within 2 %; four of those, and terms of order 1/n.
    assert moments.center.var() == pytest.approx(moments.null_variance.mean(), rel=0.08)


# --- intervals ----------------------------------------------------------------------------------------


@given(st.floats(-1, 5), st.floats(1e-6, 1), st.floats(1e-9, 2), st.floats(0.1, 4), st.floats(0.1, 4))
def test_the_ends_are_where_the_score_is_at_its_quantiles(center, scale, variance, below, above):
    nothing = np.array(0.0)
    hidden = Hidden(nothing, nothing, nothing)
    moments = Moments(*(np.array(each) for each in (center, scale, variance)), hidden, *[nothing] * 4)
    low, high = score_interval(moments, moments, Quantiles(-below, above, 0.025), skewness=False)
    # The score's square root amplifies rounding where what is under it is small.
    if low > 0:
        assert score(moments, low) == pytest.approx(above, rel=1e-6)
    else:
        assert low == pytest.approx(center - above * math.sqrt(variance), rel=1e-9, abs=1e-12)
    kept = moments._replace(center=np.maximum(moments.center, 0.0))
    assert score(kept, high) == pytest.approx(-below, rel=1e-6)


def test_normal_quantiles():
    assert normal_quantiles(0.9) == pytest.approx((*scipy.stats.norm.ppf([0.05, 0.95]), 0.05), rel=1e-12)


FEW = [
    (20, 20, (0.5, 0.5), (0.5, 0.5)),
    (40, 40, (0.5, 0.5), (0.5, 0.5)),
    (40, 120, (0.5, 0.5), (0.5, 0.5)),
    (40, 40, (0.7, 0.3), (0.5, 0.5)),
    (120, 40, (0.3, 0.7), (0.5, 0.5)),
]
# Of rare outcomes there are a handful of tables.
RARE = [
    (200, 20, (0.9, 0.1), (0.9, 0.1)),
    (20, 200, (0.9, 0.1), (0.9, 0.1)),
    (200, 20, (0.88, 0.12), (0.9, 0.1)),
    (200, 20, (0.85, 0.15), (0.9, 0.1)),
    (200, 20, (0.75, 0.25), (0.1, 0.9)),
    (20, 200, (0.1, 0.9), (0.75, 0.25)),
    (20, 400, (0.17, 0.83), (0.005, 0.995)),
    (97, 20, (0.005, 0.995), (0.03, 0.97)),
]
MORE = [
    (30, 30, (0.4, 0.3, 0.3), (0.4, 0.3, 0.3)),
    (30, 30, (0.5, 0.3, 0.2), (0.3, 0.3, 0.4)),
]
# Of three outcomes there are too many tables for total variation's search in each.
EXACT = [(name, *each) for name in NAMES for each in FEW]
EXACT += [(name, *each) for name in NAMES if name != "total_variation" for each in MORE + RARE]


@pytest.mark.parametrize(("name", "n", "m", "p", "q"), EXACT)
def test_coverage_over_all_samples(name, n, m, p, q):
    # Few tables make it jump by the probability of one. Of two outcomes it is never below what larger samples
    # have; near P = Q the truth is held whichever of both has more, and 20 values of them nearly always.
    least, greatest = (0.93, 0.998) if len(p) == 2 else (0.92, 0.995)
    assert least <= exact_coverage(name, n, m, p, q) <= greatest


def tilted(p, seed=0):
    """A random step of 1 in each log-probability away from p."""
    weights = p * np.exp(np.random.default_rng(seed).standard_normal(len(p)))
    return weights / weights.sum()


GEOMETRIC = 0.9 ** np.arange(150) / (0.9 ** np.arange(150)).sum()
STEEP = np.array([0.3, *[0.699 / 40] * 40, *[0.001 / 9] * 9])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("n", "m", "p", "q"),
    [
        (500, 500, rare(50), rare(50)),
        (100, 1000, rare(10), rare(10)),
        (1000, 500, STEEP, np.full(50, 0.02)),
        (500, 1000, np.full(50, 0.02), STEEP),
        (30, 300, (0.03, 0.3, 0.67), (0.4, 0.3, 0.3)),
        (1000, 1000, rare(100), tilted(rare(100))),
        (10_000, 1000, tilted(rare(100), 3), rare(100)),
        (1500, 1500, np.array([0.97, *[0.03 / 149] * 149]), rare(150)),
        (150, 150, np.array([0.1, *[0.9 / 14] * 14]), np.array([1e-7, *[1 / 14] * 14])),
        (20, 200, np.array([1 - 1e-5, 1e-5]), np.array([0.24, 0.76])),
        (7500, 1500, 0.95 * GEOMETRIC + 0.05 / 150, GEOMETRIC),
        (30_000, 6000, np.array([0.97, *[0.03 / 149] * 149]), np.array([0.99, *[0.01 / 149] * 149])),
    ],
    ids=[
        "equal",
        "equal, unequal sizes",
        "P lacks some",
        "Q lacks some",
        "P may lack one",
        "a step away",
        "a step away, unequal sizes",
        "rarer in P",
        "Q all but lacks one",
        "P all but lacks one",
        "Q lacks many, each of which it may by chance",
        "several times as frequent in P",
    ],
)
def test_coverage_with_outcomes_expected_once_or_never(name, n, m, p, q):
    generator, named = np.random.default_rng(6), DIVERGENCES[name]
    x, y = generator.multinomial(n, p, 500).astype(float), generator.multinomial(m, q, 500).astype(float)
    low, high = named.counted.interval(x, y, normal_quantiles(0.95), skewness=True)
    truth = float(named.counted.plug_in(np.array(p), np.array(q)))
    if named.bounded:
        low, high = np.maximum(low, 0.0), np.minimum(high, named.greatest)
    # 93 % at least; three standard deviations of a share of 500 there are 3.4 %.
    assert ((low <= truth) & (truth <= high)).mean() >= 0.93 - 3 * math.sqrt(0.93 * 0.07 / 500)


def stepped(outcomes, step):
    """A uniform distribution, and one that random steps in its log-probabilities lead to."""
    p = np.full(outcomes, 1 / outcomes)
    weights = p * np.exp(step * np.random.default_rng(0).standard_normal(outcomes))
    return p, weights / weights.sum()


@pytest.mark.parametrize(
    ("name", "step", "size"),
    [("total_variation", 0.1, 10_000), ("kl", 1.1, 1000), ("psi", 1.5, 2000)],
    ids=["small differences", "Q lacks much of P", "Q lacks much of P, both ways"],
)
def test_intervals_are_no_wider_than_they_need_be(name, step, size):
    generator, named = np.random.default_rng(6), DIVERGENCES[name]
    p, q = stepped(100, step)
    x, y = (generator.multinomial(size, each, 3000).astype(float) for each in (p, q))
    low, high = named.counted.interval(x, y, normal_quantiles(0.95), skewness=True)
    truth = float(named.counted.plug_in(p, q))
    # 1 % at least miss the truth; three standard deviations of a share of 3000 there are 0.54 %.
    assert ((low > truth) | (high < truth)).mean() >= 0.01 - 3 * math.sqrt(0.01 * 0.99 / 3000)


@pytest.mark.parametrize(
    ("name", "p", "q", "n", "m"),
    [
        ("kl", np.array([0.97, *[0.03 / 199] * 199]), rare(200), 2000, 2000),
        (
            "hellinger",
            np.repeat([0.4 / 60, 0.6 / 40], [60, 40]),
            np.repeat([1e-8, (1 - 6e-7) / 40], [60, 40]),
            10_000,
            1000,
        ),
    ],
    ids=["rarer in P", "absent from Q"],
)
def test_what_one_sample_hardly_has_is_allowed_for(name, p, q, n, m):
    generator, named = np.random.default_rng(8), DIVERGENCES[name]
    x, y = (generator.multinomial(*each, 2000).astype(float) for each in ((n, p), (m, q)))
    low, high = named.counted.interval(x, y, normal_quantiles(0.95), skewness=True)
    truth = float(named.counted.plug_in(p, q))
    # 93 % at least; three standard deviations of a share of 2000 there are 1.7 %.
    assert ((low <= truth) & (truth <= high)).mean() >= 0.93 - 0.017


def test_a_moved_outcome_among_many_is_held_as_often_as_it_says():
    generator, kl = np.random.default_rng(6), DIVERGENCES["kl"].counted
    q = np.full(77, 1 / 77)
    p = 0.88 * q + np.where(np.arange(77) == 0, 0.12, 0.0)
    x, y = (
        generator.multinomial(831, p, 3000).astype(float),
        generator.multinomial(792, q, 3000).astype(float),
    )
    low, high = kl.interval(x, y, normal_quantiles(0.95), skewness=True)
    truth = float(kl.plug_in(p, q))
    # Three standard deviations of a share of 3000 at 95 % are 1.2 %.
    assert ((low <= truth) & (truth <= high)).mean() >= 0.95 - 0.012


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["delta", "bootstrap"])
def test_samples_that_agree_perfectly_do_not_prove_equality(name, kind):
    result = estimate_from_counts(table([25, 25, 50], [25, 25, 50]), divergence=name, interval=kind)
    assert result.value == 0
    assert result.low <= 0 < result.high
    wider = estimate_from_counts(table([5, 5, 10], [5, 5, 10]), divergence=name, interval=kind)
    assert wider.high > result.high
    assert estimate_from_counts(table([3], [5]), divergence=name, interval=kind).high > 0


@pytest.mark.parametrize("name", NAMES)
@given(COUNTS)
def test_every_interval_is_in_order_and_within_bounds(name, counts):
    result = estimate_from_counts(table(*counts), divergence=name)
    assert -math.inf < result.low <= result.high
    assert not result.unbounded or result.infinite
    assert math.isfinite(result.estimate)
    bound = BOUNDS.get(name)
    if bound:
        assert 0 <= result.low <= result.high <= bound
        assert 0 <= result.estimate <= bound


@pytest.mark.parametrize("name", NAMES)
def test_a_wider_confidence_is_a_wider_interval(name):
    ends = [
        estimate_from_counts(table([30, 60, 5], [50, 40, 9]), divergence=name, confidence=c)
        for c in (0.5, 0.9, 0.99)
    ]
    assert ends[0].low > ends[1].low > ends[2].low or ends[2].low == 0
    assert ends[0].high < ends[1].high < ends[2].high


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("p", "q"),
    [((0.5, 0.3, 0.2), (0.35, 0.3, 0.35)), ((0.9, *[0.02] * 5), (0.9, *[0.02] * 5))],
    ids=["apart", "equal, with rare outcomes"],
)
def test_the_bootstrap_covers_as_often_as_it_says(name, p, q):
    generator, truth, held = np.random.default_rng(3), textbook(name, p, q), 0
    for seed in range(200):
        counts = table(generator.multinomial(120, p), generator.multinomial(150, q))
        result = estimate_from_counts(counts, divergence=name, interval="bootstrap", resamples=100, seed=seed)
        held += result.low <= truth <= result.high
    # 93 % at least; three standard deviations of a share of 200 there are 5.4 %.
    assert held / 200 >= 0.93 - 3 * math.sqrt(0.93 * 0.07 / 200)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("distance", [0.0, 0.05, 0.3])
def test_distributions_are_moved_to_a_distance(name, distance):
    divergence = DIVERGENCES[name].counted
    p, q = moved(divergence, np.array([30.0, 50.0, 20.0, 9.0]), np.array([20.0, 70.0, 10.0, 9.0]), distance)
    assert float(divergence.plug_in(p, q)) == pytest.approx(distance, rel=1e-9, abs=1e-12)
    assert (p.sum(), q.sum()) == pytest.approx((1, 1))


def test_the_bootstrap_is_the_same_for_the_same_seed_and_whatever_the_block(monkeypatch):
    counts = table([30, 60, 5], [50, 40, 9])
    first, again, other = (estimate_from_counts(counts, interval="bootstrap", seed=s) for s in (1, 1, 2))
    assert numbers(first) == numbers(again)
    assert first.low != other.low
    monkeypatch.setattr("kldiv.estimators.bootstrap._BLOCK", 300)
    smaller = estimate_from_counts(counts, interval="bootstrap", seed=1)
    assert (smaller.low, smaller.high) == pytest.approx((first.low, first.high), rel=0.25)
