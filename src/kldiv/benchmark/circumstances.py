"""On what a measurement was made: what it takes to read it later, and to make it again."""

import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kldiv.benchmark.threads import number_of_threads

_ALWAYS = ("kldiv", "numba", "numpy", "torch")


def circumstances(packages: Iterable[str] = ()) -> dict[str, Any]:
    """Processor, threads, the versions of kldiv and of these packages, and the commit in a git checkout."""
    return {
        "processor": processor(),
        "system": platform.system(),
        "threads": number_of_threads(),
        "versions": {"python": platform.python_version(), **_versions([*_ALWAYS, *packages])},
        "commit": commit(Path(__file__)),
    }


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for package in sorted(set(packages)):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The name of the processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def commit(file: Path) -> str | None:
    """The commit that `file` is checked out from, "-dirty" at its end if anything was changed since.

    None where git doesn't know the file: an installed package may lie in somebody else's repository.
    """
    known = _git(file, "ls-files", "--error-unmatch", file.name)
    return None if known is None else _git(file, "describe", "--always", "--dirty", "--exclude=*")


def _git(file: Path, *arguments: str) -> str | None:
    command = ("git", "-C", str(file.parent), *arguments)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
