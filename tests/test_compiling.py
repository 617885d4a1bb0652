"""The compiled kernel within torch.compile, autocast and other machinery of PyTorch around it.

The graphs are made by the "aot_eager" backend: tracing, fake tensors and the graph of the gradients are those
of every backend, and no C++ compiler is needed.
"""

import signal
import subprocess
import sys
import time

import pytest
import torch
from cases import CHI2, HELLINGER, JS, KL, RENYI, Case
from torch.fx.experimental.proxy_tensor import make_fx

import kldiv
from kldiv import Counts, Logits, Probs, kernels, operators


def graph(function):
    return torch.compile(function, backend="aot_eager", fullgraph=True)


@pytest.fixture(autouse=True)
def compiled():
    with kernels.use("cpu"):
        yield
    torch._dynamo.reset()


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("case", [KL, JS[1], HELLINGER, CHI2], ids=Case.name.fget)
def test_one_graph_with_the_same_numbers(case, reduction):
    p, q = torch.randn(6, 70), torch.randn(6, 70, requires_grad=True)

    def loss(p, q):
        return 3 * case(Logits(p), Logits(2 * q), temperature=2.0, reduction=reduction).sum()

    seen, wanted = graph(loss)(p, q), loss(p, q)
    torch.testing.assert_close(seen, wanted)
    (of_seen,), (of_wanted,) = (torch.autograd.grad(each, q) for each in (seen, wanted))
    torch.testing.assert_close(of_seen, of_wanted)


def test_masks_half_precision_and_both_sides():
    p = torch.randn(4, 3, 70, dtype=torch.bfloat16, requires_grad=True)
    q = torch.randn(4, 3, 70, dtype=torch.bfloat16, requires_grad=True)
    where = torch.rand(4, 3) < 0.5

    def loss(p, q, where):
        return kldiv.kl(Logits(p), Logits(q), where=where, reduction="mean")

    results = [(value := f(p, q, where), *torch.autograd.grad(value, (p, q))) for f in (graph(loss), loss)]
    for seen, wanted in zip(*results, strict=True):
        torch.testing.assert_close(seen, wanted)


def test_a_mapped_graph():
    p, q = torch.randn(5, 3, 70), torch.randn(3, 70)

    def loss(p, q):
        return kldiv.kl(Logits(p), Logits(q), reduction="sum")

    seen = graph(torch.func.vmap(loss, in_dims=(0, None)))(p, q)
    torch.testing.assert_close(seen, torch.stack([loss(each, q) for each in p]))


