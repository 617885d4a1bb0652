"""What is done with a call's result where it stands: reductions of it, operators beside it."""

import ast
from collections.abc import Mapping
from typing import NamedTuple

from kldiv.checker.modules import Module

Parents = Mapping[ast.AST, ast.AST]


class Link(NamedTuple):
    """A reduction of what comes before it: its name, its call, and what it is given beside the value."""

    name: str
    call: ast.Call
    given: tuple[ast.expr, ...]
    options: tuple[str | None, ...]


def parents_of(tree: ast.AST) -> Parents:
    """Each node's parent."""
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def reductions_of(node: ast.expr, parents: Parents, module: Module) -> list[Link]:
    """What is called on a value in turn: `value.sum(-1).mean()`, `torch.mean(torch.sum(value, -1))`."""
    links: list[Link] = []
    link = _link(node, parents, module)
    while link:
        links.append(link)
        link = _link(link.call, parents, module)
    return links


def _link(node: ast.expr, parents: Parents, module: Module) -> Link | None:
    """The method or the function of torch that takes a value, if one does."""
    parent = parents.get(node)
    call = parents.get(parent) if isinstance(parent, ast.Attribute) else parent
    if not isinstance(call, ast.Call):
        return None
    options = tuple(each.arg for each in call.keywords)
    values = tuple(each.value for each in call.keywords)
    if isinstance(parent, ast.Attribute) and call.func is parent:
        return Link(parent.attr, call, (*call.args, *values), options)
    name = module.full_name(call.func)
    if name.startswith("torch.") and call.args[:1] == [node]:
        return Link(name.removeprefix("torch."), call, (*call.args[1:], *values), options)
    return None


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
