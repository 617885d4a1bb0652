"""Measurements on disk: one JSON object a line, each of which stands alone."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kldiv.report.writing import write_text

RESULTS = Path(__file__).parent / "results"

Record = Mapping[str, Any]


def write(path: Path, records: Iterable[Record]) -> None:
    """Replace a file of records whole; until then, and if it fails, the old one stays."""
    path.parent.mkdir(exist_ok=True)
    write_text(path, "".join(json.dumps(each, allow_nan=False) + "\n" for each in records))


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a file, in its order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
