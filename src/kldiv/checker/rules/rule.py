"""What a rule is: its words as data, and the function that decides."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kldiv.checker.dataflow.analysis import Analysis
from kldiv.checker.finding import Severity


@dataclass(frozen=True)
class Report:
    """A place that breaks a rule; `call` is the number of the KL call it is about, if it is about one."""

    node: ast.expr | ast.stmt
    message: str
    fix: str
    call: int | None = None


@dataclass(frozen=True)
class Rule:
    """A code, a severity, what its page in the documents says, and how it is decided."""

    code: str
    name: str
    severity: Severity
    what: str
    why: str
    example: str
    fix: str
    find: Callable[[Analysis], Iterator[Report]]
