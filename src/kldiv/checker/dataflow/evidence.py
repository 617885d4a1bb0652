"""What is learnt about a value from what the code does with it elsewhere."""

from collections import defaultdict
from dataclasses import dataclass, field

from kldiv.checker.space import Origin, Space, Tensor


@dataclass
class Evidence:
    """The spaces that uses of a value speak for, by its origin; `wholes` says what a value is a part of."""

    wholes: dict[Origin, Origin] = field(default_factory=dict)
    seen: dict[Origin, set[Space]] = field(default_factory=lambda: defaultdict(set))

    def add(self, value: object, space: Space) -> None:
        """Note that `value` is used as only something of `space` would be."""
        if isinstance(value, Tensor) and value.origin and value.space is Space.UNKNOWN:
            self.seen[value.origin].add(space)
            whole = self.wholes.get(value.origin)
            if whole is not None and space is Space.LOGITS:
                # Rows of raw scores are rows of raw scores; parts of other things need not be like the whole.
                self.seen[whole].add(space)

    def conclusions(self, former: dict[Origin, Space]) -> dict[Origin, Space]:
        """What is agreed on; values whose uses contradict each other stay unknown."""
        agreed = {origin: next(iter(spaces)) for origin, spaces in self.seen.items() if len(spaces) == 1}
        disputed = {origin for origin, spaces in self.seen.items() if len(spaces) > 1}
        return {**{origin: space for origin, space in former.items() if origin not in disputed}, **agreed}
