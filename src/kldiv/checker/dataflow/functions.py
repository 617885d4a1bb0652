"""Calls: of PyTorch's functions, of layers and criteria, and of what the file itself defines."""

import ast
import re
from abc import abstractmethod
from dataclasses import replace

from kldiv.checker.calls import NATIVE_PARAMETERS
from kldiv.checker.dataflow import divergences, layers, parents
from kldiv.checker.dataflow.arguments import Arguments
from kldiv.checker.dataflow.builtin_functions import BUILTINS
from kldiv.checker.dataflow.expressions import Expressions
from kldiv.checker.dataflow.joining import join_all
from kldiv.checker.dataflow.layers import LAYERS
from kldiv.checker.dataflow.methods import call_method
from kldiv.checker.dataflow.store import Frame
from kldiv.checker.dataflow.torch_functions import OPERATIONS
from kldiv.checker.dataflow.uses import categorical, dirichlet, tensor_literal
from kldiv.checker.dataflow.values import (
    NOTHING,
    Class,
    Criterion,
    Function,
    Instance,
    Layer,
    Mapping,
    Method,
    Named,
    Names,
    Partial,
    Scope,
    Sequence,
    Value,
)
from kldiv.checker.imports import KL_CRITERION, KL_FUNCTION, KL_NATIVE
from kldiv.checker.space import Tensor

_DEEPEST = 6
_MOST_INLINED = 150_000
_MOST_INLINED_PER_ROOT = 20_000
_TEACHER = re.compile(r"(^|_)teacher")
_OPERATION_HOMES = ("torch.nn.functional", "torch", "torch.Tensor", "numpy", "torch.nn.init", "einops")
_IN_SCIPY = {name: OPERATIONS[name] for name in ("softmax", "log_softmax", "logsumexp")}
_IN_SCIPY |= {"expit": OPERATIONS["sigmoid"], "log_expit": OPERATIONS["logsigmoid"]}
_CATEGORICAL = {
    "Categorical",
    "OneHotCategorical",
    "RelaxedOneHotCategorical",
    "OneHotCategoricalStraightThrough",
}
_SAME_THING = {
    "torch.compile",
    "torch.jit.script",
    "copy.deepcopy",
    "copy.copy",
    "torch.nn.Parameter",
    "torch.autograd.Variable",
    "torch.nn.utils.spectral_norm",
    "torch.as_tensor",
    "torch.from_numpy",
    "torch.nn.DataParallel",
    "torch.nn.parallel.DistributedDataParallel",
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
}
_LITERALS = {
    "torch.tensor",
    "torch.Tensor",
    "torch.FloatTensor",
    "torch.DoubleTensor",
    "numpy.array",
    "numpy.asarray",
}
_OF_NUMBERS = {"math.sqrt", "math.exp", "math.log", "math.log2", "numpy.sqrt"}
_GRADIENT_FREE = {
    "torch.no_grad",
    "torch.inference_mode",
    "torch.autograd.no_grad",
    "torch.autograd.inference_mode",
}
_CLASSIFIERS = re.compile(
    r"^torchvision\.models\.(?!detection|segmentation|video|optical_flow|feature)[a-z]\w*$"
)


