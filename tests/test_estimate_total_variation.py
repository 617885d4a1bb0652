"""Total variation's interval: what chance does, which outcomes surely differ, and how often it is right."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from tables_of_counts import all_tables, exact_coverage, rare

from kldiv.estimators.chance_differences import differences
from kldiv.estimators.intervals import normal_quantiles
from kldiv.estimators.total_variation import TOTAL_VARIATION, line
from kldiv.estimators.two_outcomes import difference_interval


@pytest.mark.parametrize(("n", "m"), [(9, 9), (5, 12), (12, 5), (30, 3000), (400, 300)])
def test_differences_by_chance_are_those_of_a_hypergeometric_variable(n, m):
    pooled = np.unique(np.minimum([0, 1, 2, 3, 7, 13, 40, 60, 150], n + m))
    # Tables of two outcomes, of which the first is asked about.
    x = np.minimum(pooled, n).astype(float)
    y = pooled - x
    found = differences(np.stack([x, n - x], -1), np.stack([y, m - y], -1))
    for index, t in enumerate(pooled):
        of_p = np.arange(n + 1)
        share = scipy.stats.hypergeom(n + m, t, n).pmf(of_p)
        difference = of_p / n - (t - of_p) / m
        mean, square = (share * abs(difference)).sum(), (share * difference**2).sum()
        signed = (share * difference * abs(difference)).sum()
        # Larger counts are between those that were tabulated, or taken for normal.
        within = 1e-9 if t <= 64 and min(n, m) * t < 25 * (n + m) else 0.02
        assert found.mean[index, 0] == pytest.approx(mean, rel=within, abs=1e-15)
        left = square - mean**2 - (signed**2 / square if square > 0 else 0)
        assert found.variance[index, 0] == pytest.approx(left, rel=5 * within, abs=1e-15)
        assert found.square[index, 0] == pytest.approx(square, rel=1e-9, abs=1e-15)
        if square > 0:
            assert found.slope[index, 0] == pytest.approx(signed / square, abs=max(within, 1e-9) * 5)


@pytest.mark.parametrize(("n", "m"), [(300, 300), (300, 3000), (3000, 300)])
@pytest.mark.parametrize("p", [np.full(30, 1 / 30), rare(30)], ids=["uniform", "rare"])
def test_total_variation_by_chance_is_that_over_many_samples(n, m, p):
    generator = np.random.default_rng(9)
    x, y = (generator.multinomial(size, p, 20_000).astype(float) for size in (n, m))
    of = line(x, y)
    none = np.zeros(len(x))
    mean, deviation, chance = of.moments(none, of.seen.shares(of.seen.patterns().likely))
    strays = of.observed - mean
    # The mean is exact given the pooled counts; that of 20,000 is known within four standard errors.
    assert abs(strays.mean()) < 4 * strays.std() / math.sqrt(20_000)
    assert strays.std() == pytest.approx(deviation.mean(), rel=0.08)
    assert scipy.stats.skew(strays) == pytest.approx(6 * of.skewness.mean(), abs=0.15)
    assert (chance == 1).all()


def test_the_squares_less_their_noise_are_those_of_the_true_differences_on_average():
    p, q = (0.7, 0.2, 0.1), (0.4, 0.4, 0.2)
    (x, of_x), (y, of_y) = all_tables(7, p), all_tables(5, q)
    average = np.zeros(3)
    for counts, weight in zip(x, of_x, strict=True):
        seen = line(np.broadcast_to(counts, y.shape), y).seen
        average += weight * (of_y[:, None] * (seen.squares - seen.noise)).sum(0)
    assert average == pytest.approx((np.array(p) - np.array(q)) ** 2, rel=1e-9)


def test_an_outcome_is_sure_where_chance_never_takes_that_many_so_far():
    generator = np.random.default_rng(4)
    p = np.full(60, 1 / 60)
    x, y = (generator.multinomial(6000, p, 500).astype(float) for _ in "pq")
    assert not line(x, y).seen.sure.any()
    # Two hundred more, twice as many as there are, are ten standard deviations.
    x[:, 0] += 200
    sure = line(x, y).seen.sure
    assert sure[:, 0].mean() > 0.95
    assert not sure[:, 1:].any()


@pytest.mark.parametrize("step", [0.0, 0.2, 0.5])
def test_what_is_not_sure_takes_the_less_of_the_distance_the_less_it_is_beyond_chance(step):
    generator = np.random.default_rng(4)
    q = np.array([0.3, 0.3, *[0.4 / 38] * 38])
    rest = q[2:] * np.exp(step * generator.standard_normal(38))
    p = np.array([0.5, 0.1, *(0.4 * rest / rest.sum())])
    x, y = (generator.multinomial(4000, each, 300).astype(float) for each in (p, q))
    seen, true = line(x, y).seen, abs(p - q)[2:].sum() / abs(p - q).sum()
    below, likely, above = (seen.shares(each)[:, 2:].sum(-1) for each in seen.patterns())
    assert (below <= likely + 1e-12).all()
    assert (likely <= above + 1e-12).all()
    # It is at least what the sure ones add up to, which is 0 but for chance.
    assert below.mean() - 0.03 < true < above.mean()
    assert likely.mean() == pytest.approx(true, abs=0.06)


def least(count, size, share):
    """The probability that has as many or more with that probability, half of the count's own counted."""
    if count == 0:
        return 0.0

    def exceeded(p):
        counts = scipy.stats.binom(size, p)
        return counts.sf(count) + counts.pmf(count) / 2 - share

    return scipy.optimize.brentq(exceeded, 0, 1, xtol=1e-13)


