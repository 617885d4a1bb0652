"""From the path a person wrote to the files it means and the format they are in."""

import glob
import gzip
import os
import re
import shlex
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kldiv.errors import TableError

_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_COMPRESSIONS = (".gz", ".zst")
_AT_ONCE = 2**20
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_ACCEPTED = (
    "CSV (.csv, .tsv) or JSON (.json, .jsonl, .ndjson), both also .gz or .zst, or Parquet (.parquet, .pq)"
)


@dataclass(frozen=True)
class Source:
    """The files of one table: what was asked for, and what it means."""

    shown: str
    paths: tuple[str, ...]
    format: str


def find(path: str | os.PathLike[str]) -> Source:
    """Return the files that `path` names: itself if there is such a file, else what it matches as a glob.

    Raises:
        TableError: there is none, it is a folder, or the extension names no format that can be read.
    """
    given = os.fspath(path)
    paths = _matches(given)
    formats = {_format(each) for each in paths}
    if any(not _is_utf8(each) for each in paths):
        raise TableError(f"can't read {given}: the name of a file is not UTF-8; rename it")
    if len(formats) > 1:
        raise TableError(
            f"{given} matches files of different formats ({', '.join(sorted(formats))}); expected one"
        )
    return Source(given, tuple(paths), formats.pop())


def unchanged(shown: str, look: Callable[[], Mapping[str, object]]) -> Callable[[], None]:
    """From now on files must stay as they look: what is asked of two states of them doesn't go together.

    The function that is returned raises a TableError if one of them didn't.
    """
    seen = look()

    def check() -> None:
        now = look()
        changed = next((path for path, before in seen.items() if now.get(path) != before), None)
        if changed is not None:
            raise TableError(f"can't read {shown}: {changed} changed meanwhile; compare it once it is whole")

    return check


def on_disk(paths: Sequence[str]) -> Mapping[str, object]:
    """How files of this machine look, by their paths."""
    return {path: _signature(path) for path in paths}


def check_checksums(source: Source) -> None:
    """Raise if a file in gzip isn't what was packed: not every reader asks its checksum."""
    for path in source.paths:
        if path.lower().endswith(".gz"):
            try:
                with gzip.open(path) as file:
                    while file.read(_AT_ONCE):
                        pass
            except (OSError, EOFError, zlib.error) as error:
                which = "it" if path == source.shown else path
                raise TableError(
                    f"can't read {source.shown}: {which} is no gzip, or damaged: {error}"
                ) from error


def _signature(path: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (the path as it was given)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _matches(given: str) -> list[str]:
    if not given:
        raise TableError("a path is empty; expected that of a table, or a glob")
    try:
        if Path(given).is_dir():
            raise TableError(f"{given} is a folder; {_what_is_in(given)}")
        if Path(given).is_file():
            return [given]
        matches = sorted(each for each in glob.glob(given, recursive=True) if Path(each).is_file())  # noqa: PTH207 (a glob may be absolute)
    except OSError as error:
        raise TableError(f"can't read {given}: {error.strerror or error}") from error
    if not matches:
        raise TableError(_what_it_is_not(given))
    return matches


def _what_it_is_not(given: str) -> str:
    """Why nothing is found where a person looked for a table, and what to write instead."""
    if given == "-":
        return "standard input can't be a table, which is read more than once; write it to a file first"
    if scheme := _SCHEME.match(given):
        local = given[scheme.end() :]
        advice = {
            "file": f"write its path, {local}",
            "duckdb": "write three slashes: duckdb:///file.db?table=NAME",
        }.get(
            scheme[1].lower(),
            "download it first; with --engine spark Parquet is read wherever Spark reads it",
        )
        return f"{given} is no file of this machine; {advice}"
    if given.startswith("~"):
        return f"{given} doesn't exist, as only the shell knows ~, without quotes; expected a whole path"
    if Path(given).exists():
        return f"{given} can't be read more than once, as a table is; write it to a file first"
    absent = "matches no file" if glob.has_magic(given) else "doesn't exist"
    return f"{given} {absent}; expected the path of a table or a glob"


def _what_is_in(folder: str) -> str:
    """What to write for the files in a folder, by the first of a known format, in it or further down."""
    for pattern in ("*", "**/*"):
        for name in sorted(glob.iglob(pattern, root_dir=folder, recursive=True)):  # noqa: PTH207
            extensions = "".join(
                Path(name).suffixes[-2:] if name.endswith(_COMPRESSIONS) else Path(name).suffixes[-1:]
            )
            if any(extensions.lower().startswith(each) for each in _FORMATS):
                files = shlex.quote(f"{folder.rstrip('/')}/{pattern}{extensions}")
                named = next((each for each in Path(name).parts[:-1] if "=" in each), None)
                lost = f"; what their folders are called, as {named}, makes no column" if named else ""
                return f"write {files}, in quotes, for the files in it{lost}"
    return f"expected a file, and none in it has an extension of a known format: {_ACCEPTED}"


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _format(path: str) -> str:
    *_, name = os.path.split(path)
    stem, extension = os.path.splitext(name.lower())  # noqa: PTH122 (the same function twice, and of text)
    if extension in _COMPRESSIONS:
        extension = os.path.splitext(stem)[1]  # noqa: PTH122
        if _FORMATS.get(extension) == "parquet":
            extension = ""
    if extension not in _FORMATS:
        raise TableError(f"{path} has no extension of a known format; expected {_ACCEPTED}")
    return _FORMATS[extension]
