"""The compiled kernel: held to 60-digit arithmetic as the reference is, and to the reference at the border.

Tolerances in units of the dtype's epsilon are those of the accuracy tests, doubled: the kernel's sums run in
vector lanes, and its exponentials are polynomials good to one unit rather than half of one. All but
the Kullback–Leibler divergence take q from p and the log-ratio d, whose rounding the exponential multiplies.
"""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import oracle
import pytest
import torch
from cases import CHI2, GAPS, HELLINGER, JEFFREYS, JS, KINKED, KL, SKEW, TOTAL_VARIATION, Case, logit_rows
from scipy.special import rel_entr, softmax
from torch._subclasses.fake_tensor import FakeTensorMode

import kldiv
from kldiv import Logits, kernels

COMPILED = [KL, *JS, *SKEW, JEFFREYS, TOTAL_VARIATION, HELLINGER, CHI2]
FEW = [KL, JS[1], CHI2, HELLINGER]
WIDE = tuple(gap for gap in GAPS if gap >= 1e-2)
UNITS, UNITS_OF_POWERS = 32, 128
INF = float("inf")


@pytest.fixture(autouse=True)
def compiled():
    with kernels.use("cpu"):
        yield


def slopes(case, p, q, **options):
    p, q = p.clone().requires_grad_(), q.clone().requires_grad_()
    value = case(Logits(p), Logits(q), **options)
    value.sum().backward()
    assert kernels.last_used() == kernels._choice.forced
    return value.detach(), p.grad, q.grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("size", [2, 3, 10])
@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_value_and_slopes(case, size, dtype):
    p, q = logit_rows(size, dtype, WIDE if case.name in KINKED else GAPS)
    exact = [[oracle.probabilities(row) for row in side.tolist()] for side in (p, q)]
    value, of_p, of_q = slopes(case, p, q)
    units = UNITS if case is KL else UNITS_OF_POWERS
    oracle.assert_close(value, list(map(case.exact, *exact)), units, label="value")
    wanted = [
        oracle.slopes(lambda z, other=b: case.exact(oracle.probabilities(z), other), row)
        for row, b in zip(p.tolist(), exact[1], strict=True)
    ]
    oracle.assert_close(of_p, wanted, units, normwise=True, label="slope of p")
    wanted = [
        oracle.slopes(lambda z, other=a: case.exact(other, oracle.probabilities(z)), row)
        for row, a in zip(q.tolist(), exact[0], strict=True)
    ]
    oracle.assert_close(of_q, wanted, units, normwise=True, label="slope of q")


@pytest.mark.parametrize("gap", [1.0, 1e-4])
@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_rows_longer_than_a_block(case, gap):
    """Lengths about a block's and its lanes'; 2e-6 is the accuracy promised for float32."""
    for size in (2047, 2048, 2049, 5000):
        p, q = logit_rows(size, torch.float32, (gap, gap))
        with kernels.use("reference"):
            exact = slopes(case, p.double(), q.double(), temperature=1.5)
        for seen, wanted in zip(slopes(case, p, q, temperature=1.5), exact, strict=True):
            assert (seen - wanted).norm() <= 2e-6 * wanted.norm(), (size, case.name)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_a_value_alone_whatever_the_start_of_a_row_shows(temperature):
    """It has the likeliest outcomes, the least likely, none, or lies so low that exponents are too large."""
    generator = torch.Generator().manual_seed(6)
    p = torch.randn(6, 1000, generator=generator) * 3
    q = p + torch.randn(6, 1000, generator=generator) * 2 * temperature
    for row, descending in ((0, False), (1, True)):
        p[row], order = p[row].sort(descending=descending)
        q[row] = q[row][order]
    p[2, :64] = q[2, :64] = -INF
    p[3, 500:502], q[3, 500:502] = torch.tensor([[66.1, 64.7], [64.3, 66.3]]) * temperature
    p[4, 500], p[5, 500], q[5, 500] = 300.0, 300.0, 290.0
    value = KL(Logits(p), Logits(q), temperature=temperature)
    as_probabilities = [softmax(side.double().numpy() / temperature, axis=-1) for side in (p, q)]
    oracle.assert_close(value, rel_entr(*as_probabilities).sum(-1).tolist(), UNITS, label="value")


