"""What a tensor holds, as far as the source shows."""

from enum import Enum


class Space(Enum):
    """The kinds of numbers that meet in a divergence; UNKNOWN is what can't be decided."""

    UNKNOWN = "unknown"
    LOGITS = "raw scores"
    LOG_PROBS = "log-probabilities"
    PROBS = "probabilities"
    BERNOULLI = "probabilities of one outcome each"
    LOG_BERNOULLI = "log-probabilities of one outcome each"
    UNIT_VECTORS = "vectors of length 1"
    SIMILARITIES = "similarities"
    SCALED_PROBS = "probabilities times a factor"
    SCALED_LOG_PROBS = "log-probabilities times a factor"
    SAMPLES = "random numbers"
    DIVERGENCE = "a divergence"
