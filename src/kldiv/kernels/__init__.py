"""Row kernels: from the values of both sides to one divergence a row, and its gradients.

`reference` is composed of torch operations and does everything on any device. `cpu` is compiled, for the
f-divergences of whatever lies in the CPU's memory. Which of them runs is chosen for each call; here it can be
asked for and decided.
"""

from threading import local
from typing import Literal, cast

import torch

from kldiv.definition import Divergence, FDivergence
from kldiv.errors import InvalidInputError
from kldiv.kernels.reference import Side

Name = Literal["auto", "cpu", "reference"]


class _Choice(local):
    """What was decided and what ran last, for each thread."""

    forced: Name = "auto"
    last: str | None = None


_choice = _Choice()
_PLAIN = {torch.Tensor, torch.nn.Parameter}


class use:  # noqa: N801 (called as a function, and written in a `with`)
    """Let `name` compute what this thread asks for from now on, or until the end of a `with` block.

    "auto" is "cpu" wherever that has a form, for it is the faster one at every size; "reference" is always
    possible. With "cpu", what it has no form for raises InvalidInputError: it knows the f-divergences of
    tensors in the CPU's memory.

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
    from kldiv.definition import KullbackLeibler  # noqa: PLC0415
    from kldiv.kernels import cpu  # noqa: PLC0415 (loads the compiler)

    question = cpu.Question(KullbackLeibler())
    for outcomes in (2, 100):
        side = Side("logits", torch.zeros(1, outcomes))
        for want_q in (False, True):
            cpu.compute(question, side, side, want_p=False, want_q=want_q)


def choose(divergence: Divergence, p: Side, q: Side, temperature: float) -> Literal["cpu", "reference"]:
    """The kernel for one call, noted as the last one used."""
    chosen = cast("Literal['cpu', 'reference']", _choice.forced)
    if chosen != "reference":
        known = _has_compiled_form(divergence, p, q, temperature)
        if chosen == "cpu" and not known:
            raise InvalidInputError(
                f"the cpu kernel has no form of the {divergence.name} of {p.space} on {p.values.device.type} "
                f"and {q.space} on {q.values.device.type} at temperature {temperature:g}; "
                'write use("auto") or use("reference")'
            )
        chosen = "cpu" if known else "reference"
    _choice.last = chosen
    return chosen


def _has_compiled_form(divergence: Divergence, p: Side, q: Side, temperature: float) -> bool:
    # Subclasses have no memory that could be read, or more meaning than it shows.
    if (
        type(p.values) not in _PLAIN
        or type(q.values) not in _PLAIN
        or not (p.values.is_cpu and q.values.is_cpu)
    ):
        return False
    if temperature != 1 and not {"probs", "counts"}.isdisjoint((p.space, q.space)):
        return False
    return isinstance(divergence, FDivergence)
