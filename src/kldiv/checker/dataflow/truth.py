"""Whether a condition is known to hold."""

from kldiv.checker.dataflow.values import Constant, Mapping, Scalar, Sequence, Value


def truth(value: Value) -> bool | None:
    """The truth value of a value; an empty container may be filled where we don't look."""
    if isinstance(value, Constant):
        return bool(value.value)
    if isinstance(value, Scalar) and value.number is not None:
        return bool(value.number)
    return True if isinstance(value, Sequence | Mapping) and value.items else None
