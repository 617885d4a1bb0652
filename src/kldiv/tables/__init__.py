"""Two tables compared column by column: how they are counted, and what the counts say."""

from kldiv.tables.comparing import compare
from kldiv.tables.comparison import Comparison

__all__ = ["Comparison", "compare"]
