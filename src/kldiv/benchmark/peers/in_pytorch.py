"""PyTorch's own ways to a divergence, and the floor below which no way that reads both sides can get."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Categorical, kl_divergence

from kldiv.benchmark.case import Case
from kldiv.benchmark.pair import Pair
from kldiv.benchmark.peer import Peer, Prepared, Work

Line = Callable[[Tensor, Tensor], Tensor]

_KL = 'F.kl_div(q.log_softmax(-1), p.log_softmax(-1), log_target=True, reduction="sum")'
_JS = "(F.kl_div(m.log(), p) + F.kl_div(m.log(), q)) / 2 of softmaxes and their mean m, sums"
_DISTRIBUTIONS = "kl_divergence(Categorical(logits=p), Categorical(logits=q)).sum()"


def textbook_kl(p: Tensor, q: Tensor) -> Tensor:
    """The line of PyTorch that is meant to be this divergence."""
    return F.kl_div(q.log_softmax(-1), p.log_softmax(-1), reduction="sum", log_target=True)


def textbook_js(p: Tensor, q: Tensor) -> Tensor:
    """The Jensen–Shannon divergence as it is written down."""
    p, q = p.softmax(-1), q.softmax(-1)
    mixture = 0.5 * (p + q)
    return 0.5 * (F.kl_div(mixture.log(), p, reduction="sum") + F.kl_div(mixture.log(), q, reduction="sum"))


def distributions_kl(p: Tensor, q: Tensor) -> Tensor:
    """The divergence that `torch.distributions` has registered."""
    return kl_divergence(Categorical(logits=p), Categorical(logits=q)).sum()


def ready(line: Line, measured: str, case: Case) -> Prepared:
    """A line of PyTorch, with autograd's gradient to q where the case asks for it."""
    return Prepared(measured, case.gradient, _with_gradient(line) if case.gradient else _alone(line))


def _with_gradient(line: Line) -> Callable[[Pair], Work]:
    def bind(pair: Pair) -> Work:
        leaf = pair.q.detach().requires_grad_()

        def call() -> Tensor:
            # Left in place, the gradient before would be added to: another read and write.
            leaf.grad = None
            loss = line(pair.p, leaf)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        return Work(call, _value, lambda _: _array(leaf.grad))

    return bind


def _alone(line: Line) -> Callable[[Pair], Work]:
    def bind(pair: Pair) -> Work:
        def call() -> Tensor:
            with torch.no_grad():
                return line(pair.p, pair.q)

        return Work(call, _value, None)

    return bind


def _value(loss: Tensor) -> float:
    return float(loss.detach())


def _array(tensor: Tensor | None) -> NDArray[Any]:
    if tensor is None:
        raise AssertionError("backward left no gradient")
    return np.asarray(tensor.double())


def _eager(line: Line, measured: str) -> Callable[[Case], Prepared]:
    return lambda case: ready(line, measured, case)


def _compiled(line: Line, measured: str) -> Callable[[Case], Prepared]:
    def prepare(case: Case) -> Prepared:
        from torch._dynamo import reset  # noqa: PLC0415 (takes longer to load than torch itself)
        from torch._inductor import config  # noqa: PLC0415

        # What was compiled for other shapes would make this one dynamic, and its guards longer.
        reset()
        # Compiling in this process leaves no workers behind when it is interrupted.
        config.compile_threads = 1
        return ready(torch.compile(line), f"torch.compile of {measured}", case)

    return prepare


def _floor(_: Case) -> Prepared:
    def bind(pair: Pair) -> Work:
        out = torch.empty_like(pair.p)
        return Work(lambda: torch.add(pair.p, pair.q, out=out), None, None)

    return Prepared("torch.add(p, q, out=out)", gradient=False, bind=bind)


COMPILED_KL = Peer("torch.compile", _compiled(textbook_kl, _KL), ("torch",))
COMPILED_JS = Peer("torch.compile", _compiled(textbook_js, _JS), ("torch",))
EAGER_KL = Peer("torch eager", _eager(textbook_kl, _KL), ("torch",))
EAGER_JS = Peer("torch eager", _eager(textbook_js, _JS), ("torch",))
DISTRIBUTIONS = Peer("torch.distributions", _eager(distributions_kl, _DISTRIBUTIONS), ("torch",))
FLOOR = Peer("two reads and a write", _floor, ("torch",), floor=True)
