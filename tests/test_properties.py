"""What holds for every pair of distributions, tried on many: theorems, relations and shapes.

Inequalities between two computed numbers are held to the rounding of each: `SLACK` is 64 units of float64's
epsilon, for the chain of roundings and the sums of up to eight terms.
"""

import math
from itertools import pairwise

import pytest
import torch
from cases import DIVERGENCES, JS, KINDS, KL, RENYI, Case, wrapped
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import kldiv
from kldiv.inputs import Counts, Logits, LogProbs, Probs

SLACK = 64 * 2.0**-52
INF = math.inf
# For tests of one function; those that run over all of them have the profile's number for each.
many_examples = settings(max_examples=100)
by_case = pytest.mark.parametrize("case", DIVERGENCES, ids=Case.name.fget)

moderate = st.floats(-20, 20)
border = st.sampled_from([0.0, -INF, -1e9, -1e4, 88.0, -300.0, 1e4, 1e30, 1e-30, 5e-324])
anything = moderate | border
exact_shifts = st.integers(-1000, 1000)


def rows(numbers, count=2, least=1, most=8):
    """`count` rows of one length, each with a finite number in it."""
    sizes = st.integers(least, most)
    finite = lambda row: max(row) > -INF  # noqa: E731 (used once, in the next line)
    return sizes.flatmap(
        lambda n: st.tuples(*[st.lists(numbers, min_size=n, max_size=n).filter(finite) for _ in range(count)])
    )


def logits(row):
    return Logits(torch.tensor(row, dtype=torch.float64))


def at_most(smaller, larger):
    return smaller <= larger * (1 + SLACK) or (smaller == larger == INF)


def near(a, b, units=64):
    return a == b or math.isclose(a, b, rel_tol=units * 2.0**-52, abs_tol=1e-300)


# --- zero, sign and bounds ---------------------------------------------------------------------------


@by_case
@given(pair=rows(anything))
def test_never_negative_nor_nan(case, pair):
    for dtype in (torch.float32, torch.float64):
        value = case(*(Logits(torch.tensor(row).to(dtype)) for row in pair)).item()
        assert value >= 0


@by_case
@given(row=rows(anything, count=1))
def test_zero_at_equality(case, row):
    """Exactly, in every kind: huge logits, masks and single outcomes too."""
    assert case(logits(row[0]), logits(row[0])) == 0
    z = torch.tensor(row[0], dtype=torch.float64)
    for kind in KINDS:
        assert case(wrapped(kind, z), wrapped(kind, z)) == 0


@by_case
@given(row=st.lists(st.integers(-500, 500), min_size=1, max_size=8), shift=exact_shifts)
def test_zero_for_shifted_logits(case, row, shift):
    """A shift that is exact in floating point changes nothing, and the answer is exactly 0."""
    z = torch.tensor(row, dtype=torch.float32) / 8
    assert case(Logits(z), Logits(z + shift)) == 0
    assert case(Logits(z + shift), Logits(z), temperature=3.0) == 0


@many_examples
@given(pair=rows(st.integers(-40, 40).map(float), least=2))
def test_zero_only_at_equality(pair):
    """Logits that differ by more than a constant have a divergence above 0 in either direction."""
    gaps = {a - b for a, b in zip(*pair, strict=True)}
    assume(len(gaps) > 1)
    p, q = map(logits, pair)
    assert kldiv.kl(p, q) > 0
    assert kldiv.kl(q, p) > 0


@many_examples
@given(pair=rows(anything), weight=st.floats(0, 1))
def test_bounds(pair, weight):
    """Jensen–Shannon by the entropy of its weights, the distances by 1, entropy by log n."""
    p, q = map(logits, pair)
    bound = -weight * math.log(weight) - (1 - weight) * math.log1p(-weight) if 0 < weight < 1 else 0.0
    assert at_most(kldiv.js(p, q, weight=weight).item(), bound)
    assert at_most(kldiv.total_variation(p, q).item(), 1)
    assert at_most(kldiv.hellinger(p, q).item(), 1)
    assert at_most(kldiv.entropy(p).item(), math.log(len(pair[0])))
    assert kldiv.entropy(p) >= 0


