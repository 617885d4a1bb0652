"""Settings of the whole suite: the same examples on every machine, and no deadline on slow ones."""

import pytest
import torch
from hypothesis import HealthCheck, settings

from kldiv import cli

settings.register_profile(
    "kldiv",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("kldiv")


@pytest.fixture(autouse=True)
def _seeded():
    """Tests that draw from torch's own generator draw the same numbers in any order of the tests."""
    torch.manual_seed(0)


@pytest.fixture
def run(capfd):
    """`kldiv` with these arguments: its exit code, and what it wrote to either stream."""

    def run(*arguments):
        code = cli._run([*map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return run
