"""JSON that every reader accepts: RFC 8259 has no infinity and no NaN, so both become null.

Whoever writes a document says beside the null what it stands for (`"infinite": true`).
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any


def dumps(document: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return the document as indented JSON text, one newline at its end.

    Example:
        >>> print(dumps({"value": math.inf, "infinite": True}), end="")
        {
          "value": null,
          "infinite": true
        }
    """
    return json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """`value` with every number that JSON lacks replaced by null and every other object by its text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_finite(each) for each in value]
    return str(value)
