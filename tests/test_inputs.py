"""What is refused, by which error, and what its message tells the reader to do."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch._subclasses import FakeTensorMode

import kldiv
from kldiv.errors import InputTypeError, InvalidInputError, KLDivError, ShapeError
from kldiv.inputs import Counts, Logits, LogProbs, Probs, in_double

KINDS = (Logits, LogProbs, Probs, Counts)
NAN, INF = math.nan, math.inf
FUNCTIONS = {
    "kl": kldiv.kl,
    "js": kldiv.js,
    "cross_entropy": kldiv.cross_entropy,
    "jeffreys": kldiv.jeffreys,
    "total_variation": kldiv.total_variation,
    "hellinger": kldiv.hellinger,
    "chi2": kldiv.chi2,
    "skew_kl": lambda p, q, **how: kldiv.skew_kl(p, q, weight=0.5, **how),
    "renyi": lambda p, q, **how: kldiv.renyi(p, q, order=2, **how),
}
WITH_BASE = [name for name in FUNCTIONS if name not in {"total_variation", "hellinger", "chi2"}]
UNIFORM = Probs([0.5, 0.5])


def refuses(error, builtin, *parts):
    """An error of both classes, its message having these parts in this order."""
    assert issubclass(error, KLDivError)
    assert issubclass(error, builtin)
    return pytest.raises(error, match=".*".join(map(re.escape, parts)))


# --- arguments that don't say what they hold ---------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bare_tensor(name):
    with refuses(
        InputTypeError,
        TypeError,
        f"{name} got a bare tensor of shape (2, 3) and dtype float32 for p",
        "kldiv.Logits, LogProbs, Probs or Counts",
        f"kldiv.{name}(kldiv.Logits(p), q)",
    ):
        FUNCTIONS[name](torch.zeros(2, 3), UNIFORM)
    with refuses(
        InputTypeError, TypeError, f"{name} got a bare list for q", f"kldiv.{name}(p, kldiv.Logits(q))"
    ):
        FUNCTIONS[name](UNIFORM, [0.5, 0.5])


def test_bare_entropy():
    with refuses(
        InputTypeError, TypeError, "entropy got a bare ndarray for p", "kldiv.entropy(kldiv.Logits(p))"
    ):
        kldiv.entropy(np.array([0.5, 0.5]))


def test_a_class_in_place_of_a_value():
    with refuses(InputTypeError, TypeError, "a bare"):
        kldiv.kl(Logits, UNIFORM)


# --- values that no kind has -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Logits, LogProbs])
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_integers_are_no_logarithms(kind, dtype):
    name = str(dtype).removeprefix("torch.")
    with refuses(
        InputTypeError,
        TypeError,
        f"{kind.__name__} got {name} values of shape (2,)",
        f"{kind.__name__}(values.float())",
    ):
        kind(torch.zeros(2, dtype=dtype))


@pytest.mark.parametrize("kind", [Probs, Counts])
def test_integers_become_float64(kind):
    assert kind(torch.tensor([1, 0])).values.dtype == torch.float64


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.bool, torch.complex64])
def test_no_real_numbers(kind, dtype):
    """No conversion is offered: .float() of these would hide the mistake."""
    with refuses(
        InputTypeError, TypeError, f"{kind.__name__} got {str(dtype).removeprefix('torch.')} values"
    ) as caught:
        kind(torch.ones(2, dtype=dtype))
    assert "write" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("values", ["abc", ["a", "b"], None, {"a": 1}, [0.5, None], [1, 10**30]], ids=repr)
def test_no_numbers(kind, values):
    with refuses(
        InputTypeError, TypeError, f"{kind.__name__} got {type(values).__name__}", "expected numbers"
    ):
        kind(values)


@pytest.mark.parametrize("kind", KINDS)
def test_ragged_list(kind):
    with refuses(InputTypeError, TypeError, f"{kind.__name__} got list", "no rectangular array"):
        kind([[0.5, 0.5], [1.0]])


def test_list_of_numbers_in_a_graph():
    """Their gradient would be lost in silence."""
    with refuses(InputTypeError, TypeError, "Probs got list of tensors", "Probs(torch.stack(values))"):
        Probs([torch.tensor(0.5, requires_grad=True), torch.tensor(0.5)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [object, np.longdouble])
def test_arrays_to_convert_first(kind, dtype):
    """What a tensor can't hold is not rounded behind the caller's back."""
    with refuses(InputTypeError, TypeError, f"{kind.__name__} got ndarray", 'values.astype("float64")'):
        kind(np.array([0.25, 0.75], dtype=dtype))


@pytest.mark.parametrize("kind", KINDS)
def test_masked_array(kind):
    """NumPy would hand over what lies under the mask."""
    with refuses(InputTypeError, TypeError, f"{kind.__name__} got a masked array", "values.filled("):
        kind(np.ma.array([0.25, 0.75], mask=[False, True]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", ["sparse_coo", "sparse_csr", "mkldnn"])
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state")
def test_tensors_that_are_not_dense(kind, layout):
    identity = torch.eye(2)
    values = {"sparse_coo": identity.to_sparse, "sparse_csr": identity.to_sparse_csr}
    with refuses(InputTypeError, TypeError, f"layout {layout}", f"{kind.__name__}(values.to_dense())"):
        kind(values.get(layout, identity.to_mkldnn)())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
def test_rows_of_several_lengths(kind, layout):
    rows = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)], layout=layout)
    with refuses(InputTypeError, TypeError, f"{kind.__name__} got a nested tensor", "to_padded_tensor"):
        kind(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_wrapped_twice(kind):
    with refuses(
        InputTypeError, TypeError, f"{kind.__name__} got Probs(shape=(2,)", "says already what it holds"
    ):
        kind(UNIFORM)


@pytest.mark.parametrize("array", [np.array([0.25, 0.75])[::-1], np.array([0.75, 0.25], dtype=">f8")])
def test_arrays_of_any_layout(array):
    assert Probs(array).values.tolist() == [0.75, 0.25]


def test_read_only_array_is_copied():
    array = np.array([0.75, 0.25])
    array.setflags(write=False)
    Probs(array).values[0] = 1.0
    assert array[0] == 0.75


# --- shapes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_dimension(kind):
    with refuses(ShapeError, ValueError, f"{kind.__name__} got a single number"):
        kind(torch.tensor(1.0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_no_outcome(kind, shape):
    with refuses(ShapeError, ValueError, f"values of shape {shape}", "at least one outcome along dim -1"):
        kind(torch.zeros(shape))


@pytest.mark.parametrize("dim", [2, -3, 1.0, "last", True, None], ids=repr)
def test_no_such_dimension(dim):
    with refuses(
        ShapeError, ValueError, f"dim={dim!r} for values of shape (2, 3)", "a whole number from -2 to 1"
    ):
        Logits(torch.zeros(2, 3), dim=dim)


def test_different_numbers_of_outcomes():
    with refuses(
        ShapeError,
        ValueError,
        "p of shape (2, 3) with 3 outcomes along dim -1",
        "q of shape (4, 2) with 4 outcomes along dim 0",
    ):
        kldiv.kl(Logits(torch.zeros(2, 3)), Logits(torch.zeros(4, 2), dim=0))


def test_one_outcome_does_not_broadcast():
    """The event dimension is no batch: one outcome against three is a mistake."""
    with refuses(ShapeError, ValueError, "the same number of outcomes"):
        kldiv.kl(Logits(torch.zeros(1)), Logits(torch.zeros(3)))


def test_batches_that_do_not_broadcast():
    with refuses(
        ShapeError, ValueError, "p has batch shape (2,)", "q has batch shape (3,)", "don't broadcast"
    ):
        kldiv.kl(Logits(torch.zeros(2, 5)), Logits(torch.zeros(5, 3), dim=0))


# --- numbers that can't be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values", "parts"),
    [
        (Probs, [0.5, NAN, NAN], ["Probs: outcome 1 is nan, which is not a number"]),
        (
            Probs,
            [[0.5, 0.5], [1.25, -0.25]],
            ["outcome 1 of row 1 is -0.25, which is negative", "Logits(...)"],
        ),
        (LogProbs, [-1.0, NAN], ["LogProbs: outcome 1 is nan"]),
        (
            LogProbs,
            [[-INF, 0.0], [0.5, -1.0]],
            ["outcome 0 of row 1 is 0.5, which is positive", "Logits(...)"],
        ),
        (Counts, [1.0, INF], ["Counts: outcome 1 is inf, which is not finite"]),
        (Counts, [[1, 2], [3, -4]], ["outcome 1 of row 1 is -4, which is negative"]),
        (Counts, [NAN, 1.0], ["outcome 0 is nan"]),
        (Counts, [[1, 2], [0, 0]], ["Counts row 1 sums to 0", "at least one positive count"]),
        (Counts, [0.0], ["Counts sums to 0"]),
        (
            Probs,
            [0.5, 0.25],
            ["Probs: the probabilities sum to 0.75", "Counts(...) normalises", "validate=False"],
        ),
        (Probs, [[0.5, 0.5], [0.5, 0.75]], ["Probs row 1: the probabilities sum to 1.25"]),
        (Probs, [[[0.5, 0.5]], [[0.5, 0.6]]], ["Probs row (1, 0): the probabilities sum to 1.1"]),
        (Probs, [INF, 0.0], ["the probabilities sum to inf"]),
        (Probs, [0.0, 0.0], ["the probabilities sum to 0"]),
        (LogProbs, [-1.0, -1.0], ["LogProbs: their exponentials sum to 0.735759", "Logits(...) normalises"]),
        (LogProbs, [-INF, -INF], ["their exponentials sum to 0"]),
    ],
    ids=str,
)
def test_invalid_numbers(kind, values, parts):
    with refuses(InvalidInputError, ValueError, *parts):
        kind(values)
    kind(values, validate=False)


@pytest.mark.parametrize("kind", [LogProbs, Probs, Counts])
def test_numbers_that_no_check_can_read(kind):
    """Those of a tensor without memory, and under `torch.func.vmap`."""
    told = (f"{kind.__name__} can't read its values to check them", "validate=False")
    with refuses(InvalidInputError, ValueError, *told):
        kind(torch.zeros(2, device="meta"))
    kind(torch.zeros(2, device="meta"), validate=False)
    with refuses(InvalidInputError, ValueError, *told):
        torch.func.vmap(lambda row: kldiv.entropy(kind(row)))(torch.ones(2, 1))


def test_invalid_numbers_along_another_dimension():
    """Rows and outcomes are counted as the event dimension has it."""
    values = torch.tensor([[0.5, 0.5, 0.5], [0.5, 0.5, -0.5]])
    with refuses(InvalidInputError, ValueError, "outcome 1 of row 2 is -0.5"):
        Probs(values, dim=0)


def test_a_sum_next_to_1_is_shown_apart_from_it():
    with refuses(InvalidInputError, ValueError, "sum to 1.00000009999"):
        Probs([0.5, 0.5000001])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("size", [2, 3, 1000, 32000, 262_144, 1_000_003])
def test_what_softmax_gives_is_accepted(dtype, size):
    """Rounding in its own dtype is within the tolerance, and a long sum's; more than twice that is not."""
    if dtype is torch.float16 and size > torch.finfo(dtype).max:
        pytest.skip("PyTorch's own sum is infinite")
    spread = 3 * torch.randn(2, size)
    for logits in (spread.to(dtype), torch.randn(2, size).to(dtype), torch.zeros(2, size, dtype=dtype)):
        Probs(torch.softmax(logits, -1))
        LogProbs(torch.log_softmax(logits, -1))
    if dtype in (torch.float64, torch.float32):
        off = 1 + (100 + size / 200) * torch.finfo(dtype).eps
        with pytest.raises(InvalidInputError, match=r"sum to 1\.0"):
            Probs(torch.softmax(torch.randn(4, size, dtype=dtype), -1) * off)


