"""Row kernels: from the values of both sides to one divergence a row, and its gradients.

`reference` is composed of torch operations and does everything on any device. `cpu` is compiled, for the
f-divergences of whatever lies in the CPU's memory and, of logits, for the entropy and for Rényi's divergence.
Which of them runs is chosen for each call; here it can be asked for and decided.
"""

from functools import cache
from threading import local
from typing import Any, Literal

import torch
from torch import Tensor

from kldiv.definition import Entropy, FDivergence, KullbackLeibler
from kldiv.errors import InvalidInputError
from kldiv.kernels.differentiation import differentiates_in_a_graph
from kldiv.kernels.question import Question
from kldiv.renyi_definition import Renyi

Name = Literal["auto", "cpu", "reference"]


class _Choice(local):
    """What was decided and what ran last, for each thread."""

    forced: Name = "auto"
    last: Literal["cpu", "reference"] | None = None


_choice = _Choice()
_PLAIN = {torch.Tensor, torch.nn.Parameter}
# From here on the largest logits of single precision differ too little for a masked one to be told from them.
_HOTTEST = 1e30
# Of smaller orders Rényi's divergence is what is left of two numbers that are alike to the order.
_LEAST_ORDER = 1e-4


class use:  # noqa: N801 (called as a function, and written in a `with`)
    """Let `name` compute what this thread asks for from now on, or until the end of a `with` block.

    "auto" is "cpu" wherever that has a form, for it is the faster one at every size; "reference" is always
    possible. With "cpu", what it has no form for raises InvalidInputError. Of tensors in the CPU's memory it
    knows the f-divergences, the entropy of logits, and Rényi's divergence of logits below double precision.

    Example:
        >>> import kldiv
        >>> with use("reference"):
        ...     value = kldiv.kl(kldiv.Logits([0.0, 1.0]), kldiv.Logits([1.0, 0.0]))
        >>> last_used()
        'reference'
    """

    def __init__(self, name: Name) -> None:
        if name not in ("auto", "cpu", "reference"):
            raise InvalidInputError(f'kernel is {name!r}; expected "auto", "cpu" or "reference"')
        self._before, _choice.forced = _choice.forced, name

    def __enter__(self) -> None:
        """The choice holds already."""

    def __exit__(self, *_: object) -> None:
        _choice.forced = self._before


def last_used() -> str | None:
    """The kernel that computed the last divergence of this thread; None before the first."""
    return _choice.last


def warm_up() -> None:
    """Compile the Kullback–Leibler divergence of float32 logits now rather than in its first call.

    What is compiled is kept on disk, where that can be, for all processes to come.
    """
    question = Question(KullbackLeibler(), "logits", "logits")
    for outcomes in (2, 1000):
        z = torch.zeros(1, outcomes, device="cpu")
        for want_q in (False, True):
            compiled().compute(question, None, z, z, False, want_q)


@cache
def compiled() -> Any:
    """The compiled kernels; loaded when they are first needed, for that loads the compiler."""
    from kldiv.kernels import cpu  # noqa: PLC0415

    return cpu


def choose(question: Question, p: Tensor, q: Tensor) -> Literal["cpu", "reference"]:
    """The kernel for one call, noted as the last one used."""
    known = _choice.forced != "reference" and _has_compiled_form(question, p, q)
    if not known and _choice.forced == "cpu":
        raise InvalidInputError(
            f"the cpu kernel has no form of the {question.divergence.name} of {_shown(question, p, q)} at "
            f'temperature {question.temperature:g}; write use("auto") or use("reference")'
        )
    name: Literal["cpu", "reference"] = "cpu" if known else "reference"
    _choice.last = name
    return name


def _shown(question: Question, p: Tensor, q: Tensor) -> str:
    of_p, of_q = (
        f"{str(each.dtype).removeprefix('torch.')} {space} on {each.device.type}"
        for each, space in ((p, question.p_space), (q, question.q_space))
    )
    return of_p if isinstance(question.divergence, Entropy) else f"{of_p} and {of_q}"


def _has_compiled_form(question: Question, p: Tensor, q: Tensor) -> bool:
    # Subclasses have no memory that could be read, or more meaning than it shows.
    if type(p) not in _PLAIN or type(q) not in _PLAIN or not p.is_cpu:  # q is where p is
        return False
    # Operators have no derivatives that torch.func could take in a graph.
    return _has_form(question, p.dtype, q.dtype) and not differentiates_in_a_graph()


def _has_form(question: Question, p: torch.dtype, q: torch.dtype) -> bool:
    divergence, p_space, q_space, temperature, *_ = question
    if isinstance(divergence, FDivergence):
        return True
    # At another temperature than 1 logarithms of probabilities are logits as any others.
    spaces = {"logits"} if temperature == 1 else {"logits", "log_probs"}
    if not (p_space in spaces and temperature < _HOTTEST):
        return False
    if isinstance(divergence, Renyi):
        is_rounding = 0 < divergence.order < _LEAST_ORDER
        return q_space in spaces and torch.float64 not in (p, q) and not is_rounding
    return isinstance(divergence, Entropy)
