"""Blocks of real data, two in one complex transform, copied by compiled loops."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array
from .layout import Blocks
from .protocol import Settings
from .tiles import Reach

Shape = tuple[int, ...]


class PairedBlocks(Blocks):
    """What `Blocks` does for pairs, without holding the interpreter's lock while it copies.

    Rows lie along the last axis of the arrays; they are found by their place in the flat array.
    """

    def __init__(self, reaches: list[Reach], settings: Settings, hop: int, dtype: np.dtype[Any]) -> None:
        super().__init__(reaches, settings, hop)
        self._dtype = dtype

    def view(self, piece: Array) -> Array:
        """Return the piece, contiguous and in the precision of the transforms."""
        return np.ascontiguousarray(piece, self._dtype)

    def shape(self, view: Array, rows: slice) -> Shape:
        """Return the buffer's shape: a row for two blocks, and the transforms' lengths."""
        return self._buffer(view.shape, rows)

    def fill(self, buffer: Array, view: Array, rows: slice) -> None:
        """Copy the blocks of a batch."""
        held = (*view.shape[: self._axis], self._length, *view.shape[self._axis + 1 :])
        step = self._step * prod(view.shape[self._axis + 1 :])
        places = row_places(view.shape, held[:-1], buffer.shape[:-1], 2 * step, (0,) * view.ndim)
        lines = buffer.reshape(-1, buffer.shape[-1])
        _loops().pack_pairs(view.reshape(-1), places, rows.start * step, step, held[-1], lines)

    def store(self, outputs: Array, samples: Array, rows: slice) -> None:
        """Copy what no wrap-around has reached of every block."""
        begin = tuple(w.start or 0 for w in self._window(samples.ndim)[1:])
        wanted, block = (len(samples), *outputs.shape[1:-1]), prod(outputs.shape[1:])
        sources = row_places(samples.shape[1:], wanted[1:], wanted, prod(samples.shape[1:]), begin)
        places = row_places(outputs.shape[1:], wanted[1:], wanted, 2 * block, (0,) * len(begin))
        shift, width = rows.start * block, outputs.shape[-1]
        _loops().unpack_pairs(samples.reshape(-1), sources, places, shift, block, width, outputs.reshape(-1))


def multiply_rows(signal: Array, kernel: Array, out: Array) -> None:
    """Fill a batch of products with one kernel's spectrum."""
    rows = (signal.shape[0], kernel.size)
    _loops().multiply_rows(signal.reshape(rows), kernel.reshape(-1), out.reshape(rows))


@lru_cache(maxsize=64)
def row_places(shape: Shape, held: Shape, wanted: Shape, apart: int, begin: Shape) -> Array:
    """Return where the rows of blocks begin in a flat array, for all indices up to `wanted`.

    The blocks, `apart` from each other, have some shape; the first index counts them, the others count from `begin`,
    whose last entry is a place in the row. Rows from `held` on are -1.

    >>> row_places((4, 10), (2,), (2, 3), 100, (1, 5)).tolist()
    [15, 25, -1, 115, 125, -1]
    """
    places, missing = apart * np.arange(wanted[0]) + begin[-1], np.zeros(wanted[0], bool)
    for axis, count in enumerate(wanted[1:]):
        index = np.arange(count)
        places = np.add.outer(places, (index + begin[axis]) * prod(shape[axis + 1 :])).reshape(-1)
        missing = np.logical_or.outer(missing, index >= held[axis]).reshape(-1)
    return np.where(missing, -1, places)


def _loops() -> Any:
    return load("packing")
