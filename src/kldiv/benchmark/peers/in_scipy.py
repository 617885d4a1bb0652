"""NumPy and SciPy, which know no gradients."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from kldiv.benchmark.case import Case
from kldiv.benchmark.pair import Pair
from kldiv.benchmark.peer import Peer, Prepared, Work
from kldiv.errors import InvalidInputError

Array = NDArray[Any]


def _alone(compute: Callable[[Array, Array], Any], measured: str, case: Case) -> Prepared:
    if case.dtype == "bfloat16":
        raise InvalidInputError("NumPy has no bfloat16")

    def bind(pair: Pair) -> Work:
        p, q = pair.arrays()
        return Work(lambda: compute(p, q), float, None)

    return Prepared(measured, gradient=False, bind=bind)


def _rel_entr(case: Case) -> Prepared:
    from scipy.special import rel_entr, softmax  # noqa: PLC0415

    def compute(p: Array, q: Array) -> Any:
        return rel_entr(softmax(p, axis=-1), softmax(q, axis=-1)).sum()

    return _alone(compute, "scipy.special.rel_entr(softmax(p), softmax(q)).sum()", case)


def _jensenshannon(case: Case) -> Prepared:
    from scipy.spatial.distance import jensenshannon  # noqa: PLC0415
    from scipy.special import softmax  # noqa: PLC0415

    def compute(p: Array, q: Array) -> Any:
        # It returns the square root, which is the distance.
        return (jensenshannon(softmax(p, axis=-1), softmax(q, axis=-1), axis=-1) ** 2).sum()

    measured = "(scipy.spatial.distance.jensenshannon(softmax(p), softmax(q), axis=-1) ** 2).sum()"
    return _alone(compute, measured, case)


REL_ENTR = Peer("scipy", _rel_entr, ("scipy",), forward_alone=True)
JENSENSHANNON = Peer("scipy", _jensenshannon, ("scipy",), forward_alone=True)
