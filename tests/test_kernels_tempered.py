"""Probabilities and counts at another temperature than 1, by the compiled kernel.

It computes them in double precision: of single precision only the rounding of a result is left, two units. In
double precision itself the 16 units are those of the accuracy tests.
"""

import itertools

import oracle
import pytest
import torch
from cases import CHI2, HELLINGER, JEFFREYS, JS, KL, SKEW, TOTAL_VARIATION, Case, logit_rows
from forms import INF, NAN, SPACES, UNITS, assert_same, by_reference, in_space, slopes
from scipy.special import rel_entr, softmax

import kldiv
from kldiv import Counts, Probs, kernels
from kldiv.kernels import cpu

COMPILED = [KL, *JS, *SKEW, JEFFREYS, TOTAL_VARIATION, HELLINGER, CHI2]
FEW = [KL, JS[1], TOTAL_VARIATION, HELLINGER, CHI2]
PAIRS = [pair for pair in itertools.product(SPACES, repeat=2) if not {"probs", "counts"}.isdisjoint(pair)]
UNITS_IN_DOUBLE = 16


# No row is done once more: the reference's answer would say nothing of the kernel.
settled = pytest.mark.usefixtures("_settled")


@pytest.fixture
def _settled(monkeypatch):

    def refuse(hard, *_how):
        raise AssertionError(f"hard rows: {hard.nonzero().tolist()}")

    monkeypatch.setattr(cpu, "_redo", refuse)


@settled
@pytest.mark.parametrize("temperature", [0.3, 2.5])
@pytest.mark.parametrize(("p_space", "q_space"), PAIRS)
@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_every_pair_of_kinds(case, p_space, q_space, temperature):
    """Rows that fill the lanes and rows that don't; far apart, and closer than single precision tells."""
    for outcomes, gap in itertools.product((1, 2, 8, 100), (3.0, 0.1, 1e-4)):
        logits = torch.randn(6, outcomes) * 2
        p = p_space, in_space(p_space, logits)
        q = q_space, in_space(q_space, logits + torch.randn(6, outcomes) * gap)
        wanted = by_reference(case, p, q, temperature=temperature)
        assert_same(slopes(case, p, q, temperature=temperature), wanted)


@settled
@pytest.mark.parametrize("outcomes", [3, 1000])
@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_every_divergence(case, outcomes):
    p, q = (z.softmax(-1) for z in logit_rows(outcomes, torch.float32, (1.0, 0.1, 1e-2, 1e-4)))
    for temperature in (0.05, 0.7, 7.0, 100.0):
        sides = ("probs", p), ("counts", 100 * q)
        seen, wanted = (
            function(case, *sides, temperature=temperature) for function in (slopes, by_reference)
        )
        # What is less is what numbers that cancel leave, in the reference too.
        told = torch.stack([each.abs().amax(-1) > 1e-9 for each in wanted[1:]]).all(0)
        assert_same([each[told] for each in seen], [each[told] for each in wanted])


@settled
@pytest.mark.parametrize("space", ["probs", "counts"])
def test_many_outcomes(space):
    """D(p‖q) of softmax(log x / T) by SciPy, which the kernel's sums of 30,000 terms are held to."""
    values = [in_space(space, z) for z in logit_rows(30_000, torch.float32, (1.0, 0.1), scale=1.0)]
    p, q = (softmax(x.double().log().numpy() / 2, axis=-1) for x in values)
    value, _, of_q = slopes(KL, *((space, x) for x in values), temperature=2.0)
    oracle.assert_close(value, rel_entr(p, q).sum(-1).tolist(), 4)
    # ∂D/∂log y is (q − p)/T, for q depends on y through y^(1/T) alone.
    oracle.assert_close(of_q, torch.from_numpy(q - p) / 2 / values[1].double(), 4, normwise=True)


@settled
@pytest.mark.parametrize("temperature", [0.5, 3.0])
@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_close_counts_in_double_precision(case, temperature):
    """Counts that differ by some of a hundred million: dividing by their sums would round what tells them."""
    p = torch.tensor([1e8, 2e8, 4e8, 8e8, 3e7], dtype=torch.float64)
    q = p + torch.tensor([3.0, -1.0, 7.0, -20.0, -2.0])
    exact_p, exact_q = (oracle.probabilities(x.tolist(), "counts", temperature) for x in (p, q))
    value, of_p, of_q = slopes(case, ("counts", p), ("counts", q), temperature=temperature)
    oracle.assert_close(value, case.exact(exact_p, exact_q), UNITS_IN_DOUBLE, label="value")

    def at(x):
        return oracle.probabilities(x, "counts", temperature)

    wanted_p = oracle.slopes(lambda x: case.exact(at(x), exact_q), p.tolist())
    wanted_q = oracle.slopes(lambda x: case.exact(exact_p, at(x)), q.tolist())
    oracle.assert_close(of_p, wanted_p, UNITS_IN_DOUBLE, normwise=True, label="slope of p")
    oracle.assert_close(of_q, wanted_q, UNITS_IN_DOUBLE, normwise=True, label="slope of q")


