"""What compiled code is made of: Numba's cache watches the file of a function, not those that it builds on."""

import hashlib
from pathlib import Path

from .. import simd, watch

SOURCES = (Path(simd.__file__), Path(watch.__file__), *sorted(Path(__file__).parent.glob("*.py")))
# Functions that hold this number are compiled anew when a source changes: what a closure holds is part of their key.
_CONTENT = b"".join(source.read_bytes() for source in SOURCES) + bytes(watch.WATCHING)
VERSION = int(hashlib.sha256(_CONTENT).hexdigest()[:15], 16)
