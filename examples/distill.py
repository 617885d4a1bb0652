"""Distils a small language model twice, by PyTorch's kl_div and by kldiv, and compares the two.

A teacher learns to continue the sources of Python's standard library. Two students of one seed then learn the
teacher's next-word distributions from the same passages; they differ in nothing but the loss.

Run: python examples/distill.py [--help]
"""

import os
import re
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import fmean, median
from time import perf_counter
from typing import NamedTuple

import click
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

import kldiv
from kldiv import Logits

TEMPERATURE = 2.0
WORDS = 64  # of a passage
REPETITIONS = 15  # of the loss alone; the median counts
RESET_PEAK = Path("/proc/self/clear_refs")  # Linux: writing 5 lets the peak of memory begin anew


def pytorch_loss(teacher: Tensor, student: Tensor) -> Tensor:
    """D(teacher‖student) by PyTorch: logarithms of both, the student's first."""
    log_p = F.log_softmax(teacher / TEMPERATURE, dim=-1)
    log_q = F.log_softmax(student / TEMPERATURE, dim=-1)
    # "batchmean" divides by the first dimension alone: [batch, time, vocabulary] has to become rows.
    rows = log_q.flatten(0, -2), log_p.flatten(0, -2)
    return F.kl_div(*rows, reduction="batchmean", log_target=True) * TEMPERATURE**2


def kldiv_loss(teacher: Tensor, student: Tensor) -> Tensor:
    """D(teacher‖student) by kldiv: the mean over all positions; with padding, `where=` says which count."""
    divergence = kldiv.kl(Logits(teacher), Logits(student), temperature=TEMPERATURE, reduction="mean")
    return divergence * TEMPERATURE**2


LOSSES = {"F.kl_div": pytorch_loss, "kldiv.kl": kldiv_loss}


class LanguageModel(nn.Module):
    """A causal transformer over words; one table of embeddings serves what goes in and what comes out."""

    def __init__(self, vocabulary: int, width: int, layers: int) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(WORDS, width)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=width**-0.5)
        layer = nn.TransformerEncoderLayer(
            width, nhead=4, dim_feedforward=4 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, words: Tensor) -> Tensor:
        """The logits of what follows each of [batch, time] words: [batch, time, vocabulary]."""
        past = nn.Transformer.generate_square_subsequent_mask(words.shape[1])
        hidden = self.layers(self.words(words) + self.positions.weight, mask=past, is_causal=True)
        return hidden @ self.words.weight.T


def standard_library(vocabulary: int) -> Tensor:
    """The words of Python's own modules as ranks by frequency; the rare ones share the last rank."""
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    text = " ".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
    words = re.findall(r"\w+|[^\w\s]", text)
    ranks = {word: rank for rank, (word, _) in enumerate(Counter(words).most_common(vocabulary - 1))}
    return torch.tensor([ranks.get(word, vocabulary - 1) for word in words])


class Setting(NamedTuple):
    """What the teacher and both students have in common."""

    text: Tensor
    vocabulary: int
    batch: int
    steps: int
    seed: int

    def model(self, width: int, layers: int) -> LanguageModel:
        """A new model, the same one each time."""
        torch.manual_seed(self.seed)
        return LanguageModel(self.vocabulary, width, layers)

    def passages(self) -> Iterator[Tensor]:
        """Random passages [batch, WORDS + 1], the same ones each time; all are full, none is padded."""
        random = torch.Generator().manual_seed(self.seed)
        windows = self.text.unfold(0, WORDS + 1, 1)
        for _ in range(self.steps):
            yield windows[torch.randint(len(windows), (self.batch,), generator=random)]


class Course(NamedTuple):
    """How the training of a model went."""

    losses: list[float]
    seconds: float


