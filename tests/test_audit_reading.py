"""How an audit reads a call's numbers: what it takes for a row, and that no tool of the program's sees it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from hypothesis import given
from hypothesis import strategies as st
from torch.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode

import kldiv
from kldiv.auditing.divergence import rounded_terms
from kldiv.auditing.reading import memory, numbers


def draw(*shape, dtype=torch.float32):
    """Log-probabilities and probabilities that differ, along the last dimension."""
    return torch.randn(shape, dtype=dtype).log_softmax(-1), torch.randn(shape, dtype=dtype).softmax(-1)


def audited(call):
    """The findings of one call, by code, and its only site."""
    with kldiv.audit() as report:
        call()
    (site,) = report.sites
    return {finding.code: finding for finding in site.findings}, site


LP, P = draw(6, 5)
HALVES = (torch.bfloat16, torch.float16)


@given(
    st.sampled_from([torch.float64, torch.float32, *HALVES]),
    st.permutations(range(3)),
    st.tuples(*[st.slices(size) for size in (4, 5, 6)]),
    st.integers(1, 3),
)
def test_memory_is_what_pytorch_says_a_tensor_holds(dtype, order, cuts, copies):
    cuts = [slice(cut.start, cut.stop, abs(cut.step or 1)) for cut in cuts]  # PyTorch steps forwards only
    tensor = torch.arange(120.0).div(7).reshape(4, 5, 6).to(dtype)[tuple(cuts)].permute(order)
    tensor = tensor.unsqueeze(0).expand(copies, -1, -1, -1)
    if tensor.numel():
        assert np.array_equal(
            numbers(memory(tensor), dtype), tensor.to(torch.promote_types(dtype, torch.float32))
        )


def test_a_negated_view_is_read_as_what_it_stands_for():
    tensor = torch.complex(LP, -LP).conj().imag
    assert tensor.is_neg()
    assert np.array_equal(numbers(memory(tensor), torch.float32), LP)
    assert not audited(lambda: F.kl_div(tensor, P, reduction="sum"))[0]


@pytest.mark.parametrize("shape", [(6, 5), (64, 2000)], ids=["whole", "in part"])
@pytest.mark.parametrize("dtype", [torch.float32, *HALVES])
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_a_profiler_and_a_dispatch_mode_see_the_program_alone(shape, dtype, reduction):
    lp, p = (side.to(dtype) for side in draw(*shape))

    class Seen(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            operations.append(str(function))
            return function(*args, **(kwargs or {}))

    def call():
        with profile(profile_memory=True) as profiled:
            F.kl_div(lp, p, reduction=reduction)
        with Seen():
            F.kl_div(lp, p, reduction=reduction)
        return [(each.key, each.count) for each in profiled.key_averages()]

    operations = []
    alone = call(), operations
    operations = []
    with kldiv.audit() as report:
        assert (call(), operations) == alone
    assert [len(site.read) for site in report.sites] == [1, 1]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("log_target", [False, True])
def test_terms_of_half_precision_are_those_of_pytorch(dtype, log_target):
    lp, p = (side.to(dtype) for side in draw(50, 40))
    target = p.log() if log_target else p * (torch.arange(40) > 3)
    real = F.kl_div(lp, target, reduction="none", log_target=log_target).float().numpy()
    sides = (numbers(memory(side), dtype) for side in (lp, target))
    ours = rounded_terms(*sides, str(dtype).removeprefix("torch."), log_target=log_target)
    # NumPy's and PyTorch's exp and log differ in float32's last bit, which seldom decides a rounding.
    assert (ours == real).mean() > 0.999
    assert np.allclose(ours, real, rtol=2 * torch.finfo(dtype).eps, atol=1e-7)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("reduction", ["sum", "none", "mean", "batchmean"])
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
def test_the_error_of_half_precision_is_told_of_large_calls_too(dtype, reduction):
    lp, p = (side.to(dtype) for side in draw(8, 3000))
    findings, site = audited(lambda: F.kl_div(lp, p, reduction=reduction))
    assert "result of the 5 rows read" in findings["KL103"].message
    # What PyTorch itself makes of those rows.
    (seen,) = site.observations
    rows = [side[[0, 1, 3, 5, 7]] for side in (lp, p)]
    real = F.kl_div(*rows, reduction=reduction)
    if reduction == "none":  # added up exactly
        real = F.kl_div(*rows, reduction="none").double().sum()
        assert seen.computed == pytest.approx(real.item(), rel=torch.finfo(dtype).eps)
    else:
        assert seen.computed == real.item()
    exact = F.kl_div(*(side.double() for side in rows), reduction=reduction).sum().item()
    assert seen.expected == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("size", [4, 40], ids=["whole", "in part"])
def test_a_distribution_may_lie_along_several_dimensions(size):
    lp, p = draw(3, size * size)
    lp, p = lp.view(3, size, size), p.view(3, size, size)
    findings, site = audited(lambda: F.kl_div(lp, p, reduction="batchmean"))
    assert not findings
    (seen,) = site.observations
    expected = F.kl_div(lp.double(), p.double(), reduction="batchmean").item()
    # Of a part some rows stand for all.
    assert seen.divergence == pytest.approx(expected, rel=1e-5 if size == 4 else 0.2)
    assert site.findings == []
    assert "Probs(target.flatten(-2)), LogProbs(input.flatten(-2))" in str(site_report(site))
    # One distribution of pairs of outcomes, as t-SNE has it.
    joint = audited(lambda: F.kl_div(lp[0], p[0], reduction="sum"))
    assert not joint[0]
    assert "Probs(target.flatten()), LogProbs(input.flatten())" in str(site_report(joint[1]))


def site_report(site):
    """A report of this site alone."""
    from kldiv.auditing.record import Audit

    return Audit(places={(site.file, site.line): site})


def test_what_is_suggested_names_the_dimension():
    lp, p = (side.movedim(-1, 1) for side in draw(2, 4, 5))
    _, site = audited(lambda: F.kl_div(lp, p, reduction="sum"))
    assert 'kldiv.kl(Probs(target, dim=1), LogProbs(input, dim=1), reduction="sum")' in str(site_report(site))
    findings, _ = audited(lambda: F.kl_div(lp * 3, p, reduction="sum"))
    assert findings["KL001"].fix == "pass F.log_softmax(input, dim=1)"


@pytest.mark.parametrize("log_target", [False, True])
def test_rows_of_zeros_on_both_sides_are_masked(log_target):
    mask = (torch.arange(6) > 2)[:, None]
    target = (P.log() if log_target else P) * mask
    findings, site = audited(lambda: F.kl_div(LP * mask, target, reduction="sum", log_target=log_target))
    assert not findings
    expected = F.kl_div(LP[3:].double(), P[3:].double(), reduction="sum").item()
    assert site.observations[0].divergence == pytest.approx(expected, rel=1e-5)
    findings, _ = audited(lambda: F.kl_div(LP * 2 * mask, target, reduction="sum", log_target=log_target))
    assert "KL001" in findings


def test_batchmean_is_right_where_the_first_dimension_counts_the_distributions():
    assert not audited(lambda: F.kl_div(LP[:, None], P[:, None], reduction="batchmean"))[0]
    findings, _ = audited(lambda: F.kl_div(LP.T, P.T, reduction="batchmean"))
    assert findings["KL004"].message.endswith(
        "divides by 5, the first dimension of (5, 6), where there are 6 distributions"
    )
    assert findings["KL004"].fix == 'reduction="sum", divided by 6'


def test_a_part_of_the_outcomes_is_not_taken_for_logits():
    findings, _ = audited(lambda: F.kl_div(LP[:, :3], P[:, :3], reduction="sum"))
    assert "log-probabilities of a part of the outcomes" in findings["KL001"].message


def test_subclasses_that_meddle_with_functions_alone_are_read():
    class Named(torch.Tensor):
        pass

    wrong = LP.exp().as_subclass(Named)
    findings, site = audited(lambda: F.kl_div(wrong, P.as_subclass(Named), reduction="batchmean"))
    assert set(findings) == {"KL001", "KL102"}
    assert not site.unread


def test_weights_of_half_precision_that_sum_to_more_are_found():
    findings, _ = audited(lambda: F.kl_div(*(x.bfloat16() for x in (LP, P * 1.2)), reduction="sum"))
    assert "KL010" in findings


def test_a_negative_result_of_rounding_is_said_to_be_that():
    logits = torch.randn(64, 1000, generator=torch.Generator().manual_seed(0))
    sides = logits.log_softmax(-1), logits.softmax(-1)
    results = [F.kl_div(lp, p, reduction="sum").item() for lp, p in zip(*sides, strict=True)]
    least = min(range(64), key=results.__getitem__)
    assert results[least] < 0
    findings, _ = audited(lambda: F.kl_div(*(side[least] for side in sides), reduction="sum"))
    assert "rounding: the two sides are alike" in findings["KL102"].message


@pytest.mark.parametrize("outcomes", [5, 30000], ids=["whole", "in part"])
def test_what_is_masked_altogether_is_not_judged(outcomes):
    lp, p = draw(2, outcomes)
    assert not audited(lambda: F.kl_div(lp, p * 0, reduction="sum"))[0]
    assert not audited(lambda: F.kl_div(lp * 0, p * 0, reduction="sum"))[0]
    # Of the two rows one is read, which is masked; both together sum to 1.
    assert not audited(lambda: F.kl_div(lp, p * torch.tensor([[0.0], [1.0]]), reduction="sum"))[0]


def test_outcomes_lie_where_both_sides_are_distributions():
    # Along the last dimension, of one element, every one-hot target is one.
    target = torch.zeros(10, 1)
    target[3] = 1
    findings, site = audited(lambda: F.kl_div(draw(10)[0][:, None], target, reduction="sum"))
    assert not findings
    assert site.observations[0].dims == (0,)


def test_a_negative_sum_over_outcomes_is_told_as_it_is():
    logits = torch.randn(3, 10) * torch.tensor([[1.0], [1.0], [0.01]])
    lp, p = logits.flip(0).log_softmax(-1), logits.softmax(-1)
    lp[1] = lp[1] + 0.1  # lessens the divergence of equal sides by that
    findings, _ = audited(lambda: F.kl_div(lp, p, reduction="none"))
    message = findings["KL102"].message
    assert message.startswith("a sum over outcomes is negative, down to ")
    assert float(message.split(" down to ")[1].partition(";")[0]) == pytest.approx(-0.1, rel=1e-5)


@pytest.mark.parametrize("size", [6, 60], ids=["read whole", "read in part"])
def test_one_line_may_be_right_along_either_dimension(size):
    a, b = torch.randn(2, size, size)
    pairs = [(a.log_softmax(dim), b.softmax(dim)) for dim in (1, 0)] * 20
    findings, site = audited(lambda: [F.kl_div(lp, p, reduction="sum") for lp, p in pairs])
    assert not findings
    assert len(site.read) + sum(site.unread.values()) == site.calls
    if size == 6:
        assert {each.dims for each in site.read} == {(-1,), (0,)}
    else:
        # The first two are copied whole, one of them right along dimension 0; and again after each look.
        [(reason, number)] = site.unread.items()
        assert reason == "the rows looked at are no distributions, unlike the first call's"
        assert 0 < number < len(pairs) // 2
