"""Changes of a text, by offsets in characters: what is not named stays as it was written."""

from collections.abc import Iterable
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
    edits: set[Edit] = set()
    for group in groups:
        if not any(_meet(new, old) for new in group for old in edits):
            taken.append(group)
            edits.update(group)
    return taken


def _meet(one: Edit, other: Edit) -> bool:
    """Whether the order of two changes matters; the same change asked for twice is one."""
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
