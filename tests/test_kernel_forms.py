"""The forms of rows the compiled kernel has: few outcomes side by side, and sides of different kinds.

They are held to the reference kernel in double precision, which the accuracy tests hold to 60-digit
arithmetic. Both forms compute in double precision themselves, so that of single precision only the rounding
of a result is left: two units of its epsilon, relative to a value and to the largest number of a gradient.
Few outcomes of which p's gradient is not wanted are weighed in single precision: each weight, e^(−t), their
product and the sums of eight of them are off by a unit or so, of either side, which may all add up.
"""

import itertools

import pytest
import torch
from cases import CHI2, HELLINGER, JEFFREYS, JS, KL, SKEW, TOTAL_VARIATION, Case
from forms import INF, NAN, SPACES, UNITS, assert_same, by_reference, in_space, slopes

import kldiv
from kldiv import Logits, definition, kernels
from kldiv.kernels import cpu
from kldiv.kernels.cpu import plan
from kldiv.kernels.cpu.generators import marker_of

COMPILED = [KL, *JS, *SKEW, JEFFREYS, TOTAL_VARIATION, HELLINGER, CHI2]
FEW = [KL, JS[1], HELLINGER, CHI2]
UNITS_IN_SINGLE = 16
MIXED = [pair for pair in itertools.product(SPACES, repeat=2) if pair != ("logits", "logits")]


@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_how_calls_of_one_layout_are_done_is_found_once(case):
    """A call makes its divergence anew, so that it has to be known again by what it is."""
    p, q = torch.randn(2, 3, 5).unbind()
    case(Logits(p), Logits(q))
    before = plan._plan.cache_info()
    case(Logits(q), Logits(p))
    after = plan._plan.cache_info()
    assert (after.misses, after.hits > before.hits) == (before.misses, True)


# --- few outcomes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("outcomes", [1, 2, 3, 7, 48])
@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_few_outcomes_in_any_number_of_rows(case, outcomes):
    """Rows that fill the lanes and rows that don't, the last of a number that no lanes divide."""
    for rows in (1, 15, 16, 17, 40):
        p = torch.randn(rows, outcomes)
        q = p + torch.randn(rows, outcomes) * torch.logspace(-3, 0.5, rows)[:, None]
        p, q = ("logits", p), ("logits", q)
        assert_same(slopes(case, p, q, temperature=1.5), by_reference(case, p, q, temperature=1.5))


def without_gradient_to_p(p, q, **options):
    """D(p‖q) of logits by itself, and with its gradient to q."""
    leaf = q.detach().clone().requires_grad_()
    value = KL(Logits(p), Logits(leaf), **options)
    value.sum().backward()
    return KL(Logits(p), Logits(q), **options), value.detach(), leaf.grad


@pytest.mark.parametrize("temperature", [1.0, 0.97, 0.3])
@pytest.mark.parametrize("outcomes", [1, 2, 3, 8, 9, 48, 127])
def test_few_outcomes_in_single_precision(outcomes, temperature):
    generator = torch.Generator().manual_seed(outcomes)
    for spread, gap, offset in itertools.product(
        (1.0, 8.0), (1e-6, 1e-3, 0.3, 1.0, 6.0, 40.0), (0.0, 1.0, 50.0)
    ):
        p = torch.randn(999, outcomes, generator=generator) * spread * temperature
        q = p + torch.randn(999, outcomes, generator=generator) * gap * temperature + offset
        alone, value, grad = without_gradient_to_p(p, q, temperature=temperature)
        wanted, _, wanted_grad = by_reference(KL, ("logits", p), ("logits", q), temperature=temperature)
        assert_same([value, grad], [wanted, wanted_grad], UNITS_IN_SINGLE)
        assert_same([alone], [wanted], UNITS_IN_SINGLE)


def test_few_outcomes_that_p_lacks_in_single_precision():
    """All that tells the two apart is one of them: that q has it, or at what cost it has not."""
    p = torch.tensor([[0.0, -88.0, -INF], [0.0, -115.0, -INF]])
    q = torch.tensor([[0.0, -31.0, -INF], [0.0, -1e38, -INF]])
    alone, value, grad = without_gradient_to_p(p, q)
    wanted, _, wanted_grad = by_reference(KL, ("logits", p), ("logits", q))
    assert_same([value, grad], [wanted, wanted_grad], UNITS_IN_SINGLE)
    assert_same([alone], [wanted], UNITS_IN_SINGLE)


