"""Under which name a module has kldiv, or where the import of it goes."""

import ast
from collections.abc import Iterator

from kldiv.checker.edits import Edit
from kldiv.checker.spans import Text

_LIBRARY = "kldiv"


def kldiv_name(tree: ast.Module) -> tuple[str, bool]:
    """The name to call kldiv by, and whether it is imported already.

    Example:
        >>> kldiv_name(ast.parse("import torch")), kldiv_name(ast.parse("kldiv = 0.5"))
        (('kldiv', False), ('kldiv_', False))
    """
    taken = set(_bound(tree))
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == _LIBRARY and (alias.asname or _LIBRARY) not in taken:
                    return alias.asname or _LIBRARY, True
    name = _LIBRARY
    while name in taken:
        name += "_"
    return name, False


def import_edit(text: Text, tree: ast.Module, name: str) -> Edit | None:
    """The edit that imports kldiv before PyTorch, or where imports begin; None where no line is free."""
    starts = set(text.starts)
    statements = [node for node in tree.body if text.span(node)[0] in starts]
    torch = [node for node in statements if imports_torch(node)]
    later = [node for node in statements if not _stays_first(node, tree)]
    if not torch and not later:
        return None
    offset = text.span((torch or later)[0])[0]
    newline = "\r\n" if "\r\n" in text.source else "\n" if "\n" in text.source else "\r"
    statement = f"import {_LIBRARY}" if name == _LIBRARY else f"import {_LIBRARY} as {name}"
    return Edit(offset, offset, f"{statement}{newline}")


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that the module uses for something else than an import of kldiv."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if isinstance(node, ast.ImportFrom) or alias.name != _LIBRARY:
                    yield alias.asname or alias.name.split(".")[0]
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name


def imports_torch(node: ast.stmt) -> bool:
    """Whether a statement imports PyTorch or a part of it."""
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "torch" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch"


def _stays_first(node: ast.stmt, tree: ast.Module) -> bool:
    """Whether nothing may come before a statement: the module's docstring, and imports from the future."""
    is_text = (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
    return (is_text and node is tree.body[0]) or (
        isinstance(node, ast.ImportFrom) and node.module == "__future__"
    )
