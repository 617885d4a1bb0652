"""Which files are checked: those named, and under a folder the Python files and notebooks."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kldiv.checker.configuration import configuration_of
from kldiv.errors import InvalidInputError

SUFFIXES = (".py", ".pyw", ".ipynb")
# Folders of other people's code, of what is built, and of tools' own files.
EXCLUDED_FOLDERS = frozenset(
    {
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pants.d",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        "__pycache__",
        "__pypackages__",
        "_build",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    }
)


class Found(NamedTuple):
    """A file; whether the configuration excludes it although it was named; or why a folder can't be read."""

    path: Path
    excluded: bool = False
    problem: str = ""


def find_files(paths: Sequence[Path]) -> Iterator[Found]:
    """The files that the paths stand for, each once: as the paths come, and in a folder by their names.

    Links are followed. A named file is taken whatever its name.

    Raises:
        InvalidInputError: a path that does not exist, before the first file; a wrong configuration.
    """
    for path in paths:
        if not path.exists():
            raise InvalidInputError(f"{path} does not exist; expected a file or a folder")
    seen: set[str] = set()
    for path in paths:
        yield from _walked(path, seen) if path.is_dir() else _named(path, seen)


def _named(path: Path, seen: set[str]) -> Iterator[Found]:
    if _first_time(os.path.realpath(path), seen):
        folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 (without following links)
        yield Found(path, configuration_of(folder).excludes(path))


def _walked(folder: Path, seen: set[str]) -> Iterator[Found]:
    """The files under a folder; each folder is walked once, so that links can't make a circle."""
    real = os.path.realpath(folder)
    if not _first_time(real, seen):
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Found(folder, problem=f"can't be read: {error.strerror or error}")
        return
    configuration = configuration_of(Path(os.path.abspath(folder)))  # noqa: PTH100
    for entry in entries:
        path = folder / entry.name
        if _is_folder(entry):
            if entry.name not in EXCLUDED_FOLDERS and not configuration.excludes(path):
                yield from _walked(path, seen)
        elif entry.name.endswith(SUFFIXES) and path.is_file() and not configuration.excludes(path):
            target = os.path.realpath(path) if entry.is_symlink() else f"{real}{os.sep}{entry.name}"
            if _first_time(target, seen):
                yield Found(path)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _first_time(target: str, seen: set[str]) -> bool:
    if target in seen:
        return False
    seen.add(target)
    return True
