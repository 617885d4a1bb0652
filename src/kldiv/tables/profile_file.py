"""A profile as a JSON document: written in one way, and read back only if it is whole and unchanged."""

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kldiv.errors import TableError
from kldiv.report.writing import write_text
from kldiv.tables.contract import Column, Count, Kind, Summary
from kldiv.tables.ordering import ordering
from kldiv.tables.outcomes import Cut, Special
from kldiv.tables.profiles import Profile, StoredBins, StoredColumn, StoredValues

_VERSION = 1
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*\"kldiv_profile\"\s*:")
_HEADER_BYTES = 64
# Sums of weights are as exact as their roundings let them be.
_ROUNDING = 1e-9


def is_profile(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a profile does, and not as a table in JSON."""
    try:
        with Path(path).open("rb") as file:
            return bool(_HEADER.match(file.read(_HEADER_BYTES)))
    except (OSError, ValueError):
        return False


def dumps(profile: Profile) -> str:
    """Return the profile as JSON text, a column a line, with a checksum over all of it."""
    columns = [_column_document(name, each) for name, each in profile.stored.items()]
    document = {"kldiv_profile": _VERSION, "rows": profile.rows(), "weights": profile.weights}
    checksum = _checksum({**document, "columns": columns})
    head = [f"{_text(name)}: {_text(value)},\n" for name, value in document.items()]
    lines = ",\n".join(_text(each) for each in columns)
    return f'{{\n{"".join(head)}"columns": [\n{lines}\n],\n"checksum": {_text(checksum)}\n}}\n'


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _checksum(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _column_document(name: str, stored: StoredColumn) -> dict[str, Any]:
    summary = stored.summary
    document: dict[str, Any] = {
        "name": name,
        "kind": stored.column.kind.value,
        "type": stored.column.type,
        "whole": summary.whole,
        "ordinary": summary.ordinary,
        "specials": {each.value: times for each, times in summary.specials.items() if times},
    }
    if isinstance(stored, StoredBins):
        cuts = [{"above" if each.above else "at": each.text} for each in stored.cuts]
        return {**document, "cuts": cuts, "counts": list(stored.counts)}
    if isinstance(stored, StoredValues):
        document["values"] = {each: stored.values[each] for each in stored.ascending}
        if not stored.complete:
            document["other"] = {"values": stored.other_values, "count": stored.other_count}
    return document


def save(profile: Profile, path: str | os.PathLike[str]) -> None:
    """Write the profile to a file, whole or not at all.

    Raises:
        InvalidInputError: the folder is missing, or the disk is full or read-only.
    """
    write_text(Path(path), dumps(profile))


def read(path: str | os.PathLike[str]) -> Profile:
    """Read a profile back.

    Raises:
        TableError: it can't be read, is not whole, was changed after it was written, or has another version.
    """
    shown = os.fspath(path)
    try:
        return loads(Path(path).read_text(encoding="utf-8-sig"), shown)
    except OSError as error:
        raise TableError(f"can't read {shown}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _broken(shown, f"byte {error.start} is not UTF-8") from None


def loads(text: str, shown: str) -> Profile:
    """Read a profile from JSON text; `shown` is its name in messages."""
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        return _profile(document, shown)
    except json.JSONDecodeError as error:
        raise _broken(shown, f"line {error.lineno} is not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise _broken(shown, str(error)) from None


def _broken(shown: str, reason: str) -> TableError:
    return TableError(
        f"{shown} is no whole profile: {reason}; expected it as kldiv profile wrote it, make it again"
    )


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


class _Fields:
    """The members of an object, taken one by one; each problem is a ValueError that says where."""

    def __init__(self, document: object, where: str) -> None:
        if not isinstance(document, dict):
            raise ValueError(f"{where} is {_shown(document)}; expected an object")  # noqa: TRY004 (see the class)
        self._left: dict[str, Any] = dict(document)
        self.where = where

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str, of: Any) -> Any:
        if name not in self._left:
            raise ValueError(f"{self.where} lacks '{name}'")
        value = self._left.pop(name)
        if not isinstance(value, of) or (of is int and isinstance(value, bool)):
            raise ValueError(f"'{name}' of {self.where} is {_shown(value)}")
        return value

    def end(self) -> None:
        if self._left:
            raise ValueError(f"{self.where} has an unknown member '{next(iter(self._left))}'")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004 (a line has room for that)


def _profile(document: object, shown: str) -> Profile:
    fields = _Fields(document, "the document")
    version = fields.take("kldiv_profile", int)
    if version != _VERSION:
        raise TableError(
            f"{shown} is a profile of version {version}; this kldiv reads version {_VERSION}, make it again"
        )
    weights = fields.take("weights", str | None)
    rows = _count(fields.take("rows", object), weights is not None)
    columns, checksum = fields.take("columns", list), fields.take("checksum", str)
    fields.end()
    stored = dict(_column(each, index, weights is not None) for index, each in enumerate(columns))
    if len(stored) < len(columns):
        raise ValueError("two columns have the same name")
    _check_rows(stored, rows, weights is not None)
    if not isinstance(document, dict) or checksum != _checksum(
        {name: each for name, each in document.items() if name != "checksum"}
    ):
        raise ValueError("its contents don't match its checksum, something was changed in it")
    return Profile(shown, rows, stored, weights)


def _check_rows(stored: Mapping[str, StoredColumn], rows: Count, weighted: bool) -> None:
    for name, each in stored.items():
        _check_sum(
            [each.summary.ordinary, *each.summary.specials.values()], rows, weighted, f"column '{name}'"
        )


def _column(document: object, index: int, weighted: bool) -> tuple[str, StoredColumn]:
    fields = _Fields(document, f"column {index + 1}")
    name = fields.take("name", str)
    fields.where = f"column '{name}'"
    column = Column(Kind(fields.take("kind", str)), fields.take("type", str))
    summary = _summary(fields, weighted)
    stored = _contents(fields, column, summary, weighted)
    fields.end()
    return name, stored


def _summary(fields: _Fields, weighted: bool) -> Summary:
    whole, ordinary = fields.take("whole", bool), _count(fields.take("ordinary", object), weighted)
    given = fields.take("specials", dict)
    unknown = set(given) - {each.value for each in Special}
    if unknown:
        raise ValueError(f"{fields.where} counts an unknown '{min(unknown)}'")
    return Summary(ordinary, {each: _count(given.get(each.value, 0), weighted) for each in Special}, whole)


def _contents(fields: _Fields, column: Column, summary: Summary, weighted: bool) -> StoredColumn:
    if "cuts" in fields:
        cuts = tuple(_cut(each, fields.where) for each in fields.take("cuts", list))
        counts = tuple(_count(each, weighted) for each in fields.take("counts", list))
        _check_cuts(cuts, counts, column, fields.where)
        _check_sum(counts, summary.ordinary, weighted, fields.where)
        return StoredBins(column, summary, cuts, counts)
    if "values" not in fields:
        if column.kind is not Kind.UNSUPPORTED:
            raise ValueError(f"{fields.where} has neither values nor bins")
        return StoredColumn(column, summary)
    values = {each: _count(times, weighted) for each, times in fields.take("values", dict).items()}
    for each in values:
        ordering(column)(each)
    other_values, other_count = _other(fields, weighted) if "other" in fields else (0, 0)
    _check_sum([*values.values(), other_count], summary.ordinary, weighted, fields.where)
    return StoredValues(column, summary, values, other_values, other_count)


def _other(fields: _Fields, weighted: bool) -> tuple[int, Count]:
    other = _Fields(fields.take("other", dict), f"'other' of {fields.where}")
    values, count = other.take("values", int), _count(other.take("count", object), weighted)
    other.end()
    if values < 1:
        raise ValueError(f"{other.where} has {values} values; expected at least one")
    return values, count


def _cut(document: object, where: str) -> Cut:
    fields = _Fields(document, f"a cut of {where}")
    above = "above" in fields
    cut = Cut(fields.take("above" if above else "at", str), above)
    fields.end()
    return cut


def _check_cuts(cuts: Sequence[Cut], counts: Sequence[Count], column: Column, where: str) -> None:
    keys = [(ordering(column)(each.text), each.above) for each in cuts]
    if sorted(set(keys)) != keys or len(counts) != len(cuts) + 1:
        raise ValueError(
            f"{where} has {len(cuts)} cuts and {len(counts)} counts; expected ascending ones, one more count"
        )


def _check_sum(counts: Sequence[Count], expected: Count, weighted: bool, where: str) -> None:
    total = math.fsum(counts) if weighted else sum(counts)
    if not (math.isclose(total, expected, rel_tol=_ROUNDING) if weighted else total == expected):
        raise ValueError(f"the counts of {where} sum to {total:,}, not to {expected:,}")


def _count(value: object, weighted: bool) -> Count:
    allowed: type | tuple[type, ...] = (int, float) if weighted else int
    if isinstance(value, bool) or not isinstance(value, allowed) or not 0 <= value < math.inf:  # type: ignore[operator]
        raise ValueError(f"{_shown(value)} is no count")
    return value  # type: ignore[return-value]
