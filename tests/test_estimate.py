"""Estimates from samples, against formulas written out anew, SciPy, and exact enumeration."""

import datetime
import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

import kldiv
from kldiv.estimators.counted import KULLBACK_LEIBLER, zhang_grabchak
from kldiv.estimators.counting import CountTable
from kldiv.estimators.discrete import plug_in
from kldiv.estimators.homogeneity import by_chance_where_equal, homogeneity_p_value
from kldiv.estimators.jackknife import jackknife

DAY = datetime.date(2020, 1, 1)
P, Q = [1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 2, 3, 3, 3, 3]
COUNTS = st.integers(1, 6).flatmap(
    lambda k: st.tuples(
        st.lists(st.integers(0, 30), min_size=k, max_size=k).filter(any),
        st.lists(st.integers(0, 30), min_size=k, max_size=k).filter(any),
    )
)


def arrays(x, y):
    return np.array(x, np.int64), np.array(y, np.int64)


def test_the_example_in_bits_and_nats():
    bits, nats = kldiv.estimate(P, Q, base=2), kldiv.estimate(P, Q)
    assert bits.value == pytest.approx(0.47122876204505504, rel=1e-15)
    assert nats.value == pytest.approx(0.32663088781028327, rel=1e-15)
    assert (bits.unit, bits.base, nats.unit, nats.base) == ("bits", 2, "nats", None)
    assert (bits.n_p, bits.n_q, bits.method) == (5, 10, "zhang_grabchak")
    assert [tuple(each)[:3] for each in bits.outcomes] == [(1, 2, 5), (2, 2, 1), (3, 1, 4)]
    assert sum(each.contribution for each in bits.outcomes) == pytest.approx(bits.value, rel=1e-15)


@given(COUNTS)
def test_the_textbook_value_is_scipys_relative_entropy(counts):
    x, y = arrays(*counts)
    # A sum of k <= 6 rounded terms, of which scipy's may cancel: absolute slack of a few epsilon.
    expected = scipy.stats.entropy(x, y)
    assert plug_in(CountTable(list(range(len(x))), x, y)) == pytest.approx(expected, rel=1e-13, abs=2e-15)


@given(COUNTS)
def test_proportional_counts_have_divergence_exactly_0(counts):
    x, _ = arrays(*counts)
    assert plug_in(CountTable(list(range(len(x))), x, 3 * x)) == 0


def published_form(x, y):
    """Zhang & Grabchak's estimator as the paper has it, with its two inner sums of products."""
    n, m, total = sum(x), sum(y), 0.0
    for x_i, y_i in zip(x, y, strict=True):
        if x_i == 0:
            continue
        of_q = sum(math.prod(1 - y_i / (m - j) for j in range(v)) / v for v in range(1, m - y_i + 1))
        of_p = sum(
            math.prod(1 - (x_i - 1) / (n - j) for j in range(1, v + 1)) / v for v in range(1, n - x_i + 1)
        )
        total += x_i / n * (of_q - of_p)
    return total


@pytest.mark.parametrize(
    ("x", "y"), [((2, 2, 1), (5, 1, 4)), ((1,), (1,)), ((3, 0, 4), (0, 2, 9)), ((1, 1, 1, 20), (7, 0, 0, 1))]
)
def test_zhang_grabchak_is_the_published_double_sum(x, y):
    # The products have at most 30 factors, each rounded once or twice.
    assert zhang_grabchak(*arrays(x, y)) == pytest.approx(published_form(x, y), rel=1e-13, abs=1e-14)


