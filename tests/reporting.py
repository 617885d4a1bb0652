"""Comparisons to be reported: real ones, and those of columns that no file could hold."""

from dataclasses import replace
from functools import cache

import numpy as np
from tabular import JANUARY, JULY

import kldiv
from kldiv.estimators.counting import CountTable
from kldiv.estimators.discrete import estimate_from_counts
from kldiv.tables.comparison import Skipped
from kldiv.tables.outcomes import Special, Value

HOSTILE = [
    "<script>document.title = 'run'</script>",
    "</script><img src=x onerror=\"document.title = 'run'\">",
    "</noscript><b>bold</b></table></details>",
    "<!-- <script>",
    "\"double\" & 'single' &amp; `back` \\ \\u003c",
    "{{ 7 * 7 }} {% raw %} ${1}",
    "emoji 👩\u200d👩\u200d👧 \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "long " * 2000,
    "x" * 10_000,
    "שלום עולם (abc) 123",
    "\u202eright to left",
    "one\u2028two\u2029three",
    "null\x00byte",
    "half a pair \ud83d",
    "\x1b[31mred \x85 \x9f",
    " blanks  \u00a0\u3000 ",
    "tab\tline\nreturn\rboth\r\n",
    "",
    "null",
    "constructor",
    "__proto__",
    "a.b[0]['c']",
    "datum.infinite",
    "\ufeff\ufffe\uffff",
    "e\u0301\u0301\u0301",
]


@cache
def flights():
    return kldiv.compare(JULY, JANUARY, base=2)


@cache
def by_origin():
    """Of everything a comparison can have something: groups, columns together, missing values apart."""
    return kldiv.compare(
        JULY,
        JANUARY,
        columns=["carrier", "dep_delay"],
        joint=[("origin", "carrier")],
        by="origin",
        missing="separate",
    )


def column(name, outcomes, *, notes=(), seed=0):
    """A column of these outcomes, counted at random; most often Q lacks one that P has."""
    generator = np.random.default_rng(seed)
    p, q = (generator.integers(0, 50, len(outcomes)) for _ in range(2))
    q[0], p[0] = 1, 2
    names = [Value(each) if isinstance(each, str) else each for each in outcomes]
    return replace(
        flights()["carrier"],
        name=name,
        divergence=estimate_from_counts(CountTable(names, p, q)),
        notes=tuple(notes),
    )


def comparison(columns, **changes):
    """A comparison of these columns, the greatest estimate first as in every comparison."""
    ordered = sorted(columns, key=lambda each: -each.divergence.estimate)
    given = {"columns": tuple(ordered), "skipped": (), "only_in_p": (), "only_in_q": ()}
    return replace(flights(), **(given | changes))


@cache
def hostile():
    """Every hostile text as a column's name, as a value, in a note and in a reason."""
    values = [*HOSTILE, *Special]
    columns = [
        column(name, values, notes=[f"about {name[:80]}"], seed=seed) for seed, name in enumerate(HOSTILE)
    ]
    return comparison(
        columns,
        p=HOSTILE[0],
        q="\udcff/table.csv",
        skipped=(Skipped(HOSTILE[1], f"holds {HOSTILE[0]}"),),
        only_in_p=(HOSTILE[2],),
        only_in_q=(HOSTILE[13],),
    )


def shown_text(text):
    """What a page can hold of a text: not nulls, nor halves of pairs."""
    return "".join(each for each in text if each != "\0" and not "\ud800" <= each <= "\udfff")
