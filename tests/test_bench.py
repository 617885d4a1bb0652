"""The harness that measures: rounds, failures, exact answers, records."""

import json
import math
import os
import re
import shutil
import subprocess
from dataclasses import replace
from random import Random

import oracle
import pytest
import torch
from benchmarking import QUICK, World, quick_peers
from mpmath import mpf

from kldiv.benchmark import circumstances as found
from kldiv.benchmark.case import Case, parse_shape
from kldiv.benchmark.exact import exact
from kldiv.benchmark.measurement import Answer, Quantiles
from kldiv.benchmark.measuring import measure
from kldiv.benchmark.pair import CLOSE, FAR, draw
from kldiv.benchmark.peer import Peer, split_by_presence
from kldiv.benchmark.peers import peers_of
from kldiv.benchmark.room import available_bytes, check_room, size
from kldiv.benchmark.rounds import Batch, batch_of, interleave
from kldiv.benchmark.threads import limited_to, number_of_threads
from kldiv.errors import InvalidInputError

CASE = Case(3, 7)


@pytest.fixture
def world():
    return World()


# --- rounds -------------------------------------------------------------------------------------------


def test_rounds_are_interleaved_in_an_order_drawn_anew(world):
    names = ["a", "b", "c", "d"]
    batches = {name: Batch(lambda name=name: world.calls.append(name), 1) for name in names}

    def played(seed):
        world.calls.clear()
        interleave(
            batches,
            rounds=20,
            seconds=None,
            order=Random(seed),  # noqa: S311
            clock=world.clock,
            on_round=lambda _: None,
        )
        return [tuple(world.calls[start : start + 4]) for start in range(0, 80, 4)]

    rounds = played(0)
    assert all(sorted(each) == names for each in rounds)
    assert len(set(rounds)) > 10
    assert played(0) == rounds != played(1)


def test_seconds_a_call_are_measured(world):
    measured = measure(CASE, [world.peer("a", 0.25), world.peer("b", 2.0)], rounds=4, clock=world.clock)
    assert [each.seconds for each in measured] == [Quantiles(*[0.25] * 4), Quantiles(*[2.0] * 4)]
    assert [(each.rounds, each.repeats) for each in measured] == [(4, 1)] * 2


def test_short_calls_are_repeated_until_the_clock_sees_them(world):
    (found,) = measure(CASE, [world.peer("a", 2**-20)], rounds=2, clock=world.clock)
    assert found.repeats == math.ceil(1e-2 / 2**-20)
    assert found.seconds.median == pytest.approx(2**-20, rel=1e-6)
    assert batch_of(lambda: None, lambda: 0.0).repeats == 100_000


def test_a_batch_of_calls_of_which_the_first_is_slow_lasts_as_long(world):
    seconds = iter([2**-11, *[2**-20] * 20_000])

    def call():
        world.now += next(seconds)

    assert batch_of(call, world.clock).repeats == math.ceil(1e-2 / 2**-20)


def test_a_budget_ends_the_rounds_but_leaves_some(world):
    (found,) = measure(CASE, [world.peer("a", 1.0)], rounds=50, seconds=8.0, clock=world.clock)
    assert found.rounds == 8
    (found,) = measure(CASE, [world.peer("a", 1.0)], rounds=50, seconds=0.1, clock=world.clock)
    assert found.rounds == 3


def test_progress_grows_to_the_end(world):
    heard = []
    measure(
        CASE,
        [world.peer("a"), world.peer("b")],
        rounds=5,
        clock=world.clock,
        on_progress=lambda share, what: heard.append((share, what)),
    )
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1
    assert [what for _, what in heard if "preparing" in what] == ["preparing a", "preparing b"]


# --- failures -----------------------------------------------------------------------------------------


def test_a_peer_that_fails_is_recorded(world):
    def refuse(_):
        raise ValueError("\n  not here\nand pages more")

    peers = [
        Peer("refuses", refuse),
        world.peer("fails at once", fails_at=1),
        world.peer("fails later", fails_at=5),
        world.peer("works"),
    ]
    measured = {each.peer: each for each in measure(CASE, peers, rounds=4, clock=world.clock)}
    assert measured["refuses"].error == "ValueError: not here"
    assert measured["fails at once"].error == measured["fails later"].error == "RuntimeError: no more"
    assert all(measured[name].seconds is None for name in measured if name != "works")
    assert (measured["works"].error, measured["works"].rounds) == (None, 4)
    assert world.calls.count("fails later") == 5


def test_an_interruption_is_not_a_failure():
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(CASE, [Peer("a", interrupt)], rounds=1)


def test_a_peer_without_a_compiler_says_so(world):
    def refuse(_):
        raise OSError

    (found,) = measure(CASE, [Peer("a", refuse)], rounds=1, clock=world.clock)
    assert found.error == "OSError"


def test_who_is_not_installed_is_left_out_and_named():
    present, absent = split_by_presence(quick_peers("kl"))
    assert {each.name for each in present} == QUICK
    assert [each.install for each in absent] == ["pip install no_such_package"]