def test_zhang_grabchak_has_next_to_no_bias_where_the_plug_in_has_much():
    n, p, q = 40, 0.4, 0.5
    truth = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    binomials = [scipy.stats.binom(n, each).pmf(np.arange(n + 1)) for each in (p, q)]
    expected = plug = 0.0
    for i, j in product(range(n + 1), repeat=2):
        weight = binomials[0][i] * binomials[1][j]
        x, y = arrays((i, n - i), (j, n - j))
        expected += weight * zhang_grabchak(x, y)
        plug += weight * min(plug_in(CountTable([0, 1], x, y)), 10.0)
    # An exact expectation over all samples; the bias left is below Σ p·[(1 − p)^n + (1 − q)^n].
    assert expected == pytest.approx(truth, abs=0.4 * 0.6**n + 0.6 * 0.4**n + 0.5**n)
    assert plug - truth > 0.01


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=2, max_size=6))
def test_the_jackknife_is_the_delta_method_where_counts_are_many(counts):
    x, y = 10_000.0 * np.array(counts, float).T
    p, q = x / x.sum(), y / y.sum()
    along_p, along_q = np.log(p / q), -p / q
    variance = along_p @ (np.diag(p) - np.outer(p, p)) @ along_p / x.sum()
    variance += along_q @ (np.diag(q) - np.outer(q, q)) @ along_q / y.sum()
    # Differences are slopes up to 1/count <= 1e-4 of p/q <= 150 and its square; near p = q less is left.
    assert jackknife(KULLBACK_LEIBLER.terms, x, y, 1.0) == pytest.approx(variance, rel=3e-3, abs=1e-8)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=2, max_size=6))
def test_the_p_value_of_frequent_outcomes_is_scipys_g_test(counts):
    table = 1000.0 * np.array(counts, float).T
    expected = scipy.stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue
    assert homogeneity_p_value(*table) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(4, 4), (2, 6), (5, 3)])
def test_the_mean_of_g_is_that_of_all_tables_with_these_pooled_counts(n, m):
    pooled = (1, 1, 2, 4)
    total = mass = 0.0
    for x in product(*(range(each + 1) for each in pooled)):
        if sum(x) != n:
            continue
        ways = math.prod(math.comb(t, k) for t, k in zip(pooled, x, strict=True))
        table = np.array([x, np.subtract(pooled, x)])
        statistic = scipy.stats.chi2_contingency(table, False, "log-likelihood").statistic
        total, mass = total + ways * statistic, mass + ways
    assert by_chance_where_equal(np.array(pooled, float), n, m)[0] == pytest.approx(total / mass, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(3000, 3000), (20_000, 2000)])
@pytest.mark.parametrize("shares", [np.ones(2000), 1 / np.arange(1, 3001)], ids=["alike", "Zipf's"])
def test_of_samples_of_one_distribution_as_many_are_called_different_as_is_said(shares, n, m):
    """The usual G-test calls all of these different, or none. Four standard errors of 400 draws."""
    generator = np.random.default_rng(1)
    tables = zip(*(generator.multinomial(size, shares / shares.sum(), 400) for size in (n, m)), strict=True)
    p_values = np.array([homogeneity_p_value(x.astype(float), y.astype(float)) for x, y in tables])
    for level in (0.05, 0.2, 0.5):
        allowed = 4 * math.sqrt(level * (1 - level) / len(p_values))
        assert np.mean(p_values <= level) == pytest.approx(level, abs=allowed)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3000, 3000), (500, 7)])
def test_values_that_occur_once_say_nothing(n, m):
    once = np.r_[np.ones(n), np.zeros(m)]
    assert homogeneity_p_value(once, 1 - once) == 1


def test_an_infinite_value_says_why():
    result = kldiv.estimate(["a", "a", "b", "c"], ["a", "c"])
    assert result.value == math.inf
    assert result.infinite
    assert math.isfinite(result.estimate)
    assert [each.outcome for each in result.missing_from_q] == ["b"]
    assert "Q never shows 1 outcomes that have 0.25 of P" in str(result)


COLUMNS = [pl.Series, pa.array, lambda v: pa.table({"x": v})["x"], lambda v: pa.chunked_array([v[:1], v[1:]])]


