"""Runs a script or a module as `python` would: as `__main__`, with its own arguments, path and end."""

import importlib.util
import io
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from kldiv.errors import InvalidInputError

_OWN_FILES = str(Path(__file__).parent) + os.sep


@dataclass(frozen=True)
class Program:
    """What is to run: where it comes from, and what `python` puts first into sys.argv and sys.path."""

    name: str
    path: str
    module: bool

    @property
    def folder(self) -> str:
        """The folder its imports begin with."""
        return str(Path.cwd()) if self.module else str(Path(self.path).resolve().parent)


def find(name: str, *, module: bool) -> Program:
    """Find the script or module of this name.

    Raises:
        InvalidInputError: no such script or module, or a folder.
    """
    if not module:
        if not Path(name).is_file():
            what = "is a folder" if Path(name).is_dir() else "does not exist"
            raise InvalidInputError(f"{name!r} {what}; expected a Python script, or -m and a module")
        return Program(name, str(Path(name).absolute()), module=False)
    return Program(name, name, module=True)


def run(program: Program, arguments: Sequence[str]) -> None:
    """Run the program to its end, and exit as it would have: its exit code, traceback and signal.

    Raises:
        SystemExit: always, so that what is left of its output is written as Python writes it.
    """
    sys.argv[:] = ["-m" if program.module else program.name, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = program.folder
    main, kldiv_main = ModuleType("__main__"), sys.modules["__main__"]
    sys.modules["__main__"] = main
    try:
        exec(_code(program, main, kldiv_main), main.__dict__)  # noqa: S102 (running a program is the purpose)
    except SystemExit:
        raise
    except BaseException as error:
        _report(error)
        end_by_signal.append(isinstance(error, KeyboardInterrupt))
        sys.exit(1)
    sys.exit(0)


# Whether the program was interrupted: Python then ends by the signal, after everything else.
end_by_signal: list[bool] = []


def die_as_interrupted() -> None:
    """End the process as Python ends one that a KeyboardInterrupt ended, if that has happened."""
    if any(end_by_signal) and os.name == "posix":
        sys.stdout.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def _code(program: Program, main: ModuleType, kldiv_main: ModuleType) -> CodeType:
    """The program's code, and in `main` what Python writes into the namespace of `__main__`."""
    names: dict[str, Any] = main.__dict__
    names["__builtins__"] = sys.modules["builtins"]
    if "__annotations__" in vars(kldiv_main):  # until Python 3.14
        names["__annotations__"] = {}
    if program.module:
        return _code_of_module(program.name, names)
    names.update(
        __file__=program.path, __loader__=SourceFileLoader("__main__", program.path), __cached__=None
    )
    with io.open_code(program.path) as file:
        return compile(file.read(), program.path, "exec", dont_inherit=True)


def _code_of_module(name: str, names: dict[str, Any]) -> CodeType:
    spec = _spec(name)
    code: CodeType | None = spec.loader.get_code(spec.name) if spec.loader else None  # type: ignore[attr-defined]
    if code is None or spec.origin is None:
        raise SystemExit(f"{sys.executable}: No code object available for {name}")
    sys.argv[0] = spec.origin
    names.update(
        __file__=spec.origin, __loader__=spec.loader, __spec__=spec,
        __cached__=spec.cached, __package__=spec.parent,
    )  # fmt: skip
    return code


def _spec(name: str) -> ModuleSpec:
    """Where the module is, or of a package its `__main__`; the message where there is none is Python's."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"{sys.executable}: Error while finding module specification for {name!r} "
            f"({type(error).__name__}: {error})"
        ) from None
    if spec is None:
        raise SystemExit(f"{sys.executable}: No module named {name}")
    if spec.submodule_search_locations is None:
        return spec
    inner = importlib.util.find_spec(f"{name}.__main__")
    if inner is None:
        raise SystemExit(
            f"{sys.executable}: No module named {name}.__main__; {name!r} is a package and cannot be "
            "directly executed"
        )
    return inner


def _report(error: BaseException) -> None:
    """Show an exception that nobody caught, as Python does, without the frames that watching has added."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        each = pending.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = _without_own_frames(each.__traceback__)
            pending += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    sys.excepthook(type(error), error, error.__traceback__)


def _without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    rest: TracebackType | None = None
    for each in reversed(frames):
        if not _is_own(each.tb_frame.f_code):
            rest = TracebackType(rest, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return rest


def _is_own(code: CodeType) -> bool:
    watching = sys.modules.get("kldiv.auditing.watching")
    return code.co_filename.startswith(_OWN_FILES) or (watching is not None and code in watching.OWN_CODE)
