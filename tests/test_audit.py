"""`kldiv.audit()` inside a program: what it finds, and that it changes nothing."""

import multiprocessing
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from torch import nn

import kldiv
from kldiv import Counts, Logits, LogProbs, Probs
from kldiv.auditing.text import text

pytestmark = pytest.mark.filterwarnings(
    "ignore:reduction. 'mean' divides"
)  # the default is one of the mistakes


# Of PyTorch as it was before any audit.
CODE, BUILTIN = F.kl_div.__code__, torch.kl_div


def draw(*shape, dtype=torch.float32):
    """Logits of two distributions that differ."""
    return torch.randn(*shape, dtype=dtype), torch.randn(*shape, dtype=dtype)


def audited(call):
    """The findings of one call, by code, and its only site."""
    with kldiv.audit() as report:
        call()
    (site,) = report.sites
    return {finding.code: finding for finding in site.findings}, site


LP, P = (f(x, -1) for f, x in zip((F.log_softmax, F.softmax), draw(6, 5), strict=True))
Z = draw(6, 5)[0]
GRADIENT = P.clone().requires_grad_()
IMAGE, OTHER = draw(2, 5, 4, 4)

# A call, and everything that is wrong with it.
CASES = [
    (lambda: F.kl_div(LP, P, reduction="batchmean"), set()),
    (lambda: F.kl_div(LP, P, reduction="sum"), set()),
    (lambda: F.kl_div(LP, P, reduction="none"), set()),
    (lambda: F.kl_div(LP, P.log(), reduction="batchmean", log_target=True), set()),
    (lambda: nn.KLDivLoss(reduction="batchmean")(LP, P), set()),
    (lambda: torch.kl_div(LP, P, 2), set()),
    (lambda: F.kl_div((P + 1e-6).log(), P.roll(1, 0), reduction="batchmean"), set()),
    (lambda: F.kl_div(IMAGE.log_softmax(1), OTHER.softmax(1), reduction="sum"), set()),
    (lambda: F.kl_div(LP, F.one_hot(torch.arange(6) % 5, 5).float(), reduction="sum"), set()),
    (lambda: F.kl_div(LP, P * (torch.arange(6) > 2)[:, None], reduction="sum"), set()),
    (lambda: F.kl_div(Z + 5, P, reduction="batchmean"), {"KL001", "KL102"}),
    (lambda: F.kl_div(LP.exp(), P, reduction="sum"), {"KL001", "KL102"}),
    (lambda: F.kl_div(LP, P.log(), reduction="sum"), {"KL002", "KL101"}),
    (lambda: F.kl_div(LP, P, reduction="sum", log_target=True), {"KL002"}),
    (lambda: F.kl_div(LP, Z, reduction="sum", log_target=True), {"KL002"}),
    (lambda: F.kl_div(LP, P), {"KL003"}),
    (lambda: nn.KLDivLoss()(LP, P), {"KL003"}),
    (lambda: torch.kl_div(LP, P, 1), {"KL003"}),
    (lambda: torch.kl_div(LP, P), set()),
    (lambda: F.kl_div(LP[0], P[0], reduction="batchmean"), {"KL004"}),
    (lambda: F.kl_div(LP.view(2, 3, 5), P.view(2, 3, 5), reduction="batchmean"), {"KL004"}),
    (lambda: F.kl_div(LP, P * 20, reduction="sum"), {"KL010"}),
    (lambda: F.kl_div(LP, GRADIENT, reduction="sum"), {"KL012"}),
    (lambda: F.kl_div(LP.bfloat16(), P.bfloat16(), reduction="batchmean"), {"KL103"}),
]


@pytest.mark.parametrize(("call", "codes"), CASES)
def test_findings_are_what_is_wrong_and_nothing_else(call, codes):
    findings, site = audited(call)
    assert set(findings) == codes
    assert site.calls == 1
    assert site.file == __file__
    assert "kldiv" in site.source.lower().replace("_", "")


