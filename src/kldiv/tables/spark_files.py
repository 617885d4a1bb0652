"""Files as Spark reads them, held to what DuckDB makes of the same: CSV of RFC 4180, and JSON by lines.

Spark alone drops lines, cuts others short and mends what is broken without a word. So texts are looked at
first, line by line, and what the two engines might read differently is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from kldiv.errors import TableError
from kldiv.tables.csv_header import check_names, check_same, header_of
from kldiv.tables.files import Source
from kldiv.tables.spark_errors import as_path, explained
from kldiv.tables.spark_stored import read_as, schema_of, type_of
from kldiv.tables.spark_text import typed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

Keep = Callable[["DataFrame"], "DataFrame"]

_CSV: dict[str, Any] = {
    "header": True,
    "quote": '"',
    "escape": '"',
    "mode": "FAILFAST",
    "unescapedQuoteHandling": "RAISE_ERROR",
    "columnPruning": False,  # or a line of too few fields is found only by who asks for the last ones
    "encoding": "UTF-8",
}
_BLANK = r"value RLIKE r'^[\x00-\x20]+\z'"
_NOT_UTF8 = "NOT is_valid_utf8(value)"
_JSON = "map('mode', 'FAILFAST', 'allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')"
_NO_OBJECT = "are not one JSON object each"
_KIND = "regexp_extract(schema_of_variant(value), '^[A-Z]+', 0)"
# A whole number that is none of 64 bits comes as a decimal.
_BEYOND_64_BITS = (
    "schema_of_variant(value) RLIKE '^DECIMAL[(][0-9]+,0[)]' "
    "AND abs(try_variant_get(value, '$', 'DOUBLE')) >= 9223372036854775807D"
)


def read_files(session: "SparkSession", source: Source, keep: Keep) -> "DataFrame":
    """Read the files of one table into columns of what their values are; `keep` stores what is read once.

    Raises:
        TableError: the files have different columns, or are written so that engines may differ.
    """
    files = _Files(session, [_exact(str(Path(each).absolute())) for each in source.paths], source)
    files.check_found()
    if source.format == "parquet":
        return read_as(session, files.urls, _schema(files))
    return _json(files, keep) if source.format == "json" else _csv(files, keep)


def read_parquet(session: "SparkSession", url: str) -> "DataFrame":
    """Read Parquet from wherever Spark reads it."""
    # What is read doesn't matter to which files are.
    found = [unquote(each) for each in session.read.schema("c0 INT").parquet(url).inputFiles()]
    if not found:
        return session.read.parquet(url)
    source = Source(url, tuple(map(as_path, found)), "parquet")
    schema = _schema(_Files(session, [_exact(each) for each in found], source))
    return read_as(session, [url], schema)


def listed(session: "SparkSession", urls: Sequence[str]) -> Mapping[str, object]:
    """How files look wherever Spark reads them, by their paths; their folders are asked, once each.

    Through Spark Connect there is no Java to ask.
    """
    java = getattr(session, "_jvm", None)
    if java is None:
        return {}
    hadoop, settings = java.org.apache.hadoop.fs, session._jsc.hadoopConfiguration()
    paths = [hadoop.Path(unquote(each)) for each in urls]
    folders = {str(each.getParent()): each.getParent() for each in paths}
    found = {
        str(each.getPath()): (each.getLen(), each.getModificationTime())
        for folder in folders.values()
        for each in folder.getFileSystem(settings).listStatus(folder)
    }
    return {str(path): found.get(str(path)) for path in paths}


class _Files(NamedTuple):
    """The files of one table, in a session; the URLs are globs, which match one file each."""

    session: "SparkSession"
    urls: list[str]
    source: Source

    def check_found(self) -> None:
        """Raise if Spark takes a file for a hidden one, of which it leaves out every line."""
        left_out = len(self.urls) - len(self.lines().inputFiles())
        if left_out:
            raise self.refused(
                f"it leaves out {left_out} of its files, as it does where a name begins with _ or ."
            )

    def lines(self) -> "DataFrame":
        """All lines, each a `value`."""
        return self.session.read.text(self.urls)

    def check(self, lines: "DataFrame", wrong: dict[str, str]) -> None:
        """Raise if a condition holds for any line; `wrong` says by the condition what is wrong then."""
        counted = [f"count_if({each}) AS n{index}" for index, each in enumerate(wrong)]
        [found] = lines.selectExpr(*counted).collect()
        for what, times in zip(wrong.values(), found, strict=True):
            if times:
                raise self.refused(f"{times:,} of its lines {what}")

    def refused(self, why: str) -> TableError:
        """The error for what Spark is not asked to read."""
        return TableError(f"can't read {self.source.shown} with Spark: {why}; leave --engine out")


def _exact(path: str) -> str:
    """A path as Hadoop's glob that matches it alone."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", path)


def _schema(files: _Files) -> "StructType":
    """The columns of Parquet files, which must be alike: Spark takes those of one for those of all."""
    of_file = {
        path: _schema_of(files.session, path, url)
        for path, url in zip(files.source.paths, files.urls, strict=True)
    }
    check_same({path: sorted(schema.names) for path, schema in of_file.items()})
    types = {path: {each.name: type_of(each) for each in schema} for path, schema in of_file.items()}
    first, *others = of_file
    for other in others:
        for name, of in types[other].items():
            if of != types[first][name]:
                raise files.refused(
                    f"column '{name}' is of type {types[first][name]} in {first} and {of} in {other}"
                )
    return of_file[first]


