"""Names, attributes and items: what they stand for."""

import ast
import re
from dataclasses import replace
from typing import Any

from kldiv.checker.dataflow import parents
from kldiv.checker.dataflow.factors import number_of
from kldiv.checker.dataflow.indexing import indexed, least_rank
from kldiv.checker.dataflow.layers import LAYERS
from kldiv.checker.dataflow.store import Frame, Store
from kldiv.checker.dataflow.torch_functions import OPERATIONS
from kldiv.checker.dataflow.values import (
    Categorical,
    Class,
    Constant,
    Function,
    Instance,
    Layer,
    Mapping,
    Method,
    Named,
    Parent,
    Scalar,
    Scope,
    Sequence,
    Value,
)
from kldiv.checker.imports import CONVENTIONAL, KL_CRITERION, KL_FUNCTION, canonical
from kldiv.checker.space import Origin, Space, Tensor

_BUILTINS = {
    "sum", "abs", "float", "int", "zip", "enumerate", "list", "tuple", "reversed", "sorted", "map", "len",
    "pow", "dict", "range", "super", "getattr", "max", "min", "isinstance", "print", "round", "iter", "next",
    "set",
}  # fmt: skip
_MOST_BASES = 16
_NORMALISED_LOGITS = re.compile(
    r"dist|^pi\d*$|policy|prior|posterior|categor|^(p|q)$|^(p|q)_?z|distribution", re.IGNORECASE
)