def test_few_outcomes_whose_differences_are_all_rounding():
    """Differences of 20 that are equal once rounded; all that remains then is a rare outcome's."""
    likely = torch.linspace(0.1, 0.9, 64)
    p = torch.stack([torch.zeros(64), likely, torch.full((64,), -32.0)], 1)
    q = p - torch.tensor([20.0, 20.0, 30.0])
    alone, value, grad = without_gradient_to_p(p, q)
    wanted, _, wanted_grad = by_reference(KL, ("logits", p), ("logits", q))
    assert_same([value, grad], [wanted, wanted_grad], UNITS_IN_SINGLE)
    assert_same([alone], [wanted], UNITS_IN_SINGLE)


@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_slopes_of_rows_far_apart_are_told_from_their_rounding(case):
    """Near its bound a divergence hardly changes: its slopes are what is left of numbers that cancel."""
    generator = torch.Generator().manual_seed(5)
    p = 3 * torch.randn(512, 200, generator=generator)
    q = p + torch.linspace(1, 6, 512)[:, None] * torch.randn(512, 200, generator=generator)
    sides = ("logits", p), ("logits", q)
    assert_same(slopes(case, *sides), by_reference(case, *sides), UNITS_IN_SINGLE)


@pytest.mark.parametrize("temperature", [0.5, 0.7, 2.0])
@pytest.mark.parametrize("case", [KL, JS[0], HELLINGER], ids=Case.name.fget)
def test_rows_with_few_likely_outcomes_at_a_temperature(case, temperature):
    """Rare outcomes decide, and the exponents of their weights are large: their rounding would show."""
    generator = torch.Generator().manual_seed(1)
    for outcomes, spread, step in itertools.product((128, 1000), (7.0, 14.0), (0.4, 1.5, 4.0, 8.0, 17.0)):
        p = spread * torch.randn(256, outcomes, generator=generator)
        q = p + step * torch.randn(256, outcomes, generator=generator)
        wanted = by_reference(case, ("logits", p), ("logits", q), temperature=temperature)
        # Smaller ones are what is left of numbers that cancel in the reference itself.
        told = torch.stack([slope.abs().amax(-1) > 1e-7 for slope in wanted[1:]]).all(0)
        p, q, wanted = p[told], q[told], [each[told] for each in wanted]
        both = slopes(case, ("logits", p), ("logits", q), temperature=temperature)
        assert_same(both, wanted, UNITS_IN_SINGLE)
        leaf = q.clone().requires_grad_()
        value = case(Logits(p), Logits(leaf), temperature=temperature)
        value.sum().backward()
        assert_same([value.detach(), leaf.grad], [wanted[0], wanted[2]], UNITS_IN_SINGLE)


@pytest.mark.parametrize("temperature", [0.97, 0.9])
@pytest.mark.parametrize("case", [KL, JS[0], HELLINGER], ids=Case.name.fget)
def test_many_rare_outcomes_at_a_temperature_that_is_rounded(case, temperature):
    """Of so many exponents near −55 one way of rounding is left: that of 1/temperature, in each of them."""
    generator = torch.Generator().manual_seed(4)
    p = torch.empty(64, 1000).uniform_(-57, -53, generator=generator) * temperature
    q = p + torch.randn(64, 1000, generator=generator) * temperature
    p[:, 7] = q[:, 7] = 0.0
    wanted = by_reference(case, ("logits", p), ("logits", q), temperature=temperature)
    assert_same(slopes(case, ("logits", p), ("logits", q), temperature=temperature), wanted, UNITS_IN_SINGLE)


def test_outcomes_that_q_has_nearly_all_of_and_p_hardly():
    """Beside p's likeliest they have exponents near 50, whose rounding would be that of q's slopes."""
    generator = torch.Generator().manual_seed(4)
    p, q = (torch.randn(2, 256, 1000, generator=generator)).unbind()
    p[:, 5] += 30
    q[:, 5] -= 20
    q[:, ::50] += 30
    wanted = by_reference(KL, ("logits", p), ("logits", q))
    alone, value, grad = without_gradient_to_p(p, q)
    assert_same([value, grad], [wanted[0], wanted[2]], UNITS_IN_SINGLE / 4)
    assert_same([alone], [wanted[0]], UNITS_IN_SINGLE)


def test_slopes_that_one_rare_outcome_decides():
    """q is nearly all on one outcome, which p has too: its slope and a rare one's are near each other."""
    generator = torch.Generator().manual_seed(3)
    likely = torch.tensor([[0.6, 0.25, 2.3e-4], [1e-6, 0.9986, 1.32e-3]]).log()
    rows = torch.cat([likely, torch.full((2, 125), -25.0)], -1)[:, None]
    p, q = (rows + 0.1 * torch.randn(2, 999, 128, generator=generator)).unbind()
    sides = ("logits", p + torch.linspace(0, 30, 999)[:, None]), ("logits", q)
    assert_same(slopes(JS[0], *sides), by_reference(JS[0], *sides), UNITS_IN_SINGLE)


BOUNDED = [*JS[:3], *SKEW[:3], HELLINGER]


