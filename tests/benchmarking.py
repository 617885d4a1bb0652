"""What the tests of benchmarks share: fakes with a clock of their own, who is quick, and a made-up result."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from kldiv.benchmark.benchmark import Benchmark
from kldiv.benchmark.case import Case
from kldiv.benchmark.measurement import Answer, Measurement, Quantiles
from kldiv.benchmark.pair import FAR, draw
from kldiv.benchmark.peer import Peer, Prepared, Work
from kldiv.benchmark.peers import peers_of

QUICK = {"kldiv", "torch eager", "torch.distributions", "scipy", "two reads and a write"}


def quick_peers(divergence):
    """Everybody who needs no compiler and no package beyond what kldiv needs, and one who is absent."""
    quick = [each for each in peers_of(divergence) if each.name in QUICK]
    return [*quick, Peer("nobody", lambda _: None, ("no_such_package",))]


@dataclass
class World:
    """A clock that only fakes move, and who was called when."""

    now: float = 0.0
    calls: list = field(default_factory=list)

    def clock(self):
        return self.now

    def peer(self, name, seconds=1.0, *, fails_at=None, value=2.0, **options):
        def call():
            self.now += seconds
            self.calls.append(name)
            if fails_at is not None and self.calls.count(name) >= fails_at:
                raise RuntimeError("no more\nthan this")
            return value

        return Peer(name, lambda _: Prepared(f"{name}()", True, lambda _: Work(call, float, None)), **options)


def answer_of(peer, case):
    pair = draw(case, FAR)
    measured, gradient, bind = peer.prepare(case)
    work = bind(pair)
    work.call()
    result = work.call()
    return pair, measured, work.value(result), work.gradient(result) if gradient else None


def check(peer, case):
    """The number and the gradient that autograd has in float64, to this type's epsilon."""
    pair, measured, value, gradient = answer_of(peer, case)
    leaf = pair.q.double().requires_grad_()
    p = pair.p.double().softmax(-1)
    q = leaf.softmax(-1)
    m = (p + q) / 2
    if case.divergence == "kl":
        loss = (p * (p / q).log()).sum()
    else:
        loss = (p * (p / m).log() + q * (q / m).log()).sum() / 2
    loss.backward()
    # Keras adds 1e-7 to each probability.
    tolerance = 2e-3 if "keras" in measured else 200 * torch.finfo(pair.p.dtype).eps
    assert value == pytest.approx(loss.item(), rel=tolerance)
    if gradient is not None:
        np.testing.assert_allclose(gradient, leaf.grad, rtol=0, atol=tolerance)
    return measured, gradient


def made(**options):
    """A benchmark with everything that can happen in it, without measuring."""
    cases = []
    for case in (Case(256, 32000), Case(1, 10)):
        kldiv, quick, broken = (
            Measurement(case, name, f"{name}(p, q)", gradient=True) for name in ("kldiv", "quick", "broken")
        )
        timed = [
            replace(
                kldiv,
                seconds=Quantiles(*[0.01] * 4),
                rounds=5,
                answer=Answer(1, 1),
                answer_close=Answer(1, 1),
            ),
            replace(
                quick,
                gradient=False,
                seconds=Quantiles(*[0.000123] * 4),
                rounds=5,
                answer=Answer(1.5, 1),
                answer_close=Answer(math.nan, 1),
            ),
            replace(broken, error="InductorError: no \x1b[31mcompiler"),
            Measurement(
                case, "two reads", "add(p, q)", floor=True, seconds=Quantiles(*[0.001] * 4), rounds=5
            ),
        ]
        cases.append((case, tuple(timed)))
    about = {"processor": "Processor", "threads": 2, "versions": {"torch": "2.0"}}
    absent = (Peer("nobody", lambda _: None, ("no_such_package",)),)
    return replace(Benchmark("kl", True, tuple(cases), absent, about), **options)
