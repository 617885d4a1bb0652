"""Polars frames, eager and lazy: narwhals brings them into form."""

from dataclasses import replace
from typing import Any

from kldiv.errors import TableError
from kldiv.tables.contract import Column, Kind
from kldiv.tables.frame_columns import in_form
from kldiv.tables.frames import FrameTable, explained, native, opened


def of_polars(name: str, source: Any, weights: str | None = None) -> FrameTable:
    """Open a Polars frame, eager or lazy."""
    with explained(f"can't read {name}"):
        columns = source.collect_schema()
    if not columns:
        raise TableError(f"{name} has no columns; expected at least one")
    with explained(f"can't read {name}"):
        frame, fields = in_form(native(source))
    # narwhals has no name for some that can't be counted, such as extension types.
    for each in [name for name, field in fields.items() if field.column.kind is Kind.UNSUPPORTED]:
        fields[each] = replace(fields[each], column=Column(Kind.UNSUPPORTED, str(columns[each])))
    return opened(name, frame, fields, lambda few: few.collect().rows(), weights)
