"""Classes that are KLDivLoss: what super() and an object of theirs stand for."""

import ast
from typing import Any

from kldiv.checker.dataflow import divergences
from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.values import Class, Criterion, Instance, Method, Named, Parent, Value
from kldiv.checker.imports import KL_CRITERION

# The criterion that an object of a subclass is stands among its attributes, under a name nobody can write.
_ITSELF = "(criterion)"


def parent(run: Any, call: Arguments) -> Value:
    """super() in a method."""
    function = call.frame.function
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.args.args:
        instance = run.lookup(function.args.args[0].arg, call.frame)
        if isinstance(instance, Instance):
            for of in run.ancestry(instance.of):
                if function in of.node.body:
                    return Parent(of, instance)
    return _unknown(run, call)


def attribute(run: Any, of: Parent, node: ast.Attribute) -> Value | None:
    """super().name; None where no base that is seen has it."""
    for base in of.of.bases:
        if isinstance(base, Class):
            found: Value | None = run.member(base, node.attr, of.instance)
            if found is not None:
                return found
    return Method(of, node.attr, node) if is_criterion(run, of.of) else None


def call_method(run: Any, of: Parent, method: Method, call: Arguments) -> Value:
    """super().__init__(...) makes the criterion, and super().forward(...) calls it."""
    if method.name == "__init__":
        made = divergences.construct(run, call)
        run.attributes[id(of.of.node), _ITSELF] = made
        return made
    criterion = criterion_of(run, of.of)
    if criterion is None or method.name not in {"forward", "__call__"}:
        return _unknown(run, call)
    return divergences.call_criterion(run, criterion, call)


def is_criterion(run: Any, of: Class) -> bool:
    """Whether a class derives from KLDivLoss."""
    return Named(KL_CRITERION) in {base for one in run.ancestry(of) for base in one.bases}


def criterion_of(run: Any, of: Class) -> Criterion | None:
    """What the constructor of a class has made of its objects, if it was seen."""
    for one in run.ancestry(of):
        key = id(one.node), _ITSELF
        found = run.attributes.get(key, run.attributes_before.get(key))
        if isinstance(found, Criterion):
            return found
    return None


def _unknown(run: Any, call: Arguments) -> Value:
    value: Value = run.fresh(run.origin("call", id(call.node), call.frame.path))
    return value
