"""The profiles of a table's parts, merged into that of the whole."""

from collections.abc import Sequence
from fractions import Fraction

from kldiv.errors import InvalidInputError, TableError
from kldiv.tables.contract import Column, Count, Kind, Summary
from kldiv.tables.ordering import Key, ordering, precision
from kldiv.tables.outcomes import Special
from kldiv.tables.profiles import Profile, StoredBins, StoredColumn, StoredValues, listed_values

_GREATEST_EXACT = 2**53

Part = tuple[str, StoredColumn]
"""A part's name, which others may have too, and what it has of a column."""


def merge(profiles: Sequence[Profile], name: str = "the merged profile") -> Profile:
    """The profile of the rows of all of these together, exactly as of one table that has them all.

    Args:
        profiles: of parts of a table, each with all of its columns.
        name: of the result, for messages.

    Raises:
        InvalidInputError: none at all.
        TableError: not the same columns, kinds or weights; or a column of very many values that was not
            stored in the same bins in each.
    """
    if not profiles:
        raise InvalidInputError("there is no profile to merge; expected at least one")
    first, *others = profiles
    for each in others:
        _check_alike(first, each)
    stored = {column: _merged(column, profiles) for column in first.stored}
    return Profile(name, sum(each.rows() for each in profiles), stored, first.weights)


def _check_alike(first: Profile, other: Profile) -> None:
    odd = [*(first.stored.keys() ^ other.stored.keys())]
    if odd:
        raise TableError(
            f"{first.name} and {other.name} are not of one table: column '{min(odd)}' is in one alone"
        )
    if first.weights != other.weights:
        raise TableError(
            f"{first.name} counts rows by {_by(first)} and {other.name} by {_by(other)}; expected the same"
        )


def _by(profile: Profile) -> str:
    return "their number" if profile.weights is None else f"the weights in '{profile.weights}'"


def _merged(name: str, profiles: Sequence[Profile]) -> StoredColumn:
    every = [each.stored[name] for each in profiles]
    holding = [(each.name, each.stored[name]) for each in profiles if each.stored[name].summary.ordinary]
    summary = _added([each.summary for each in every])
    if not holding:
        return StoredValues(every[0].column, summary, {})
    column = _common_column(name, holding)
    if column.kind is Kind.UNSUPPORTED:
        return StoredColumn(column, summary)
    if any(isinstance(each, StoredBins) for _, each in holding):
        return _merged_bins(name, column, summary, holding)
    return _merged_values(name, column, summary, holding)


def _added(summaries: Sequence[Summary]) -> Summary:
    specials = {each: sum(of.specials[each] for of in summaries) for each in Special}
    holding = [each.whole for each in summaries if each.ordinary]
    return Summary(sum(each.ordinary for each in summaries), specials, bool(holding) and all(holding))


def _common_column(name: str, holding: Sequence[Part]) -> Column:
    """The type that holds every part's values as they are: the floating one, if there is one."""
    (first, column), *others = [(shown, each.column) for shown, each in holding]
    for shown, each in others:
        if each.kind is not column.kind:
            raise TableError(
                f"column '{name}' holds {column.kind.value} values in {first} and {each.kind.value} values "
                f"in {shown}; expected one kind"
            )
    floating = {found: each.column for _, each in holding if (found := precision(each.column))}
    if len(floating) > 1:
        types = " and ".join(each.type for each in floating.values())
        raise TableError(
            f"column '{name}' is of types {types}, whose numbers differ; write it as one of them"
        )
    return next(iter(floating.values()), column)


def _merged_bins(name: str, column: Column, summary: Summary, holding: Sequence[Part]) -> StoredColumn:
    (first, model), *others = [(shown, each) for shown, each in holding if isinstance(each, StoredBins)]
    for shown, each in others:
        if each.cuts != model.cuts:
            raise _unlike(name, first, shown, "bins")
    counts = [
        each.counts if isinstance(each, StoredBins) else each.between(model.cuts)  # type: ignore[attr-defined]
        for _, each in holding
    ]
    return StoredBins(column, summary, model.cuts, tuple(map(sum, zip(*counts, strict=True))))


def _merged_values(name: str, column: Column, summary: Summary, holding: Sequence[Part]) -> StoredColumn:
    parts = [(shown, each) for shown, each in holding if isinstance(each, StoredValues)]
    listed = [(shown, each) for shown, each in parts if not each.complete]
    texts = _texts(name, column, [each for _, each in parts])
    values: dict[str, Count] = {}
    for _, each in parts:
        for text, times in each.values.items():
            values[texts[text]] = values.get(texts[text], 0) + times
    if not listed:
        return StoredValues(column, summary, values)
    (first, model), *others = listed
    for shown, each in others:
        if each.values.keys() != model.values.keys():
            raise _unlike(name, first, shown, "values")
    beyond = [each for each in values if each not in model.values]
    least = max([len(beyond), *(each.other_values for _, each in listed)])
    return listed_values(column, summary, {each: values[each] for each in model.values}, least)


def _texts(name: str, column: Column, parts: Sequence[StoredValues]) -> dict[str, str]:
    """How the whole column writes each value: a number that two types write differently is one value."""
    floating = precision(column) is not None
    first: dict[Key, str] = {}
    texts = {}
    # What is of the common type comes first, since the whole is written so.
    for part in sorted(parts, key=lambda each: precision(each.column) != precision(column)):
        for text, key in zip(part.ascending, part.keys, strict=True):
            if floating and precision(part.column) is None and not _is_held(text, key):
                raise TableError(
                    f"column '{name}' has {text} as {part.column.type}, which {column.type} can't hold; "
                    "write it as one type"
                )
            texts[text] = first.setdefault(ordering(column)(text), text)
    return texts


def _is_held(text: str, key: Key) -> bool:
    """Whether an exact number is told from its neighbours as a floating-point one, and written alike."""
    whole = isinstance(key, int) or (isinstance(key, Fraction) and key.denominator == 1)
    return abs(Fraction(text)) <= _GREATEST_EXACT if whole else Fraction(repr(float(text))) == Fraction(text)


def _unlike(name: str, first: str, other: str, what: str) -> TableError:
    return TableError(
        f"column '{name}' has too many different values to store, and {first} and {other} store different "
        f"{what}; make one like the other: kldiv profile TABLE --like {first}"
    )
