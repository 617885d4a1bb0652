"""Frameworks' answers, and the mistake behind a number, on a terminal or as plain lines."""

import math
from itertools import groupby

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

from kldiv.conventions.call import Function
from kldiv.conventions.matching import Diagnosis, Match, corrected, right_in
from kldiv.report.console import Text
from kldiv.report.conventions import difference, explained
from kldiv.report.explanation import Explanation

# Other numbers with the same digits that are shown; JSON has all.
_OTHERS = 5
# Someone who gave no more than this many digits has more of them at hand.
_FEW_DIGITS = 6
_INDENT = 14


class _Hanging:
    """A text whose folded lines begin where its first one does, after the head."""

    def __init__(self, head: Text, body: Text) -> None:
        self._head, self._body = head, body

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = self._head.cell_len
        for number, line in enumerate(self._body.wrap(console, max(1, options.max_width - indent))):
            line.rstrip()
            yield Text.assemble(Text(" " * indent) if number else self._head, line)


def show_functions(explanation: Explanation, functions: list[Function], console: Console) -> None:
    """Print every function's calls, their numbers, and what each number is."""
    console.print(
        Text.assemble(("D(P‖Q)", "bold"), f" = {_full(explanation.nats)} nats", *_in_unit(explanation))
    )
    console.print(Text("Below, p and q are the arrays of the probabilities P(x) and Q(x).", "dim"))
    for framework, members in groupby(functions, key=lambda function: function.framework):
        console.print()
        console.print(Text(framework, "bold"))
        for function in members:
            for part in _function(explanation, function):
                console.print(part)


def show_diagnosis(explanation: Explanation, diagnosis: Diagnosis, console: Console) -> None:
    """Print which call returns the number, what to write instead, and what else returns it."""
    printed = diagnosis.printed
    console.print(
        Text.assemble(
            "Your code printed ", (printed.text, "bold red"), "; ", ("D(P‖Q)", "bold"),
            f" is {_full(explanation.value)} {explanation.unit.name}.",
        )
    )  # fmt: skip
    for part in _matched(explanation, diagnosis) if diagnosis.matches else _unmatched(explanation, diagnosis):
        console.print(part)


def _function(explanation: Explanation, function: Function) -> list[RenderableType]:
    note = f" (by {function.documented})" if function.documented else ""
    title = Text.assemble((function.name, "underline"), (f"  {function.order}{note}", "dim"))
    parts: list[RenderableType] = [_indented(title, 2)]
    for call in function.calls:
        value = call.returns(explanation.pair())
        parts += _numbered(value, call.call, difference(function, call, explanation))
    return parts


def _numbered(value: float, call: str, meaning: str) -> list[RenderableType]:
    """A number with the call that returns it, and under them what it is."""
    number = Text.assemble("  ", (f"{_full(value):>{_INDENT - 4}}", "red"), "  ")
    return [_Hanging(number, Text(call, "cyan")), _indented(Text(meaning, "dim"), _INDENT)]


def _matched(explanation: Explanation, diagnosis: Diagnosis) -> list[RenderableType]:
    (first, *same), *others = diagnosis.groups
    parts: list[RenderableType] = [Text("")]
    parts.append(_verdict(explanation, diagnosis))
    parts += _match(first, explanation)
    if not first.to_the_digit:
        parts.append(_remark("It agrees as closely as float32 computes, not to every digit given."))
    if not right_in(first.call, explanation.base):
        parts += [
            Text("Write instead", "bold"),
            _indented(Text(corrected(first.call, explanation.base), "cyan"), 2),
        ]
    return [*parts, *_same_number(same), *_others(explanation, others), *_doubt(diagnosis)]


def _verdict(explanation: Explanation, diagnosis: Diagnosis) -> Text:
    """Whether anything is wrong, and how sure that is."""
    call = diagnosis.matches[0].call
    if diagnosis.distinct > 1:
        return Text("What may print it", "bold")
    if right_in(call, explanation.base):
        return Text("That is the divergence: nothing is wrong.", "bold green")
    if not any(slip.mistake for slip in call.slips):
        return Text("That is the divergence in another unit.", "bold green")
    return Text("What prints it", "bold")


def _match(match: Match, explanation: Explanation) -> list[RenderableType]:
    names = f"{match.call.name}: " if match.call.slips else ""
    return _numbered(match.value, match.call.call, names + explained(match.call, explanation))


def _same_number(same: list[Match]) -> list[RenderableType]:
    """All other calls that return the first one's number, which therefore may be the one."""
    if not same:
        return []
    parts: list[RenderableType] = [Text(""), Text("The same number is returned by", "bold")]
    for name, matches in groupby(sorted(same, key=_name), key=_name):
        parts.append(_indented(Text(name, "dim"), 2))
        parts += [_indented(Text(match.call.call, "cyan"), 4) for match in matches]
    return parts


def _name(match: Match) -> str:
    return f"{match.call.framework}, {match.call.name}" if match.call.slips else match.call.framework


def _others(explanation: Explanation, others: list[list[Match]]) -> list[RenderableType]:
    """The next numbers, the simplest call of each, and how many more there are."""
    if not others:
        return []
    parts: list[RenderableType] = [Text(""), Text("The same digits also come from", "bold")]
    for match, *same in others[:_OTHERS]:
        parts += _match(match, explanation)
        if same:
            calls = f"and {len(same)} other call{'s' if len(same) > 1 else ''} of that number"
            parts.append(_indented(Text(calls, "dim"), _INDENT))
    if len(others) > _OTHERS:
        parts.append(_remark(f"… and {len(others) - _OTHERS} more numbers, no simpler (--json lists all)"))
    return parts


def _doubt(diagnosis: Diagnosis) -> list[RenderableType]:
    """That too few digits were given, where they were."""
    if diagnosis.distinct <= 1:
        return []
    digits = f"{diagnosis.printed.digits} digit{'s' if diagnosis.printed.digits != 1 else ''}"
    text = f"{diagnosis.distinct} different numbers agree with the {digits} given"
    advice = (
        "; give more digits, as print(value.item()) shows them"
        if diagnosis.printed.digits <= 2 * _FEW_DIGITS
        else ""
    )
    return [Text(""), Text(f"{text}{advice}.", "yellow")]


def _unmatched(explanation: Explanation, diagnosis: Diagnosis) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Text(""),
        Text(
            f"None of {diagnosis.tried} calls, right ones and ones with one or two mistakes, returns that "
            "for this pair.",
            "yellow",
        ),
    ]
    if diagnosis.nearest:
        parts.append(Text("The nearest with at most one mistake", "bold"))
        for match in diagnosis.nearest:
            parts += _match(match, explanation)
    return [*parts, _remark("Are P and Q what your code was given?")]


def _indented(text: Text, by: int) -> _Hanging:
    return _Hanging(Text(" " * by), text)


def _remark(text: str) -> Text:
    return Text(text, "dim")


def _in_unit(explanation: Explanation) -> str:
    return "" if explanation.base is None else f" = {_full(explanation.value)} {explanation.unit.name}"


def _full(number: float) -> str:
    """A number to the digits that float32 has."""
    return f"{number:#.7g}" if math.isfinite(number) else {math.inf: "∞", -math.inf: "−∞"}.get(number, "nan")
