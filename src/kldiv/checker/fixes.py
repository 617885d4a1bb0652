"""What `--fix` writes: the changes that put one finding right and touch nothing else.

A change is made where the call says all that it depends on. What a criterion is built with is changed only
if every call of it that is seen agrees.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kldiv.checker.arguments import Arguments, Slot, arguments_of
from kldiv.checker.calls import CONSTRUCTOR_PARAMETERS, FUNCTION_PARAMETERS, KlCall, bind, hides_arguments
from kldiv.checker.edits import Edit
from kldiv.checker.finding import Finding
from kldiv.checker.imports import KL_FUNCTION, KL_NATIVE
from kldiv.checker.logarithms import log_softmax_fix
from kldiv.checker.modules import Module
from kldiv.checker.space import Space

_LEGACY = ("size_average", "reduce")


class Fix(NamedTuple):
    """One change: where it begins, the finding's code, what is written, and the edits, all or none."""

    start: int
    code: str
    what: str
    edits: tuple[Edit, ...]


def fixes_of(module: Module, findings: Sequence[Finding]) -> list[Fix]:
    """The changes for those of the findings that have one."""
    found = []
    for finding in findings:
        fix = _FIXES.get(finding.code)
        if fix is not None:
            what, edits = fix(module, finding)
            if edits:
                found.append(Fix(module.extent(finding)[0], finding.code, what, edits))
    return found


Written = tuple[str, tuple[Edit, ...]]
_NOTHING: Written = ("", ())


def _batchmean(module: Module, finding: Finding) -> Written:
    """Divide by the batch rather than by the elements.

    "batchmean" divides by the first dimension, and so is right for rows of outcomes; where another number of
    dimensions is seen, or the outcomes lie along the first one, there is no such word.
    """

    def may(call: KlCall) -> bool:
        given = call.options.get("reduction")
        plain = call.reduction == "mean" and (given is None or _constant(given) == "mean")
        return plain and not _legacy(call) and call.rank in (None, 2) and call.dim in (None, -1, 1)

    return _option(module, finding, "reduction", module.literal("batchmean"), may)


def _log_target(module: Module, finding: Finding) -> Written:
    """Say what the target is, where it is seen."""
    value = any(call.log_target is False for call, _ in module.about(finding))
    space = Space.LOG_PROBS if value else Space.PROBS

    def may(call: KlCall) -> bool:
        given = call.options.get("log_target")
        decided = given is None or _constant(given) is call.log_target
        return (
            decided
            and call.log_target is not value
            and call.log_target is not None
            and call.target_space is space
        )

    return _option(module, finding, "log_target", str(value), may)


def _option(
    module: Module, finding: Finding, name: str, value: str, may: Callable[[KlCall], bool]
) -> Written:
    """Give an option a value at the call, where its criterion is built, or in the partial that has it."""
    for call in _calls_with(module, finding, name):
        site = module.option_sites[name][id(call)]
        if site is None:
            continue
        sharing = [each for each in module.calls if module.option_sites[name][id(each)] is site]
        arguments = arguments_of(module.text, site)
        # The function behind F.kl_div takes its reduction as a number.
        native = name == "reduction" and module.full_name(site.func) == KL_NATIVE
        if arguments is None or native or hides_arguments(site) or not all(may(each) for each in sharing):
            continue
        given = call.options.get(name)
        if given is None:
            return f"{name}={value}", arguments.added(f"{name}={value}")
        slot = arguments.slot_of(given)
        if slot is not None:
            return f"{name}={value}", (_replaced(slot, name, value),)
    return _NOTHING


def _calls_with(module: Module, finding: Finding, name: str) -> Iterator[KlCall]:
    """The calls that a finding stands in, and those whose option it underlines, which may stand elsewhere."""
    yield from (call for call, _ in module.about(finding))
    for call in module.calls:
        given = call.options.get(name)
        if given is not None and module.text.span(given) == module.extent(finding):
            yield call


def _replaced(slot: Slot, name: str, value: str) -> Edit:
    return Edit(slot.start, slot.end, value if slot.name is None else f"{name}={value}")


