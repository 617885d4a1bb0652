"""Where a command writes its results: what can't be is said before the work, which may take hours."""

import glob
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kldiv.errors import InvalidInputError


def check_targets(
    targets: Iterable[str | None], inputs: Iterable[str], what: str = "a table that is read"
) -> None:
    """Raise where a result has no place, or would take that of an input or of another result.

    Raises:
        InvalidInputError: it would, or the folder is missing.
    """
    taken: set[str] = set()
    for target in targets:
        if target is None or target == "-":
            continue
        path, place = Path(target), os.path.realpath(target)
        if path.is_dir():
            raise InvalidInputError(f"can't write {target or repr(target)}: a folder; expected a file's name")
        if not path.parent.is_dir():
            raise InvalidInputError(f"can't write {target}: there is no folder {path.parent}")
        if path.exists() and not path.is_file():
            continue
        if place in taken:
            raise InvalidInputError(f"{target} is asked for twice; expected a file for each result")
        if path.is_file() and place in _files(inputs):
            raise InvalidInputError(
                f"{target} is {what}, and would be lost; expected another file for the result"
            )
        taken.add(place)


def _files(tables: Iterable[str]) -> set[str]:
    paths = [*map(_path, tables)]
    matched = (each for path in paths for each in (path, *glob.glob(path, recursive=True)))  # noqa: PTH207 (a glob may be absolute)
    return {*map(os.path.realpath, matched)}


def _path(table: str) -> str:
    """Where a table is: in a database, or in files, by their path or a URL."""
    if table.startswith("duckdb:///"):
        return urlsplit(table, allow_fragments=False).path.removeprefix("/")
    return unquote(table.removeprefix("file://")) if table.startswith("file:///") else table
