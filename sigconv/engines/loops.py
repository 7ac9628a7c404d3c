"""Direct sums as compiled loops: Numba functions, compiled on first use for each dtype and cached on disk.

Addresses, steps and widths are integers, in bytes, so that one compiled function serves arrays of every layout; the
caller keeps the arrays alive and answers for the bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from . import simd
from .entry import entry
from .simd import inner, load, multiply_add, pair_lanes, part, splat, store, swap_pairs, zeros
from .watch import samples_at

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


def _no_sums(sample: Any, pieces: Any) -> Any: ...
def _added(sums: Any, tap: Any, x: Any) -> Any: ...
def _total(sums: Any) -> Any: ...
def _largest(taps: Any) -> Any: ...


@overload(_no_sums, prefer_literal=True)
def _(sample, pieces):  # type: ignore[no-untyped-def]
    """Return empty sums: for complex samples one of the products with the taps' real parts, one with the imaginary."""
    if isinstance(sample, types.Complex):
        return lambda sample, pieces: (zeros(sample, pieces), zeros(sample, pieces))
    return lambda sample, pieces: zeros(sample, pieces)


@overload(_added)
def _(sums, tap, x):  # type: ignore[no-untyped-def]
    """Return the sums with the product of a tap and a block of samples added."""
    if isinstance(tap, types.Complex):
        return lambda sums, tap, x: (
            multiply_add(splat(tap.real, x), x, sums[0]),
            multiply_add(splat(tap.imag, x), x, sums[1]),
        )
    return lambda sums, tap, x: multiply_add(splat(tap, x), x, sums)


@overload(_total)
def _(sums):  # type: ignore[no-untyped-def]
    """Return the block of outputs."""
    if not isinstance(sums, types.BaseTuple):
        return lambda sums: sums

    def combined(sums):  # type: ignore[no-untyped-def]
        crossed = swap_pairs(sums[1])
        return pair_lanes(sums[0] - crossed, sums[0] + crossed)

    return combined


@overload(_largest)
def _(taps):  # type: ignore[no-untyped-def]
    """Return the pieces of the largest block: sums in eight registers, or in sixteen where there are twice as many."""
    pieces = 4 if isinstance(taps.dtype, types.Complex) and PIECE < 64 else 8
    return lambda taps: pieces


def _strip(pieces: int) -> Callable[..., None]:
    """Return the loop over a strip of outputs whose blocks have some pieces."""
    two, three, four = pieces + 1, pieces + 2, pieces + 3

    @inner
    @distinct(pieces)
    def strip(  # type: ignore[no-untyped-def]
        data, step, starts, lengths, taps, out, out_step, width, advance
    ):
        # The pieces of a block lie `step` apart, as do the samples of the taps of a chain: a piece that is loaded
        # serves up to four taps. The block moves along the strip; the last one overlaps the one before it.
        at = 0
        while True:
            sums = _no_sums(taps[0], pieces)
            t = np.uintp(0)
            for c in range(starts.size):
                place, left = data + at + starts[c], lengths[c]
                while left >= 4:
                    x = load(taps[0], place, step, four)
                    sums = _added(sums, taps[t], part(x, 0, pieces))
                    sums = _added(sums, taps[t + np.uintp(1)], part(x, 1, pieces))
                    sums = _added(sums, taps[t + np.uintp(2)], part(x, 2, pieces))
                    sums = _added(sums, taps[t + np.uintp(3)], part(x, 3, pieces))
                    place, left, t = place + 4 * step, left - 4, t + np.uintp(4)
                if left == 3:
                    x = load(taps[0], place, step, three)
                    sums = _added(sums, taps[t], part(x, 0, pieces))
                    sums = _added(sums, taps[t + np.uintp(1)], part(x, 1, pieces))
                    sums = _added(sums, taps[t + np.uintp(2)], part(x, 2, pieces))
                elif left == 2:
                    x = load(taps[0], place, step, two)
                    sums = _added(sums, taps[t], part(x, 0, pieces))
                    sums = _added(sums, taps[t + np.uintp(1)], part(x, 1, pieces))
                elif left == 1:
                    sums = _added(sums, taps[t], load(taps[0], place, step, pieces))
                t += np.uintp(left)
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
