"""The prices that estimates are made of: tables of numbers, measured on some machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from typing import Any

import numpy as np

Rates = Mapping[str, Mapping[str, float]]
Levels = Mapping[str, Mapping[str, Sequence[float]]]

CACHES = (1 << 15, 1 << 20)  # bytes of a transform that fit in the first-level cache, and in the second-level one
SHORTEST_BLOCK, SMALLEST_VOLUME = 64, 1 << 15  # in lanes
SHORT = 11  # taps for which numpy.convolve has loops of its own, of real floats


@dataclass(frozen=True, eq=False)
class Prices:
    """What simple things cost, in seconds, and how many of them a second brings.

    Attributes
    ----------
    source : str
        Where the numbers come from, in a word.
    call, tile, spectrum : float
        Seconds of a call, a tile and a kernel's spectrum, beside their sums and transforms.
    batch : mapping
        Seconds of a batch of transforms, there and back, beside the transforms, by engine.
    workers : int
        Threads that share the tiles of a result.
    wake : float
        Seconds until other threads work, too.
    bandwidth : mapping
        Bytes a second that pass through memory, by who copies.
    product_rates : mapping
        Products with their sums a second, by loop and dtype; "matrices" are those of channels, "numpy short" those of
        NumPy's lines with a few taps.
    dots : mapping
        Seconds of each sum of NumPy's convolution of lines, beside its products, by dtype.
    transform_rates : mapping
        Nominal operations a second (2.5 N log2 N of a real transform, 5 N log2 N of a complex one), by engine and
        dtype: of a transform that fits in the first-level cache, in the second-level one, and in neither. "blocks" are
        those in lanes along two axes, with the kernel's spectrum beside them; "fftw axes" FFTW's along several axes
        whose lengths have other prime factors than two; "numpy volumes" NumPy's along three axes.
    block_rates : mapping
        Nominal operations a second of convolving a block in lanes (there, product and back: 10 N log2 N), by dtype: of
        64 samples, and of twice as many each time.
    volume_rates : mapping
        The same of blocks of three axes: of 32,768 samples, and of twice as many each time.
    load_seconds, compile_seconds : mapping
        Seconds to load what an engine needs, by the component's first word; and instead, to compile its loops, where
        no earlier process has left them on the disk.
    """

    source: str
    call: float
    tile: float
    spectrum: float
    batch: Mapping[str, float]
    workers: int
    wake: float
    bandwidth: Mapping[str, float]
    product_rates: Rates
    dots: Mapping[str, float]
    transform_rates: Levels
    block_rates: Mapping[str, Sequence[float]]
    volume_rates: Mapping[str, Sequence[float]]
    load_seconds: Mapping[str, float]
    compile_seconds: Mapping[str, float]

    def products(self, engine: str, dtype: np.dtype[Any], count: float) -> float:
        """Return the time of that many products and sums in a direct loop."""
        return count / self.product_rates[engine][_name(dtype)]

    def lines(self, dtype: np.dtype[Any], sums: float, taps: float) -> float:
        """Return the time of some sums by NumPy's convolution of lines: each is a product of two vectors, or short."""
        if taps <= SHORT and dtype.char in self.product_rates["numpy short"]:
            return self.products("numpy short", dtype, sums * taps)
        return self.products("numpy", dtype, sums * taps) + sums * self.dots[_name(dtype)]

    def transform(self, engine: str, dtype: np.dtype[Any], samples: float, length: float) -> float:
        """Return the time of transforming some samples in all, `length` a transform."""
        return samples * _sample(self, engine, dtype, length)

    def block(self, dtype: np.dtype[Any], length: int) -> float:
        """Return the time of convolving a block of complex samples in lanes, with a kernel's spectrum."""
        return _block(self, dtype, length, False)

    def volume(self, dtype: np.dtype[Any], size: int) -> float:
        """Return the time of convolving a block of three axes and some complex samples in lanes."""
        return _block(self, dtype, size, True)

    def passes(self, bytes_moved: float, compiled: bool = False) -> float:
        """Return the time of moving some bytes through memory, by NumPy or by compiled loops."""
        return bytes_moved / self.bandwidth["numba" if compiled else "numpy"]


@lru_cache(maxsize=4096)
def _sample(prices: Prices, engine: str, dtype: np.dtype[Any], length: float) -> float:
    """Return the time of transforming a sample, with as many others as a transform has."""
    operations = (5 if dtype.kind == "c" else 2.5) * max(1.0, log2(max(2.0, length)))
    size, rates = length * dtype.itemsize, prices.transform_rates[engine]
    level = (size > CACHES[0]) + (size > CACHES[1])
    return operations / rates[dtype.char if dtype.char in rates else "d"][level]


