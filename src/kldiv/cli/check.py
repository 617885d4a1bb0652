"""`kldiv check`: wrong and questionable calls of PyTorch's KL function, found in the source."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

import click

from kldiv.errors import InvalidInputError

if TYPE_CHECKING:
    from kldiv.checker.finding import Finding
    from kldiv.checker.project import FileReport, Wish
    from kldiv.report.findings_text import Line

_FOUND, _UNWRITTEN = 1, 2
_STDIN = "-"
_EXAMPLE = "kldiv check src --fix"
Format = Literal["text", "json", "sarif", "github"]


def _codes(_context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    from kldiv.checker.selection import checked_codes  # noqa: PLC0415 (--help costs nothing)

    return checked_codes(",".join(given).split(",") if given else (), f"--{parameter.name}")


def _explain(context: click.Context, _parameter: click.Parameter, given: str | None) -> None:
    """Print the page of one rule."""
    if given is None:
        return
    from kldiv.checker.notices import all_pages  # noqa: PLC0415
    from kldiv.report.findings import page  # noqa: PLC0415

    rules = all_pages()
    rule = rules.get(given.upper())
    if rule is None:
        raise click.BadParameter(f"{given!r} is no rule; expected one of {', '.join(rules)}")
    if sys.stdout.isatty():
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.findings_terminal import show_page  # noqa: PLC0415

        show_page(rule, OutputConsole())
    else:
        sys.stdout.write(page(rule))
    context.exit()


def _list_rules(context: click.Context, _parameter: click.Parameter, given: bool) -> None:
    """Print all rules."""
    if not given:
        return
    from kldiv.checker.notices import all_pages  # noqa: PLC0415
    from kldiv.report.findings import rule_lines  # noqa: PLC0415

    rules = all_pages().values()
    if sys.stdout.isatty():
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.findings_terminal import show_rules  # noqa: PLC0415

        show_rules(rules, OutputConsole())
    else:
        sys.stdout.write(rule_lines(rules))
    context.exit()


@click.command(
    short_help="Find wrong calls of PyTorch's kl_div in source code.",
    epilog=f"For example: {_EXAMPLE}",
)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How findings are printed.",
)
@click.option(
    "--select",
    multiple=True,
    callback=_codes,
    metavar="CODES",
    help="Report these alone: codes such as KL003 or their beginnings, with commas between.",
)
@click.option("--ignore", multiple=True, callback=_codes, metavar="CODES", help="Leave these out.")
@click.option("--fix", is_flag=True, help="Rewrite what can be put right safely, and report what is left.")
@click.option("--to-kldiv", is_flag=True, help="With --fix or --diff: turn right calls into kldiv.kl too.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@click.option(
    "--stdin-filename", metavar="NAME", help="What standard input, given as -, is called in the output."
)
@click.option("--unused-ignores", is_flag=True, help="Report ignoring comments that ignore nothing.")
@click.option(
    "--explain",
    metavar="CODE",
    callback=_explain,
    expose_value=False,
    is_eager=True,
    help="Print the page of one rule.",
)
@click.option(
    "--rules",
    is_flag=True,
    callback=_list_rules,
    expose_value=False,
    is_eager=True,
    help="List the rules.",
)
def check(
    paths: tuple[str, ...],
    *,
    format_: Format,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    to_kldiv: bool,
    diff: bool,
    stdin_filename: str | None,
    unused_ignores: bool,
) -> None:
    """Find wrong and questionable calls of F.kl_div and nn.KLDivLoss in Python files and notebooks.

    PATHS are files and folders, - for standard input; the current folder if there are none. Nothing is
    imported or run. Exit code 1 means that something was found. `# kldiv: ignore[KL003]` in a statement
    takes a finding back, and [tool.kldiv] in pyproject.toml says what holds for a project.
    """
    _check_usage(paths, format_, stdin_filename, fix=fix, to_kldiv=to_kldiv, diff=diff)
    from kldiv.checker.project import Wish  # noqa: PLC0415 (--help costs nothing)
    from kldiv.checker.selection import Selection  # noqa: PLC0415

    wish = Wish(Selection(select, ignore), unused_ignores)
    piped = sys.stdin.buffer.read() if stdin_filename is not None or _STDIN in paths else None
    reports = _reports(paths, wish, piped, stdin_filename or "<stdin>")
    unwritten: list[str] = []
    if diff:
        found = _show_changes(reports, wish, to_kldiv=to_kldiv)
    elif fix:
        # Of standard input the fixed text is the output, and findings go where errors do.
        out = sys.stdout if piped is None else sys.stderr
        found = _print(_fixed(reports, wish, piped, unwritten, to_kldiv=to_kldiv), format_, out)
    else:
        found = _print(reports, format_, sys.stdout)
    sys.stdout.flush()
    if unwritten:
        raise click.exceptions.Exit(_UNWRITTEN)
    if found:
        raise click.exceptions.Exit(_FOUND)


def _check_usage(
    paths: tuple[str, ...],
    format_: Format,
    stdin_filename: str | None,
    *,
    fix: bool,
    to_kldiv: bool,
    diff: bool,
) -> None:
    if to_kldiv and not (fix or diff):
        raise InvalidInputError("--to-kldiv changes files; expected --fix or --diff beside it")
    if fix and diff:
        raise InvalidInputError("got --fix and --diff; expected one of them")
    if diff and format_ != "text":
        raise InvalidInputError(f"--diff prints a diff; expected it without --format {format_}")
    if _STDIN in paths and len(paths) > 1:
        raise InvalidInputError("got - and other paths; expected standard input alone")
    if stdin_filename is not None and paths not in ((), (_STDIN,)):
        raise InvalidInputError("--stdin-filename names standard input; expected - as the only path")


def _reports(paths: Sequence[str], wish: "Wish", piped: bytes | None, name: str) -> Iterator["FileReport"]:
    from kldiv.checker.project import check_content, check_paths  # noqa: PLC0415

    if piped is not None:
        yield check_content(piped, name, wish)
        return
    for report in check_paths([Path(path) for path in paths or (".",)], wish):
        if report.excluded:
            _say(f"{report.path} is excluded by [tool.kldiv] and was not checked")
        else:
            yield report


def _fixed(
    reports: Iterator["FileReport"],
    wish: "Wish",
    piped: bytes | None,
    unwritten: list[str],
    *,
    to_kldiv: bool,
) -> Iterator["FileReport"]:
    """Rewrite each file, or print standard input with its changes, and go on with what is left.

    A file that can't be written is said, added to `unwritten`, and left with all its findings.
    """
    from kldiv.checker.fixing import rewrite_document  # noqa: PLC0415

    for report in reports:
        rewriting = rewrite_document(report, wish, to_kldiv=to_kldiv)
        problem = None
        if piped is not None:
            sys.stdout.buffer.write(rewriting.content if rewriting.changes else piped)
            sys.stdout.buffer.flush()
        elif rewriting.changes:
            problem = _written(Path(report.path), rewriting.content)
        if problem:
            unwritten.append(report.path)
            _say(f"kldiv: {problem}; nothing in it was changed")
            yield report
            continue
        for line in (*rewriting.changes, *rewriting.refusals):
            _say(line)
        yield rewriting.left


def _written(path: Path, content: bytes) -> str | None:
    """Rewrite a file; what keeps it from being written."""
    from kldiv.report.writing import rewrite  # noqa: PLC0415

    try:
        rewrite(path, content)
    except InvalidInputError as error:
        return str(error)
    return None


def _show_changes(reports: Iterator["FileReport"], wish: "Wish", *, to_kldiv: bool) -> int:
    """Print the diff of every file; how many findings and changes there are."""
    from kldiv.checker.fixing import rewrite_document  # noqa: PLC0415
    from kldiv.report.findings import unified_diff  # noqa: PLC0415

    found = 0
    for report in reports:
        rewriting = rewrite_document(report, wish, to_kldiv=to_kldiv)
        found += len(report.findings) + len(rewriting.changes)
        if rewriting.changes:
            _write_diff(unified_diff(report.path, rewriting.before, rewriting.after))
        for line in rewriting.refusals:
            _say(line)
        if rewriting.left.findings:
            _say(f"{report.path}: {len(rewriting.left.findings)} of its findings would be left")
    return found


def _write_diff(diff: str) -> None:
    if sys.stdout.isatty():
        from kldiv.report.console import OutputConsole  # noqa: PLC0415
        from kldiv.report.findings_terminal import show_diff  # noqa: PLC0415

        show_diff(diff, OutputConsole())
    else:
        sys.stdout.flush()
        # Line ends are part of what is shown, and none of them may be translated.
        sys.stdout.buffer.write(diff.encode(sys.stdout.encoding, "replace"))


def _print(reports: Iterator["FileReport"], format_: Format, out: TextIO) -> int:
    """Print the findings; how many there are."""
    if format_ == "text":
        return _print_text(reports, out)
    from kldiv.report import findings as formats  # noqa: PLC0415

    found = [each for report in reports for each in report.placed]
    if format_ == "github":
        _write_for_programs(formats.github(found), out, "surrogateescape")
    else:
        from kldiv.report.json import dumps  # noqa: PLC0415

        log = formats.documents(found) if format_ == "json" else formats.sarif(found)
        # What stands for a byte that is no UTF-8, in a file's name, becomes an escape of JSON.
        _write_for_programs(dumps(log), out, "backslashreplace")
    return len(found)


def _write_for_programs(text: str, out: TextIO, errors: str) -> None:
    """Write UTF-8 whatever the terminal's encoding: JSON, SARIF and GitHub's commands are."""
    if out.isatty():
        out.write(text)
    else:
        out.flush()
        out.buffer.write(text.encode(errors=errors))


def _print_text(reports: Iterator["FileReport"], out: TextIO) -> int:
    """Print the findings file by file, as they are made, and a sentence on how many there were."""
    from kldiv.checker.fixing import fixable  # noqa: PLC0415
    from kldiv.report.findings import counted  # noqa: PLC0415
    from kldiv.report.findings_text import Piece, blocks  # noqa: PLC0415

    render, width = _renderer(out)
    files, offered = 0, 0
    found: list[Finding] = []
    for report in reports:
        files += 1
        offered += fixable(report)
        found += report.findings
        out.writelines(f"{render(lines)}\n" for lines in blocks(report, width))
    out.write(render([[Piece(counted(found, files, offered))]]))
    return len(found)


def _renderer(out: TextIO) -> tuple[Callable[[Sequence["Line"]], str], int]:
    """What makes text of lines, and how wide they may be: on a terminal with colours, or plain."""
    if out.isatty():
        from kldiv.report.findings_terminal import coloured, console_of  # noqa: PLC0415

        console = console_of(out)
        return lambda lines: coloured(lines, console), console.width
    from kldiv.report.findings_text import PIPE_WIDTH, plain  # noqa: PLC0415

    return plain, PIPE_WIDTH


def _say(line: str) -> None:
    from kldiv.report.printable import printable  # noqa: PLC0415

    click.echo(printable(line), err=True)
