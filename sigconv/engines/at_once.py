"""Direct sums of one dtype in one compiled call: the copy with its halo, and the sums, by tables made before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from .bands import bands_of, contiguous
from .by_address import by_address, run
from .entry import Loop, entry
from .loops import PIECE, copy_of, strips, sum_bands
from .protocol import Array
from .rows import Span, copy_table, cut, is_readable
from .simd import inner, version
from .watch import address, samples_at

DType = np.dtype[Any]
_NUMBERS, _TABLES, _OUTSIDE = 19, 8, 2  # of a packed argument: its last entries are the number that stands outside
Runner = Callable[[Callable[[int], None], int], None]


class Sums(NamedTuple):
    """Direct sums over the last axes of contiguous arrays: their shapes, strides and dilations of the convolved axes.

    The taps are taken as they are passed, or from the last to the first if `backwards`. Ghosts that come from no
    sample are `fill`.
    """

    signal: tuple[int, ...]
    kernel: tuple[int, ...]
    result: tuple[int, ...]
    steps: tuple[tuple[int, int], ...]
    dtype: DType
    fill: Any
    backwards: bool


class Piece(NamedTuple):
    """Sums that one compiled call computes: where samples and results begin, in bytes, and its further arguments."""

    samples: int
    results: int
    packed: Array


class _Part(NamedTuple):
    """What decides the arguments of a piece: the shapes of its samples and results, and the spans that are read."""

    samples: tuple[int, ...]
    results: tuple[int, ...]
    spans: tuple[Span, ...]


def piece_of(sums: Sums, slices: tuple[slice, ...], spans: tuple[Span, ...]) -> Piece:
    """Return a piece of the result, which is cut by slices; on the convolved axes it reads the spans."""
    first = len(slices) - len(spans)
    shared = [n == 1 for n in sums.signal[:first]]
    index, relative, _ = cut(spans)
    begins = [0 if one else s.start for one, s in zip(shared, slices[:first], strict=True)]
    begins += [s.start or 0 for s in index[1:]]
    sizes = tuple(s.stop - s.start for s in slices)
    batch = (1 if one else size for one, size in zip(shared, sizes[:first], strict=True))
    part = _Part((*batch, *(s.samples for s in relative)), sizes, relative)
    samples = sum(map(mul, begins, contiguous(sums.signal, sums.dtype)))
    results = sum(map(mul, (s.start for s in slices), contiguous(sums.result, sums.dtype)))
    return Piece(samples, results, _arguments(sums, part))


def bytes_of(pieces: Sequence[Piece]) -> int:
    """Return what the tables of some pieces take, which some of them share."""
    tables = {id(piece.packed): piece.packed for piece in pieces}
    return sum(table.nbytes for table in tables.values())


def fill(pieces: Sequence[Piece], signal: Array, kernel: Array, out: Array, runner: Runner) -> bool:
    """Fill pieces of a contiguous result; return whether all taps are finite, or might have met empty ghosts.

    The operands have the dtype of `out`; the runner calls a function of the pieces' numbers for each of them.
    """
    samples, taps, results = _line_of(signal, out.dtype), _line_of(kernel, out.dtype), out.ravel()
    if len(pieces) == 1:
        ((begin, place, packed),) = pieces
        finite: bool = _fill(samples, begin, taps, results, place, packed)
        return finite
    each = list[bool]()

    def fill_piece(number: int) -> None:
        piece = pieces[number]
        each.append(_fill(samples, piece.samples, taps, results, piece.results, piece.packed))

    runner(fill_piece, len(pieces))
    return all(each)


def _line_of(array: Array, dtype: DType) -> Array:
    """Return an array's numbers in a line that the compiled loops know: contiguous, aligned, native, not read-only."""
    known = array.dtype == dtype and array.flags.carray
    return (array if known else np.array(array, dtype, order="C")).ravel()


