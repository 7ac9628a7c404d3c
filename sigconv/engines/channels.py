"""Products of matrices whose second factor lies anywhere in memory, as compiled loops.

out[o, n] = Σ_k weights[o, k] · data[offsets[k] + n]: with an offset for each tap of each channel, rows of a layer's
outputs are such a product, and the windows are never written out. The sums of a block of rows and columns stay in
registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.extending import overload

from . import simd
from .loops import VERSION
from .protocol import Array
from .rows import address_of
from .simd import inner, load, multiply_add, splat, store, zeros
from .watch import address, samples_at

PIECE = simd.PIECE
# Rows and pieces of a block: sixteen registers of sums where there are thirty-two, else eight.
_CHUNK = 1 << 18  # bytes of samples that all rows meet before the next ones are read: half of a second-level cache
TALL, WIDE = ((8, 2), (2, 8)) if PIECE == 64 else ((4, 2), (2, 4))


def _no_sums(sample: Any, pieces: Any, rows: Any) -> Any: ...
def _added(sums: Any, weights: Any, at: Any, x: Any) -> Any: ...
def _stored(sums: Any, out: Any, step: Any) -> Any: ...
def _panel_product(
    data: Any, offsets: Any, weights: Any, place: Any, step: Any, begin: Any, end: Any, rows: Any, pieces: Any
) -> Any: ...


@overload(_no_sums, prefer_literal=True)
def _(sample, pieces, rows):  # type: ignore[no-untyped-def]
    """Return empty sums of some rows."""
    if rows.literal_value == 1:
        return lambda sample, pieces, rows: (zeros(sample, pieces),)
    rest = rows.literal_value - 1
    return lambda sample, pieces, rows: (zeros(sample, pieces), *_no_sums(sample, pieces, rest))


@overload(_added)
def _(sums, weights, at, x):  # type: ignore[no-untyped-def]
    """Return the sums with the products of a column of weights and a block of samples added."""
    if len(sums) == 1:
        return lambda sums, weights, at, x: (multiply_add(splat(weights[at], x), x, sums[0]),)
    return lambda sums, weights, at, x: (
        multiply_add(splat(weights[at], x), x, sums[0]),
        *_added(sums[1:], weights, at + np.uintp(1), x),
    )


@overload(_stored)
def _(sums, out, step):  # type: ignore[no-untyped-def]
    """Write the rows, `step` bytes apart."""
    if len(sums) == 1:
        return lambda sums, out, step: store(out, PIECE, sums[0])

    def stored(sums, out, step):  # type: ignore[no-untyped-def]
        store(out, PIECE, sums[0])
        _stored(sums[1:], out + step, step)

    return stored


@inner
def _keep(kind, sums, sums_step, out, step, rows, begin, end, length, pitch):  # type: ignore[no-untyped-def]
    """Store the columns [begin, end) of some rows: of every `pitch` bytes the first `length`, without gaps."""
    size = kind.itemsize
    for row in range(rows):
        for line in range(begin // pitch, (end - 1) // pitch + 1):
            low, high = max(begin, line * pitch), min(end, line * pitch + length)
            if low < high:
                source = samples_at(kind, sums + row * sums_step + low, (high - low) // size)
                target = samples_at(kind, out + row * step + low - line * (pitch - length), (high - low) // size)
                for i in range(target.size):
                    target[i] = source[i]


# The disk's cache knows a function again by what its closure holds, but not where that is another compiled function.
@overload(_panel_product, prefer_literal=True, jit_options={"nogil": True, "error_model": "numpy"})
def _(data, offsets, weights, place, step, begin, end, rows, pieces):  # type: ignore[no-untyped-def]
    """Fill the sums of some rows with the columns [begin, end), in blocks of which the last overlaps the one before."""

    def panel_product(data, offsets, weights, place, step, begin, end, rows, pieces):  # type: ignore[no-untyped-def]
        block, at = pieces * PIECE, begin
        while True:
            sums = _no_sums(weights[0], pieces, rows)
            t = np.uintp(0)
            for k in range(offsets.size):
                x = load(weights[0], data + offsets[k] + at, PIECE, pieces)
                sums = _added(sums, weights, t, x)
                t += np.uintp(rows)
            _stored(sums, place + at, step)
            if at + block >= end:
                break
            at = min(at + block, end - block)

    return panel_product


def _blocks(rows: int, pieces: int, version: int) -> Any:
    """Return the product in blocks of some rows and pieces, compiled anew for each version of the vectors."""
    block = pieces * PIECE

    @njit(nogil=True, cache=True, error_model="numpy")
    def product(  # type: ignore[no-untyped-def]
        data, offsets, panels, starts, out, step, rows_kept, width, chunk, length, pitch
    ):
        # What a chunk of columns reads stays in the cache until all rows have met it, and so do its sums, which are
        # stored where they belong if some are not wanted.
        apart = length != pitch or rows_kept < starts[-1] + rows
        lines = np.empty((starts[-1] + rows, chunk + block if apart else 0), np.uint8)
        sums, sums_step = (address(lines), chunk + block) if apart else (out, step)
        for begin in range(0, width, chunk):
            end = min(begin + chunk, width)
            first = min(begin, end - block)
            column = first if apart else 0  # the one that `sums` holds first
            for p in range(starts.size):
                row = sums + starts[p] * sums_step - column
                _panel_product(data, offsets, panels[p], row, sums_step, first, end, rows, pieces)
            if apart:
                _keep(panels, sums - column, sums_step, out, step, rows_kept, begin, end, length, pitch)
        return version + 0 * lines.size  # which keeps the lines until here

    return product


_PRODUCTS = {shape: _blocks(*shape, VERSION) for shape in (TALL, WIDE)}


class Panels:
    """Weights (rows × columns) as the loops read them: a few rows at a time, column by column.

    The last panel overlaps the one before it; weights of fewer rows than a panel are filled up with zeros.
    """

    def __init__(self, weights: Array) -> None:
        self.rows = len(weights)
        self._block = TALL if self.rows > TALL[0] // 2 else WIDE
        height, columns = self._block[0], weights.shape[1]
        self._starts = np.minimum(np.arange(0, self.height, height), self.height - height)
        if self.rows % height == 0:
            panels = weights.reshape(-1, height, columns)
        else:
            padded = np.concatenate([weights, np.zeros((self.height - self.rows, columns), weights.dtype)])
            panels = padded[self._starts[:, None] + np.arange(height)]
        self._panels = np.ascontiguousarray(panels.transpose(0, 2, 1)).reshape(len(panels), -1)

    @property
    def height(self) -> int:
        """How many rows a product has, at least those of the weights."""
        return max(self.rows, self._block[0])

    @property
    def block(self) -> int:
        """The bytes that a row of a product has at least."""
        return self._block[1] * PIECE

    def multiply(
        self, data: Array, offsets: Array, out: Array, lines: int, width: int, length: int, pitch: int
    ) -> None:
        """Fill `out` (rows × wanted columns, contiguous rows) from places in bytes of the data.

        There are `width` bytes of columns, at least a block; of every `pitch` bytes the first `length` are wanted. The
        offsets lie in so many lines of samples, of which a chunk of columns is to stay in the cache.
        """
        chunk = -(-_CHUNK // (lines * self.block)) * self.block
        read, written = (address_of(data), offsets), (address_of(out), out.strides[0], self.rows)
        product = _PRODUCTS[self._block]
        product(*read, self._panels, self._starts, *written, width, chunk, length, pitch)
