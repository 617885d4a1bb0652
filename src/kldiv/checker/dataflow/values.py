"""What a name can stand for besides a tensor."""

import ast
from dataclasses import dataclass, field
from typing import Any

from kldiv.checker.space import Factors, Tensor


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, a truth value or None."""

    value: Any


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number: its value where known, and the product it was made by."""

    number: float | None
    factors: Factors = ()
    complement_of: Factors | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list or tuple; `open` where one item stands for any number of them."""

    items: tuple["Value", ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dictionary with constant keys."""

    items: tuple[tuple[Any, "Value"], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Something of another module, by its dotted name."""

    dotted: str


class Names:
    """What names stand for; a branch writes over those it started from, which stay as they were."""

    __slots__ = ("base", "own")

    def __init__(self, own: "dict[str, Value] | None" = None, base: "Names | None" = None) -> None:
        self.own: dict[str, Value] = own if own is not None else {}
        self.base = base

    def get(self, name: str) -> "Value | None":
        """What a name stands for, if it is bound."""
        names: Names | None = self
        while names is not None:
            if name in names.own:
                return names.own[name]
            names = names.base
        return None

    def __setitem__(self, name: str, value: "Value") -> None:
        self.own[name] = value

    def branch(self) -> "Names":
        """Names for a way of running that starts from these."""
        return Names({}, self)


@dataclass(eq=False)
class Scope:
    """The names of a module, class or function, inside the scope around it."""

    names: Names = field(default_factory=Names)
    around: "Scope | None" = None
    stars: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Function:
    """A function or lambda of this file, and the instance it is bound to."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    bound: "Value | None" = None
    owner: "Class | None" = None
    defaults: tuple["Value | None", ...] = ()


@dataclass(frozen=True, slots=True)
class Class:
    """A class of this file."""

    node: ast.ClassDef
    scope: Scope
    bases: tuple["Value", ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of this file."""

    of: Class


@dataclass(frozen=True, slots=True)
class Parent:
    """super(): an object as the bases of one of its classes see it."""

    of: Class
    instance: Instance


@dataclass(frozen=True, slots=True)
class Partial:
    """functools.partial: a callable and the arguments it has already."""

    callee: "Value"
    args: tuple["Value", ...]
    keywords: tuple[tuple[str, "Value"], ...]
    node: ast.Call


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of torch.nn: its kind, its `dim`, and the layers inside."""

    kind: str
    dim: int | None = None
    node: ast.Call | None = None
    inside: tuple["Value", ...] = ()


@dataclass(frozen=True, slots=True)
class Criterion:
    """A KLDivLoss object, by the call that made it."""

    node: ast.Call
    options: tuple[tuple[str, "Value"], ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A tensor's or container's method that is about to be called."""

    of: "Value"
    name: str
    node: ast.expr


@dataclass(frozen=True, slots=True)
class Categorical:
    """A torch.distributions object over classes."""

    probs: Tensor


Value = (
    Tensor | Constant | Scalar | Sequence | Mapping | Named | Function | Class | Instance | Parent | Partial
    | Layer | Criterion | Method | Categorical
)  # fmt: skip

NOTHING = Constant(None)
