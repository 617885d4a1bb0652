"""`[tool.kldiv]` in pyproject.toml: which rules hold where."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from kldiv.checker.selection import Selection, checked_codes
from kldiv.errors import InvalidInputError

_KEYS = ("select", "ignore", "exclude", "per-file-ignores")


@dataclass(frozen=True)
class Configuration:
    """What one pyproject.toml says; patterns are relative to its folder."""

    file: Path | None = None
    selection: Selection = field(default_factory=Selection)
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def excludes(self, path: Path) -> bool:
        """Whether a file or folder, or one that it lies in, is excluded."""
        return any(self._matches(path, pattern) for pattern in self.exclude)

    def selection_for(self, path: Path, command_line: Selection) -> Selection:
        """What is wanted of a file; what the command line says replaces what is written here."""
        select, ignore = self.selection.select, self.selection.ignore
        if command_line.select:
            select, ignore = command_line.select, ()
        ignore = command_line.ignore or ignore
        for pattern, codes in self.per_file_ignores.items():
            if self._matches(path, pattern):
                ignore += codes
        return Selection(select, ignore)

    def _matches(self, path: Path, pattern: str) -> bool:
        relative = _relative(path, self.file)
        return relative is not None and matches(relative, pattern)


def matches(path: PurePosixPath, pattern: str) -> bool:
    """Whether a pattern fits a relative path, a folder above it, or the bare name of one of them.

    Example:
        >>> matches(PurePosixPath("src/old/a.py"), "old"), matches(PurePosixPath("src/a.py"), "src/*.py")
        (True, True)
    """
    pattern = pattern.removeprefix("./").rstrip("/")
    patterns = (pattern, pattern.removeprefix("**/"))
    beginnings = [str(path), *(str(parent) for parent in path.parents if parent != PurePosixPath())]
    return any(fnmatchcase(name, each) for name in (*beginnings, *path.parts) for each in patterns)


def _relative(path: Path, file: Path | None) -> PurePosixPath | None:
    """A path as the patterns of a file see it; None where it lies outside the file's folder."""
    if file is None:
        return None
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (without following links)
    try:
        return PurePosixPath(absolute.relative_to(file.parent).as_posix())
    except ValueError:
        return None


@cache
def configuration_of(folder: Path) -> Configuration:
    """The nearest pyproject.toml with a `[tool.kldiv]` table, in an absolute folder or above it."""
    file = folder / "pyproject.toml"
    if file.is_file():
        table = _table(file)
        if table is not None:
            return _configuration(file, table)
    return Configuration() if folder.parent == folder else configuration_of(folder.parent)


def _table(file: Path) -> Any:
    """The `[tool.kldiv]` table of a file; None where it has none.

    Raises:
        InvalidInputError: the file can't be read, or is no TOML and names kldiv.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"can't read {file}: {error.strerror or error}") from error
    if b"kldiv" not in content:
        return None
    try:
        tools = tomllib.loads(content.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file} is no TOML: {error}") from error
    return tools.get("kldiv") if isinstance(tools, dict) else None


def _configuration(file: Path, table: object) -> Configuration:
    if not isinstance(table, dict):
        raise InvalidInputError(f"{file}: tool.kldiv is {table!r}; expected a table, [tool.kldiv]")
    unknown = [str(key) for key in table if key not in _KEYS]
    if unknown:
        raise InvalidInputError(
            f"{file}: [tool.kldiv] has the unknown key {', '.join(map(repr, unknown))}; "
            f"expected {', '.join(_KEYS)}"
        )
    ignores = table.get("per-file-ignores", {})
    if not isinstance(ignores, dict):
        raise InvalidInputError(
            f"{file}: per-file-ignores is {ignores!r}; expected a table of patterns and lists of codes"
        )
    return Configuration(
        file,
        Selection(_codes(file, "select", table), _codes(file, "ignore", table)),
        _strings(file, "exclude", table),
        {pattern: _codes(file, pattern, ignores) for pattern in ignores},
    )


def _codes(file: Path, key: str, table: Mapping[str, object]) -> tuple[str, ...]:
    return checked_codes(_strings(file, key, table), f"{file}: {key}")


def _strings(file: Path, key: str, table: Mapping[str, object]) -> tuple[str, ...]:
    given = table.get(key, [])
    if not isinstance(given, list) or not _all_strings(given):
        raise InvalidInputError(f"{file}: {key} is {given!r}; expected a list of strings")
    return tuple(given)


def _all_strings(values: Iterable[object]) -> bool:
    return all(isinstance(each, str) for each in values)
