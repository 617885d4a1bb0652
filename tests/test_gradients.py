"""Gradients: of any order, to either side, from every kind of value, through torch's transformations."""

import math
from functools import partial

import pytest
import torch
from cases import (
    CROSS_ENTROPY,
    DIVERGENCES,
    HELLINGER,
    KINDS,
    KL,
    SMOOTH,
    TOTAL_VARIATION,
    Case,
    logit_rows,
    wrapped,
)
from torch import func
from torch.autograd import forward_ad

import kldiv
from kldiv.inputs import Counts, Logits, LogProbs, Probs

INF = math.inf
EPSILON = torch.finfo(torch.float64).eps
# Differentiable where p and q differ in every outcome.
DIFFERENTIABLE = [case for case in DIVERGENCES if case.name != "renyi-inf"]
ALL = [*DIVERGENCES, CROSS_ENTROPY]
by_case = partial(pytest.mark.parametrize, "case", ids=Case.name.fget)
by_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
# PyTorch's own forward mode calls what PyTorch has deprecated.
in_forward_mode = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")


def float64_pair(size=4, gap=1.0):
    return [z[0].requires_grad_() for z in logit_rows(size, torch.float64, (gap,), scale=1.0)]


def check(function, inputs):
    """First and second derivatives against finite differences, which are good to 1e-5 in float64."""
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


@by_kind
@by_case(argvalues=[*DIFFERENTIABLE, CROSS_ENTROPY])
def test_both_sides_twice(case, kind):
    """Probabilities are reached through softmax, so that what is tried stays on the simplex."""
    check(lambda p, q: case(wrapped(kind, p), wrapped(kind, q)), float64_pair())


@by_kind
@by_case(argvalues=ALL)
def test_many_upstream_gradients_at_a_time(case, kind):
    """As a vectorised Jacobian asks for them; both ways are right to some units of numbers of order 1."""
    rows = logit_rows(5, torch.float64, (1.0, 0.1, 2.0), scale=1.0)
    functions = [lambda p, q: case(wrapped(kind, p), wrapped(kind, q)), lambda p, q: functions[0](p, q).sum()]
    for function in functions:
        together, apart = (
            torch.autograd.functional.jacobian(function, tuple(rows), vectorize=vectorize)
            for vectorize in (True, False)
        )
        for found, wanted in zip(together, apart, strict=True):
            torch.testing.assert_close(found, wanted, rtol=64 * EPSILON, atol=64 * EPSILON)


@by_case(argvalues=SMOOTH)
def test_twice_at_equality(case):
    """Where the first derivative vanishes and the second is the Fisher information, up to a factor."""
    z = float64_pair()[0].detach()
    check(lambda p, q: case(Logits(p), Logits(q)), [z.clone().requires_grad_() for _ in "pq"])


@by_kind
def test_entropy_twice(kind):
    check(lambda z: kldiv.entropy(wrapped(kind, z)), float64_pair()[:1])


@by_case(argvalues=[KL, TOTAL_VARIATION, HELLINGER])
@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind.__name__)
def test_mixed_kinds_and_temperature(case, kind):
    check(lambda p, q: case(wrapped(kind, p), wrapped(Probs, q), temperature=1.7), float64_pair())


@pytest.mark.parametrize("kind", [Probs, LogProbs])
def test_off_the_simplex(kind):
    """There kl is Σ p·log(p/q) − p + q, and its derivatives are of that."""
    p, q = ([0.4, 0.35, 0.25], [0.2, 0.3, 0.5])
    raw = [torch.tensor(x, dtype=torch.float64) for x in (p, q)]
    values = [(x.log() if kind is LogProbs else x).requires_grad_() for x in raw]
    check(lambda p, q: kldiv.kl(kind(p, validate=False), kind(q, validate=False)), values)


