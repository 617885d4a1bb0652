"""Proves that data flows down: a file imports lower layers only, and heavy packages stay where they belong.

Run: python tools/check_layers.py [SOURCE_FOLDER]. Prints each import that climbs and exits 1.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# The longest matching name decides; a module may import its own layer only within its own package.
LAYERS = {
    "kldiv.errors": 0,
    "kldiv.elementary": 0,
    "kldiv.interruption": 0,
    "kldiv.recording": 0,
    "kldiv.given_numbers": 1,
    "kldiv.units": 2,
    "kldiv.checker": 1,
    "kldiv.definition": 1,
    "kldiv.renyi_definition": 2,
    "kldiv.inputs": 1,
    "kldiv.conventions": 2,
    "kldiv.samples": 2,
    "kldiv.kernels": 3,
    "kldiv.closed_forms": 3,
    "kldiv.operators": 4,
    "kldiv.autograd": 5,
    "kldiv.arguments": 4,
    "kldiv.divergence": 6,
    "kldiv.estimators": 6,
    "kldiv.benchmark": 7,
    "kldiv.tables": 7,
    "kldiv.report.writing": 1,
    "kldiv.report.numbers": 1,
    "kldiv.auditing": 7,
    "kldiv.report": 8,
    "kldiv.cli": 9,
    "kldiv.__main__": 10,
    "kldiv": 11,
}

# Who may import a package that is slow to load, or optional.
HEAVY = {
    "torch": (
        "kldiv.recording",
        "kldiv.inputs",
        "kldiv.closed_forms",
        "kldiv.kernels",
        "kldiv.operators",
        "kldiv.autograd",
        "kldiv.arguments",
        "kldiv.divergence",
        "kldiv.benchmark.pair",
        "kldiv.benchmark.threads",
        "kldiv.benchmark.peers.in_pytorch",
        "kldiv.benchmark.peers.in_kldiv",
        "kldiv.auditing.watching",
        "kldiv.auditing.arguments",
        "kldiv.auditing.looking",
        "kldiv.auditing.observing",
        "kldiv.auditing.reading",
    ),
    "numba": ("kldiv.kernels.cpu",),
    "llvmlite": (
        "kldiv.kernels.cpu.machine",
        "kldiv.kernels.cpu.memory",
        "kldiv.kernels.cpu.lanes",
        "kldiv.kernels.cpu.side_by_side",
    ),
    "scipy": ("kldiv.estimators", "kldiv.benchmark.peers.in_scipy"),
    "jax": ("kldiv.benchmark.peers.in_jax",),
    "optax": ("kldiv.benchmark.peers.in_jax",),
    "keras": ("kldiv.benchmark.peers.in_keras",),
    "duckdb": ("kldiv.tables.duckdb_session", "kldiv.tables.duckdb_frames"),
    "narwhals": (
        "kldiv.tables.frames",
        "kldiv.tables.frame_columns",
        "kldiv.tables.guessing",
        "kldiv.tables.opening",
    ),
    "pandas": ("kldiv.tables.duckdb_frames", "kldiv.tables.pandas_columns"),
    "pyarrow": ("kldiv.tables.duckdb_frames",),
    "pyspark": ("kldiv.tables.spark",),
    "ibis": ("kldiv.tables.ibis_frames",),
    "rich": ("kldiv.report",),
    "altair": ("kldiv.report.html",),
    "vl_convert": ("kldiv.report.html",),
    "jinja2": ("kldiv.report.html",),
    "markupsafe": ("kldiv.report.html",),
    "click": ("kldiv.cli",),
}


class Import(NamedTuple):
    """One import statement: where it stands and what it names."""

    line: int
    module: str
    name: str


def imports_of(source: str) -> Iterator[Import]:
    """Every absolute import in the source, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, "")
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                yield Import(node.lineno, node.module or "", alias.name)


def layer_of(module: str) -> int:
    """The layer of a module, by the longest name that covers it."""
    covering = [
        name for name in LAYERS if name == module or (module.startswith(f"{name}.") and name != "kldiv")
    ]
    if not covering:
        raise SystemExit(f"{module} is in no layer; give it one in tools/check_layers.py")
    return LAYERS[max(covering, key=len)]


def problems_of(module: str, source: str, modules: set[str]) -> Iterator[str]:
    """What the imports of `module` break, one line each."""
    for line, imported, name in imports_of(source):
        full = f"{imported}.{name}" if f"{imported}.{name}" in modules else imported
        root = imported.split(".")[0]
        if root == "kldiv":
            yield from _climbing(module, full, line)
        elif root in HEAVY and not module.startswith(HEAVY[root]):
            yield f"{module}:{line} imports {root}, which only {', '.join(HEAVY[root])} may"


def _climbing(module: str, imported: str, line: int) -> Iterator[str]:
    own, other = layer_of(module), layer_of(imported)
    one_package = module.split(".")[:2] == imported.split(".")[:2]
    if other > own or (other == own and not one_package):
        yield f"{module}:{line} (layer {own}) imports {imported} (layer {other})"


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a file under `root`."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def main() -> int:
    """Check every file; return the exit code."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "src"
    files = {module_name(path, root): path for path in sorted(root.rglob("*.py"))}
    found = [
        problem
        for module, path in files.items()
        for problem in problems_of(module, path.read_text(encoding="utf-8"), set(files))
    ]
    print("\n".join(found) or f"{len(files)} files keep to their layers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
