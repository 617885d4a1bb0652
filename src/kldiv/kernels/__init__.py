"""Row kernels: from the values of both sides to one divergence a row, and its gradients.

`reference` is composed of torch operations and does everything on any device. `cpu` is compiled for the
f-divergences of logits in memory. Which of them runs is chosen for each call; here it can be asked for and
decided.
"""

from threading import local
from typing import Literal, cast

import torch

from kldiv.definition import Divergence
from kldiv.errors import InvalidInputError
from kldiv.kernels.reference import Side

Name = Literal["auto", "cpu", "reference"]

# From this many logits on the compiled kernel repays the time it takes to compile it.
_LEAST_LOGITS = 1 << 15


class _Choice(local):
    """What was decided and what ran last, for each thread."""

    forced: Name = "auto"
    last: str | None = None


_choice = _Choice()
_warm: set[Literal["cpu"]] = set()
"""The kernels that need not be spared because of the time they take to compile."""


class use:  # noqa: N801 (called as a function, and written in a `with`)
    """Let `name` compute what this thread asks for from now on, or until the end of a `with` block.

    "auto" chooses by size, "reference" is always possible. With "cpu", what it has no form for raises
    InvalidInputError: it knows the f-divergences of two sides of logits on the CPU, outside torch.compile.

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
    """Compile the Kullback–Leibler kernel for float32 now rather than in a call; kept on disk.

    From here on "auto" takes compiled kernels for small inputs too, in this process.
    """
    from kldiv.definition import KullbackLeibler  # noqa: PLC0415
    from kldiv.kernels import cpu  # noqa: PLC0415 (loads the compiler)

    zeros = torch.zeros(1, 2)
    cpu.compute(KullbackLeibler(), zeros, zeros, 1.0, want_p=True, want_q=True)
    _warm.add("cpu")


def choose(divergence: Divergence, p: Side, q: Side) -> Literal["cpu", "reference"]:
    """The kernel for one call, noted as the last one used."""
    if torch.compiler.is_compiling():
        return _traced()
    chosen = cast("Literal['cpu', 'reference']", _choice.forced)
    if _choice.forced == "auto":
        worth_it = "cpu" in _warm or p.values.numel() >= _LEAST_LOGITS
        chosen = "cpu" if worth_it and _has_compiled_form(divergence, p, q) else "reference"
    elif _choice.forced == "cpu" and not _has_compiled_form(divergence, p, q):
        raise InvalidInputError(
            f"the cpu kernel has no form of the {divergence.name} of {p.space} on {p.values.device.type} and "
            f'{q.space} on {q.values.device.type}; write use("auto") or use("reference")'
        )
    _choice.last = chosen
    return chosen


def _traced() -> Literal["reference"]:
    """A compiler fuses the reference's own operations; an explicit wish for another kernel fails."""
    if _choice.forced == "cpu":
        raise InvalidInputError('the cpu kernel can\'t be traced by torch.compile; write use("auto")')
    return "reference"


def _has_compiled_form(divergence: Divergence, p: Side, q: Side) -> bool:
    if not all(each.space == "logits" and each.values.device.type == "cpu" for each in (p, q)):
        return False
    # Subclasses have no memory that could be read, or more meaning than it shows.
    if not all(type(each.values) is torch.Tensor for each in (p, q)):
        return False
    from kldiv.kernels import cpu  # noqa: PLC0415 (loads the compiler)

    return cpu.knows(divergence)
