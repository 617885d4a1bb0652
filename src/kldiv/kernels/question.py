"""What is asked of two tensors, of one batch shape and with the outcomes last."""

from typing import NamedTuple

from kldiv.definition import Divergence


class Question(NamedTuple):
    """A multiple of the divergence of each row, what the rows of both sides hold, and whether to add up."""

    divergence: Divergence
    p_space: str
    q_space: str
    temperature: float = 1.0
    factor: float = 1.0
    total: bool = False