@pytest.mark.filterwarnings("ignore:size_average and reduce args")
def test_deprecated_arguments_are_found():
    assert set(audited(lambda: F.kl_div(LP, P, size_average=False))[0]) == {"KL005"}
    assert set(audited(lambda: F.kl_div(LP, P, reduce=False))[0]) == {"KL005"}
    assert set(audited(lambda: F.kl_div(LP, P, size_average=True))[0]) == {"KL003", "KL005"}
    # PyTorch divides by the batch all the same, which is the wrong divisor of more than one batch dimension.
    cubes = LP.expand(3, *LP.shape), P.expand(3, *P.shape)
    found = audited(lambda: F.kl_div(*cubes, size_average=False, reduction="batchmean"))[0]
    assert set(found) == {"KL004", "KL005"}


@pytest.mark.parametrize(
    ("call", "p", "q", "reduction"),
    [
        (lambda: F.kl_div(LP, P), Probs(P), LogProbs(LP), "mean"),
        (lambda: F.kl_div(Z, P, reduction="sum"), Probs(P), Logits(Z), "sum"),
        (lambda: F.kl_div(LP.exp(), P, reduction="batchmean"), Probs(P), Probs(LP.exp()), "mean"),
        (lambda: F.kl_div(LP, P * 7, reduction="sum"), Counts(P * 7), LogProbs(LP), "sum"),
        (lambda: F.kl_div(LP, Z, reduction="sum", log_target=True), Logits(Z), LogProbs(LP), "sum"),
        (
            lambda: F.kl_div(IMAGE.log_softmax(1), OTHER.softmax(1), reduction="sum"),
            Probs(OTHER.softmax(1), dim=1),
            LogProbs(IMAGE.log_softmax(1), dim=1),
            "sum",
        ),
    ],
)
def test_the_number_beside_the_result_is_what_kldiv_returns(call, p, q, reduction):
    first = audited(call)[1].observations[0]
    # kldiv computes in float32 of float32 arguments, the audit in float64 of the same.
    assert first.divergence == pytest.approx(kldiv.kl(p, q, reduction=reduction).item(), rel=1e-5)


def test_a_masked_row_counts_in_neither():
    mask = torch.arange(6) > 2
    first = audited(lambda: F.kl_div(LP, P * mask[:, None], reduction="sum"))[1].observations[0]
    expected = kldiv.kl(Probs(P), LogProbs(LP), where=mask, reduction="sum").item()
    assert first.divergence == pytest.approx(expected, rel=1e-5)
    assert first.masked


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_error_of_half_precision_is_against_the_same_call_in_float64(dtype):
    lp, p = LP.to(dtype), P.to(dtype)
    findings, site = audited(lambda: F.kl_div(lp, p, reduction="sum"))
    real = F.kl_div(lp.double(), p.double(), reduction="sum").item()
    assert site.observations[0].expected == pytest.approx(real, rel=1e-14)
    assert f"{real:.6g} in float64" in findings["KL103"].message


