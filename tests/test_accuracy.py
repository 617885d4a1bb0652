"""Values and gradients against 60-digit arithmetic: from far apart to nearly equal, and at the border.

Tolerances are in units of the dtype's epsilon. A value is a chain of about ten roundings, each sum of n
terms one more for each halving of n, so 16 units (2e-6 in float32, 4e-15 in float64) is what a formula
without cancellation keeps. What exponentiates a log-ratio d itself (χ², Rényi) multiplies d's own
rounding by |d|; those have 64 where |d| reaches 40.
"""

import math
from functools import cache
from itertools import product

import oracle
import pytest
import torch
from cases import (
    CHI2,
    CROSS_ENTROPY,
    DIVERGENCES,
    GAPS,
    KINKED,
    KL,
    RENYI,
    SMOOTH,
    Case,
    logit_rows,
    names,
    wrapped,
)

import kldiv
from kldiv.inputs import Counts, Logits, LogProbs, Probs

UNITS, UNITS_OF_POWERS = 16, 64
FLOATS = (torch.float32, torch.float64)
WIDE_GAPS = tuple(gap for gap in GAPS if gap >= 1e-2)
INF = math.inf
SPACES = {Logits: "logits", LogProbs: "log_probs", Probs: "probs", Counts: "counts"}
# Probabilities of one kind have tests of their own.
UNLIKE = [(a, b) for a, b in product(SPACES, repeat=2) if a is not b or a is Counts]


def units_of(case: Case) -> int:
    return UNITS_OF_POWERS if case in RENYI or case is CHI2 else UNITS


def test_powers_do_not_multiply_rounding():
    """Rows far apart, whose log-ratios of some 80 a power would multiply the rounding of."""
    case = RENYI[1]
    p, q = logit_rows(40, torch.float32, (28.0,) * 20, scale=20.0)
    exact_p, exact_q = ([oracle.probabilities(row) for row in side.tolist()] for side in (p, q))
    value, _, of_q = value_and_slopes(case, p, q)
    oracle.assert_close(value, list(map(case.exact, exact_p, exact_q)), UNITS, label="value")
    wanted = [
        oracle.slopes(lambda z, of=a: case.exact(of, oracle.probabilities(z)), b)
        for a, b in zip(exact_p, q.tolist(), strict=True)
    ]
    oracle.assert_close(of_q, wanted, UNITS, normwise=True, label="slope of q")


@cache
def rows_and_probabilities(size: int, dtype: torch.dtype, gaps: tuple[float, ...]):
    """The logits, and beside each row its exact probabilities."""
    p, q = logit_rows(size, dtype, gaps)
    return p, q, *([oracle.probabilities(row) for row in side.tolist()] for side in (p, q))


