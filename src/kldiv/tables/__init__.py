"""Two tables compared column by column: how they are counted, and what the counts say."""

from kldiv.tables.comparing import compare
from kldiv.tables.comparison import Comparison
from kldiv.tables.merging import merge
from kldiv.tables.opening import open_table
from kldiv.tables.profiles import Profile
from kldiv.tables.profiling import profile

__all__ = ["Comparison", "Profile", "compare", "merge", "open_table", "profile"]
