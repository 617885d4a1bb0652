"""Turns the committed calibration into docs/estimators.md.

Run: python benchmarks/calibration_page.py
"""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import records

PAGE = Path(__file__).parent.parent / "docs" / "estimators.md"
FILE = records.RESULTS / "calibration.jsonl"
EXACT = records.RESULTS / "two_outcomes.jsonl"
DIVERGENCES = ("kl", "psi", "js", "hellinger", "total_variation")
# The least expected count of any outcome in either sample: from, to below.
BANDS = ((5.0, float("inf"), "5 or more"), (2.0, 5.0, "2 to 5"), (1.0, 2.0, "1 to 2"), (0.0, 1.0, "below 1"))
LEAST, GREATEST = 0.93, 0.99
# With an outcome that is expected so seldom, or so few outcomes, there are few tables.
RARE, FEW = 2, 5

Cell = dict[str, Any]

HEAD = """# Estimates from samples

Made by `python benchmarks/calibration_page.py` from benchmarks/results/calibration.jsonl, which
`python benchmarks/calibration.py` measures, and two_outcomes.jsonl, which `python benchmarks/two_outcomes.py`
does.

`kldiv.estimate(x, y)` takes values drawn from P and values drawn from Q. Values on a discrete scale are
counted; decimals that hardly ever repeat, and arrays [n, d], are points whose nearest neighbours are
measured. The result says which it was. Name a `method` to decide yourself. Decimals are what floating-point
numbers, `Decimal` and fractions are that are not whole, or so large that they have no digit to say so.

## Counts

| divergence | estimate by default | range |
| --- | --- | --- |
| `kl` | Zhang & Grabchak 2014 | not clipped: below 0 means that P = Q is not excluded |
| `psi`, the population stability index D(P‖Q) + D(Q‖P) | Zhang & Grabchak, both ways | the same |
| `js` | ψ in place of log in its entropies (Grassberger 1988), less its mean at P = Q | 0 to ln 2 |
| `hellinger` | falling factorial power ½ in place of the root, less its mean at P = Q | 0 to 1 |
| `total_variation` | the distance at which the one counted is expected | 0 to 1 |

Beside it stands `value`, the textbook number of the observed frequencies. Dirichlet smoothing is there by
name (`method="laplace"`, `"jeffreys"`, `"perks"`, or `"dirichlet"` with a `concentration`): every outcome
that either sample shows gets so much more in both samples, and the textbook value of that is the estimate.
In tables counts may be weights; a weight of 2.5 is two and a half observations.

The interval `"delta"` inverts a score: it holds every δ with (D̂ − δ)² ≤ z²·(V₀ + 4·c·δ), where V₀ is the
variance at P = Q and 4·c·δ the jackknife's, a delta method that needs no slopes. The bias at P = Q and V₀ are
those given the pooled counts, which no unknown distribution has a part in, however rare its outcomes. The
plain delta method has no width where both samples agree, and held P = Q in 80 % of samples of two outcomes.
The farther the lower end is from 0, the less it trusts the bias at P = Q: of kl, js and hellinger it also
allows for what outcomes shown once or twice tell of the bias there, of kl and js as that of outcomes expected
far less than once and with how much that strays, and of kl and psi, where P and Q surely differ, it is raised
by that, up to the estimate, if four or more tell that this is too low. The upper end trusts that bias only as
far as what a sample lacks may be lacking by chance, as the number of outcomes in both tells, and of hellinger
takes what the estimate adds for the others for nothing. An outcome that a sample never shows counts one value
in the jackknife's variance for the lower end, and none for the upper: it may be more frequent than that, and
not rarer.
How much chance adds to a total variation distance depends on how the true differences are spread over the
outcomes. Those that surely differ are taken as seen. The lower end takes the others for smaller and less
alike than they look, but for one that has much of what chance does, which it takes the more as seen, and the
upper end for larger and more, as far as their mean square and kurtosis tell it and a little more. Of two
outcomes every divergence's ends are the least and the greatest of all pairs of probabilities that are no
farther from what was seen than binomial limits of both, half of the observed count's own probability counted,
how far they are added up by squares; the lower end is 0 where p = q is among them.
`"bootstrap"` draws pairs of tables as far apart as each end, and takes the quantiles of their scores.
Where most outcomes are expected about once and n is not m, Zhang & Grabchak's estimate of `kl` has a bias
that the interval has not, and may lie outside it.

An outcome that P has and Q hasn't makes D(P‖Q) infinite, and one that Q hardly has as large as you like.
Where Q's sample lacks an outcome that it would show, were it as frequent in Q as in P (but for a probability
of 2.5 %, hypergeometric), nothing is known of it but that it is less frequent. **The interval of kl and psi
then has no upper end** (`high` is ∞, `unbounded` is true). A number there would be a guess at how little Q
has, and be read as "not more than that". So too where Q's sample lacks many outcomes, any one of which may be
lacking by chance, but most of which are not. The lower end holds as ever, and is what a threshold is compared
with; js and hellinger have a bound. Where the absence may be chance there is an upper end, which allows for
what a Gamma distribution of shape 1/3 makes of the outcome's expected count (Kerman 2011). If Q hasn't the
outcome, and the divergence is infinite, that is too low: so rare an outcome tells nothing of it.

Coverage above 95 % has four reasons. Near P = Q, and where there is no upper end, only the lower end can be
wrong, at 2.5 %. Where the rare outcomes are shown a few times in all there are so few tables that no limit
among them has 2.5 %, but less: of 20 values each of P = Q = (0.998, 0.002) both samples lack the rare outcome
with 92.3 %, and one of them shows it once with 7.4 %, so that no interval that takes both alike covers more
than 92.6 % and less than 99.7 %. Where Q's sample lacks what P has, the lower end allows for the most of it
that Q may have, and Q may have far less, of which the data say nothing. And total variation's interval allows
for more than one way in which the differences may be spread over many outcomes.

## How often the 95 % interval holds the truth
"""

