"""Direct sums as compiled loops: Numba functions, compiled on first use for each dtype and cached on disk.

Addresses, steps and widths are integers, in bytes, so that one compiled function serves arrays of every layout; the
caller keeps the arrays alive and answers for the bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from . import simd
from .by_address import by_address, integer_at, run
from .entry import Loop, entry
from .simd import Vector, added, instruction, lanes_of, loaded, repeated, shuffled, store, vector_of
from .watch import address, sample_at, samples_at

MISSING = np.iinfo(np.int64).min  # the place of a sample that lies outside the signal
PIECE = simd.PIECE


@instruction
def _no_sums(typing: Any, sample: Any, pieces: Any) -> Any:
    """Return empty sums: for complex samples one of the products with the taps' real parts, one with the imaginary."""
    result = types.UniTuple(vector_of(sample, pieces), 2 if isinstance(sample, types.Complex) else 1)  # type: ignore[no-untyped-call]
    return result(sample, pieces), lambda context, builder, signature, args: context.get_constant_null(result)


@instruction
def _taken(typing: Any, sums: Any, place: Any, step: Any, taps: Any, count: Any) -> Any:
    """Return the sums with the products of some taps of a chain and their samples added.

    The samples lie `step` bytes apart, as do the pieces of a block: a piece that is loaded serves all of these taps.
    """
    block, integers = sums.dtype, (types.intp,) * 3
    wide = Vector(block.element, lanes_of(block.element) * (block.pieces + count.literal_value - 1))
    size = block.element.bitwidth // 8

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, lanes = loaded(builder, args[1], args[2], wide), lanes_of(block.element)
        totals = [builder.extract_value(args[0], i) for i in range(sums.count)]
        for tap in range(count.literal_value):
            samples = shuffled(builder, x, x, list(range(tap * lanes, tap * lanes + block.lanes)))
            for i in range(sums.count):
                at = builder.add(args[3], ir.Constant(args[3].type, (tap * sums.count + i) * size))
                totals[i] = added(builder, repeated(builder, at, block), samples, totals[i])
        return context.make_tuple(builder, sums, totals)

    return sums(sums, *integers, count), code


@instruction
def _total(typing: Any, sums: Any) -> Any:
    """Return the block of outputs."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        real = builder.extract_value(args[0], 0)
        if sums.count == 1:
            return real
        imaginary = builder.extract_value(args[0], 1)
        crossed = shuffled(builder, imaginary, imaginary, [i ^ 1 for i in range(sums.dtype.lanes)])
        pairs = [i + sums.dtype.lanes * (i % 2) for i in range(sums.dtype.lanes)]
        return shuffled(builder, builder.fsub(real, crossed), builder.fadd(real, crossed), pairs)

    return sums.dtype(sums), code


VERSION = simd.version()


def _strip(sample: Any, pieces: int, version: int) -> Loop:
    """Return the loop over a strip of outputs whose blocks have some pieces."""
    size = sample.itemsize

    def strip(integers):  # type: ignore[no-untyped-def]
        # The block moves along the strip; the last one overlaps the one before it.
        data, step, starts, lengths, chains, taps, out, out_step, width, advance = integers
        at = 0
        while True:
            sums = _no_sums(sample, pieces)
            tap = taps
            for c in range(0, 8 * chains, 8):
                place, left = data + at + integer_at(starts + c), integer_at(lengths + c)
                while left >= 4:
                    sums = _taken(sums, place, step, tap, 4)
                    place, left, tap = place + 4 * step, left - 4, tap + 4 * size
                if left == 3:
                    sums = _taken(sums, place, step, tap, 3)
                elif left == 2:
                    sums = _taken(sums, place, step, tap, 2)
                elif left == 1:
                    sums = _taken(sums, place, step, tap, 1)
                tap += left * size
            store(out + at, out_step, _total(sums))
            if at + advance >= width:
                return version
            at = min(at + advance, width - advance)

    return strip


@cache
def strips(dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return what `sum_bands` needs for a dtype: the pieces of the largest block, and the addresses of its strips.

    Their blocks have that many pieces, four, and one. The largest has sums in eight registers, or in sixteen where
    there are twice as many.
    """
    largest = 4 if dtype.kind == "c" and PIECE < 64 else 8
    return largest, *(_STRIP(dtype, pieces, VERSION) for pieces in (largest, 4, 1))