def test_a_value_alone_of_which_two_late_outcomes_decide():
    """Relative to the start's logits their exponents are large, and so is what rounding those costs."""
    torch.manual_seed(8)
    p, q = 3 * torch.randn(2, 200, 300)
    high, below = 60 + 25 * torch.rand(200), 0.3 + torch.rand(200)
    p[:, 150:152] = torch.stack((high, high - below), -1)
    q[:, 150:152] = torch.stack((high - below, high), -1)
    value = KL(Logits(p), Logits(q))
    exact = rel_entr(*(softmax(side.double().numpy(), axis=-1) for side in (p, q))).sum(-1)
    oracle.assert_close(value, exact.tolist(), UNITS, label="value")


def _nothing(_p, _q):
    """As drawn."""


def _close(p, q):
    q[:] = p + 1e-2 * torch.randn(p.shape)


def _masked(p, q):
    p[::2] = q[::2] = -INF


def _masked_in_q(_p, q):
    q[5] = -INF


def _rare_in_q(_p, q):
    q[5] -= 60


def _low_in_q(_p, q):
    q -= 500


def _high(p, q):
    p += 30
    q += 30


def _high_in_q(_p, q):
    q += 150


def _peak(p, q):
    p[5] += 20
    q[5] += 20


PARTS = [_nothing, _close, _masked, _masked_in_q, _rare_in_q, _low_in_q, _high, _high_in_q, _peak]


@pytest.mark.parametrize("rest", PARTS)
@pytest.mark.parametrize("start", PARTS)
def test_a_value_alone_of_a_row_that_goes_on_otherwise_than_it_starts(start, rest):
    torch.manual_seed(7)
    p, q = (spread * torch.randn(3, 200) for spread in (torch.tensor([[0.5], [2.0], [5.0]]), 1.0))
    for row_p, row_q in zip(p, q, strict=True):
        start(row_p[:64], row_q[:64])
        rest(row_p[64:], row_q[64:])
    value = KL(Logits(p), Logits(q))
    exact = rel_entr(*(softmax(side.double().numpy(), axis=-1) for side in (p, q))).sum(-1)
    oracle.assert_close(value, exact.tolist(), UNITS, label="value")


@pytest.mark.parametrize("case", [*JS, *SKEW, HELLINGER], ids=Case.name.fget)
def test_slopes_where_a_divergence_nears_its_bound(case):
    """There the terms differ from their bound by less than single precision tells."""
    torch.manual_seed(0)
    p = 3 * torch.randn(40, 300)
    q = p + torch.linspace(3, 15, 40)[:, None] * torch.randn(40, 300)
    with kernels.use("reference"):
        exact = slopes(case, p.double(), q.double())
    for seen, wanted in zip(slopes(case, p, q), exact, strict=True):
        size = wanted.norm(dim=-1) if wanted.ndim > 1 else wanted
        off = (seen - wanted).norm(dim=-1) if wanted.ndim > 1 else (seen - wanted).abs()
        units = UNITS_OF_POWERS * torch.finfo(torch.float32).eps
        assert (off <= units * size).all(), (off / size).max()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_half_precisions_are_storage_only(case, dtype):
    p, q = logit_rows(700, dtype, (1.0, 0.1))
    value, of_p, of_q = slopes(case, p, q)
    with kernels.use("reference"):
        exact = slopes(case, p.double(), q.double())
    assert value.dtype == torch.float32
    assert of_p.dtype == of_q.dtype == dtype
    assert ((value - exact[0]).abs() <= 1e-5 * exact[0]).all()
    for seen, wanted in ((of_p, exact[1]), (of_q, exact[2])):
        # A gradient is rounded to the logits' own precision, which has a smallest number besides.
        info = torch.finfo(dtype)
        slack = info.eps * wanted.abs() + info.eps * info.tiny
        assert ((seen - wanted).abs() <= slack).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_a_loss_scale_comes_before_the_rounding(case, dtype):
    """Gradients too small for float16, times what a scaler multiplies the loss by, are what float64 gives."""
    p, _ = logit_rows(4000, dtype, (1.0, 1.0))
    q = p.clone()
    q[:, ::7] += 0.01
    q.requires_grad_()
    (case(Logits(p), Logits(q)).sum() * 2.0**16).backward()
    exact = q.detach().double().requires_grad_()
    with kernels.use("reference"):
        (case(Logits(p.double()), Logits(exact)).sum() * 2.0**16).backward()
    # Each number is rounded once or, scaled where it lies in bfloat16, twice.
    assert (q.grad - exact.grad).norm() <= torch.finfo(dtype).eps * exact.grad.norm()


