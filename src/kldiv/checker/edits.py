"""Changes of a text, by offsets in characters: what is not named stays as it was written."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """Put `text` in place of the characters from `start` to before `end`."""

    start: int
    end: int
    text: str


def compatible(groups: Iterable[tuple[Edit, ...]]) -> list[tuple[Edit, ...]]:
    """The groups that can be applied together, each whole or not at all; of two that meet, the first.

    Example:
        >>> compatible([(Edit(0, 3, "a"),), (Edit(2, 5, "b"),), (Edit(3, 4, "c"),)])
        [(Edit(start=0, end=3, text='a'),), (Edit(start=3, end=4, text='c'),)]
    """
    taken: list[tuple[Edit, ...]] = []
    edits: list[Edit] = []
    for group in groups:
        if not any(_meets(each, edits) for each in group):
            taken.append(group)
            for each in group:
                index = bisect_left(edits, each)
                if edits[index : index + 1] != [each]:
                    edits.insert(index, each)
    return taken


def _meets(new: Edit, edits: Sequence[Edit]) -> bool:
    """Whether the order of a change and one of these, sorted and apart, matters; the same one twice is one.

    What a change can meet lies next to it, or behind a neighbour that takes no room.
    """
    index = bisect_left(edits, new)
    return any(_meet(new, old) for old in edits[max(index - 2, 0) : index + 2])


def _meet(one: Edit, other: Edit) -> bool:
    if one == other:
        return False
    if one.start == one.end == other.start == other.end:
        return True
    return one.start < other.end and other.start < one.end


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made, which may not overlap.

    Example:
        >>> applied("kl_div(a, b)", [Edit(11, 11, ", c"), Edit(0, 6, "kl")])
        'kl(a, b, c)'
    """
    parts, position = [], 0
    for edit in sorted(set(edits)):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def origin(offset: int, edits: Iterable[Edit]) -> int:
    """Where what stands at a place of the changed text was before; of new text, where it was put.

    Example:
        >>> origin(7, [Edit(0, 0, "new "), Edit(1, 2, "")])
        4
    """
    shift = 0
    for edit in sorted(set(edits)):
        if offset < edit.start + shift:
            break
        if offset < edit.start + shift + len(edit.text):
            return edit.start
        shift += len(edit.text) - (edit.end - edit.start)
    return offset - shift