def _compiled(version: int) -> tuple[Callable[..., int], Callable[..., int]]:
    """Return `sum_bands` and `copy_rows`, compiled anew for each version of what they are made of."""

    @entry(error_model="numpy")
    def sum_bands(  # type: ignore[no-untyped-def]
        data, bases, rows, step, starts, lengths, taps, pitch, which, out, places, out_step, width, strips
    ):
        """Fill strips of outputs with the sums over the taps of kernels, which lie `pitch` bytes apart."""
        along, (largest, strip, narrow_strip, piece_strip) = rows == 0, strips
        total, unit = (width, PIECE) if along else (rows, 1)
        first, count, chains = address(starts), address(lengths), starts.size
        for b in range(bases.size):
            kernel = taps + which[b] * pitch
            at = 0
            while at < total:
                size = largest if total >= largest * unit and total - at > 4 * unit else 4 if total >= 4 * unit else 1
                at = min(at, total - size * unit)  # the last block overlaps the one before it
                extent, advance, done = width, PIECE, size
                x, y = data + bases[b] + at * step // unit, out + places[b] + at * out_step // unit
                if along:
                    rest = (total - at) % (8 * PIECE)
                    extent = total - at - (rest if size == 8 and rest <= 4 * PIECE else 0)
                    advance, done = size * PIECE, extent
                loop = strip if size == largest else narrow_strip if size == 4 else piece_strip
                run(loop, (x, step, first, count, chains, kernel, y, out_step, extent, advance))
                at += done
        return version

    @entry()
    def copy_rows(loop, data, rows, columns, begin, end, outside, out, pitch):  # type: ignore[no-untyped-def]
        """Fill rows of `pitch` samples: place c of row r with that at `data + rows[r] + columns[c]`.

        The columns [begin, end) of the copy are neighbours in memory, and `columns` names only the first of them. Where
        a row or a column is missing stands the number at the address `outside`. `out` are the bytes of the rows.
        """
        r, height, c, width = address(rows), rows.size, address(columns), columns.size
        run(loop, (data, r, height, c, width, begin, end, outside, address(out), pitch))
        return version

    return sum_bands, copy_rows


sum_bands, copy_rows = _compiled(VERSION)


def _copy(sample: Any, source: str, version: int) -> Loop:
    """Return the loop that copies rows of samples of a dtype to rows of others, as `copy_rows` says."""
    size, kind, source_kind = sample.itemsize, np.zeros(1, sample.dtype), np.zeros(1, source)

    def copy(integers):  # type: ignore[no-untyped-def]
        data, rows, height, columns, width, begin, end, outside, out, pitch = integers
        fill = sample_at(kind, outside)
        later = begin + 1 if begin < end else begin  # of the run, columns name only the first one
        for r in range(0, 8 * height, 8):
            line, row = samples_at(kind, out, pitch), integer_at(rows + r)
            out += pitch * size
            if row == MISSING:
                line[:] = fill
                continue
            if begin < end:
                near = samples_at(source_kind, data + row + integer_at(columns + 8 * begin), end - begin)
                middle = line[begin:end]
                for c in range(middle.size):
                    middle[c] = near[c]
            for first, stop, shift in ((0, begin, 0), (later, width, end - later)):
                for c in range(first, stop):
                    place = integer_at(columns + 8 * c)
                    if place == MISSING:
                        line[c + shift] = fill
                    else:
                        line[c + shift] = sample_at(source_kind, data + row + place)
        return version

    return copy


_STRIP, _COPY = by_address(_strip, 10), by_address(_copy, 10)
# Samples that keep their dtype are copied as any of their size.
_SAME = {size: np.dtype(name) for size, name in ((4, "u4"), (8, "u8"), (16, "c16"))}


@cache
def copy_of(source: np.dtype[Any], dtype: np.dtype[Any]) -> int:
    """Return the address of the loop that copies rows of samples of a dtype to rows of another one, for `copy_rows`."""
    if source == dtype:
        source = dtype = _SAME[dtype.itemsize]
    return _COPY(dtype, "uint8" if source.kind == "b" else source.name, VERSION)