@pytest.mark.parametrize("case", COMPILED, ids=Case.name.fget)
def test_borders_are_the_references(case):
    """Masks on both sides, on one, constant shifts, huge logits, one-hot and equal rows, and NaN."""
    p = torch.tensor(
        [[0, 1, -INF, 2], [0, 1, -INF, 2], [0, 1, 2, 3], [1e4, 0, -1e4, 3], [88, -300, 0, 1], [5, 5, 5, 5],
         [0, 1, 2, float("nan")], [-INF, 3, -INF, -INF], [1e38, 0, 0, -1e38], [0, 1, -1e9, 2]],
        dtype=torch.float64,
    )  # fmt: skip
    q = torch.tensor(
        [[1, 1, -INF, 0], [1, -INF, 0, 0], [7, 8, 9, 10], [0, 1e4, 3, -1e4], [-300, 88, 0, 1], [2, 2, 2, 2],
         [0, 1, 2, 3], [-INF, 3, -INF, -INF], [0, 1e38, 0, 0], [1, 0, -1e4, 1]],
        dtype=torch.float64,
    )  # fmt: skip
    seen = slopes(case, p, q)
    with kernels.use("reference"):
        wanted = slopes(case, p, q)
    for one, other in zip(seen, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14, equal_nan=True)
    assert seen[0][2] == seen[0][5] == seen[0][7] == 0


def test_strided_and_broadcast_rows_are_read_where_they_lie():
    p = torch.randn(6, 40, dtype=torch.float64)[:, 3:30]
    q = torch.randn(27, 5, 6, dtype=torch.float64).permute(1, 2, 0)
    seen = slopes(KL, p, q)
    with kernels.use("reference"):
        wanted = slopes(KL, p, q)
    for one, other in zip(seen, wanted, strict=True):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-15)


def test_rows_left_out_hold_anything_and_learn_nothing():
    p, q = logit_rows(50, torch.float32, (1.0, 1.0, 1.0))
    q[1] = float("nan")
    where = torch.tensor([True, False, True])
    value, of_p, of_q = slopes(KL, p, q, where=where)
    assert value[1] == 0
    assert (of_p[1] == 0).all()
    assert (of_q[1] == 0).all()
    assert of_q[0].abs().sum() > 0


