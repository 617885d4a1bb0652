"""What `--fix` writes: it is what was meant, touches nothing else, and computes the number it should."""

import itertools

import pytest
import torch
from rewriting import HEAD, fixed, rewritten, values_of
from torch import nn

from kldiv.checker.fixes import legacy_reduction
from kldiv.checker.fixing import rewrite_document
from kldiv.checker.project import Wish, check_content
from kldiv.checker.selection import Selection


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1))",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="batchmean")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), reduction='mean')",
            "F.kl_div(a.log_softmax(1), b.softmax(1), reduction='batchmean')",
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), None, None, 'mean')",
            "F.kl_div(a.log_softmax(1), b.softmax(1), None, None, 'batchmean')",
        ),
        (
            "F.kl_div(\n    a.log_softmax(1),\n    b.softmax(1),  # p\n)",
            'F.kl_div(\n    a.log_softmax(1),\n    b.softmax(1),  # p\n    reduction="batchmean",\n)',
        ),
        (
            "F.kl_div(\n    a.log_softmax(1),\n    (b.softmax(1))  # p\n)",
            'F.kl_div(\n    a.log_softmax(1),\n    (b.softmax(1)),  # p\n    reduction="batchmean"\n)',
        ),
        (
            "F.kl_div(a.log_softmax(1),\n         b.softmax(1), )",
            'F.kl_div(a.log_softmax(1),\n         b.softmax(1), reduction="batchmean", )',
        ),
        (
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum")',
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum", log_target=True)',
        ),
        (
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum", log_target=False)',
            'F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction="sum", log_target=True)',
        ),
        (
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum", log_target=True)',
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum", log_target=False)',
        ),
        (
            'F.kl_div(torch.log(F.softmax(a, 1)), b.softmax(1), reduction="sum")',
            'F.kl_div(F.log_softmax(a, 1), b.softmax(1), reduction="sum")',
        ),
        (
            'F.kl_div(a.softmax(dim=1).log(), b.softmax(1), reduction="sum")',
            'F.kl_div(a.log_softmax(dim=1), b.softmax(1), reduction="sum")',
        ),
        (
            'F.kl_div(nn.Softmax(dim=1)(a).log(), b.softmax(1), reduction="sum")',
            'F.kl_div(nn.LogSoftmax(dim=1)(a), b.softmax(1), reduction="sum")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), size_average=False)",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), False, True)",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="sum")',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.log_softmax(1), False, None, 'mean', True)",
            "F.kl_div(a.log_softmax(1), b.log_softmax(1), reduction='sum', log_target=True)",
        ),
        (
            "nn.KLDivLoss(size_average=False)(a.log_softmax(1), b.softmax(1))",
            'nn.KLDivLoss(reduction="sum")(a.log_softmax(1), b.softmax(1))',
        ),
        (
            "nn.KLDivLoss(False)(a.log_softmax(1), b.softmax(1))",
            'nn.KLDivLoss(reduction="sum")(a.log_softmax(1), b.softmax(1))',
        ),
        (
            "F.kl_div(a.log_softmax(1), b.softmax(1), size_average=True)",
            'F.kl_div(a.log_softmax(1), b.softmax(1), reduction="batchmean")',
        ),
    ],
)
def test_what_a_fix_writes(before, after):
    assert fixed(f"def f(a, b):\n    x = {before}\n") == f"def f(a, b):\n    x = {after}\n"


@pytest.mark.parametrize(
    "code",
    [
        # The rank is seen not to be 2, or the outcomes lie along the first dimension.
        "F.kl_div(torch.randn(2, 3, 4).log_softmax(-1), torch.randn(2, 3, 4).softmax(-1))",
        "F.kl_div(a.log_softmax(0), b.softmax(0))",
        # What stands in the way is not a literal.
        "F.kl_div(a.log_softmax(1), b.softmax(1), size_average=flag)",
        "F.kl_div(a.log_softmax(1), b.log_softmax(1), log_target=flag, reduction='sum')",
        # Its reduction is a number.
        "torch.kl_div(a.log_softmax(1), b.softmax(1))",
        # A comment would be lost.
        "F.kl_div(torch.log(  # why\n    F.softmax(a, 1)), b.softmax(1), reduction='sum')",
        # Not the function of PyTorch, or none that can be renamed.
        "F.kl_div(torch.log(own.softmax(a)), b.softmax(1), reduction='sum')",
    ],
)
def test_what_is_not_safe_is_left(code):
    source = f"def f(a, b, flag, own):\n    x = {code}\n"
    assert fixed(source) == source


