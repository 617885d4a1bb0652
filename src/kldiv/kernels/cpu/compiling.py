"""How the kernels are compiled: to run without the interpreter's lock, and kept on disk where that can be."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile on first use for each combination of types, and keep the result beside the source.

    Division follows IEEE 754 rather than raising. Where no folder can be written, each process compiles
    anew.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)  # type: ignore[no-any-return]
    except RuntimeError:  # no place for the cache
        return njit(**options)(function)  # type: ignore[no-any-return]