def value_and_slopes(case, p, q):
    p, q = p.clone().requires_grad_(), q.clone().requires_grad_()
    value = case(Logits(p), Logits(q))
    value.sum().backward()
    return value, p.grad, q.grad


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("size", [2, 3, 10])
@pytest.mark.parametrize("case", [*DIVERGENCES, CROSS_ENTROPY], ids=Case.name.fget)
def test_value_and_slopes(case, size, dtype):
    """Every divergence, both sides, every distance between the two."""
    gaps = WIDE_GAPS if case.name in KINKED else GAPS
    p, q, exact_p, exact_q = rows_and_probabilities(size, dtype, gaps)
    value, of_p, of_q = value_and_slopes(case, p, q)
    oracle.assert_close(value, list(map(case.exact, exact_p, exact_q)), units_of(case), label="value")
    wanted = [
        oracle.slopes(lambda z, other=b: case.exact(oracle.probabilities(z), other), row)
        for row, b in zip(p.tolist(), exact_q, strict=True)
    ]
    oracle.assert_close(of_p, wanted, units_of(case), normwise=True, label="slope of p")
    wanted = [
        oracle.slopes(lambda z, other=a: case.exact(other, oracle.probabilities(z)), row)
        for row, a in zip(q.tolist(), exact_p, strict=True)
    ]
    oracle.assert_close(of_q, wanted, units_of(case), normwise=True, label="slope of q")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_many_outcomes(dtype):
    """1000 outcomes: long sums, and tails of a thousandth of a thousandth."""
    p, q, exact_p, exact_q = rows_and_probabilities(1000, dtype, GAPS)
    value, of_p, of_q = value_and_slopes(KL, p, q)
    oracle.assert_close(value, list(map(oracle.kl, exact_p, exact_q)), UNITS, label="value")
    slopes = list(map(oracle.kl_slopes, exact_p, exact_q))
    oracle.assert_close(of_p, [pair[0] for pair in slopes], UNITS, normwise=True, label="slope of p")
    oracle.assert_close(of_q, [pair[1] for pair in slopes], UNITS, normwise=True, label="slope of q")
    # Without p's gradient rows far apart are weighed in another way.
    alone = q.clone().requires_grad_()
    value = KL(Logits(p), Logits(alone))
    value.sum().backward()
    oracle.assert_close(value, list(map(oracle.kl, exact_p, exact_q)), UNITS, label="value with q's slope")
    oracle.assert_close(alone.grad, [pair[1] for pair in slopes], UNITS, normwise=True, label="q's slope")


@pytest.mark.parametrize("below", [8.0, 1e3, 1e4])
@pytest.mark.parametrize("share", [0.01, 0.1])
def test_rare_outcomes_apart_and_the_others_close(share, below):
    """A large divergence, that says nothing of how close most outcomes are."""
    p, q, _, _ = rows_and_probabilities(1000, torch.float32, (1e-1,))
    # From the second half on, so that the start of a row does not show them.
    q = torch.where(torch.arange(1000) >= 1000 - int(1000 * share), q - below, q)
    exact_p, exact_q = (oracle.probabilities(side[0].tolist()) for side in (p, q))
    value, of_p, of_q = value_and_slopes(KL, p, q)
    oracle.assert_close(value, [oracle.kl(exact_p, exact_q)], UNITS, label="value")
    slopes = oracle.kl_slopes(exact_p, exact_q)
    oracle.assert_close(of_p, [slopes[0]], UNITS, normwise=True, label="slope of p")
    oracle.assert_close(of_q, [slopes[1]], UNITS, normwise=True, label="slope of q")
    alone = q.clone().requires_grad_()
    kldiv.kl(Logits(p), Logits(alone)).sum().backward()
    oracle.assert_close(alone.grad, [slopes[1]], UNITS, normwise=True, label="slope of q alone")


@pytest.mark.parametrize("spread", [1.0, 3.0, 6.0])
def test_an_outcome_masked_in_q_and_the_others_close(spread):
    """The masked one makes the divergence and the steepest slope; all slopes are measured by that one."""
    generator = torch.Generator().manual_seed(7)
    p = spread * torch.randn(8, 60, generator=generator)
    q = p + 0.01 * torch.randn(8, 60, generator=generator)
    q[torch.arange(8), torch.randint(60, (8,), generator=generator)] -= 1000.0
    exact_p, exact_q = ([oracle.probabilities(row) for row in side.tolist()] for side in (p, q))
    value, of_p, of_q = value_and_slopes(KL, p, q)
    oracle.assert_close(value, list(map(oracle.kl, exact_p, exact_q)), UNITS, label="value")
    slopes = list(map(oracle.kl_slopes, exact_p, exact_q))
    oracle.assert_close(of_p, [pair[0] for pair in slopes], UNITS, normwise=True, label="slope of p")
    oracle.assert_close(of_q, [pair[1] for pair in slopes], UNITS, normwise=True, label="slope of q")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("case", DIVERGENCES, ids=Case.name.fget)