@pytest.mark.parametrize("kind", KINDS)
def test_infinite_logarithms_are_zeros(kind):
    zero = {Logits: -INF, LogProbs: -INF}.get(kind, 0.0)
    sure = {Probs: 1.0, Counts: 3.0}.get(kind, 0.0)
    assert kldiv.entropy(kind([zero, sure])) == 0


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("row", [(NAN, 1.0), (INF, 1.0), (-INF, -INF)], ids=str)
def test_logits_that_are_no_distribution_give_nan(name, row):
    """As softmax does; never a number that looks like an answer, and only in their own row."""
    bad, good = Logits([list(row), [0.0, 1.0]]), Logits([0.5, 1.0])
    for seen in (FUNCTIONS[name](bad, good), FUNCTIONS[name](good, bad)):
        assert seen.isnan().tolist() == [True, False]


# --- options -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("temperature", [0, -1.0, NAN, INF, True, "2", None], ids=repr)
def test_temperature(name, temperature):
    with refuses(
        InvalidInputError, ValueError, f"temperature is {temperature!r}", "finite number greater than 0"
    ):
        FUNCTIONS[name](UNIFORM, UNIFORM, temperature=temperature)


def test_a_learned_temperature():
    """It has a gradient, which a number has not."""
    with refuses(InvalidInputError, ValueError, "temperature is tensor(2.)", "Logits(values / temperature)"):
        kldiv.kl(UNIFORM, UNIFORM, temperature=torch.tensor(2.0))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("number", [np.float16(3), np.float32(3), np.int64(3), Fraction(3), 3], ids=repr)
