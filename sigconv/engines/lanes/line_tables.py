"""The tables of transforms along lines: their passes, roots and turns, made once for each length."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..lengths import radices
from ..protocol import Array
from ..rows import address_of
from .groups import across_turns
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


@lru_cache(maxsize=16)
def tables_of(length: int, dtype: np.dtype[Any]) -> Tables:
    """Return the tables of a length in the precision of a real dtype."""
    lanes = lanes_of(dtype)
    passes, rows = radices(length // lanes // 4), length // lanes
    table = twiddle_table((*passes, 4), dtype)
    levels, left, at = [], rows, address_of(table)
    for radix in passes:
        left //= radix
        levels.append((radix, left, at))
        at += left * 2 * (radix - 1) * dtype.itemsize
    turn = np.multiply.outer(frequencies((*passes, 4)), np.arange(lanes))
    turns = aligned((rows, 2, lanes), dtype)
    turns[...] = np.moveaxis(roots(length, dtype)[turn % length], 2, 1)
    across = aligned((4, 2, lanes), dtype)
    across[...] = across_turns(lanes, dtype)
    shared = next((i for i, n in enumerate([rows, *(level[1] for level in levels)]) if n * ROW <= _PART), len(levels))
    kept = (table, turns, across)
    arguments = (np.array(levels, np.int64), shared, lanes, address_of(turns), address_of(across))
    longer = stretch_of_passes((*passes, 4), dtype) + stretch_of(turns) + stretch_of(across)
    return Tables(arguments, rows * ROW, longer, kept)
