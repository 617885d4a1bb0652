"""Two tables compared column by column: how they are counted, and what the counts say."""

from kldiv.tables.comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