def test_a_temperature_of_another_type_has_all_its_digits(name, number):
    """NumPy divides by its shorter numbers in their own precision."""
    p, q = Logits([0.3, -1.1, 0.7]), Logits([0.1, 0.4, -0.2])
    seen, wanted = (FUNCTIONS[name](p, q, temperature=each) for each in (number, 3.0))
    assert torch.equal(seen, wanted)


@pytest.mark.parametrize("name", WITH_BASE)
@pytest.mark.parametrize("base", [1, 0, -2, 0.5, True, NAN, INF, "2"], ids=repr)
def test_base(name, base):
    with refuses(InvalidInputError, ValueError, f"base is {base!r}", "greater than 1", "2 for bits"):
        FUNCTIONS[name](UNIFORM, UNIFORM, base=base)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("reduction", ["avg", None, 1, ["mean"]], ids=repr)
def test_reduction(name, reduction):
    with refuses(InvalidInputError, ValueError, f"reduction is {reduction!r}", '"none", "sum" or "mean"'):
        FUNCTIONS[name](UNIFORM, UNIFORM, reduction=reduction)


def test_batchmean():
    """The name F.kl_div has for the mean over distributions."""
    with refuses(
        InvalidInputError,
        ValueError,
        "reduction is 'batchmean'",
        '"mean" is the mean over distributions already',
    ):
        kldiv.kl(UNIFORM, UNIFORM, reduction="batchmean")


