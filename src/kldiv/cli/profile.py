"""`kldiv profile`: the counts of a table, to compare with others when the table isn't at hand."""

import sys
from typing import TYPE_CHECKING, Any

import click

from kldiv.cli.tables import answered, names, opening_options, table, write
from kldiv.cli.targets import check_targets

if TYPE_CHECKING:
    from kldiv.tables.profiles import Profile

_EXAMPLE = "kldiv profile 'january/*.parquet' -o january.json"
# As many values as a column has that is counted value by value, at least.
_LEAST_VALUES = 31


@click.command(
    short_help="Write the counts of a table to a file that stands for it.",
    epilog=f"For example: {_EXAMPLE}",
)
@click.argument("tables", nargs=-1, required=True, metavar="TABLE...")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="Write the profile here, - for standard output."
)
@click.option("--merge", is_flag=True, help="Merge the profiles of a table's parts into that of the whole.")
@click.option(
    "--like",
    metavar="PROFILE",
    help="Cut columns of very many values at the same edges as this profile, to merge them.",
)
@click.option(
    "--columns",
    multiple=True,
    callback=names,
    metavar="A,B",
    help="Profile these alone; a name that holds a comma in double quotes. May be repeated.",
)
@click.option(
    "--bins",
    type=click.IntRange(min=2),
    default=10,
    show_default=True,
    help="Into how many bins columns of very many numbers or dates are cut; at most 1000.",
)
@click.option(
    "--max-values",
    type=click.IntRange(min=_LEAST_VALUES),
    default=100_000,
    show_default=True,
    help="How many different values of a column are stored one by one.",
)
@opening_options
@click.option("--query", metavar="SQL", help="Profile what this query makes of the table, which it calls t.")
def profile(  # noqa: PLR0913 (the options of the command)
    tables: tuple[str, ...],
    *,
    output: str,
    merge: bool,
    like: str | None,
    columns: list[str] | None,
    bins: int,
    max_values: int,
    weights: str | None,
    engine: str,
    master: str | None,
    query: str | None,
) -> None:
    """Count every value of a TABLE's columns and write the counts to a file, a profile.

    `kldiv compare` takes the profile in place of the table, on either side, and gives the same numbers. Of a
    column of more than --max-values different values the profile has bins, or the most frequent texts.

    Profiles of a table's parts merge into that of the whole:
    kldiv profile --merge a.json b.json -o whole.json
    """
    # A profile may be merged into one of its parts.
    check_targets([output], () if merge else [*tables, *([like] if like else [])])
    if merge:
        made = _merged(tables, output, like=like, columns=columns, weights=weights, query=query)
    else:
        if len(tables) > 1:
            raise click.UsageError(
                "there are several tables; expected one, or a glob in quotes, or --merge and profiles"
            )
        from kldiv.report.comparison_terminal import progress  # noqa: PLC0415 (--help costs nothing)
        from kldiv.tables import profile as profile_table  # noqa: PLC0415

        def ask() -> "Profile":
            with table(tables[0], weights, engine, master, query) as opened:
                return profile_table(
                    opened,
                    columns=columns,
                    weights=weights,
                    bins=bins,
                    max_values=max_values,
                    like=like,
                    on_progress=on_progress,
                )

        with progress() as on_progress:
            made = answered(engine, ask)
    from kldiv.tables.profile_file import dumps  # noqa: PLC0415

    write(dumps(made), output)
    _say(made, output)


def _merged(paths: tuple[str, ...], output: str, **others: Any) -> "Profile":
    from kldiv.tables import merge  # noqa: PLC0415
    from kldiv.tables.profile_file import read  # noqa: PLC0415

    for name, given in others.items():
        if given is not None:
            raise click.UsageError(f"--{name} is for a table; expected profiles alone to --merge")
    return merge([read(path) for path in paths], output)


def _say(made: "Profile", output: str) -> None:
    """What was written, and which columns not value by value, on standard error."""
    from kldiv.report.printable import printable  # noqa: PLC0415

    notes = [f"{printable(name)}: {note}" for name, note in made.notes()]
    for note in notes:
        click.echo(note, err=True)
    if output != "-" and sys.stderr.isatty():
        rows, columns = made.rows(), len(made.columns())
        click.echo(f"{printable(output)}: {rows:,} rows, {columns:,} columns", err=True)
