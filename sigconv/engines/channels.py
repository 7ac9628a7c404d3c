"""Products of weights with the windows of layers, as compiled loops.

out[b, o, n] = Σ_c Σ_t weights[o, c, t] · window[b, c, t, n]. The windows of some columns are gathered where they stay
in a second-level cache (blocks and packing: K. Goto and R. van de Geijn, Anatomy of high-performance matrix
multiplication, 2008); the sums of a block of rows and columns stay in registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from . import simd
from .entry import entry
from .loops import MISSING, VERSION, distinct
from .protocol import Array
from .rows import address_of
from .simd import every_other, inner, load, multiply_add, splat, store, zeros
from .watch import address, samples_at
from .windows import Part, windows_of

PIECE = simd.PIECE
# Rows and pieces of a block: sixteen registers of sums where there are thirty-two, else eight.
TALL, WIDE = ((8, 2), (2, 8)) if PIECE == 64 else ((4, 2), (2, 4))
# Windows are gathered of so many channels and taps at a time, and of so many columns that they and their sums take so
# many bytes: with the weights of a block of rows, they fit in a second-level cache.
_LINES, _BYTES = 1 << 10, 1 << 19


def _no_sums(sample: Any, pieces: Any, rows: Any) -> Any: ...
def _sums_at(sample: Any, pieces: Any, rows: Any, place: Any, step: Any) -> Any: ...
def _added(sums: Any, weights: Any, at: Any, row: Any, x: Any) -> Any: ...
def _stored(sums: Any, out: Any, step: Any) -> Any: ...
def _thinned(vector: Any) -> Any: ...


@overload(_no_sums, prefer_literal=True)
def _(sample, pieces, rows):  # type: ignore[no-untyped-def]
    """Return empty sums of some rows."""
    if rows.literal_value == 1:
        return lambda sample, pieces, rows: (zeros(sample, pieces),)
    rest = rows.literal_value - 1
    return lambda sample, pieces, rows: (zeros(sample, pieces), *_no_sums(sample, pieces, rest))


@overload(_sums_at, prefer_literal=True)
def _(sample, pieces, rows, place, step):  # type: ignore[no-untyped-def]
    """Return the sums of some rows, which lie `step` bytes apart."""
    if rows.literal_value == 1:
        return lambda sample, pieces, rows, place, step: (load(sample, place, PIECE, pieces),)
    rest = rows.literal_value - 1
    return lambda sample, pieces, rows, place, step: (
        load(sample, place, PIECE, pieces),
        *_sums_at(sample, pieces, rest, place + step, step),
    )


@overload(_added)
def _(sums, weights, at, row, x):  # type: ignore[no-untyped-def]
    """Return the sums with the products of a column of weights, `row` apart, and a block of samples added."""
    if len(sums) == 1:
        return lambda sums, weights, at, row, x: (multiply_add(splat(weights[at], x), x, sums[0]),)
    return lambda sums, weights, at, row, x: (
        multiply_add(splat(weights[at], x), x, sums[0]),
        *_added(sums[1:], weights, at + row, row, x),
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


@overload(_thinned)
def _(vector):  # type: ignore[no-untyped-def]
    """Return a piece of every second lane of a vector of two pieces, or every fourth of four."""
    if vector.pieces == 1:
        return lambda vector: vector
    return lambda vector: _thinned(every_other(vector, 0))


def _copier(factor: int) -> Any:
    """Return the copy of every factor-th of some neighbours of each channel, `distance` and `pitch` bytes apart.

    It may write up to a piece too much behind them, but reads no sample from `limit` on.
    """

    @inner
    @distinct(factor)
    def copied(kind, source, distance, limit, target, pitch, count, channels):  # type: ignore[no-untyped-def]
        size = count * kind.itemsize
        reach = -(-size // PIECE) * PIECE * factor
        for _ in range(channels):
            if source + reach > limit:
                _copy_apart(kind, source, factor * kind.itemsize, target, count)
            elif size <= PIECE:
                store(target, PIECE, _thinned(load(kind[0], source, PIECE, factor)))
            else:
                for at in range(0, size, PIECE):
                    store(target + at, PIECE, _thinned(load(kind[0], source + factor * at, PIECE, factor)))
            source += distance
            target += pitch

    return copied


@inner
def _copy_apart(kind, source, step, target, count):  # type: ignore[no-untyped-def]
    """Copy samples that lie `step` bytes apart."""
    line = samples_at(kind, target, count)
    for i in range(count):
        line[i] = samples_at(kind, source + i * step, 1)[0]


_copy, _copy_second, _copy_fourth = map(_copier, (1, 2, 4))


@inner
def _clear(kind, target, pitch, count, channels):  # type: ignore[no-untyped-def]
    """Write zeros for each channel, up to a piece too many."""
    for _ in range(channels):
        for at in range(0, count * kind.itemsize, PIECE):
            store(target + at, PIECE, zeros(kind[0], 1))
        target += pitch


@inner
def _copy_run(kind, source, step, distance, limit, target, pitch, count, channels):  # type: ignore[no-untyped-def]
    """Copy a run of samples of each channel."""
    if step == kind.itemsize:
        _copy(kind, source, distance, limit, target, pitch, count, channels)
    elif step == 2 * kind.itemsize:
        _copy_second(kind, source, distance, limit, target, pitch, count, channels)
    elif step == 4 * kind.itemsize:
        _copy_fourth(kind, source, distance, limit, target, pitch, count, channels)
    else:
        for c in range(channels):
            _copy_apart(kind, source + c * distance, step, target + c * pitch, count)


@inner
def _gather(kind, data, limit, distance, channels, windows, at, begin, end, lines, pitch):  # type: ignore[no-untyped-def]
    """Write the columns [begin, end) of all windows of some channels to lines, `pitch` bytes apart.

    `at` are the first runs of the taps that may reach so far. What is written too much is written over by what follows
    in the line, or stands behind it.
    """
    runs, _, stops, step = windows
    for t in range(stops.size):
        while runs[at[t], 1] <= begin:
            at[t] += 1
        for run in range(at[t], stops[t]):
            low, high = max(runs[run, 0], begin), min(runs[run, 1], end)
            if low >= high:
                break
            target, apart = lines + t * pitch + (low - begin) * kind.itemsize, stops.size * pitch
            source = data + runs[run, 2] + (low - runs[run, 0]) * step
            if runs[run, 2] == MISSING:
                _clear(kind, target, apart, high - low, channels)
            else:
                _copy_run(kind, source, step, distance, limit, target, apart, high - low, channels)


@inner
def _scatter(kind, sums, sums_step, column, end, out, steps, rows, plane):  # type: ignore[no-untyped-def]
    """Write the sums of some columns to the planes that they belong to."""
    while column < end:
        signal, place = column // plane, column % plane
        count = min(end - column, plane - place)
        for row in range(rows):
            source = samples_at(kind, sums + row * sums_step, count)
            target = samples_at(kind, out + signal * steps[0] + row * steps[1] + place * kind.itemsize, count)
            for i in range(count):
                target[i] = source[i]
        sums += count * kind.itemsize
        column += count


def _block(rows: int, pieces: int) -> Any:
    """Return the product of some rows of weights with a block of columns of some pieces."""

    @inner
    @distinct(rows, pieces)
    def block(panel, row, lines, pitch, place, fresh):  # type: ignore[no-untyped-def]
        source, target, step = place
        sums = _no_sums(panel[0], pieces, rows) if fresh else _sums_at(panel[0], pieces, rows, target, step)
        for k in range(np.uintp(lines)):
            sums = _added(sums, panel, k, row, load(panel[0], source, PIECE, pieces))
            source += pitch
        _stored(sums, target, step)

    return block


def _multiplied(rows: int, pieces: int) -> Any:
    """Return the product of weights with columns, in blocks of some rows and pieces."""
    block, narrow_block = _block(rows, pieces), _block(rows, pieces // 2)

    @inner
    @distinct(rows, pieces)
    def multiply(kind, weights, height, row, lines, pitch, places, count, narrow, fresh):  # type: ignore[no-untyped-def]
        # Some rows of weights stay in the first-level cache until all blocks have met them. Of each block `places`
        # tells its source, its target and the distance of the target's rows; the last may be half as wide.
        for p in range(0, height, rows):
            panel = samples_at(kind, weights + p * row * kind.itemsize, (rows - 1) * row + lines)
            for b in range(count + narrow):
                place = places[b, 0], places[b, 1] + p * places[b, 2], places[b, 2]
                if b < count:
                    block(panel, np.uintp(row), lines, pitch, place, fresh)
                else:
                    narrow_block(panel, np.uintp(row), lines, pitch, place, fresh)

    return multiply


_multiply_tall, _multiply_wide = _multiplied(*TALL), _multiplied(*WIDE)


def _loops(rows: int, pieces: int, version: int) -> Any:
    """Return the products in blocks of some rows and pieces, compiled anew for each version of the vectors.

    It calls functions of the module: were one of them its own, no other process would know what this one compiled.
    """
    size_of_block, tall = pieces * PIECE, (rows, pieces) == TALL

    @entry(error_model="numpy")
    @distinct(rows, pieces)
    def fill(  # type: ignore[no-untyped-def]
        kind, data, distance, channels, limit, windows, weights, height, out, steps, kept, columns, plane, chunk, share
    ):
        # Sums go where they belong if a block is whole, and else through `apart`.
        size, taps = kind.itemsize, windows[1].size
        width, pitch, step = size_of_block // size, chunk * size_of_block + PIECE, chunk * size_of_block
        buffer, apart = np.empty(share * taps * pitch + PIECE, np.uint8), np.empty(height * step, np.uint8)
        lines, sums = address(buffer), address(apart)
        lines += -lines % PIECE
        places, at = np.empty((chunk, 3), np.int64), windows[1].copy()
        for begin in range(0, columns, chunk * width):
            end = min(begin + chunk * width, columns)
            narrow = 1 if 0 < (end - begin) % width <= width // 2 else 0
            count = -((begin - end) // width) - narrow
            for b in range(count + narrow):
                signal, place = (begin + b * width) // plane, (begin + b * width) % plane
                places[b] = lines + b * size_of_block, sums + b * size_of_block, step
                if kept == height and share >= channels and b < count and place + width <= plane:
                    places[b, 1], places[b, 2] = out + signal * steps[0] + place * size, steps[1]
            for c in range(0, channels, share):
                some = min(share, channels - c)
                _gather(kind, data + c * distance, limit, distance, some, windows, at, begin, end, lines, pitch)
                part, row, held = weights + c * taps * size, channels * taps, some * taps
                if tall:
                    _multiply_tall(kind, part, height, row, held, pitch, places, count, narrow, c == 0)
                else:
                    _multiply_wide(kind, part, height, row, held, pitch, places, count, narrow, c == 0)
            for b in range(count + narrow):
                if places[b, 1] == sums + b * size_of_block:
                    column = begin + b * width
                    _scatter(kind, places[b, 1], step, column, min(column + width, end), out, steps, kept, plane)
        return version + 0 * (buffer.size + apart.size)  # which keeps them until here

    return fill


_LOOPS = {shape: _loops(*shape, VERSION) for shape in (TALL, WIDE)}


class Products:
    """Weights (rows, channels, taps), multiplied with the windows of signals; they are kept, and copied if need be."""

    def __init__(self, weights: Array) -> None:
        self._rows, self._channels, self._taps = weights.shape
        self._block = TALL if self._rows > TALL[0] // 2 else WIDE
        matrix = np.require(weights.reshape(self._rows, -1), requirements=("C", "A"))
        missing = -self._rows % self._block[0]
        self._kind = np.zeros(1, weights.dtype)
        self._weights = np.pad(matrix, ((0, missing), (0, 0))) if missing else matrix

    def fill(self, data: Array, parts: tuple[Part, ...], out: Array) -> None:
        """Fill `out` (signals, rows, columns), its columns contiguous, from `data` (signals, channels, *space)."""
        windows = windows_of(parts, len(data), (data.strides[0], *data.strides[2:]))
        plane = out.shape[2]
        columns, block = len(data) * plane, self._block[1] * PIECE
        share = -(-self._channels // -(-self._channels * self._taps // _LINES))
        most = max(1, _BYTES // ((share * self._taps + self._rows) * block))
        chunk = min(most, -(-columns * data.itemsize // block))
        read = address_of(data), data.strides[1], self._channels, np.lib.array_utils.byte_bounds(data)[1]
        weights = address_of(self._weights), len(self._weights)
        written = address_of(out), out.strides[:2], self._rows
        _LOOPS[self._block](self._kind, *read, tuple(windows), *weights, *written, columns, plane, chunk, share)
