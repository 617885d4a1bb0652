"""What a person may give for a table: what an engine opens, a stored profile, a table opened before."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from kldiv.errors import InputTypeError, InvalidInputError, TableError
from kldiv.tables.contract import Table
from kldiv.tables.opening import open_table
from kldiv.tables.profile_file import is_profile, read
from kldiv.tables.profiles import Profile


def opened(
    argument: str, source: Any, weights: str | None = None, **how: Any
) -> AbstractContextManager[Table]:
    """Open a table to count it; one that someone else has opened is theirs to close.

    `how` is for the engine: see `open_table`.

    Raises:
        InputTypeError: it is no table.
        InvalidInputError: `weights` for a table that was opened without, or a question to a profile's rows.
        TableError: it can't be read, or is a profile with other weights.
        MissingExtraError: the engine is not installed.
    """
    if weights is not None and not isinstance(weights, str):
        raise InputTypeError(f"weights is {weights!r}; expected the name of a column")
    path = os.fspath(source) if isinstance(source, os.PathLike) else source
    if isinstance(path, str) and is_profile(path):
        return nullcontext(_weighed(read(path), weights, how))
    if isinstance(source, Profile):
        return nullcontext(_weighed(source, weights, how))
    if not isinstance(source, Table):
        _check_type(argument, path)
        return open_table(source, weights=weights, **how)
    if weights in source.columns():
        raise InvalidInputError(f"{argument} was opened without weights; open it with weights={weights!r}")
    return nullcontext(source)


def _check_type(argument: str, path: object) -> None:
    """What can't be a table is found by its type, before anything is loaded to look closer."""
    if type(path).__module__ == "builtins" and not isinstance(path, str):
        raise InputTypeError(
            f"{argument} is {type(path).__name__}; expected the path of a file, a glob, or a data frame"
        )


def _weighed(profile: Profile, weights: str | None, how: dict[str, Any]) -> Profile:
    """A profile needs no engine, and has the weights in its counts: both tables must be weighed alike."""
    if how.get("query") is not None:
        raise InvalidInputError(
            f"{profile.name} is a profile, which has no rows to query; expected a table, or no query"
        )
    if profile.weights != weights:
        made = "without weights" if profile.weights is None else f"with the weights in '{profile.weights}'"
        asked = "none were" if weights is None else f"'{weights}' was"
        raise TableError(
            f"{profile.name} was made {made}, and {asked} asked for; expected the same on both sides"
        )
    return profile
