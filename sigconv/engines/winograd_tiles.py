"""Tiles of minimal filtering: their samples, weights and sums transformed, as compiled loops.

The lane of a vector is a tile, or a weight; the matrices are those of F(2, 3) (A. Lavin and S. Gray, Fast algorithms
for convolutional neural networks, CVPR 2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import simd
from .by_address import by_address, run
from .channels import TALL, _added, _no_sums, _stored
from .entry import Loop
from .loops import MISSING
from .simd import every_other, inner, interleave, load, splat, store, zeros
from .watch import samples_at

PIECE = simd.PIECE
ROWS, BLOCK = TALL[0], TALL[1] * PIECE  # of a block of the matrix products: its rows, the bytes of one
_WORD, _WORDS = np.float32(0), np.zeros(1, np.uint32)  # copies do not ask for the dtype
_SIZE = _WORDS.itemsize
_NEXT = np.int64(PIECE)  # the step of pieces that follow one another
WEIGHING = (9 + 3 + 2 * 16) * PIECE  # bytes of memory that weighing takes


@inner
def _analysed(a, b, c, d):  # type: ignore[no-untyped-def]
    """Return Bᵀ d."""
    return a - c, b + c, c - b, b - d


@inner
def _synthesised(a, b, c, d):  # type: ignore[no-untyped-def]
    """Return Aᵀ m."""
    return a + (b + c), (b - c) - d


@inner
def _weighed(a, b, c):  # type: ignore[no-untyped-def]
    """Return G g."""
    half = splat(0.5, a)
    return a, ((a + c) + b) * half, ((a + c) - b) * half, c


@inner
def _load_four(sample, source, step):  # type: ignore[no-untyped-def]
    """Return the pieces at four places, `step` bytes apart."""
    a, b = load(sample, source, PIECE, 1), load(sample, source + step, PIECE, 1)
    return a, b, load(sample, source + 2 * step, PIECE, 1), load(sample, source + 3 * step, PIECE, 1)


@inner
def _store_four(target, step, four):  # type: ignore[no-untyped-def]
    """Write four pieces, `step` bytes apart."""
    store(target, PIECE, four[0])
    store(target + step, PIECE, four[1])
    store(target + 2 * step, PIECE, four[2])
    store(target + 3 * step, PIECE, four[3])


@inner
def _met(sample, place, size):  # type: ignore[no-untyped-def]
    """Return a row of samples as tiles beside each other meet it, transformed: the lane is the tile."""
    near, far = load(sample, place, PIECE, 2), load(sample, place + 2 * size, PIECE, 2)
    return _analysed(every_other(near, 0), every_other(near, 1), every_other(far, 0), every_other(far, 1))


def _analyse(sample: Any, version: int) -> Loop:
    """Return what writes the numbers of some bands of tiles, which read rows that are `row` bytes apart.

    Of the bands, `across` tiles each, those are written that are tiles of a span [begin, end); band 0 begins with tile
    `first`. The numbers of a tile lie `step` bytes apart.
    """
    size, lanes = sample.itemsize, PIECE // sample.itemsize

    def analyse(integers):  # type: ignore[no-untyped-def]
        held, row, numbers, step, both, bands, first, across, begin, end = integers
        for band in range(bands):
            at = first + band * across
            x, stop = max(0, begin - at), min(across, end - at)
            source, target = held + (2 if both else 1) * band * row + 2 * x * size, numbers + (at + x - begin) * size
            for _ in range(x, stop, lanes):
                if both:
                    p, q = _met(sample, source, size), _met(sample, source + row, size)
                    r, s = _met(sample, source + 2 * row, size), _met(sample, source + 3 * row, size)
                    _store_four(target, 4 * step, _analysed(p[0], q[0], r[0], s[0]))
                    _store_four(target + step, 4 * step, _analysed(p[1], q[1], r[1], s[1]))
                    _store_four(target + 2 * step, 4 * step, _analysed(p[2], q[2], r[2], s[2]))
                    _store_four(target + 3 * step, 4 * step, _analysed(p[3], q[3], r[3], s[3]))
                else:
                    _store_four(target, step, _met(sample, source, size))
                source, target = source + 2 * PIECE, target + PIECE
        return version

    return analyse


def _synthesise(sample: Any, version: int) -> Loop:
    """Return what writes the outputs of a span [begin, end) of tiles, `down` by `across` of each signal.

    Their sums lie `step` bytes apart. A signal has `height` by `width` outputs; signals and their rows lie `far` and
    `below` bytes apart. What stands at `seen` comes to hold zero times all outputs.
    """
    size, lanes = sample.itemsize, PIECE // sample.itemsize
    kind = np.zeros(1, sample.dtype)

    def synthesise(integers):  # type: ignore[no-untyped-def]
        sums, step, out, far, below, height, width, both, down, across, begin, end, seen, spare = integers
        noticed = load(sample, seen, PIECE, 2)
        for band in range(begin // across, -(-end // across)):
            at, row = band * across, (2 if both else 1) * (band % down)
            first = max(0, begin - at)
            source, target = sums + (at + first - begin) * size, out + band // down * far + row * below
            for x in range(first, min(across, end - at), lanes):
                if both:
                    p = _synthesised(*_load_four(sample, source, 4 * step))
                    q = _synthesised(*_load_four(sample, source + step, 4 * step))
                    r = _synthesised(*_load_four(sample, source + 2 * step, 4 * step))
                    s = _synthesised(*_load_four(sample, source + 3 * step, 4 * step))
                    top, bottom = _synthesised(p[0], q[0], r[0], s[0]), _synthesised(p[1], q[1], r[1], s[1])
                else:
                    top = bottom = _synthesised(*_load_four(sample, source, step))
                upper, lower = interleave(top[0], top[1]), interleave(bottom[0], bottom[1])
                noticed = noticed + (upper + lower) * zeros(sample, 2)
                place, count = target + 2 * x * size, min(2 * (end - at), width) - 2 * x
                _write(kind, upper, spare, place, count)
                if both and row + 1 < height:
                    _write(kind, lower, spare, place + below, count)
                source += PIECE
        store(seen, PIECE, noticed)
        return version

    return synthesise


def _weigh(sample: Any, version: int) -> Loop:
    """Return what writes the numbers of the weights of some panels, in planes that lie `plane` bytes apart.

    Panels hold some rows, channel by channel; those that there are not are zeros. The taps of as many weights as a
    piece has lanes are set apart first, in `memory`.
    """
    kind, size, lanes = np.zeros(1, sample.dtype), sample.itemsize, PIECE // sample.itemsize

    def weigh(integers):  # type: ignore[no-untyped-def]
        weights, rows, channels, begin, end, out, plane, both, memory = integers
        taps, numbers = 9 if both else 3, 16 if both else 4
        held = memory + (taps + 3) * PIECE
        spare = held + numbers * PIECE
        weight, apart = samples_at(kind, weights, rows * channels * taps), samples_at(kind, memory, taps * lanes)
        for first in range(begin, end, ROWS):
            for at in range(0, ROWS * channels, lanes):
                count = min(lanes, ROWS * channels - at)
                for i in range(count):
                    row, place = first + (at + i) % ROWS, (first + (at + i) % ROWS) * channels + (at + i) // ROWS
                    for t in range(taps):
                        apart[np.uintp(t * lanes + i)] = weight[np.uintp(place * taps + t)] if row < rows else sample
                whole, target = count == lanes, out + (first * channels + at) * size
                _weigh_piece(sample, memory, held, target if whole else spare, plane if whole else PIECE, both)
                for k in range(0 if whole else numbers):
                    last, line = samples_at(kind, spare + k * PIECE, count), samples_at(kind, target + k * plane, count)
                    for i in range(count):
                        line[i] = last[i]
        return version

    return weigh


@inner
def _weigh_piece(sample, source, held, target, step, both):  # type: ignore[no-untyped-def]
    """Write the numbers of as many weights as a piece has lanes, `step` bytes apart; the taps lie a piece apart."""
    if both:
        for j in range(3):
            a, b, c, _ = _load_four(sample, source + j * PIECE, 3 * PIECE)
            _store_four(held + j * PIECE, 4 * PIECE, _weighed(a, b, c))
        source = held
    for i in range(4 if both else 1):
        a, b, c, _ = _load_four(sample, source + 4 * i * PIECE, _NEXT)
        _store_four(target + 4 * i * step, step, _weighed(a, b, c))


def _multiply(sample: Any, version: int) -> Loop:
    """Return the products of panels of weights, channel by channel, with a block of tiles, whole or half as wide."""
    size, whole, half = sample.itemsize, TALL[1], TALL[1] // 2

    def multiply(integers):  # type: ignore[no-untyped-def]
        # Sums of a row lie `pitch` bytes from those of the next one, as do the samples of channels.
        weights, channels, source, pitch, target, blocks, narrow = integers
        for b in range(blocks + narrow):
            place, weight = source + b * BLOCK, weights
            if b < blocks:
                sums = _no_sums(sample, whole, ROWS)
                for _ in range(channels):
                    sums = _added(sums, weight, size, load(sample, place, PIECE, whole))
                    place, weight = place + pitch, weight + ROWS * size
                _stored(sums, target + b * BLOCK, pitch)
            else:
                few = _no_sums(sample, half, ROWS)
                for _ in range(channels):
                    few = _added(few, weight, size, load(sample, place, PIECE, half))
                    place, weight = place + pitch, weight + ROWS * size
                _stored(few, target + b * BLOCK, pitch)
        return version

    return multiply


ANALYSE, SYNTHESISE = by_address(_analyse, 10), by_address(_synthesise, 14)
WEIGH, MULTIPLY = by_address(_weigh, 9), by_address(_multiply, 7)


@inner
def _copy_few(place, size, columns, low, high, target):  # type: ignore[no-untyped-def]
    """Copy the columns [low, high) of a row one by one."""
    words = size // _SIZE
    line = samples_at(_WORDS, target, high * words)
    for c in range(low, high):
        for w in range(words):
            line[c * words + w] = 0 if columns[c] == MISSING else samples_at(_WORDS, place + columns[c], words)[w]


@inner
def _copy_row(place, size, limit, columns, run, low, high, target):  # type: ignore[no-untyped-def]
    """Copy the columns [low, high) of a row.

    Up to a piece too much is written behind them, but no sample is read from `limit` on. The columns of the run are
    neighbours.
    """
    if place == MISSING:
        for at in range(low * size, high * size, PIECE):
            store(target + at, PIECE, zeros(_WORD, 1))
        return
    first, last = min(max(run[0], low), high), max(min(run[1], high), low)
    if first < last:
        source, near, count = place + columns[first], target + first * size, (last - first) * size
        if source + count + PIECE > limit:
            _copy_few(place, size, columns, first, last, target)
        else:
            for at in range(0, count, PIECE):
                store(near + at, PIECE, load(_WORD, source + at, PIECE, 1))
    _copy_few(place, size, columns, low, first, target)
    _copy_few(place, size, columns, max(first, last), high, target)


@inner
def _write(kind, vector, spare, target, count):  # type: ignore[no-untyped-def]
    """Write the first samples of two pieces."""
    if count * kind.itemsize >= 2 * PIECE:
        store(target, PIECE, vector)
        return
    store(spare, PIECE, vector)
    held, line = samples_at(kind, spare, count), samples_at(kind, target, count)
    for i in range(count):
        line[i] = held[i]


@inner
def read(analyse, size, data, far, table, tiles, span, held, line, target, step):  # type: ignore[no-untyped-def]
    """Write the numbers of a span of tiles of one channel, by way of a copy of the rows that they read."""
    (rows, columns, near, limit), (down, across, both), (begin, end) = table, tiles, span
    advance, band = 2 if both else 1, begin // across
    while band * across < end:
        signal, first = band // down, band * across
        top, bottom = band - signal * down, min(-(-end // across) - signal * down, down)
        low, high = 0, columns.size
        if bottom - top == 1:
            low, high = 2 * max(0, begin - first), min(2 * (end - first) + 2, high)
        for r in range(advance * (bottom - top) + (2 if both else 0)):
            place = rows[advance * top + r]
            place = place if place == MISSING else data + signal * far + place
            _copy_row(place, size, limit, columns, near, low, high, held + r * line)
        run(analyse, (held, line, target, step, both, bottom - top, first, across, begin, end))
        band += bottom - top
