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
WORD = _WORDS.itemsize


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
    """Return what writes the numbers of tiles beside each other, piece by piece of them."""
    size = sample.itemsize

    def analyse(integers):  # type: ignore[no-untyped-def]
        # The samples' rows lie `row` bytes apart, the numbers of a tile `step` bytes.
        source, row, target, step, pieces, both = integers
        for _ in range(pieces):
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
    """Return what writes the outputs of tiles beside each other, piece by piece of them."""
    kind, pair = np.zeros(1, sample.dtype), 2 * PIECE // sample.itemsize

    def synthesise(integers):  # type: ignore[no-untyped-def]
        # One row of outputs of each tile, or two that lie `below` bytes apart, or the upper one of two. What stands at
        # `seen` comes to hold zero times all of them.
        source, step, target, below, count, both, lower, seen, spare = integers
        noticed = load(sample, seen, PIECE, 2)
        for at in range(0, count, pair):
            if both:
                p = _synthesised(*_load_four(sample, source, 4 * step))
                q = _synthesised(*_load_four(sample, source + step, 4 * step))
                r = _synthesised(*_load_four(sample, source + 2 * step, 4 * step))
                s = _synthesised(*_load_four(sample, source + 3 * step, 4 * step))
                top, bottom = _synthesised(p[0], q[0], r[0], s[0]), _synthesised(p[1], q[1], r[1], s[1])
            else:
                top = bottom = _synthesised(*_load_four(sample, source, step))
            first, second = interleave(top[0], top[1]), interleave(bottom[0], bottom[1])
            noticed = noticed + (first + second) * zeros(sample, 2)
            _write(kind, first, spare, target, min(pair, count - at))
            if lower:
                _write(kind, second, spare, target + below, min(pair, count - at))
            source, target = source + PIECE, target + 2 * PIECE
        store(seen, PIECE, noticed)
        return version

    return synthesise


def _weigh(sample: Any, version: int) -> Loop:
    """Return what writes the numbers of as many weights as a piece has lanes; the taps lie a piece apart."""

    def weigh(integers):  # type: ignore[no-untyped-def]
        source, held, target, step, both = integers
        if both:
            for j in range(3):
                a, b, c, _ = _load_four(sample, source + j * PIECE, 3 * PIECE)
                _store_four(held + j * PIECE, 4 * PIECE, _weighed(a, b, c))
        for i in range(4 if both else 1):
            a, b, c, _ = _load_four(sample, (held if both else source) + 4 * i * PIECE, PIECE)
            _store_four(target + 4 * i * step, step, _weighed(a, b, c))
        return version

    return weigh


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


ANALYSE, SYNTHESISE = by_address(_analyse, 6), by_address(_synthesise, 9)
WEIGH, MULTIPLY = by_address(_weigh, 5), by_address(_multiply, 7)


@inner
def _copy_few(place, size, columns, low, high, target):  # type: ignore[no-untyped-def]
    """Copy the columns [low, high) of a row one by one."""
    words = size // WORD
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
    if count * kind.itemsize == 2 * PIECE:
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
    lanes, advance, band = PIECE // size, 2 if both else 1, begin // across
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
        for r in range(bottom - top):
            at = first + r * across
            x = max(0, begin - at)
            pieces = -((x - min(across, end - at)) // lanes)
            source = held + advance * r * line + 2 * x * size
            run(analyse, (source, line, target + (at + x - begin) * size, step, pieces, both))
        band += bottom - top


@inner
def restore(synthesise, size, source, step, out, steps, wanted, tiles, span, seen, spare):  # type: ignore[no-untyped-def]
    """Write the outputs of a span of tiles of one channel, and zero times all of them."""
    (down, across, both), (begin, end) = tiles, span
    advance = 2 if both else 1
    for band in range(begin // across, -(-end // across)):
        at, row = band * across, advance * (band % down)
        target = out + band // down * steps[0] + row * steps[2]
        x = max(0, begin - at)
        count, lower = min(2 * (end - at), wanted[1]) - 2 * x, 1 if both and row + 1 < wanted[0] else 0
        places = source + (at + x - begin) * size, target + 2 * x * size
        run(synthesise, (places[0], step, places[1], steps[2], count, both, lower, seen, spare))
