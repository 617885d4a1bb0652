"""What `kldiv check` reports: one mistake, where it stands, and what to write instead."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake. Lines and columns count from 1, columns in characters; `end_column` is the next one."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    severity: Severity
    message: str
    fix: str
    cell: int | None = None
