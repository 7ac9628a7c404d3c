"""The other libraries' own tests pass with sigconv's drop-ins, or stand here with the reason why they don't."""

import json
import os
import subprocess
import sys
from pathlib import Path

import originals
import pytest

ROOT = Path(__file__).parent.parent

# Why ours differ.
KEPT = "in mode 'same', an axis that only broadcasts is kept; SciPy cuts it down to in1's length"
WHOLE = "negative sums wrap in uint64; SciPy takes them through float64, which can't hold 2^64 − 2"
TRANSFORM = "it looks at the shape of Astropy's own transform"

# Tests that do not pass, by library, with the reason.
ACCEPTED = {
    "scipy.signal": {
        "test_signaltools.py::TestOAConvolve::test_1d_axes": KEPT,
        "test_signaltools.py::TestOAConvolve::test_2d_axes": KEPT,
    },
    "scipy.ndimage": {
        f"test_filters.py::TestNdimageFilters::test_{name}": WHOLE
        for name in ("prewitt01", "prewitt02", "prewitt03", "sobel01", "sobel02", "sobel03")
    },
    "astropy.convolution": {"test_convolve_fft.py::TestConvolve2D::test_padding": TRANSFORM},
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


def shipped(library):
    """Skip where a library is installed without its tests, as some distributions do."""
    package = originals.LIBRARIES[library][0].partition(".tests")[0] + ".tests"
    pytest.importorskip(package, reason=f"{library} is installed without its tests")


def check(library, found):
    """Hold every function to its library's tests: some called it, and all of them pass but the accepted ones."""
    assert all(found["passed"].values()), "a function that no test called"
    failed = {test: function for function, tests in found["failed"].items() for test in tests}
    assert set(failed) <= set(ACCEPTED[library]), failed


@pytest.mark.parametrize("library", originals.LIBRARIES)
def test_a_sample_of_their_tests(library, tmp_path):
    """One case of every test."""
    shipped(library)
    check(library, run(tmp_path, library, 1))


@pytest.mark.full
@pytest.mark.parametrize("library", originals.LIBRARIES)
def test_all_their_tests(library, tmp_path):
    """Every case; and an accepted difference is still one."""
    shipped(library)
    found = run(tmp_path, library, 0)
    check(library, found)
    assert set(ACCEPTED[library]) == {test for tests in found["failed"].values() for test in tests}


def test_wrong_functions_are_seen(tmp_path):
    """With functions that are wrong, tests of every one of them fail."""
    shipped("scipy.ndimage")
    assert all(run(tmp_path, "scipy.ndimage", 1, "wrong")["failed"].values())


def test_cases_are_evenly_spread():
    """The sample reaches over all the cases."""
    assert originals.evenly(list(range(10)), 3) == [1, 5, 8]
    assert originals.evenly(list(range(10)), 0) == list(range(10))