@pytest.mark.parametrize("share", [0.025, 0.1])
@pytest.mark.parametrize(("n", "m"), [(20, 97), (12, 5)])
def test_the_limits_of_two_outcomes_are_those_of_both_as_independent_errors(n, m, share):
    for a, b in [(0, 0), (0, m), (3, 1), (1, 3), (n, m), (n - 1, 0), (n // 2, m // 2)]:
        p, q = a / n, b / m
        p_low, q_low = least(a, n, share), least(b, m, share)
        p_high, q_high = 1 - least(n - a, n, share), 1 - least(m - b, m, share)
        low = p - q - math.sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
        high = p - q + math.sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
        expected = (0 if low <= 0 <= high else min(abs(low), abs(high)), min(max(-low, high), 1))
        # Either outcome may be the one that is counted.
        for turned in (1, -1):
            x, y = np.array([a, n - a][::turned], float), np.array([b, m - b][::turned], float)
            assert difference_interval(x, y, share) == pytest.approx(expected, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(
    ("n", "m", "p", "q"),
    [
        (20, 97, 0.05, 0.002),
        (20, 97, 0.02, 0.004),
        (20, 20, 0.05, 0.002),
        (20, 400, 0.08, 0.002),
        (50, 200, 0.02, 0.002),
        (150, 150, 0.002, 0.01),
        (50, 200, 0.3, 0.3),
    ],
)
def test_the_distance_of_two_outcomes_is_held_however_rare_one_is(n, m, p, q):
    for sizes in ((n, m, p, q), (m, n, q, p)):
        size_p, size_q, of_p, of_q = sizes
        held = exact_coverage("total_variation", size_p, size_q, (of_p, 1 - of_p), (of_q, 1 - of_q))
        assert held >= 0.93


def test_what_is_true_of_the_differences_is_right_where_p_has_all_rare_outcomes_less_often():
    generator, p = np.random.default_rng(4), np.array([0.95, *[0.05 / 199] * 199])
    n, m = 2000, 20_000
    x, y = (generator.multinomial(*each, 300).astype(float) for each in ((n, p), (m, rare(200))))
    seen = line(x, y).seen
    # Their noise is less than it is by chance, where P would have them more often.
    differences, chance = p - rare(200), (n * p + m * rare(200)) / (n * m)
    ratio = (differences**2 / chance)[1:].mean()
    assert seen.patterns().likely.true.mean() == pytest.approx(ratio / (1 + ratio), abs=0.03)


def test_what_is_not_sure_has_as_much_of_the_distance_as_the_sure_ones_add_up_to():
    # One outcome has a fifth more in P, and a hundred share what it takes from them.
    x, y = np.array([700.0, *[3.0] * 100]), np.array([500.0, *[5.0] * 100])
    seen = line(x, y).seen
    assert (seen.sure == (np.arange(101) == 0)).all()
    for pattern in seen.patterns():
        assert seen.shares(pattern)[0] <= 0.5 + 1e-12


def reversed_rare(outcomes):
    """P has nearly all of its mass in one outcome, and Q as much of it in another."""
    return rare(outcomes)[::-1], rare(outcomes)


def moved(outcomes, share):
    """P has more of one outcome, and less of all others."""
    q = np.full(outcomes, 1 / outcomes)
    return (1 - share) * q + share * (np.arange(outcomes) == 0), q


RARER = np.array([0.89, *[0.11 / 99] * 99])
RARER_YET = np.array([2.0, *np.exp(np.random.default_rng(1).standard_normal(199))]) * rare(200)


@pytest.mark.parametrize(
    ("p", "q", "n", "m"),
    [
        (*reversed_rare(35), 3000, 2000),
        (*reversed_rare(47), 564, 4296),
        (*moved(23, 0.1), 900, 1900),
        (*moved(10, 0.12), 285, 347),
        (RARER, rare(100), 1000, 10_000),
        (RARER_YET / RARER_YET.sum(), rare(200), 2000, 20_000),
        (np.array([0.984, *[0.016 / 99] * 99]), np.array([0.98, *[0.02 / 99] * 99]), 5000, 1000),
        (np.array([0.993, 0.005, 0.002]), np.array([0.94, 0.055, 0.005]), 128, 33),
    ],
    ids=[
        "two of many",
        "two of many, rare",
        "one more",
        "one of few",
        "all rare ones more",
        "rarer in P",
        "a little rarer in P",
        "three, two rare",
    ],
)
def test_a_distance_that_few_outcomes_or_all_alike_make_is_held(p, q, n, m):
    generator = np.random.default_rng(6)
    x, y = generator.multinomial(n, p, 1000).astype(float), generator.multinomial(m, q, 1000).astype(float)
    low, high = TOTAL_VARIATION.interval(x, y, normal_quantiles(0.95), skewness=True)
    truth = 0.5 * abs(p - q).sum()
    # 93 % at least; three standard deviations of a share of 1000 there are 2.4 %.
    assert ((low <= truth) & (truth <= high)).mean() >= 0.93 - 3 * math.sqrt(0.93 * 0.07 / 1000)
