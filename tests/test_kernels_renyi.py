"""The compiled Rényi divergence of logits, held to 60-digit arithmetic, and to the reference at the border.

It is computed in double precision and rounded once, when it is stored: half an epsilon of single precision,
and a little for what double precision has lost.
"""

import subprocess
import sys

import oracle
import pytest
import torch
from cases import GAPS, ORDERS, RENYI, Case, logit_rows
from mpmath import mp
from test_kernels import _PEAK, slopes

import kldiv
from kldiv import Counts, Logits, LogProbs, kernels

# The limits 1 and ∞ are other divergences.
COMPILED = [case for case, order in zip(RENYI, ORDERS, strict=True) if order not in (1, float("inf"))]
FEW = [case for case in COMPILED if case.options["order"] in (0.25, 1.5, 30.0)]
UNITS = 1
INF, NAN = float("inf"), float("nan")


@pytest.fixture(autouse=True)
def compiled():
    with kernels.use("cpu"):
        yield


def assert_right(case, p, q):
    exact = [[oracle.probabilities(row) for row in side.tolist()] for side in (p, q)]
    value, of_p, of_q = slopes(case, p, q)
    oracle.assert_close(value, list(map(case.exact, *exact)), UNITS, label="value")
    wanted = [
        oracle.slopes(lambda z, other=b: case.exact(oracle.probabilities(z), other), row)
        for row, b in zip(p.tolist(), exact[1], strict=True)
    ]
    oracle.assert_close(of_p, wanted, UNITS, normwise=True, label="slope of p")
    wanted = [
        oracle.slopes(lambda z, other=a: case.exact(other, oracle.probabilities(z)), row)
        for row, a in zip(q.tolist(), exact[0], strict=True)
    ]
    oracle.assert_close(of_q, wanted, UNITS, normwise=True, label="slope of q")


@pytest.mark.parametrize("size", [2, 3, 10])
@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_value_and_slopes(case, size):
    assert_right(case, *logit_rows(size, torch.float32, GAPS))


@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_rows_with_an_outcome_of_nearly_all_the_mass(case):
    """The likeliest outcome's own slope is what the others leave, 1e-13 here."""
    p, q = logit_rows(9, torch.float32, (1.0, 1e-3))
    p[:, 4] += 30
    q[:, 4] += 30
    assert_right(case, p, q)


def assert_as_precise_as_double(case, p, q):
    """The value by 60 digits, the slopes by those of the reference in double precision."""
    value, *found = slopes(case, p, q)
    exact = [[oracle.probabilities(row) for row in side.tolist()] for side in (p, q)]
    oracle.assert_close(value, list(map(case.exact, *exact)), UNITS, label="value")
    with kernels.use("reference"):
        _, *known = slopes(case, p.double(), q.double())
    for one, other in zip(found, known, strict=True):
        oracle.assert_close(one, other.tolist(), UNITS, normwise=True, label="slope")


@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_many_outcomes(case):
    assert_as_precise_as_double(case, *logit_rows(1000, torch.float32, (3.0, 1e-3)))


