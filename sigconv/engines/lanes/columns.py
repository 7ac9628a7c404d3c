"""One signal's blocks, convolved one after the other: transform, times the kernel's spectrum, and back, in one call.

A block of N = L·M samples lies in M rows as it lies in memory: sample n = L·r + c is in row r, lane c. Transforms of M
points down the columns, turns by exp(−2πi c·k/N), and transforms of L points along the rows give the frequencies
(J. W. Cooley and J. W. Tukey, Math. Comp. 19 (1965) 297–301). The first pass loads from the signal, the last one stores
into the result; the turns, the kernel's spectrum and all that goes along the rows are part of the passes between.

Two blocks of real samples are the real and the imaginary part of one of complex numbers: the transform is linear and
the kernel real, so they stay apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..entry import entry
from ..lengths import radices
from ..protocol import Array
from ..rows import address_of
from ..simd import inner
from .butterflies import Point, dft, inverse_dft
from .groups import gather_four, multiply_group, spread_four, store_group
from .line_tables import lanes_of, real_dtype, tables_of
from .memory import aligned, workspace
from .passes import (
    ROW,
    forward_rows,
    inverse_rows,
    over_rows,
    product,
    store_row,
    turned_back,
    twiddles,
)
from .twiddles import frequencies
from .vectors import BYTES, Code, Number
from .version import VERSION

_NOWHERE = np.zeros(0, np.int64)  # targets of blocks whose spectra are wanted


def _first_pass(
    radix: int, code: Code, row: Number, x: Number, y: Number, place: Number, distance: Number, table: Number
) -> None:
    """Transform rows of samples: of two blocks, or of a complex one."""
    points = [_samples(code, x, y, row, distance, k) for k in range(radix)]
    first, *rest = dft(points)
    turned = [first, *map(product, rest, twiddles(code, table, row, radix))]
    for k, point in enumerate(turned):
        store_row(code, place + row * ROW + distance * k, point)


def _samples(code: Code, x: Number, y: Number, row: Number, distance: Number, k: int) -> Point:
    """Return the samples of a row, k distances on."""
    if code.interleaved:
        at = x + row * ROW + distance * k
        return code.deinterleave(code.load(at, aligned=False), code.load(at + BYTES, aligned=False))
    at = row * BYTES + distance.half() * k
    return code.load(x + at, aligned=False), code.load(y + at, aligned=False)


def _last_pass(
    radix: int,
    code: Code,
    row: Number,
    x: Number,
    y: Number,
    dropped: Number,
    rows: Number,
    place: Number,
    table: Number,
) -> None:
    """Write rows of samples, without those that are dropped: the first row that is kept goes to the result's start."""
    numbers = [row + rows * k for k in range(radix)]
    points = inverse_dft(turned_back(radix, code, row, [place + number * ROW for number in numbers], table))
    for number, (re, im) in zip(numbers, points, strict=True):
        with code.where_reaches(number, dropped):
            kept = number - dropped
            if code.interleaved:
                low, high = code.interleave(re, im)
                code.store(x + kept * ROW, low, aligned=False)
                code.store(x + (kept * ROW + BYTES), high, aligned=False)
            else:
                code.store(x + kept * BYTES, re, aligned=False)
                code.store(y + kept * BYTES, im, aligned=False)


_first_rows, _last_rows = over_rows(_first_pass), over_rows(_last_pass)


# A level of passes is (radix, rows of each part that it leaves, address of its roots). The last level leaves parts of
# four rows. The first `shared` levels go over all rows of a block, the others over one part of the rows that the shared
# levels leave, which stays in the first-level cache meanwhile.


@inner
def _forward_passes(sample, place, rows, levels):  # type: ignore[no-untyped-def]
    """Run some levels over some rows."""
    for radix, left, table in levels:
        for part in range(place, place + rows * ROW, radix * left * ROW):
            forward_rows(sample, radix, left, (part, left * ROW, table))


