"""The prices that estimates are made of: seconds of simple things on one core."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np

# Products with their sums a second, by loop and dtype: measured on one core of a Zen 4 with AVX-512.
_PRODUCTS = {
    "numba": {"f": 2.9e10, "d": 1.5e10, "F": 8.5e9, "D": 4.2e9, "integer": 1.3e10},
    "numpy": {"f": 8e9, "d": 6e9, "F": 4e9, "D": 1.7e9, "integer": 1.8e9, "g": 3e8, "G": 1e8, "O": 1e7},
    "numpy taps": {"f": 1e9, "d": 5e8, "F": 3e8, "D": 2e8, "integer": 5e8, "g": 1e8, "G": 5e7, "O": 1e7},
}
# Nominal operations (2.5 N log2 N of a real transform, 5 N log2 N of a complex one) a second, in float32.
_OPERATIONS = {"fftw": 2.4e10, "scipy": 9e9, "numpy": 5e9}
# How much longer a sample of a dtype takes in a transform than one of float32.
_TRANSFORM_FACTOR = {"f": 1.0, "d": 1.7, "F": 2.0, "D": 3.4, "g": 30.0, "G": 60.0}
_CACHE = 1 << 20  # bytes of the second-level cache of one core
_BEYOND_CACHE = 2.5  # how much slower a transform is that does not fit


@dataclass(frozen=True)
class Prices:
    """Prices in seconds: of a call, of a tile, of products, transforms and memory passes."""

    call: float = 2e-6
    tile: float = 2.5e-5
    bandwidth: float = 8e9

    def products(self, engine: str, dtype: np.dtype[Any], count: float) -> float:
        """Return the time of that many products and sums in a direct loop."""
        return count / _PRODUCTS[engine]["integer" if dtype.kind in "biu" else dtype.char]

    def transform(self, engine: str, dtype: np.dtype[Any], samples: float, length: float) -> float:
        """Return the time of transforming some samples in all, `length` a transform."""
        operations = 2.5 * samples * max(1.0, log2(max(2.0, length)))
        beyond = _BEYOND_CACHE if length * dtype.itemsize > _CACHE else 1.0
        return operations * _TRANSFORM_FACTOR[dtype.char] * beyond / _OPERATIONS[engine]

    def passes(self, bytes_moved: float) -> float:
        """Return the time of moving some bytes through memory."""
        return bytes_moved / self.bandwidth


PRIORS = Prices()
