"""Products of weights with the windows of layers, as compiled loops.

out[b, o, n] = Σ_c Σ_t weights[o, c, t] · window[b, c, t, n]. The windows of some columns are gathered where they stay
in a second-level cache (blocks and packing: K. Goto and R. van de Geijn, Anatomy of high-performance matrix
multiplication, 2008); the sums of a block of rows and columns stay in registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from . import simd
from .addresses import address_of
from .by_address import by_address, integer_at, run
from .entry import Loop, entry
from .loops import MISSING, VERSION
from .protocol import Array
from .simd import Vector, inner, instruction, load, store, vector_of, zeros
from .watch import address, sample_at, samples_at
from .windows import Part, windows_of

PIECE, LINE = simd.PIECE, simd.LINE
_WORD, _WORDS = np.float32(0), np.zeros(1, np.uint32)  # copies do not ask for the dtype
# Rows and pieces of a block: sixteen registers of sums where there are thirty-two, else twelve, or eight in few rows.
TALL, WIDE = ((8, 2), (2, 8)) if PIECE == 64 else ((6, 2), (2, 4))
# Windows are gathered of so many channels and taps at a time, and of so many columns that they and their sums take so
# many bytes: with the weights of a block of rows, they fit in a second-level cache.
_LINES, _BYTES = 1 << 10, 1 << 19


@instruction
def _no_sums(typing: Any, sample: Any, pieces: Any, rows: Any) -> Any:
    """Return empty sums of some rows."""
    result = types.UniTuple(vector_of(sample, pieces), rows.literal_value)  # type: ignore[no-untyped-call]
    return result(sample, pieces, rows), lambda context, builder, signature, args: context.get_constant_null(result)


@instruction
def _sums_at(typing: Any, sample: Any, pieces: Any, rows: Any, place: Any, step: Any) -> Any:
    """Return the sums of some rows, which lie `step` bytes apart."""
    vector = vector_of(sample, pieces)
    result = types.UniTuple(vector, rows.literal_value)  # type: ignore[no-untyped-call]

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = [simd.apart(builder, args[3], args[4], i) for i in range(result.count)]
        piece = ir.Constant(args[4].type, PIECE)
        return context.make_tuple(builder, result, [simd.loaded(builder, place, piece, vector) for place in places])

    return result(sample, pieces, rows, types.intp, types.intp), code


@instruction
def _added(typing: Any, sums: Any, place: Any, step: Any, x: Any) -> Any:
    """Return the sums with the products of weights, `step` bytes apart, and a block of samples added."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = []
        for i in range(sums.count):
            weight = simd.repeated(builder, simd.apart(builder, args[1], args[2], i), x)
            rows.append(simd.added(builder, weight, args[3], builder.extract_value(args[0], i)))
        return context.make_tuple(builder, sums, rows)

    return sums(sums, types.intp, types.intp, x), code


