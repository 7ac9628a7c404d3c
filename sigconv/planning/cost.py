"""The prices that estimates are made of: seconds of simple things on one core."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np

# Products with their sums a second, by loop and dtype: measured on one core of a Zen 4 with AVX-512.
_PRODUCTS = {
    "numba": {"f": 4.8e10, "d": 2.5e10, "F": 1.35e10, "D": 6.8e9, "integer": 2.2e10},
    "numpy": {"f": 8e9, "d": 6e9, "F": 4e9, "D": 1.7e9, "integer": 1.8e9, "g": 3e8, "G": 1e8, "O": 1e7},
    "numpy taps": {"f": 1e9, "d": 5e8, "F": 3e8, "D": 2e8, "integer": 5e8, "g": 1e8, "G": 5e7, "O": 1e7},
}
# Nominal operations (2.5 N log2 N of a real transform, 5 N log2 N of a complex one) a second, of a transform that fits
# in the first-level cache, in the second-level cache, and in neither.
_OPERATIONS = {
    "fftw": {"f": (18e9, 16e9, 11e9), "d": (24e9, 14e9, 7e9), "F": (52e9, 23e9, 8e9), "D": (28e9, 12e9, 6e9)},
    "scipy": {"f": (17e9, 9e9, 9e9), "d": (12e9, 9e9, 7e9), "F": (21e9, 9e9, 8e9), "D": (13e9, 10e9, 4e9)},
    "numpy": {"f": (10e9, 9e9, 6e9), "d": (12e9, 9e9, 6e9), "F": (12e9, 9e9, 3e9), "D": (13e9, 10e9, 3e9)},
}
_LONG_DOUBLE = (8e8, 8e8, 8e8)
_CACHES = (1 << 15, 1 << 20)  # bytes of a transform that fit


@dataclass(frozen=True)
class Prices:
    """Prices in seconds: of a call, a tile, a batch of transforms, a kernel's spectrum; memory's bytes a second."""

    call: float = 2e-6
    tile: float = 4e-5
    batch: float = 1.5e-5
    spectrum: float = 7e-5
    bandwidth: float = 8e9

    def products(self, engine: str, dtype: np.dtype[Any], count: float) -> float:
        """Return the time of that many products and sums in a direct loop."""
        return count / _PRODUCTS[engine]["integer" if dtype.kind in "biu" else dtype.char]

    def transform(self, engine: str, dtype: np.dtype[Any], samples: float, length: float) -> float:
        """Return the time of transforming some samples in all, `length` a transform."""
        operations = (5 if dtype.kind == "c" else 2.5) * samples * max(1.0, log2(max(2.0, length)))
        level = sum(length * dtype.itemsize > cache for cache in _CACHES)
        return operations / _OPERATIONS[engine].get(dtype.char, _LONG_DOUBLE)[level]

    def passes(self, bytes_moved: float) -> float:
        """Return the time of moving some bytes through memory."""
        return bytes_moved / self.bandwidth


PRIORS = Prices()