def test_warming_up_is_calling():
    """Afterwards nothing is left to compile, and a call takes no longer than any other."""
    code = (
        "import kldiv, torch\n"
        "kldiv.kernels.warm_up()\n"
        "from kldiv.kernels.cpu import entries\n"
        "made = entries.entry_of_tiles.cache_info().misses, entries.entry_of_logits.cache_info().misses\n"
        "for outcomes in (10, 1000):\n"
        "    q = torch.zeros(3, outcomes, requires_grad=True)\n"
        "    kldiv.kl(kldiv.Logits(torch.ones(3, outcomes)), kldiv.Logits(q)).sum().backward()\n"
        "print(made, entries.entry_of_tiles.cache_info().misses, entries.entry_of_logits.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "(2, 2) 2 2\n", done.stderr


def test_warming_up_where_new_tensors_lie_elsewhere():
    """They would have no memory that the kernel could read; the process would end."""
    code = (
        "import kldiv, torch\n"
        "z = kldiv.Logits(torch.zeros(64, 5000))\n"
        "kldiv.kl(z, z)\n"
        "torch.set_default_device('meta')\n"
        "kldiv.kernels.warm_up()\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_any_default_device():
    """What the kernel needs besides its arguments lies on the CPU: scratch, starts of rows, boards."""
    code = (
        "import kldiv, torch\n"
        "rows = torch.randn(4, 3, 70)\n"
        "shapes = rows, rows.transpose(0, 1)[:, ::2].expand(2, 3, 2, 70), torch.randn(1, 1 << 18)\n"
        "torch.set_default_device('meta')\n"
        "for z in shapes:\n"
        "    print(kldiv.kl(kldiv.Logits(z), kldiv.Logits(-z)).isfinite().all().item())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True"] * 3, done.stderr


@pytest.mark.parametrize("collects", [True, False])
def test_compiling_leaves_the_collector_as_it_was(collects):
    before = "enable" if collects else "disable"
    code = f"import gc, kldiv; gc.{before}(); kldiv.kernels.warm_up(); print(gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == f"{collects}\n", done.stderr


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("apart", [1.0, 1e30], ids=["usual", "done once more"])
def test_the_total_of_one_row_is_its_value(shape, masked, apart):
    """Of which no view is made: its shape is another than that of the rows it is computed from."""
    p = torch.tensor([0.0, 0.5, apart]).expand(*shape, 3)
    q = torch.tensor([0.5, -0.5, -apart]).expand(*shape, 3).clone().requires_grad_()
    where = torch.ones(shape, dtype=torch.bool) if masked else None
    value = kldiv.kl(Logits(p), Logits(q), where=where, reduction="sum")
    value.backward()
    of_p, of_q = (softmax(each.detach().double().numpy(), -1) for each in (p, q))
    assert value.shape == ()
    assert value.item() == pytest.approx(_divergence(p, q), rel=1e-6)
    assert q.grad.double().numpy() == pytest.approx(of_q - of_p, rel=1e-6, abs=1e-7)
    with torch.no_grad():
        alone = kldiv.kl(Logits(p), Logits(q), where=where, reduction="sum")
    assert alone.shape == ()
    assert alone.item() == pytest.approx(value.item(), rel=1e-6)


def _divergence(p, q):
    """Σ p·log(p/q) by logarithms of softmax, as no probability here may underflow."""
    log_p, log_q = (torch.log_softmax(each.detach().double(), -1) for each in (p, q))
    return (log_p.exp() * (log_p - log_q)).sum().item()


def test_a_subclass_is_the_references():
    with FakeTensorMode(), kernels.use("auto"):
        value = kldiv.kl(*[Logits(torch.zeros(9, 90_000))] * 2)
        assert value.shape == (9,)
        assert kernels.last_used() == "reference"


@pytest.mark.parametrize("mode", [FakeTensorMode, lambda: torch.device("meta")], ids=["fake", "meta"])
def test_tensors_without_numbers_keep_their_shapes(mode):
    """A mask that can't be read can't be counted either: the mean is then divided after the sum."""
    with mode(), kernels.use("auto"):
        q = torch.zeros(9, 30, requires_grad=True)
        where = torch.ones(9, dtype=torch.bool)
        value = kldiv.kl(Logits(torch.zeros(9, 30)), Logits(q), where=where, reduction="mean")
        value.backward()
    assert value.shape == ()
    assert q.grad.shape == (9, 30)


def test_one_side_alone_two_backward_passes_and_a_weight_of_zero():
    p, q = logit_rows(50, torch.float64, (1.0, 1.0))
    q.requires_grad_()
    value = kldiv.kl(Logits(p), Logits(q))
    weighted = (value * torch.tensor([0.0, 2.0])).sum()
    weighted.backward(retain_graph=True)
    first = q.grad.clone()
    weighted.backward()
    assert (first[0] == 0).all()
    torch.testing.assert_close(q.grad, 2 * first, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("case", FEW, ids=Case.name.fget)
def test_derivatives_of_derivatives(case):
    p, q = (z.requires_grad_() for z in logit_rows(5, torch.float64, (1.0, 0.5)))
    assert torch.autograd.gradcheck(lambda a, b: case(Logits(a), Logits(b)), (p, q))
    assert torch.autograd.gradgradcheck(lambda a, b: case(Logits(a), Logits(b)), (p, q))


def test_function_transforms():
    p, q = logit_rows(8, torch.float64, (1.0, 0.5, 0.2))

    def loss(a, b):
        return kldiv.kl(Logits(a), Logits(b))

    with kernels.use("reference"):
        wanted = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1)))(p, q)
    seen = torch.func.vmap(torch.func.grad(loss, argnums=(0, 1)))(p, q)
    for one, other in zip(seen, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(torch.func.vmap(loss, in_dims=(0, None))(p, q[0]), loss(p, q[0]))
    torch.testing.assert_close(torch.func.jacrev(loss, 1)(p[0], q[0]), wanted[1][0], rtol=1e-12, atol=1e-15)


def test_results_are_the_same_bits_for_any_number_of_threads():
    p, q = logit_rows(3000, torch.float32, (1.0,) * 64)
    results = []
    for threads in (1, 2, 5):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        results.append(slopes(JS[1], p, q))
        torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(one, other) for one, other in zip(result, results[0], strict=True))


