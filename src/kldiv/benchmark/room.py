"""Whether a case fits in memory: timing a machine that swaps would say nothing, and might not end."""

import math
import os
from pathlib import Path

from kldiv.benchmark.case import Case
from kldiv.errors import InvalidInputError

# Inputs, gradients and intermediate results of all peers together, in tables of float32 or wider.
_TABLES = 20
_LEAST_BYTES = 4


def check_room(case: Case, available: int | None) -> None:
    """Refuse a case that needs more memory than is free, where that is known.

    Raises:
        InvalidInputError: it does.
    """
    needed = _TABLES * max(case.logits_bytes, _LEAST_BYTES * case.rows * case.outcomes)
    if available is not None and needed > available:
        raise InvalidInputError(
            f"{case.shape} {case.dtype} is {size(case.logits_bytes)} a side and needs about {size(needed)} "
            f"with everybody's results, but {size(available)} of memory is free; expected a smaller shape"
        )


def available_bytes() -> int | None:
    """The memory that can be had without swapping; None where the system doesn't tell."""
    known = [each for each in (_system(), _container()) if each is not None]
    return min(known, default=None)


def size(number: int) -> str:
    """A number of bytes as a person reads it.

    Example:
        >>> size(32_768_000)
        '31 MiB'
    """
    power = min(int(math.log2(number)) // 10 if number else 0, 6)
    amount = number / 1024**power
    digits = 1 if power and amount < 10 else 0  # noqa: PLR2004 (one digit before the point)
    text = f"{amount:,.{digits}f}" if amount < 1024 else f"{amount:.1e}"  # noqa: PLR2004
    return f"{text} {('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB')[power]}"


def _system() -> int | None:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _container() -> int | None:
    """What a container's limit leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = (
            int((folder / name).read_text(encoding="utf-8")) for name in ("memory.max", "memory.current")
        )
    except (OSError, ValueError):
        return None
    return max(limit - used, 0)
