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


NAMES = """
import gc, importlib, pkgutil
from collections import Counter
from numba.core.dispatcher import Dispatcher
from sigconv import engines

for module in pkgutil.walk_packages(engines.__path__, "sigconv.engines."):
    importlib.import_module(module.name)
functions = [o.py_func for o in gc.get_objects() if type.__instancecheck__(Dispatcher, o)]
names = Counter(f"{f.__module__}.{f.__qualname__}" for f in functions if f.__module__.startswith("sigconv"))
assert len(names) > 50
print(sorted(name for name, count in names.items() if count > 1))
"""


def test_no_two_loops_share_a_name():
    """Where two processes compiled one each, the name and number under which a third one finds them may be the same."""
    done = subprocess.run([sys.executable, "-c", NAMES], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