def train(
    model: LanguageModel, loss_of: Callable[[Tensor, Tensor], Tensor], passages: Iterator[Tensor]
) -> Course:
    """Descend `loss_of(passage, logits)`."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses, start = [], perf_counter()
    for passage in passages:
        loss = loss_of(passage, model(passage[:, :-1]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return Course(losses, perf_counter() - start)


def distil(setting: Setting, progress: Progress) -> dict[str, Course]:
    """The courses of the two students, after one of their teacher."""

    def passages(name: str) -> Iterator[Tensor]:
        return progress.track(setting.passages(), total=setting.steps, description=name)

    def next_word(passage: Tensor, logits: Tensor) -> Tensor:
        return F.cross_entropy(logits.flatten(0, 1), passage[:, 1:].flatten())

    teacher = setting.model(width=64, layers=2)
    train(teacher, next_word, passages("teacher"))
    teacher.requires_grad_(False)
    return {
        name: train(
            setting.model(width=32, layers=1),
            lambda passage, logits, loss=loss: loss(teacher(passage[:, :-1]), logits),
            passages(f"student by {name}"),
        )
        for name, loss in LOSSES.items()
    }


def random_logits(rows: int, vocabulary: int) -> tuple[Tensor, Tensor]:
    """A teacher's, and a student's that learns."""
    return torch.randn(rows, vocabulary), torch.randn(rows, vocabulary, requires_grad=True)


def seconds_alone(rows: int, vocabulary: int, progress: Progress) -> list[float]:
    """The median time of each loss with its gradient; they take turns, for a busy machine to hinder both."""
    teacher, student = random_logits(rows, vocabulary)
    times: list[list[float]] = [[] for _ in LOSSES]
    for _ in progress.track(range(REPETITIONS), description="the losses alone"):
        for seconds, loss in zip(times, LOSSES.values(), strict=True):
            student.grad, start = None, perf_counter()
            loss(teacher, student).backward()
            seconds.append(perf_counter() - start)
    return [median(each) for each in times]


def peaks_alone(rows: int, vocabulary: int, progress: Progress) -> list[int]:
    """The peak memory of each loss with its gradient, in a process of its own; nothing without Linux."""
    # What is freed goes back at once: the peak is what is needed at the same time, and no more.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    peaks = []
    for name in progress.track(LOSSES if RESET_PEAK.exists() else {}, description="their memory"):
        question = [sys.executable, __file__, "--peak-of", name, str(rows), str(vocabulary)]
        # Ctrl-C doesn't reach a session of its own: this process alone answers it, and ends the other one.
        answer = subprocess.check_output(question, env=environment, start_new_session=True)  # noqa: S603
        peaks.append(int(answer))
    return peaks


def peak_memory(name: str, rows: int, vocabulary: int) -> int:
    """Bytes by which this process grows, at its peak, over a loss and its gradient, the gradient included.

    The operating system counts the pages in use, whoever asked for them: PyTorch, a compiled kernel, NumPy.
    """
    teacher, student = random_logits(rows, vocabulary)
    before = 0
    for _ in range(2):  # the first time loads the code that runs
        student.grad = None
        RESET_PEAK.write_text("5", encoding="ascii")
        before = peak_so_far()
        LOSSES[name](teacher, student).backward()
    return peak_so_far() - before


def peak_so_far() -> int:
    """The most memory this process had resident, in bytes, since the peak began anew."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def bars(console: Console) -> Progress:
    """Progress bars; none where no terminal shows them."""
    columns = TextColumn("{task.description}"), BarColumn(None), TaskProgressColumn()
    elapsed = TimeRemainingColumn(elapsed_when_finished=True)
    return Progress(*columns, elapsed, console=console, expand=True, disable=not console.is_terminal)


def curve(losses: list[float], width: int, low: float, high: float) -> str:
    """The losses as a line of columns, from `low` to `high` on a logarithmic scale."""
    width = min(width, len(losses))
    ends = [len(losses) * column // width for column in range(width + 1)]
    means = [fmean(losses[first:last]) for first, last in pairwise(ends)]
    return "".join("▁▂▃▄▅▆▇█"[round(7 * log(mean / low) / log(high / low))] for mean in means)


def curves(courses: dict[str, Course], width: int) -> Table:
    """The losses of both students, one above the other, between the first and the last as numbers."""
    every = [loss for course in courses.values() for loss in course.losses]
    table = Table.grid(padding=(0, 1))
    for name, (losses, _) in courses.items():
        line = curve(losses, width - 26, min(every), max(every))
        table.add_row(name, f"{losses[0]:.4f}", f"[cyan]{line}[/]", f"{losses[-1]:.4f}")
    return table


def figures(courses: dict[str, Course], seconds: list[float], peaks: list[int], table_size: int) -> Table:
    """Times and memory of both."""
    table = Table("", *(Column(name, justify="right") for name in LOSSES), box=None, pad_edge=False)
    table.add_row("distillation", *(f"{course.seconds:.1f} s" for course in courses.values()))
    table.add_row("the loss and its gradient", *(f"{1000 * each:.1f} ms" for each in seconds))
    if peaks:
        table.add_row("memory for both, at its peak", *(f"{each / 2**20:.0f} MiB" for each in peaks))
        table.add_row("… in tables of logits", *(f"{each / table_size:.1f}" for each in peaks))
    return table


def run(setting: Setting, console: Console) -> None:
    """Train, measure, and show."""
    rows = setting.batch * WORDS
    console.print(
        f"{len(setting.text):,} words of Python's own modules, {setting.vocabulary:,} of them told apart; "
        f"{setting.steps} steps of {rows} words for each model."
    )
    with bars(console) as progress:
        # Without this the first loss would compile its kernel, once on each machine, while its clock runs.
        for _ in progress.track(range(1), description="kernel of kldiv"):
            kldiv.kernels.warm_up()
        courses = distil(setting, progress)
        seconds = seconds_alone(rows, setting.vocabulary, progress)
        peaks = peaks_alone(rows, setting.vocabulary, progress)
    console.print("\nThe students' losses from the first step to the last, on a logarithmic scale:\n")
    console.print(curves(courses, console.width))
    pairs = zip(*(course.losses for course in courses.values()), strict=True)
    console.print(f"\nThey differ by at most {max(abs(a / b - 1) for a, b in pairs):.1e} of the loss.\n")
    console.print(figures(courses, seconds, peaks, 4 * rows * setting.vocabulary))


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--steps", default=250, type=click.IntRange(2), help="Of the training of each model.")
@click.option("--batch", default=4, type=click.IntRange(1), help=f"Passages of {WORDS} words in a step.")
@click.option("--vocabulary", default=16384, type=click.IntRange(2), help="Words told apart.")
@click.option("--seed", default=0, help="Of the models and the passages.")
@click.option("--peak-of", type=(str, int, int), hidden=True)
def main(steps: int, batch: int, vocabulary: int, seed: int, peak_of: tuple[str, int, int] | None) -> None:
    """Distil a small language model by F.kl_div and by kldiv.kl; compare losses, times and memory."""
    if peak_of:
        click.echo(peak_memory(*peak_of))
        return
    try:
        setting = Setting(standard_library(vocabulary), vocabulary, batch, steps, seed)
        run(setting, Console(highlight=False))
    except KeyboardInterrupt:
        click.echo("distill.py: interrupted; nothing was saved", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
