"""kldiv: the Kullback–Leibler divergence for people who use PyTorch, in the order of the maths.

`kl(p, q)` is D(p‖q), with p the reference and q the approximation, and what a tensor holds is said by its
type: `kl(Logits(teacher), Logits(student))`. Names load on first use, so that what needs no torch
starts without it.
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it; to load typing for it would take time

if TYPE_CHECKING:
    from kldiv import kernels as kernels
    from kldiv.auditing import audit as audit
    from kldiv.divergence import (
        chi2 as chi2,
    )
    from kldiv.divergence import (
        cross_entropy as cross_entropy,
    )
    from kldiv.divergence import (
        entropy as entropy,
    )
    from kldiv.divergence import (
        hellinger as hellinger,
    )
    from kldiv.divergence import (
        jeffreys as jeffreys,
    )
    from kldiv.divergence import (
        js as js,
    )
    from kldiv.divergence import (
        kl as kl,
    )
    from kldiv.divergence import (
        renyi as renyi,
    )
    from kldiv.divergence import (
        skew_kl as skew_kl,
    )
    from kldiv.divergence import (
        total_variation as total_variation,
    )
    from kldiv.errors import (
        InputTypeError as InputTypeError,
    )
    from kldiv.errors import (
        InvalidInputError as InvalidInputError,
    )
    from kldiv.errors import (
        KLDivError as KLDivError,
    )
    from kldiv.errors import (
        MissingExtraError as MissingExtraError,
    )
    from kldiv.errors import (
        ShapeError as ShapeError,
    )
    from kldiv.errors import (
        TableError as TableError,
    )
    from kldiv.errors import (
        UnsupportedPairError as UnsupportedPairError,
    )
    from kldiv.estimators import ContinuousEstimate as ContinuousEstimate
    from kldiv.estimators import Estimate as Estimate
    from kldiv.estimators import estimate as estimate
    from kldiv.inputs import Counts as Counts
    from kldiv.inputs import Logits as Logits
    from kldiv.inputs import LogProbs as LogProbs
    from kldiv.inputs import Probs as Probs
    from kldiv.tables import Comparison as Comparison
    from kldiv.tables import Profile as Profile
    from kldiv.tables import compare as compare
    from kldiv.tables import profile as profile

_NAMES = {
    "kldiv.auditing": ("audit",),
    "kldiv.divergence": (
        "chi2",
        "cross_entropy",
        "entropy",
        "hellinger",
        "jeffreys",
        "js",
        "kl",
        "renyi",
        "skew_kl",
        "total_variation",
    ),
    "kldiv.errors": (
        "InputTypeError",
        "InvalidInputError",
        "KLDivError",
        "MissingExtraError",
        "ShapeError",
        "TableError",
        "UnsupportedPairError",
    ),
    "kldiv.estimators": ("ContinuousEstimate", "Estimate", "estimate"),
    "kldiv.inputs": ("Counts", "LogProbs", "Logits", "Probs"),
    "kldiv.tables": ("Comparison", "Profile", "compare", "profile"),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__version__ = "0.1.0"
__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> object:
    """Load a public name from its module (PEP 562)."""
    if name == "kernels":
        return import_module("kldiv.kernels")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'kldiv' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
