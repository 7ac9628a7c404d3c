"""Compiled loops stay on the disk: a second process compiles nothing."""

import subprocess
import sys

import pytest

from sigconv.engines.transforms import installed

if not installed("numba"):
    pytest.skip("numba, which compiles, is not installed", allow_module_level=True)

PROGRAM = """
from numba.core import event
import sigconv
from sigconv.study import own_prices

with event.install_recorder("numba:run_pass") as passes:
    for name, dtype in own_prices.COMPONENTS:
        own_prices.time_of_use(name, dtype)
modules = {passed.data["module"] for _, passed in passes.buffer}
print(sorted(name for name in modules if name.startswith("sigconv")))
"""


def test_a_second_process_compiles_nothing():
    """Every component of every dtype, after a first process has compiled what others have not."""
    command = [sys.executable, "-c", PROGRAM]
    subprocess.run(command, capture_output=True, check=True)
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"