@settled
@pytest.mark.parametrize("temperature", [0.01, 0.5, 3.0, 100.0])
@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_one_distribution_is_at_no_distance_from_itself(case, temperature):
    """Whatever its counts are multiplied by; a difference of their logarithms would be rounded."""
    counts = torch.randint(0, 1000, (200, 37), dtype=torch.float64)
    for factor in (1, 7, 3 * 2.0**40):
        sides = ("counts", counts), ("counts", factor * counts)
        value, of_p, of_q = slopes(case, *sides, temperature=temperature)
        assert value.count_nonzero() == 0
        assert of_p.abs().max() <= torch.finfo(torch.float64).eps
        assert of_q.abs().max() <= torch.finfo(torch.float64).eps


@pytest.mark.parametrize("temperature", [0.02, 0.4, 1.5, 30.0])
def test_no_more_of_all_counts_changes_anything(temperature):
    """Σ x·∂D/∂x = 0, as D is the same for any multiple of x (Euler)."""
    p, q = (in_space("counts", z) for z in logit_rows(200, torch.float64, (2.0, 0.3), scale=1.0))
    for case in FEW:
        _, of_p, of_q = slopes(case, ("counts", p), ("counts", q), temperature=temperature)
        for parts in (p * of_p, q * of_q):
            assert (parts.sum(-1).abs() <= 1e-14 * parts.abs().sum(-1)).all()


# --- at the border ----------------------------------------------------------------------------------

# Zeros on either side and on both, one outcome alone, numbers that single precision hardly has, and what
# are no counts: NaN, below 0, infinite, no sum.
BORDER = torch.tensor(
    [[0.5, 0.5, 0, 0], [0.25, 0.25, 0.5, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0.25, 0.25, 0.25, 0.25],
     [0, 0.5, 0.5, 0], [1e-38, 1e-12, 1e-3, 1], [0.7, 0.1, 0.1, 0.1], [NAN, 0.5, 0.5, 0],
     [-0.1, 0.6, 0.5, 0], [0, 0, 0, 0], [INF, 1, 1, 1]]
)  # fmt: skip
LOGITS = torch.tensor(
    [[0, 1, -INF, 2], [0, 1, 2, 3], [88, -300, 0, 1], [5, 5, 5, 5], [0, 1, 2, NAN], [-INF, 3, -INF, -INF],
     [1e38, 0, 0, -1e38], [0, 1, -1e9, 2], [-INF, -INF, -INF, -INF], [0, 1, 2, -104], [0, INF, 1, 1],
     [0, -1e4, 1, 2]]
)  # fmt: skip


def every_two(first, second):
    """Each row of the one beside each of the other."""
    i, j = torch.cartesian_prod(torch.arange(len(first)), torch.arange(len(second))).unbind(1)
    return first[i], second[j]


@pytest.mark.parametrize("temperature", [0.01, 0.3, 0.6, 2.0, 100.0])
@pytest.mark.parametrize("case", [*FEW, SKEW[1], JEFFREYS], ids=Case.name.fget)
@pytest.mark.parametrize(
    ("spaces", "values"),
    [(("counts", "counts"), (BORDER, BORDER)), (("probs", "logits"), (BORDER, LOGITS)),
     (("log_probs", "counts"), (LOGITS, BORDER))],
    ids=["x and x", "x and logits", "logits and x"],
)  # fmt: skip
def test_borders_are_the_references(case, spaces, values, temperature):
    p, q = zip(spaces, every_two(*values), strict=True)
    seen, wanted = (function(case, p, q, temperature=temperature) for function in (slopes, by_reference))
    assert_same(seen[:1], wanted[:1])
    for one, exact in zip(seen[1:], wanted[1:], strict=True):
        info = torch.finfo(one.dtype)
        other = torch.where(exact.abs() > info.max, exact.sign() * INF, exact)
        same = (one == other) | (one.isnan() & other.isnan())
        # Slopes that all but cancel keep the rounding of what they are differences of, in either kernel.
        slack = 1e-13 * max(1, temperature**-2)
        size = exact.abs().nan_to_num(0.0, posinf=0.0).amax(-1, keepdim=True)
        near = (one - exact).abs() <= UNITS * info.eps * size + slack
        assert (same | near).all(), (~(same | near)).nonzero()[0].tolist()


@settled
@pytest.mark.parametrize("case", [KL, JS[0], HELLINGER, TOTAL_VARIATION], ids=Case.name.fget)
def test_what_underflows_is_still_there(case):
    """(1/3)^(1/T) is no number at T = 0.001, and what it is compared with may be smaller still."""
    p = torch.tensor([[0.6, 0.2, 0.2, 0.0], [0.6, 0.2, 0.2, 0.0]])
    q = torch.tensor([[0.2, 0.6, 0.2, 0.0], [0.6, 0.1, 0.3, 0.0]])
    exact = [[oracle.probabilities(row, "probs", 0.001) for row in side.tolist()] for side in (p, q)]
    value, *grads = slopes(case, ("probs", p), ("probs", q), temperature=0.001)
    oracle.assert_close(value, list(map(case.exact, *exact)), 4)
    assert all(grad.isfinite().all() for grad in grads)