@lru_cache(maxsize=512)
def _block(prices: Prices, dtype: np.dtype[Any], length: int, volume: bool) -> float:
    """Return the time of convolving a block of complex samples in lanes: of one axis, or of three."""
    rates = (prices.volume_rates if volume else prices.block_rates)[dtype.char]
    place = log2(length) - log2(SMALLEST_VOLUME if volume else SHORTEST_BLOCK)
    low = min(int(place), len(rates) - 2)
    return 10 * length * log2(length) / (rates[low] + (place - low) * (rates[low + 1] - rates[low]))


def _name(dtype: np.dtype[Any]) -> str:
    """Return how tables of prices call a dtype."""
    return "integer" if dtype.kind in "biu" else dtype.char


PRIORS = Prices(
    source="priors",
    call=2e-6,
    tile=4e-5,
    spectrum=7e-5,
    batch={"fftw": 4e-5, "scipy": 6e-5, "numpy": 4e-5, "lanes": 1.5e-5, "panels": 1.5e-5},
    workers=2,
    wake=1.5e-4,
    bandwidth={"numpy": 8e9, "numba": 1.4e10},
    # Of one core of a Zen 4 with AVX-512.
    product_rates={
        "numba": {"f": 4.8e10, "d": 2.5e10, "F": 1.35e10, "D": 6.8e9, "integer": 2.2e10},
        "numpy": {"f": 2e10, "d": 1.1e10, "F": 9e9, "D": 4.5e9, "integer": 1.8e9, "g": 3e8, "G": 1e8, "O": 1e7},
        "numpy short": {"f": 5e9, "d": 4.5e9},
        "matrices numba": {"f": 5.2e10, "d": 2.6e10},
        "matrices numpy": {"f": 8e9, "d": 6e9, "F": 4e9, "D": 1.7e9, "integer": 6e9, "g": 3e8, "G": 1e8, "O": 1e7},
        "numpy taps": {"f": 1e9, "d": 5e8, "F": 3e8, "D": 2e8, "integer": 5e8, "g": 1e8, "G": 5e7, "O": 1e7},
    },
    dots={"f": 1e-8, "d": 8e-9, "F": 2.2e-8, "D": 2.4e-8, "integer": 2e-9, "g": 2e-8, "G": 3e-8, "O": 1e-7},
    transform_rates={
        "panels": {"F": (7e10, 7e10, 7e10), "D": (3.5e10, 3.5e10, 3.5e10)},
        "fftw": {"f": (18e9, 16e9, 11e9), "d": (24e9, 14e9, 7e9), "F": (52e9, 23e9, 8e9), "D": (28e9, 12e9, 6e9)},
        "fftw axes": {"f": (12e9, 15e9, 9e9), "d": (11e9, 10e9, 7e9), "F": (13e9, 16e9, 8e9), "D": (14e9, 11e9, 6e9)},
        "scipy": {
            **{"f": (17e9, 9e9, 9e9), "d": (12e9, 9e9, 7e9), "F": (21e9, 9e9, 8e9), "D": (13e9, 10e9, 4e9)},
            **{"g": (8e8, 8e8, 8e8), "G": (8e8, 8e8, 8e8)},
        },
        "blocks": {"F": (42e9, 54e9, 56e9), "D": (22e9, 27e9, 24e9)},
        "numpy": {"f": (2.2e9, 2.8e9, 3.3e9), "d": (12e9, 9e9, 6e9), "F": (12e9, 9e9, 3e9), "D": (13e9, 10e9, 3e9)},
        "numpy volumes": {"f": (4e9, 6e9, 3.5e9), "d": (5e9, 7e9, 6e9), "F": (2e9, 3e9, 3e9), "D": (5e9, 5e9, 4e9)},
    },
    block_rates={
        "F": (14e9, 24e9, 38e9, 46e9, 51e9, 55e9, 51e9, 54e9, 54e9, 49e9, 48e9),
        "D": (13e9, 18e9, 21e9, 26e9, 28e9, 26.5e9, 28.5e9, 26.5e9, 25.5e9, 26e9, 25e9),
    },
    volume_rates={
        "F": (30e9, 34e9, 37e9, 36e9, 22e9, 20e9),
        "D": (19e9, 19e9, 19e9, 15e9, 12e9, 10e9),
    },
    load_seconds={
        "scipy": 0.14,
        "fftw": 0.16,
        "numba": 0.42,
        "loops": 0.03,
        "at_once": 0.012,
        "packing": 0.008,
        "residues": 0.017,
        "columns": 0.037,
        "blocks": 0.036,
        "panel_columns": 0.018,
        "panel_rows": 0.014,
    },
    compile_seconds={
        "loops": 1.9,
        "at_once": 1.2,
        "packing": 1.0,
        "residues": 1.8,
        "columns": 2.1,
        "blocks": 3.0,
        "panel_columns": 2.2,
        "panel_rows": 1.1,
    },
)