@pytest.mark.parametrize("spread", [4.0, 5.0])
@pytest.mark.parametrize("case", BOUNDED, ids=Case.name.fget)
def test_rows_near_the_bound_are_done_in_single_precision(case, spread, monkeypatch):
    """There slopes are told from those of disjoint sides, so that a second look would find the same."""
    generator = torch.Generator().manual_seed(6)
    p, q = (spread * torch.randn(2, 128, 1000, generator=generator)).unbind()
    marked, redo = [], cpu._redo

    def noted(hard, *how):
        marked.append(int(hard.sum()))
        redo(hard, *how)

    monkeypatch.setattr(cpu, "_redo", noted)
    sides = ("logits", p), ("logits", q)
    seen = slopes(case, *sides)
    # One whose slopes do cancel may be among them.
    assert sum(marked) <= 1
    assert_same(seen, by_reference(case, *sides), UNITS_IN_SINGLE)


def test_a_row_of_few_outcomes_does_not_depend_on_its_neighbours():
    """Easy rows, rows for double precision (far apart, masked in p), and rows for the reference."""
    generator = torch.Generator().manual_seed(4)
    p, q = torch.randn(2, 160, 10, generator=generator).unbind()
    p[3::20, 0], q[5::20, 1] = -INF, -INF
    p[7::20, 2], q[11::20, 3] = 300.0, NAN
    q[13::20] = p[13::20] + 1e-7
    orders = [torch.arange(160), torch.randperm(160, generator=generator)]
    (*values, grad), (*mixed, mixed_grad) = (without_gradient_to_p(p[order], q[order]) for order in orders)
    for one, other in zip([*values, grad], [*mixed, mixed_grad], strict=True):
        assert torch.equal(one[orders[1]].nan_to_num(-1.0), other.nan_to_num(-1.0))
    # A matrix's rows one at a time are in the company of copies of themselves.
    single = torch.cat([KL(Logits(p[i : i + 1]), Logits(q[i : i + 1])) for i in range(160)])
    assert torch.equal(single.nan_to_num(-1.0), values[0].nan_to_num(-1.0))
    wanted, _, wanted_grad = by_reference(KL, ("logits", p), ("logits", q))
    assert_same([values[0], grad], [wanted, wanted_grad], UNITS_IN_SINGLE)


# Masks on both sides and on one, constant shifts, huge logits, one-hot and equal rows, NaN, sides without a
# finite logit, and a mask where p has less than a number of single precision.
BORDER_P = torch.tensor(
    [[0, 1, -INF, 2], [0, 1, -INF, 2], [0, 1, 2, 3], [88, -300, 0, 1], [5, 5, 5, 5], [0, 1, 2, NAN],
     [-INF, 3, -INF, -INF], [1e38, 0, 0, -1e38], [0, 1, -1e9, 2], [-INF, -INF, -INF, -INF], [0, 1, 2, 3],
     [-INF, -INF, -INF, -INF], [0, 1, 2, -104]]
)  # fmt: skip
BORDER_Q = torch.tensor(
    [[1, 1, -INF, 0], [1, -INF, 0, 0], [7, 8, 9, 10], [-300, 88, 0, 1], [2, 2, 2, 2], [0, 1, 2, 3],
     [-INF, 3, -INF, -INF], [0, 1e38, 0, 0], [1, 0, -1e4, 1], [0, 1, 2, 3], [-INF, -INF, -INF, -INF],
     [-INF, -INF, -INF, -INF], [1, 0, 2, -INF]]
)  # fmt: skip


@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_few_outcomes_at_the_border(case):
    p, q = ("logits", BORDER_P), ("logits", BORDER_Q)
    assert_same(slopes(case, p, q), by_reference(case, p, q))


def test_few_outcomes_at_the_border_in_single_precision():
    alone, value, grad = without_gradient_to_p(BORDER_P, BORDER_Q)
    wanted, _, wanted_grad = by_reference(KL, ("logits", BORDER_P), ("logits", BORDER_Q))
    assert_same([value, grad], [wanted, wanted_grad], UNITS_IN_SINGLE)
    assert_same([alone], [wanted], UNITS_IN_SINGLE)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_few_outcomes_in_half_precision(dtype):
    p, q = torch.randn(20, 6).to(dtype), torch.randn(20, 6).to(dtype)
    value, of_p, of_q = slopes(KL, ("logits", p), ("logits", q))
    exact = by_reference(KL, ("logits", p), ("logits", q))
    assert value.dtype == torch.float32
    assert_same((value,), exact[:1])
    assert of_p.dtype == of_q.dtype == dtype
    assert_same((value, of_p, of_q), exact)


# --- sides of different kinds -----------------------------------------------------------------------