@pytest.mark.parametrize("side", [0, 1])
@by_case(argvalues=DIVERGENCES)
def test_slope_at_a_count_of_zero(case, side):
    """One-sided, where it is finite: what one count of an outcome that this side has never shown would do."""
    counts = [[0.5, 0.2, 0.3], [0.3, 0.1, 0.6]]
    counts[side][1] = 0.0

    def at(step):
        moved = [list(row) for row in counts]
        moved[side][1] += step
        return case(*map(Counts, moved)).item()

    leaf = torch.tensor(counts[side], dtype=torch.float64, requires_grad=True)
    case(*(Counts(leaf if i == side else row) for i, row in enumerate(counts))).backward()
    coarse, fine = ((at(step) - at(0.0)) / step for step in (1e-8, 1e-10))
    # A slope without a limit has quotients a log 100 or a power of it apart; one that nears its limit
    # as √step is 1e-4 from it.
    if abs(fine - coarse) < 1e-3 * (1 + abs(coarse)):
        assert math.isclose(leaf.grad[1], coarse, rel_tol=1e-3, abs_tol=1e-4)
    else:
        assert not leaf.grad[1].isnan()


@pytest.mark.parametrize("temperature", [0.5, 2.0])
@pytest.mark.parametrize("function", [kldiv.chi2, kldiv.total_variation])
def test_slope_at_a_probability_of_zero_at_another_temperature(function, temperature):
    """p^(1/T) has slope 0 there for T < 1; for T > 1 it has none: the derivative is within the support."""
    p = torch.tensor([0.0, 0.25, 0.75], requires_grad=True)
    function(Probs(p), Probs([0.5, 0.25, 0.25]), temperature=temperature).backward()
    assert p.grad[0] == 0
    assert p.grad.isfinite().all()


@pytest.mark.parametrize("temperature", [1.0, 0.6, 2.5])
def test_counts_directly(temperature):
    """Counts are normalised, so any perturbation of them is a distribution."""
    counts = [
        torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in ([2.0, 2.0, 1.0], [5.0, 1.0, 4.0])
    ]
    check(lambda p, q: kldiv.kl(Counts(p), Counts(q), temperature=temperature), counts)


ZEROS = [
    ([0.5, 0.0, 0.5], [0.25, 0.25, 0.5]),
    ([0.25, 0.25, 0.5], [0.5, 0.0, 0.5]),
    ([0.5, 0.0, 0.5], [0.75, 0.0, 0.25]),
    ([1.0, 0.0, 0.0], [0.0, 0.5, 0.5]),
    ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
    ([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]),
]


def _leaf(kind, probabilities):
    values = torch.tensor(probabilities, dtype=torch.float64)
    return (values if kind in (Probs, Counts) else values.log()).requires_grad_()


@by_kind
@by_case(argvalues=ALL)
@pytest.mark.parametrize(("p", "q"), ZEROS, ids=str)
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_never_nan_at_zeros(case, kind, p, q, temperature):
    """An infinite divergence has infinite slopes; 0·log 0 = 0 has those within the support."""
    p, q = _leaf(kind, p), _leaf(kind, q)
    value = case(kind(p), kind(q), temperature=temperature)
    value.backward()
    assert not value.isnan()
    assert not p.grad.isnan().any()
    assert not q.grad.isnan().any()


@by_case(argvalues=ALL)
@pytest.mark.parametrize(
    ("p", "q"),
    [
        ((88.0, -300.0), (-300.0, 88.0)),
        ((0.0, -1e9, 1.0), (0.0, 2.0, 1.0)),
        ((0.0, 2.0, 1.0), (0.0, -1e9, 1.0)),
        ((0.0, -200.0, 1.0), (0.0, -300.0, 2.0)),
        ((0.0, -INF, 1.0), (0.0, 3.0, 2.0)),
        ((0.0, -INF, 1.0), (0.0, -INF, 1.0)),
        ((1e38, -1e38), (-1e38, 1e38)),
        ((1.0,), (4.0,)),
    ],
    ids=str,
)
def test_never_nan_at_the_border(case, p, q):
    """First and second derivatives in float32, where the exponentials of these logits overflow."""
    p, q = (torch.tensor(z, requires_grad=True) for z in (p, q))
    first = torch.autograd.grad(case(Logits(p), Logits(q)), (p, q), create_graph=True)
    assert not any(slope.isnan().any() for slope in first)
    squares_fit = all(z.nan_to_num(neginf=0.0).square().isfinite().all() for z in (p, q))
    if squares_fit and all(slope.isfinite().all() for slope in first):
        probe = sum((slope * torch.arange(1.0, 1 + len(slope))).sum() for slope in first)
        second = torch.autograd.grad(probe, (p, q), allow_unused=True, materialize_grads=True)
        assert not any(slope.isnan().any() for slope in second)


