"""The compiled entropy of logits, held to 60-digit arithmetic, and to the reference at the border.

In an entropy nothing cancels. What is left are the roundings of exponentials, and of adding 256 of them in a
register: up to nine halves of an epsilon where nearly all outcomes are alike. 16 are allowed.
"""

import subprocess
import sys

import oracle
import pytest
import torch
from mpmath import mp, mpf
from test_kernels import _PEAK

import kldiv
from kldiv import Counts, Logits, LogProbs, Probs, kernels

UNITS = 8
INF, NAN = float("inf"), float("nan")


@pytest.fixture(autouse=True)
def compiled():
    with kernels.use("cpu"):
        yield


def value_and_slopes(z, kind=Logits, **options):
    z = z.clone().requires_grad_()
    value = kldiv.entropy(kind(z), **options)
    value.sum().backward()
    return value.detach(), z.grad


def exact(row, temperature=1.0):
    """The entropy, and −p·(log p + H)/T."""
    p = oracle.probabilities(row, temperature=temperature)
    value = oracle.entropy(p)
    return value, [-a * (mp.log(a) + value) / mpf(temperature) if a else mpf(0) for a in p]


def assert_right(z, temperature=1.0, units=UNITS):
    value, slopes = value_and_slopes(z, temperature=temperature)
    assert kernels.last_used() == "cpu"
    values, rows = zip(*(exact(row, temperature) for row in z.tolist()), strict=True)
    oracle.assert_close(value, values, units, label="value")
    oracle.assert_close(slopes, rows, units, normwise=True, label="slope")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("temperature", [1.0, 0.7, 30.0])
@pytest.mark.parametrize("outcomes", [1, 2, 15, 16, 17, 100, 3000])
def test_value_and_slopes(outcomes, temperature, dtype):
    """Of rows nearly uniform, usual, and with one outcome of nearly all the mass.

    In double precision 1/T is one number, and an exponent of 50 multiplies its rounding.
    """
    units = 50 if dtype == torch.float64 and temperature == 0.7 else UNITS
    spreads = torch.tensor([1e-3, 1.0, 10.0] * (20 if outcomes < 100 else 1), dtype=dtype)
    assert_right(torch.randn(len(spreads), outcomes, dtype=dtype) * spreads[:, None], temperature, units)


