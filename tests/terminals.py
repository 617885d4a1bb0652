"""A command at a terminal of its own."""

import os
import pty
import select
import subprocess


def at_terminal(command, columns=80, cwd=None, **environment):
    """What a command writes to a terminal of this width, standard error included, and its exit code."""
    master, slave = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=kept | {"TERM": "xterm", "COLUMNS": str(columns)} | environment,
    ) as process:
        os.close(slave)
        text = b""
        while select.select([master], [], [], 60)[0]:
            try:
                text += os.read(master, 65536)
            except OSError:
                break
    os.close(master)
    return process.returncode, text.decode().replace("\r\n", "\n")