def test_nothing_of_an_outcome_is_not_little_of_it():
    """What q has not costs everything, and what it has next to nothing of only its logarithm."""
    p, q = torch.tensor([[0.5, 0.5], [0.5, 0.5]]), torch.tensor([[1.0, 0.0], [1.0, 1e-30]])
    value, _, _ = slopes(KL, ("counts", p), ("counts", q), temperature=0.02)
    assert value[0] == INF
    # p is ½ twice: D = −log 2 − ½·log q₂, where q₁ is 1 to the last digit.
    oracle.assert_close(value[1], 0.5 * 50 * oracle.mp.log(10**30) - oracle.mp.log(2), 4)


# --- around it --------------------------------------------------------------------------------------


def test_hard_rows_leave_their_neighbours_alone():
    p, q = (in_space("probs", z) for z in torch.randn(2, 40, 12).unbind())
    wanted = slopes(KL, ("probs", p), ("probs", q), temperature=2.0)
    p[3], q[7, 2], q[11, 0] = NAN, 0.0, -1.0
    seen = slopes(KL, ("probs", p), ("probs", q), temperature=2.0)
    kept = torch.ones(40, dtype=torch.bool)
    kept[[3, 7, 11]] = False
    for one, other in zip(seen, wanted, strict=True):
        assert torch.equal(one[kept], other[kept])
    assert_same(seen, by_reference(KL, ("probs", p), ("probs", q), temperature=2.0))


@settled
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(("p_space", "q_space"), [("probs", "probs"), ("counts", "logits")])
def test_half_precision(p_space, q_space, dtype):
    p = p_space, in_space(p_space, torch.randn(5, 20)).to(dtype)
    q = q_space, in_space(q_space, torch.randn(5, 20)).to(dtype)
    seen = slopes(JS[1], p, q, temperature=2.0)
    assert [each.dtype for each in seen] == [torch.float32, dtype, dtype]
    assert_same(seen, by_reference(JS[1], p, q, temperature=2.0))


@settled
@pytest.mark.parametrize("space", ["probs", "counts"])
def test_rows_are_read_where_they_lie_and_left_out(space):
    """Broadcast, along another dimension, and by `where`, under which a row may hold anything."""
    p = in_space(space, torch.randn(7, 30))[:, 3:25]
    q = in_space(space, torch.randn(4, 22, 7)).movedim(1, 2)
    where = torch.rand(4, 7) < 0.5
    q = torch.where(where[..., None], q, NAN).movedim(2, 1).contiguous().movedim(1, 2)
    assert not q.is_contiguous()
    value, of_p, of_q = slopes(KL, (space, p), (space, q), temperature=0.7, where=where)
    assert value[~where].count_nonzero() == of_q[~where].count_nonzero() == 0
    rows = p.expand(4, 7, 22)
    wanted = by_reference(KL, (space, rows[where]), (space, q[where]), temperature=0.7)
    assert_same((value[where], of_q[where]), (wanted[0], wanted[2]))
    whole = torch.zeros(4, 7, 22, dtype=torch.float64)
    whole[where] = wanted[1]
    # Single numbers, each rounded, are added up.
    assert_same((value[where], of_p), (wanted[0], whole.sum(0)), 8)


def test_graphs_kept_and_gradients_that_are_differentiated():
    p, q = (in_space("counts", z) for z in torch.randn(2, 3, 6, dtype=torch.float64).unbind())
    q.requires_grad_()

    def loss(q):
        return kldiv.js(Counts(p), Counts(q, validate=False), temperature=0.7)

    with kernels.use("cpu"):
        value = loss(q)
        first, again = (torch.autograd.grad(value.sum(), q, retain_graph=True)[0] for _ in range(2))
        torch.testing.assert_close(first, again, rtol=1e-14, atol=0)
        assert torch.autograd.gradgradcheck(loss, [q])


def test_mapped():
    p, q = (in_space("probs", z) for z in torch.randn(2, 3, 6, dtype=torch.float64).unbind())

    def loss(p, q):
        return kldiv.kl(Probs(p, validate=False), Probs(q, validate=False), temperature=2.0)

    _, of_p, of_q = slopes(KL, ("probs", p), ("probs", q), temperature=2.0)
    with kernels.use("cpu"):
        torch.testing.assert_close(torch.func.vmap(loss)(p, q), loss(p, q))
        seen = torch.func.vmap(torch.func.grad(loss, (0, 1)))(p, q)
    torch.testing.assert_close(seen, (of_p, of_q), rtol=1e-12, atol=1e-15)


def test_the_same_bits_for_any_number_of_threads():
    p, q = (in_space("probs", z) for z in torch.randn(2, 4000, 9).unbind())
    before, results = torch.get_num_threads(), []
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        results.append(slopes(JS[1], ("probs", p), ("probs", q), temperature=2.0))
    torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(one, other) for one, other in zip(result, results[0], strict=True))
