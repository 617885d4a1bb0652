"""From a source text to its findings."""

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from kldiv.checker.calls import KlCall, Reduction, Verdict
from kldiv.checker.dataflow.analysis import Analysis, analyse
from kldiv.checker.dataflow.factors import text
from kldiv.checker.dataflow.store import Observation
from kldiv.checker.finding import Finding
from kldiv.checker.rules import RULES, Report, Rule
from kldiv.checker.rules.temperature import is_squared, temperature_of
from kldiv.checker.space import Space
from kldiv.checker.spans import Text

_WORDS = re.compile(r"kl_div|KLDivLoss")
_T = TypeVar("_T")
_TOO_DEEP = "it is nested too deeply to be read"


@dataclass(frozen=True)
class Checked:
    """A file's findings in the order of their places, and the calls they are about."""

    findings: tuple[Finding, ...] = ()
    calls: tuple[KlCall, ...] = ()


def check_source(source: str, path: str) -> Checked:
    """Check one file's text; a text that doesn't parse is one finding, KL000."""
    if not _WORDS.search(source):
        return Checked()
    try:
        tree = _parsed(source)
        analysis = analyse(source, tree)
        reports = [(rule, report) for rule in RULES for report in rule.find(analysis)]
    except SyntaxError as error:
        return Checked((_unreadable(path, error.lineno, error.offset, f"it does not parse: {error.msg}"),))
    except ValueError as error:
        return Checked((_unreadable(path, 1, 1, f"it does not parse: {error}"),))
    except (RecursionError, MemoryError):
        return Checked((_unreadable(path, 1, 1, _TOO_DEEP),))
    findings = _findings(reports, Text(source), path)
    if analysis.too_deep:
        findings.append(_unreadable(path, 1, 1, _TOO_DEEP))
    return Checked(tuple(sorted(findings)), _calls(analysis, reports))


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _unreadable(path: str, line: int | None, column: int | None, message: str) -> Finding:
    row, start = max(line or 1, 1), max(column or 1, 1)
    return Finding(path, row, start, row, start + 1, "KL000", "error", message, "write it in Python 3 syntax")


def _findings(reports: list[tuple[Rule, Report]], written: Text, path: str) -> list[Finding]:
    """One finding for each place and rule, however many ways lead there."""
    found: dict[tuple[str, int, int], Finding] = {}
    for rule, report in reports:
        node = report.node
        key = (rule.code, node.lineno, node.col_offset)
        if key not in found:
            end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
            start_column = written.column(node.lineno, node.col_offset) + 1
            end_column = written.column(end_line, end) + 1
            found[key] = Finding(
                path,
                node.lineno,
                start_column,
                end_line,
                end_column,
                rule.code,
                rule.severity,
                report.message,
                report.fix,
            )
    return list(found.values())


def _calls(analysis: Analysis, reports: list[tuple[Rule, Report]]) -> tuple[KlCall, ...]:
    """Each call once; what several ways of reaching it disagree about is unknown."""
    wrong = {report.call for rule, report in reports if rule.severity == "error"}
    seen: dict[int, list[Observation]] = {}
    for one in analysis.calls:
        seen.setdefault(id(one.node), []).append(one)
    return tuple(_call(analysis, group, wrong) for group in seen.values())


def _call(analysis: Analysis, group: list[Observation], wrong: set[int | None]) -> KlCall:
    group = [one for one in group if one.inlined] or group
    first = group[0]
    input_space = _agreed([one.input.space for one in group], Space.UNKNOWN)
    target_space = _agreed([one.target.space for one in group], Space.UNKNOWN)
    log_target = _agreed([one.log_target for one in group], None)
    return KlCall(
        node=first.node,
        input=first.input_node,
        target=first.target_node,
        constructor=first.constructor,
        options=first.options,
        reduction=_agreed([_reduction(one) for one in group], None),
        log_target=log_target,
        input_space=input_space,
        target_space=target_space,
        dim=_agreed([one.input.dim if one.input.dim == one.target.dim else None for one in group], None),
        rank=_agreed([one.input.rank or one.target.rank for one in group], None),
        temperature=_agreed([text(temperature_of(one)) or None for one in group], None),
        temperature_squared=any(is_squared(analysis, one) for one in group),
        function=getattr(first.function, "name", ""),
        verdict=_verdict(group, wrong, input_space, target_space, log_target=log_target),
    )


def _agreed(values: Sequence[_T], otherwise: _T) -> _T:
    return values[0] if len(set(values)) == 1 else otherwise


def _reduction(call: Observation) -> Reduction | None:
    return cast("Reduction | None", call.reduction)


def _verdict(
    group: list[Observation],
    wrong: set[int | None],
    input_space: Space,
    target_space: Space,
    *,
    log_target: bool | None,
) -> Verdict:
    if any(one.number in wrong for one in group):
        return "wrong"
    expected = {False: Space.PROBS, True: Space.LOG_PROBS}.get(log_target) if log_target is not None else None
    return "right" if input_space is Space.LOG_PROBS and target_space is expected else "unknown"
