"""Writes docs/conventions.md from what src/kldiv/conventions holds.

Run: python tools/write_conventions.py [--check]. With --check it exits 1 if the page is old.
"""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from kldiv.conventions.call import Call, Function, Pair
from kldiv.conventions.catalogue import FUNCTIONS

PAGE = Path(__file__).parent.parent / "docs" / "conventions.md"
PAIR = Pair(np.array([0.4, 0.4, 0.2]), np.array([0.5, 0.1, 0.4]))
TITLES = {
    "torch": "PyTorch",
    "keras": "TensorFlow and Keras",
    "tfp": "TensorFlow Probability",
    "scipy": "SciPy",
    "jax": "JAX and Optax",
    "torchmetrics": "TorchMetrics",
    "mindspore": "MindSpore",
    "paddle": "Paddle",
}
HEAD = """# What every framework's KL function computes

This page is written by `tools/write_conventions.py` from `src/kldiv/conventions/`; tests run every call in
the real framework, and hold it to the number that is said here; MindSpore and Paddle were run by hand.

The numbers are those of p = (0.4, 0.4, 0.2) and q = (0.5, 0.1, 0.4), of which D(P‖Q) is 0.3266309 nats.
`kldiv explain P Q --framework all` prints them for your own P and Q, and `kldiv explain P Q --got NUMBER`
says which call, right or wrong, prints a number.
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for framework, members in groupby(FUNCTIONS, key=lambda function: function.framework):
        lines.append(f"## {TITLES[framework]}\n")
        for function in members:
            lines += section(function)
    return "\n".join(lines)


def section(function: Function) -> Iterator[str]:
    """One function: its conventions, then its calls."""
    yield f"### {function.name}\n"
    if function.documented:
        yield f"By {function.documented}.\n"
    facts = ("order", "spaces", "base", "reduction", "clipping", "zeros")
    yield from (f"- **{fact}:** {getattr(function, fact)}" for fact in facts)
    yield "\n| call | returns | which is |\n| --- | --- | --- |"
    yield from (row(call) for call in function.calls)
    yield ""


def row(call: Call) -> str:
    """One call as a row of a table."""
    precision = " (float32)" if call.precision == "float32" else ""
    return f"| `{call.call}` | {call.returns(PAIR):.6f}{precision} | {call.meaning()} |"


def main() -> int:
    """Write the page, or say whether it is up to date."""
    if sys.argv[1:] == ["--check"]:
        same = PAGE.read_text(encoding="utf-8") == page()
        print("docs/conventions.md is", "up to date" if same else "old; run tools/write_conventions.py")
        return 0 if same else 1
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
