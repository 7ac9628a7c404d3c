"""One signal's blocks, convolved one after the other: transform, times the kernel's spectrum, and back, in one call.

A block of N = L·M samples lies in M rows as it lies in memory: sample n = L·r + c is in row r, lane c. Transforms of M
points along the columns, a turn by exp(−2πi c·k/N), and transforms of L points along the rows give the frequencies
(J. W. Cooley and J. W. Tukey, Math. Comp. 19 (1965) 297–301). The last pass along the columns, the transposes to the rows
and back, and the product stay in registers. The first pass loads from the signal, the last one stores into the result.

Two blocks of real samples are the real and the imaginary part of one of complex numbers: the transform is linear and the
kernel real, so they stay apart.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from .. import simd
from ..protocol import Array
from .butterflies import Point, dft, inverse_dft
from .passes import (
    ROW,
    conjugate_product,
    forward_rows,
    frequencies,
    inverse_rows,
    load_row,
    over_rows,
    product,
    store_row,
    turned_back,
    twiddle_table,
    twiddles,
)
from .twiddles import roots
from .vectors import BYTES, Code, Number, straight_line


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


def _rows(code: Code, place: Number) -> list[Number]:
    """Return the places of as many rows as they have lanes."""
    return [place + ROW * i for i in range(code.lanes)]


def _to_frequencies(code: Code, place: Number, turns: Number) -> list[Point]:
    """Return the frequencies of a group of rows: along its columns, turned, along its rows."""
    columns = dft([load_row(code, at) for at in _rows(code, place)])
    turned = [product(point, load_row(code, at)) for point, at in zip(columns, _rows(code, turns), strict=True)]
    return dft(_transposed(code, turned))


def _to_rows(code: Code, points: list[Point], turns: Number) -> list[Point]:
    """Return a group of rows from its frequencies, times L²."""
    turned = _transposed(code, inverse_dft(points))
    rows = [conjugate_product(point, load_row(code, at)) for point, at in zip(turned, _rows(code, turns), strict=True)]
    return inverse_dft(rows)


def _transposed(code: Code, points: list[Point]) -> list[Point]:
    parts = zip(*points, strict=True)
    return list(zip(*(code.transpose(part) for part in parts), strict=True))


@straight_line
def _multiply_group(code: Code, place: Number, turns: Number, spectrum: Number) -> None:
    """Convolve a group of L rows in place."""
    points = _to_frequencies(code, place, turns)
    products = [product(point, load_row(code, at)) for point, at in zip(points, _rows(code, spectrum), strict=True)]
    for at, point in zip(_rows(code, place), _to_rows(code, products, turns), strict=True):
        store_row(code, at, point)


@straight_line
def _store_group(code: Code, place: Number, turns: Number, spectrum: Number) -> None:
    """Write the frequencies of a group of L rows."""
    for at, point in zip(_rows(code, spectrum), _to_frequencies(code, place, turns), strict=True):
        store_row(code, at, point)


_first_rows, _last_rows = over_rows(_first_pass), over_rows(_last_pass)


# A level of passes is (radix, rows of each part that it leaves, address of its roots). The last level leaves parts of L
# rows, which the groups take.


@njit(nogil=True)
def _forward_passes(sample, place, rows, levels):  # type: ignore[no-untyped-def]
    """Run all levels but the first over some rows."""
    for level in range(1, len(levels)):
        radix, left, table = levels[level]
        for part in range(place, place + rows * ROW, radix * left * ROW):
            forward_rows(sample, radix, left, (part, left * ROW, table))


@njit(nogil=True)
def _inverse_passes(sample, place, rows, levels):  # type: ignore[no-untyped-def]
    """Run all inverse levels but the last over some rows."""
    for level in range(len(levels) - 1, 0, -1):
        radix, left, table = levels[level]
        for part in range(place, place + rows * ROW, radix * left * ROW):
            inverse_rows(sample, radix, left, (part, left * ROW, table))


def _compiled(version: int) -> tuple[Callable[..., int], Callable[..., int]]:
    """Return the two functions that run blocks, which are compiled anew for each version of what they are made of."""

    @njit(nogil=True, cache=True)
    def convolve_blocks(  # type: ignore[no-untyped-def]
        sample, sources, targets, spectra, dropped, levels, turns, work
    ):
        radix, rows, table = levels[0]
        for b in range(len(sources)):
            _first_rows(sample, radix, rows, (sources[b, 0], sources[b, -1], work, rows * ROW, table))
            for part in range(0, radix * rows * ROW, rows * ROW):
                _forward_passes(sample, work + part, rows, levels)
                for group in range(part, part + rows * ROW, levels[-1, 1] * ROW):
                    _multiply_group(sample, (work + group, turns + group, spectra[b] + group))
                _inverse_passes(sample, work + part, rows, levels)
            _last_rows(sample, radix, rows, (targets[b, 0], targets[b, -1], dropped, rows, work, table))
        return version

    @njit(nogil=True, cache=True)
    def transform_blocks(sample, sources, spectra, levels, turns, work):  # type: ignore[no-untyped-def]
        radix, rows, table = levels[0]
        for b in range(len(sources)):
            _first_rows(sample, radix, rows, (sources[b, 0], sources[b, -1], work, rows * ROW, table))
            for part in range(0, radix * rows * ROW, rows * ROW):
                _forward_passes(sample, work + part, rows, levels)
                for group in range(part, part + rows * ROW, levels[-1, 1] * ROW):
                    _store_group(sample, (work + group, turns + group, spectra[b] + group))
        return version

    return convolve_blocks, transform_blocks


# Numba's cache watches this file, not those that it builds on; what a closure holds is part of the cache's key.
_SOURCES = (Path(simd.__file__), *sorted(Path(__file__).parent.glob("*.py")))
VERSION = int(hashlib.sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()[:15], 16)
_convolve_blocks, _transform_blocks = _compiled(VERSION)


class _Tables(NamedTuple):
    """What the passes of a length need; `kept` are the arrays that the addresses point to."""

    levels: Array
    turns: int
    rows: int
    kept: tuple[Array, ...]


def lanes_of(dtype: np.dtype[Any]) -> int:
    """Return L, how many real numbers of the precision of a dtype a vector holds."""
    return BYTES // real_dtype(dtype).itemsize


def real_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of the parts of numbers of a dtype."""
    return np.zeros((), dtype).real.dtype