@inner
def _inverse_passes(sample, place, rows, levels):  # type: ignore[no-untyped-def]
    """Run some inverse levels over some rows."""
    for radix, left, table in levels[::-1]:
        for part in range(place, place + rows * ROW, radix * left * ROW):
            inverse_rows(sample, radix, left, (part, left * ROW, table))


@inner
def _spread(sample, place, rows, turns, across):  # type: ignore[no-untyped-def]
    for four in range(0, rows * ROW, 4 * ROW):
        spread_four(sample, (place + four, turns + four, across))


@inner
def _gather(sample, place, rows, turns, across):  # type: ignore[no-untyped-def]
    for four in range(0, rows * ROW, 4 * ROW):
        gather_four(sample, (place + four, turns + four, across))


@inner
def _analyse(sample, x, y, levels, shared, work):  # type: ignore[no-untyped-def]
    """Run the passes that all rows of a block take before its parts are taken one by one."""
    radix, left, table = levels[0]
    _first_rows(sample, radix, left, (x, y, work, left * ROW, table))
    _forward_passes(sample, work, radix * left, levels[1:shared])


@inner
def _synthesise(sample, x, y, dropped, levels, shared, work):  # type: ignore[no-untyped-def]
    """Run the passes that all rows of a block take in the end."""
    radix, left, table = levels[0]
    _inverse_passes(sample, work, radix * left, levels[1:shared])
    _last_rows(sample, radix, left, (x, y, dropped, left, work, table))


@inner
def _parts(sample, store, levels, shared, lanes, turns, across, work, spectrum, soon):  # type: ignore[no-untyped-def]
    """Multiply the parts of a block by a kernel's spectrum, or store theirs as such.

    Meanwhile what the next block reads and writes at the places `soon` comes to the cache: half of a block at each.
    """
    x, y, v, w = soon
    rows = levels[0, 0] * levels[0, 1]
    size = levels[shared - 1, 1] if shared else rows
    inner = levels[max(1, shared) :]
    for part in range(0, rows * ROW, size * ROW):
        _forward_passes(sample, work + part, size, inner)
        _spread(sample, work + part, size, turns + part, across)
        if store:
            for group in range(part, part + size * ROW, lanes * ROW):
                store_group(sample, (work + group, spectrum + group))
        else:
            for group in range(part, part + size * ROW, lanes * ROW):
                near = group // 2
                multiply_group(sample, (work + group, spectrum + group, x + near, y + near, v + near, w + near))
            _gather(sample, work + part, size, turns + part, across)
            _inverse_passes(sample, work + part, size, inner)


@inner
def _halves(place, parts, lines, rows):  # type: ignore[no-untyped-def]
    """Return where the two halves of a block, which are two blocks of real samples, stand in sources and targets."""
    sources, cuts, targets, first, count, blocks, hop, last = lines
    x = y = v = w = 0
    for half in range(parts - 1, -1, -1):
        line, block = divmod(min(place + half, count * blocks - 1), blocks)
        begin, line = min(block * hop, last), line + first
        y, w = x, v
        x = sources[(block >= cuts[0]) + (block >= cuts[1]), line] + begin
        v = targets[line] + begin if len(targets) else 0
    if parts == 1:
        y, w = x + rows * BYTES, v + rows * BYTES
    return x, y, v, w


def _compiled(version: int) -> Callable[..., int]:
    """Return the function that runs blocks, which is compiled anew for each version of what it is made of."""

    @entry()
    def run_blocks(  # type: ignore[no-untyped-def]
        sample, parts, sources, cuts, targets, spectra, blocks, hop, last, dropped, tables
    ):
        levels, shared, lanes, turns, across, work = tables
        rows, count = levels[0, 0] * levels[0, 1], sources.shape[1] // len(spectra)  # lines that have one kernel
        for kernel in range(len(spectra)):
            lines = (sources, cuts, targets, kernel * count, count, blocks, hop, last)
            soon = _halves(0, parts, lines, rows)
            for pair in range(0, count * blocks, parts):
                (x, y, v, w), soon = soon, _halves(pair + parts, parts, lines, rows)
                if not len(targets):
                    y = sources[1, kernel]
                _analyse(sample, x, y, levels, shared, work)
                _parts(sample, len(targets) == 0, levels, shared, lanes, turns, across, work, spectra[kernel], soon)
                if len(targets):
                    _synthesise(sample, v, w, dropped, levels, shared, work)
        return version

    return run_blocks


