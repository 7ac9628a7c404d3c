"""What calls allocate."""

import tracemalloc

import numpy as np

from sigconv.engines import transforms
from sigconv.engines.transforms import installed


def forget():
    """Have the engines' buffers and workspaces allocated anew."""
    transforms._pool = transforms._Pool()
    if installed("numba"):
        from sigconv.engines.lanes import memory

        memory.workspace.buffer = np.empty(0, np.uint8)


def peak_of(work, *arguments, **options):
    """Give the bytes that a call holds at its peak, its result included if it makes one."""
    tracemalloc.start()
    try:
        work(*arguments, **options)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
