"""Intervals by the bootstrap: the score's own distribution at each end in place of the normal one.

An end of an interval is a truth that the samples just don't contradict. So both tables are drawn anew,
multinomially, from distributions that lie as far apart as the delta method's end says, and the quantile of
the resamples' scores takes the normal's place there: a bootstrap of the test that is inverted (Carpenter
1999, Test inversion bootstrap confidence intervals). Resamples of the observed tables would show how the
score is distributed at the estimate, which is not how it is at the ends: as a χ² variable near P = Q, and
farther off as a normal one.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from kldiv.estimators.counted import CountedDivergence, End, frequencies, total
from kldiv.estimators.intervals import Floats, Interval, Quantiles, normal_quantiles

# So many counts are drawn at once: 8 MB an array.
_BLOCK = 1_000_000
_HALVINGS = 50


def bootstrap_interval(
    divergence: CountedDivergence, x: Floats, y: Floats, *, confidence: float, resamples: int, seed: int
) -> Interval:
    """The interval whose ends have the confidence by resamples drawn as if they were the truth."""
    generator, normal = np.random.default_rng(seed), normal_quantiles(confidence)
    ends = divergence.interval(x, y, normal, skewness=True)
    resampled = partial(_quantile, generator, divergence, (x, y), resamples)
    above = resampled("low", float(ends.low), 1 - normal.share, normal.above)
    # Where there is no upper end there is nothing to draw from.
    below = normal.below
    if np.isfinite(ends.high):
        below = resampled("high", float(ends.high), normal.share, normal.below)
    return divergence.interval(x, y, Quantiles(below, max(above, 0.0), normal.share), skewness=False)


def _quantile(
    generator: np.random.Generator,
    divergence: CountedDivergence,
    counts: tuple[Floats, Floats],
    resamples: int,
    end: End,
    distance: float,
    share: float,
    otherwise: float,
) -> float:
    """That of the scores of tables drawn as far apart; the normal's if the samples show no direction."""
    p, q = moved(divergence, *counts, distance)
    truth = float(divergence.plug_in(p, q))
    if truth == 0 < distance:
        return otherwise
    sizes = float(total(counts[0])[0]), float(total(counts[1])[0])
    blocks = _drawn(generator, (p, q), sizes, resamples)
    scores = np.concatenate([divergence.score(of_p, of_q, truth, end) for of_p, of_q in blocks])
    # Of so many scores the k-th lies at k/(resamples + 1) on average (Davison & Hinkley 1997, §2.3.1).
    return float(np.quantile(scores, share, method="weibull"))


def moved(divergence: CountedDivergence, x: Floats, y: Floats, distance: float) -> tuple[Floats, Floats]:
    """Both frequencies on the line through the observed and the pooled ones, that distance apart.

    Beyond where one of them is 0 it stays there. Samples that agree show no direction and stay as they are.
    """
    pooled, observed = frequencies(x + y), (frequencies(x), frequencies(y))

    def at(share: float) -> tuple[Floats, Floats]:
        """From the pooled ones at 0 by the observed ones at 1/2 to as far as can be at 1."""
        times = share / (1 - share)
        p, q = (frequencies(np.maximum(pooled + times * (each - pooled), 0.0)) for each in observed)
        return p, q

    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if divergence.plug_in(*at(middle)) < distance else (low, middle)
    return at(low)


def _drawn(
    generator: np.random.Generator,
    distributions: tuple[Floats, Floats],
    sizes: tuple[float, float],
    resamples: int,
) -> Iterator[tuple[Floats, Floats]]:
    """Blocks of pairs of tables; of fractional size, as many whole draws and then scaled."""
    block = max(_BLOCK // len(distributions[0]), 1)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        p, q = (
            _multinomial(generator, share, size, rows)
            for share, size in zip(distributions, sizes, strict=True)
        )
        yield p, q


def _multinomial(generator: np.random.Generator, shares: Floats, size: float, rows: int) -> Floats:
    draws = max(round(size), 1)
    counts = generator.multinomial(draws, shares / shares.sum(), rows)
    return counts.astype(np.float64) * (size / draws)
