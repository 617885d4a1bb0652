"""Profiles of tables: counts that stand for a table when it isn't at hand."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from kldiv.errors import TableError
from kldiv.given_numbers import whole
from kldiv.tables.binning import FEW_VALUES, cuts_of
from kldiv.tables.contract import Column, Kind, Summary, Table
from kldiv.tables.options import column_names, number_of_bins
from kldiv.tables.pairing import listed
from kldiv.tables.profiles import Profile, StoredBins, StoredColumn, StoredValues, listed_values
from kldiv.tables.progress import Listener, Reporter
from kldiv.tables.sources import opened

# How many different values of a column are stored one by one.
MAX_VALUES = 100_000


def profile(
    table: Any,
    *,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    bins: int = 10,
    max_values: int = MAX_VALUES,
    like: Any = None,
    on_progress: Listener = None,
) -> Profile:
    """Count every value of a table's columns, to compare with others when the table isn't at hand.

    `Profile.save` writes it to a file. `compare` takes the profile, or the path of its file, for either of
    its tables, and gives the numbers that the table itself would give: exactly, for columns of at most
    `max_values` different values. Of a column with more the profile has bins, or the most frequent texts.

    Args:
        table: the path of a CSV, Parquet or JSON file, a glob that matches several, a data frame or
            relation, or a table opened before.
        columns: the names of the columns; None for all that can be counted.
        weights: the column that weighs the rows: one of weight 3 counts as three rows.
        bins: into how many bins a column of more than `max_values` different numbers or dates is cut.
        max_values: how many different values of a column are stored one by one.
        like: a profile, or the path of one: columns that it has in bins are cut at the same edges, so that
            the two can be merged.
        on_progress: called with how far it is, every now and then.

    Returns:
        The profile.

    Raises:
        InputTypeError: what is no table, or columns that aren't a list of names.
        InvalidInputError: a number of bins or of values that can't be.
        TableError: a table that can't be read or has no rows, a column it lacks, or one of another kind than
            in `like`.
        MissingExtraError: the engine is not installed.

    Source:
        Bins between quantiles, as for `kldiv.compare`.

    Example:
        >>> january = profile("examples/data/flights-2013-01.parquet", columns=["carrier", "dep_delay"])
        >>> january.rows(), list(january.columns())
        (27004, ['carrier', 'dep_delay'])
    """
    bins, max_values = number_of_bins(bins), whole("max_values", max_values, FEW_VALUES)
    wanted = column_names("columns", columns)
    with opened("table", table, weights) as found, _model(like, weights) as model:
        names = [*found.columns()] if wanted is None else wanted
        for name in names:
            if name not in found.columns():
                raise TableError(f"{found.name} has no column '{name}'; it has {listed(found.columns())}")
        report = Reporter(on_progress, len(names), found.rows())
        summaries = found.summaries(names)
        # A profile is profiled as it is.
        models = {**(found.stored if isinstance(found, Profile) else {}), **model}
        make = _Maker(found, bins, max_values)
        stored = {}
        for name in names:
            stored[name] = make.column(name, summaries[name], models.get(name))
            report(1)
        return Profile(found.name, found.rows(), stored, weights)


@contextmanager
def _model(like: Any, weights: str | None) -> Iterator[Mapping[str, StoredColumn]]:
    """The columns of a profile to be like; none without one."""
    if like is None:
        yield {}
        return
    with opened("like", like, weights) as model:
        if not isinstance(model, Profile):
            raise TableError(f"{model.name} is no profile; expected one to be like")
        yield model.stored


class _Maker(NamedTuple):
    """Stores columns of a table."""

    table: Table
    bins: int
    max_values: int

    def column(self, name: str, summary: Summary, model: StoredColumn | None) -> StoredColumn:
        column = self.table.columns()[name]
        if not summary.ordinary:
            return StoredValues(column, summary, {})
        if column.kind is Kind.UNSUPPORTED:
            return StoredColumn(column, summary)
        if isinstance(model, StoredBins) or (isinstance(model, StoredValues) and not model.complete):
            return self._like(name, column, summary, model)
        return self._whole(name, column, summary)

    def _whole(self, name: str, column: Column, summary: Summary) -> StoredColumn:
        """Every value, or of too many the most frequent texts, or bins."""
        if column.kind in (Kind.TEXT, Kind.BOOLEAN):
            values = self.table.distinct([name], self.max_values)[name]
        else:
            values = self.table.tally(name, self.max_values)
        if values is not None:
            return StoredValues(column, summary, values)
        if column.kind is Kind.TEXT:
            kept, different = self.table.count_values([name], self.max_values)[name]
            return listed_values(column, summary, kept, different - len(kept))
        cuts = cuts_of(self.table, [name], self.bins)[name]
        return StoredBins(column, summary, tuple(cuts), tuple(self.table.count_bins({name: cuts})[name]))

    def _like(
        self, name: str, column: Column, summary: Summary, model: StoredBins | StoredValues
    ) -> StoredColumn:
        """The same bins, or the same texts, as another profile has."""
        if column.kind is not model.column.kind:
            raise TableError(
                f"column '{name}' holds {column.kind.value} values in {self.table.name} and "
                f"{model.column.kind.value} values in the profile to be like; expected one kind"
            )
        if isinstance(model, StoredBins):
            counts = self.table.count_bins({name: model.cuts})[name]
            return StoredBins(column, summary, model.cuts, tuple(counts))
        counted = self.table.count_listed({name: [*model.values]})[name]
        values = {each: counted.get(each, 0) for each in model.values}
        different = self.table.count_values([name], 1)[name].different
        return listed_values(column, summary, values, different - sum(map(bool, values.values())))