@pytest.mark.parametrize(("p_space", "q_space"), MIXED)
@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_every_pair_of_kinds(case, p_space, q_space):
    """Also where a logarithm of probabilities or a count was rounded, so that the sums are not 1."""
    for outcomes in (2, 9, 100):
        logits = torch.randn(6, outcomes) * 2
        p = p_space, in_space(p_space, logits)
        q = q_space, in_space(q_space, logits + torch.randn(6, outcomes) * 0.5)
        assert_same(slopes(case, p, q), by_reference(case, p, q))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(("p_space", "q_space"), MIXED)
def test_every_pair_of_kinds_in_other_precisions(p_space, q_space, dtype):
    logits = torch.randn(4, 11, dtype=torch.float64)
    p = p_space, in_space(p_space, logits).to(dtype)
    q = q_space, in_space(q_space, logits + torch.randn(4, 11)).to(dtype)
    # In double precision both kernels round, and a log-ratio of 1 has lost a digit to logarithms of 10.
    assert_same(slopes(JS[1], p, q), by_reference(JS[1], p, q), 200 if dtype == torch.float64 else UNITS)


@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
@pytest.mark.parametrize("spaces", [("probs", "probs"), ("counts", "probs"), ("logits", "counts")], ids=str)
def test_outcomes_of_one_side_alone(case, spaces):
    p = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    q = torch.tensor([[0.5, 0.25, 0.25], [0.3, 0.7, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    p, q = ((s, z.log() if s == "logits" else z) for s, z in zip(spaces, (p, q), strict=True))
    assert_same(slopes(case, (spaces[0], p[1]), (spaces[1], q[1])), by_reference(case, p, q))


def test_log_probs_at_a_temperature_are_logits():
    logits = torch.randn(3, 60, dtype=torch.float64)
    p, q = logits.log_softmax(-1), torch.randn(3, 60, dtype=torch.float64)
    seen = slopes(KL, ("log_probs", p), ("logits", q), temperature=2.0)
    assert_same(seen, by_reference(KL, ("log_probs", p), ("logits", q), temperature=2.0), 200)


# --- all forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcomes", [5, 70])
@pytest.mark.parametrize("space", SPACES)
def test_rows_left_out_hold_anything_and_learn_nothing(space, outcomes):
    p = in_space(space, torch.randn(4, 5, outcomes))
    q = in_space("logits", torch.randn(4, 5, outcomes))
    where = torch.rand(4, 5) < 0.5
    where[0, :2] = torch.tensor([True, False])
    broken = torch.where(where[..., None], p, NAN), torch.where(where[..., None], q, INF)
    value, of_p, of_q = slopes(KL, (space, broken[0]), ("logits", broken[1]), where=where)
    exact = by_reference(KL, (space, p), ("logits", q))
    kept = where.double()
    wanted = exact[0] * kept, exact[1] * kept[..., None], exact[2] * kept[..., None]
    assert_same((value, of_p, of_q), wanted, 64)
    assert (value[~where] == 0).all()


@pytest.mark.parametrize("outcomes", [5, 70])
@pytest.mark.parametrize("dim", [0, 1])
def test_outcomes_along_another_dimension(dim, outcomes):
    shape = (outcomes, 6, 7) if dim == 0 else (6, outcomes, 7)
    p, q = torch.randn(shape), torch.randn(shape, requires_grad=True)
    moved = p.movedim(dim, -1).contiguous(), q.detach().movedim(dim, -1).contiguous().requires_grad_()
    with kernels.use("cpu"):
        value, wanted = kldiv.kl(Logits(p, dim), Logits(q, dim)), kldiv.kl(*map(Logits, moved))
        value.sum().backward()
        wanted.sum().backward()
    assert torch.equal(value, wanted)
    assert torch.equal(q.grad.movedim(dim, -1), moved[1].grad)


@pytest.mark.parametrize("space", SPACES)
def test_the_same_bits_for_any_number_of_threads(space):
    results = []
    torch.manual_seed(0)
    p = in_space(space, torch.randn(20_000, 9))
    q = torch.randn(20_000, 9)
    before = torch.get_num_threads()
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        results.append(slopes(JS[1], (space, p), ("logits", q)))
    torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(one, other) for one, other in zip(result, results[0], strict=True))


def test_every_f_divergence_has_a_compiled_form():
    forms = [each for each in vars(definition).values() if isinstance(each, type)]
    found = [
        each
        for each in forms
        if issubclass(each, definition.FDivergence) and each is not definition.FDivergence
    ]
    assert len(found) == 7
    for each in found:
        assert marker_of(each)


def test_no_rows():
    q = torch.zeros(0, 5, requires_grad=True)
    with kernels.use("cpu"):
        value = kldiv.kl(Logits(torch.zeros(0, 5)), Logits(q))
        value.sum().backward()
    assert value.shape == (0,)
    assert q.grad.shape == (0, 5)
