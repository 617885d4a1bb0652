"""Writes a result to a file whole or not at all."""

import secrets
from pathlib import Path

from kldiv.errors import InvalidInputError


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` by way of a file beside it, so that no one ever sees half of it.

    Raises:
        InvalidInputError: the folder is missing, or the disk is full or read-only.
    """
    # Named before it is there, so that at whatever moment this is interrupted it can be removed again.
    temporary = path.parent / f".{path.name[:100]}.{secrets.token_hex(8)}"
    try:
        try:
            with temporary.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InvalidInputError(f"can't write {path}: {error.strerror or error}") from error
