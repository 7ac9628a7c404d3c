"""Direct sums of one dtype in one compiled call: the copy with its halo, and the sums, by tables made before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from .bands import bands_of
from .entry import entry
from .loops import PIECE, copy_rows, sum_bands
from .protocol import Array
from .rows import Span, copy_table, cut, is_readable
from .simd import version
from .watch import address, samples_at

DType = np.dtype[Any]
_NUMBERS, _TABLES = 9, 8  # of a packed argument
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
    arguments: tuple[Any, ...]


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
    tables = {id(piece.arguments): piece.arguments[0] for piece in pieces}
    return sum(table.nbytes for table in tables.values())


def contiguous(shape: tuple[int, ...], dtype: DType) -> tuple[int, ...]:
    """Return the strides of a contiguous array."""
    return tuple(prod(shape[i + 1 :]) * dtype.itemsize for i in range(len(shape)))


def fill(pieces: Sequence[Piece], signal: Array, kernel: Array, out: Array, runner: Runner) -> bool:
    """Fill pieces of a contiguous result; return whether all taps are finite, or might have met empty ghosts.

    The operands have the dtype of `out`; the runner calls a function of the pieces' numbers for each of them.
    """
    samples, taps, results = line_of(signal, out.dtype), line_of(kernel, out.dtype), out.ravel()
    if len(pieces) == 1:
        ((begin, place, (packed, ghost)),) = pieces
        finite: bool = _fill(samples, begin, taps, results, place, packed, ghost)
        return finite
    each = list[bool]()

    def fill_piece(number: int) -> None:
        piece = pieces[number]
        each.append(_fill(samples, piece.samples, taps, results, piece.results, *piece.arguments))

    runner(fill_piece, len(pieces))
    return all(each)


def line_of(array: Array, dtype: DType) -> Array:
    """Return an array's numbers in a line that the compiled loops know: contiguous, aligned, native, not read-only."""
    known = array.dtype == dtype and array.flags.carray
    return (array if known else np.array(array, dtype, order="C")).ravel()


@lru_cache(maxsize=64)
def _arguments(sums: Sums, part: _Part) -> tuple[Any, ...]:
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
    return _packed(numbers, tables), dtype.type(sums.fill)


def _packed(numbers: tuple[int, ...], tables: tuple[Array, ...]) -> Array:
    """Return everything in one line, since every argument of a compiled function costs some of a small call's time."""
    return np.concatenate([numbers, [table.size for table in tables], *tables]).astype(np.int64)


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


def _compiled(version: int) -> Callable[..., bool]:
    """Return the loops, which are compiled anew for each version of those that they call."""

    @entry(error_model="numpy")
    def fill(signal, begins, taps, result, place, packed, ghost):  # type: ignore[no-untyped-def]
        """Fill the result; return whether all taps are finite."""
        begin, end, pitch, count, step, out_step, width, wide, lines = packed[:_NUMBERS]
        sizes, tables = packed[_NUMBERS : _NUMBERS + _TABLES], packed[_NUMBERS + _TABLES :]
        rows, tables = tables[: sizes[0]], tables[sizes[0] :]
        columns, tables = tables[: sizes[1]], tables[sizes[1] :]
        bases, tables = tables[: sizes[2]], tables[sizes[2] :]
        which, tables = tables[: sizes[3]], tables[sizes[3] :]
        places, tables = tables[: sizes[4]], tables[sizes[4] :]
        starts, tables = tables[: sizes[5]], tables[sizes[5] :]
        lengths, order = tables[: sizes[6]], tables[sizes[6] :]
        data, out, finite = address(signal) + begins, address(result) + place, version >= 0
        kernels = np.empty((taps.size // order.size, order.size), taps.dtype)
        for k in range(kernels.shape[0]):
            for t in range(order.size):
                kernels[k, t] = taps[k * order.size + order[t]]
                finite &= np.isfinite(kernels[k, t])
        copied = np.empty((rows.size, pitch), taps.dtype)
        if rows.size:
            copy_rows(data, taps, rows, columns, begin, end, ghost, copied)
        read = address(copied) if rows.size else data
        spare = np.empty(0 if wide == width else lines * wide, taps.dtype)
        written = address(spare) if wide > width else out
        row = wide * taps.itemsize
        sum_bands(read, bases, count, step, starts, lengths, kernels, which, written, places, out_step, row)
        if wide > width:
            narrow = samples_at(taps, out, lines * width)
            for row in range(lines):
                for column in range(width):
                    narrow[row * width + column] = spare[row * wide + column]
        # Numba frees an array after its last use, and does not know of the addresses.
        return finite and copied.size + spare.size >= 0

    return fill


_fill = _compiled(version("loops.py"))