@lru_cache(maxsize=64)
def _arguments(sums: Sums, part: _Part) -> Array:
    """Return the arguments of the compiled loops that say what stands where."""
    dtype, (*rows, width), first = sums.dtype, part.results, len(part.results) - len(part.spans)
    wide = max(width, PIECE // dtype.itemsize)
    strides, phase, copy = _read(sums, part)
    # A narrow result is computed in rows of its own, and stands alone.
    target = (*rows, wide)
    out_strides = contiguous(sums.result if wide == width else target, dtype)
    batches, taps = (part.samples[:first], sums.kernel[:first]), sums.kernel[first:]
    bands = bands_of(target, out_strides, *batches, strides, phase, taps, sums.steps, dtype.itemsize)
    order = prod(taps) - 1 - bands.order if sums.backwards else bands.order
    tables = *copy.tables, bands.bases, bands.which, bands.places, bands.starts, bands.lengths, order
    numbers = *copy.numbers, bands.rows, bands.step, bands.out_step, width, wide, prod(rows)
    kind = dtype.itemsize, 2 if dtype.kind == "c" else 1, prod(batches[1]), copy_of(dtype, dtype), *strips(dtype)
    loops = _memory(sums, copy, wide if wide > width else 0, prod(rows)), _LOOPS(np.dtype(np.int64), VERSION)
    return _packed((*loops, *numbers, *kind), tables, dtype.type(sums.fill))


def _memory(sums: Sums, copy: _Copy, wide: int, lines: int) -> int:
    """Return how many bytes of memory the loops take: for the taps in their order, the copy, and a wide result."""
    copied, size = copy.tables[0].size * copy.numbers[2], sums.dtype.itemsize
    return -(-prod(sums.kernel) * size // PIECE) * PIECE + (copied + wide * lines) * size


def _packed(numbers: tuple[int, ...], tables: tuple[Array, ...], outside: Any) -> Array:
    """Return everything in one line, since every argument of a compiled function costs some of a small call's time."""
    last = np.frombuffer(outside.tobytes().ljust(8 * _OUTSIDE, b"\0"), np.int64)
    return np.concatenate([numbers, [table.size for table in tables], *tables, last]).astype(np.int64)


class _Copy(NamedTuple):
    """Which rows and columns are copied, the columns that are neighbours, and how long the rows of the copy are."""

    tables: tuple[Array, Array]
    numbers: tuple[int, int, int]


def _read(sums: Sums, part: _Part) -> tuple[tuple[int, ...], int, _Copy]:
    """Return how the loops read: the strides of the rows and the distance of their phases, and how they are copied.

    Where all samples are there, they are read in place, and no rows are copied.
    """
    dtype, width, (stride, _) = sums.dtype, part.results[-1], sums.steps[-1]
    strides, nothing = contiguous(sums.signal, dtype), np.empty(0, np.int64)
    inside = all(s.start == 0 and s.stop == s.samples for s in part.spans)
    if inside and stride == 1 and is_readable(strides, len(part.spans), width, dtype):
        return strides[:-1], 0, _Copy((nothing, nothing), (0, 0, 0))
    table = copy_table(part.samples, strides, dtype.itemsize, part.spans, stride, width, dtype.itemsize)
    phase = table.used // stride * dtype.itemsize
    copy = _Copy((table.rows, table.columns), (*table.run, table.shape[-1]))
    return contiguous(table.shape, dtype)[:-1], phase, copy


@inner
def _order(kind, parts, taps, count, order, ordered):  # type: ignore[no-untyped-def]
    """Write the taps of some kernels, numbers of some parts, in an order; return whether all are finite."""
    size = order.size * parts
    read, written = samples_at(kind, taps, count * size), samples_at(kind, ordered, count * size)
    finite = True
    for k in range(count):
        for t in range(order.size):
            for p in range(parts):
                part = read[k * size + order[t] * parts + p]
                written[k * size + t * parts + p] = part
                finite &= np.isfinite(part)
    return finite


@inner
def _drop(kind, wide, row, narrow, size, lines):  # type: ignore[no-untyped-def]
    """Copy the first bytes of some lines."""
    read, written = samples_at(kind, wide, lines * row), samples_at(kind, narrow, lines * size)
    for line in range(lines):
        for i in range(size):
            written[line * size + i] = read[line * row + i]


def _loops(integer: Any, version: int) -> Loop:
    """Return the loops, which take tables of integers: they fill a result and return whether all taps are finite."""
    integers, letters, singles, doubles = (np.zeros(1, dtype) for dtype in (integer.dtype, "u1", "f4", "f8"))

    def fill(arguments):  # type: ignore[no-untyped-def]
        data, taps, out, table, entries, memory = arguments
        packed = samples_at(integers, table, entries)
        _, _, begin, end, pitch, count, step, out_step, width, wide, lines = packed[:11]
        size, parts, batch, copy, largest, strip, narrow_strip, piece_strip = packed[11:_NUMBERS]
        sizes, place = packed[_NUMBERS : _NUMBERS + _TABLES], table + 8 * (_NUMBERS + _TABLES)
        rows, place = samples_at(integers, place, sizes[0]), place + 8 * sizes[0]
        columns, place = samples_at(integers, place, sizes[1]), place + 8 * sizes[1]
        bases, place = samples_at(integers, place, sizes[2]), place + 8 * sizes[2]
        which, place = samples_at(integers, place, sizes[3]), place + 8 * sizes[3]
        places, place = samples_at(integers, place, sizes[4]), place + 8 * sizes[4]
        starts, place = samples_at(integers, place, sizes[5]), place + 8 * sizes[5]
        lengths, place = samples_at(integers, place, sizes[6]), place + 8 * sizes[6]
        order, place = samples_at(integers, place, sizes[7]), place + 8 * sizes[7]
        pitched, row = order.size * size, wide * size
        if size == 4 * parts:
            finite = _order(singles, parts, taps, batch, order, memory)
        else:
            finite = _order(doubles, parts, taps, batch, order, memory)
        copied = memory + -(-batch * pitched // PIECE) * PIECE
        written = out if wide == width else copied + rows.size * pitch * size
        if rows.size:
            above, beside = address(rows), address(columns)
            run(copy, (data, above, rows.size, beside, columns.size, begin, end, place, copied, pitch))
            data = copied
        loops = largest, strip, narrow_strip, piece_strip
        sum_bands(
            data, bases, count, step, starts, lengths, memory, pitched, which, written, places, out_step, row, loops
        )
        if wide > width:
            _drop(letters, written, row, out, width * size, lines)
        return 1 if finite and version >= 0 else 0

    return fill


def _compiled(version: int) -> Callable[..., bool]:
    """Return what runs the loops, compiled anew for each version of what it is made of."""

    @entry()
    def fill(signal, begins, taps, result, place, packed):  # type: ignore[no-untyped-def]
        """Fill the result; return whether all taps are finite."""
        memory = np.empty(packed[0], np.uint8)
        read, written = address(signal) + begins, address(result) + place
        finite = run(packed[1], (read, address(taps), written, address(packed), packed.size, address(memory)))
        # Numba frees an array after its last use, and does not know of the addresses.
        return finite > 0 and version + memory.size >= 0

    return fill


VERSION = version("loops.py")
_LOOPS, _fill = by_address(_loops, 6), _compiled(VERSION)