POINTS = """
## Points

`method="nearest_neighbours"` is Wang, Kulkarni & Verdú 2009, eq. 29, for D(P‖Q) alone. `neighbours` is k:
more vary less and have more bias; k is 1 unless you ask for more. At most 100 neighbours are looked at. Ties
are an error, unless `ties="jitter"` adds uniform noise as wide as the smallest gap between values, drawn from
`seed`. Units do not matter: a coordinate at least four times as wide or narrow as all are on average is
brought near the others by a power of 16. One that is the same throughout a sample, or that others determine,
is an error, for then there is no density.

How much it varies is told by subsamples (Politis, Romano & Wolf 1999): by n^(2/3) points, times (b/n)^β
where n^(1/2) points vary as much more as β says, ½ at most (Bertail, Politis & Romano 1999). Where most of P
lies beyond Q's points a few of these decide, and β is less.

The interval is wider on one side by the bias (`bias`), as two ways tell it, of which the larger counts. A
density that is exp(g·u + u·H·u/2) times its centre's over a ball has another mean there: g and the trace of H
are told by where 4·(d + 2) neighbours lie (local likelihood: Loader 1996; Gao, Oh & Viswanath 2016). No
nearest neighbour tells how thin Q is beyond its points: of the points of P that are farther from Q's than any
of these is from the others, but for the one of m + 1 that is so by chance, the share times 3·d nats is
allowed for too. The other way is how much farther off the estimate by six times as many neighbours is, if
that goes by the power 3/2 of their distance. **Where the bias is larger than what the estimate varies by,
neither is to be relied on**, and the result says so (`biased`).

Where P has a few points far beyond a Q that falls off much more steeply, the bias may be larger than both
ways tell: nothing that was seen says how much less of them Q has. From five dimensions on the notice may be
given where nothing is wrong.
"""


def page(found: Sequence[Cell], exact: Sequence[Cell]) -> str:
    """The whole page."""
    counted = [each for each in found if each["interval"] == "delta"]
    random = [each for each in counted if each["shape"].startswith("Dirichlet")]
    grid = [each for each in counted if each not in random]
    resampled = [each for each in found if each["interval"] == "bootstrap"]
    points = [each for each in found if each["interval"] == "subsampling"]
    parts = (
        HEAD.rstrip(),
        meaning(grid),
        table(grid),
        meaning_of_random(random),
        table(random),
        without_end(counted),
        above(counted),
        below(counted),
        two_outcomes(exact),
        bootstrap(resampled),
        bias(grid),
        POINTS.strip(),
        nearest_neighbours(points),
    )
    return "\n\n".join(parts) + "\n"


def wrapped(text: str) -> str:
    """A paragraph."""
    return textwrap.fill(text, 110)


