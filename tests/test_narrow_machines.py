"""Compiled code on CPUs whose vectors are narrower, and which multiply and add in two steps: by what LLVM is told."""

import os
import platform
import subprocess
import sys

import pytest

from sigconv.engines.transforms import installed

if not installed("numba"):
    pytest.skip("numba, which compiles, is not installed", allow_module_level=True)
if platform.machine() not in ("x86_64", "AMD64"):
    pytest.skip("these are CPUs of another kind than this one", allow_module_level=True)

# A CPU's name, its features, and the bytes of its registers.
MACHINES = [
    ("haswell", "+avx,+avx2,+fma", 32),
    ("nehalem", "+sse3,+ssse3,+sse4.1,+sse4.2", 16),
    ("x86-64", "+sse2", 16),
]
PROGRAM = """
import sys
import numpy as np
from sigconv.engines import by_address, rows, simd
from sigconv.engines.lanes import columns, lines

assert simd.PIECE == int(sys.argv[1])
rng = np.random.default_rng(0)
signal, taps = rng.integers(-9, 10, 2000).astype("f"), rng.integers(-9, 10, 33).astype("f")
exact = np.convolve(signal, taps)

summed = np.empty(2032, "f")
read = rows.rows_of(signal, (rows.Span(-32, 2032, 2000, "zero"),), 1, 2032, summed.dtype, 0)
rows.fill_sums(read, taps, summed, ((1, 1),))
assert np.array_equal(summed, exact)

blocks, place = np.empty(2032, "f"), lines.Place(0, 32, "zero", 0)
lines.convolve_lines(signal, columns.spectra_of(taps[None], 512), blocks, place, 512)
assert np.abs(blocks - exact).max() < 0.01

text = "".join(loop._library.get_asm_str() for loop in by_address.made.values())
print([name for name in ("xmm", "ymm", "zmm") if name in text])
"""
FILES = ["loops", "at_once", "panels", "lanes", "lane_tiles", "transform_errors", "nn", "rounded_integers", "blocks"]
FILES += ["winograd"]


def settings(cpu, features, folder):
    """Return the environment of a process that compiles for a CPU."""
    return os.environ | {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(folder)}


@pytest.mark.parametrize(("cpu", "features", "piece"), MACHINES[:2])
def test_sums_and_blocks(tmp_path, cpu, features, piece):
    """Both are right, and keep to the registers that the CPU has."""
    command = [sys.executable, "-c", PROGRAM, str(piece)]
    done = subprocess.run(command, env=settings(cpu, features, tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert eval(done.stdout) == ["xmm", "ymm"][: piece // 16]


@pytest.mark.full
@pytest.mark.parametrize(("cpu", "features", "piece"), MACHINES)
def test_the_tests_of_compiled_code(tmp_path, cpu, features, piece):
    """All of them, compiled anew."""
    files = [os.path.join(os.path.dirname(__file__), f"test_{name}.py") for name in FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, env=settings(cpu, features, tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
