"""The rules of `kldiv check`, one file each."""

from kldiv.checker.rules import (
    batch_mean,
    constructor,
    direction,
    distributions,
    element_mean,
    gradients,
    jensen_shannon,
    legacy_reduction,
    log_input,
    log_of_softmax,
    softmax_dim,
    target_space,
    temperature,
)
from kldiv.checker.rules.rule import Report, Rule

__all__ = ["RULES", "Report", "Rule"]

RULES: tuple[Rule, ...] = (
    log_input.RULE,
    target_space.RULE,
    element_mean.RULE,
    batch_mean.RULE,
    legacy_reduction.RULE,
    log_of_softmax.RULE,
    temperature.RULE,
    direction.RULE,
    jensen_shannon.RULE,
    distributions.RULE,
    softmax_dim.RULE,
    gradients.RULE,
    constructor.RULE,
)
"""Every rule, ordered by its code."""
