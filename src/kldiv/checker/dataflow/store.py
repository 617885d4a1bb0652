"""What one analysis of a file remembers."""

import ast
import re
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from kldiv.checker.dataflow.evidence import Evidence
from kldiv.checker.dataflow.values import Scope, Value
from kldiv.checker.space import Factors, Origin, Space, Symbol, Tensor

Path = tuple[int, ...]
"""The calls that led into a function, by their nodes' numbers."""

_MOST_NAMES = 12
# Of a computed value only its name can tell that it is a number.
_TEMPERATURE = re.compile(r"(^|_)(tau|temperature)$", re.IGNORECASE)


@dataclass(eq=False)
class Frame:
    """One run of a function, or of the module."""

    scope: Scope
    function: ast.AST | None = None
    path: Path = ()
    owner: Value | None = None
    detached: bool = False
    alive: bool = True
    inlined: bool = False
    returned: list[Value] = field(default_factory=list)
    loops: int = 0
    conditions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Observation:
    """One call of a KL function, seen with what was known of its arguments then.

    `completed` says that another call in the function has the other outcome of a sigmoid for its target.
    """

    number: int
    node: ast.Call
    input_node: ast.expr
    target_node: ast.expr
    input: Tensor
    target: Tensor
    options: dict[str, ast.expr]
    reduction: str | None
    log_target: bool | None
    constructor: ast.Call | None
    function: ast.AST | None
    inlined: bool
    conditions: tuple[str, ...]
    completed: bool = False


@dataclass(frozen=True)
class Note:
    """Something seen of a divergence after its call: which one, and where."""

    kind: str
    call: int
    node: ast.expr


class Store:
    """Origins, evidence, attributes, and what was seen."""

    def __init__(self) -> None:
        self.origins: dict[Hashable, Origin] = {}
        self.known: dict[Origin, Space] = {}
        self.attributes_before: dict[tuple[int, str], Value] = {}
        self.numbers: dict[Hashable, int] = {}
        self.begin()

    def begin(self) -> None:
        """Forget what was seen; keep the numbering and what was concluded."""
        self.evidence = Evidence()
        self.attributes: dict[tuple[int, str], Value] = {}
        self.seen: dict[int, Observation] = {}
        self.scalings: dict[int, set[Factors]] = defaultdict(set)
        self.notes: set[Note] = set()
        self.sums: set[frozenset[int]] = set()
        self.constructions: dict[int, tuple[ast.Call, tuple[Value, ...]]] = {}
        self.criteria_called: set[int] = set()
        self.bare_detaches: dict[int, ast.Expr] = {}
        self.steps = 0

    def origin(self, *parts: Hashable) -> Origin:
        """The number of the value that these parts describe."""
        return self.origins.setdefault(parts, len(self.origins) + 1)

    def call_number(self, node: ast.Call, path: Path) -> int:
        """The number of a KL call as reached on a path."""
        return self.numbers.setdefault((id(node), path), len(self.numbers) + 1)

    def fresh(
        self, origin: Origin, names: frozenset[str] = frozenset(), text: str = "", kind: str = ""
    ) -> Tensor:
        """A value of which only uses may tell something; with a text it may be a scalar factor."""
        space = self.known.get(origin, Space.UNKNOWN)
        factors = ((Symbol(text, origin, kind), 1.0),) if text and space is Space.UNKNOWN else ()
        return Tensor(space=space, origin=origin, names=names, factors=factors)

    def scaled(self, value: Tensor) -> None:
        """Note the factors of every divergence in a value."""
        for term in value.terms:
            self.scalings[term.call].add(term.factors)

    def note(self, kind: str, value: Tensor, node: ast.expr) -> None:
        """Note something about every divergence in a value."""
        for term in value.terms:
            self.notes.add(Note(kind, term.call, node))


def named(value: Value, name: str) -> Value:
    """The value, also known under this name."""
    if not isinstance(value, Tensor) or name in value.names or len(value.names) >= _MOST_NAMES or value.terms:
        return value
    value = replace(value, names=value.names | {name})
    computed = value.origin and value.space is Space.UNKNOWN and (value.parts or not value.factors)
    if computed and not value.temperature and _TEMPERATURE.search(name):
        return replace(value, factors=((Symbol(name, value.origin), 1.0),), parts=frozenset())
    return value