def test_bounds_are_reached():
    p, q = Probs([1.0, 0.0]), Probs([0.0, 1.0])
    assert kldiv.js(p, q, base=2) == kldiv.total_variation(p, q) == kldiv.hellinger(p, q) == 1
    assert all(case(p, q) == INF for case in [KL, *RENYI])


# --- theorems ----------------------------------------------------------------------------------------


@by_case
@given(pair=rows(anything, least=2, most=6), seed=st.randoms())
def test_order_of_outcomes(case, pair, seed):
    """Nothing depends on it but the order of a sum."""
    order = seed.sample(range(len(pair[0])), len(pair[0]))
    seen = case(*(logits([row[i] for i in order]) for row in pair)).item()
    assert near(seen, case(*map(logits, pair)).item(), units=2**12)


@by_case
@given(counts=rows(st.integers(0, 50), least=2).filter(lambda pair: all(map(sum, pair))))
def test_merging_outcomes_never_raises_it(case, counts):
    """The data-processing inequality (Csiszár 1967; van Erven & Harremoës 2014, thm. 9)."""
    merged = [[row[0] + row[1], *row[2:]] for row in counts]
    before, after = (case(*map(Counts, pair)).item() for pair in (counts, merged))
    # Where merging loses nothing, both are the same number with different roundings.
    assert after <= before + SLACK * max(1, before)


@many_examples
@given(pair=rows(moderate, count=4, least=2, most=4))
def test_chain_rule(pair):
    """D(P×R‖Q×S) = D(P‖Q) + D(R‖S) for products."""
    p, q, r, s = (torch.tensor(row, dtype=torch.float64) for row in pair)
    joint = kldiv.kl(Logits((p[:, None] + r).flatten()), Logits((q[:, None] + s).flatten())).item()
    parts = kldiv.kl(Logits(p), Logits(q)).item() + kldiv.kl(Logits(r), Logits(s)).item()
    # Adding the logits rounds them, by up to 4e-15, which moves a divergence by that times √D.
    assert abs(joint - parts) <= 1e-13 * (parts + math.sqrt(parts) + 1e-13)


@many_examples
@given(pair=rows(moderate))
def test_pinsker(pair):
    """D >= 2·TV² (Cover & Thomas 2006, lemma 11.6.1), and TV between H² and √2·H."""
    p, q = map(logits, pair)
    variation, hellinger = kldiv.total_variation(p, q).item(), kldiv.hellinger(p, q).item()
    # Smaller ones have squares that are no float64.
    assume(variation > 1e-150)
    assert at_most(2 * variation**2, kldiv.kl(p, q).item())
    assert at_most(hellinger**2, variation)
    assert at_most(variation, math.sqrt(2) * hellinger)


@many_examples
@given(pair=rows(anything))
def test_renyi_grows_with_its_order(pair):
    """van Erven & Harremoës 2014, thm. 3."""
    p, q = map(logits, pair)
    values = [case(p, q).item() for case in RENYI]
    # Rényi's exponents are multiplied by the order, 30 at most, and so are their roundings.
    assert all(a <= b * (1 + 30 * SLACK) or a == b for a, b in pairwise(values))


@many_examples
@given(pair=rows(moderate, count=3))
def test_metrics(pair):
    """√JS, Hellinger and total variation obey the triangle inequality (Endres & Schindelin 2003)."""
    p, q, r = map(logits, pair)
    for metric in (lambda a, b: kldiv.js(a, b).sqrt(), kldiv.hellinger, kldiv.total_variation):
        assert at_most(metric(p, r).item(), (metric(p, q) + metric(q, r)).item())


# --- relations ---------------------------------------------------------------------------------------


def test_without_p_in_the_mixture_a_skew_divergence_is_kl_also_beyond_the_range_of_ratios():
    p, q = kldiv.Logits(torch.zeros(1000)), kldiv.Logits(torch.tensor([-1e4, *[0.0] * 999]))
    # By hand: log p is −log 1000, log q −log 999, and 1e4 less for one of a thousand.
    assert kldiv.kl(p, q).item() == pytest.approx(math.log(999 / 1000) + 10, rel=1e-6)
    assert kldiv.skew_kl(p, q, weight=0) == kldiv.kl(p, q)