@instruction
def _stored(typing: Any, sums: Any, place: Any, step: Any) -> Any:
    """Write the rows, `step` bytes apart."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        for i in range(sums.count):
            row = builder.extract_value(args[0], i)
            simd.stored(
                builder, simd.apart(builder, args[1], args[2], i), ir.Constant(args[2].type, PIECE), row, sums.dtype
            )
        return context.get_dummy_value()

    return types.void(sums, types.intp, types.intp), code


@instruction
def _thin_piece(typing: Any, sample: Any, source: Any, target: Any, factor: Any) -> Any:
    """Copy a piece of every sample of a vector, every second or every fourth."""
    vector = vector_of(sample, factor)
    result = Vector(vector.element, vector.lanes // factor.literal_value)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        piece = ir.Constant(args[1].type, PIECE)
        thinned = simd.loaded(builder, args[1], piece, vector)
        while thinned.type.count > result.lanes:
            thinned = simd.shuffled(builder, thinned, thinned, list(range(0, thinned.type.count, 2)))
        simd.stored(builder, args[2], piece, thinned, result)
        return context.get_dummy_value()

    return types.void(sample, types.intp, types.intp, factor), code


def _copy_run(sample: Any, version: int) -> Loop:
    """Return what copies a run of samples of each channel.

    Channels lie `distance` and `pitch` bytes apart, samples `step` bytes. It may write up to a piece too much behind
    them, but reads no sample from `limit` on.
    """
    kind, width = np.zeros(1, sample.dtype), sample.itemsize

    def copy(integers):  # type: ignore[no-untyped-def]
        source, step, distance, limit, target, pitch, count, channels = integers
        factor, size = step // width, count * width
        reach = -(-size // PIECE) * PIECE * factor
        thinned = (factor == 1 or factor == 2 or factor == 4) and step == factor * width
        for _ in range(channels):
            if not thinned or source + reach > limit:
                line = samples_at(kind, target, count)
                for i in range(count):
                    line[i] = sample_at(kind, source + i * step)
            elif factor == 1:
                for at in range(0, size, PIECE):
                    _thin_piece(sample, source + at, target + at, 1)
            elif factor == 2:
                for at in range(0, size, PIECE):
                    _thin_piece(sample, source + 2 * at, target + at, 2)
            else:
                for at in range(0, size, PIECE):
                    _thin_piece(sample, source + 4 * at, target + at, 4)
            source += distance
            target += pitch
        return version

    return copy


def _multiply(sample: Any, rows: int, pieces: int, version: int) -> Loop:
    """Return the product of weights with columns, in blocks of some rows and pieces."""
    size, half = sample.itemsize, pieces // 2

    def multiply(integers):  # type: ignore[no-untyped-def]
        # Some rows of weights stay in the first-level cache until all blocks have met them. Of each block `places`
        # tells its source, its target and the distance of the target's rows; the last may be half as wide. Rows that
        # do not fill a block, those from `whole` on, have targets `apart`.
        weights, height, row, lines, pitch, places, count, narrow, fresh, whole, apart, beside = integers
        for p in range(0, height, rows):
            for b in range(count + narrow):
                at, weight = places + 24 * b, weights + p * row
                source, target, step = integer_at(at), integer_at(at + 8), integer_at(at + 16)
                if p == whole:
                    target, step = apart + b * pieces * PIECE, beside
                target += p * step
                if b < count:
                    sums = _no_sums(sample, pieces, rows) if fresh else _sums_at(sample, pieces, rows, target, step)
                    for _ in range(lines):
                        sums = _added(sums, weight, row, load(sample, source, PIECE, pieces))
                        source, weight = source + pitch, weight + size
                    _stored(sums, target, step)
                else:
                    few = _no_sums(sample, half, rows) if fresh else _sums_at(sample, half, rows, target, step)
                    for _ in range(lines):
                        few = _added(few, weight, row, load(sample, source, PIECE, half))
                        source, weight = source + pitch, weight + size
                    _stored(few, target, step)
        return version

    return multiply


_COPY_RUN, _MULTIPLY = by_address(_copy_run, 8), by_address(_multiply, 12)


@inner
def pitch_of(size):  # type: ignore[no-untyped-def]
    """Return how many bytes lie from one line of columns to the next: room for a piece more behind them.

    Blocks of columns begin with a line of a cache; an odd number of these apart, they are in different sets.
    """
    return (-(-(size + PIECE) // LINE) | 1) * LINE


@inner
def _clear(target, pitch, size, channels):  # type: ignore[no-untyped-def]
    """Write zeros for each channel, up to a piece too many."""
    for _ in range(channels):
        for at in range(0, size, PIECE):
            store(target + at, PIECE, zeros(_WORD, 1))
        target += pitch


@inner
def _gather(copy, size, data, limit, distance, channels, windows, at, begin, end, lines, pitch):  # type: ignore[no-untyped-def]
    """Write the columns [begin, end) of all windows of some channels to lines, `pitch` bytes apart.

    `at` are the first runs of the taps that may reach so far. What is written too much is written over by what follows
    in the line, or stands behind it.
    """
    runs, _, stops, step = windows
    for t in range(stops.size):
        while runs[at[t], 1] <= begin:
            at[t] += 1
        for number in range(at[t], stops[t]):
            low, high = max(runs[number, 0], begin), min(runs[number, 1], end)
            if low >= high:
                break
            target, apart = lines + t * pitch + (low - begin) * size, stops.size * pitch
            source = data + runs[number, 2] + (low - runs[number, 0]) * step
            if runs[number, 2] == MISSING:
                _clear(target, apart, (high - low) * size, channels)
            else:
                run(copy, (source, step, distance, limit, target, apart, high - low, channels))


@inner
def _scatter(sums, sums_step, column, end, size, out, steps, rows, plane):  # type: ignore[no-untyped-def]
    """Write the sums of some columns to the planes that they belong to."""
    while column < end:
        signal, place = column // plane, column % plane
        count = min(end - column, plane - place)
        words = count * size // _WORDS.itemsize
        for row in range(rows):
            source = samples_at(_WORDS, sums + row * sums_step, words)
            target = samples_at(_WORDS, out + signal * steps[0] + row * steps[1] + place * size, words)
            for i in range(words):
                target[i] = source[i]
        sums += count * size
        column += count


def _filled(version: int) -> Any:
    """Return the products in blocks of some rows and pieces, compiled anew for each version of the vectors."""

    @entry(error_model="numpy")
    def fill(  # type: ignore[no-untyped-def]
        loops, data, distance, channels, limit, windows, weights, height, out, steps, kept, columns, plane, chunk, share
    ):
        # Sums go where they belong if a block is whole, and else through `apart`.
        (size, block, rows, copy, multiply), taps = loops, windows[1].size
        width, step, pitch = block // size, chunk * block, pitch_of(chunk * block)
        buffer, apart = np.empty(share * taps * pitch + LINE, np.uint8), np.empty(height * step, np.uint8)
        lines, sums = address(buffer), address(apart)
        lines += -lines % LINE
        places, at, whole = np.empty((chunk, 3), np.int64), windows[1].copy(), kept // rows * rows
        for begin in range(0, columns, chunk * width):
            end = min(begin + chunk * width, columns)
            narrow = 1 if 0 < (end - begin) % width <= width // 2 else 0
            count = -((begin - end) // width) - narrow
            for b in range(count + narrow):
                signal, place = (begin + b * width) // plane, (begin + b * width) % plane
                places[b, 0], places[b, 1], places[b, 2] = lines + b * block, sums + b * block, step
                if share >= channels and b < count and place + width <= plane:
                    places[b, 1], places[b, 2] = out + signal * steps[0] + place * size, steps[1]
            for c in range(0, channels, share):
                some, fresh = min(share, channels - c), 1 if c == 0 else 0
                _gather(copy, size, data + c * distance, limit, distance, some, windows, at, begin, end, lines, pitch)
                part, row, held = weights + c * taps * size, channels * taps * size, some * taps
                blocks = address(places), count, narrow, fresh, whole, sums, step
                run(multiply, (part, height, row, held, pitch, *blocks))
            for b in range(count + narrow):
                column, first = begin + b * width, 0 if places[b, 1] == sums + b * block else whole
                source, target, stop = sums + b * block + first * step, out + first * steps[1], min(column + width, end)
                _scatter(source, step, column, stop, size, target, steps, kept - first, plane)
        return version + 0 * (buffer.size + apart.size + places.size)  # which keeps them until here

    return fill


_fill = _filled(VERSION)


class Products:
    """Weights (rows, channels, taps), multiplied with the windows of signals; they are kept, and copied if need be."""

    def __init__(self, weights: Array) -> None:
        self._rows, self._channels, self._taps = weights.shape
        self._block = TALL if self._rows > TALL[0] // 2 else WIDE
        matrix = np.require(weights.reshape(self._rows, -1), requirements=("C", "A"))
        missing = -self._rows % self._block[0]
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
        dtype = data.dtype
        multiply = _MULTIPLY(dtype, *self._block, VERSION)
        _fill(
            (dtype.itemsize, block, self._block[0], _COPY_RUN(dtype, VERSION), multiply),
            *read,
            tuple(windows),
            *weights,
            *written,
            columns,
            plane,
            chunk,
            share,
        )
