"""Intervals by the bootstrap-t: the score's own distribution in place of the normal one.

Both tables are drawn anew, multinomially, from frequencies pulled towards the pooled ones until their
divergence is the bias-corrected estimate: the observed ones lie too far apart by the plug-in's bias, and from
P = Q, where it matters most, resamples of them would stray by another √2 times. The pivot is the score of
each resample at the divergence it was drawn from; its quantiles take the normal's place in the inversion
(Efron & Tibshirani 1993, An Introduction to the Bootstrap, §12.5; Hall & Wilson 1991 on resampling by the
null hypothesis).
"""

from collections.abc import Iterator

import numpy as np

from kldiv.estimators.counted import CountedDivergence, frequencies, total
from kldiv.estimators.intervals import Floats, Quantiles

# So many counts are drawn at once: 8 MB an array.
_BLOCK = 1_000_000
_HALVINGS = 50


def bootstrap_quantiles(
    divergence: CountedDivergence, x: Floats, y: Floats, *, confidence: float, resamples: int, seed: int
) -> Quantiles:
    """The quantiles of the score, over tables drawn like these."""
    p, q = pulled_together(divergence, x, y)
    truth = float(divergence.plug_in(p, q))
    generator = np.random.default_rng(seed)
    scores = np.concatenate(
        [
            divergence.score(of_p, of_q, truth)
            for of_p, of_q in _drawn(generator, (p, q), (float(total(x)[0]), float(total(y)[0])), resamples)
        ]
    )
    below, above = np.quantile(scores, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Quantiles(float(below), max(float(above), 0.0))


def pulled_together(divergence: CountedDivergence, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The observed frequencies, moved towards the pooled ones until their divergence is the estimate."""
    pooled, wanted = frequencies(x + y), max(float(divergence.corrected(x, y)), 0.0)
    observed = frequencies(x), frequencies(y)

    def moved(share: float) -> tuple[Floats, Floats]:
        p, q = (pooled + share * (each - pooled) for each in observed)
        return np.maximum(p, 0.0), np.maximum(q, 0.0)

    if divergence.plug_in(*observed) <= wanted:
        return observed
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if divergence.plug_in(*moved(middle)) < wanted else (low, middle)
    return moved(low)


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