def _schema_of(session: "SparkSession", path: str, url: str) -> "StructType":
    """The columns of a file; an empty file is an error here, and left out among others."""
    with explained("read", path):
        return schema_of(session, url, path)


def _csv(files: _Files, keep: Keep) -> "DataFrame":
    """Without fields of several lines, whose quotes Spark mends, and whose line breaks it changes."""
    firsts = {
        path: files.session.read.text(url).head()
        for path, url in zip(files.source.paths, files.urls, strict=True)
    }
    first_lines = {path: row and row[0].removeprefix("\N{BOM}") for path, row in firsts.items()}
    delimiter, names = header_of(first_lines, files.source.format)
    check_names(names, files.source.shown)
    wrong = {
        _NOT_UTF8: "are not UTF-8",
        _BLANK: "are nothing but blanks",
        _odd_quotes(delimiter): "have a quote that neither opens nor closes a field there",
    }
    if len(names) == 1:
        wrong["value = ''"] = "are empty, and its only column may be so"
    files.check(files.lines(), wrong)
    schema = ", ".join(f"c{index} STRING" for index in range(len(names)))
    read = files.session.read.options(**_CSV, sep=delimiter).schema(schema).csv(files.urls)
    # An empty field is null, in quotes or not.
    fields = keep(read.selectExpr(*(f"nullif({each}, '') AS {each}" for each in read.columns)))
    return typed(fields, names, files.source.shown, numbers=True)


def _odd_quotes(delimiter: str) -> str:
    """Whether a line has a quote besides those around whole fields, and those doubled in them."""
    edge = {"|": "[|]", "\t": r"\t"}.get(delimiter, delimiter)
    quoted = f'(?<=^|{edge})"[^"]*+(?:""[^"]*+)*+"(?={edge}|\\z)'
    return f"contains(regexp_replace(value, r'{quoted}', ''), '\"')"


def _json(files: _Files, keep: Keep) -> "DataFrame":
    lines = files.lines().filter(f"value != '' AND NOT {_BLANK}")
    keys = "json_object_keys(value)"
    files.check(
        lines,
        {
            _NOT_UTF8: "are not UTF-8",
            "NOT coalesce(json_array_length(concat('[', value, ']')) = 1, false)": _NO_OBJECT,
            f"{keys} IS NULL": _NO_OBJECT,
            f"size({keys}) != size(array_distinct({keys}))": "have a key twice",
        },
    )
    objects = lines.selectExpr(f"from_json(value, 'map<string, variant>', {_JSON}) AS object")
    types = _json_types(files, objects)
    values = objects.select(*(objects["object"][key].alias(f"c{i}") for i, key in enumerate(types)))
    fields = keep(values.selectExpr(*(_field(f"c{i}", of) for i, of in enumerate(types.values()))))
    return typed(fields, [*types], files.source.shown, numbers=False)


def _json_types(files: _Files, objects: "DataFrame") -> dict[str, str | None]:
    """The type of each key's values, None for those of none, in the order in which the keys are met."""
    entries = objects.selectExpr(
        "monotonically_increasing_id() AS line", "posexplode(object) AS (place, key, value)"
    )
    asked = ("key", "struct(line, place) AS at", f"{_KIND} AS of", f"{_BEYOND_64_BITS} AS long")
    found = entries.selectExpr(*asked).groupBy("key")
    rows = found.agg(*_aggregates("min(at)", "array_sort(collect_set(of))", "bool_or(long)")).collect()
    names = [row[0] for row in sorted(rows, key=lambda row: row[1])]
    _check_keys(files, names)
    long = next((row[0] for row in rows if row[3]), None)
    if long is not None:
        raise files.refused(f"column '{long}' has whole numbers of more than 64 bits")
    kinds = {row[0]: {each for each in row[2] if each != "VOID"} for row in rows}
    return {name: _type_of(kinds[name]) for name in names}


def _aggregates(*expressions: str) -> list[Any]:
    from pyspark.sql.functions import expr  # noqa: PLC0415 (an extra)

    return [expr(each) for each in expressions]


def _check_keys(files: _Files, names: Sequence[str]) -> None:
    if not names:
        raise files.refused("its objects have no keys")
    if len({each.casefold() for each in names}) < len(names):
        raise TableError(
            f"{files.source.shown} has keys that differ in case alone; rename them, or write it as Parquet"
        )


def _type_of(kinds: set[str]) -> str | None:
    """Numbers are doubles unless all are whole; what is nested, or not of one type, is of none."""
    if kinds <= {"BIGINT", "DECIMAL", "DOUBLE"} and kinds:
        return "BIGINT" if kinds == {"BIGINT"} else "DOUBLE"
    [only] = kinds if len(kinds) == 1 else [None]
    return only if only in ("BOOLEAN", "STRING") else "STRING" if not kinds else None


def _field(name: str, of: str | None) -> str:
    """The value at a key in its type; of what can't be counted whether it is null."""
    if of is None:
        return f"CASE WHEN NOT is_variant_null({name}) THEN {name} END AS {name}"
    return f"variant_get({name}, '$', '{of}') AS {name}"
