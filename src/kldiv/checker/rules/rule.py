"""What a rule is: its words as data."""

from dataclasses import dataclass

from kldiv.checker.finding import Severity


@dataclass(frozen=True)
class Rule:
    """A code, a severity, and what its page in the documents says."""

    code: str
    name: str
    severity: Severity
    what: str
    why: str
    example: str
    fix: str
