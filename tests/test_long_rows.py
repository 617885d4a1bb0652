"""Long rows of logits, which the threads share: held to 60-digit arithmetic by way of short ones.

A row that holds each of a few outcomes many times, in any order, has slopes that depend on the outcome alone,
so that a few exact numbers say what hundreds of thousands have to be. Tolerances are those of short rows.
"""

from collections import Counter

import oracle
import pytest
import torch
from cases import CHI2, HELLINGER, JEFFREYS, JS, SKEW, TOTAL_VARIATION, logit_rows, names
from mpmath import mp

import kldiv
from kldiv import Logits, kernels
from kldiv.definition import KullbackLeibler
from kldiv.kernels.cpu.plan import plan_of
from kldiv.kernels.question import Question

UNITS = 32
# Many segments, the last one of them not a whole one.
SMALL, COPIES = 67, 4001
# Half precisions are rounded to once.
UNITS_OF_SLOPES = {torch.float32: UNITS, torch.float64: UNITS, torch.bfloat16: 1}


@pytest.fixture(autouse=True)
def compiled():
    with kernels.use("cpu"):
        yield


def outcome_of_each():
    """Which outcome stands where: all equally often, in random order, but one that has one place."""
    order = torch.randperm(SMALL * COPIES, generator=torch.Generator().manual_seed(3))
    outcomes = torch.arange(SMALL).repeat(COPIES)[order]
    outcomes[200_000] = SMALL
    return outcomes


def exact(p, q, times):
    """D(p‖q) and its slopes by the logits of one copy of each outcome."""
    (p, sum_p), (q, sum_q) = (
        (weights, mp.fsum(n * weight for n, weight in zip(times, weights, strict=True)))
        for weights in ([mp.exp(z) for z in side.tolist()] for side in (p, q))
    )
    p, q = [a / sum_p for a in p], [b / sum_q for b in q]
    ratios = [mp.log(a / b) for a, b in zip(p, q, strict=True)]
    value = mp.fsum(n * a * d for n, a, d in zip(times, p, ratios, strict=True))
    of_p = [a * (d - value) for a, d in zip(p, ratios, strict=True)]
    return value, of_p, [b - a for a, b in zip(p, q, strict=True)]


def extremes(grad, outcomes):
    """The least and the greatest slope of each outcome."""
    return [
        torch.zeros(SMALL + 1, dtype=grad.dtype).scatter_reduce_(0, outcomes, grad, how, include_self=False)
        for how in ("amin", "amax")
    ]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("peak", [0.0, 18.0, 30.0])
@pytest.mark.parametrize("gap", [10.0, 1.0, 1e-3])
def test_value_and_slopes(gap, peak, dtype):
    p, q = (z[0].to(dtype) for z in logit_rows(SMALL + 1, torch.float64, (gap,)))
    p[SMALL], q[SMALL] = peak, peak + gap / 2
    outcomes = outcome_of_each()
    counted = Counter(outcomes.tolist())
    long_p, long_q = (z[outcomes][None].clone().requires_grad_() for z in (p, q))
    value = kldiv.kl(Logits(long_p), Logits(long_q))
    value.sum().backward()
    wanted, *slopes = exact(p, q, [counted[i] for i in range(SMALL + 1)])
    oracle.assert_close(value.detach(), [wanted], UNITS, label="value")
    for z, slope in ((long_p, slopes[0]), (long_q, slopes[1])):
        for found in extremes(z.grad[0], outcomes):
            oracle.assert_close(found, slope, UNITS_OF_SLOPES[dtype], normwise=True, label="slope")


OTHERS = [JEFFREYS, TOTAL_VARIATION, HELLINGER, CHI2, *JS[:3], *SKEW[:3]]
UNITS_OF_POWERS = 64