TRANSFORMS = {
    "grad": lambda f: torch.func.grad(lambda p, q: f(p, q).sum(), (0, 1)),
    "grad of grad": lambda f: torch.func.grad(
        lambda p, q: (torch.func.grad(lambda q: f(p, q).sum())(q) ** 2).sum()
    ),
    "vmap of grad": lambda f: torch.func.vmap(torch.func.grad(f)),
    "hessian": lambda f: lambda p, q: torch.func.hessian(f)(p[0], q[0]),
    "jvp": lambda f: lambda p, q: torch.func.jvp(f, (p, q), (q, p)),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("case", [KL, RENYI[-4]], ids=Case.name.fget)
@pytest.mark.parametrize("kind", [Logits, Counts], ids=lambda kind: kind.__name__)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_derivatives_within_a_graph(transform, case, kind):
    def loss(p, q):
        return case(*(kind(torch.softmax(z, -1), validate=False) for z in (p, q)))

    p, q = torch.randn(2, 3, 5, dtype=torch.float64)
    derivatives = TRANSFORMS[transform](loss)
    with kernels.use("auto"):
        wanted = derivatives(p, q)
        torch.testing.assert_close(graph(derivatives)(p, q), wanted)


def value_gradients_and_transform(p, q):
    sides = [z.detach().requires_grad_() for z in (p, q)]
    value = kldiv.js(*map(Logits, sides), weight=0.3, temperature=2.0, reduction="mean")
    mapped, _ = torch.func.vjp(lambda q: kldiv.kl(Logits(p), Logits(q)), q)
    return value, *torch.autograd.grad(value, sides), mapped


def test_a_recorded_graph_computes_anew():
    """What reads memory behind PyTorch's back would be recorded as a constant."""
    recorded, others = torch.randn(2, 4, 70), torch.randn(2, 4, 70)
    made = make_fx(value_gradients_and_transform)(*recorded)
    torch.testing.assert_close(made(*others), value_gradients_and_transform(*others))


@pytest.mark.filterwarnings("ignore")
def test_a_traced_script_computes_anew():
    recorded, others = torch.randn(2, 4, 70), torch.randn(2, 4, 70)

    def loss(p, q):
        return kldiv.js(Logits(p), Logits(q), weight=0.3, reduction="mean")

    traced = torch.jit.trace(loss, tuple(recorded))
    torch.testing.assert_close(traced(*others), loss(*others))


def test_the_operator_keeps_the_rules_of_operators():
    """Its schema, its fake, its gradient's registration and its tracing, as PyTorch itself checks them."""
    p, q = torch.randn(4, 70), torch.randn(4, 70, requires_grad=True)
    arguments = (p, q, None, "KullbackLeibler logits logits", [1.0, 0.5], [False, True])
    torch.library.opcheck(operators._rowwise, arguments)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_only_the_reference_has_in_a_graph():
    counts, logits = torch.rand(4, 9), torch.randn(4, 9, requires_grad=True)

    def loss(counts, logits):
        p, q = Counts(counts, validate=False), Logits(logits)
        return kldiv.renyi(p, q, order=2, temperature=2.0).sum()

    with kernels.use("auto"):
        seen, wanted = graph(loss)(counts, logits), loss(counts, logits)
    torch.testing.assert_close(seen, wanted)
    (of_seen,), (of_wanted,) = (torch.autograd.grad(each, logits) for each in (seen, wanted))
    torch.testing.assert_close(of_seen, of_wanted)


def test_other_kinds_in_a_graph():
    counts, logits = torch.rand(4, 9), torch.randn(4, 9, requires_grad=True)

    def loss(counts, logits):
        p = Counts(counts, validate=False)
        return (
            kldiv.js(p, Logits(logits)).sum()
            + kldiv.kl(Probs(torch.full((9,), 1 / 9), validate=False), p).sum()
        )

    seen, wanted = graph(loss)(counts, logits), loss(counts, logits)
    torch.testing.assert_close(seen, wanted)
    (of_seen,), (of_wanted,) = (torch.autograd.grad(each, logits) for each in (seen, wanted))
    torch.testing.assert_close(of_seen, of_wanted)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("kind", [Probs, Counts], ids=lambda kind: kind.__name__)
def test_probabilities_and_counts_at_a_temperature_in_a_graph(kind, dynamic):
    """For rows of another number, and of another number of outcomes, too; that is one operator."""

    def loss(p, q):
        sides = kind(p, validate=False), kind(torch.softmax(q, -1), validate=False)
        return kldiv.kl(*sides, temperature=2.0, reduction="mean")

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True, dynamic=dynamic)
    for rows, outcomes in ((4, 9), (7, 9), (3, 70)):
        p = torch.rand(rows, outcomes)
        q = torch.randn(rows, outcomes, requires_grad=True)
        seen, wanted = compiled(p, q), loss(p, q)
        torch.testing.assert_close(seen, wanted)
        (of_seen,), (of_wanted,) = (torch.autograd.grad(each, q) for each in (seen, wanted))
        torch.testing.assert_close(of_seen, of_wanted)


def test_autocast_changes_nothing_but_its_own_dtypes():
    layer = torch.nn.Linear(8, 70)
    x, p = torch.randn(5, 8), torch.randn(5, 70)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = layer(x)
        loss = kldiv.kl(Logits(p), Logits(logits), reduction="mean")
    loss.backward()
    assert logits.dtype == torch.bfloat16
    assert loss.dtype == torch.float32
    assert layer.weight.grad.dtype == torch.float32
    torch.testing.assert_close(loss, kldiv.kl(Logits(p), Logits(logits.detach()), reduction="mean"))


def test_an_interrupt_ends_the_work():
    """Ctrl-C is seen between calls, none of which takes long."""
    code = (
        "import torch, kldiv\n"
        "p = torch.randn(256, 2000)\n"
        "kldiv.kl(kldiv.Logits(p), kldiv.Logits(p))\n"
        "print('ready', flush=True)\n"
        "try:\n"
        "    while True:\n"
        "        kldiv.kl(kldiv.Logits(p), kldiv.Logits(p))\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[0] == "interrupted\n"
    assert process.returncode == 0
