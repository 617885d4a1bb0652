"""The logits that are measured: drawn anew from the same seed, so that every run has the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kldiv.benchmark.case import Case

# Trained logits spread about this far.
_SPREAD = 3.0
# How far q strays from p: as an untrained student does, and as one does at the end.
FAR, CLOSE = 1.0, 0.01


@dataclass(frozen=True)
class Pair:
    """Two tables of logits."""

    p: Tensor
    q: Tensor

    def arrays(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Both in NumPy, which has no bfloat16: there float32 holds the same numbers."""
        p, q = (each.float() if each.dtype == torch.bfloat16 else each for each in (self.p, self.q))
        return np.asarray(p), np.asarray(q)


def draw(case: Case, step: float, seed: int = 0) -> Pair:
    """Logits of the shape and type of `case`, with q a random step of that size away from p."""
    dtype = getattr(torch, case.dtype)
    drawn = torch.float64 if dtype == torch.float64 else torch.float32
    generator = torch.Generator().manual_seed(seed)
    p = torch.randn(case.rows, case.outcomes, generator=generator, dtype=drawn).mul_(_SPREAD)
    q = torch.randn(case.rows, case.outcomes, generator=generator, dtype=drawn).mul_(step).add_(p)
    return Pair(p.to(dtype), q.to(dtype))