@by_kind
def test_infinite_divergence_pulls_towards_the_missing_outcome(kind):
    """Where D is ∞ because q lacks an outcome, more of it in q would make D less, and less of it in p."""
    p, q = _leaf(kind, [0.5, 0.25, 0.25]), _leaf(kind, [0.5, 0.0, 0.5])
    kldiv.kl(kind(p), kind(q)).backward()
    assert p.grad[1] == INF
    if kind in (Probs, Counts):
        assert q.grad[1] == -INF
        assert q.grad[::2].isfinite().all()
    else:
        assert q.grad[1] < 0
        assert q.grad.isfinite().all()


def test_gradients_of_each_other_side_alone():
    """A side that needs no gradient gets none and changes nothing for the other."""
    p, q = float64_pair()
    both = torch.autograd.grad(kldiv.kl(Logits(p), Logits(q)), (p, q))
    of_p = torch.autograd.grad(kldiv.kl(Logits(p), Logits(q.detach())), p)[0]
    of_q = torch.autograd.grad(kldiv.kl(Logits(p.detach()), Logits(q)), q)[0]
    torch.testing.assert_close((of_p, of_q), both, rtol=0, atol=0)
    assert not kldiv.kl(Logits(p.detach()), Logits(q.detach())).requires_grad


def test_one_tensor_on_both_sides():
    """The two gradients add: D(p‖softmax(z)) + … as one function of z."""
    z = float64_pair()[0]
    check(lambda z: kldiv.kl(Logits(z), Logits(2 * z)), [z])


def test_arbitrary_weights_of_rows():
    """Rows are independent: a weighted sum of them has the weighted gradients, 0 for a row of weight 0."""
    p, q = (z.requires_grad_() for z in logit_rows(5, torch.float64, (1.0, 0.1, 3.0)))
    weights = torch.tensor([2.0, 0.0, -0.5], dtype=torch.float64)
    kldiv.kl(Logits(p), Logits(q)).backward(weights)
    expected = (torch.softmax(q, -1) - torch.softmax(p, -1)) * weights[:, None]
    torch.testing.assert_close(q.grad, expected, rtol=1e-12, atol=1e-15)
    assert q.grad[1].count_nonzero() == p.grad[1].count_nonzero() == 0


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
@pytest.mark.parametrize("once_more", [False, True], ids=["once", "to be differentiated once more"])
def test_weight_zero_of_an_infinite_row(kernel, once_more):
    """0·∞ is 0 where nobody asked for the row."""
    p = torch.tensor([[0.0, 1.0], [0.0, 1.0]], requires_grad=True)
    q = torch.tensor([[0.0, -INF], [0.0, 2.0]], requires_grad=True)
    with kldiv.kernels.use(kernel):
        value = kldiv.kl(Logits(p), Logits(q))[1]
    of_p, of_q = torch.autograd.grad(value, (p, q), create_graph=once_more)
    assert of_p[0].tolist() == of_q[0].tolist() == [0.0, 0.0]
    assert of_q[1].count_nonzero() == 2


def test_retained_graph():
    p, q = float64_pair()
    value = kldiv.kl(Logits(p), Logits(q))
    first = torch.autograd.grad(value, (p, q), retain_graph=True)
    torch.testing.assert_close(torch.autograd.grad(value, (p, q)), first, rtol=0, atol=0)


