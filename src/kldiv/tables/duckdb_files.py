"""Opens files as a table of DuckDB's whose columns are called c0, c1, and so on.

Text is read by one rule for both tables, whatever else is in them: a CSV file has a header line, fields are
quoted by `"`, an empty one is null, and a column has the first type below that all of its values are
written as (`text_types`). CSV and JSON are read once, into DuckDB's own storage.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kldiv.errors import TableError
from kldiv.tables.csv_header import check_names, check_same, header_of
from kldiv.tables.files import Source, check_checksums
from kldiv.tables.parquet_types import check_types
from kldiv.tables.sql import ROWS, literal, select
from kldiv.tables.text_types import NUMBER, TIME, TIMESTAMP, WHOLE

Query = Callable[[str], list[tuple[Any, ...]]]
_Opened = tuple[list[str], str, Mapping[str, str]]


def _matches(pattern: str) -> str:
    return f"regexp_matches({{0}}, {literal(pattern)})"


_DATES = {
    "TIMESTAMP": f"{_matches(TIMESTAMP)} AND TRY_CAST({{0}} AS TIMESTAMP) IS NOT NULL",
    "TIME": _matches(TIME),
}
_NUMBERS = {
    "BIGINT": "CAST(TRY_CAST({0} AS BIGINT) AS VARCHAR) IS NOT DISTINCT FROM {0}",
    "HUGEINT": "CAST(TRY_CAST({0} AS HUGEINT) AS VARCHAR) IS NOT DISTINCT FROM {0}",
    # Longer whole numbers would lose digits, and are codes.
    "VARCHAR": _matches(WHOLE),
    "DOUBLE": _matches(NUMBER),
}
_TYPES = {"BOOLEAN": "lower({0}) IN ('true', 'false')", **_NUMBERS, **_DATES}
# What these already tell apart is not asked of the whole table.
_FIRST_ROWS = 10_000
_AGGREGATES = 120
# A character that no text has, so that a line is one field.
_NO_DELIMITER = "\x1f"
_LINES = (
    f"delim='{_NO_DELIMITER}', quote='', escape='', comment='', auto_detect=false, header=false, "
    "strict_mode=false, columns={'line': 'VARCHAR'}"
)
_CSV = "quote='\"', escape='\"', comment='', auto_detect=false, header=true, hive_partitioning=false"
# Every object is a row of columns, however few objects have each key, and never a map.
_RECORDS = "records=true, map_inference_threshold=-1, field_appearance_threshold=0, sample_size=-1"
# What is a date is decided by the rule above; no text begins with this character.
_JSON = f"{_RECORDS}, dateformat='\x1f%d', timestampformat='\x1f%d', hive_partitioning=false"
# DuckDB takes decimals of more digits than its own for doubles; and intervals for nulls if Java has written
# them, who calls them so in one of the two places where a type is.
_TYPE_NOT_READ = (
    "CASE WHEN converted_type = 'DECIMAL' AND precision > 38 THEN format('DECIMAL({},{})', precision, scale) "
    "WHEN converted_type = 'INTERVAL' AND logical_type = 'NullType()' THEN 'INTERVAL' END"
)
_WRITTEN_AS = "concat_ws(' ', type, type_length, converted_type, logical_type, precision, scale)"
_RENAMED = re.compile(r"_\d+$")


def open_files(query: Query, source: Source) -> tuple[list[str], Mapping[str, str]]:
    """Make the table of the files, with columns c0, c1, ….

    Return the names in the files, and by their names the types of columns that are read as something else.
    """
    check_checksums(source)
    names, reader, not_read = _READERS[source.format](query, source)
    check_names(names, source.shown)
    aliases = ", ".join(f"c{index}" for index in range(len(names)))
    stored = select("*", f"{reader} AS stored({aliases})")
    if source.format == "parquet":
        query(f"CREATE TEMP VIEW {ROWS} AS {stored}")
    else:
        query(f"CREATE TEMP TABLE read AS {stored}")
        texts = dict.fromkeys(_columns(query, of="VARCHAR"), _DATES if source.format == "json" else _TYPES)
        if source.format == "json" and (long := _beyond_64_bits(query)):
            reader = _json_with_texts(query, source, long)
            query(f"CREATE OR REPLACE TEMP TABLE read AS {select('*', f'{reader} AS stored({aliases})')}")
            texts |= dict.fromkeys(long, _NUMBERS)
        not_read = {names[int(each[1:])]: "JSON of several types" for each in _columns(query, of="JSON")}
        query(f"CREATE TEMP TABLE {ROWS} AS {select(_typed(query, texts), 'read')}")
        query("DROP TABLE read")
    return names, not_read


def _columns(query: Query, of: str) -> list[str]:
    """The columns of a type in the table that was read."""
    return [str(name) for name, type_, *_ in query("DESCRIBE read") if type_ == of]


def _typed(query: Query, texts: dict[str, dict[str, str]]) -> str:
    """The columns that were read, each of these texts as the first of its types that all of it is written as.

    The types are conditions that have {0} for the column.
    """
    possible = [(column, each) for column, types in texts.items() for each in types]
    for rows in (f"(FROM read LIMIT {_FIRST_ROWS})", "read"):
        tests = [
            f"bool_and({texts[column][each].replace('{0}', column)}) FILTER (WHERE {column} IS NOT NULL)"
            for column, each in possible
        ]
        fits = values_of(query, tests, rows)
        possible = [each for each, fit in zip(possible, fits, strict=True) if fit or fit is None]
    first = dict(reversed(possible))
    columns = {str(name): str(of) for name, of, *_ in query("DESCRIBE read")}
    casts = {each: f"CAST({each} AS {of})" for each, of in first.items()}
    # What the values of JSON are called that aren't of one type: a text elsewhere, but no values of a kind.
    casts |= {
        each: f"CASE WHEN {each} IS NOT NULL THEN [{each}] END" for each in columns if columns[each] == "JSON"
    }
    return ", ".join(f"{casts[each]} AS {each}" if each in casts else each for each in columns)


def values_of(query: Query, aggregates: Sequence[str], source: str) -> list[Any]:
    """The values of aggregates over all rows, a few at a time: DuckDB plans thousands in quadratic time."""
    batches = [aggregates[at : at + _AGGREGATES] for at in range(0, len(aggregates), _AGGREGATES)]
    return [value for batch in batches for value in query(select(", ".join(batch), source))[0]]


def _parquet(query: Query, source: Source) -> _Opened:
    schemas: dict[str, list[_Node]] = {}
    columns = f"file_name, name, coalesce(num_children, 0), {_TYPE_NOT_READ}, {_WRITTEN_AS}"
    for file, *node in query(select(columns, f"parquet_schema({_files(source)})")):
        schemas.setdefault(file, []).append(_Node(*node))
    columns_of = {file: _top_level(schema) for file, schema in schemas.items()}
    check_same({file: sorted(each.name for each in of) for file, of in columns_of.items()})
    not_read = {each.name: each.not_read for of in columns_of.values() for each in of if each.not_read}
    reader = f"read_parquet({_files(source)}, union_by_name=true, hive_partitioning=false)"
    # One file of each kind, as most tables have one.
    unlike = {tuple(sorted(schema)): file for file, schema in schemas.items()}
    if len(unlike) > 1:
        types = {file: _types(query, f"read_parquet({literal(_exact(file))})") for file in unlike.values()}
        check_types(types, _types(query, reader), source.shown)
    return [each.name for each in next(iter(columns_of.values()))], reader, not_read


class _Node(NamedTuple):
    """A column of a Parquet file, or a part of one."""

    name: str
    children: int
    not_read: str | None
    """Its type, if DuckDB reads its values as others."""
    written_as: str
    """Its type, as Parquet has it."""


def _types(query: Query, reader: str) -> dict[str, str]:
    """What DuckDB reads each column as."""
    return {str(name): str(of) for name, of, *_ in query("DESCRIBE " + select("*", reader))}


def _top_level(schema: Sequence[_Node]) -> list[_Node]:
    """The columns in a tree that is written depth first, after its root."""
    columns, position = [], 1
    while position < len(schema):
        columns.append(schema[position])
        within = 1
        while within:
            within += schema[position].children - 1
            position += 1
    return columns


def _csv(query: Query, source: Source) -> _Opened:
    delimiter, names = header_of({path: _first_line(query, path) for path in source.paths}, source.format)
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(names)))
    return names, f"read_csv({_files(source)}, {_CSV}, delim={literal(delimiter)}, columns={{{columns}}})", {}


def _first_line(query: Query, path: str) -> str | None:
    reader = f"read_csv({literal(_exact(path))}, {_LINES})"
    rows = query(select("line", reader, "LIMIT 1"))
    return rows[0][0] if rows else None


def _json(query: Query, source: Source) -> _Opened:
    reader = f"read_json({_files(source)}, {_JSON})"
    objects = f"read_json_objects({_files(source)})"
    try:
        names = [str(row[0]) for row in query("DESCRIBE " + select("*", reader))]
    except TableError:
        # What DuckDB says of nothing is that it is no object.
        if not query(select("json", objects, "LIMIT 1")):
            raise TableError(f"{source.shown} has no rows; expected at least one") from None
        if query(select("json", objects, "WHERE list_contains(json_keys(json), '') LIMIT 1")):
            raise TableError(
                f"can't read {source.shown}: it has '' for a key, of which DuckDB makes no column; rename it"
                ", or read it by --engine spark"
            ) from None
        raise
    # DuckDB calls "A" beside "a" "A_1"; only the keys themselves say whether that is what happened.
    folded = {each.casefold() for each in names}
    if any(_RENAMED.sub("", each).casefold() in folded for each in names if _RENAMED.search(each)):
        keys = select("DISTINCT unnest(json_keys(json))", objects)
        if sorted(names) != sorted(row[0] for row in query(keys)):
            raise TableError(
                f"{source.shown} has keys that differ in case alone; rename them, or write it as Parquet"
            )
    return names, reader, {}


def _beyond_64_bits(query: Query) -> list[str]:
    """The columns of numbers of which some are so large that whole ones may have lost digits."""
    floating = _columns(query, of="DOUBLE")
    large = values_of(query, [f"bool_or(abs({each}) >= 2.0 ^ 63)" for each in floating], "read")
    return [each for each, found in zip(floating, large, strict=True) if found]


def _json_with_texts(query: Query, source: Source, long: Sequence[str]) -> str:
    """The reader of the same columns, but of these as they are written."""
    reader = f"read_json({_files(source)}, {_JSON}"
    types = [(str(name), str(of)) for name, of, *_ in query("DESCRIBE " + select("*", f"{reader})"))]
    listed = ", ".join(
        f"{literal(name)}: {literal('VARCHAR' if f'c{index}' in long else of)}"
        for index, (name, of) in enumerate(types)
    )
    return f"{reader}, columns={{{listed}}})"


def _files(source: Source) -> str:
    return "[" + ", ".join(literal(_exact(each)) for each in source.paths) + "]"


def _exact(path: str) -> str:
    """A path as a glob that matches it alone."""
    return re.sub(r"([*?\[])", r"[\1]", path)


_READERS: dict[str, Callable[[Query, Source], _Opened]] = {
    "csv": _csv,
    "tsv": _csv,
    "parquet": _parquet,
    "json": _json,
}
