"""What compiled code is made of: Numba's cache watches the file of a function, not those that it builds on."""

from pathlib import Path

from .. import simd

FILES = sorted(f"lanes/{file.name}" for file in Path(__file__).parent.glob("*.py"))
# Functions that hold this number are compiled anew when a source changes: what a closure holds is part of their key.
VERSION = simd.version(*FILES)