class Lookup(Store):
    """Looks names up."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign = False
        self.ranks: dict[Origin, int] = {}
        self.least_ranks: dict[Origin, int] = {}

    def fresh(
        self, origin: Origin, names: frozenset[str] = frozenset(), text: str = "", kind: str = ""
    ) -> Tensor:
        """A value of which only uses may tell something, its rank included."""
        value = super().fresh(origin, names, text, kind)
        if origin in self.ranks or origin in self.least_ranks:
            return replace(
                value, rank=self.ranks.get(origin) or None, least_rank=self.least_ranks.get(origin, 0)
            )
        return value

    def lookup(self, name: str, frame: Frame) -> Value:
        """What a name stands for."""
        scope: Scope | None = frame.scope
        stars: list[str] = []
        while scope is not None:
            value = scope.names.get(name)
            if value is not None:
                return value
            stars += scope.stars
            scope = scope.around
        return self._from_elsewhere(name, stars)

    def _from_elsewhere(self, name: str, stars: list[str]) -> Value:
        for module in stars:
            dotted = canonical(f"{module}.{name}")
            if module.split(".")[0] == "torch" and (_is_known(name) or dotted in {KL_FUNCTION, KL_CRITERION}):
                return Named(dotted)
        if name in CONVENTIONAL and not self.foreign:
            return Named(CONVENTIONAL[name])
        if name in _BUILTINS:
            return Named(f"builtins.{name}")
        return self.fresh(self.origin("global", name), frozenset({name}), name)

    def operand(self, value: Value) -> Value:
        """A value as arithmetic sees it."""
        if isinstance(value, Named):
            name = value.dotted.rpartition(".")[2]
            return self.fresh(self.origin("global", value.dotted), frozenset({name}), value.dotted)
        return value if isinstance(value, Tensor | Scalar | Sequence) else Tensor()

    def attribute(self, value: Value, node: ast.Attribute, frame: Frame) -> Value:  # noqa: PLR0911 (one way out for each kind)
        """value.name."""
        if isinstance(value, Named):
            return Named(canonical(f"{value.dotted}.{node.attr}"))
        if isinstance(value, Instance):
            return self.attribute_of_instance(value, node.attr, frame)
        if isinstance(value, Parent):
            return parents.attribute(self, value, node) or self.unknown_attribute(Tensor(), node)
        if isinstance(value, Class):
            return self.member(value, node.attr, None) or self.unknown_attribute(Tensor(), node)
        if isinstance(value, Categorical) and node.attr in {"probs", "logits"}:
            return value.probs if node.attr == "probs" else self._logarithm(value.probs)
        if isinstance(value, Tensor):
            written = frame.scope.names.get(self.part_of(value, f".{node.attr}"))
            return self._attribute_of_tensor(value, node) if written is None else written
        return Method(value, node.attr, node)

    def _logarithm(self, probs: Tensor) -> Tensor:
        return replace(
            probs,
            space=Space.LOG_PROBS,
            identity=probs.distribution,
            origin=self.origin("logits", probs.origin),
        )

    def key_of(self, of: Instance, name: str) -> str:
        """The name under which an object's attribute is kept while a function runs."""
        return f"{id(of.of.node)}.{name}"

    def part_of(self, of: Tensor, name: object) -> str:
        """The name under which what is written into something unknown is kept while a function runs."""
        return f"{of.origin}[{name!r}]"

    def attribute_of_instance(self, of: Instance, name: str, frame: Frame) -> Value:
        """self.name: as assigned in this function, in any method, in the class, or unknown."""
        scope: Scope | None = frame.scope
        while scope is not None:
            value = scope.names.get(self.key_of(of, name))
            if value is not None:
                return value
            scope = scope.around
        for of_class in self.ancestry(of.of):
            key = (id(of_class.node), name)
            assigned = self.attributes.get(key, self.attributes_before.get(key))
            if assigned is not None:
                return assigned
        return self.member(of.of, name, of) or self.fresh(
            self.origin("self", id(of.of.node), name), frozenset({name}), f"self.{name}"
        )

    def ancestry(self, of: Class) -> list[Class]:
        """A class and those of its bases that are of this file."""
        found: list[Class] = []
        waiting = [of]
        while waiting and len(found) < _MOST_BASES:
            one = waiting.pop(0)
            if one not in found:
                found.append(one)
                waiting += [base for base in one.bases if isinstance(base, Class)]
        return found

    def member(self, of: Class, name: str, bound: Value | None) -> Value | None:
        """What a class's body binds to a name: a method bound to the object, or an attribute."""
        for one in self.ancestry(of):
            value = one.scope.names.get(name)
            if isinstance(value, Function):
                static = isinstance(value.node, ast.Lambda) or _is_static(value.node)
                return replace(value, bound=None if static else bound, owner=of)
            if value is not None:
                return value
        return None

    def _attribute_of_tensor(self, value: Tensor, node: ast.Attribute) -> Value:
        if node.attr == "data" and value.space is not Space.UNKNOWN:
            return replace(value, detached=True, teacher=None)
        if node.attr == "shape":
            return replace(
                self.fresh(self.origin("shape", value.origin)), normaliser=("shape", value.origin, value.rank)
            )
        if node.attr in {"T", "mT", "H"} and value.space is not Space.UNKNOWN:
            return replace(value, dim=None)
        return self.unknown_attribute(value, node)

    def unknown_attribute(self, value: Tensor, node: ast.Attribute) -> Tensor:
        """An attribute of something unknown; one called `logits` is what model outputs have."""
        origin = self.origin("attribute", value.origin or id(node.value), node.attr)
        names = value.names | {node.attr}
        found = replace(
            self.fresh(origin, names, ast.unparse(node)[:60]), detached=value.detached, teacher=value.teacher
        )
        return self.raw_by_name(found, node.attr, value)

    def raw_by_name(self, found: Tensor, name: str, of: Tensor) -> Tensor:
        """`output.logits` and `output["logits"]` are raw scores, but a distribution's are normalised."""
        normalised = any(_NORMALISED_LOGITS.search(one) for one in of.names)
        if name == "logits" and not normalised and found.space is Space.UNKNOWN:
            return replace(found, space=Space.LOGITS, factors=())
        return found

    def item(self, value: Value, key: Value, node: ast.Subscript, frame: Frame) -> Value:
        """value[key]."""
        if isinstance(value, Sequence):
            return self._item_of_sequence(value, key, node, frame)
        if isinstance(value, Mapping):
            known = key.value if isinstance(key, Constant) else number_of(key)
            items: dict[Any, Value] = dict(value.items)
            found = items.get(known, items.get("*"))
            return found if found is not None else self.fresh(self.origin("item", id(node), frame.path))
        if isinstance(value, Layer) and value.kind in {"Sequential", "ModuleDict"}:
            return Tensor()
        if not isinstance(value, Tensor):
            return Tensor()
        written = frame.scope.names.get(self.part_of(value, key.value)) if isinstance(key, Constant) else None
        return self._item_of_tensor(value, key, node) if written is None else written

    def _item_of_sequence(self, value: Sequence, key: Value, node: ast.Subscript, frame: Frame) -> Value:
        if isinstance(node.slice, ast.Slice):
            return replace(value, open=True) if len(value.items) == 1 else value
        at = number_of(key)
        if value.open and len(value.items) == 1:
            return value.items[0]
        if at is not None and -len(value.items) <= at < len(value.items) and not value.open:
            return value.items[int(at)]
        return self.fresh(self.origin("item", id(node), frame.path))

    def _item_of_tensor(self, value: Tensor, key: Value, node: ast.Subscript) -> Tensor:
        at = number_of(key)
        if value.normaliser and value.normaliser[0] == "shape":
            return self.size(value.normaliser[1], at, ast.unparse(node)[:60])
        if isinstance(key, Constant):
            name = str(key.value)
            found = self.fresh(
                self.origin("item", value.origin, name), value.names | {name}, ast.unparse(node)[:60]
            )
            return self.raw_by_name(
                replace(found, detached=value.detached, teacher=value.teacher), name, value
            )
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if at is None:
            self._must_have(value, least_rank(indices))
        described = f"{at:g}" if at is not None else ast.unparse(node.slice)[:200]
        moved = key.origin if isinstance(key, Tensor) and isinstance(node.slice, ast.Name) else 0
        origin = self.origin("item", value.origin, described, moved)
        if value.origin:
            self.evidence.wholes[origin] = value.origin
        if value.space is Space.UNKNOWN and not value.terms and not value.rank and not value.least_rank:
            taken = replace(self.fresh(origin, value.names), detached=value.detached, teacher=value.teacher)
            return replace(
                taken,
                least_rank=max(taken.least_rank, indexed(value, indices).least_rank if at is None else 0),
            )
        return replace(self.indexed(value, indices), origin=origin)

    def indexed(self, value: Tensor, indices: list[ast.expr]) -> Tensor:
        """The tensor's elements at the indices."""
        return replace(indexed(value, indices), identity=0)

    def size(self, of: Origin, at: float | None, text: str) -> Tensor:
        """The size of a dimension: a factor, and a sign of the rank."""
        if at is not None and at >= 0:
            self.least_ranks[of] = max(self.least_ranks.get(of, 0), int(at) + 1)
        return self.fresh(
            self.origin("size", of, at if at is not None else text),
            frozenset(),
            text,
            "batch" if at == 0 else "size",
        )

    def _must_have(self, value: Tensor, least: int) -> None:
        if value.origin and least > 1:
            self.least_ranks[value.origin] = max(self.least_ranks.get(value.origin, 0), least)


def _is_known(name: str) -> bool:
    return name in OPERATIONS or name in LAYERS or name in {"nn", "functional", "Tensor"}


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
