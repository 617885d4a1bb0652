"""Writes a result to a file whole or not at all."""

import os
import tempfile
from pathlib import Path

from kldiv.errors import InvalidInputError


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` by way of a file beside it, so that no one ever sees half of it.

    Raises:
        InvalidInputError: the folder is missing, or the disk is full or read-only.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InvalidInputError(f"can't write {path}: {error.strerror or error}") from error


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
