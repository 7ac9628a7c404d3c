"""Tiles of minimal filtering: their samples, weights and sums transformed, as compiled loops.

The lane of a vector is a tile, or a weight; the matrices are those of F(2, 3) (A. Lavin and S. Gray, Fast algorithms
for convolutional neural networks, CVPR 2016).
"""

from __future__ import annotations

from . import simd
from .loops import MISSING
from .simd import every_other, inner, interleave, load, splat, store, zeros
from .watch import samples_at

PIECE = simd.PIECE


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
def _load_four(kind, source, step):  # type: ignore[no-untyped-def]
    """Return the pieces at four places, `step` bytes apart."""
    a, b = load(kind[0], source, PIECE, 1), load(kind[0], source + step, PIECE, 1)
    return a, b, load(kind[0], source + 2 * step, PIECE, 1), load(kind[0], source + 3 * step, PIECE, 1)


@inner
def _store_four(target, step, four):  # type: ignore[no-untyped-def]
    """Write four pieces, `step` bytes apart."""
    store(target, PIECE, four[0])
    store(target + step, PIECE, four[1])
    store(target + 2 * step, PIECE, four[2])
    store(target + 3 * step, PIECE, four[3])


@inner
def _met(kind, place):  # type: ignore[no-untyped-def]
    """Return a row of samples as tiles beside each other meet it, transformed: the lane is the tile."""
    near, far = load(kind[0], place, PIECE, 2), load(kind[0], place + 2 * kind.itemsize, PIECE, 2)
    return _analysed(every_other(near, 0), every_other(near, 1), every_other(far, 0), every_other(far, 1))


@inner
def _analyse(kind, source, row, target, step, both):  # type: ignore[no-untyped-def]
    """Write the numbers of some tiles beside each other, `step` bytes apart, from rows that lie `row` bytes apart."""
    if not both:
        _store_four(target, step, _met(kind, source))
        return
    p, q = _met(kind, source), _met(kind, source + row)
    r, s = _met(kind, source + 2 * row), _met(kind, source + 3 * row)
    _store_four(target, 4 * step, _analysed(p[0], q[0], r[0], s[0]))
    _store_four(target + step, 4 * step, _analysed(p[1], q[1], r[1], s[1]))
    _store_four(target + 2 * step, 4 * step, _analysed(p[2], q[2], r[2], s[2]))
    _store_four(target + 3 * step, 4 * step, _analysed(p[3], q[3], r[3], s[3]))


@inner
def _synthesise(kind, source, step, both):  # type: ignore[no-untyped-def]
    """Return the two rows of outputs of some tiles beside each other; of a single row, twice that."""
    if not both:
        y = _synthesised(*_load_four(kind, source, step))
        return interleave(y[0], y[1]), interleave(y[0], y[1])
    p = _synthesised(*_load_four(kind, source, 4 * step))
    q = _synthesised(*_load_four(kind, source + step, 4 * step))
    r = _synthesised(*_load_four(kind, source + 2 * step, 4 * step))
    s = _synthesised(*_load_four(kind, source + 3 * step, 4 * step))
    top, bottom = _synthesised(p[0], q[0], r[0], s[0]), _synthesised(p[1], q[1], r[1], s[1])
    return interleave(top[0], top[1]), interleave(bottom[0], bottom[1])


@inner
def _weigh(kind, source, held, target, step, both):  # type: ignore[no-untyped-def]
    """Write the numbers of as many weights as a piece has lanes, `step` bytes apart; the taps lie a piece apart."""
    if not both:
        a, b, c, _ = _load_four(kind, source, PIECE)
        _store_four(target, step, _weighed(a, b, c))
        return
    for j in range(3):
        a, b, c, _ = _load_four(kind, source + j * PIECE, 3 * PIECE)
        _store_four(held + j * PIECE, 4 * PIECE, _weighed(a, b, c))
    for i in range(4):
        a, b, c, _ = _load_four(kind, held + 4 * i * PIECE, PIECE)
        _store_four(target + 4 * i * step, step, _weighed(a, b, c))


@inner
def _copy_few(kind, place, columns, low, high, target):  # type: ignore[no-untyped-def]
    """Copy the columns [low, high) of a row one by one."""
    line = samples_at(kind, target, high)
    for c in range(low, high):
        line[c] = kind[0] if columns[c] == MISSING else samples_at(kind, place + columns[c], 1)[0]


@inner
def _copy_row(kind, place, limit, columns, run, low, high, target):  # type: ignore[no-untyped-def]
    """Copy the columns [low, high) of a row, of which those of the run are neighbours.

    Up to a piece too much is written behind them, but no sample is read from `limit` on.
    """
    size = kind.itemsize
    if place == MISSING:
        for at in range(low * size, high * size, PIECE):
            store(target + at, PIECE, zeros(kind[0], 1))
        return
    first, last = min(max(run[0], low), high), max(min(run[1], high), low)
    if first < last:
        source, near, count = place + columns[first], target + first * size, (last - first) * size
        if source + count + PIECE > limit:
            _copy_few(kind, place, columns, first, last, target)
        else:
            for at in range(0, count, PIECE):
                store(near + at, PIECE, load(kind[0], source + at, PIECE, 1))
    _copy_few(kind, place, columns, low, first, target)
    _copy_few(kind, place, columns, max(first, last), high, target)


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
def _read(kind, data, far, table, tiles, span, held, line, target, step):  # type: ignore[no-untyped-def]
    """Write the numbers of a span of tiles of one channel, by way of a copy of the rows that they read."""
    (rows, columns, run, limit), (down, across, both), (begin, end) = table, tiles, span
    size, advance, band = kind.itemsize, 2 if both else 1, begin // across
    while band * across < end:
        signal, first = band // down, band * across
        top, bottom = band - signal * down, min(-(-end // across) - signal * down, down)
        low, high = 0, columns.size
        if bottom - top == 1:
            low, high = 2 * max(0, begin - first), min(2 * (end - first) + 2, high)
        for r in range(advance * (bottom - top) + (2 if both else 0)):
            place = rows[advance * top + r]
            place = place if place == MISSING else data + signal * far + place
            _copy_row(kind, place, limit, columns, run, low, high, held + r * line)
        for r in range(bottom - top):
            at = first + r * across
            for x in range(max(0, begin - at), min(across, end - at), PIECE // size):
                source = held + advance * r * line + 2 * x * size
                _analyse(kind, source, line, target + (at + x - begin) * size, step, both)
        band += bottom - top


@inner
def _restore(kind, source, step, out, steps, wanted, tiles, span, spare, seen):  # type: ignore[no-untyped-def]
    """Write the outputs of a span of tiles of one channel; return `seen` plus zero times all of them."""
    (down, across, both), (begin, end) = tiles, span
    size, advance = kind.itemsize, 2 if both else 1
    for band in range(begin // across, -(-end // across)):
        at, row = band * across, advance * (band % down)
        target = out + band // down * steps[0] + row * steps[2]
        for x in range(max(0, begin - at), min(across, end - at), PIECE // size):
            y = _synthesise(kind, source + (at + x - begin) * size, step, both)
            seen = seen + (y[0] + y[1]) * zeros(kind[0], 2)
            count = min(2 * (end - at), wanted[1]) - 2 * x
            _write(kind, y[0], spare, target + 2 * x * size, count)
            if both and row + 1 < wanted[0]:
                _write(kind, y[1], spare, target + steps[2] + 2 * x * size, count)
    return seen