def meaning(found: Sequence[Cell]) -> str:
    """What was measured, in words."""
    outcomes = sorted({each["outcomes"] for each in found})
    listed = ", ".join(map(str, outcomes))
    *numbers, most = sorted({each["tables"] for each in found})
    return wrapped(
        f"Over {len(found) // len(DIVERGENCES)} cells: {listed} outcomes, samples of 10 to 100 values an "
        "outcome, equal and unequal, uniform, Zipf and with outcomes that share 10 %, P = Q, steps away "
        f"and far apart. {numbers[-1]} pairs of samples each ({numbers[0]} for total_variation, and from 100 "
        f"outcomes on), from fixed seeds; where the coverage of these is not between 93.5 and 98.5 %, {most} "
        "others count. Rows are by the least expected count of any outcome in either sample. Each entry: the "
        "least and the greatest coverage of a cell, how many lie between 93 and 99 %, and how many below."
    )


def meaning_of_random(found: Sequence[Cell]) -> str:
    """What the second table is of."""
    number = len(found) // len(DIVERGENCES)
    return wrapped(
        f"The same over {number} random cells: 2 to 150 outcomes, samples of 10 to 100 values an outcome, "
        "Q drawn from a Dirichlet distribution of concentration 0.3 to 20, and P from the same, mixed with "
        "Q, a step away from it, or uniform."
    )


def two_outcomes(found: Sequence[Cell]) -> str:
    """The exact coverage of two outcomes, a line a divergence."""
    sizes = [each for each in found if each["divergence"] == DIVERGENCES[0]]
    values = sorted({each["n_p"] for each in sizes})
    said = wrapped(
        f"Of two outcomes over all samples, each with its probability: {len(sizes)} pairs of sizes from "
        f"{values[0]} to {values[-1]}, and {sizes[0]['cells']} pairs of probabilities from 0.002 to 0.998 "
        "each. Of so few values there are so few tables that coverage jumps by the probability of one."
    )
    lines = ["| divergence | cells | least | below 93 % | above 99 % |", "| --- | --- | --- | --- | --- |"]
    for name in DIVERGENCES:
        of = [each for each in found if each["divergence"] == name]
        cells, below, above = (sum(each[key] for each in of) for key in ("cells", "below", "above"))
        lines.append(f"| {name} | {cells} | {min(each['least'] for each in of):.1%} | {below} | {above} |")
    return "\n".join([said, "", *lines])


def bootstrap(found: Sequence[Cell]) -> str:
    """The bootstrap's coverage in words, and a line a divergence."""
    one = found[0]
    said = wrapped(
        f'`"bootstrap"` with {one["resamples"]} resamples, over {len(found) // len(DIVERGENCES)} cells of '
        f"{one['outcomes']} outcomes, {one['n_p']} and {one['n_q']} values, P = Q and steps away from it, "
        f"with {one['tables']} pairs of samples each. {within(found)}"
    )
    head = ["| " + " | ".join(DIVERGENCES) + " |", "|" + " --- |" * len(DIVERGENCES)]
    of = (summary([each["coverage"] for each in found if each["divergence"] == d]) for d in DIVERGENCES)
    return "\n".join([said, "", *head, "| " + " | ".join(of) + " |"])


def within(found: Sequence[Cell]) -> str:
    """What so few pairs tell, as two standard deviations of a share."""
    return f"A coverage of 95 % is known within {2 * math.sqrt(0.95 * 0.05 / found[0]['tables']):.1%}."


def nearest_neighbours(found: Sequence[Cell]) -> str:
    """The subsampling interval's coverage, a line a cell."""
    said = wrapped(
        f"The 95 % interval of {found[0]['n_p']} points of a standard normal P and as many of Q, which is P, "
        "moved along an axis, or narrower or wider by a factor in every direction, over "
        f"{found[0]['tables']} pairs, with the estimate's bias and standard deviation in nats, and how often "
        f"it is told not to be relied on. {within(found)}"
    )
    lines = [
        "| dimensions | Q | truth | coverage | truth above | bias | deviation | told |",
        "|" + " --- |" * 8,
    ]
    for each in found:
        narrower, wider = f"narrower, {each['wider']:g}", f"wider, {1 / each['wider']:g}"
        way = f"moved by {each['shift']:g}" if each["shift"] else narrower if each["wider"] > 1 else wider
        of = "P" if each["shift"] == 0 and each["wider"] == 1 else way
        numbers = f"{each['truth']:.3f} | {each['coverage']:.0%} | {each['truth_above']:.0%}"
        spread = f"{each['bias']:+.3f} | {each['deviation']:.3f} | {each['biased']:.0%}"
        lines.append(f"| {each['dimensions']} | {of} | {numbers} | {spread} |")
    return "\n".join([said, "", *lines])


