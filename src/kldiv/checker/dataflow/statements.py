"""Statements: what they bind, and where ways of running part and meet."""

import ast
from collections.abc import Callable
from collections.abc import Sequence as Statements
from dataclasses import replace
from functools import partial

from kldiv.checker.dataflow import operators
from kldiv.checker.dataflow.functions import Functions
from kldiv.checker.dataflow.joining import join, join_names
from kldiv.checker.dataflow.store import Frame, named
from kldiv.checker.dataflow.values import (
    Class,
    Constant,
    Function,
    Instance,
    Mapping,
    Named,
    Names,
    Scalar,
    Scope,
    Sequence,
    Value,
)
from kldiv.checker.imports import imported_names
from kldiv.checker.space import Space, Tensor

_MOST_ROUNDS = 4
_DEEPEST_LOOP = 3
_MOST_CONDITIONS = 30
_MOST_RETURNS = 64


class Interpreter(Functions):
    """Runs statements."""

    def __init__(self) -> None:
        super().__init__()
        self.functions: dict[int, Function] = {}
        self.classes: dict[int, Class] = {}
        self.augmentations: dict[int, ast.BinOp] = {}
        self.statements: dict[type, Callable[[ast.stmt, Frame], None]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assignment,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.Return: self._return,
            ast.Raise: self._leave,
            ast.Break: self._leave,
            ast.Continue: self._leave,
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Match: self._match,
            ast.Assert: self._assert,
        }

    def run(self, statements: Statements[ast.stmt], frame: Frame) -> None:
        """Run statements one after the other, until a way of running ends."""
        for statement in statements:
            if not frame.alive:
                return
            handler = self.statements.get(type(statement))
            if handler:
                handler(statement, frame)

    def defined(self, function: Function, frame: Frame) -> None:
        """Remember a function, to be run on its own."""
        if not frame.inlined or id(function.node) not in self.functions:
            self.functions[id(function.node)] = function

    def _expression(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.Expr)  # noqa: S101
        node = statement.value
        value = self.evaluate(node, frame)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            self._in_place(statement, node, node.func, value, frame)

    def _in_place(
        self, statement: ast.Expr, node: ast.Call, function: ast.Attribute, value: Value, frame: Frame
    ) -> None:
        """x.div_(T) changes x; x.detach() as a statement changes nothing."""
        if function.attr == "detach" and not node.args and not node.keywords:
            self.bare_detaches[id(statement)] = statement
        in_place = function.attr.endswith("_") and not function.attr.endswith("__")
        if in_place and isinstance(value, Tensor) and isinstance(function.value, ast.Name):
            self.assign(function.value, value, frame)

    def _assignment(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.Assign)  # noqa: S101
        value = self.evaluate(statement.value, frame)
        for target in statement.targets:
            self.assign(target, value, frame)

    def _annotated(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.AnnAssign)  # noqa: S101
        if statement.value is not None:
            self.assign(statement.target, self.evaluate(statement.value, frame), frame)

    def _augmented(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.AugAssign)  # noqa: S101
        left = self.operand(self.evaluate(statement.target, frame))
        right = self.operand(self.evaluate(statement.value, frame))
        if isinstance(left, Sequence) and isinstance(right, Sequence):
            items = left.items + tuple(one for one in right.items if one not in left.items)
            self.assign(statement.target, Sequence(items[:64], open=True), frame)
            return
        node = ast.copy_location(ast.BinOp(statement.target, statement.op, statement.value), statement)
        node = self.augmentations.setdefault(id(statement), node)
        self.assign(statement.target, operators.binary(self, node, statement.op, left, right), frame)

    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind a target to a value."""
        match target:
            case ast.Name():
                frame.scope.names[target.id] = named(value, target.id)
            case ast.Tuple() | ast.List():
                self._unpack(target, value, frame)
            case ast.Attribute():
                self._assign_attribute(target, value, frame)
            case ast.Subscript():
                self._assign_item(target, value, frame)
            case ast.Starred():
                self.assign(target.value, value, frame)

    def _unpack(self, target: ast.Tuple | ast.List, value: Value, frame: Frame) -> None:
        count = len(target.elts)
        starred = any(isinstance(one, ast.Starred) for one in target.elts)
        if isinstance(value, Tensor) and value.normaliser and value.normaliser[0] == "shape" and not starred:
            self._unpack_shape(target, value.normaliser[1], frame)
            return
        exact = isinstance(value, Sequence) and not value.open and len(value.items) == count and not starred
        for index, one in enumerate(target.elts):
            if exact and isinstance(value, Sequence):
                item: Value = value.items[index]
            elif isinstance(value, Sequence) and value.items and not starred:
                item = self.element(value, one, frame)
            elif isinstance(value, Tensor):
                item = replace(
                    self.fresh(self.origin("item", value.origin or id(target), f"{index}"), value.names),
                    detached=value.detached, teacher=value.teacher,
                )  # fmt: skip
            else:
                item = self.fresh(self.origin("unpacked", id(one), frame.path))
            self.assign(one, item, frame)

    def _unpack_shape(self, target: ast.Tuple | ast.List, of: int, frame: Frame) -> None:
        """`B, T, V = x.shape` shows the rank."""
        self.ranks[of] = len(target.elts) if self.ranks.get(of, len(target.elts)) == len(target.elts) else 0
        for index, one in enumerate(target.elts):
            text = one.id if isinstance(one, ast.Name) else str(index)
            self.assign(one, self.size(of, float(index), text), frame)

    def _assign_attribute(self, target: ast.Attribute, value: Value, frame: Frame) -> None:
        of = self.evaluate(target.value, frame)
        if isinstance(of, Tensor) and of.origin:
            frame.scope.names[self.part_of(of, f".{target.attr}")] = value
        if not isinstance(of, Instance):
            return
        value = named(value, target.attr)
        frame.scope.names[self.key_of(of, target.attr)] = value
        key = (id(of.of.node), target.attr)
        before = self.attributes.get(key)
        joined = value if before is None else join(before, value, self.origin("attribute", *key))
        self.attributes[key] = joined

    def _assign_item(self, target: ast.Subscript, value: Value, frame: Frame) -> None:
        of = self.evaluate(target.value, frame)
        key = (
            self.evaluate(target.slice, frame)
            if not isinstance(target.slice, ast.Slice | ast.Tuple)
            else None
        )
        if not isinstance(target.value, ast.Name | ast.Attribute):
            return
        if isinstance(of, Mapping):
            known = key.value if isinstance(key, Constant) else "*"
            items = {**dict(of.items), known: value}
            self.assign(target.value, Mapping(tuple(items.items())), frame)
        elif isinstance(of, Tensor) and isinstance(key, Constant) and of.origin:
            frame.scope.names[self.part_of(of, key.value)] = value
        elif isinstance(of, Tensor) and of.space is not Space.UNKNOWN:
            kept = of.space is Space.LOGITS or (isinstance(value, Scalar) and of.space is not Space.NUMBERS)
            changed = of if kept else replace(of, space=Space.UNKNOWN, fault=None, logged=None, identity=0)
            self.assign(target.value, changed, frame)

    def _return(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.Return)  # noqa: S101
        if statement.value is not None:
            value = self.evaluate(statement.value, frame)
            if isinstance(value, Tensor):
                self.scaled(value)
            if len(frame.returned) < _MOST_RETURNS:
                frame.returned.append(value)
        frame.alive = False

    def _leave(self, statement: ast.stmt, frame: Frame) -> None:
        if isinstance(statement, ast.Raise) and statement.exc is not None:
            self.evaluate(statement.exc, frame)
        frame.alive = False

    def _assert(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.Assert)  # noqa: S101
        self.evaluate(statement.test, frame)
        match statement.test:
            case ast.Compare(left, [ast.Eq()], [ast.Constant(int(rank))]) if name := _whose_rank(left):
                value = self.evaluate(name, frame)
                if isinstance(value, Tensor):
                    self.ranks.setdefault(value.origin, rank)
                    self.assign(name, replace(value, rank=rank), frame)

    def _branches(
        self, branches: list[tuple[str, Callable[[], None]]], frame: Frame, node: ast.AST, *, complete: bool
    ) -> None:
        """Run each branch from the same start and join where they meet."""
        start = frame.scope.names
        ends: list[Names] = [] if complete else [start]
        for condition, branch in branches:
            frame.scope.names, frame.alive = start.branch(), True
            if condition and len(frame.conditions) < _MOST_CONDITIONS:
                frame.conditions.append(condition)
                branch()
                frame.conditions.pop()
            else:
                branch()
            if frame.alive:
                ends.append(frame.scope.names)
        frame.alive = bool(ends)
        frame.scope.names = start
        join_names(start, ends, lambda name: self.origin("join", id(node), name, frame.path))

    def _if(self, statement: ast.stmt, frame: Frame) -> None:
        """An if with its elifs, which are nested in the tree, side by side."""
        branches: list[tuple[str, Callable[[], None]]] = []
        rest: list[ast.stmt] = [statement]
        complete = False
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            one = rest[0]
            known = self.decided(one.test, frame)
            if known is not False:
                branches.append((ast.unparse(one.test)[:200], partial(self.run, one.body, frame)))
            rest = one.orelse
            if known:
                complete, rest = True, []
        if rest:
            text = f"not ({branches[-1][0]})" if branches else ""
            branches.append((text, partial(self.run, rest, frame)))
            complete = True
        if branches:
            self._branches(branches, frame, statement, complete=complete)

    def _match(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.Match)  # noqa: S101
        self.evaluate(statement.subject, frame)
        subject = ast.unparse(statement.subject)[:100]
        branches = [
            (f"{subject} == {ast.unparse(case.pattern)[:100]}", partial(self.run, case.body, frame))
            for case in statement.cases
        ]
        wild = any(
            isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None for case in statement.cases
        )
        self._branches(list(branches), frame, statement, complete=wild)

    def _for(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.For | ast.AsyncFor)  # noqa: S101
        over = self.evaluate(statement.iter, frame)

        def begin() -> None:
            self.assign(statement.target, self.element(over, statement.iter, frame), frame)

        self._loop(statement, statement.body, statement.orelse, begin, frame)

    def _while(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.While)  # noqa: S101
        self._loop(statement, statement.body, statement.orelse, lambda: self._test(statement, frame), frame)

    def _test(self, statement: ast.While, frame: Frame) -> None:
        self.evaluate(statement.test, frame)

    def _loop(
        self,
        node: ast.stmt,
        body: list[ast.stmt],
        orelse: list[ast.stmt],
        begin: Callable[[], None],
        frame: Frame,
    ) -> None:
        """Run the body until nothing new comes out of it; deep inside other loops only twice."""
        frame.loops += 1
        rounds = (
            _MOST_ROUNDS if frame.loops <= _DEEPEST_LOOP else 2 if frame.loops <= 2 * _DEEPEST_LOOP else 1
        )
        start = frame.scope.names
        for _ in range(rounds):
            frame.scope.names = start.branch()
            begin()
            self.run(body, frame)
            ends, frame.scope.names, frame.alive = [start, frame.scope.names], start, True
            if not join_names(start, ends, lambda name: self.origin("loop", id(node), name, frame.path)):
                break
        frame.loops -= 1
        self.run(orelse, frame)

    def _with(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.With | ast.AsyncWith)  # noqa: S101
        before = frame.detached
        for item in statement.items:
            if self.is_no_grad(item.context_expr, frame.scope):
                frame.detached = True
            value = self.evaluate(item.context_expr, frame)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value, frame)
        self.run(statement.body, frame)
        frame.detached = before

    def _try(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.Try | ast.TryStar)  # noqa: S101
        body = [*statement.body, *statement.orelse]
        bodies = [body, *(handler.body for handler in statement.handlers)]
        branches = [("", partial(self.run, one, frame)) for one in bodies]
        self._branches(list(branches), frame, statement, complete=True)
        alive, frame.alive = frame.alive, True
        self.run(statement.finalbody, frame)
        frame.alive = alive and frame.alive

    def _function(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101
        function = Function(statement, frame.scope, defaults=self.defaults(statement.args, frame))
        self.defined(function, frame)
        frame.scope.names[statement.name] = function

    def _class(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.ClassDef)  # noqa: S101
        bases = tuple(self.evaluate(one, frame) for one in statement.bases)
        known = tuple(one for one in bases if isinstance(one, Class | Named))
        # Methods don't see the names of the class body: their scope is the one around it.
        body = Frame(Scope(Names(), frame.scope), statement, frame.path)
        of = Class(statement, body.scope, known)
        self.classes[id(statement)] = of
        self.run(statement.body, body)
        for name, value in list(body.scope.names.own.items()):
            if isinstance(value, Function) and value.scope is body.scope:
                method = replace(value, scope=frame.scope, owner=of)
                body.scope.names[name] = method
                self.functions[id(value.node)] = method
        frame.scope.names[statement.name] = of

    def _import(self, statement: ast.stmt, frame: Frame) -> None:
        assert isinstance(statement, ast.Import | ast.ImportFrom)  # noqa: S101
        for name, dotted in imported_names(statement).items():
            if name == "*":
                frame.scope.stars.append(dotted.removesuffix(".*"))
            else:
                frame.scope.names[name] = Named(dotted)


def _whose_rank(node: ast.expr) -> ast.Name | None:
    """The tensor whose number of dimensions an expression is: x.ndim, x.dim(), len(x.shape)."""
    match node:
        case ast.Attribute(ast.Name() as name, "ndim") | ast.Call(
            ast.Attribute(ast.Name() as name, "dim"), [], []
        ):
            return name
        case ast.Call(ast.Name("len"), [ast.Attribute(ast.Name() as name, "shape")], []):
            return name
    return None
