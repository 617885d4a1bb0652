"""Begins to watch when the program loads torch, and not before: what it sets up first then still counts."""

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Finder(importlib.abc.MetaPathFinder):
    """Finds torch as Python does, once, and calls back when it has been loaded."""

    def __init__(self, loaded: Callable[[], None]) -> None:
        self._loaded = loaded

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("torch")
        if spec is not None and spec.loader is not None:
            self._call_back_after(spec.loader)
        return spec

    def _call_back_after(self, loader: importlib.abc.Loader) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del vars(loader)["exec_module"]
            execute(module)
            self._loaded()

        vars(loader)["exec_module"] = exec_module


def when_torch_loads(do: Callable[[], None]) -> None:
    """Do something as soon as torch is loaded, now if it is."""
    if "torch" in sys.modules:
        do()
    else:
        sys.meta_path.insert(0, _Finder(do))