@many_examples
@given(pair=rows(moderate))
# Equal distributions of logits whose difference is rounded.
@example(pair=([5.0], [1.874531255322572e-07]))
def test_relations(pair):
    """What one divergence is of another, each computed by formulas of its own."""
    p, q = map(logits, pair)
    kl, reverse = kldiv.kl(p, q).item(), kldiv.kl(q, p).item()
    chi2, hellinger = kldiv.chi2(p, q).item(), kldiv.hellinger(p, q).item()
    half = kldiv.renyi(p, q, order=0.5).item()
    assert near(kldiv.jeffreys(p, q).item(), kl + reverse)
    # Exponentials of log-ratios of up to 80 multiply a rounding by that.
    assert near(kldiv.renyi(p, q, order=2).item(), math.log1p(chi2), units=1000)
    assert near(-math.expm1(-half / 2), hellinger**2, units=1000)
    assert near(half, kldiv.renyi(q, p, order=0.5).item())
    assert near(kldiv.renyi(p, q, order=1).item(), kl)
    assert near(kldiv.skew_kl(p, q, weight=0).item(), kl)
    assert kldiv.skew_kl(p, q, weight=1) == 0
    assert near(kldiv.cross_entropy(p, q).item(), kldiv.entropy(p).item() + kl)


@many_examples
@given(pair=rows(moderate), order=st.floats(0.05, 0.95))
def test_renyi_skew_symmetry(pair, order):
    """(1 − α)·D_α(P‖Q) = α·D_(1−α)(Q‖P): van Erven & Harremoës 2014, prop. 2."""
    p, q = map(logits, pair)
    one = (1 - order) * kldiv.renyi(p, q, order=order).item()
    other = order * kldiv.renyi(q, p, order=1 - order).item()
    assert near(one, other, units=1000)


@many_examples
@given(pair=rows(anything), weight=st.floats(0, 1))
def test_jensen_shannon_symmetry(pair, weight):
    """Swapping the sides and the weights changes nothing; it is the sum of two skew divergences."""
    p, q = map(logits, pair)
    value = kldiv.js(p, q, weight=weight).item()
    # 1 − weight is rounded unless weight is a multiple of 2⁻⁵³.
    assert math.isclose(value, kldiv.js(q, p, weight=1 - weight).item(), rel_tol=1e-12, abs_tol=1e-15)
    parts = weight * kldiv.skew_kl(p, q, weight=weight) + (1 - weight) * kldiv.skew_kl(
        q, p, weight=1 - weight
    )
    if 0 < weight < 1:
        assert math.isclose(value, parts.item(), rel_tol=1e-12, abs_tol=1e-15)


@many_examples
@given(pair=rows(anything), base=st.floats(1.1, 100))
def test_base(pair, base):
    """A change of base is a division by its logarithm."""
    p, q = map(logits, pair)
    for case in (KL, JS[0], RENYI[2], RENYI[-1]):
        assert near(case(p, q, base=base).item() * math.log(base), case(p, q).item())
    assert near(kldiv.entropy(p, base=base).item() * math.log(base), kldiv.entropy(p).item())


@many_examples
@given(row=rows(moderate, count=1), temperature=st.floats(0.1, 50))
def test_temperature_divides_logits(row, temperature):
    z = torch.tensor(row[0], dtype=torch.float64)
    direct = kldiv.kl(Logits(z / temperature), Logits(-z / temperature)).item()
    # z / T is rounded here and the difference of two z there.
    assert near(kldiv.kl(Logits(z), Logits(-z), temperature=temperature).item(), direct, units=500)