def test_an_option_that_a_dictionary_gives_is_not_given_again():
    body = "x = F.kl_div(a.log_softmax(1), b.softmax(1), **{'reduction': 'mean'})\n"
    assert fixed(body) == body
    summed = body.replace("mean", "sum")
    assert fixed(summed, to_kldiv=True) == summed


def test_a_text_with_values_is_left():
    source = 'x = f"{F.kl_div(a.log_softmax(1), b.softmax(1))} {F.kl_div(a, b, False)}"\n'
    assert fixed(source, to_kldiv=True) == source


def test_a_criterion_that_serves_two_calls_is_changed_only_if_both_agree():
    body = "def f(a, b):\n    kl = nn.KLDivLoss()\n    x = kl(a.log_softmax(1), b.softmax(1))\n"
    assert "KLDivLoss(reduction=" in fixed(body)
    disagreeing = body + "    y = kl(a.log_softmax(0), b.softmax(0))\n"
    assert fixed(disagreeing) == disagreeing


PARTIAL = "from functools import partial\nkl = partial(F.kl_div, {})\ndef f(a, b):\n    return {}\n"


@pytest.mark.parametrize(
    ("options", "call", "fixed_options", "fixed_call"),
    [
        ('reduction="mean"', "kl(a.log_softmax(1), b.softmax(1))", 'reduction="batchmean"', None),
        (
            'reduction="sum", log_target=True',
            "kl(a.log_softmax(1), b.softmax(1))",
            'reduction="sum", log_target=False',
            None,
        ),
        (
            'reduction="sum"',
            "kl(a.log_softmax(1), b.log_softmax(1))",
            'reduction="sum"',
            "kl(a.log_softmax(1), b.log_softmax(1), log_target=True)",
        ),
        (
            'reduction="sum"',
            'kl(a.log_softmax(1), b.softmax(1), reduction="mean")',
            'reduction="sum"',
            'kl(a.log_softmax(1), b.softmax(1), reduction="batchmean")',
        ),
    ],
)
def test_an_option_of_a_partial_is_put_right_where_it_stands(options, call, fixed_options, fixed_call):
    source = PARTIAL.format(options, call)
    after = PARTIAL.format(fixed_options, fixed_call or call)
    assert fixed(source) == after
    assert not rewritten(HEAD + after).changes
    a, b = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)
    divergence = torch.distributions.kl_divergence(
        *(torch.distributions.Categorical(logits=x) for x in (b, a))
    )
    expected = divergence.mean() if "batchmean" in after else divergence.sum()
    torch.testing.assert_close(values_of(HEAD + after, a, b)[0], expected)


def test_a_partial_that_serves_two_calls_is_changed_only_if_both_agree():
    other = "    x = kl(a.log_softmax(1), b.log_softmax(1))\n    return x"
    source = PARTIAL.format('reduction="sum", log_target=True', "kl(a.log_softmax(1), b.softmax(1))")
    assert "log_target=False" in fixed(source)
    both = source.replace("    return", f"{other.rpartition(chr(10))[0]}\n    return")
    assert fixed(both) == both


def test_what_is_ignored_or_not_selected_is_not_fixed():
    line = "x = F.kl_div(a.log_softmax(1), b.softmax(1))"
    assert fixed(f"{line}  # kldiv: ignore\n") == f"{line}  # kldiv: ignore\n"
    assert fixed(f"{line}\n", wish=Wish(Selection(ignore=("KL003",)))) == f"{line}\n"


def test_the_words_for_old_arguments_are_those_of_pytorch():
    for size_average, reduce in itertools.product((None, True, False), repeat=2):
        if (size_average, reduce) == (None, None):
            assert legacy_reduction(None, None) is None
            continue
        with pytest.warns(UserWarning, match="will be deprecated"):
            criterion = nn.KLDivLoss(size_average=size_average, reduce=reduce)
        assert legacy_reduction(size_average, reduce) == criterion.reduction


