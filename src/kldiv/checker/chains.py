"""What is done with a call's result where it stands: methods called on it, operators beside it."""

import ast
from collections.abc import Mapping
from typing import NamedTuple

Parents = Mapping[ast.AST, ast.AST]


class Link(NamedTuple):
    """A method called on what comes before it: its name and its call."""

    name: str
    call: ast.Call


def parents_of(tree: ast.AST) -> Parents:
    """Each node's parent."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def methods_on(node: ast.expr, parents: Parents) -> list[Link]:
    """The methods called on a value one after the other, as in `value.sum(-1).mean()`."""
    links: list[Link] = []
    current: ast.AST = node
    while True:
        attribute = parents.get(current)
        call = parents.get(attribute) if attribute else None
        if (
            not isinstance(attribute, ast.Attribute)
            or not isinstance(call, ast.Call)
            or call.func is not attribute
        ):
            return links
        links.append(Link(attribute.attr, call))
        current = call


def needs_brackets(node: ast.expr, parents: Parents) -> bool:
    """Whether a division written in place of `node` would bind less tightly than what stands around it."""
    parent = parents.get(node)
    if isinstance(parent, ast.BinOp):
        tight = not isinstance(parent.op, ast.Add | ast.Sub)
        return isinstance(parent.op, ast.Pow) or (tight and parent.right is node)
    return isinstance(parent, ast.Attribute | ast.Await) or (
        isinstance(parent, ast.Call | ast.Subscript)
        and node in (getattr(parent, "func", None), getattr(parent, "value", None))
    )