@by_case
@given(counts=rows(st.integers(0, 9)).filter(lambda pair: all(map(sum, pair))))
def test_kinds_agree(case, counts):
    """One pair of distributions with zeros in it, as counts, probabilities, and both kinds of logarithm."""
    weights = [torch.tensor(row, dtype=torch.float64) for row in counts]
    parts = [w / w.sum() for w in weights]
    expected = case(Counts(counts[0]), Counts(counts[1])).item()
    for p, q in [
        map(Probs, parts),
        (LogProbs(part.log()) for part in parts),
        (Logits(w.log()) for w in weights),
        (Probs(parts[0]), Logits(weights[1].log())),
        (LogProbs(parts[0].log()), Counts(counts[1])),
    ]:
        # Logarithms of 2e-16 off: a divergence of D moves by that times √D, and a distance by that alone.
        seen = case(p, q).item()
        assert math.isclose(seen, expected, rel_tol=1e-13, abs_tol=1e-14)


# --- shapes ------------------------------------------------------------------------------------------

BATCHES = [
    ((), ()),
    ((3,), (3,)),
    ((2, 1), (3,)),
    ((), (2, 3)),
    ((1, 3), (2, 1)),
    ((0,), (1,)),
    ((2, 0), (0,)),
]


@by_case
@pytest.mark.parametrize(("of_p", "of_q"), BATCHES, ids=str)
def test_batches_broadcast(case, of_p, of_q):
    """The result has the broadcast batch shape, and each number is its own row's."""
    p, q = torch.randn(*of_p, 4), torch.randn(*of_q, 4)
    seen = case(Logits(p), Logits(q))
    assert seen.shape == torch.broadcast_shapes(of_p, of_q)
    wide_p, wide_q = torch.broadcast_tensors(p, q)
    rows = zip(wide_p.reshape(-1, 4), wide_q.reshape(-1, 4), strict=True)
    alone = [case(Logits(a), Logits(b)).item() for a, b in rows]
    # One row may be summed in another order than many.
    torch.testing.assert_close(seen.flatten(), torch.tensor(alone), rtol=1e-6, atol=0)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("p_dim", "q_dim"), [(-1, -1), (0, 0), (1, 1), (2, 2), (-2, 0), (0, -1), (1, -3)])
def test_event_dimension(kind, p_dim, q_dim):
    """Any position of it is what moving it last gives; the batch keeps its order."""
    p, q = (wrapped(kind, torch.randn(2, 3, 5, dtype=torch.float64)).values for _ in "pq")
    expected = kldiv.kl(kind(p), kind(q))
    moved = [kind(x.movedim(-1, dim).contiguous(), dim=dim) for x, dim in ((p, p_dim), (q, q_dim))]
    torch.testing.assert_close(kldiv.kl(*moved), expected, rtol=1e-14, atol=0)


@by_case
@pytest.mark.parametrize("where", [None, [True, False, True], [[True], [False]], True])
def test_reductions(case, where):
    """Over distributions at any rank; "mean" counts the rows asked for, broadcast as they are."""
    p, q = torch.randn(2, 2, 3, 4, dtype=torch.float64)
    each = case(Logits(p), Logits(q), where=where)
    mask = torch.ones(2, 3, dtype=torch.bool) & torch.tensor(True if where is None else where)
    near = {"rtol": 1e-14, "atol": 0}
    torch.testing.assert_close(each, torch.where(mask, case(Logits(p), Logits(q)), 0.0), **near)
    assert each[~mask].count_nonzero() == 0
    torch.testing.assert_close(case(Logits(p), Logits(q), where=where, reduction="sum"), each.sum(), **near)
    mean = each.sum() / mask.sum()
    torch.testing.assert_close(case(Logits(p), Logits(q), where=where, reduction="mean"), mean, **near)


@pytest.mark.parametrize(
    ("p", "q", "result"),
    [
        (torch.float32, torch.float32, torch.float32),
        (torch.bfloat16, torch.float16, torch.float32),
        (torch.float16, torch.float64, torch.float64),
        (torch.float32, torch.float64, torch.float64),
    ],
)
def test_dtype_of_the_result(p, q, result):
    one, other = torch.randn(3).to(p), torch.randn(3).to(q)
    for case in DIVERGENCES:
        assert case(Logits(one), Logits(other)).dtype == result
    assert kldiv.entropy(Logits(one)).dtype == torch.promote_types(p, torch.float32)
