"""What is measured: a divergence of logits of one shape and type, with its gradient to q or alone."""

import re
from dataclasses import dataclass
from typing import Literal

from kldiv.errors import InvalidInputError

Divergence = Literal["kl", "js"]
DType = Literal["float32", "float64", "bfloat16", "float16"]

BYTES: dict[DType, int] = {"float32": 4, "float64": 8, "bfloat16": 2, "float16": 2}
_SHAPE = re.compile(r"\s*([0-9]+)\s*[x×]\s*([0-9]+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """One divergence of two tables of logits, summed over their rows."""

    rows: int
    outcomes: int
    dtype: DType = "float32"
    divergence: Divergence = "kl"
    gradient: bool = True

    @property
    def shape(self) -> str:
        """Rows and outcomes as a person writes them."""
        return f"{self.rows}×{self.outcomes}"

    @property
    def logits_bytes(self) -> int:
        """The size of one side."""
        return self.rows * self.outcomes * BYTES[self.dtype]


def parse_shape(text: str) -> tuple[int, int]:
    """Read rows and outcomes, as in 256x32000.

    Raises:
        InvalidInputError: anything else.

    Example:
        >>> parse_shape("256x32000")
        (256, 32000)
    """
    found = _SHAPE.fullmatch(text)
    if not found or "0" in {each.strip("0") or "0" for each in found.groups()}:
        raise InvalidInputError(f"shape is {text!r}; expected rows x outcomes, as in 256x32000")
    return int(found[1]), int(found[2])