@pytest.mark.parametrize("case", OTHERS, ids=names(OTHERS))
@pytest.mark.parametrize("gap", [10.0, 1.0, 1e-3])
def test_other_divergences(case, gap):
    """To an f-divergence all copies of an outcome are together one outcome of that many times the weight."""
    p, q = (z[0] for z in logit_rows(SMALL + 1, torch.float32, (gap,)))
    outcomes = outcome_of_each()
    times = Counter(outcomes.tolist())
    together = [[mp.mpf(x) + mp.log(times[i]) for i, x in enumerate(z.tolist())] for z in (p, q)]
    exact_p, exact_q = map(oracle.probabilities, together)
    of_p = oracle.slopes(lambda z: case.exact(oracle.probabilities(z), exact_q), together[0])
    of_q = oracle.slopes(lambda z: case.exact(exact_p, oracle.probabilities(z)), together[1])
    long_p, long_q = (z[outcomes][None].clone().requires_grad_() for z in (p, q))
    value = case(Logits(long_p), Logits(long_q))
    value.sum().backward()
    units = UNITS_OF_POWERS if case is CHI2 else UNITS
    oracle.assert_close(value.detach(), [case.exact(exact_p, exact_q)], units, label="value")
    for z, slopes in ((long_p, of_p), (long_q, of_q)):
        wanted = [slope / times[i] for i, slope in enumerate(slopes)]
        for found in extremes(z.grad[0], outcomes):
            oracle.assert_close(found, wanted, units, normwise=True, label="slope")


def computed(p, q, mask, wants, function=kldiv.kl):
    """The value and the gradients that are wanted."""
    sides = [z.clone().requires_grad_(want) for z, want in zip((p, q), wants, strict=True)]
    value = function(*map(Logits, sides), where=mask)
    if any(wants):
        value.sum().backward()
    return [each for each in (value.detach(), *(z.grad for z in sides)) if each is not None]


@pytest.mark.parametrize("wants", [(True, True), (False, True), (True, False), (False, False)])
@pytest.mark.parametrize("function", [kldiv.kl, kldiv.js])
def test_one_thread_or_many(function, wants):
    p, q = logit_rows(300_001, torch.float32, (1.0, 1e-2, 3.0))
    mask = torch.tensor([True, False, True])
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(computed(p, q, mask, wants, function))
    finally:
        torch.set_num_threads(before)
    for numbers in zip(*results, strict=True):
        assert all(torch.equal(each, numbers[0]) for each in numbers)
        assert (numbers[0][1] == 0).all()
        assert (numbers[0][[0, 2]] != 0).any()


def test_one_side_or_both():
    """With p's gradient, which needs each difference's digits, rows far apart are weighed in another way."""
    p, q = logit_rows(300_001, torch.float32, (1.0, 1e-2, 3.0))
    value, p_grad, q_grad = computed(p, q, None, (True, True))
    oracle.assert_close(computed(p, q, None, (False, False))[0], value, UNITS)
    oracle.assert_close(computed(p, q, None, (True, False))[1], p_grad, UNITS, normwise=True)
    oracle.assert_close(computed(p, q, None, (False, True))[1], q_grad, UNITS, normwise=True)


def test_a_hard_row_is_done_once_more():
    """A difference that overflows in single precision, beside a row like any other."""
    p, q = logit_rows(270_000, torch.float32, (1.0, 1.0))
    p[0, :2], q[0, :2] = torch.tensor([88.0, -300.0]), torch.tensor([-300.0, 88.0])
    alone = kldiv.kl(Logits(p[1:]), Logits(q[1:]))
    value = kldiv.kl(Logits(p), Logits(q))
    assert value[0] == pytest.approx(388.0, rel=1e-6)
    assert value[1] == alone[0]


@pytest.mark.parametrize(
    ("rows", "outcomes", "step", "shared"),
    [(1, 1 << 18, 1, True), (1, 9, 1, False), (99, 1 << 18, 1, False), (1, 1 << 18, 2, False)],
)
def test_which_rows_are_shared(rows, outcomes, step, shared):
    z = torch.empty(1, outcomes * step)[:, ::step].expand(rows, -1)
    question = Question(KullbackLeibler(), "logits", "logits")
    plan = plan_of(question, z, z, want_p=False, want_q=True)
    assert (plan.board_words > 0) is shared