def test_autocast_computes_in_float32_and_is_not_blamed():
    def call():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            F.kl_div(LP.bfloat16(), P.bfloat16(), reduction="sum")

    assert not audited(call)[0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_float32_made_of_half_precision_sums_to_1_as_half_precision_does(dtype):
    lp, p = LP.to(dtype).float(), P.to(dtype).float()
    assert (p.sum(-1) - 1).abs().max() > 1e-5
    assert not audited(lambda: F.kl_div(lp, p, reduction="sum"))[0]
    assert "KL010" in audited(lambda: F.kl_div(LP, P * p.sum(-1, keepdim=True) * 1.02, reduction="sum"))[0]


def test_float32_is_blamed_only_where_it_has_lost_the_digits():
    same = torch.zeros(4, 3)
    assert not audited(lambda: F.kl_div(same.log_softmax(-1), same.softmax(-1), reduction="sum"))[0]
    z = torch.randn(4, 1000)
    close = z + 1e-5 * torch.randn(4, 1000)
    findings, _ = audited(lambda: F.kl_div(close.log_softmax(-1), z.softmax(-1), reduction="batchmean"))
    assert "KL103" in findings or "KL102" in findings


def test_calls_are_counted_and_sampled_after_the_first_hundred():
    _, site = audited(lambda: [F.kl_div(LP, P, reduction="sum") for _ in range(1000)])
    assert (site.calls, site.calls) == (1000, 1000)
    assert 100 < len(site.observations) < 200
    _, site = audited(lambda: [F.kl_div(LP, P, reduction="sum") for _ in range(100)])
    assert len(site.observations) == 100


def test_counts_say_how_often_each_mistake_was_made():
    inputs = [LP, LP.exp(), LP, LP.exp(), LP.exp()]
    findings, _ = audited(lambda: [F.kl_div(each, P, reduction="sum") for each in inputs])
    assert (findings["KL001"].count, findings["KL001"].looked_at) == (3, 5)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5000)], ids=["copied", "looked at in the call"])
def test_what_the_program_does_to_its_tensors_afterwards_is_not_reported(shape):
    logits, other = draw(*shape)
    lp, p = logits.log_softmax(-1), other.softmax(-1)

    def call():
        result = F.kl_div(lp, p, reduction="none")
        for tensor in (lp, p, result):
            tensor.fill_(7.0)

    expected = audited(lambda: F.kl_div(lp, p, reduction="none"))[1].observations
    findings, site = audited(call)
    assert not findings
    assert site.observations == expected


@pytest.mark.filterwarnings("ignore:size_average and reduce args")
def test_calls_of_many_kinds_at_one_place_are_each_looked_at():
    calls = [
        (LP, P, {"reduction": "batchmean"}),
        (LP, P, {"reduction": "none"}),
        (LP.exp(), P, {"reduction": "batchmean"}),
        (LP[:, :1].log_softmax(0), P[:, :1].softmax(0), {"reduction": "sum"}),
        (LP.bfloat16(), P.bfloat16(), {"reduction": "sum"}),
        (LP, P.double(), {"size_average": False}),
        (IMAGE.log_softmax(1), OTHER.softmax(1), {"reduction": "sum"}),
        (IMAGE, OTHER.softmax(-1) * (torch.arange(4) > 1)[:, None], {"reduction": "none"}),
    ]
    _, site = audited(lambda: [F.kl_div(a, b, **named) for a, b, named in calls * 3])
    alone = [audited(lambda: F.kl_div(a, b, **named))[1].observations[0] for a, b, named in calls * 3]  # noqa: B023
    # Those of a kind are looked at together.
    together, alone = (sorted(each, key=lambda seen: str(seen.of)) for each in (site.observations, alone))
    same = ("outcomes", "input_space", "target", "returned", "expected", "least", "alike")
    for name in same:
        assert [getattr(each, name) for each in together] == [getattr(each, name) for each in alone]


def test_calls_looked_at_together_are_told_apart():
    inputs = [LP, LP.exp(), Z, Z.T.log_softmax(-1).T, torch.full_like(LP, torch.nan)] * 30
    targets = [P, P * (torch.arange(6) > 2)[:, None], P * 20] * 50
    _, site = audited(lambda: [F.kl_div(a, b, reduction="sum") for a, b in zip(inputs, targets, strict=True)])
    assert len(site.observations) == 100 + 3  # numbers 100, 120 and 140
    for number, seen in enumerate(site.observations[:100]):
        _, single = audited(lambda: F.kl_div(inputs[number], targets[number], reduction="sum"))  # noqa: B023
        alone = single.observations[0]
        assert seen.input_space == alone.input_space
        assert seen.target_space == alone.target_space
        assert seen.target_high == pytest.approx(alone.target_high, rel=1e-6)  # float32, in another order
        assert (seen.dims, seen.alike) == (alone.dims, alone.alike)