@pytest.mark.parametrize("apart", [1e-3, 1.0, 9.0, 40.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_outcome_apart_from_many_that_are_alike(sign, apart):
    """Each addition of the same number is rounded the same way; beside the likeliest the others decide."""
    z = torch.full((1, 3000), 0.3)
    z[0, 7] += sign * apart
    assert_right(z)


@pytest.mark.parametrize(
    "row",
    [
        (0.0, *[-100.0] * 3000),
        (0.0, -86.0),
        (0.0, -120.0, -INF),
        (88.0, 0.0),
        (0.0, -745.0),
        (-INF, 0.0, 1.0),
    ],
)
def test_weights_that_single_precision_hardly_holds(row):
    """They are computed in double precision: what they come to has few digits in single, or none."""
    z = torch.tensor([row])
    value, slopes = value_and_slopes(z)
    right, of_right = exact(row)
    # No number of single precision is nearer to 0.
    least = 2.0**-149
    assert abs(value.item() - right) <= UNITS * 2.0**-24 * right + least
    for slope, wanted in zip(slopes[0].tolist(), of_right, strict=True):
        assert abs(slope - wanted) <= UNITS * 2.0**-24 * max(map(abs, of_right)) + least


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precisions_are_storage_only(dtype):
    z = torch.randn(4, 500).to(dtype)
    value, slopes = value_and_slopes(z)
    wanted, of_wanted = value_and_slopes(z.float())
    assert value.dtype == torch.float32
    assert torch.equal(value, wanted)
    assert torch.equal(slopes, of_wanted.to(dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_borders_are_the_references(dtype):
    rows = [
        [0.0, 0.0, -INF], [-INF, -INF, 3.0], [-INF] * 3, [INF, 0.0, 0.0], [INF, INF, 0.0], [NAN, 0.0, 1.0],
        [0.0, NAN, -INF], [1e30, 0.0, 0.0], [3e38, 3e38, 3e38],
    ]  # fmt: skip
    z = torch.tensor(rows, dtype=dtype)
    seen = value_and_slopes(z)
    with kernels.use("reference"):
        wanted = value_and_slopes(z)
    for one, other in zip(seen, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=0, equal_nan=True)
    assert seen[0][1] == 0
    assert not seen[0][1].signbit()


def test_log_probs_at_a_temperature_are_logits():
    z = torch.randn(5, 40).log_softmax(-1)
    for one, other in zip(
        value_and_slopes(z, LogProbs, temperature=2.0), value_and_slopes(z, temperature=2.0), strict=True
    ):
        assert torch.equal(one, other)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("kind", [Logits, Counts])
def test_reductions_bases_and_rows_left_out(kind, reduction):
    z = torch.rand(6, 300)
    z[4] = NAN
    where = torch.tensor([True, True, False, True, False, True])
    options = {"where": where, "base": 2, "reduction": reduction}
    given = z.clone().requires_grad_()
    value = kldiv.entropy(kind(given, validate=False), **options)
    value.sum().backward()
    p = z.double().softmax(-1) if kind is Logits else z.double() / z.double().sum(-1, keepdim=True)
    rows = torch.where(where, torch.special.entr(p).sum(-1), 0.0) / torch.log(
        torch.tensor(2.0, dtype=torch.float64)
    )
    wanted = {"none": rows, "sum": rows.sum(), "mean": rows.sum() / 4}[reduction]
    torch.testing.assert_close(value.double(), wanted, rtol=1e-6, atol=0)
    assert (given.grad[~where] == 0).all()
    assert (given.grad[where].abs().sum(-1) > 0).all()


def test_outcomes_along_another_dimension_are_read_where_they_lie():
    z = torch.randn(5, 40, 3)
    seen = value_and_slopes(z, lambda z: Logits(z, dim=1))
    wanted = value_and_slopes(z.movedim(1, -1).contiguous())
    assert torch.equal(seen[0], wanted[0])
    assert torch.equal(seen[1].movedim(1, -1), wanted[1])


def test_the_same_bits_for_any_number_of_threads():
    z, results = torch.randn(64, 3000), []
    before = torch.get_num_threads()
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        results.append(value_and_slopes(z))
    torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(one, other) for one, other in zip(result, results[0], strict=True))


def test_within_graphs_and_transforms():
    z = torch.randn(6, 70, requires_grad=True)

    def loss(z):
        return kldiv.entropy(Logits(2 * z), temperature=2.0, reduction="mean")

    wanted = loss(z)
    (of_wanted,) = torch.autograd.grad(wanted, z)
    seen = torch.compile(loss, backend="aot_eager", fullgraph=True)(z)
    torch.testing.assert_close(seen, wanted)
    torch.testing.assert_close(torch.autograd.grad(seen, z)[0], of_wanted)
    torch.testing.assert_close(torch.func.grad(loss)(z), of_wanted)
    mapped = torch.func.vmap(lambda row: kldiv.entropy(Logits(row)))(z)
    torch.testing.assert_close(mapped, kldiv.entropy(Logits(z)))


def test_cross_entropy_is_the_sum_of_both():
    p, q = torch.randn(2, 6, 300)
    one, other = p.clone().requires_grad_(), q.clone().requires_grad_()
    value = kldiv.cross_entropy(Logits(one), Logits(other), reduction="mean")
    value.backward()
    z, w = p.double().requires_grad_(), q.double().requires_grad_()
    wanted = -(z.softmax(-1) * w.log_softmax(-1)).sum(-1).mean()
    wanted.backward()
    torch.testing.assert_close(value.double(), wanted, rtol=1e-6, atol=0)
    for seen, known in ((one.grad, z.grad), (other.grad, w.grad)):
        torch.testing.assert_close(seen.double(), known, rtol=0, atol=2e-6 * known.abs().max().item())


def test_slopes_of_halves_are_rounded_once():
    """Where q is nearly flat those of the entropy and of the divergence nearly cancel."""
    p, q = (3 * torch.randn(20, 50)).bfloat16(), 0.01 * torch.randn(20, 50)
    z, w = p.clone().requires_grad_(), p.double().requires_grad_()
    kldiv.cross_entropy(Logits(z), Logits(q)).sum().backward()
    (-(w.softmax(-1) * q.double().log_softmax(-1))).sum().backward()
    assert z.grad.dtype == torch.bfloat16
    error = (z.grad.double() - w.grad).abs().amax(-1) / w.grad.abs().amax(-1)
    # bfloat16 has 8 bits, and what cancels costs single precision some thousand units.
    assert error.max() < 2**-8


def test_what_has_no_compiled_form():
    with pytest.raises(kldiv.InvalidInputError, match="no form of the entropy of float64 probs on cpu at"):
        kldiv.entropy(Probs([0.5, 0.5]), temperature=2.0)


@pytest.mark.skipif(sys.platform != "linux", reason="measures the peak of resident memory as Linux counts it")
@pytest.mark.parametrize(("side", "buffers"), [("q", 1.1), ("masked", 1.1), ("none", 0.0)])
def test_no_memory_of_the_logits_size_but_the_gradient(side, buffers):
    program = _PEAK.replace("kldiv.kl(*sides,", "kldiv.entropy(sides[1],")
    done = subprocess.run(
        [sys.executable, "-c", program, side, "float32", "Logits"], capture_output=True, text=True, check=True
    )
    # What allocators keep.
    assert float(done.stdout) <= buffers + 0.1
