"""Builds the wheel and uses it from outside the tree: what is installed must be what works.

The wheel goes to a folder of its own, in front of everything else, and is asked for a divergence through
the library and through the command line.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
_USE = """
import pathlib, sys, kldiv
assert pathlib.Path(kldiv.__file__).is_relative_to(sys.argv[1]), kldiv.__file__
assert "torch" not in sys.modules
assert (pathlib.Path(kldiv.__file__).parent / "py.typed").exists()
value = kldiv.kl(kldiv.Counts([2, 2, 1]), kldiv.Counts([5, 1, 4]), base=2).item()
assert abs(value - 0.47122876204505504) < 1e-15, value
for name in kldiv.__all__:
    getattr(kldiv, name)
from kldiv.report.html import write_report
write_report(kldiv.compare(*sys.argv[2:], columns=["carrier"]), "report.html")
assert "carrier" in pathlib.Path("report.html").read_text(encoding="utf-8")
"""
_FLIGHTS = [str(ROOT / "examples" / "data" / f"flights-2013-{month}.parquet") for month in ("07", "01")]


def run(*command: str, cwd: str, path: str = "") -> str:
    """Run a command away from the tree and return what it prints."""
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, cwd=cwd, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def main() -> None:
    """Build, install apart, use."""
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder).resolve() / "site")
        run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(ROOT), cwd=folder)
        (wheel,) = Path(folder).glob("*.whl")
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target)
        run(*pip, str(wheel), cwd=folder)
        run(sys.executable, "-c", _USE, target, *_FLIGHTS, cwd=folder, path=target)
        script = str(Path(target) / "bin" / "kldiv")
        shown = run(
            sys.executable,
            script,
            "explain",
            "1,1,2,2,3",
            "1,1,1,1,1,2,3,3,3,3",
            "--base",
            "2",
            cwd=folder,
            path=target,
        )
        assert "0.4712 bits" in shown, shown
        print(f"{wheel.name} works outside the tree")


if __name__ == "__main__":
    main()
