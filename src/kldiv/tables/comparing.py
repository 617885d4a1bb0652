"""Every column that two tables share: counted in both, and a divergence estimated from the counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from kldiv.errors import InvalidInputError, TableError
from kldiv.estimators.counting import CountTable
from kldiv.estimators.discrete import estimate_from_counts
from kldiv.estimators.estimate import Estimate
from kldiv.tables.comparison import (
    ColumnComparison,
    Comparison,
    Group,
    GroupComparison,
    JointComparison,
    Skipped,
)
from kldiv.tables.contract import SIDES
from kldiv.tables.counting import Counted, CountedColumn, Uncounted, count_columns
from kldiv.tables.grouping import Groups, groups_of
from kldiv.tables.joint import count_joint
from kldiv.tables.missing import Missing, missingness, without_missing
from kldiv.tables.multiple_testing import benjamini_hochberg
from kldiv.tables.options import Divergence, Interval, Options, checked_text, column_names, name_pairs
from kldiv.tables.outcomes import Special
from kldiv.tables.pairing import (
    ColumnPair,
    PairCount,
    Tables,
    check_shared,
    pairs_of,
    quoted,
    shared_names,
)
from kldiv.tables.progress import Listener, Reporter
from kldiv.tables.sources import opened

T = TypeVar("T", ColumnComparison, JointComparison)


def compare(  # noqa: PLR0913 (one keyword for each question a comparison answers)
    p: object,
    q: object,
    *,
    columns: Sequence[str] | None = None,
    joint: Sequence[tuple[str, str]] = (),
    by: str | None = None,
    divergence: Divergence = "kl",
    weights: str | None = None,
    missing: Missing = "category",
    base: float | None = None,
    bins: int = 10,
    max_categories: int = 10_000,
    confidence: float = 0.95,
    interval: Interval = "delta",
    on_progress: Listener = None,
) -> Comparison:
    """Estimate D(P‖Q), or another divergence, for every column that two tables share.

    Text, booleans and columns of few different whole numbers are counted value by value; other numbers,
    dates and times in bins whose edges are quantiles of Q. Null, NaN and the infinities are outcomes of
    their own. Rows never leave the engine.

    Args:
        p: P, the reference: the path of a CSV, Parquet or JSON file or of a stored profile, a glob that
            matches several files, a data frame or relation, or a table opened before.
        q: Q, what P is measured against, in any of these forms.
        columns: the names of the columns to compare; None for all that are in both.
        joint: pairs of names to compare together: P and Q may agree in each and differ in their combination.
        by: a column of few values; each of its groups is compared on its own, beside all rows together.
        divergence: "kl", or one that has no direction: "js" (Jensen–Shannon), "psi" (population stability
            index, Jeffreys' divergence), "total_variation", "hellinger".
        weights: the column of both tables that weighs the rows: one of weight 3 counts as three rows.
        missing: what nulls and NaN are: "category", outcomes like any other; "drop", left out; "separate",
            left out and whether there is a value compared on its own.
        base: of the logarithm; None for nats, 2 for bits.
        bins: into how many bins a column of numbers or dates is cut.
        max_categories: how many different texts are counted one by one, and about how many combinations in
            a joint comparison; the rest is folded into one outcome, and a note says so.
        confidence: nominal coverage of the intervals, between 0 and 1.
        interval: "delta", by the counts' variance, or "bootstrap", by drawing from them again and again.
        on_progress: called with how far it is, every now and then.

    Returns:
        The comparison of each column, the greatest estimate first, and what was not compared and why.

    Raises:
        InputTypeError: a table that is none, or columns that aren't a list of names.
        InvalidInputError: a base, number of bins or of categories, confidence or name that can't be.
        TableError: a table that can't be read or has no rows, no column that can be compared, or a
            requested column that is not in both tables or can't be compared.
        MissingExtraError: the engine is not installed.

    Source:
        As for `kldiv.estimate`; p-values adjusted by Benjamini & Hochberg 1995.

    Example:
        >>> flights = "examples/data/flights-2013-{}.parquet"
        >>> result = compare(flights.format("07"), flights.format("01"), columns=["carrier"], base=2)
        >>> print(f"{result['carrier'].divergence.estimate:.4f} {result.unit}")
        0.0037 bits
    """
    options = Options(divergence, missing, base, bins, max_categories, confidence, interval)
    pairs = name_pairs(joint)
    wanted = column_names("columns", columns, may_be_empty=bool(pairs))
    checked_text("by", by)
    with opened("p", p, weights) as p_table, opened("q", q, weights) as q_table:
        tables: Tables = {"p": p_table, "q": q_table}
        _check_not_weights(weights, [*(wanted or ()), *(each for pair in pairs for each in pair), by])
        names = _names(tables, wanted, pairs)
        groups = groups_of(tables, by) if by is not None else Groups((), (), ())
        asked = _Question(names, pairs, options)
        total = (len(names) + len(pairs)) * (1 + len(groups.both))
        report = Reporter(on_progress, total, p_table.rows() + q_table.rows())
        overall = _answer(tables, asked, None, report)
        _check_compared(overall, wanted)
        of_groups = [_group(tables, by, each, asked, report) for each in groups.both if by is not None]
        of_p, of_q = p_table.columns(), q_table.columns()
        return _adjusted(
            Comparison(
                p=p_table.name,
                q=q_table.name,
                rows_p=p_table.rows(),
                rows_q=q_table.rows(),
                divergence=divergence,
                base=base,
                unit=_unit(overall),
                confidence=confidence,
                missing=missing,
                weights=weights,
                columns=overall.columns,
                joint=overall.joint,
                skipped=overall.skipped,
                only_in_p=tuple(each for each in of_p if each not in of_q),
                only_in_q=tuple(each for each in of_q if each not in of_p),
                by=by,
                groups=tuple(of_groups),
                groups_only_in_p=groups.only_in_p,
                groups_only_in_q=groups.only_in_q,
            )
        )


class _Question(NamedTuple):
    """Which columns and pairs of columns are compared, and how."""

    names: list[str]
    joint: list[tuple[str, str]]
    options: Options


class _Answer(NamedTuple):
    """What the comparison of some rows of both tables gave."""

    columns: tuple[ColumnComparison, ...]
    joint: tuple[JointComparison, ...]
    skipped: tuple[Skipped, ...]


def _check_not_weights(weights: str | None, asked: Sequence[str | None]) -> None:
    if weights is not None and weights in asked:
        raise InvalidInputError(f"column {quoted(weights)} weighs the rows, and is not one of those compared")


def _names(tables: Tables, wanted: list[str] | None, joint: Sequence[tuple[str, str]]) -> list[str]:
    """The columns to compare, in the order asked for, else in P's."""
    shared = shared_names(tables)
    check_shared(tables, [*(wanted or ()), *(each for pair in joint for each in pair)])
    return shared if wanted is None else wanted


def _answer(tables: Tables, asked: _Question, group: Group | None, report: Reporter) -> _Answer:
    """Count, and estimate from the counts."""
    options = asked.options
    together = [each for pair in asked.joint for each in pair]
    pairs = {each.name: each for each in pairs_of(tables, list(dict.fromkeys([*asked.names, *together])))}
    counted = count_columns([*pairs.values()], options.bins, options.max_categories, report)
    columns: list[ColumnComparison] = []
    skipped: list[Skipped] = []
    for name in asked.names:
        for each in _aspects(pairs[name], counted[name], options):
            if isinstance(each, Uncounted):
                skipped.append(Skipped(name, each.reason))
            else:
                columns.append(_column(pairs[name], each, options, group))
    joint: list[JointComparison] = []
    for names in asked.joint:
        found = _joint([pairs[each] for each in names], counted, options, group)
        if isinstance(found, Skipped):
            skipped.append(found)
        else:
            joint.append(found)
        report(1)
    return _Answer(tuple(columns), tuple(joint), tuple(skipped))


def _aspects(
    pair: ColumnPair, counted: CountedColumn | Uncounted, options: Options
) -> Iterator[CountedColumn | Uncounted]:
    """What is compared of one column: its outcomes, or its values and whether there is one."""
    if isinstance(counted, Uncounted) or options.missing == "category":
        yield counted
        return
    yield without_missing(pair, counted)
    if options.missing == "separate" and (absent := missingness(pair, counted)):
        yield absent


def _column(
    pair: ColumnPair, counted: CountedColumn, options: Options, group: Group | None
) -> ColumnComparison:
    divergence = _estimate(counted.counts, options)
    nulls = pair.special(Special.NULL)
    return ColumnComparison(
        pair.name, counted.type, divergence, divergence.p_value, nulls.p, nulls.q, counted.notes, group
    )


def _joint(
    pairs: Sequence[ColumnPair], counted: Counted, options: Options, group: Group | None
) -> JointComparison | Skipped:
    """What was asked for is compared or an error, but a group may have nothing of it."""
    names = tuple(each.name for each in pairs)
    keep_missing = options.missing == "category"
    found = count_joint(pairs, counted, options.max_categories, keep_missing=keep_missing)
    if isinstance(found, Uncounted):
        if group is None:
            raise TableError(f"can't compare {' and '.join(map(quoted, names))} jointly: {found.reason}")
        return Skipped(" × ".join(names), found.reason)
    divergence = _estimate(found.counts, options)
    return JointComparison(names, divergence, divergence.p_value, found.notes, group)


def _estimate(counts: Mapping[Any, PairCount], options: Options) -> Estimate:
    table = CountTable(
        list(counts),
        np.array([each.p for each in counts.values()]),
        np.array([each.q for each in counts.values()]),
    )
    return estimate_from_counts(
        table,
        divergence=options.divergence,
        interval=options.interval,
        base=options.base,
        confidence=options.confidence,
    )


def _group(tables: Tables, by: str, group: Group, asked: _Question, report: Reporter) -> GroupComparison:
    """The rows of one group, compared in every column but the one that makes the groups."""
    parts: Tables = {side: tables[side].restricted(by, group) for side in SIDES}
    names = [each for each in asked.names if each != by]
    answer = _answer(parts, asked._replace(names=names), group, report)
    if by in asked.names:
        report(1)
    return GroupComparison(group, parts["p"].rows(), parts["q"].rows(), *answer)


def _check_compared(answer: _Answer, wanted: Sequence[str] | None) -> None:
    """A column that was asked for by name is not skipped with a note, nor are all of them."""
    nothing = not (answer.columns or answer.joint)
    if answer.skipped and (wanted is not None or nothing):
        reasons = "; ".join(f"{quoted(each.name)} {each.reason}" for each in answer.skipped)
        raise TableError(f"nothing to compare: {reasons}" if nothing else f"can't compare {reasons}")


def _unit(answer: _Answer) -> str:
    compared: list[ColumnComparison | JointComparison] = [*answer.columns, *answer.joint]
    return compared[0].divergence.unit if compared else ""


def _adjusted(comparison: Comparison) -> Comparison:
    """With p-values adjusted over everything compared, the greatest estimate first."""
    values = iter(benjamini_hochberg([each.divergence.p_value for each in comparison.everything()]))

    def adjusted(each: T) -> T:
        return replace(each, p_value_adjusted=next(values))

    # In the order of `everything`, from which the values come.
    columns, joint = tuple(map(adjusted, comparison.columns)), tuple(map(adjusted, comparison.joint))
    groups = [
        replace(
            each,
            columns=_greatest_first(tuple(map(adjusted, each.columns))),
            joint=_greatest_first(tuple(map(adjusted, each.joint))),
        )
        for each in comparison.groups
    ]
    return replace(
        comparison, columns=_greatest_first(columns), joint=_greatest_first(joint), groups=tuple(groups)
    )


def _greatest_first(compared: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(sorted(compared, key=lambda each: (-each.divergence.estimate, each.name)))