@pytest.mark.parametrize("function", [kldiv.js, kldiv.skew_kl])
@pytest.mark.parametrize("weight", [-0.1, 1.1, NAN, True, "half", None], ids=repr)
def test_weight(function, weight):
    with refuses(InvalidInputError, ValueError, f"weight is {weight!r}", "between 0 and 1"):
        function(UNIFORM, UNIFORM, weight=weight)


@pytest.mark.parametrize("order", [-0.5, -INF, NAN, True, "2", None], ids=repr)
def test_order(order):
    with refuses(InvalidInputError, ValueError, f"order is {order!r}", ">= 0, or math.inf"):
        kldiv.renyi(UNIFORM, UNIFORM, order=order)


@pytest.mark.parametrize("where", [[1, 0], torch.ones(2), np.ones(2)], ids=lambda x: type(x).__name__)
def test_where_of_numbers(where):
    with refuses(InputTypeError, TypeError, "where has dtype", "expected booleans", "mask.bool()"):
        kldiv.kl(Logits(torch.zeros(2, 3)), Logits(torch.zeros(3)), where=where)


@pytest.mark.parametrize("where", ["yes", [[True], [True, False]]], ids=repr)
def test_where_that_is_no_array(where):
    with refuses(InputTypeError, TypeError, f"where is {type(where).__name__}"):
        kldiv.kl(Logits(torch.zeros(2, 3)), Logits(torch.zeros(3)), where=where)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2)])
def test_where_of_another_shape(shape):
    """The shape of the values, event dimension and all, is the likeliest slip."""
    with refuses(
        ShapeError, ValueError, f"where has shape {shape}", "batch shape (2,)", "without the event dimension"
    ):
        kldiv.kl(Logits(torch.zeros(2, 3)), Logits(torch.zeros(3)), where=torch.ones(shape, dtype=torch.bool))


def test_devices():
    """Nothing is copied between devices behind the caller's back."""
    here, there = Logits(torch.zeros(2, 3)), Logits(torch.zeros(2, 3, device="meta"))
    with refuses(InvalidInputError, ValueError, "p on cpu and q on meta", ".to(device)"):
        kldiv.kl(here, there)
    with refuses(InvalidInputError, ValueError, "where is on meta and the distributions on cpu"):
        kldiv.kl(here, here, where=torch.ones(2, dtype=torch.bool, device="meta"))


def test_wrappers_are_frozen():
    with pytest.raises(AttributeError):
        UNIFORM.dim = 0


def test_repr_says_what_and_not_how_much():
    assert repr(Probs([[0.5, 0.5]], dim=1)) == "Probs(shape=(1, 2), dtype=torch.float64, dim=1)"


def test_a_device_without_double_precision():
    """Apple's GPUs, of which only the shape and type of a tensor can be had here."""
    with FakeTensorMode():
        for device, dtype in (("mps", torch.float32), ("cpu", torch.float64)):
            assert in_double(torch.empty(2, dtype=torch.bfloat16, device=device)).dtype == dtype