def _reduction(module: Module, finding: Finding) -> Written:
    """Write as `reduction` what size_average and reduce amount to."""
    for call, parameters in _legacy_sites(module, finding):
        bound = bind(call, parameters) or {}
        values = {name: _constant(bound[name]) for name in _LEGACY if name in bound}
        arguments = arguments_of(module.text, call)
        if (
            values
            and arguments is not None
            and all(value in (True, False, None) for value in values.values())
        ):
            word = legacy_reduction(values.get("size_average"), values.get("reduce"))
            if word is None:
                return "no size_average and reduce", _without(arguments, bound, _LEGACY)
            if parameters is FUNCTION_PARAMETERS:
                word = _of_function(word, bound.get("reduction"))
            if word is None:
                return _NOTHING
            written = f"reduction={module.literal(word)}"
            return written, _without(arguments, bound, (*_LEGACY, "reduction"), written)
    return _NOTHING


def legacy_reduction(size_average: object, reduce: object) -> str | None:
    """The reduction that the two old arguments stand for; None where neither says anything.

    Source:
        PyTorch 2, torch/nn/_reduction.py, `legacy_get_string`; they win over `reduction` if either is given.

    Example:
        >>> legacy_reduction(False, None)
        'sum'
    """
    if size_average is None and reduce is None:
        return None
    averaged = size_average is None or bool(size_average)
    if reduce is not None and not reduce:
        return "none"
    return "mean" if averaged else "sum"


def _of_function(word: str, given: ast.expr | None) -> str | None:
    """What F.kl_div makes of it, which divides by the batch for "batchmean" all the same; None if no word."""
    if given is None or _constant(given) in ("none", "mean", "sum"):
        return word
    return "batchmean" if word == "sum" and _constant(given) == "batchmean" else None


def _legacy_sites(module: Module, finding: Finding) -> Iterator[tuple[ast.Call, Sequence[str]]]:
    """The calls that a finding about old arguments may mean: recognised ones, then the innermost."""
    for call, site in module.about(finding):
        is_function = site is call.node and call.constructor is None
        yield site, FUNCTION_PARAMETERS if is_function else CONSTRUCTOR_PARAMETERS
    start, end = module.extent(finding)
    around = [node for (begin, behind), node in module.call_nodes.items() if begin <= start and end <= behind]
    for node in reversed(around):
        # functools.partial(F.kl_div, ...): the function stands where the call will have its input.
        partial = len(node.args) == 1 and module.full_name(node.args[0]) == KL_FUNCTION
        yield node, FUNCTION_PARAMETERS if partial else CONSTRUCTOR_PARAMETERS


def _without(
    arguments: Arguments, bound: dict[str, ast.expr], names: Sequence[str], instead: str | None = None
) -> tuple[Edit, ...]:
    """Take arguments away and write something where the first of them stood; what is left gets its name."""
    slots = {name: arguments.slot_of(node) for name, node in bound.items() if name in CONSTRUCTOR_PARAMETERS}
    gone = sorted(slot for name, slot in slots.items() if slot and name in names)
    edits = [] if instead is None else [Edit(gone[0].start, gone[0].end, instead)]
    removal = arguments.removed(gone if instead is None else gone[1:])
    if removal is None:
        return ()
    edits += removal
    for name, kept in slots.items():
        if kept and kept.name is None and name not in names:
            edits.append(Edit(kept.start, kept.start, f"{name}="))
    return tuple(edits)


def _log_softmax(module: Module, finding: Finding) -> Written:
    """Take the logarithm of a softmax in one step."""
    start, end = module.extent(finding)
    return "log_softmax", log_softmax_fix(module, start, end)


def _legacy(call: KlCall) -> bool:
    return any(name in call.options and _constant(call.options[name]) is not None for name in _LEGACY)


def _constant(node: ast.expr) -> object:
    """The value of a literal; the node itself, which equals nothing, if it is none."""
    return node.value if isinstance(node, ast.Constant) else node


_FIXES: dict[str, Callable[[Module, Finding], Written]] = {
    "KL002": _log_target,
    "KL003": _batchmean,
    "KL005": _reduction,
    "KL006": _log_softmax,
}
