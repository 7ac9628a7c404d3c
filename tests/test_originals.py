"""The other libraries' own tests pass with sigconv's drop-ins, or stand here with the reason why they don't."""

import json
import os
import subprocess
import sys
from pathlib import Path

import originals
import pytest

ROOT = Path(__file__).parent.parent

# Tests that do not pass, by library, with the reason why ours differs.
ACCEPTED: dict[str, dict[str, str]] = {
    "scipy.signal": {},
    "scipy.ndimage": {},
    "astropy.convolution": {
        "test_convolve_fft.py::TestConvolve2D::test_padding": "it looks at the shape of Astropy's own transform",
    },
}


def run(folder, *arguments):
    """Return what passed and what failed, by function, from a process of its own without our settings."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, str(Path(originals.__file__)), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def check(library, found):
    """Hold every function to its library's tests: some called it, and all of them pass but the accepted ones."""
    assert all(found["passed"].values()), "a function that no test called"
    failed = {test: function for function, tests in found["failed"].items() for test in tests}
    assert set(failed) <= set(ACCEPTED[library]), failed


@pytest.mark.parametrize("library", originals.LIBRARIES)
def test_a_sample_of_their_tests(library, tmp_path):
    """One case of every test."""
    check(library, run(tmp_path, library, 1))


@pytest.mark.full
@pytest.mark.parametrize("library", originals.LIBRARIES)
def test_all_their_tests(library, tmp_path):
    """Every case; and an accepted difference is still one."""
    found = run(tmp_path, library, 0)
    check(library, found)
    assert set(ACCEPTED[library]) == {test for tests in found["failed"].values() for test in tests}


def test_wrong_functions_are_seen(tmp_path):
    """With functions that are wrong, tests of every one of them fail."""
    assert all(run(tmp_path, "scipy.ndimage", 1, "wrong")["failed"].values())


def test_cases_are_evenly_spread():
    """The sample reaches over all the cases."""
    assert originals.evenly(list(range(10)), 3) == [1, 5, 8]
    assert originals.evenly(list(range(10)), 0) == list(range(10))