def test_value_of_many_outcomes(case, dtype):
    p, q, exact_p, exact_q = rows_and_probabilities(300, dtype, (3.0, 1e-3))
    oracle.assert_close(case(Logits(p), Logits(q)), list(map(case.exact, exact_p, exact_q)), units_of(case))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize(
    "logits", [(0.3, -1.2, 2.5), (0.0, -40.0), (0.0, -300.0, -1.0), (1e-3, 0.0, -1e-3), (5.0,)]
)
def test_entropy(logits, dtype):
    """Also of nearly certain and nearly uniform distributions, where its slopes are small."""
    z = torch.tensor(logits, dtype=dtype, requires_grad=True)
    value = kldiv.entropy(Logits(z))
    value.backward()
    oracle.assert_close(value, oracle.entropy(oracle.probabilities(z.tolist())), UNITS)
    wanted = oracle.slopes(lambda z: oracle.entropy(oracle.probabilities(z)), z.tolist())
    oracle.assert_close(z.grad, wanted, UNITS, normwise=True)


@pytest.mark.parametrize("kernel", ["auto", "reference"])
@pytest.mark.parametrize("temperature", [0.05, 0.5, 3.0, 100.0])
@pytest.mark.parametrize("kind", ["logits", "log_probs", "probs", "counts"])
def test_temperature(kind, temperature, kernel):
    """It divides logarithms, whatever the values are; q is half a unit from p, so d keeps its digits."""
    p, q = (torch.softmax(z, -1) for z in logit_rows(4, torch.float64, (1.0,)))
    spaces = {
        "logits": (lambda x: Logits(x.log()), torch.log),
        "log_probs": (lambda x: LogProbs(x.log()), torch.log),
        "probs": (Probs, lambda x: x),
        "counts": (Counts, lambda x: x),
    }
    wrap, numbers = spaces[kind]
    exact = [oracle.probabilities(numbers(x)[0].tolist(), kind, temperature) for x in (p, q)]
    with kldiv.kernels.use(kernel):
        seen = kldiv.kl(wrap(p), wrap(q), temperature=temperature)
    # A rounded logarithm is off by an epsilon of itself, which 1/temperature multiplies.
    oracle.assert_close(seen, [oracle.kl(*exact)], UNITS * max(1, 4 / temperature))


@pytest.mark.parametrize("kernel", ["auto", "reference"])
@pytest.mark.parametrize("kind", [Logits, LogProbs, Probs], ids=lambda kind: kind.__name__)
def test_a_small_temperature_does_not_multiply_rounding(kind, kernel):
    """Nor a large constant beside the logits: float32 rounds 1e4/T by 0.06, but not the differences."""
    temperature = 0.01
    p, q = logit_rows(6, torch.float32, (1e-1, 1e-2, 1e-4), scale=0.02)
    leaves = [
        (z + 1e4 if kind is Logits else wrapped(kind, z).values).detach().requires_grad_() for z in (p, q)
    ]
    with kldiv.kernels.use(kernel):
        value = kldiv.kl(*(kind(z, validate=False) for z in leaves), temperature=temperature)
        value.sum().backward()
    rows = list(zip(*(leaf.tolist() for leaf in leaves), strict=True))

    def exact(a, b):
        return oracle.kl(*(oracle.probabilities(x, SPACES[kind], temperature) for x in (a, b)))

    oracle.assert_close(value, [exact(a, b) for a, b in rows], UNITS, label="value")
    wanted = [oracle.slopes(lambda z, other=a: exact(other, z), b) for a, b in rows]
    oracle.assert_close(leaves[1].grad, wanted, UNITS, normwise=True, label="slope of q")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("case", DIVERGENCES, ids=Case.name.fget)
