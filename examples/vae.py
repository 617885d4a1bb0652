"""Trains a variational autoencoder on small pictures of handwritten digits, with its KL term by kldiv.

The loss is the negative of the evidence lower bound (Kingma & Welling 2014, Auto-Encoding Variational Bayes,
eq. 3): E[log p(x|z)] − D(q(z|x)‖p(z)), with q(z|x) and p(z) as objects of `torch.distributions`.

Run: python examples/vae.py [--help]
"""

import sys
from typing import NamedTuple

import click
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.distributions import Binomial, Normal

import kldiv

try:
    from sklearn.datasets import load_digits
except ImportError:
    sys.exit("vae.py needs scikit-learn for its digits: pip install scikit-learn")

PRIOR = Normal(0.0, 1.0)
LATENT = 8  # dimensions
SIDE = 8  # pixels
INK = 16  # of the darkest pixel: each counts the dark ones of 4×4 in the original, so it is binomial
HELD_OUT = 297
SHADES = " ░▒▓█"


class Bound(NamedTuple):
    """The two terms of the evidence lower bound, in nats a picture."""

    log_likelihood: Tensor
    divergence: Tensor

    @property
    def value(self) -> Tensor:
        """The bound itself."""
        return self.log_likelihood - self.divergence


class Autoencoder(nn.Module):
    """From pictures to distributions over a few latent dimensions, and from there to pictures."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(SIDE**2, width), nn.SiLU(), nn.Linear(width, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, width), nn.SiLU(), nn.Linear(width, SIDE**2))

    def encode(self, pictures: Tensor) -> Normal:
        """q(z|x): an independent normal distribution for each latent dimension."""
        mu, log_sigma = self.encoder(pictures / INK).chunk(2, dim=-1)
        return Normal(mu, log_sigma.exp())

    def decode(self, z: Tensor) -> Binomial:
        """p(x|z): how dark each pixel is."""
        return Binomial(INK, logits=self.decoder(z))

    def bound(self, pictures: Tensor) -> Bound:
        """The evidence lower bound with one sample of z, averaged over the pictures."""
        posterior = self.encode(pictures)
        log_likelihood = self.decode(posterior.rsample()).log_prob(pictures).sum(-1)
        # kl gives one number for each latent dimension; those of independent dimensions add up.
        divergence = kldiv.kl(posterior, PRIOR).sum(-1)
        return Bound(log_likelihood.mean(), divergence.mean())


def by_hand(posterior: Normal) -> Tensor:
    """The same KL term by its well-known formula, −½ Σ (1 + log σ² − μ² − σ²)."""
    mu, variance = posterior.loc, posterior.scale**2
    return -0.5 * (1 + variance.log() - mu**2 - variance).sum(-1)


def train(model: Autoencoder, pictures: Tensor, batch: int, optimizer: torch.optim.Optimizer) -> None:
    """One pass over the pictures, in a random order."""
    for some in pictures[torch.randperm(len(pictures))].split(batch):
        optimizer.zero_grad()
        (-model.bound(some).value).backward()
        optimizer.step()


def learn(model: Autoencoder, epochs: int, batch: int, console: Console) -> Tensor:
    """Train on all digits but the held-out ones, print the bound of those, and return them."""
    pictures = torch.tensor(load_digits().data, dtype=torch.float32)
    held_out, seen = pictures[torch.randperm(len(pictures))].split([HELD_OUT, len(pictures) - HELD_OUT])
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    console.print("epoch     ELBO = log-likelihood − KL, of held-out digits in nats")
    with bar(console) as progress:
        for epoch in progress.track(range(1, epochs + 1), description="epochs"):
            train(model, seen, batch, optimizer)
            with torch.no_grad():
                bound = model.bound(held_out)
            console.print(
                f"{epoch:5}  {bound.value:7.2f}  {bound.log_likelihood:14.2f}  {bound.divergence:5.2f}"
            )
    return held_out


def bar(console: Console) -> Progress:
    """A progress bar below what is printed; none where no terminal shows it."""
    columns = TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def compare_with_formula(posterior: Normal, console: Console) -> None:
    """Show that both ways give the same number, or fail."""
    divergence, formula = kldiv.kl(posterior, PRIOR).sum(-1), by_hand(posterior)
    torch.testing.assert_close(divergence, formula)
    console.print(
        f"\nThe KL term is {divergence.mean():.4f} by kldiv.kl and {formula.mean():.4f} by its formula."
    )


def draw(title: str, pictures: Tensor, console: Console) -> None:
    """Pictures side by side, two characters a pixel."""
    console.print(f"\n{title}\n")
    shades = (pictures / INK * (len(SHADES) - 1)).round().int().view(-1, SIDE, SIDE)
    for line in shades.transpose(0, 1):
        console.print("  ".join("".join(2 * SHADES[pixel] for pixel in row) for row in line.tolist()))


@torch.no_grad()
def show(model: Autoencoder, held_out: Tensor, console: Console) -> None:
    """The KL term in two ways; digits as they are, as reconstructed, and new ones."""
    compare_with_formula(model.encode(held_out), console)
    digits = held_out[: max(1, (console.width + 2) // (2 * SIDE + 2))]
    draw("Held-out digits", digits, console)
    draw(
        "Their reconstructions, from the mean of q(z|x)",
        model.decode(model.encode(digits).mean).mean,
        console,
    )
    draw("New digits, from z of the prior", model.decode(PRIOR.sample((len(digits), LATENT))).mean, console)


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--epochs", default=40, type=click.IntRange(1), help="Passes over the digits.")
@click.option("--batch", default=16, type=click.IntRange(1), help="Digits in a training step.")
@click.option("--seed", default=0, help="Of the model, the order of the digits, and the samples.")
def main(epochs: int, batch: int, seed: int) -> None:
    """Train a variational autoencoder on handwritten digits; show its ELBO and what it draws."""
    torch.manual_seed(seed)
    console = Console(highlight=False)
    model = Autoencoder()
    try:
        show(model, learn(model, epochs, batch, console), console)
    except KeyboardInterrupt:
        click.echo("vae.py: interrupted; nothing was saved", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