@by_case(argvalues=ALL)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_where_shuts_out_a_row(case, reduction):
    """NaNs in it don't reach the value, and the gradient is exactly 0 there."""
    p, q = logit_rows(3, torch.float64, (1.0, 1.0, 0.5))
    p[1], q[1, 0] = math.nan, math.nan
    p.requires_grad_()
    q.requires_grad_()
    keep = torch.tensor([True, False, True])
    value = case(Logits(p), Logits(q), where=keep, reduction=reduction)
    value.backward()
    alone = case(Logits(p[keep]), Logits(q[keep]), reduction=reduction)
    # Equal up to the order in which two numbers and a 0 are added.
    torch.testing.assert_close(value, alone, rtol=1e-15, atol=0)
    expected = torch.autograd.grad(alone, (p, q))
    torch.testing.assert_close((p.grad, q.grad), expected, rtol=1e-15, atol=0)
    assert p.grad[1].count_nonzero() == q.grad[1].count_nonzero() == 0


@by_kind
def test_where_shuts_out_a_row_of_any_kind(kind):
    values = torch.tensor(
        [[0.25, 0.75], [math.nan, 1.0], [0.0, 0.0]], dtype=torch.float64, requires_grad=True
    )
    other = kind(torch.tensor([0.5, 0.5], dtype=torch.float64), validate=False)
    # Anomaly detection: no NaN on the way either, which a later 0 would hide.
    with torch.autograd.set_detect_anomaly(True):
        value = kldiv.kl(kind(values, validate=False), other, where=[True, False, False])
        value.sum().backward()
    assert value[1:].tolist() == [0.0, 0.0]
    assert values.grad[1:].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert values.grad[0].count_nonzero() > 0


def test_mean_of_no_row():
    """0/0 is NaN, as torch's mean of nothing is; the gradient is 0 all the same."""
    z = torch.zeros(2, 3, requires_grad=True)
    value = kldiv.kl(Logits(z), Logits(z), where=[False, False], reduction="mean")
    value.backward()
    assert value.isnan()
    assert z.grad.count_nonzero() == 0


@by_kind
def test_broadcast_gradients(kind):
    """A row that serves many gets the sum of their gradients, in its own shape."""
    p, q = logit_rows(4, torch.float64, (1.0, 0.1, 3.0))
    row, matrix = p[0].clone().requires_grad_(), q.clone().requires_grad_()
    kldiv.kl(wrapped(kind, row), wrapped(kind, matrix), reduction="sum").backward()
    each = [p[0].clone().requires_grad_() for _ in q]
    for one, other in zip(each, q, strict=True):
        kldiv.kl(wrapped(kind, one), wrapped(kind, other)).backward()
    assert row.grad.shape == row.shape
    torch.testing.assert_close(row.grad, sum(one.grad for one in each), rtol=1e-13, atol=1e-15)


@by_kind
def test_event_dimension_of_gradients(kind):
    p, q = (z.detach() for z in logit_rows(3, torch.float64, (1.0, 0.1)))
    upright, lying = p.clone().requires_grad_(), p.T.contiguous().requires_grad_()
    values = {Logits: lambda z, _: z, LogProbs: torch.log_softmax}.get(kind, torch.softmax)
    for z, dim in ((upright, -1), (lying, 0)):
        kldiv.kl(kind(values(z, dim), dim=dim), wrapped(kind, q), reduction="sum").backward()
    torch.testing.assert_close(lying.grad.T, upright.grad, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_gradient_has_the_dtype_of_its_side(dtype):
    p = torch.randn(3, 5, dtype=dtype, requires_grad=True)
    q = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    value = kldiv.kl(Logits(p), Logits(q), reduction="mean")
    value.backward()
    assert (value.dtype, p.grad.dtype, q.grad.dtype) == (torch.float64, dtype, torch.float64)


@by_case(argvalues=[KL, CROSS_ENTROPY, TOTAL_VARIATION])
def test_autocast(case):
    """Autocast to bfloat16 leaves the arithmetic in float32: the same numbers as without it."""
    p, q = logit_rows(6, torch.float32, (1.0, 1e-3))
    expected = case(Logits(p), Logits(q))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = case(Logits(p), Logits(q))
    torch.testing.assert_close(seen, expected, rtol=0, atol=0)


@by_kind
@by_case(argvalues=ALL)
def test_function_transforms(case, kind):
    """grad, vmap and jacrev of torch.func give what autograd gives."""
    p, q = logit_rows(3, torch.float64, (1.0, 0.3))

    def one(p, q):
        normal = {Logits: lambda z: z, LogProbs: partial(torch.log_softmax, dim=-1)}
        values = normal.get(kind, partial(torch.softmax, dim=-1))
        return case(kind(values(p), validate=False), kind(values(q), validate=False))

    leaves = [z.clone().requires_grad_() for z in (p, q)]
    rows = one(*leaves)
    expected = torch.autograd.grad(rows.sum(), leaves)
    near = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-15)
    near(func.vmap(one)(p, q), rows)
    near(func.vmap(func.grad(one, argnums=(0, 1)))(p, q), expected)
    near(func.vmap(func.jacrev(one, argnums=(0, 1)))(p, q), expected)
    near(func.vmap(one, in_dims=(0, None))(p, q[0]), one(p, q[0]))