def test_of_large_tensors_too_the_wrong_calls_among_right_ones_are_found():
    lp, p = (f(x, -1) for f, x in zip((F.log_softmax, F.softmax), draw(60, 60), strict=True))
    inputs = [lp] * 20 + [lp.exp()] * 20
    findings, _ = audited(lambda: [F.kl_div(each, p, reduction="sum") for each in inputs])
    assert set(findings) == {"KL001", "KL102"}
    assert findings["KL001"].count < findings["KL001"].looked_at


def test_a_broadcast_input_is_no_loss_of_digits():
    a, b = draw(6, 5)
    lp, p = (0.01 * a[:1]).log_softmax(-1), (0.01 * b).softmax(-1)
    findings, site = audited(lambda: F.kl_div(lp, p, reduction="batchmean"))
    assert set(findings) == {"KL004"}  # PyTorch divides by the input's 1 row
    assert "divides by 1, the first dimension of (1, 5), where there are 6 d" in findings["KL004"].message
    assert site.observations[0].expected == pytest.approx(site.observations[0].returned, rel=1e-2)


def test_results_gradients_and_random_numbers_are_those_of_pytorch():
    def train():
        torch.manual_seed(1)
        z = torch.randn(6, 5, requires_grad=True)
        losses = [
            F.kl_div(z.log_softmax(-1), P, reduction=reduction).sum()
            for reduction in ("none", "sum", "batchmean")
        ]
        loss = torch.stack(losses).sum() + nn.KLDivLoss()(z.log_softmax(-1), P)
        names = [type(each.grad_fn).__name__ for each in losses]
        (gradient,) = torch.autograd.grad(loss, z, create_graph=True)
        (second,) = torch.autograd.grad(gradient.square().sum(), z)
        return [loss, gradient, second, torch.rand(3)], names, np.random.get_state()[2]  # noqa: NPY002 (the state watched)

    alone, names, position = train()
    with kldiv.audit():
        watched, watched_names, watched_position = train()
    assert all(torch.equal(a, b) for a, b in zip(alone, watched, strict=True))
    assert (names, position) == (watched_names, watched_position)


def test_threads_and_early_imports_are_seen_and_nothing_is_left_behind():
    from torch.nn.functional import kl_div

    with kldiv.audit() as report, ThreadPoolExecutor(4) as pool:
        for _ in range(400):
            pool.submit(kl_div, LP, P, reduction="sum")
        thread = threading.Thread(target=lambda: F.kl_div(LP, P, reduction="sum"))
        thread.start()
        thread.join()
    assert sum(site.calls for site in report.sites) == 401
    assert kl_div.__code__ is CODE
    assert torch.kl_div is BUILTIN
    F.kl_div(LP, P, reduction="sum")
    assert sum(site.calls for site in report.sites) == 401


def test_audits_may_overlap_and_end_with_an_error():
    with kldiv.audit() as outer:
        with pytest.raises(RuntimeError, match="size"), kldiv.audit() as inner:
            F.kl_div(LP, P, reduction="sum").view(7)
        F.kl_div(LP, P, reduction="sum")
    assert [sum(site.calls for site in each.sites) for each in (outer, inner)] == [2, 1]
    assert F.kl_div.__code__ is CODE


