"""Options that several commands have: what is estimated, in which unit, and how sure."""

from collections.abc import Callable
from difflib import get_close_matches
from itertools import takewhile
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

# What a divergence is called at a shell, and in the library.
DIVERGENCES = {
    "kl": "kl",
    "js": "js",
    "psi": "psi",
    "tv": "total_variation",
    "hellinger": "hellinger",
}


class CommandOfValues(click.Command):
    """One whose arguments may start with a minus sign, as numbers do; what starts with two is an option."""

    ignore_unknown_options = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse a misspelt option, which would be taken for a value."""
        known = [name for parameter in self.get_params(ctx) for name in parameter.opts]
        for name in (each.partition("=")[0] for each in takewhile(lambda each: each != "--", args)):
            if name.startswith("--") and name not in known:
                raise click.NoSuchOption(name, possibilities=get_close_matches(name, known), ctx=ctx)
        return super().parse_args(ctx, args)


def divergence_option(command: F) -> F:
    """Which divergence."""
    return click.option(
        "--divergence",
        type=click.Choice([*DIVERGENCES]),
        default="kl",
        show_default=True,
        help="What is estimated; all but kl have no direction.",
    )(command)


def base_option(command: F) -> F:
    """The base of the logarithm, as text that `parse_base` reads."""
    return click.option(
        "--base",
        default="e",
        show_default=True,
        help="Of the logarithm: e (nats), 2 (bits), 10 or another number.",
    )(command)


def confidence_option(command: F) -> F:
    """How often an interval is meant to hold the truth."""
    return click.option(
        "--confidence",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.95,
        show_default=True,
        help="Nominal coverage of an interval.",
    )(command)