def test_half_precision(case, dtype):
    """Computed in float32: the answer for the rounded numbers, not a rounded answer."""
    p, q = logit_rows(20, dtype, (3.0, 1.0, 0.1))
    seen = case(Logits(p), Logits(q))
    assert seen.dtype == torch.float32
    oracle.assert_close(seen, case(Logits(p.double()), Logits(q.double())), units_of(case))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_slopes(dtype):
    """In the dtype of the logits, rounded once from the float64 answer."""
    half = [z.requires_grad_() for z in logit_rows(20, dtype, (3.0, 1.0))]
    double = [z.detach().double().requires_grad_() for z in half]
    for sides in (half, double):
        kldiv.kl(*map(Logits, sides), reduction="sum").backward()
    for seen, wanted in zip(half, double, strict=True):
        assert seen.grad.dtype == dtype
        # Below the dtype's least normal number its spacing is fixed: against the largest slope of the row.
        oracle.assert_close(seen.grad, wanted.grad, 1, normwise=True)


@pytest.mark.parametrize("case", DIVERGENCES, ids=Case.name.fget)
@pytest.mark.parametrize("shift", [-3.0, 1e2, 1e4])
def test_constant_shift(case, shift):
    """Logits that a constant moves are the same distribution; only the shift's own rounding shows."""
    p, q = logit_rows(5, torch.float32, (8.0, 1.0, 0.1))
    p = p + shift
    exact = [
        case.exact(*map(oracle.probabilities, pair)) for pair in zip(p.tolist(), q.tolist(), strict=True)
    ]
    oracle.assert_close(case(Logits(p), Logits(q)), exact, units_of(case))


def test_far_outcome_after_a_shift():
    """The rounding of one large difference reaches another outcome's mass only if it is dropped."""
    p, q = (10000.3, 9970.0, 9971.7), (0.1, 5.3, -1.0)
    values = [torch.tensor(z, dtype=torch.float32) for z in (p, q)]
    exact = [oracle.probabilities(z.tolist()) for z in values]
    oracle.assert_close(kldiv.kl(*map(Logits, values)), oracle.kl(*exact), UNITS)


BORDERS = [
    ((88, -300), (-300, 88)),
    ((1e4, 0, -1e4), (0, 1e4, 3)),
    ((0, -1e30), (0, 1e30)),
    ((0, -INF, 1), (0, 2, 1)),
    ((0, 2, 1), (0, -INF, 1)),
    ((0, -INF, 1), (2, -INF, 1)),
    ((0, -INF, -INF), (0, 1, 2)),
    ((0, 1, 2), (0, -INF, -INF)),
    ((0, -INF), (-INF, 0)),
    ((1e30, 1e30), (0, -INF)),
    ((-60, 0), (1, -INF)),
    ((0, -1e9, 1), (0, 2, 1)),
    ((0, 2, 1), (0, -1e9, 1)),
    ((0, 3, 1), (0.5, -1e4, 1.7)),
    ((0.5, -1e4, 1.7), (0, 3, 1)),
    ((0, -1e9, 1), (1, -1e9, 1)),
    ((0, -1e4, 1), (1, -1e4, 1)),
    ((0, -200), (-400, 0)),
    ((3,), (5,)),
    ((0, 0, 0), (7, 7, 7)),
]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize(("p", "q"), BORDERS, ids=str)
def test_border(p, q, dtype):
    """Huge logits, masks of −∞, −1e9 and −1e4, one outcome, disjoint supports: every divergence."""
    p, q = (torch.tensor(z, dtype=dtype) for z in (p, q))
    exact = [oracle.probabilities(z.tolist()) for z in (p, q)]
    for case in [*DIVERGENCES, CROSS_ENTROPY]:
        seen = case(Logits(p), Logits(q))
        oracle.assert_close(seen, case.exact(*exact), units_of(case), label=case.name)


