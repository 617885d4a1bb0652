"""A module as fixes see it: text, tree, recognised calls, and where each call stands."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from kldiv.checker.calls import CONSTRUCTOR_PARAMETERS, KlCall
from kldiv.checker.finding import Finding
from kldiv.checker.imports import canonical, imported_names
from kldiv.checker.spans import Text


@dataclass(frozen=True)
class Module:
    """A module's text and tree, and the calls that were recognised in it."""

    text: Text
    tree: ast.Module
    calls: Sequence[KlCall]

    @cached_property
    def names(self) -> dict[str, str]:
        """What the module's imports bind, wherever they stand, with the full name of each."""
        names: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names |= imported_names(node)
        return names

    @cached_property
    def call_nodes(self) -> dict[tuple[int, int], ast.Call]:
        """Every call of the module by its offsets."""
        calls = (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return {self.text.span(node): node for node in calls}

    @cached_property
    def _formatted(self) -> list[tuple[int, int]]:
        """The offsets of f-strings."""
        return [self.text.span(node) for node in ast.walk(self.tree) if isinstance(node, ast.JoinedStr)]

    def is_in_text(self, offset: int) -> bool:
        """Whether a place lies in an f-string, where what may be written depends on the version of Python."""
        return any(start <= offset < end for start, end in self._formatted)

    @cached_property
    def sites(self) -> list[tuple[int, int, KlCall, ast.Call]]:
        """The offsets of each recognised call and of the making of its criterion."""
        return [
            (*self.text.span(node), call, node)
            for call in self.calls
            for node in ([call.node] if call.constructor is None else [call.node, call.constructor])
        ]

    @cached_property
    def option_sites(self) -> dict[str, dict[int, ast.Call | None]]:
        """By option and the number of a recognised call, the call that the option is given to, or would be.

        That is what makes a criterion, the call itself, or the partial that has it; None where none is seen.
        """
        given_to = {
            self.text.span(one): node
            for node in self.call_nodes.values()
            for one in (*node.args, *(each.value for each in node.keywords))
        }

        def site(call: KlCall, name: str) -> ast.Call | None:
            given = call.options.get(name)
            if call.constructor is not None:
                return call.constructor
            if given is None:
                return self.call_nodes.get(self.text.span(call.node), call.node)
            return given_to.get(self.text.span(given))

        return {name: {id(call): site(call, name) for call in self.calls} for name in CONSTRUCTOR_PARAMETERS}

    @cached_property
    def quote(self) -> str:
        """The quotation mark that this module uses more."""
        return "'" if self.text.source.count("'") > self.text.source.count('"') else '"'

    def literal(self, text: str) -> str:
        """A string as this module writes them."""
        return f"{self.quote}{text}{self.quote}"

    def extent(self, finding: Finding) -> tuple[int, int]:
        """The offsets of what a finding underlines."""
        starts = self.text.starts
        return (
            starts[finding.line - 1] + finding.column - 1,
            starts[finding.end_line - 1] + finding.end_column - 1,
        )

    def about(self, finding: Finding) -> Iterator[tuple[KlCall, ast.Call]]:
        """The recognised calls that a finding stands in, each with what of it is round the finding."""
        start, end = self.extent(finding)
        for begin, behind, call, site in self.sites:
            if begin <= start and end <= behind:
                yield call, site

    def full_name(self, node: ast.expr) -> str:
        """The full name that names and dots stand for; "" where they don't begin with an import."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.names:
            return ""
        return canonical(".".join([self.names[node.id], *reversed(parts)]))
