"""Memory for vectors: arrays that begin at a multiple of 64 bytes, and each thread's own, kept from call to call."""

from __future__ import annotations

import threading
from math import prod
from typing import Any

import numpy as np

from ..addresses import address_of
from ..protocol import Array
from .vectors import BYTES


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an uninitialised array at a multiple of 64 bytes."""
    size = prod(shape) * dtype.itemsize
    buffer = np.empty(size + BYTES, np.uint8)
    first = -address_of(buffer) % BYTES
    return buffer[first : first + size].view(dtype).reshape(shape)


def aligned_copy(array: Array) -> Array:
    """Return a copy at a multiple of 64 bytes."""
    copy = aligned(array.shape, array.dtype)
    copy[...] = array
    return copy


class _Workspace(threading.local):
    """A thread's memory, as much as it has needed at once so far."""

    buffer, place = np.empty(0, np.uint8), 0

    def address(self, size: int) -> int:
        """Return where that many bytes are free, at a multiple of 64."""
        if self.buffer.size < size:
            self.buffer = aligned((size,), np.dtype(np.uint8))
            self.place = address_of(self.buffer)
        return self.place


workspace = _Workspace()