class Functions(Expressions):
    """Evaluates calls."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[int] = []
        self.inlined_steps = 0
        self.root_limit = 0
        self.entered: set[int] = set()
        self.merged_calls: dict[int, ast.Call] = {}

    @abstractmethod
    def run(self, statements: list[ast.stmt], frame: Frame) -> None:
        """Run a body."""

    def call(self, node: ast.expr, frame: Frame) -> Value:
        """A call expression."""
        assert isinstance(node, ast.Call)  # noqa: S101
        if isinstance(node.func, ast.Attribute):
            base = self.evaluate(node.func.value, frame)
            callee = self._callee(base, node.func, frame)
        else:
            callee = self.evaluate(node.func, frame)
        result = self.apply(callee, self._arguments(node, frame))
        if isinstance(result, Tensor):
            result = self._bookkeeping(result, callee, node, frame)
        return result

    def attribute(self, value: Value, node: ast.Attribute, frame: Frame) -> Value:
        """value.name, where a property is called."""
        found = super().attribute(value, node, frame)
        if isinstance(found, Function) and found.bound is not None and _is_property(found):
            made = ast.copy_location(ast.Call(func=node, args=[], keywords=[]), node)
            call = self.merged_calls.setdefault(id(node), made)
            return self._inline(found, Arguments(call, frame, (), {}, ()))
        return found

    def _callee(self, base: Value, function: ast.Attribute, frame: Frame) -> Value:
        if isinstance(base, Tensor | Sequence | Mapping | Criterion | Layer):
            return Method(base, function.attr, function)
        found = self.attribute(base, function, frame)
        unknown = isinstance(base, Instance) and isinstance(found, Tensor) and function.attr in _OF_OBJECTS
        return Method(base, function.attr, function) if unknown else found

    def _arguments(self, node: ast.Call, frame: Frame) -> Arguments:
        args: list[Value] = []
        nodes: list[ast.expr] = []
        certain, starred = True, False
        for one in node.args:
            value = self.evaluate(one, frame)
            if not isinstance(one, ast.Starred):
                args.append(value)
                nodes.append(one)
            elif isinstance(value, Sequence) and not value.open:
                args += value.items
                nodes += [one] * len(value.items)
            else:
                certain, starred = False, True
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, frame)
            if keyword.arg:
                keywords[keyword.arg] = value
            elif isinstance(value, Mapping):
                keywords.update({str(key): one for key, one in value.items})
            else:
                certain = False
        return Arguments(node, frame, tuple(args), keywords, tuple(nodes), certain, starred)

    def _bookkeeping(self, result: Tensor, callee: Value, node: ast.Call, frame: Frame) -> Tensor:
        """Whose output it is, and whether gradients flow."""
        if isinstance(callee, Layer | Instance | Tensor):
            last = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if last:
                result = replace(result, names=frozenset({last}))
                if _TEACHER.search(last) and not frame.detached:
                    result = replace(result, teacher=node)
        return (
            replace(result, detached=True, teacher=None) if frame.detached and not result.detached else result
        )

    def apply(self, callee: Value, call: Arguments) -> Value:  # noqa: PLR0911 (one way out for each kind)
        """callee(*args, **keywords)."""
        match callee:
            case Named():
                return self._named_call(callee.dotted, call)
            case Function():
                return self._inline(callee, call)
            case Class():
                return self._instantiate(callee, call)
            case Instance():
                return self._call_instance(callee, call)
            case Partial():
                return self._call_partial(callee, call)
            case Criterion():
                return divergences.call_criterion(self, callee, call)
            case Layer():
                return layers.apply(self, callee, call, self.apply)
            case Method():
                return call_method(self, callee, call)
            case _:
                return self._unknown_call(callee, call)

    def _unknown_call(self, callee: Value, call: Arguments) -> Tensor:
        for value in (*call.args, *call.keywords.values()):
            if isinstance(value, Function | Class):
                self.entered.discard(id(value.node))
        names = callee.names if isinstance(callee, Tensor) else frozenset[str]()
        value = self.fresh(self.origin("call", id(call.node), call.frame.path), names)
        terms = frozenset(term for one in call.args if isinstance(one, Tensor) for term in one.terms)
        return replace(value, terms=terms) if terms else value

    def _named_call(self, dotted: str, call: Arguments) -> Value:  # noqa: PLR0911 (one way out for each kind)
        if dotted == KL_FUNCTION:
            return divergences.call_function(self, call)
        if dotted == KL_NATIVE:
            return divergences.call_function(self, call, NATIVE_PARAMETERS)
        if dotted == KL_CRITERION:
            return divergences.construct(self, call)
        home, _, name = dotted.rpartition(".")
        if dotted in _LITERALS:
            return tensor_literal(self, call)
        if home in _OPERATION_HOMES and name in OPERATIONS:
            return OPERATIONS[name](self, replace(call, name=name))
        if home == "scipy.special" and name in _IN_SCIPY:
            value = _IN_SCIPY[name](self, replace(call, name=name))
            # Without an axis SciPy normalises over all elements, and says so.
            return replace(value, unspecified=None) if isinstance(value, Tensor) else value
        if home == "torch.nn" and name in LAYERS:
            return layers.construct(name, call)
        if home.startswith("torch.distributions"):
            return self._distribution(name, call)
        if home == "builtins" and name in BUILTINS:
            return BUILTINS[name](self, replace(call, name=name))
        return self._other_named_call(dotted, name, call)

    def _distribution(self, name: str, call: Arguments) -> Value:
        if name in _CATEGORICAL:
            skipped = 1 if name == "RelaxedOneHotCategorical" else 0
            return categorical(self, replace(call, args=call.args[skipped:]))
        return dirichlet(self, call) if name == "Dirichlet" else self._unknown_call(NOTHING, call)

    def _other_named_call(self, dotted: str, name: str, call: Arguments) -> Value:
        if dotted in {"functools.partial", "functools.partialmethod"} and call.args:
            return Partial(call.args[0], call.args[1:], tuple(call.keywords.items()), call.node)
        if dotted in _SAME_THING and call.args:
            return call.args[0]
        if dotted in {"math.pow", "operator.pow"}:
            return BUILTINS["pow"](self, replace(call, name="pow"))
        if dotted in _OF_NUMBERS:
            return self.fresh(self.origin("number", id(call.node)), text=ast.unparse(call.node)[:60])
        if _CLASSIFIERS.match(dotted):
            return Layer("Linear", None, call.node)
        return self._unknown_call(Tensor(names=frozenset({name})), call)

    def _instantiate(self, of: Class, call: Arguments) -> Value:
        own = any(self.member(of, name, None) for name in ("__init__", "forward"))
        return (
            divergences.construct(self, call) if parents.is_criterion(self, of) and not own else Instance(of)
        )

    def _call_instance(self, of: Instance, call: Arguments) -> Value:
        for name in ("forward", "__call__"):
            method = self.member(of.of, name, of)
            if isinstance(method, Function):
                return self._inline(method, call)
        criterion = parents.criterion_of(self, of.of)
        return self._unknown_call(NOTHING, call) if criterion is None else self.apply(criterion, call)

    def _call_partial(self, of: Partial, call: Arguments) -> Value:
        given = tuple(of.node.args[1 : 1 + len(of.args)])
        nodes = (*given, *[call.node] * (len(of.args) - len(given)), *call.nodes)
        keywords = {**dict(of.keywords), **call.keywords}
        node = call.node
        if of.keywords:
            merged = ast.Call(func=node.func, args=node.args, keywords=[*of.node.keywords, *node.keywords])
            node = self.merged_calls.setdefault(id(node), ast.copy_location(merged, node))
        return self.apply(
            of.callee, replace(call, node=node, args=(*of.args, *call.args), nodes=nodes, keywords=keywords)
        )

    def _inline(self, function: Function, call: Arguments) -> Value:
        """Run a function of this file with these arguments."""
        node, frame = function.node, call.frame
        unknown = self.origin("call", id(call.node), frame.path)
        if len(frame.path) >= _DEEPEST or id(node) in self.active or not self.has_time():
            return self.fresh(unknown)
        scope = Scope(Names(self._bind(function, call)), function.scope)
        inner = Frame(
            scope,
            node,
            (*frame.path, id(call.node)),
            detached=frame.detached or self.is_gradient_free(function),
            inlined=True,
            conditions=list(frame.conditions),
        )
        before = self.steps
        self.active.append(id(node))
        self.entered.add(id(node))
        try:
            value = self._run_function(function, inner)
        finally:
            self.active.pop()
            if not frame.path:
                self.inlined_steps += self.steps - before
        return replace(value, detached=True) if inner.detached and isinstance(value, Tensor) else value

    def has_time(self) -> bool:
        """Whether this function's allowance for the functions it calls is not used up."""
        return self.inlined_steps < _MOST_INLINED and self.steps < self.root_limit

    def begin_root(self) -> None:
        """Start a function of its own, with its own allowance for the functions it calls."""
        self.root_limit = self.steps + _MOST_INLINED_PER_ROOT

    def _run_function(self, function: Function, frame: Frame) -> Value:
        if isinstance(function.node, ast.Lambda):
            return self.evaluate(function.node.body, frame)
        self.run(function.node.body, frame)
        if not frame.returned:
            return NOTHING
        return join_all(tuple(frame.returned), self.origin("return", id(function.node), frame.path))

    def is_gradient_free(self, function: Function) -> bool:
        """Whether a decorator takes the function out of the graph."""
        if isinstance(function.node, ast.Lambda):
            return False
        return any(self.is_no_grad(one, function.scope) for one in function.node.decorator_list)

    def is_no_grad(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression is torch.no_grad, torch.inference_mode, or set_grad_enabled(False)."""
        called = node.func if isinstance(node, ast.Call) else node
        value = self.evaluate(called, Frame(scope))
        if not isinstance(value, Named):
            return False
        disabled = (
            value.dotted == "torch.set_grad_enabled"
            and isinstance(node, ast.Call)
            and "False" in ast.unparse(node)
        )
        return value.dotted in _GRADIENT_FREE or disabled

    def _bind(self, function: Function, call: Arguments) -> dict[str, Value]:
        """The parameters' values: arguments, then defaults, then nothing known."""
        arguments = function.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        given = ((function.bound,) if function.bound is not None else ()) + call.args
        names: dict[str, Value] = {}
        for one, value in zip(positional, given, strict=False):
            names[one.arg] = value
        known = {one.arg for one in (*positional, *arguments.kwonlyargs)}
        names.update({name: value for name, value in call.keywords.items() if name in known})
        defaults = self.default_values(function)
        for one in (*positional, *arguments.kwonlyargs):
            if one.arg not in names:
                names[one.arg] = defaults.get(one.arg) or self.parameter(function, one.arg)
        if arguments.vararg:
            names[arguments.vararg.arg] = Sequence(given[len(positional) :], open=not call.certain)
        if arguments.kwarg:
            rest = {name: value for name, value in call.keywords.items() if name not in known}
            names[arguments.kwarg.arg] = Mapping(tuple(rest.items()))
        return names

    def default_values(self, function: Function) -> dict[str, Value]:
        """The parameters' defaults, by name."""
        arguments = function.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        count = len(arguments.defaults)
        named = [one.arg for one in positional[len(positional) - count :]] + [
            one.arg for one in arguments.kwonlyargs
        ]
        return {
            name: value for name, value in zip(named, function.defaults, strict=False) if value is not None
        }

    def parameter(self, function: Function, name: str) -> Tensor:
        """A parameter of which nothing is known."""
        return self.fresh(self.origin("parameter", id(function.node), name), frozenset({name}), name)


_OF_OBJECTS = {"to", "cuda", "cpu", "eval", "train", "half", "float", "double", "requires_grad_", "bfloat16"}


def _is_property(function: Function) -> bool:
    decorators = [] if isinstance(function.node, ast.Lambda) else function.node.decorator_list
    return any(ast.unparse(one).rpartition(".")[2] in {"property", "cached_property"} for one in decorators)
