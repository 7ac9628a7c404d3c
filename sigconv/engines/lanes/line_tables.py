"""The tables of transforms along lines: their passes, roots and turns, made once for each length."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of
from ..lengths import radices
from ..protocol import Array
from .ends import READ, WRITE
from .groups import across_turns
from .levels import LEFT, levels_of
from .memory import aligned
from .passes import ROW, stretch_of_passes, twiddle_table
from .twiddles import frequencies, roots, stretch_of
from .vectors import BYTES

# Bytes of the rows that the inner levels go over, one level after the other.
_PART = 1 << 14


class Tables(NamedTuple):
    """What the passes of a length need, how much too long they come out, and what the addresses point to."""

    arguments: tuple[Any, ...]
    size: int
    stretch: float
    kept: tuple[Array, ...]


def lanes_of(dtype: np.dtype[Any]) -> int:
    """Return L, how many real numbers of the precision of a dtype a vector holds."""
    return BYTES // real_dtype(dtype).itemsize


def real_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of the parts of numbers of a dtype."""
    return np.zeros((), dtype).real.dtype


def empty_spectra(count: int, size: int, dtype: np.dtype[Any]) -> Array:
    """Return memory for the spectra of some kernels, one to a row of so many frequencies."""
    return aligned((count, 2 * size), real_dtype(dtype))


def scaled(kernels: Array, size: int, stretch: float) -> Array:
    """Return a copy of kernels, times the inverse of the number of points of the transforms.

    It makes up for the three transforms of a convolution that come out too long.
    """
    taps = np.array(kernels, order="C")
    parts = taps.view(real_dtype(taps.dtype))
    parts /= parts.dtype.type(size)
    parts -= parts * parts.dtype.type(3 * stretch)
    return taps


@lru_cache(maxsize=32)
def tables_of(length: int, dtype: np.dtype[Any]) -> Tables:
    """Return the tables of a length for samples of a dtype."""
    lanes, real = lanes_of(dtype), real_dtype(dtype)
    passes, rows = radices(length // lanes // 4), length // lanes
    table = twiddle_table((*passes, 4), real)
    levels = levels_of(passes, 4, table, (READ(dtype, passes[0]), WRITE(dtype, passes[0])))
    turn = np.multiply.outer(frequencies((*passes, 4)), np.arange(lanes))
    turns = aligned((rows, 2, lanes), real)
    turns[...] = np.moveaxis(roots(length, real)[turn % length], 2, 1)
    across = aligned((4, 2, lanes), real)
    across[...] = across_turns(lanes, real)
    shared = next((i for i, n in enumerate([rows, *levels[:, LEFT]]) if n * ROW <= _PART), len(levels))
    arguments = (levels, shared, lanes, address_of(turns), address_of(across))
    longer = stretch_of_passes((*passes, 4), real) + stretch_of(turns) + stretch_of(across)
    return Tables(arguments, rows * ROW, longer, (table, turns, across))
