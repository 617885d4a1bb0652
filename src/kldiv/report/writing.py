"""Writes a result to a file whole or not at all."""

import secrets
from pathlib import Path

from kldiv.errors import InvalidInputError


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` by way of a file beside it, so that no one ever sees half of it.

    A link stays one, a file keeps its permissions, and what is no file, as a pipe, is written to directly.

    Raises:
        InvalidInputError: the folder is missing, or the disk is full or read-only.
    """
    content = text.encode()
    try:
        if path.is_file():
            _exchange(path, content)
        elif path.exists():
            path.write_bytes(content)
        else:
            _write(path.resolve(), content, None)
    except OSError as error:
        raise InvalidInputError(f"can't write {path}: {error.strerror or error}") from error


def rewrite(path: Path, content: bytes) -> None:
    """Put `content` in place of what a file holds, likewise.

    Raises:
        InvalidInputError: the file or its folder may not be written to, or the disk is full.
    """
    try:
        _exchange(path, content)
    except OSError as error:
        raise InvalidInputError(f"can't write {path}: {error.strerror or error}") from error


def _exchange(path: Path, content: bytes) -> None:
    """Put another file in place of one; it keeps its permissions, and a link stays one."""
    target = path.resolve()
    # Replacing a file needs no permission to write to it, and so its own has to be asked for.
    with target.open("r+b"):
        pass
    _write(target, content, target.stat().st_mode & 0o7777)


def _write(path: Path, content: bytes, mode: int | None) -> None:
    """Write a file beside `path`, with these permissions or those of any new file, and put it in place."""
    # Named before it is there, so that at whatever moment this is interrupted it can be removed again.
    temporary = path.parent / f".{path.name[:100]}.{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
