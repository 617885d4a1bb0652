"""Watches the calls of PyTorch's kl_div that a running program makes, and says what is wrong with them.

What is here loads no torch, so that a program being watched loads it when it would have.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from kldiv.auditing.record import Audit


@contextmanager
def audit() -> Iterator[Audit]:
    """Watch every F.kl_div, nn.KLDivLoss and torch.kl_div call inside the `with` block, in all threads.

    The block computes what it would have computed: values, gradients, warnings and random numbers are
    PyTorch's own. Of each call site the first hundred calls are looked at, then ever fewer.

    Args:
        None: what is watched is the block.

    Returns:
        An `Audit`, which grows while the block runs: `sites`, `findings`, `document()`, and print shows it.

    Raises:
        Nothing of its own: what the block raises passes through.

    Source:
        PyTorch's documentation of torch.nn.KLDivLoss, for what a right call is.

    Example:
        >>> import torch.nn.functional as F
        >>> with audit() as report:
        ...     loss = F.kl_div(torch.full((8, 4), 0.25), torch.full((8, 4), 0.25), reduction="batchmean")
        >>> [finding.code for finding in report.findings]
        ['KL001', 'KL102']
    """
    from kldiv.auditing.watching import watch  # noqa: PLC0415 (loads torch)

    with watch() as watched:
        yield watched
