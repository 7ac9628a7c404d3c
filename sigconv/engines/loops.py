"""Direct sums as compiled loops: Numba functions, compiled on first use for each dtype and cached on disk.

Addresses, steps and widths are integers, in bytes, so that one compiled function serves arrays of every layout; the
caller keeps the arrays alive and answers for the bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from . import simd
from .entry import entry
from .simd import Vector, added, inner, instruction, lanes_of, loaded, repeated, shuffled, store, vector_of
from .watch import address, samples_at

MISSING = np.iinfo(np.int64).min  # the place of a sample that lies outside the signal
PIECE = simd.PIECE


def distinct(*values: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a function that is made for each of some values a name of its own.

    Compiled functions of one name are told apart by a number that counts what a process has compiled. Those that two
    processes have left on the disk may then share both, and a third process would call one for the other.
    """

    def renamed(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__qualname__ = "_".join((function.__qualname__, *map(str, values)))
        return function

    return renamed


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


@instruction
def _largest(typing: Any, taps: Any) -> Any:
    """Return the pieces of the largest block: sums in eight registers, or in sixteen where there are twice as many."""
    pieces = 4 if isinstance(taps.dtype, types.Complex) and PIECE < 64 else 8
    return types.intp(taps), lambda context, builder, signature, args: ir.Constant(ir.IntType(64), pieces)


def _strip(pieces: int) -> Callable[..., None]:
    """Return the loop over a strip of outputs whose blocks have some pieces."""

    @inner
    @distinct(pieces)
    def strip(  # type: ignore[no-untyped-def]
        data, step, starts, lengths, taps, out, out_step, width, advance
    ):
        # The block moves along the strip; the last one overlaps the one before it.
        at, size = 0, taps.itemsize
        while True:
            sums = _no_sums(taps[0], pieces)
            tap = address(taps)
            for c in range(starts.size):
                place, left = data + at + starts[c], lengths[c]
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
                return
            at = min(at + advance, width - advance)

    return strip


_strip8, _strip4, _strip1 = (_strip(pieces) for pieces in (8, 4, 1))


def _compiled(version: int) -> Callable[..., int]:
    """Return `sum_bands`, which is compiled anew for each version of the vectors that it is made of."""

    @entry(error_model="numpy")
    def sum_bands(  # type: ignore[no-untyped-def]
        data, bases, rows, step, starts, lengths, kernels, which, out, places, out_step, width
    ):
        along = rows == 0
        total, unit = (width, PIECE) if along else (rows, 1)
        largest = _largest(kernels)
        for b in range(bases.size):
            taps = kernels[which[b]]
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
                if size == 8:
                    _strip8(x, step, starts, lengths, taps, y, out_step, extent, advance)
                elif size == 4:
                    _strip4(x, step, starts, lengths, taps, y, out_step, extent, advance)
                else:
                    _strip1(x, step, starts, lengths, taps, y, out_step, extent, advance)
                at += done
        return version

    return sum_bands


VERSION = simd.version()
sum_bands = _compiled(VERSION)


@inner
def _copy_scattered(place, kind, columns, fill, line):  # type: ignore[no-untyped-def]
    """Fill the columns of a row one by one."""
    for c in range(columns.size):
        if columns[c] == MISSING:
            line[c] = fill
        else:
            line[c] = samples_at(kind, place + columns[c], 1)[0]


@entry()
def copy_rows(data, kind, rows, columns, begin, end, fill, out):  # type: ignore[no-untyped-def]
    """Fill `out[r, c]` with the sample at `data + rows[r] + columns[c]`, or `fill` where either is missing.

    `kind` is any array of the samples' dtype. The columns [begin, end) of the copy are neighbours in memory, and
    `columns` names only the first of them.
    """
    later = begin + 1 if begin < end else begin
    for r in range(rows.size):
        line = out[r]
        if rows[r] == MISSING:
            line[:] = fill
            continue
        place = data + rows[r]
        if begin < end:
            run, neighbours = line[begin:end], samples_at(kind, place + columns[begin], end - begin)
            for c in range(run.size):
                run[c] = neighbours[c]
        _copy_scattered(place, kind, columns[:begin], fill, line)
        _copy_scattered(place, kind, columns[later:], fill, line[end:])