def table(found: Sequence[Cell]) -> str:
    """Coverage by divergence and least expected count."""
    lines = ["| least expected | " + " | ".join(DIVERGENCES) + " |", "| --- |" + " --- |" * len(DIVERGENCES)]
    for low, high, name in BANDS:
        rows = [each for each in found if low <= each["least_expected"] < high]
        if not rows:
            continue
        cells = (summary([each["coverage"] for each in rows if each["divergence"] == d]) for d in DIVERGENCES)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def without_end(found: Sequence[Cell]) -> str:
    """How many intervals of kl and psi have no upper end."""

    def share(divergence: str, *, equal: bool) -> str:
        of = [
            each["unbounded"]
            for each in found
            if each["divergence"] == divergence and (each["truth"] == 0) == equal
        ]
        return f"{sum(of) / len(of):.1%}"

    return wrapped(
        f"Where P = Q, {share('kl', equal=True)} of the intervals of kl have no upper end, and "
        f"{share('psi', equal=True)} of those of psi; where P and Q differ {share('kl', equal=False)} and "
        f"{share('psi', equal=False)}."
    )


def above(found: Sequence[Cell]) -> str:
    """How many cells' coverage is too high, and what is the reason in most."""
    high = [each for each in found if each["coverage"] > GREATEST]
    never = sum(each["truth_above"] == 0 for each in high)
    other = [each for each in high if each["least_expected"] >= RARE and each["outcomes"] > FEW]
    other = [each for each in other if each["unbounded"] <= 1 / 2]
    return wrapped(
        f"Above 99 % lie {len(high)} of the {len(found)} cells. In {never} of them no upper end was too low. "
        f"In all but {len(other)} an outcome is expected less than {RARE} times, there are {FEW} outcomes or "
        "fewer, or more than half of the intervals have no upper end."
    )


def below(found: Sequence[Cell]) -> str:
    """The cells whose coverage is too low."""
    low = [each for each in found if each["coverage"] < LEAST]
    if not low:
        return f"No cell lies below {LEAST:.0%}."
    lines = [
        "The cells below 93 %:",
        "",
        "| divergence | outcomes | n | m | Q, and P | least expected | truth | truth above | truth below |",
        "|" + " --- |" * 9,
    ]
    for each in low:
        numbers = f"{each['least_expected']:.2g} | {each['truth']:.3g}"
        sides = f"{each['truth_above']:.1%} | {each['truth_below']:.1%}"
        of = f"{each['outcomes']} | {each['n_p']} | {each['n_q']} | {each['shape']}, {each['distance']}"
        lines.append(f"| {each['divergence']} | {of} | {numbers} | {sides} |")
    return "\n".join(lines)


def summary(coverage: Sequence[float]) -> str:
    """The extremes, how many lie where they should, and how many below."""
    inside = sum(LEAST <= each <= GREATEST for each in coverage)
    below = sum(each < LEAST for each in coverage)
    return f"{min(coverage):.1%} to {max(coverage):.1%}, {inside} of {len(coverage)}, {below} below"


def bias(found: Sequence[Cell]) -> str:
    """The bias of kl's estimates where P = Q, uniform, with ten values an outcome in both samples."""
    lines = [
        "The mean of each estimate of `kl` in nats where P = Q, uniform, with ten values an outcome (the",
        "truth is 0; where nothing stands, the plug-in value is infinite in some samples):",
        "",
        "| outcomes | Zhang & Grabchak | plug-in | Jeffreys smoothing |",
        "| --- | --- | --- | --- |",
    ]
    for each in found:
        where = (each["divergence"], each["shape"], each["distance"], each["n_p"], each["n_q"])
        if where == ("kl", "uniform", "P = Q", 10 * each["outcomes"], 10 * each["outcomes"]):
            numbers = (each["bias"][name] for name in ("zhang_grabchak", "plug_in", "jeffreys"))
            cells = ("" if number is None else f"{number:+.4f}" for number in numbers)
            lines.append(f"| {each['outcomes']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(records.read(FILE), records.read(EXACT)), encoding="utf-8")


if __name__ == "__main__":
    main()