@pytest.mark.parametrize("apart", [1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_the_likeliest_outcome_alone_is_apart(case, apart):
    """Nearly all of a difference to it cancels in the value."""
    p, q = torch.zeros(2, 1, 3000)
    p[0, 0] = apart
    assert_as_precise_as_double(case, p, q)


def test_one_of_a_million_is_apart():
    """A million additions of one number lose more of the sum than is left in the value."""
    outcomes, apart = 1_000_000, 2.0**-13
    p, q = torch.zeros(2, outcomes)
    p[0] = apart
    ratio = mp.exp(apart)
    wanted = mp.log(outcomes * (ratio**2 + outcomes - 1) / (ratio + outcomes - 1) ** 2)
    oracle.assert_close(kldiv.renyi(Logits(p), Logits(q), order=2), wanted, UNITS)


@pytest.mark.parametrize("logits", [((0.0, 1.0), (40.0, 0.0)), ((0.0, -30.0), (0.0, 100.0))])
def test_slopes_of_two_that_have_all_their_mass_in_one(logits):
    """q and the distribution between p and q are 1 there, less some 1e-18."""
    p, q = (torch.tensor([side]) for side in logits)
    *_, found = slopes(FEW[0], p, q)
    with kernels.use("reference"):
        *_, known = slopes(FEW[0], p.double(), q.double())
    torch.testing.assert_close(found.double(), known, rtol=1e-6, atol=0)


@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_borders_are_the_references(case):
    """Outcomes of one side alone, or of neither, no distribution at all, and powers that overflow."""
    p = torch.tensor(
        [
            [-INF, 0.0, 1.0], [0.0, -INF, 1.0], [-INF, 0.0, 1.0], [-INF, -INF, -INF], [NAN, 0.0, 1.0],
            [INF, 0.0, 1.0], [0.0, 800.0, 1.0], [0.0, -800.0, 1.0], [0.0, 4.0, -4.0],
        ]
    )  # fmt: skip
    q = p.roll(1, -1)
    q[2] = torch.tensor([-INF, 1.0, 0.5])
    seen = slopes(case, p, q)
    with kernels.use("reference"):
        wanted = slopes(case, p, q)
    for one, other in zip(seen, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-30, equal_nan=True)


@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_never_negative_where_nothing_but_rounding_is_left(case):
    p = torch.randn(500, 5)
    q = p * (1 + 2.0**-24) + 2.0**-24
    assert (case(Logits(p), Logits(q)) >= 0).all()
    assert (case(Logits(p), Logits(p)) == 0).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precisions_are_storage_only(dtype):
    p, q = torch.randn(4, 70).to(dtype), torch.randn(4, 70).to(dtype)
    value, *found = slopes(RENYI[1], p, q)
    known, *wanted = slopes(RENYI[1], p.float(), q.float())
    assert torch.equal(value, known)
    for one, other in zip(found, wanted, strict=True):
        assert torch.equal(one, other.to(dtype))


def test_strided_rows_masks_and_a_temperature():
    p, q = torch.randn(6, 40)[:, 3:30], torch.randn(27, 5, 6).permute(1, 2, 0)
    q[2, 3] = NAN
    where = torch.rand(5, 6) < 0.7
    where[2, 3] = False
    how = {"where": where, "temperature": 0.7, "reduction": "mean", "base": 2}
    seen = slopes(RENYI[1], p, q, **how)
    with kernels.use("reference"):
        wanted = slopes(RENYI[1], p, q, **how)
    for one, other in zip(seen, wanted, strict=True):
        torch.testing.assert_close(one, other)
    assert (seen[2][~where] == 0).all()


def test_log_probs_at_a_temperature_are_logits():
    p, q = torch.randn(2, 5, 40).log_softmax(-1)
    seen = RENYI[1](LogProbs(p), LogProbs(q), temperature=2.0)
    assert kernels.last_used() == "cpu"
    assert torch.equal(seen, RENYI[1](Logits(p), Logits(q), temperature=2.0))


def test_the_same_bits_for_any_number_of_threads():
    p, q = torch.randn(2, 64, 3000)
    results, before = [], torch.get_num_threads()
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        results.append(slopes(RENYI[1], p, q))
    torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(one, other) for one, other in zip(result, results[0], strict=True))


def test_within_graphs_and_transforms():
    p, q = torch.randn(6, 70), torch.randn(6, 70, requires_grad=True)

    def loss(p, q):
        return kldiv.renyi(Logits(p), Logits(2 * q), order=0.3, reduction="mean")

    wanted = loss(p, q)
    (of_wanted,) = torch.autograd.grad(wanted, q)
    seen = torch.compile(loss, backend="aot_eager", fullgraph=True)(p, q)
    torch.testing.assert_close(seen, wanted)
    torch.testing.assert_close(torch.autograd.grad(seen, q)[0], of_wanted)
    torch.testing.assert_close(torch.func.grad(loss, 1)(p, q), of_wanted)
    mapped = torch.func.vmap(lambda a, b: kldiv.renyi(Logits(a), Logits(b), order=0.3))(p, q)
    torch.testing.assert_close(mapped, kldiv.renyi(Logits(p), Logits(q), order=0.3))


@pytest.mark.parametrize("order", [0.1, 30.0])
def test_slopes_that_are_functions_again_are_as_precise(order):
    p = 8 * torch.randn(200, 50)
    q = p + 8 * torch.randn(200, 50)

    def loss(p, q):
        return kldiv.renyi(Logits(p), Logits(q), order=order).sum()

    with kernels.use("auto"):
        known = torch.func.grad(loss)(p.double(), q.double())
    for found in (
        torch.func.grad(loss)(p, q),
        torch.autograd.grad(loss(p.requires_grad_(), q), p, create_graph=True)[0].detach(),
    ):
        oracle.assert_close(found, known.tolist(), UNITS, normwise=True)


def test_what_has_no_compiled_form():
    z = torch.zeros(4, 10)
    for one, other in ((z.double(), z), (z, z.double())):
        with pytest.raises(kldiv.InvalidInputError, match=r"the Rényi divergence of .*float64 logits on cpu"):
            kldiv.renyi(Logits(one), Logits(other), order=2)
    with pytest.raises(kldiv.InvalidInputError, match="of float32 logits on cpu and float32 counts on cpu"):
        kldiv.renyi(Logits(z), Counts(z + 1), order=2)
    with pytest.raises(kldiv.InvalidInputError, match="no form of the Rényi divergence of order ∞"):
        kldiv.renyi(Logits(z), Logits(z), order=INF)


@pytest.mark.parametrize("order", [1e-17, 1e-12, 1e-6])
def test_small_orders_are_the_references(order):
    p, q = torch.tensor([0.0, 1.0, -1.0]), torch.tensor([1.0, 0.0, 0.5])
    with kernels.use("auto"):
        value = kldiv.renyi(Logits(p), Logits(q), order=order)
    assert kernels.last_used() == "reference"
    exact = [oracle.probabilities(side.tolist()) for side in (p, q)]
    oracle.assert_close(value, oracle.renyi(*exact, order), UNITS)


def test_masked_outcomes_stay_so_at_any_temperature():
    p, q = torch.tensor([0.0, 1.0, -INF]), torch.tensor([0.0, 1.0, 2.0])
    with kernels.use("auto"):
        value = kldiv.renyi(Logits(p), Logits(q), order=2, temperature=1e38)
    assert value.item() == pytest.approx(0.4054651)  # log 3/2, for all but the masked one are alike


@pytest.mark.skipif(sys.platform != "linux", reason="measures the peak of resident memory as Linux counts it")
@pytest.mark.parametrize(("side", "buffers"), [("q", 1.1), ("masked", 1.1), ("none", 0.0)])
def test_no_memory_of_the_logits_size_but_the_gradient(side, buffers):
    program = _PEAK.replace("kldiv.kl(*sides,", "kldiv.renyi(*sides, order=0.3,")
    done = subprocess.run(
        [sys.executable, "-c", program, side, "float32", "Logits"], capture_output=True, text=True, check=True
    )
    # What allocators keep.
    assert float(done.stdout) <= buffers + 0.1
