"""The first line of CSV files: how their fields are separated, and what their columns are called."""

import csv
import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from kldiv.errors import TableError

_DELIMITERS = ",;|\t"


class Header(NamedTuple):
    """The character between fields, and the names of the columns."""

    delimiter: str
    names: list[str]


def header_of(lines: Mapping[str, str | None], extension: str) -> Header:
    """Read the first lines of the files of one table, by the files' paths; None where there is none.

    Raises:
        TableError: a file without a header, with a line break in one, or with other columns than the first.
    """
    checked = {path: _checked(path, line) for path, line in lines.items()}
    delimiter = "\t" if extension == "tsv" else _delimiter(next(iter(checked.values())))
    headers = {path: next(csv.reader([line], delimiter=delimiter)) for path, line in checked.items()}
    check_same(headers)
    return Header(delimiter, next(iter(headers.values())))


def _checked(path: str, line: str | None) -> str:
    if not line:
        raise TableError(f"{path} has no first line; expected a header and rows below it")
    # Engines take the first line break they see, one in a name too, for how the lines end.
    if line.count('"') % 2:
        raise TableError(f"{path} has a line break in the name of a column; expected a header of one line")
    return line


def _delimiter(header: str) -> str:
    """The character that most often stands between the fields of a header."""
    return max(_DELIMITERS, key=re.sub('"[^"]*"', "", header).count)


def check_same(columns: Mapping[str, list[str]]) -> None:
    """Raise unless every file has the columns of the first: none may go missing unsaid."""
    first, *others = columns
    for file in others:
        if columns[file] != columns[first]:
            odd = sorted(set(columns[first]) ^ set(columns[file]))
            are = "is" if len(odd) == 1 else "are"
            seen = f"{', '.join(odd)} {are} in one of them alone" if odd else "they are in another order"
            raise TableError(f"{file} has not the columns of {first}: {seen}; expected the same in each file")


def check_names(names: list[str], shown: str) -> None:
    """Raise if two columns have one name."""
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise TableError(f"{shown} has more than one column called '{twice[0]}'; rename all but one")
