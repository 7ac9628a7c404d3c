"""The mode in which compiled code checks its loads and stores: it stops what leaves its arrays, and nothing else."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("numba", reason="there is no compiled code without numba")

BEGINNING = """
import numpy as np
from numba import njit
from sigconv.engines import simd, watch
from sigconv.engines.addresses import address_of

@njit
def copied(kind, source, target):
    simd.store(target, simd.PIECE, simd.load(kind[0], source, simd.PIECE, 2))

numbers, copy = np.arange(64.0, dtype="f"), np.zeros(64, "f")
size = 2 * simd.PIECE
first, last = address_of(numbers), address_of(numbers) + numbers.nbytes - size
into = address_of(copy)
"""
FINE = "copied(numbers, last, into); assert (copy[: size // 4] == numbers[-size // 4 :]).all()"
OUTSIDE = [
    "copied(numbers, last + 4, into)",
    "copied(numbers, first - 4, into)",
    "copied(numbers, last, into + copy.nbytes - size + 4)",
    "watch.samples_at(numbers, last, size // 4 + 1)",
    "spare = np.zeros(64, 'f'); place = spare.__array_interface__['data'][0]; copied(numbers, first, place)",
]


def ended(program, tmp_path):
    """Run a program in the mode; return its exit status and what it said."""
    settings = {"SIGCONV_CHECK_MEMORY": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", BEGINNING + program]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_what_stays_inside_goes_on(tmp_path):
    """Up to the last byte."""
    assert ended(FINE, tmp_path) == (0, "")


@pytest.mark.parametrize("program", OUTSIDE)
def test_what_leaves_an_array_ends(tmp_path, program):
    """One sample before it, one behind it, or an array that nobody named."""
    status, told = ended(program, tmp_path)
    assert status not in (0, 1), told  # 1: an exception, that is a mistake in this test


def test_an_index_that_leaves_an_array_is_an_error(tmp_path):
    """Two rows want two places."""
    program = """
from sigconv.engines.packing import pack_pairs
pack_pairs(numbers, np.zeros(1, np.intp), 0, 1, 1, np.zeros((2, 1), "F"))
"""
    status, told = ended(program, tmp_path)
    assert status == 1
    assert "IndexError" in told


@pytest.mark.full
def test_the_tests_of_compiled_code_pass_in_it(tmp_path):
    """They compile everything anew, and each load and store takes many times as long."""
    names = "loops", "lanes", "banks", "lane_tiles", "panels", "at_once", "nn", "channels", "rounded_integers", "blocks"
    names += ("winograd",)
    files = [f"test_{name}.py" for name in names]
    settings = {"SIGCONV_CHECK_MEMORY": "1", "NUMBA_CACHE_DIR": str(tmp_path), "SIGCONV_NUM_THREADS": "1"}
    folder = os.path.dirname(__file__)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", *(os.path.join(folder, file) for file in files)]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