@pytest.mark.parametrize("case", DIVERGENCES, ids=Case.name.fget)
@pytest.mark.parametrize("mask", [-1e9, -1e4])
@pytest.mark.parametrize("masked", ["p", "q"])
def test_slopes_beside_a_mask(case, mask, masked):
    """An outcome that one side masks away leaves the others' log-ratios their digits, and so the slopes."""
    sides = {"p": torch.tensor([0.5, 2.0, 1.7]), "q": torch.tensor([0.0, 3.0, 1.0])}
    sides[masked][1] = mask
    exact = {name: oracle.probabilities(z.tolist()) for name, z in sides.items()}
    _, of_p, of_q = value_and_slopes(case, sides["p"], sides["q"])
    slopes = {
        "p": oracle.slopes(lambda z: case.exact(oracle.probabilities(z), exact["q"]), sides["p"].tolist()),
        "q": oracle.slopes(lambda z: case.exact(exact["p"], oracle.probabilities(z)), sides["q"].tolist()),
    }
    for name, seen in (("p", of_p), ("q", of_q)):
        # Slopes that all but vanish are what larger ones leave when their mean is taken out.
        if max(map(abs, slopes[name])) > 1e-8:
            oracle.assert_close(seen, slopes[name], UNITS_OF_POWERS, normwise=True, label=name)


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ((88, -300), (-300, 88), 388.0),
        ((1e38, -1e38), (-1e38, 1e38), 2e38),
        ((-1e38, 1e38), (0, 0), math.log(2)),
    ],
)
def test_overflowing_difference(p, q, expected):
    """The divergence is a float32 although a difference of the logits may not be."""
    seen = kldiv.kl(*(Logits(torch.tensor(z, dtype=torch.float32)) for z in (p, q)))
    oracle.assert_close(seen, expected, UNITS)


def test_large_logits_a_rounding_apart():
    """Next to 1e38 neighbouring floats are 1e31 apart; half of that is lost in the difference from −1e38."""
    p, q = torch.tensor([-1e38, -1e38 + 1e31]), torch.tensor([1e38, 1e38])
    oracle.assert_close(kldiv.kl(Logits(p), Logits(q)), math.log(2), UNITS)


@pytest.mark.parametrize("gap", [1e-3, 1e-7])
def test_close_probabilities(gap):
    """p − q of 1e-7 and a divergence of 1e-14, from probabilities that float64 rounds at 1e-16."""
    p = torch.tensor([0.2, 0.3, 0.4, 0.1], dtype=torch.float64)
    q = p + gap * torch.tensor([1.0, -3.0, 1.5, 0.5], dtype=torch.float64)
    exact = [oracle.probabilities(x.tolist(), "probs") for x in (p, q)]
    for case in DIVERGENCES:
        # Their sums are off by 1e-16, which is taken for a difference of that size between the two.
        units = units_of(case) + 1 / gap
        oracle.assert_close(case(Probs(p), Probs(q)), case.exact(*exact), units, label=case.name)


@pytest.mark.parametrize("kernel", ["auto", "reference"])
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("temperature", [0.5, 2.0, 7.0])
@pytest.mark.parametrize("case", SMOOTH, ids=Case.name.fget)
def test_close_probabilities_at_another_temperature(case, temperature, dtype, kernel):
    """Their logarithms are rounded, which may not show in the ratio of two that are close."""
    p, q = (torch.softmax(z, -1).requires_grad_() for z in logit_rows(6, dtype, (1e-1, 1e-3, 1e-5)))
    exact_p, exact_q = (
        [oracle.probabilities(row, "probs", temperature) for row in side.tolist()] for side in (p, q)
    )
    with kldiv.kernels.use(kernel):
        value = case(Probs(p), Probs(q), temperature=temperature)
        value.sum().backward()
    oracle.assert_close(value, list(map(case.exact, exact_p, exact_q)), units_of(case), label="value")
    wanted = [
        oracle.slopes(lambda x, other=b: case.exact(oracle.probabilities(x, "probs", temperature), other), a)
        for a, b in zip(p.tolist(), exact_q, strict=True)
    ]
    oracle.assert_close(p.grad, wanted, units_of(case), normwise=True, label="slope of p")
    wanted = [
        oracle.slopes(lambda x, other=a: case.exact(other, oracle.probabilities(x, "probs", temperature)), b)
        for a, b in zip(exact_p, q.tolist(), strict=True)
    ]
    oracle.assert_close(q.grad, wanted, units_of(case), normwise=True, label="slope of q")