_run_blocks = _compiled(VERSION)


class Lines(NamedTuple):
    """Lines of blocks in memory, as addresses and distances in bytes.

    Block b of a line begins `b · hop` behind the line's beginning, but no more than `last`, in the samples and in the
    results alike. Samples stand in up to three places: `sources` has a row for the blocks before each of the two
    `cuts`, and one for those behind, and a column for each line. `targets` are the lines of results.
    """

    sources: Array
    cuts: tuple[int, int]
    targets: Array
    blocks: int
    hop: int
    last: int


def convolve(lines: Lines, spectra: Array, dropped: int, length: int, dtype: np.dtype[Any]) -> None:
    """Convolve lines of samples of a dtype, block by block, with kernels, given by the addresses of their spectra.

    A kernel serves as many lines as there are to each. A block reads `length` samples, and writes those of its circular
    convolution that come behind the first `dropped` rows of L.
    """
    _run(lines, spectra, dropped, length, dtype)


def _run(lines: Lines, spectra: Array, dropped: int, length: int, dtype: np.dtype[Any]) -> None:
    """Convolve blocks, or without targets write their spectra."""
    tables = tables_of(length, real_dtype(dtype))
    parts = 1 if dtype.kind == "c" or not lines.targets.size else 2
    sources, cuts, targets, blocks, hop, last = lines
    work = workspace.address(tables.size)
    _run_blocks(
        dtype.type(0), parts, sources, cuts, targets, spectra, blocks, hop, last, dropped, (*tables.arguments, work)
    )


def empty_spectra(count: int, length: int, dtype: np.dtype[Any]) -> Array:
    """Return memory for the spectra of some kernels, one to a row."""
    return aligned((count, 2 * length), real_dtype(dtype))


def spectra_of(kernels: Array, length: int) -> Array:
    """Return the spectra of kernels: see `fill_spectra`."""
    spectra = empty_spectra(len(kernels), length, kernels.dtype)
    fill_spectra(kernels, length, kernels.dtype, 1, spectra)
    return spectra


def fill_spectra(kernels: Array, length: int, dtype: np.dtype[Any], dilation: int, spectra: Array) -> None:
    """Fill in the spectra of kernels, one to a row, whose dilated taps are at most `length`, times 1/length.

    The frequencies stand in the order in which the transforms leave them, as rows of real and of imaginary parts, in
    the precision of a dtype. They make up for the three transforms of a convolution that come out too long.
    """
    real, count, size = real_dtype(dtype), len(kernels), length * dtype.itemsize
    padded = np.zeros((count + 1, length), dtype)
    taps = kernels.astype(dtype) / real.type(length)
    padded[:count, : kernels.shape[1] * dilation : dilation] = taps - taps * real.type(
        3 * tables_of(length, real).stretch
    )
    # A real kernel's imaginary part is the row of zeros at the end.
    sources = np.empty((2, count), np.int64)
    sources[0] = address_of(padded) + size * np.arange(count)
    sources[1] = address_of(padded) + size * count
    places = address_of(spectra) + spectra.strides[0] * np.arange(count)
    _run(Lines(sources, (1, 1), _NOWHERE, 1, 0, 0), places, 0, length, dtype)


def spectrum_order(length: int, dtype: np.dtype[Any]) -> Array:
    """Return which frequency stands at each place of a spectrum, by row and lane."""
    lanes = lanes_of(dtype)
    fours = frequencies((*radices(length // lanes // 4), 4)).reshape(-1, lanes // 4, 4)
    along = np.swapaxes(fours, 1, 2).reshape(-1, 1, lanes)
    return (along + length // lanes * np.arange(lanes)[:, None]).reshape(-1, lanes)