@in_forward_mode
@by_kind
@by_case(argvalues=ALL)
def test_forward_mode(case, kind):
    """Along a tangent, in dual numbers and by torch.func.jvp: the gradient's product with it."""
    rows, moves = logit_rows(5, torch.float64, (1.0, 0.1)), logit_rows(10, torch.float64, (1.0, 0.1))
    leaves = [wrapped(kind, z).values.clone().requires_grad_() for z in rows]
    moves = [move[:, :5] for move in moves]
    where = torch.tensor([True, False])

    def function(p, q):
        return case(*(kind(z, validate=False) for z in (p, q)), where=where, temperature=2.0)

    value = function(*leaves)
    slopes = torch.autograd.grad(value.sum(), leaves)
    wanted = sum((slope * move).sum(-1) for slope, move in zip(slopes, moves, strict=True))
    plain = tuple(leaf.detach() for leaf in leaves)
    of_func = func.jvp(function, plain, tuple(moves))
    with forward_ad.dual_level():
        duals = map(forward_ad.make_dual, plain, moves)
        of_duals = forward_ad.unpack_dual(function(*duals))
    for seen in (of_func, of_duals):
        torch.testing.assert_close(tuple(seen), (value.detach(), wanted), rtol=1e-12, atol=1e-14)


@in_forward_mode
@by_case(argvalues=SMOOTH)
def test_hessians_by_either_mode(case):
    """Forward mode over the gradients, as torch.func.hessian does it, and reverse mode over them."""
    p, q = (z[0] for z in logit_rows(4, torch.float64, (0.5,)))
    for position in (0, 1):
        seen, wanted = (
            outer(func.jacrev(lambda p, q: case(Logits(p), Logits(q)), position), position)(p, q)
            for outer in (func.jacfwd, func.jacrev)
        )
        torch.testing.assert_close(seen, wanted, rtol=1e-11, atol=1e-13)


@in_forward_mode
def test_hessian_at_equality_is_the_fisher_information():
    """∂²D/∂zq² = diag(p) − p·pᵀ, by torch.func twice over."""
    z = float64_pair()[0].detach()
    p = torch.softmax(z, -1)
    seen = func.hessian(lambda q: kldiv.kl(Logits(z), Logits(q)))(z)
    torch.testing.assert_close(seen, p.diag() - torch.outer(p, p), rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore")
def test_compiled_without_a_graph_break():
    """Value and gradients of the compiled function are those of the plain one, up to the order of sums."""

    def loss(p, q):
        return kldiv.kl(Logits(p), Logits(q), temperature=2.0, reduction="mean")

    p, q = (z.requires_grad_() for z in logit_rows(7, torch.float32, (1.0, 1e-3)))
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")(p, q)
    torch.testing.assert_close(compiled, loss(p, q), rtol=1e-6, atol=0)
    seen = torch.autograd.grad(compiled, (p, q))
    torch.testing.assert_close(seen, torch.autograd.grad(loss(p, q), (p, q)), rtol=1e-6, atol=1e-9)
