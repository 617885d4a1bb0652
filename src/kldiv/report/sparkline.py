"""Two distributions as two small histograms of one line each."""

from collections.abc import Sequence

from kldiv.estimators.estimate import Outcome

_LEVELS = "▁▂▃▄▅▆▇█"
# As many bins as a column of numbers has by default.
WIDTH = 10


def sparklines(outcomes: Sequence[Outcome], width: int = WIDTH) -> tuple[str, str]:
    """P and Q as one character an outcome, on one scale; a space where it never occurs.

    Where there are more outcomes than `width`, those most frequent in both together, in their own order.

    Example:
        >>> sparklines([Outcome("a", 1, 0, 0.25, 0.0, 0.0), Outcome("b", 3, 2, 0.75, 1.0, 0.0)])
        ('▂▆', ' █')
    """
    most = sorted(range(len(outcomes)), key=lambda i: -(outcomes[i].p + outcomes[i].q))[:width]
    drawn = [outcomes[i] for i in sorted(most)]
    highest = max((max(each.p, each.q) for each in drawn), default=1.0) or 1.0
    return (
        "".join(_level(each.p / highest) for each in drawn),
        "".join(_level(each.q / highest) for each in drawn),
    )


def _level(share: float) -> str:
    """The character for a share of the highest; what occurs at all is seen."""
    return _LEVELS[max(round(share * len(_LEVELS)) - 1, 0)] if share else " "
