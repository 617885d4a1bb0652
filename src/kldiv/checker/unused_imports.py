"""Imports that a conversion has left without a use: `F`, where `F.kl_div` was all that it was for."""

import ast
import re
from collections.abc import Iterator

from kldiv.checker.edits import Edit
from kldiv.checker.fixes import Fix
from kldiv.checker.importing import imports_torch
from kldiv.checker.modules import Module


def imports_left_unused(before: Module, after: Module) -> list[Fix]:
    """The removal of PyTorch's imports whose names `before` uses and `after` doesn't.

    It is certain only for an import at the top of a module that has a line to itself, and one name, and if
    nothing in the text has the word: no string, which may be an annotation, and no comment.
    """
    used = {node.id for node in ast.walk(before.tree) if isinstance(node, ast.Name)}
    return [
        Fix(edit.start, "", what, (edit,))
        for node, name in _imports(after)
        if name in used and len(re.findall(rf"\b{name}\b", after.text.source)) == 1
        for edit, what in _removal(after, node)
    ]


def _imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """PyTorch's imports at the top of the module that bind one name."""
    for node in module.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and imports_torch(node) and len(node.names) == 1:
            (alias,) = node.names
            # Without "as", `import torch.nn` binds torch, and a word of it is no proof that it isn't used.
            if alias.asname or (isinstance(node, ast.ImportFrom) and alias.name != "*"):
                yield node, alias.asname or alias.name


def _removal(module: Module, node: ast.stmt) -> Iterator[tuple[Edit, str]]:
    """The edit that takes a statement's line away, if it has one of its own."""
    text, line = module.text, node.lineno
    if line != node.end_lineno or text.line(line).strip() != text.of(node):
        return
    start = text.starts[line - 1]
    yield Edit(start, start + len(text.line(line)), ""), text.of(node)
