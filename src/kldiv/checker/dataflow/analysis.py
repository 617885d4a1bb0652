"""One file, interpreted: its functions one by one, twice, so that later uses tell of earlier values."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from kldiv.checker.dataflow.shapes import is_complementary
from kldiv.checker.dataflow.statements import Interpreter
from kldiv.checker.dataflow.store import Frame, Note, Observation
from kldiv.checker.dataflow.values import (
    Constant,
    Function,
    Instance,
    Mapping,
    Names,
    Scalar,
    Scope,
    Sequence,
    Value,
)
from kldiv.checker.imports import OTHER_FRAMEWORKS
from kldiv.checker.space import Factors, Space, Tensor

_ROUNDS = 3
# What a caller may well replace; a default criterion, layer or function stands for what is meant.
_OPEN_TO_CHANGE = (Tensor, Constant, Scalar, Sequence, Mapping)


@dataclass(frozen=True)
class Analysis:
    """What was seen in a file."""

    source: str
    tree: ast.Module
    calls: tuple[Observation, ...]
    scalings: dict[int, set[Factors]]
    notes: frozenset[Note]
    sums: frozenset[frozenset[int]]
    constructions: tuple[tuple[ast.Call, tuple[Value, ...]], ...]
    criteria_called: frozenset[int]
    bare_detaches: tuple[ast.Expr, ...]
    too_deep: bool

    def scalings_of(self, number: int) -> set[Factors]:
        """What a call's result is multiplied with, on whatever path the call is reached."""
        return self._scalings.get(number, self.scalings.get(number, set()))

    @cached_property
    def _scalings(self) -> dict[int, set[Factors]]:
        by_node: dict[int, set[Factors]] = defaultdict(set)
        for call in self.calls:
            by_node[id(call.node)] |= self.scalings.get(call.number, set())
        return {call.number: by_node[id(call.node)] for call in self.calls}


def analyse(source: str, tree: ast.Module) -> Analysis:
    """Interpret a file."""
    run = _Run(source, tree)
    for number in range(_ROUNDS):
        run.once()
        known = run.interpreter.evidence.conclusions(run.interpreter.known)
        attributes = run.interpreter.attributes
        settled = (
            known == run.interpreter.known and attributes.keys() == run.interpreter.attributes_before.keys()
        )
        if (settled and number) or number == _ROUNDS - 1:
            break
        run.interpreter.known = known
        run.interpreter.attributes_before = attributes
    seen = run.interpreter
    return Analysis(
        source,
        tree,
        tuple(_with_complements(seen)),
        dict(seen.scalings),
        frozenset(seen.notes),
        frozenset(seen.sums),
        tuple(seen.constructions.values()),
        frozenset(seen.criteria_called),
        tuple(seen.bare_detaches.values()),
        run.too_deep,
    )


def _with_complements(run: Interpreter) -> Iterator[Observation]:
    """The calls; both outcomes of a sigmoid may be given in two of one function."""
    sigmoids: dict[ast.AST | None, list[Observation]] = defaultdict(list)
    for call in run.seen.values():
        if call.target.space is Space.BERNOULLI or call.input.space is Space.LOG_BERNOULLI:
            sigmoids[call.function].append(call)
    for call in run.seen.values():
        others = sigmoids.get(call.function, ())
        yield replace(call, completed=any(_are_complementary(run, call, other) for other in others))


def _are_complementary(run: Interpreter, one: Observation, two: Observation) -> bool:
    return any(
        left.space is right.space is space and is_complementary(run, [left, right])
        for left, right, space in (
            (one.target, two.target, Space.BERNOULLI),
            (one.input, two.input, Space.LOG_BERNOULLI),
        )
    )


class _Run:
    def __init__(self, source: str, tree: ast.Module) -> None:
        self.tree = tree
        self.too_deep = False
        self.interpreter = Interpreter()
        self.interpreter.foreign = _is_foreign(source)

    def once(self) -> None:
        """Interpret the module, then every function it defines, constructors first."""
        run = self.interpreter
        run.begin()
        run.functions.clear()
        run.inlined_steps = 0
        self._guarded(lambda: run.run(self.tree.body, self._frame(Scope())))
        done: set[int] = set()
        while waiting := [one for key, one in run.functions.items() if key not in done]:
            waiting.sort(key=lambda one: getattr(one.node, "name", "") != "__init__")
            for function in waiting:
                done.add(id(function.node))
                self._guarded(lambda function=function: self._alone(function))

    def _frame(self, scope: Scope) -> Frame:
        self.interpreter.begin_root()
        return Frame(scope)

    def _guarded(self, work) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        try:
            work()
        except RecursionError:
            self.too_deep = True
            self.interpreter.active.clear()

    def _alone(self, function: Function) -> None:
        """Run a function with parameters of which nothing is known."""
        run, node = self.interpreter, function.node
        frame = self._frame(Scope(Names(self._parameters(function)), function.scope))
        frame.function = node
        frame.detached = run.is_gradient_free(function)
        run.active.append(id(node))
        if isinstance(node, ast.Lambda):
            run.evaluate(node.body, frame)
        else:
            run.run(node.body, frame)
        run.active.pop()

    def _parameters(self, function: Function) -> dict[str, Value]:
        run, arguments = self.interpreter, function.node.args
        defaults = run.default_values(function)
        names: dict[str, Value] = {}
        for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            default = defaults.get(one.arg)
            useful = default is not None and not isinstance(default, _OPEN_TO_CHANGE)
            names[one.arg] = default if useful and default is not None else run.parameter(function, one.arg)
        if arguments.vararg:
            names[arguments.vararg.arg] = Sequence(
                (run.parameter(function, arguments.vararg.arg),), open=True
            )
        if arguments.kwarg:
            names[arguments.kwarg.arg] = run.parameter(function, arguments.kwarg.arg)
        first = next(iter((*arguments.posonlyargs, *arguments.args)), None)
        if function.owner is not None and first is not None and first.arg in {"self", "cls"}:
            names[first.arg] = Instance(function.owner)
        return names


def _is_foreign(source: str) -> bool:
    roots = set(re.findall(r"^\s*(?:import|from)\s+(\w+)", source, re.MULTILINE))
    return bool(roots & OTHER_FRAMEWORKS) and "torch" not in roots
