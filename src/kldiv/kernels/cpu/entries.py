"""The entries: what threads run, one for each form of rows and divergence, made on first use."""

from functools import cache
from typing import Any

from numba import float64

from kldiv.kernels.cpu import pairs, tempered
from kldiv.kernels.cpu.call import WEIGHT, numbers
from kldiv.kernels.cpu.compiling import entry, text_of_kernels
from kldiv.kernels.cpu.long_rows import long_rows
from kldiv.kernels.cpu.machine import wide_vectors
from kldiv.kernels.cpu.pairs import rows_of
from kldiv.kernels.cpu.renyi import Renyi
from kldiv.kernels.cpu.rows import logit_rows
from kldiv.kernels.cpu.tiles import tile_rows


@cache
def entry_of_logits(marker: Any, unit: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any) -> Any:
    """Rows of logits one by one; the arguments are those of `logit_rows`, kinds are types of Numba."""
    # Part of the key under which an entry is kept.
    text = text_of_kernels()
    precision = float64 if marker is Renyi else unit

    def run_logits(address: int) -> None:
        text  # noqa: B018
        wide_vectors()
        how = marker(numbers(address)[WEIGHT])
        logit_rows(address, how, unit, precision, p_kind, q_kind, p_out, q_out)

    return entry(run_logits)


@cache
def entry_of_long_rows(marker: Any, unit: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any) -> Any:
    """Long rows of logits, each shared out among the threads; arguments as those of `entry_of_logits`."""
    text = text_of_kernels()

    def run_long(address: int) -> None:
        text  # noqa: B018
        wide_vectors()
        long_rows(address, marker(numbers(address)[WEIGHT]), unit, p_kind, q_kind, p_out, q_out)

    return entry(run_long)


@cache
def entry_of_tiles(marker: Any, p_kind: Any, q_kind: Any, p_out: Any, q_out: Any) -> Any:
    """Rows of few logits, side by side; the arguments are those of `tile_rows`."""
    text = text_of_kernels()

    def run_tiles(address: int) -> None:
        text  # noqa: B018
        wide_vectors()
        tile_rows(address, marker(numbers(address)[WEIGHT]), p_kind, q_kind, p_out, q_out)

    return entry(run_tiles)


@cache
def entry_of_pairs(marker: Any) -> Any:
    """Rows of which a side holds something else than logits, at temperature 1."""
    text = text_of_kernels()

    def run_pairs(address: int) -> None:
        text  # noqa: B018
        wide_vectors()
        rows_of(address, marker(numbers(address)[WEIGHT]), pairs.pair, pairs.SCRATCH_ROWS)

    return entry(run_pairs)


@cache
def entry_of_tempered(marker: Any) -> Any:
    """Rows of which a side holds probabilities or counts, at another temperature than 1."""
    text = text_of_kernels()

    def run_tempered(address: int) -> None:
        text  # noqa: B018
        wide_vectors()
        rows_of(address, marker(numbers(address)[WEIGHT]), tempered.tempered, tempered.SCRATCH_ROWS)

    return entry(run_tempered)
