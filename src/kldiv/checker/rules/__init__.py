"""The rules of `kldiv check`, one file each."""

from kldiv.checker.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
"""Every rule, ordered by its code."""