def test_eight_threads_at_once():
    p, q = logit_rows(2000, torch.float32, (1.0,) * 64)
    wanted = slopes(KL, p, q)

    def work(_):
        with kernels.use("cpu"):
            return slopes(KL, p, q)

    with ThreadPoolExecutor(8) as pool:
        for result in pool.map(work, range(32)):
            assert all(torch.equal(one, other) for one, other in zip(result, wanted, strict=True))


def _in_child(queue):
    # As a DataLoader's worker does: OpenMP has no threads in a forked process, and waits for them.
    torch.set_num_threads(1)
    kernels.use("cpu")
    p, q = logit_rows(3000, torch.float32, (1.0,) * 64)
    queue.put(kldiv.kl(Logits(p), Logits(q)).sum().item())


@pytest.mark.filterwarnings("ignore:.*fork.*")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(method):
    p, q = logit_rows(3000, torch.float32, (1.0,) * 64)
    wanted = kldiv.kl(Logits(p), Logits(q)).sum().item()
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=120) == wanted
    child.join()


def test_without_a_place_for_its_cache(tmp_path):
    code = "import kldiv, torch; kldiv.kernels.warm_up(); print('warm')"
    nowhere = {
        "NUMBA_CACHE_DIR": str(tmp_path / "file" / "below"),
        "HOME": "/nowhere",
        "XDG_CACHE_HOME": "/nowhere",
    }
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | nowhere, check=False
    )
    assert done.stdout == "warm\n", done.stderr


_PEAK = """
import resource, sys, torch, kldiv
side, dtype, kind = sys.argv[1], getattr(torch, sys.argv[2]), getattr(kldiv, sys.argv[3])
def call(rows, outcomes):
    p, q = (torch.empty(rows, outcomes, dtype=dtype).normal_() for _ in range(2))
    if kind is not kldiv.Logits:
        p.exp_()
        q.exp_()
    q.requires_grad_(side != "none")
    sides = [kind(z, validate=False) for z in (p, q)]
    where = torch.arange(rows) % 3 > 0 if side == "masked" else None
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    before = peak()
    value = kldiv.kl(*sides, where=where, reduction="mean", temperature=2.0)
    if side != "none":
        value.backward()
    return (peak() - before) / (p.element_size() * rows * outcomes)
kldiv.kernels.use("cpu")
call(48, 100_000)  # compiles, and takes the rows of scratch that each thread keeps
print(call(128, 100_000))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="measures the peak of resident memory as Linux counts it")
@pytest.mark.parametrize("kind", ["Logits", "Counts"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("side", "buffers"), [("q", 1.1), ("masked", 1.1), ("none", 0.0)])
def test_no_memory_of_the_logits_size_but_the_gradient(side, buffers, dtype, kind):
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, side, dtype, kind], capture_output=True, text=True, check=True
    )
    # What allocators keep.
    assert float(done.stdout) <= buffers + 0.1


def test_the_choice_and_what_is_refused():
    z = torch.zeros(4, 10)
    p = z.softmax(-1)
    with kernels.use("auto"):
        kldiv.kl(Logits(z), Logits(z))
        assert kernels.last_used() == "cpu"
        kldiv.renyi(kldiv.Probs(p), Logits(z), order=2)
        assert kernels.last_used() == "reference"
        kldiv.kl(kldiv.Probs(p), Logits(z), temperature=2.0)
        assert kernels.last_used() == "cpu"
    with pytest.raises(kldiv.InvalidInputError, match="the cpu kernel has no form of the Rényi divergence"):
        kldiv.renyi(Logits(z), Logits(z), order=float("inf"))
    with pytest.raises(
        kldiv.InvalidInputError,
        match=r"no form of .* of float32 probs on cpu and float32 logits on cpu at temperature 2",
    ):
        kldiv.renyi(kldiv.Probs(p), Logits(z), order=2, temperature=2.0)
    with pytest.raises(kldiv.InvalidInputError, match="kernel is 'gpu'"):
        kernels.use("gpu")
    assert kldiv.kernels is kernels


def test_a_gradient_is_freed_with_its_graph():
    p, q = logit_rows(100, torch.float32, (1.0,))
    q.requires_grad_()
    value = kldiv.kl(Logits(p), Logits(q))
    node = value.grad_fn
    value.sum().backward()
    assert not node.kept