@pytest.mark.parametrize(
    "wrap",
    [
        list,
        tuple,
        iter,
        np.array,
        torch.tensor,
        Counter,
        lambda v: np.array(v, np.int8),
        lambda v: torch.tensor(v, dtype=torch.bfloat16),
        lambda v: {each: float(number) for each, number in Counter(v).items()},
        lambda v: map(Decimal, v),
        lambda v: map(Fraction, v),
        lambda v: map(float, v),
        *COLUMNS,
    ],
)
def test_any_collection_of_the_same_values_gives_the_same(wrap):
    assert kldiv.estimate(wrap(P), wrap(Q)).value == kldiv.estimate(P, Q).value
    assert kldiv.estimate(wrap(P), Q).value == kldiv.estimate(P, Q).value


@pytest.mark.parametrize("wrap", COLUMNS)
def test_a_column_of_decimals_is_measured(wrap):
    x, y = np.random.default_rng(0).normal(size=(2, 40)).tolist()
    assert kldiv.estimate(wrap(x), wrap(y)) == kldiv.estimate(x, y)
    with pytest.raises(kldiv.InputTypeError, match="x mixes numbers and None"):
        kldiv.estimate(wrap([1, None]), wrap([1]))


@pytest.mark.parametrize(
    "value", ["x", b"x", (1, "a"), frozenset({1}), True, np.datetime64("2020-01-01"), None]
)
def test_any_hashable_kind_is_an_outcome(value):
    result = kldiv.estimate([value, value], [value])
    assert (result.value, len(result.outcomes), result.p_value) == (0, 1, 1)


def test_equal_numbers_of_any_type_and_all_nans_are_one_outcome_each():
    result = kldiv.estimate([1, 2.0, float("nan"), np.float32("nan")], [1.0, np.int64(2), math.nan])
    assert [each.p_count for each in result.outcomes] == [1, 1, 2]
    assert [each.q_count for each in result.outcomes] == [1, 1, 1]


def test_nans_in_tuples_are_one_outcome_too():
    """As of two columns with missing values, of which each is a NaN of its own."""
    columns = np.array([[1, math.nan], [math.nan, math.nan], [1, math.nan]]).tolist()
    result = kldiv.estimate(map(tuple, columns), [(1, float("nan")), ((math.nan,), 2)])
    counts = {str(each.outcome): (each.p_count, each.q_count) for each in result.outcomes}
    assert counts == {"(1.0, nan)": (2, 1), "(nan, nan)": (1, 0), "((nan,), 2)": (0, 1)}


def test_missing_values_of_pandas_alone_are_one_outcome():
    x = pd.Series([None, None], dtype="Int64")
    assert [each.p_count for each in kldiv.estimate(x, x).outcomes] == [2]


def test_outcomes_with_an_order_in_part_keep_the_order_they_were_seen_in():
    """A set of them would have another on another day, and the bootstrap draws in that order."""
    seen = [frozenset(each) for each in ("ab", "cd", "ef", "gh", "ij", "kl", "mn", "op")]
    assert [each.outcome for each in kldiv.estimate(seen, seen).outcomes] == seen


def test_outcomes_without_an_order_keep_the_order_they_were_seen_in():
    result = kldiv.estimate([2 + 1j, 1j], [1j, 5j])
    assert [each.outcome for each in result.outcomes] == [2 + 1j, 1j, 5j]


@pytest.mark.parametrize("divergence", ["kl", "js", "psi", "hellinger", "total_variation"])
@pytest.mark.parametrize("size", [10**6, 10**15])
def test_the_more_values_the_less_is_left_of_the_interval(divergence, size):
    x, y = {"a": size, "b": 2 * size, "c": 3}, {"a": 2 * size, "b": size, "c": 3}
    result = kldiv.estimate(x, y, divergence=divergence)
    assert result.low <= result.value <= result.high
    # Two probabilities of 1/3 are known within √(2/9/size); of 10¹⁵ the digits of their counts' sum are left.
    assert result.high - result.low < 10 * size**-0.5
    assert result.n_p == 3 * size + 3


