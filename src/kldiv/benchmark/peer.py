"""What a peer is: a name, what it needs, and how it is made ready for a case."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

from numpy.typing import NDArray

from kldiv.benchmark.case import Case
from kldiv.benchmark.pair import Pair


class Work(NamedTuple):
    """One call to be timed, and how to read from what it returns the divergence and the gradient to q."""

    call: Callable[[], Any]
    value: Callable[[Any], float] | None
    gradient: Callable[[Any], NDArray[Any]] | None


class Prepared(NamedTuple):
    """A peer made ready for one case: what it computes, in its own words, and its work on given logits."""

    measured: str
    gradient: bool
    bind: Callable[[Pair], Work]


@dataclass(frozen=True)
class Peer:
    """Somebody who computes a divergence; `prepare` may load packages and fail."""

    name: str
    prepare: Callable[[Case], Prepared]
    packages: tuple[str, ...] = ()
    forward_alone: bool = False
    floor: bool = False

    @property
    def install(self) -> str:
        """The command that installs what it needs."""
        return f"pip install {' '.join(self.packages)}"


def split_by_presence(peers: Iterable[Peer]) -> tuple[list[Peer], list[Peer]]:
    """The peers whose packages are installed, and those that lack one."""
    present: list[Peer] = []
    absent: list[Peer] = []
    for peer in peers:
        installed = all(find_spec(package) is not None for package in peer.packages)
        (present if installed else absent).append(peer)
    return present, absent
