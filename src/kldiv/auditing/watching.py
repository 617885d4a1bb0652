"""Puts an observer into torch.nn.functional.kl_div while somebody watches, and takes it out again.

The function's code is exchanged, not its name, so that whoever holds the function is seen, in every
thread: nn.KLDivLoss, `from torch.nn.functional import kl_div`, a partial. A copy of PyTorch's own code then
computes. A TorchFunctionMode, the other way, gets between the program and all of PyTorch: warnings would name
its file instead of the program's line, every operation would be slower, and other threads would not be seen.
docs/decisions/0007-watching-one-function.md has more.
"""

import os
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from torch.jit._builtins import _register_builtin

from kldiv.auditing.arguments import Arguments
from kldiv.auditing.looking import Looking
from kldiv.auditing.record import Audit, Site

_NOT_THE_PROGRAMS = (str(Path(torch.__file__).parent) + os.sep, __file__)
_ORIGINAL_CODE = F.kl_div.__code__
_ORIGINAL_BUILTIN = torch.kl_div

# The first hundred calls of a site are looked at; after that fewer, one in twenty to ten thousand.
_ALL, _SHARE = 100, 5

# Its signature says that torch.kl_div averages by default; what it does is not the same in every release.
_BUILTIN_DEFAULT = 0 if torch.kl_div(*torch.zeros(2, 1, device="cpu")).ndim else 1

_watching: list[Audit] = []
_busy = threading.local()


class _Addressed:
    """What F.kl_div's copy takes for the module `warnings`: names the line that PyTorch would have named."""

    @staticmethod
    def warn(message: str, category: type[Warning] = UserWarning, stacklevel: int = 1) -> None:
        """warnings.warn, for which this module's frames don't count."""
        frame: types.FrameType | None = sys._getframe(1)
        for _ in range(stacklevel - 1):
            frame = _outward(frame)
        if frame is None:
            warnings.warn(message, category, stacklevel=1)
            return
        names = frame.f_globals
        warnings.warn_explicit(
            message,
            category,
            frame.f_code.co_filename,
            frame.f_lineno,
            module=names.get("__name__", "<unknown>"),
            registry=names.setdefault("__warningregistry__", {}),
        )


def _outward(frame: types.FrameType | None) -> types.FrameType | None:
    """The frame that called this one, without the observer's between them."""
    frame = frame and frame.f_back
    while frame is not None and frame.f_code in OWN_CODE:
        frame = frame.f_back
    return frame


class _Torch:
    """What the copy takes for the module `torch`: the module, with the kl_div it had."""

    kl_div = staticmethod(_ORIGINAL_BUILTIN)

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


_compute = types.FunctionType(
    _ORIGINAL_CODE, {**vars(F), "warnings": _Addressed, "torch": _Torch()}, "kl_div", F.kl_div.__defaults__
)


def _observer(source: str) -> types.CodeType:
    """The code that stands in for F.kl_div's; inspect finds PyTorch's source still, as TorchScript must."""
    names: dict[str, Any] = {}
    exec(compile(source, _ORIGINAL_CODE.co_filename, "exec"), names)  # noqa: S102 (the text is below)
    code: types.CodeType = names["kl_div"].__code__
    return code.replace(co_firstlineno=_ORIGINAL_CODE.co_firstlineno)


_OBSERVER_CODE = _observer(
    "def kl_div(input, target, size_average=None, reduce=None, reduction='mean', log_target=False):\n"
    "    return _kldiv_watched(input, target, size_average, reduce, reduction, log_target)\n"
)


def _watched(*arguments: Any) -> Any:
    """Compute as PyTorch does, then look."""
    if not _watching or getattr(_busy, "now", False):
        return _compute(*arguments)
    if torch.compiler.is_compiling():
        for audit in _watching:
            audit.traced = True
        return _compute(*arguments)
    return _computed_and_seen(_compute, arguments, Arguments(arguments[0], arguments[1], arguments[2:]))


def _watched_builtin(*arguments: Any, **named: Any) -> Any:
    """torch.kl_div, which takes its reduction as a number and has no size_average."""
    if torch.compiler.is_compiling() or not _watching or getattr(_busy, "now", False):
        return _ORIGINAL_BUILTIN(*arguments, **named)

    def compute(*_: Any) -> Any:
        return _ORIGINAL_BUILTIN(*arguments, **named)

    return _computed_and_seen(compute, arguments, _arguments_of_builtin(*arguments, **named))


def _arguments_of_builtin(
    input: Any = None,  # noqa: A002 (its name in PyTorch)
    target: Any = None,
    reduction: int = _BUILTIN_DEFAULT,
    *,
    log_target: bool = False,
) -> Arguments:
    return Arguments(input, target, (None, None, reduction, log_target))


def _computed_and_seen(compute: Callable[..., Any], arguments: tuple[Any, ...], seen: Arguments) -> Any:
    _busy.now = True
    try:
        result = compute(*arguments)
        for audit in _watching:
            _see(audit, seen, result)
    finally:
        _busy.now = False
    return result


OWN_CODE = frozenset(
    {_OBSERVER_CODE, _watched.__code__, _watched_builtin.__code__, _computed_and_seen.__code__}
)
# TorchScript knows torch.kl_div by its identity.
_register_builtin(_watched_builtin, "aten::kl_div")


def _see(audit: Audit, arguments: Arguments, result: Any) -> None:
    """Count the call at its site, and look at it if it is one of those to be looked at."""
    if not (isinstance(result, torch.Tensor) and isinstance(arguments.target, torch.Tensor)):
        return
    if type(result).__name__ in {"FakeTensor", "FunctionalTensor"}:
        audit.traced = True
        return
    site = _site(audit)
    number = next(site.counter)
    if number < _ALL or number % max(1, 10 ** (len(str(number)) - 1) // _SHARE) == 0:
        site.looking.see(arguments, result)


def _site(audit: Audit) -> Site:
    """Where the program calls from: the innermost line that is neither PyTorch's nor ours."""
    frame: types.FrameType | None = sys._getframe(4)
    if frame is not None and frame.f_code is _OBSERVER_CODE:
        frame = frame.f_back  # told by itself, as its file's name takes longer to compare
    while frame is not None and frame.f_code.co_filename.startswith(_NOT_THE_PROGRAMS):
        frame = frame.f_back
    place = (frame.f_code.co_filename, frame.f_lineno) if frame else ("<unknown>", 0)
    site = audit.places.get(place)
    return site or audit.places.setdefault(place, Site(*place, counter=count(), looking=Looking()))


_follows_forks = False


def _count_fork() -> None:
    for audit in _watching:
        audit.forks += 1


@contextmanager
def watch() -> Iterator[Audit]:
    """Watch for as long as the block runs; blocks may overlap."""
    audit = Audit()
    start(audit)
    try:
        yield audit
    finally:
        stop(audit)


def start(audit: Audit) -> None:
    """Begin to record into `audit`."""
    global _follows_forks  # noqa: PLW0603 (a handler of forks can't be taken back)
    if not _follows_forks and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_parent=_count_fork, after_in_child=_watching.clear)
        _follows_forks = True
    _watching.append(audit)
    vars(F)["_kldiv_watched"] = _watched
    F.kl_div.__code__ = _OBSERVER_CODE
    torch.kl_div = _watched_builtin


def stop(audit: Audit) -> None:
    """End it; the last one to leave puts PyTorch's code back."""
    if audit in _watching:  # a process that was forked in the meantime watches no more
        _watching.remove(audit)
    audit.end()
    if not _watching:
        F.kl_div.__code__ = _ORIGINAL_CODE
        torch.kl_div = _ORIGINAL_BUILTIN
