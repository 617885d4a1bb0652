"""The command line: what runs a command, and what its errors and exit codes look like.

A command is one file here that reads arguments; the work is done in the layers below. Exit codes: 0 fine,
1 what was asked about is true, 2 bad usage or input, 130 interrupted, 143 terminated, 141 the reader of the
output has left.
Modules are imported by the command that needs them, so that --help and a usage error cost next to nothing.
"""

import io
import os
import sys
import warnings
from typing import TextIO

import click

from kldiv.cli.audit import audit
from kldiv.cli.bench import bench
from kldiv.cli.check import check
from kldiv.cli.compare import compare
from kldiv.cli.estimate import estimate
from kldiv.cli.explain import explain
from kldiv.cli.profile import profile
from kldiv.errors import KLDivError
from kldiv.interruption import exit_code, was_pressed
from kldiv.report.encoding import register
from kldiv.report.printable import printable

_BAD_INPUT, _PIPE_CLOSED = 2, 141


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="kldiv", message="kldiv %(version)s")
def app() -> None:
    """The Kullback–Leibler divergence D(P‖Q): P is the reference, Q the approximation."""


app.add_command(explain)
app.add_command(estimate)
app.add_command(compare)
app.add_command(profile)
app.add_command(bench)
app.add_command(check)
app.add_command(audit)


def main() -> None:
    """Run the command line; every error is one sentence on standard error."""
    if sys.argv[1:2] != ["audit"]:  # whose program's streams and warnings are to stay what they are
        if not sys.warnoptions:
            # What libraries have to say to those who write programs.
            warnings.simplefilter("ignore")
        # A stream that was closed from outside: what is written to it has nowhere to go.
        sys.stdout, sys.stderr = _buffered(sys.stdout or _nowhere()), _buffered(sys.stderr or _nowhere())
        for stream in (sys.stdout, sys.stderr):
            # A terminal that lacks a character shows another one rather than nothing at all.
            stream.reconfigure(errors=register())  # type: ignore[attr-defined]
    sys.exit(_run(sys.argv[1:]))


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _buffered(stream: TextIO) -> TextIO:
    """The stream by way of a buffer: without, as PYTHONUNBUFFERED has it, a full disk cuts off in silence."""
    if not isinstance(stream.buffer, io.RawIOBase):
        return stream
    return open(stream.fileno(), "w", buffering=1, encoding=stream.encoding, closefd=False)


def _run(arguments: list[str]) -> int:
    try:
        with app.make_context("kldiv", arguments) as context:
            app.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        return 0
    except (KLDivError, click.ClickException) as error:
        # What was broken off may fail in whatever way.
        return exit_code() if was_pressed() else _fail(error)
    except (KeyboardInterrupt, click.Abort):
        return exit_code()
    except OSError as error:
        return _refused(error)
    return 0


def _refused(error: OSError) -> int:
    """The exit code where a file is refused, as in a folder that may not be looked into, or standard output.

    That takes no more where its reader has left, or the disk is full.
    """
    closed = isinstance(error, BrokenPipeError)
    if not closed and error.filename is not None:
        return _fail(click.ClickException(f"{error.filename}: {error.strerror}"))
    # What is still buffered has nowhere to go.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return (
        _PIPE_CLOSED if closed else _fail(click.ClickException(f"can't write the output: {error.strerror}"))
    )


def _fail(error: KLDivError | click.ClickException) -> int:
    message = _asking_better(error) if isinstance(error, click.ClickException) else str(error)
    click.echo(f"kldiv: {printable(message)}", err=True)
    return _BAD_INPUT


def _asking_better(error: click.ClickException) -> str:
    """What was wrong with the command, and where it is said how it's written."""
    message = error.format_message()
    if not isinstance(error, click.UsageError) or error.ctx is None or message.endswith("?"):
        return message
    if isinstance(error, click.MissingParameter):
        return f"{message.removesuffix('.')}; expected {error.ctx.get_usage().removeprefix('Usage: ')}"
    if isinstance(error, click.BadParameter):
        return message
    return f"{message.removesuffix('.')}; {error.ctx.command_path} --help lists what there is"
