"""Reads the values a user types: after a comma each, or one a line in a file or on standard input."""

import math
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kldiv.errors import InvalidInputError

_WHOLE = re.compile(r"[+-]?\d+")
_FILE = re.compile(r"\.(csv|tsv|txt|parquet|pq|jsonl?|ndjson)(\.gz|\.zst)?$", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def read_values(argument: str, name: str, *, as_text: bool = False) -> list[Any]:
    """Read a sample: numbers if every value is one, text otherwise.

    `argument` is values with commas between them, `@file`, or `-` for standard input.

    Raises:
        InvalidInputError: nothing to read, an empty value, numbers among text, a file that can't be read.
    """
    texts = _texts(argument, name)
    if as_text:
        return texts
    if texts == [argument.strip()]:
        _check_is_one_value(texts[0], name)
    numbers = [_number(text) for text in texts]
    strangers = [i for i, number in enumerate(numbers) if number is None]
    if not strangers:
        return numbers
    if len(strangers) == len(texts):
        return texts
    stranger, first = strangers[0], numbers.index(next(n for n in numbers if n is not None))
    raise InvalidInputError(
        f"{name} mixes numbers and text: value {first + 1} is {texts[first]!r} and value {stranger + 1} is "
        f"{texts[stranger]!r}; expected one kind, --text reads every value as text"
    )


def _check_is_one_value(text: str, name: str) -> None:
    """Raise if a text without commas seems to stand for more than itself."""
    if os.path.isfile(text) or _FILE.search(text):  # noqa: PTH113 (a text of any length)
        raise InvalidInputError(
            f"{name} is {text!r}, which seems to be a file; expected @{text} for values in it, one a line, "
            "or kldiv compare for a table; --text takes it as a text"
        )
    several = re.split(r"[\s;]+", text)
    if len(several) > 1 and all(_number(each) is not None for each in several):
        raise InvalidInputError(
            f"{name} is {text!r}; expected commas between the values: {','.join(several)}; "
            "--text takes it as a text"
        )


def read_weights(argument: str, name: str) -> NDArray[np.float64]:
    """Read weights, which are to be divided by their sum.

    Raises:
        InvalidInputError: not numbers, negative or not finite, or all of them 0.
    """
    weights = _read_weights(argument, name)
    if not weights.any():
        raise InvalidInputError(f"{name} sums to 0; expected at least one positive weight")
    return weights


def read_probabilities(argument: str, name: str) -> NDArray[np.float64]:
    """Read probabilities.

    Raises:
        InvalidInputError: not numbers, negative or not finite, or of a sum that is not 1.
    """
    values = _read_weights(argument, name)
    total = math.fsum(values)
    tolerance = 4 * np.finfo(float).eps * (1 + math.log(len(values)))
    if abs(total - 1) > tolerance:
        seen = f"{total:.6g}" if f"{total:.6g}" != "1" else repr(total)
        raise InvalidInputError(
            f"{name} sums to {seen}; expected probabilities of sum 1, --weights divides by the sum"
        )
    return values


def _read_weights(argument: str, name: str) -> NDArray[np.float64]:
    values = []
    for position, text in enumerate(_texts(argument, name), start=1):
        try:
            value = float(text)
        except ValueError:
            raise InvalidInputError(
                f"{name} has {text!r} at position {position}; expected a number"
            ) from None
        if not 0 <= value < math.inf:
            raise InvalidInputError(
                f"{name} has {text} at position {position}; expected a finite number >= 0"
            )
        values.append(value)
    return np.array(values)


def _texts(argument: str, name: str) -> list[str]:
    if argument != "-" and not argument.startswith("@"):
        texts = [text.strip() for text in argument.split(",")]
        if texts == [""]:
            raise InvalidInputError(f"{name} is empty; expected at least one value")
        where = "position"
    else:
        texts = _lines(argument, name)
        where = "line"
    if "" in texts:
        raise InvalidInputError(
            f"{name} has an empty value at {where} {texts.index('') + 1}; expected a value there"
        )
    return texts


def _lines(argument: str, name: str) -> list[str]:
    """The lines of a file or of standard input, stripped; any system's line ends, no byte-order mark."""
    source = "standard input" if argument == "-" else argument[1:]
    try:
        data = sys.stdin.buffer.read() if argument == "-" else Path(source).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InvalidInputError(f"can't read {source!r} for {name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{source!r} for {name} is not UTF-8 text: byte {error.start} is not"
        ) from error
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if not lines:
        raise InvalidInputError(f"{name} is empty: {source} has no value; expected one a line")
    return lines


def _number(text: str) -> int | float | None:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        value = float(text)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return None
