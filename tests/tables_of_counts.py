"""Two tables of counts for tests: how they are drawn, and the divergences written out."""

import itertools
import math

import numpy as np
import scipy.spatial.distance
import scipy.stats
from hypothesis import strategies as st

from kldiv.estimators.counted import JEFFREYS, JENSEN_SHANNON, KULLBACK_LEIBLER
from kldiv.estimators.counting import CountTable
from kldiv.estimators.discrete import DIVERGENCES
from kldiv.estimators.hellinger import SQUARED_HELLINGER
from kldiv.estimators.intervals import normal_quantiles

NAMES = sorted(DIVERGENCES)
SMOOTH = [KULLBACK_LEIBLER, JEFFREYS, JENSEN_SHANNON, SQUARED_HELLINGER]
COUNTS = st.integers(1, 6).flatmap(
    lambda k: st.tuples(
        st.lists(st.integers(0, 30), min_size=k, max_size=k).filter(any),
        st.lists(st.integers(0, 30), min_size=k, max_size=k).filter(any),
    )
)


def table(x, y, dtype=np.int64):
    return CountTable(list(range(len(x))), np.array(x, dtype), np.array(y, dtype))


def numbers(result):
    return result.value, result.estimate, result.low, result.high, result.p_value


def textbook(name, p, q):
    """The definitions written out, of Python floats."""
    p, q = np.array(p) / sum(p), np.array(q) / sum(q)
    if name == "kl":
        return scipy.stats.entropy(p, q)
    if name == "psi":
        return scipy.stats.entropy(p, q) + scipy.stats.entropy(q, p)
    if name == "js":
        return scipy.spatial.distance.jensenshannon(p, q) ** 2
    if name == "total_variation":
        return 0.5 * np.abs(p - q).sum()
    return math.sqrt(0.5 * ((np.sqrt(p) - np.sqrt(q)) ** 2).sum())


def all_tables(n, p):
    """Every table of counts of n values, and its probability."""
    found = [c for c in itertools.product(range(n + 1), repeat=len(p)) if sum(c) == n]
    return np.array(found, float), scipy.stats.multinomial(n, p).pmf(np.array(found))


def rare(outcomes):
    """One outcome has 90 % and the others share the rest."""
    return np.array([0.9, *[0.1 / (outcomes - 1)] * (outcomes - 1)])


def exact_coverage(name, n, m, p, q):
    """The probability, over all pairs of samples, that the 95 % interval holds the truth."""
    (x, of_x), (y, of_y) = all_tables(n, p), all_tables(m, q)
    named, covered = DIVERGENCES[name], 0.0
    truth = float(named.counted.plug_in(np.array(p), np.array(q)))
    for counts, weight in zip(x, of_x, strict=True):
        low, high = named.counted.interval(
            np.broadcast_to(counts, y.shape), y, normal_quantiles(0.95), skewness=True
        )
        # Above 0 the truth is no observed value; at 0 both ends may be 0 exactly.
        covered += weight * of_y[(low <= truth) & (truth <= high)].sum()
    return covered
