"""What `--fix --to-kldiv` writes: a right call of PyTorch's function as one of `kldiv.kl`, the same number.

PyTorch's call has the approximation first; kldiv's has the reference first, and each side says what it holds.
A call is converted where all of it is seen: what both sides hold, along which dimension, and how the elements
are reduced. Every other one is left, with the reason.
"""

import ast
from typing import NamedTuple

from kldiv.checker.arguments import Arguments, Slot, arguments_of
from kldiv.checker.calls import KlCall, hides_arguments
from kldiv.checker.chains import Link, Parents, needs_brackets, parents_of, reductions_of
from kldiv.checker.edits import Edit
from kldiv.checker.fixes import Fix
from kldiv.checker.importing import import_edit, kldiv_name
from kldiv.checker.modules import Module
from kldiv.checker.sides import RefusedError, Side, calls_more_than, side_of
from kldiv.checker.space import Space
from kldiv.checker.spans import Text


class Refusal(NamedTuple):
    """A right call that is left as it is: where it begins, and why."""

    start: int
    why: str


class _Ending(NamedTuple):
    """How elements are reduced: kldiv's word, the outermost call that says so, what is divided by."""

    reduction: str | None
    outermost: ast.Call
    divisor: str | None = None


class _Setting(NamedTuple):
    """What all calls of a module share."""

    module: Module
    parents: Parents
    library: str
    importing: tuple[Edit, ...]

    def here(self, call: KlCall) -> ast.Call:
        """The call in the module's tree; the recognised one may be of another tree of the same text."""
        return self.module.call_nodes[self.module.text.span(call.node)]


def conversions_of(module: Module) -> tuple[list[Fix], list[Refusal]]:
    """The conversions of the right calls of a module, and what keeps the others as they are."""
    conversions: list[Fix] = []
    refusals: list[Refusal] = []
    right = [call for call in module.calls if call.verdict == "right"]
    if not right:
        return conversions, refusals
    setting = _setting(module)
    for call in right:
        start = module.text.span(call.node)[0]
        try:
            edits = _converted(call, setting)
        except RefusedError as reason:
            refusals.append(Refusal(start, str(reason)))
        else:
            conversions.append(Fix(start, "", "kldiv.kl", (*setting.importing, *edits)))
    return conversions, refusals


def _setting(module: Module) -> _Setting:
    name, imported = kldiv_name(module.tree)
    edit = None if imported else import_edit(module.text, module.tree, name)
    return _Setting(
        module,
        parents_of(module.tree),
        name if imported or edit else "",
        () if edit is None else (edit,),
    )


def _converted(call: KlCall, setting: _Setting) -> tuple[Edit, ...]:
    if not setting.library:
        raise RefusedError("no line of the module is free for the import of kldiv")
    if hides_arguments(call.node):
        raise RefusedError("* or ** hides which arguments it is given")
    text = setting.module.text
    arguments = arguments_of(text, call.node)
    if arguments is None or call.input is None or call.target is None or call.log_target is None:
        raise RefusedError("its arguments are not all seen")
    inputs, targets = arguments.slot_of(call.input), arguments.slot_of(call.target)
    if inputs is None or targets is None:
        raise RefusedError("its arguments are not all seen")
    q = side_of(setting.module, call.input, Space.LOG_PROBS, call.dim)
    p = side_of(setting.module, call.target, Space.LOG_PROBS if call.log_target else Space.PROBS, call.dim)
    if p.dim != q.dim and call.dim is None:
        raise RefusedError("its two sides are normalised over dimensions that may differ")
    ending = _ending(call, q, setting)
    return (
        *_function(call, setting),
        *_sides(call, arguments, (inputs, targets), (q, p), setting.library),
        *_options(
            call, arguments, ending.reduction and f"reduction={setting.module.literal(ending.reduction)}"
        ),
        *_after(call, ending, setting),
    )


def _function(call: KlCall, setting: _Setting) -> tuple[Edit, ...]:
    start, end = setting.module.text.span(call.node.func)
    if "#" in setting.module.text.source[start:end]:
        raise RefusedError("a comment stands in what is called")
    return (Edit(start, end, f"{setting.library}.kl"),)


