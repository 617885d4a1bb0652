"""How the kernels are compiled: to run without the interpreter's lock, and kept on disk where that can be.

An entry is what threads run: a C function of one argument, the address of a call's words. Only
entries are kept on disk, under a key that the text of every file of this folder is part of, so that none of
them can be stale.
"""

import gc
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba.extending
from numba import cfunc, njit, types
from numba.core.codegen import JITCPUCodegen
from numba.core.compiler import CompilerBase, DefaultPassBuilder

Function = TypeVar("Function", bound=Callable[..., Any])


class _TextAlone(JITCPUCodegen):  # type: ignore[misc]
    """Makes no machine code: of a function that only entries call, its text is all that they take."""

    def _add_module(self, module: Any) -> None:
        """Nothing is to be run."""

    def set_env(self, env_name: str, env: Any) -> None:
        """Nothing reads it: the interpreter's objects are in none of what is compiled here."""


@cache
def _text_alone() -> _TextAlone:
    return _TextAlone("kldiv")


class _Part(CompilerBase):  # type: ignore[misc]
    """Compiles a part of entries, which takes machine code for itself out of what the first call waits for.

    https://numba.readthedocs.io/en/stable/extending/custom_pipeline.html
    """

    def define_pipelines(self) -> list[Any]:
        state = self.state
        state.library = _text_alone().create_library(state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(state)]


# Nothing that is compiled here allocates or holds what is counted.
_OPTIONS = {
    "pipeline_class": _Part,
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
}


def compiled(function: Function) -> Function:
    """Compile as part of the entries that call it. Division follows IEEE 754 rather than raising."""
    return njit(**_OPTIONS)(function)  # type: ignore[no-any-return]


def compiled_in_place(function: Function) -> Function:
    """As `compiled`, but never called: its code stands wherever it is used, made for what it gets there."""
    return njit(**_OPTIONS, forceinline=True)(function)  # type: ignore[no-any-return]


def compiled_within(function: Function) -> Function:
    """As `compiled`, but as text of the one function that calls it, so that LLVM goes over it once less."""
    return njit(**_OPTIONS, inline="always")(function)  # type: ignore[no-any-return]


def overload(function: Callable[..., Any]) -> Any:
    """As Numba's: what is decorated chooses by types what `function` is `compiled` from."""
    return numba.extending.overload(function, jit_options=_OPTIONS)


def entry(function: Callable[[int], None]) -> Any:
    """Compile to a C function; where no folder can be written, each process compiles anew."""
    collects = gc.isenabled()
    # The compiler holds nearly all of the million objects that it makes: looking for those it doesn't takes
    # some percent of its time.
    gc.disable()
    try:
        return _entry(function, cache=True)
    except RuntimeError:  # no place for the cache
        return _entry(function, cache=False)
    finally:
        if collects:
            gc.enable()


def _entry(function: Callable[[int], None], *, cache: bool) -> Any:
    return cfunc(types.void(types.intp), cache=cache, error_model="numpy")(function).ctypes


@cache
def text_of_kernels() -> str:
    """A digest of all that an entry may be compiled from."""
    texts = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()