def test_an_audit_that_saw_nothing_is_not_taken_for_another():
    with kldiv.audit() as outer:
        with kldiv.audit() as inner:
            pass
        F.kl_div(LP, P, reduction="sum")
    assert [sum(site.calls for site in each.sites) for each in (outer, inner)] == [1, 0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system can't fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_process_leaves_the_block_as_well():
    child = -1
    try:
        with kldiv.audit():
            child = os.fork()
    finally:
        if not child:
            os._exit(7 if F.kl_div.__code__ is CODE else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_errors_of_the_call_are_its_own():
    with kldiv.audit() as report:
        with pytest.raises(RuntimeError, match="size of tensor"):
            F.kl_div(torch.zeros(2, 3), torch.zeros(4), reduction="sum")
        with pytest.raises(ValueError, match="not a valid value for reduction"):
            F.kl_div(LP, P, reduction="no")
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'target'"):
            F.kl_div(LP)
    assert report.sites == []


def test_warnings_name_the_line_they_would_have_named():
    with warnings.catch_warnings(record=True) as caught, kldiv.audit():
        warnings.simplefilter("always")
        F.kl_div(LP, P)
        nn.KLDivLoss()(LP, P)
    assert [each.filename.rpartition("/")[2] for each in caught] == ["test_audit.py", "loss.py"]


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled_code_computes_as_ever_and_what_is_not_seen_is_said(backend):
    def loss(lp, p):
        return F.kl_div(lp, p, reduction="batchmean") + torch.kl_div(lp, p, 2)

    torch._dynamo.reset()
    with kldiv.audit() as report:
        compiled = torch.compile(loss, fullgraph=True, backend=backend)(LP, P)
    assert torch.allclose(compiled, loss(LP, P))
    if backend == "aot_eager":
        assert any("torch.compile" in note for note in report.notes)


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")  # PyTorch's, of vmap
def test_transforms_scripts_and_traces_compute_as_ever():
    class Loss(nn.Module):
        def forward(self, lp, p):
            return F.kl_div(lp, p, reduction="sum")

    expected = F.kl_div(LP, P, reduction="sum")
    with kldiv.audit() as report:
        rows = torch.func.vmap(lambda lp, p: F.kl_div(lp, p, reduction="sum"))(LP, P)
        gradient = torch.func.grad(lambda lp: F.kl_div(lp, P, reduction="sum"))(LP)
        traced = torch.fx.symbolic_trace(Loss())(LP, P)
    assert torch.allclose(rows.sum(), expected)
    assert torch.allclose(gradient, -P)
    assert torch.equal(traced, expected)
    assert any("torch.func" in reason for site in report.sites for reason in site.unread)


@pytest.mark.parametrize(
    ("method", "made"), [("fork", "1 process was forked"), ("spawn", "1 process was spawned")]
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_processes_that_are_not_followed_are_told(method, made):
    def run():
        process = multiprocessing.get_context(method).Process(target=print)
        process.start()
        process.join()

    with kldiv.audit() as report:
        run()
    run()
    (note,) = report.notes
    assert note.startswith(made)


def test_what_can_not_be_read_is_counted_and_said():
    with kldiv.audit() as report:
        F.kl_div(torch.zeros(0, 3), torch.zeros(0, 3), reduction="sum")
        F.kl_div(torch.empty(2, 3, device="meta"), torch.empty(2, 3, device="meta"), reduction="sum")
    assert [list(site.unread) for site in report.sites] == [
        ["without outcomes"], ["without readable floating-point values"]
    ]  # fmt: skip
    assert "1 call could not be read: without outcomes" in str(report)


def test_the_report_reads_as_text_and_as_data():
    with kldiv.audit() as report:
        F.kl_div(LP, P)
    document = report.document()
    (site,) = document["sites"]
    assert (document["calls"], site["calls"], site["looked_at"]) == (1, 1, 1)
    assert site["findings"][0]["fix"] == 'reduction="batchmean"'
    assert site["first"]["call"] == 'kldiv.kl(Probs(target), LogProbs(input), reduction="mean")'
    assert site["first"]["kldiv"] == pytest.approx(5 * site["first"]["returned"], rel=1e-5)
    assert "KL003 warning: " in str(report)
    for width in (12, 40, 80):
        lines = text(report, width).splitlines()
        assert " ".join(text(report, None).split()) == " ".join(" ".join(lines).split())
        assert all(len(line) <= width or " " not in line.strip() for line in lines)
        assert sum(line.startswith("    F.kl_div(LP,") for line in lines) == 1
        assert not any(line.startswith("F.kl_div") for line in lines)
    with kldiv.audit() as empty:
        pass
    assert str(empty) == "kldiv audit: kl_div was not called\n"