# --- answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("step", [FAR, CLOSE, 1e-6])
@pytest.mark.parametrize("divergence", ["kl", "js"])
def test_the_exact_answer_is_that_of_the_oracle(dtype, step, divergence):
    pair = draw(Case(3, 5, dtype), step)
    expected = mpf(0)
    for p, q in zip(pair.p.double().tolist(), pair.q.double().tolist(), strict=True):
        sides = oracle.probabilities(p), oracle.probabilities(q)
        expected += oracle.kl(*sides) if divergence == "kl" else oracle.js(*sides, 0.5)
    # A log-ratio d is known to about 1e-16, and the smallest d of a step of 1e-6 to 1e-10 of itself.
    assert exact(divergence, *pair.arrays()) == pytest.approx(
        float(expected), rel=1e-9 if step < 1e-3 else 1e-12
    )


def test_the_exact_answer_is_the_same_in_portions(monkeypatch):
    pair = draw(Case(7, 11), FAR)
    whole = exact("kl", *pair.arrays())
    monkeypatch.setattr("kldiv.benchmark.exact._PORTION", 22)
    assert exact("kl", *pair.arrays()) == pytest.approx(whole, rel=1e-15)


def test_relative_errors():
    assert Answer(1.5, 1.0).relative_error == 0.5
    assert Answer(0.0, 0.0).relative_error == 0.0
    assert Answer(1e-9, 0.0).relative_error == math.inf
    assert math.isnan(Answer(math.nan, 1.0).relative_error)
    assert Answer(math.inf, 1.0).record() == {
        "value": None, "printed": "inf", "exact": 1.0, "relative_error": None
    }  # fmt: skip


def test_errors_are_of_what_the_peer_answered(world):
    (found,) = measure(CASE, [world.peer("a", value=3.0)], rounds=1, clock=world.clock)
    for answer, step in ((found.answer, FAR), (found.answer_close, CLOSE)):
        expected = exact("kl", *draw(CASE, step).arrays())
        assert answer == Answer(3.0, expected)
        assert answer.relative_error == pytest.approx(3.0 / expected - 1)


# --- records ------------------------------------------------------------------------------------------


def test_a_record_stands_alone():
    (measured,) = measure(Case(4, 9), peers_of("kl")[:1], rounds=2)
    record = json.loads(json.dumps(measured.record(found.circumstances(["numpy"])), allow_nan=False))
    assert record | {
        "rows": 4, "outcomes": 9, "dtype": "float32", "divergence": "kl", "gradient": True, "peer": "kldiv",
        "logits_bytes": 144, "peer_gradient": True, "floor": False, "rounds": 2, "error": None,
        "measured": 'kldiv.kl(Logits(p), Logits(q), reduction="sum")', "threads": torch.get_num_threads(),
    } == record  # fmt: skip
    seconds = record["seconds"]
    assert 0 < seconds["least"] <= seconds["quarter"] <= seconds["median"] <= seconds["three_quarters"]
    assert {"kldiv", "torch", "numba", "numpy", "python"} <= set(record["versions"])
    assert record["processor"]
    assert record["repeats"] >= 1
    assert record["answer"]["relative_error"] < 1e-6
    assert record["answer_close"]["relative_error"] < 1e-6


def test_the_commit_is_that_of_the_checkout_alone(tmp_path):
    assert found.commit(tmp_path / "file.py") is None
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    (tmp_path / "file.py").write_text("")
    named = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "file.py"), (*named, "commit", "-q", "-m", "one")):
        subprocess.run([git, "-C", str(tmp_path), *arguments], check=True)
    commit = found.commit(tmp_path / "file.py")
    assert re.fullmatch("[0-9a-f]{7,40}", commit)
    assert found.commit(tmp_path / "unknown.py") is None
    (tmp_path / "file.py").write_text("changed")
    assert found.commit(tmp_path / "file.py") == f"{commit}-dirty"


def test_threads_are_limited_and_given_back():
    before = number_of_threads(), os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    with limited_to(1):
        assert number_of_threads() == 1
        if before[1]:
            assert len(os.sched_getaffinity(0)) == 1
    assert before == (
        number_of_threads(), os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    )  # fmt: skip


@pytest.mark.parametrize("text", ["256x32000", "256×32000", " 256 X 32000 ", "0256x32000"])
def test_shapes_are_read(text):
    assert parse_shape(text) == (256, 32000)


def test_room():
    case = Case(1000, 1000)
    check_room(case, None)
    check_room(case, 80_000_000)
    with pytest.raises(
        InvalidInputError, match=r"1000×1000 float32 is 3.8 MiB a side and needs about 76 MiB"
    ):
        check_room(case, 79_999_999)
    with pytest.raises(InvalidInputError, match="needs about 76 MiB"):
        check_room(replace(case, dtype="bfloat16"), 79_999_999)
    assert available_bytes() is None or available_bytes() > 0
    assert [size(each) for each in (0, 1023, 1024, 10 * 2**30, 2**100)] == [
        "0 B", "1,023 B", "1.0 KiB", "10 GiB", "1.1e+12 EiB"
    ]  # fmt: skip
