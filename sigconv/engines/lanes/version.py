"""What compiled code is made of: Numba's cache watches the file of a function, not those that it builds on."""

import hashlib
from pathlib import Path

from .. import simd

SOURCES = (Path(simd.__file__), *sorted(Path(__file__).parent.glob("*.py")))
# Functions that hold this number are compiled anew when a source changes: what a closure holds is part of their key.
VERSION = int(hashlib.sha256(b"".join(source.read_bytes() for source in SOURCES)).hexdigest()[:15], 16)
