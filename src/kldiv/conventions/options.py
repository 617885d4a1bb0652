"""The options that frameworks share: which array, in which space, in which unit; and the slips among them."""

import numpy as np

from kldiv.conventions.call import Floats, Option, Pair, Slip

SWAPPED = Slip("swapped", "D(Q‖P), the other direction")
COUNTS = Slip(
    "counts instead of probabilities", "counts, not divided by their sum, are taken for probabilities"
)
SOFTMAX = Slip("softmax of probabilities", "probabilities are taken for logits")
BITS = Slip("in bits", "divided by ln 2: bits, not nats", mistake=False)
HARTLEYS = Slip("in hartleys", "divided by ln 10: hartleys, not nats", mistake=False)
TIMES_LN2 = Slip("multiplied by ln 2", "multiplied by ln 2, where bits are nats divided by it")
NEGATED = Slip("negated", "with the sign reversed")
MEAN_BY_HAND = Slip("mean", "averaged, that is divided by {outcomes}")


def identity(values: Floats) -> Floats:
    """The values as they are."""
    return values


def log(values: Floats) -> Floats:
    """ln, −∞ at 0 and NaN below, without a warning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms: Floats = np.log(values)
        return logarithms


def softmax(values: Floats) -> Floats:
    """exp, divided by its sum."""
    exponentials = np.exp(values - values.max())
    normalised: Floats = exponentials / exponentials.sum()
    return normalised


def log_softmax(values: Floats) -> Floats:
    """The logarithm of softmax, −∞ where the value is."""
    shifted: Floats = values - values.max()
    logarithms: Floats = shifted - np.log(np.exp(shifted).sum())
    return logarithms


# Which arrays stand where P's and Q's belong: names for a call's text.
ARRAYS = (
    Option("p q", identity),
    Option("q p", identity, (SWAPPED,)),
    Option("p_counts q_counts", identity, (COUNTS,)),
    Option("q_counts p_counts", identity, (SWAPPED, COUNTS)),
    Option("p_counts q", identity, (COUNTS,)),
    Option("p q_counts", identity, (COUNTS,)),
)

# What is done to the number, around the text of the call.
AFTERWARDS = (
    Option("{}", identity),
    Option("{} / math.log(2)", lambda value: value / np.log(2), (BITS,)),
    Option("{} / math.log(10)", lambda value: value / np.log(10), (HARTLEYS,)),
    Option("{} * math.log(2)", lambda value: value * np.log(2), (TIMES_LN2,)),
    Option("-{}", lambda value: -value, (NEGATED,)),
)


def arrays(option: Option, pair: Pair) -> tuple[Floats, Floats]:
    """The two arrays an option of ARRAYS names."""
    first, second = option.text.split()
    return pair.named(first), pair.named(second)


def texts(option: Option) -> tuple[str, str]:
    """Their names."""
    first, second = option.text.split()
    return first, second
