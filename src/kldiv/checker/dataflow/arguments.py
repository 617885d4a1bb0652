"""The arguments of a call, evaluated."""

import ast
from dataclasses import dataclass

from kldiv.checker.dataflow.factors import number_of
from kldiv.checker.dataflow.store import Frame
from kldiv.checker.dataflow.values import Constant, Scalar, Sequence, Value
from kldiv.checker.space import Tensor


@dataclass(frozen=True)
class Arguments:
    """A call's node and its arguments' values.

    `certain` is False where * or ** hide some, `starred` True where * does;
    `name` is the name that PyTorch has for what is called.
    """

    node: ast.Call
    frame: Frame
    args: tuple[Value, ...]
    keywords: dict[str, Value]
    nodes: tuple[ast.expr, ...]
    certain: bool = True
    starred: bool = False
    name: str = ""

    def get(self, index: int, *names: str) -> Value | None:
        """The argument at a position or under one of its names."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.args[index] if 0 <= index < len(self.args) else None

    def tensor(self, index: int = 0, *names: str) -> Tensor:
        """That argument as a tensor; unknown where it is none."""
        value = self.get(index, *names)
        return value if isinstance(value, Tensor) else Tensor()

    def integer(self, index: int, *names: str) -> int | None:
        """That argument as a whole number."""
        value = self.get(index, *names)
        number = number_of(value) if value is not None else None
        return int(number) if number is not None and number == int(number) else None

    def flag(self, index: int, *names: str) -> bool | None:
        """That argument as a truth value; None where it is none or unknown."""
        value = self.get(index, *names)
        if isinstance(value, Scalar) and value.number is not None:
            return bool(value.number)
        return value.value if isinstance(value, Constant) and isinstance(value.value, bool) else None

    def integers(self, start: int, *names: str) -> list[int | None]:
        """The whole numbers from a position on, or in the sequence given there."""
        value = self.get(start, *names)
        given = value.items if isinstance(value, Sequence) else self.args[start:]
        numbers = [number_of(one) for one in given]
        return [None if one is None or one != int(one) else int(one) for one in numbers]

    def sequence(self, index: int = 0, *names: str) -> Sequence | None:
        """That argument as a list or tuple."""
        value = self.get(index, *names)
        return value if isinstance(value, Sequence) else None