def _sides(
    call: KlCall, arguments: Arguments, slots: tuple[Slot, Slot], sides: tuple[Side, Side], library: str
) -> tuple[Edit, ...]:
    """Both distributions, the reference first.

    The order stays, and the names are written, where comments belong to the arguments, or where both sides
    call something that may draw random numbers.
    """
    (input_slot, target_slot), (q, p) = slots, sides
    commented = arguments.loose_comments or input_slot.comment or target_slot.comment
    drawing = call.input and call.target and calls_more_than(call.input) and calls_more_than(call.target)
    if commented or drawing:
        return (
            Edit(input_slot.start, input_slot.end, f"q={q.written(library)}"),
            Edit(target_slot.start, target_slot.end, f"p={p.written(library)}"),
        )
    first, second = sorted(slots)
    names = ("p=", "q=") if first.name or second.name else ("", "")
    return (
        Edit(first.start, first.end, names[0] + p.written(library)),
        Edit(second.start, second.end, names[1] + q.written(library)),
    )


def _options(call: KlCall, arguments: Arguments, reduction: str | None) -> tuple[Edit, ...]:
    """kldiv's reduction in place of PyTorch's options."""
    given = {name: arguments.slot_of(node) for name, node in call.options.items()}
    slots = sorted(slot for slot in given.values() if slot)
    instead = given.get("reduction") or next(iter(slots), None)
    edits = arguments.removed([slot for slot in slots if not (reduction and slot is instead)])
    if edits is None:
        raise RefusedError("a comment stands beside its options")
    if reduction and instead:
        edits.append(Edit(instead.start, instead.end, reduction))
    elif reduction:
        edits += arguments.added(reduction)
    return tuple(edits)


def _ending(call: KlCall, q: Side, setting: _Setting) -> _Ending:
    """How the elements are reduced, where it can be said by kldiv's words."""
    here = setting.here(call)
    if call.reduction == "sum":
        return _Ending("sum", here)
    if call.reduction == "batchmean":
        # It divides by the first dimension, which counts the distributions where there is just one other.
        if call.rank == 2:  # noqa: PLR2004
            return _Ending("mean", here)
        if q.length_of is None:
            raise RefusedError(
                "the number of dimensions, by which batchmean differs from a mean, is not seen"
            )
        return _Ending("sum", here, f"len({q.length_of})")
    if call.reduction == "none":
        return _reduced_later(call, q, setting)
    raise RefusedError("its reduction is not seen")


def _reduced_later(call: KlCall, q: Side, setting: _Setting) -> _Ending:
    """The reduction of `.sum(dim)`, `.sum(dim).mean()` and their like behind the call."""
    links = reductions_of(setting.here(call), setting.parents, setting.module)
    if not links or links[0].name != "sum":
        raise RefusedError("its elements are used one by one, which kldiv has no word for")
    summed, *more = links
    if not summed.given:
        return _Ending("sum", summed.call)
    if not _is_over(summed, q.dim, call.rank, setting.module.text):
        raise RefusedError("the sum of its elements is not over the outcomes alone")
    if more and more[0].name in ("sum", "mean") and not more[0].given:
        return _Ending(more[0].name, more[0].call)
    return _Ending(None, summed.call)


def _is_over(link: Link, dim: str | None, rank: int | None, text: Text) -> bool:
    """Whether a reduction is over one dimension and says nothing else."""
    if len(link.given) != 1 or not set(link.options) <= {"dim", "axis"}:
        return False
    return _counted(text.of(link.given[0]), rank) == _counted(dim or "-1", rank)


def _counted(dim: str, rank: int | None) -> str:
    """A dimension counted from the first, where that can be said."""
    return str(int(dim) % rank) if rank and dim.removeprefix("-").isdecimal() else dim


def _after(call: KlCall, ending: _Ending, setting: _Setting) -> tuple[Edit, ...]:
    """What stands round the call: a reduction to take away, or a division to write."""
    (start, end), source = setting.module.text.span(call.node), setting.module.text.source
    begin, behind = setting.module.text.span(ending.outermost)
    if "#" in source[begin:start] + source[end:behind]:
        raise RefusedError("a comment stands between it and its reduction")
    edits = (
        [Edit(begin, start, ""), Edit(end, behind, "")] if ending.outermost is not setting.here(call) else []
    )
    if ending.divisor:
        brackets = needs_brackets(setting.here(call), setting.parents)
        edits.append(Edit(end, end, f" / {ending.divisor}{')' if brackets else ''}"))
        if brackets:
            edits.append(Edit(start, start, "("))
    return tuple(edits)