def as_it_stands(values, space, temperature):
    """The numbers a row stands for; at temperature 1 nothing normalises probabilities again."""
    if temperature == 1 and space in ("probs", "log_probs"):
        return [oracle.mp.exp(x) if space == "log_probs" else oracle.mpf(x) for x in values]
    return oracle.probabilities(values, space, temperature)


@pytest.mark.parametrize("kernel", ["auto", "reference"])
@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize(("p_kind", "q_kind"), UNLIKE, ids=lambda kind: kind.__name__)
def test_close_sides_of_different_kinds(p_kind, q_kind, temperature, kernel):
    """Their log-ratio is a difference of logarithms, whose rounding in single precision would show."""
    sides = list(zip((p_kind, q_kind), logit_rows(4, torch.float32, (1.0, 1e-2, 1e-4, 1e-6)), strict=True))
    leaves = [wrapped(kind, z).values.detach().requires_grad_() for kind, z in sides]
    with kldiv.kernels.use(kernel):
        p, q = (kind(z, validate=False) for (kind, _), z in zip(sides, leaves, strict=True))
        value = kldiv.kl(p, q, temperature=temperature)
        value.sum().backward()
    rows = list(zip(*(leaf.tolist() for leaf in leaves), strict=True))
    p_space, q_space = SPACES[p_kind], SPACES[q_kind]

    def exact(a, b):
        return oracle.unnormalised_kl(
            as_it_stands(a, p_space, temperature), as_it_stands(b, q_space, temperature)
        )

    oracle.assert_close(value, [exact(a, b) for a, b in rows], UNITS, label="value")
    wanted = [oracle.slopes(lambda z, other=b: exact(z, other), a) for a, b in rows]
    oracle.assert_close(leaves[0].grad, wanted, UNITS, normwise=True, label="slope of p")
    wanted = [oracle.slopes(lambda z, other=a: exact(other, z), b) for a, b in rows]
    oracle.assert_close(leaves[1].grad, wanted, UNITS, normwise=True, label="slope of q")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_probabilities_as_they_are(dtype):
    """Σ p·log(p/q) − p + q of the rounded numbers, which nothing normalises again."""
    p, q = (torch.softmax(z, -1) for z in logit_rows(6, dtype, GAPS))
    exact = [oracle.unnormalised_kl(*pair) for pair in zip(p.tolist(), q.tolist(), strict=True)]
    oracle.assert_close(kldiv.kl(Probs(p), Probs(q)), exact, UNITS)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_log_probabilities_as_they_are(dtype):
    p, q = (torch.log_softmax(z, -1) for z in logit_rows(6, dtype, GAPS))
    powers = [[[oracle.mp.exp(x) for x in row] for row in side.tolist()] for side in (p, q)]
    exact = [oracle.unnormalised_kl(*pair) for pair in zip(*powers, strict=True)]
    oracle.assert_close(kldiv.kl(LogProbs(p), LogProbs(q)), exact, UNITS)


@pytest.mark.parametrize("case", DIVERGENCES, ids=Case.name.fget)
@pytest.mark.parametrize(
    ("p", "q"),
    [((2, 0, 3), (1, 1, 3)), ((1, 1, 3), (2, 0, 3)), ((2, 0, 3), (5, 0, 1)), ((0, 1), (1, 0)), ((4,), (9,))],
    ids=str,
)
def test_counts_with_zeros(case, p, q):
    exact = [oracle.probabilities(x, "counts") for x in (p, q)]
    oracle.assert_close(case(Counts(p), Counts(q)), case.exact(*exact), units_of(case))


def test_names_are_distinct():
    """Two cases of one name would hide each other in a report."""
    assert len(set(names(DIVERGENCES))) == len(DIVERGENCES)
