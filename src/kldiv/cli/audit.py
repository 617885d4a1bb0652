"""`kldiv audit`: runs a program and says what is wrong with its calls of kl_div."""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kldiv.cli.targets import check_targets
from kldiv.errors import KLDivError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kldiv.auditing.record import Audit

_EXAMPLE = "kldiv audit train.py --epochs 1"


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    short_help="Find wrong calls of PyTorch's kl_div in a running program.",
    epilog=f"For example: {_EXAMPLE}",
)
@click.option("-m", "module", is_flag=True, help="SCRIPT is the name of a module, as for python -m.")
@click.option("--json", metavar="FILE", help="Write the report as JSON to a file, or - for standard output.")
@click.option("--output", metavar="FILE", help="Write the report to a file instead of standard error.")
@click.argument("script", metavar="SCRIPT")
@click.argument("arguments", metavar="[ARGUMENTS]...", nargs=-1, type=click.UNPROCESSED)
def audit(
    script: str, arguments: tuple[str, ...], *, module: bool, json: str | None, output: str | None
) -> None:
    """Run SCRIPT as python would, and say what is wrong with its calls of PyTorch's kl_div.

    F.kl_div, nn.KLDivLoss and torch.kl_div are watched: what their arguments hold, what they return, and
    what kldiv.kl would have. The program's output, result and exit code stay what they are. The report
    follows its end, on standard error.
    """
    from kldiv.auditing.running import die_as_interrupted, find, run  # noqa: PLC0415 (--help costs nothing)

    program = find(script, module=module)
    check_targets([json, output], () if module else (script,), "the program that is run")
    watched = _watched()
    # The program may go to another folder.
    json_path, output_path = _absolute(json), _absolute(output)

    def finish() -> None:
        _report(watched(), json=json_path, output=output_path)
        die_as_interrupted()

    _at_the_end(finish)
    run(program, arguments)


def _absolute(path: str | None) -> str | None:
    return path if path in (None, "-") else str(Path(path).absolute())


def _watched() -> "Callable[[], Audit]":
    """Begin to watch once the program loads torch; the function returned gives what was seen."""
    from kldiv.auditing.loading import when_torch_loads  # noqa: PLC0415
    from kldiv.auditing.record import Audit  # noqa: PLC0415

    seen = Audit()

    def start() -> None:
        from kldiv.auditing.watching import start  # noqa: PLC0415 (loads torch)

        start(seen)

    when_torch_loads(start)
    return lambda: seen


def _at_the_end(finish: "Callable[[], None]") -> None:
    """Do it when the program, its threads and its own handlers have ended; not in a process it forked."""
    import atexit  # noqa: PLC0415
    import os  # noqa: PLC0415

    process = os.getpid()
    atexit.register(lambda: finish() if os.getpid() == process else None)


def _report(seen: "Audit", *, json: str | None, output: str | None) -> None:
    """Write the report where it was asked for; a failure can't change the program's exit code any more."""
    try:
        if json is not None:
            _write(json, _as_json(seen))
        if output is not None:
            from kldiv.auditing.text import text  # noqa: PLC0415

            _write(output, text(seen))
        if json is None and output is None:
            from kldiv.report.audit_terminal import show  # noqa: PLC0415

            with contextlib.suppress(AttributeError, OSError, ValueError):
                sys.stdout.flush()  # the program may have closed it, or its reader left
            if sys.__stderr__ is not None:
                show(seen, sys.__stderr__)
    except KLDivError as error:
        _say(str(error))
    except BrokenPipeError:
        pass  # whoever read the report has left
    except (AttributeError, OSError, ValueError):
        _say("the report is lost: the program has closed the stream that it was to go to")


def _say(message: str) -> None:
    if sys.__stderr__ is not None and not sys.__stderr__.closed:
        click.echo(f"kldiv: {message}", sys.__stderr__)


def _as_json(seen: "Audit") -> str:
    from kldiv.report.json import dumps  # noqa: PLC0415

    return dumps(seen.document())


def _write(path: str, text: str) -> None:
    from kldiv.report.writing import write_text  # noqa: PLC0415

    if path == "-":
        sys.stdout.flush()
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_text(Path(path), text)