@pytest.mark.parametrize("divergence", ["kl", "js", "psi", "hellinger", "total_variation"])
def test_samples_without_a_value_in_common_have_an_interval(divergence):
    result = kldiv.estimate(range(10), range(10, 20), divergence=divergence)
    assert not math.isnan(result.low)
    assert result.low <= result.estimate <= result.high


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ([], [1], ValueError, "x is empty; expected at least one value"),
        ([1], [], ValueError, "y is empty"),
        ([1, "a"], [1], TypeError, "x mixes numbers and text: value 0 is 1 and value 1 is 'a'"),
        ([1], ["a"], TypeError, "x holds numbers and y holds text"),
        ([1, None], [1], TypeError, "x mixes numbers and None"),
        ([True, 2], [1], TypeError, "x mixes booleans and numbers"),
        ([[1]], [[1]], TypeError, "write tuples for lists"),
        ("abc", "abd", TypeError, r"write list\(x\)"),
        ({1, 2}, [1], TypeError, "x is a set"),
        (5, [1], TypeError, "x is int; expected a collection of values"),
        (np.ones((2, 2, 2)), [1.0], ValueError, r"x has shape \(2, 2, 2\); expected one dimension"),
        ({"a": -1}, {"a": 1}, ValueError, "x counts 'a' -1 times"),
        ({"a": 0.5}, {"a": 1}, ValueError, "x counts 'a' 0.5 times"),
        ({"a": 0}, {"a": 1}, ValueError, "x is empty"),
        ({"a": math.inf}, {"a": 1}, ValueError, "x counts 'a' inf times"),
        ({"a": True}, {"a": 1}, ValueError, "x counts 'a' True times"),
        ({"a": 2**62, "b": 2**62}, {"a": 1}, ValueError, "x counts 9,223,372,036,854,775,808 values"),
        ([1, 2], [torch.tensor(1)], TypeError, r"y holds tensors.*write torch.stack\(y\)"),
        ([1.0], torch.empty(3, device="meta"), TypeError, "y is a tensor that is on the meta device"),
        (torch.empty(3, 2, device="meta"), np.ones((3, 2)), TypeError, "x is a tensor that is on the meta"),
        (torch.ones(3).to_sparse(), [1.0], TypeError, r"x is a tensor that is sparse; expected x.to_dense"),
        (torch.eye(3).to_sparse(), np.eye(3), TypeError, r"x is a tensor that is sparse"),
        (np.ma.array([1, 2], mask=[0, 1]), [1], TypeError, r"x is an array that is masked.*x.compressed"),
        ([DAY], [np.datetime64(DAY)], TypeError, "x holds dates and y holds datetime64 values"),
        ([DAY], [datetime.datetime(2020, 1, 1)], TypeError, "x holds dates and y holds dates with times"),
        (["a", None], ["a"], TypeError, "mixes text and None: .* and missing ones left out or named"),
        (["a", math.nan], ["a"], TypeError, "mixes text and numbers: .* and missing ones left out or named"),
    ],
)
def test_bad_samples_are_refused_with_what_was_seen(x, y, error, message):
    with pytest.raises(error, match=message) as caught:
        kldiv.estimate(x, y)
    assert isinstance(caught.value, kldiv.KLDivError)


def test_a_confidence_of_another_type_is_a_float():
    wanted = kldiv.estimate([*"aabbbc"], [*"aabccc"], confidence=0.5)
    for half in (np.float16(0.5), Fraction(1, 2)):
        found = kldiv.estimate([*"aabbbc"], [*"aabccc"], confidence=half)
        assert found == wanted
        assert type(found.confidence) is float


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method is 'magic'"),
        ({"divergence": ["kl"]}, r"divergence is \['kl'\]; expected \"kl\""),
        ({"interval": "boot"}, "interval is 'boot'; expected one of auto, delta, bootstrap, subsampling"),
        ({"confidence": 1 - 2**-53}, "confidence is 0.9999999999999999"),
        ({"confidence": torch.tensor(0.9)}, "confidence is tensor"),
        ({"confidence": 1}, "confidence is 1"),
        ({"confidence": 0.0}, "confidence is 0.0"),
        ({"base": 1}, "base is 1"),
        ({"base": "2"}, "base is '2'"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(kldiv.InvalidInputError, match=message):
        kldiv.estimate(P, Q, **options)
