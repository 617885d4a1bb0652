"""value[index]: what is left of a tensor's dimensions."""

import ast
from collections.abc import Sequence
from dataclasses import replace

from kldiv.checker.space import Space, Tensor


def is_integer(index: ast.expr) -> bool:
    """Whether an index is a number as written."""
    if isinstance(index, ast.UnaryOp):
        return is_integer(index.operand)
    return isinstance(index, ast.Constant) and type(index.value) is int


def _is(index: ast.expr, value: object) -> bool:
    return isinstance(index, ast.Constant) and index.value is value


def least_rank(indices: Sequence[ast.expr]) -> int:
    """How many dimensions a tensor that is indexed so must have."""
    return sum(not _is(one, None) and not _is(one, ...) for one in indices)


def indexed(value: Tensor, indices: Sequence[ast.expr]) -> Tensor:
    """The tensor's elements at the indices."""
    dropped = sum(map(is_integer, indices))
    added = sum(_is(one, None) for one in indices)
    plain = all(
        is_integer(one) or isinstance(one, ast.Slice) or _is(one, None) or _is(one, ...) for one in indices
    )
    least = max(value.least_rank, least_rank(indices))
    rank = value.rank - dropped + added if value.rank and plain else None
    dim = _dim_after(value, indices, dropped, added, plain=plain)
    kept = replace(value, rank=rank, least_rank=max(least - dropped + added, 0) if plain else 0, dim=dim)
    return (
        kept
        if _keeps_outcomes(value, indices)
        else replace(kept, space=Space.UNKNOWN, identity=0, fault=None)
    )


def _dim_after(
    value: Tensor, indices: Sequence[ast.expr], dropped: int, added: int, *, plain: bool
) -> int | None:
    if not dropped and not added and plain:
        return value.dim
    if value.dim == -1 and (len(indices) == 1 or isinstance(indices[-1], ast.Slice)):
        return -1
    return None


def _keeps_outcomes(value: Tensor, indices: Sequence[ast.expr]) -> bool:
    """Whether each distribution is still whole; raw scores and the like stay what they are."""
    if value.space not in {Space.PROBS, Space.LOG_PROBS, Space.SCALED_PROBS, Space.SCALED_LOG_PROBS}:
        return True
    if len(indices) == 1:
        return not _is(indices[0], ...) and value.rank != 1
    last = indices[-1]
    if any(map(is_integer, indices)):
        whole = isinstance(last, ast.Slice) and last.lower is None and last.upper is None
        return whole or bool(value.rank and len(indices) < value.rank and value.dim == -1)
    if isinstance(last, ast.Slice) and (last.lower or last.upper):
        ends = value.dim == -1 and (value.rank == len(indices) or any(_is(one, ...) for one in indices))
        return not ends and not (value.dim is not None and value.dim == len(indices) - 1)
    return True
