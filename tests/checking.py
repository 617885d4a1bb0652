"""What the tests of `kldiv check` share: the command in its own process, at a terminal, and sample code."""

import os
import subprocess
import sys

import terminals

from kldiv.checker.project import Wish, check_content

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


def at_terminal(*arguments, **options):
    """What the command writes to a terminal, standard error included, and its exit code."""
    return terminals.at_terminal([*COMMAND, *map(str, arguments)], **options)


def codes(content, name="a.py", **wish):
    """The codes of what is found in a file's content."""
    content = content if isinstance(content, bytes) else content.encode()
    return [each.code for each in check_content(content, name, Wish(**wish)).findings]