@lru_cache(maxsize=64)
def radices(length: int, lanes: int) -> tuple[int, ...]:
    """Return the radices of the passes along the columns but the last, which has that of the lanes.

    >>> radices(4096, 16), radices(3 * 4096, 16), radices(65536, 8)
    ((16,), (3, 16), (16, 8, 8))
    """
    left = length // lanes**2
    odd = [r for r in (3, 5) if left % r == 0]
    bits = (left // prod(odd)).bit_length() - 1
    count = -(-bits // 4)
    return (*odd, *(1 << (bits + i) // count for i in reversed(range(count))))


@lru_cache(maxsize=16)
def _tables(length: int, dtype: np.dtype[Any]) -> _Tables:
    """Return the tables of a length in the precision of a real dtype."""
    lanes = lanes_of(dtype)
    passes, rows = radices(length, lanes), length // lanes
    table = twiddle_table((*passes, lanes), dtype)
    addresses, left, at = [], rows, address_of(table)
    for radix in passes:
        left //= radix
        addresses.append((radix, left, at))
        at += left * 2 * (radix - 1) * dtype.itemsize
    turn = np.multiply.outer(frequencies((*passes, lanes)), np.arange(lanes))
    turns = aligned((rows, 2, lanes), dtype)
    turns[...] = np.moveaxis(roots(length, dtype)[turn % length], 2, 1)
    return _Tables(np.array(addresses, np.int64), address_of(turns), rows, (table, turns))


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an uninitialised array at a multiple of 64 bytes."""
    size = prod(shape) * dtype.itemsize
    buffer = np.empty(size + BYTES, np.uint8)
    first = -address_of(buffer) % BYTES
    return buffer[first : first + size].view(dtype).reshape(shape)


def address_of(array: Array) -> int:
    """Return where an array's first element stands."""
    return int(array.__array_interface__["data"][0])


class _Workspace(threading.local):
    """A thread's rows of one block, kept from call to call."""

    buffer = aligned((0,), np.dtype(np.uint8))

    def address(self, size: int) -> int:
        """Return where that many bytes are free."""
        if self.buffer.size < size:
            self.buffer = aligned((size,), np.dtype(np.uint8))
        return address_of(self.buffer)


_workspace = _Workspace()


def convolve(
    sources: Array, targets: Array, spectra: Array, dropped: int, length: int, dtype: np.dtype[Any]
) -> None:
    """Convolve blocks of samples of a dtype with kernels, given by their spectra.

    `sources` and `targets` are the addresses where the samples of blocks begin and where their results go, two to a row
    for real samples and one for complex ones, and `spectra` those of their kernels' spectra. A block reads `length`
    samples, and writes those of its circular convolution that come after the first `dropped` rows of L.
    """
    tables = _tables(length, real_dtype(dtype))
    work = _workspace.address(tables.rows * ROW)
    _convolve_blocks(dtype.type(0), sources, targets, spectra, dropped, tables.levels, tables.turns, work)


def spectra_of(kernels: Array, length: int) -> Array:
    """Return the spectra of kernels, one to a row of at most `length` taps, times 1/length.

    The frequencies stand in the order in which the transforms leave them, as rows of real and of imaginary parts.
    """
    real, count = real_dtype(kernels.dtype), len(kernels)
    padded = np.zeros((count + 1, length), kernels.dtype)
    padded[:count, : kernels.shape[1]] = kernels
    begins = address_of(padded) + padded.strides[0] * np.arange(count + 1)
    # A real kernel's imaginary part is the row of zeros at the end.
    sources = np.stack([begins[:count], np.broadcast_to(begins[count], count)], axis=1)
    tables = _tables(length, real)
    spectra = aligned((count, 2 * length), real)
    places = address_of(spectra) + spectra.strides[0] * np.arange(count)
    work = _workspace.address(tables.rows * ROW)
    _transform_blocks(kernels.dtype.type(0), sources, places, tables.levels, tables.turns, work)
    spectra /= real.type(length)
    return spectra


def spectrum_order(length: int, dtype: np.dtype[Any]) -> Array:
    """Return which frequency stands at each place of a spectrum, by row and lane."""
    lanes = lanes_of(dtype)
    along = frequencies((*radices(length, lanes), lanes)).reshape(-1, 1, lanes)
    return (along + length // lanes * np.arange(lanes)[:, None]).reshape(-1, lanes)
