"""A source file as it lies on disk: read with the encoding it declares, written back with the same."""

import io
import re
import tokenize
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path

# Python's encodings all write ASCII as ASCII, so that the bytes can be searched before they are decoded.
_WORDS = (b"kl_div", b"KLDivLoss")
_LINE_END = re.compile(r"\r\n|\r|\n")


class UnreadableError(Exception):
    """A file whose text can't be had; where it goes wrong, and what to do."""

    def __init__(self, message: str, advice: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message, self.advice, self.line, self.column = message, advice, line, column


@dataclass(frozen=True)
class Source:
    """The text of a file with its own line ends, and what is needed to write it back."""

    text: str
    encoding: str = "utf-8"
    mark: bool = False

    def encoded(self, text: str) -> bytes:
        """`text` as this file's bytes.

        Raises:
            UnicodeEncodeError: the file's encoding lacks one of the characters.
        """
        return (BOM_UTF8 if self.mark else b"") + text.encode(self.encoding)


def mentions_kl_div(content: bytes) -> bool:
    """Whether the bytes hold one of the words without which there is nothing to check.

    Example:
        >>> mentions_kl_div(b"F.kl_div(a, b)"), mentions_kl_div(b"F.mse_loss(a, b)")
        (True, False)
    """
    return any(word in content for word in _WORDS)


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        UnreadableError: it is missing by now, or may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(
            f"can't be read: {error.strerror or error}", "make it readable, or exclude it"
        ) from error


def decoded(content: bytes, *, declared: bool = True) -> Source:
    """Decode as Python does: by the byte order mark, the declaration in the first two lines, or as UTF-8.

    Without `declared` nothing but a mark is looked for: JSON is UTF-8.

    Source:
        PEP 263, Defining Python Source Code Encodings.

    Raises:
        UnreadableError: an unknown encoding, or bytes that it can't have.
    """
    encoding = _declared_encoding(content) if declared else "utf-8"
    mark = content.startswith(BOM_UTF8)
    body = content.removeprefix(BOM_UTF8)
    try:
        return Source(body.decode(encoding), encoding, mark)
    except UnicodeDecodeError as error:
        before = split_lines(body[: error.start].decode("latin-1"))
        raise UnreadableError(
            f"can't be decoded as {error.encoding}: found byte 0x{body[error.start]:02x}",
            "save it as UTF-8, or declare its encoding in the first line: # -*- coding: latin-1 -*-",
            len(before),
            len(before[-1]) + 1,
        ) from error
    except (UnicodeError, LookupError) as error:
        raise UnreadableError(f"can't be decoded as {encoding}: {error}", "save it as UTF-8") from error


def _declared_encoding(content: bytes) -> str:
    start = b"".join(content.splitlines(keepends=True)[:2])
    try:
        # Letters beyond ASCII in the first lines are looked at by the decoding itself, which says where.
        ascii_start = start.removeprefix(BOM_UTF8).decode("ascii", "replace").encode("ascii", "replace")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(ascii_start).readline)
    except SyntaxError as error:
        raise UnreadableError(
            f"can't be decoded: {error.msg}", "declare an encoding that Python knows, or save it as UTF-8"
        ) from error
    if content.startswith(BOM_UTF8) and encoding != "utf-8":
        raise UnreadableError(
            f"can't be decoded: it declares {encoding} and has the byte order mark of UTF-8",
            "remove the one or the other",
        )
    return encoding


def split_lines(text: str) -> list[str]:
    r"""The lines of a source without their ends, by Python's rules: a form feed ends none.

    Example:
        >>> split_lines("a\r\nb\x0cc\n")
        ['a', 'b\x0cc', '']
    """
    return _LINE_END.split(text)