@pytest.mark.parametrize("size_average", [None, True, False])
@pytest.mark.parametrize("reduce", [None, True, False])
@pytest.mark.parametrize("reduction", ["mean", "sum", "batchmean"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_without_old_arguments_the_number_stays(size_average, reduce, reduction):
    source = (
        f"{HEAD}def f(a, b):\n    return F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), "
        f"size_average={size_average}, reduce={reduce}, reduction={reduction!r})\n"
    )
    only = Wish(Selection(select=("KL005",)))
    after = rewritten(source, wish=only).after
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    torch.testing.assert_close(values_of(after, a, b), values_of(source, a, b), rtol=0, atol=0)
    # What is averaged or left whole, and then divided by the batch all the same, has no word.
    has_word = reduction != "batchmean" or (size_average is False and reduce is not False)
    assert has_word or (size_average, reduce) == (None, None) or after == source
    if has_word and (size_average, reduce) != (None, None):
        assert "size_average" not in after
        assert "reduce=" not in after


def test_log_softmax_is_the_logarithm_it_replaces():
    source = (
        f"{HEAD}def f(a, b):\n    return F.kl_div(F.softmax(a, 1).log(), b.softmax(1), reduction='sum')\n"
    )
    after = rewritten(source).after
    assert "log_softmax" in after
    a, b = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)
    torch.testing.assert_close(values_of(after, a, b), values_of(source, a, b), rtol=1e-12, atol=1e-12)


def test_batchmean_is_the_divergence():
    source = f"{HEAD}def f(a, b):\n    return F.kl_div(F.log_softmax(a, 1), F.softmax(b, 1))\n"
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    p, q = b.softmax(1), a.softmax(1)
    value, _ = values_of(rewritten(source).after, a, b)
    # Twelve terms of size 1 in float32.
    torch.testing.assert_close(value, (p * (p / q).log()).sum(1).mean(), rtol=1e-5, atol=1e-6)


def test_places_are_those_of_the_file_as_it_was():
    call = "F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction='sum')"
    body = f"x = F.kl_div(a.log_softmax(1), b.softmax(1), size_average=True); y = {call}\n"
    body += "z = F.kl_div(a.log_softmax(1), b.softmax(1), reduction='none')\n"
    done = rewritten(HEAD + body, to_kldiv=True)
    columns = [1 + body.index(each) for each in ("True", "F.kl_div", "size_average", "F.kl_div")]
    columns[1] = 1 + body.index(call)
    assert [each.split(" ")[0] for each in done.changes] == [f"a.py:4:{column}" for column in columns]
    assert done.refusals[0].startswith("a.py:5:5 not converted: ")


# --- bytes, line ends, notebooks ----------------------------------------------------------------------

FIXABLE = "import torch.nn.functional as F\nx = F.kl_div(\n    a.log_softmax(1),\n    b.softmax(1),\n)  # é\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "declaration", "encoding"),
    [(b"", "", "utf-8"), (b"\xef\xbb\xbf", "", "utf-8"), (b"", "# coding: latin-1\n", "latin-1")],
)
def test_encoding_mark_and_line_ends_stay(newline, mark, declaration, encoding):
    def as_bytes(text):
        return mark + (declaration + text).replace("\n", newline).encode(encoding)

    done = rewrite_document(check_content(as_bytes(FIXABLE), "a.py", Wish()), Wish(), to_kldiv=False)
    expected = FIXABLE.replace("(1),\n)", '(1),\n    reduction="batchmean",\n)')
    assert done.left.document.content == as_bytes(expected)
    converted = rewrite_document(check_content(as_bytes(FIXABLE), "a.py", Wish()), Wish(), to_kldiv=True)
    content = converted.left.document.content
    assert b"import kldiv" + newline.encode() in content
    assert content.count(newline.encode()) == as_bytes(expected).count(newline.encode())


def test_wide_characters_before_a_call_do_not_shift_it():
    body = 'x = "日本 é 𝒳", F.kl_div(a.log_softmax(1), b.softmax(1)), "ü"\n'
    assert fixed(body) == body.replace("softmax(1))", 'softmax(1), reduction="batchmean")')


def test_a_form_feed_shifts_nothing():
    body = "\f\nclass A:\n    pass\n\f\nx = F.kl_div(a.log_softmax(1), b.softmax(1))\n"
    assert fixed(body) == body.replace("softmax(1))", 'softmax(1), reduction="batchmean")')
