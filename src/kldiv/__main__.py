"""The command `kldiv`, and `python -m kldiv`: the command line, and Ctrl-C from its first moment on."""

import sys

from kldiv import interruption


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["audit"]:  # whose program has its own way with Ctrl-C
        _run()
        return
    interruption.watch()
    try:
        _run()
    except (Exception, KeyboardInterrupt):
        if not interruption.was_pressed():
            raise
        sys.exit(interruption.exit_code())
    finally:
        interruption.end()


def _run() -> None:
    from kldiv.cli import main as run  # noqa: PLC0415 (loading it takes time)

    run()


if __name__ == "__main__":
    main()
