"""NPY files."""

from pathlib import Path

import numpy as np

from ..errors import FileError
from . import memory
from .replace import GuardedFile
from .signal import Signal


def read(path: Path) -> Signal:
    """Read an NPY file of numbers or booleans; nothing in it is ever executed (no pickles)."""
    try:
        # Mapping it first finds a file shorter than its header says before any memory is taken.
        with np.errstate(all="ignore"):  # of products of the sizes that a header claims
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # what is found in place of a header is not limited to a few kinds of nonsense
        reason = " ".join(str(error).split())
        raise FileError(f"{path} is truncated, damaged or not plain numbers ({reason}): save it again") from error
    if mapped.dtype.kind not in "biufc":
        raise FileError(f"{path} holds {mapped.dtype}, not numbers: save an array of numbers")
    memory.require(mapped.nbytes, f"reading {path}")
    return Signal(np.array(mapped), "array", tuple(range(mapped.ndim)))


def write(file: GuardedFile, suffix: str, signal: Signal) -> int:
    """Write the samples as they are; return 0, as none is ever clipped."""
    try:
        np.lib.format.write_array(file, signal.data, allow_pickle=False)
    except ValueError as error:
        raise FileError(f"an NPY file can't hold {signal.data.dtype} ({error}): convert to numbers") from error
    return 0
