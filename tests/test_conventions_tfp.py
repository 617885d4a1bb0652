"""Every TensorFlow Probability call shown to users, run in the real one on NumPy.

In a process of its own: where TensorFlow is loaded already, TensorFlow Probability asks for Keras 2.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

_CODE = """
import math
from conventions import PAIRS, assert_returns, calls_of
from tensorflow_probability.substrates.numpy import distributions as tfd
for pair in PAIRS:
    assert_returns(calls_of("tfp"), pair, {"tfd": tfd, "math": math, **pair._asdict()})
print(len(calls_of("tfp")), "calls")
"""


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow_probability") is None, reason="tensorflow_probability is missing"
)
def test_each_call_returns_what_tfp_returns():
    done = subprocess.run(
        [sys.executable, "-c", _CODE], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 10
