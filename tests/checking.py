"""What the tests of `kldiv check` share: the command in its own process, at a terminal, and sample code."""

import os
import pty
import select
import subprocess
import sys

# A call whose mistake is decided by the call alone: the constructor gets tensors.
WRONG = "import torch.nn as nn\nloss = nn.KLDivLoss(a, b)\n"
HARMLESS = "import torch.nn.functional as F\nloss = F.mse_loss(a, b)\n"
COMMAND = [sys.executable, "-m", "kldiv", "check"]


def check(*arguments, cwd, piped=None, **environment):
    """Run the command; what it printed, as bytes where its input is bytes."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        input=piped,
        capture_output=True,
        text=not isinstance(piped, bytes),
        check=False,
        env=os.environ | environment,
    )


def at_terminal(*arguments, cwd, columns=80, **environment):
    """What the command writes to a terminal of this width, standard error included, and its exit code."""
    master, slave = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
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
