"""Transforms of the rows of panels, as many rows at a time as there are lanes, as compiled loops.

A group of rows is copied out of all panels, transposed, so that each row is a lane; it is transformed there, multiplied
with the kernel's spectrum, transformed back, and its outputs are copied to the panels. No interpreter's lock is held.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .by_address import by_address, run
from .entry import Loop, entry
from .lanes.twiddles import many_roots
from .lengths import radices
from .own_spectrum import OwnSpectrum
from .panel_butterflies import (
    MOST,
    PIECES,
    ROW,
    VERSION,
    column_order,
    factors,
    plan_of,
    product,
    times,
)
from .protocol import Array
from .rows import address_of
from .simd import PIECE, inner, load, splat_pair, store, transpose, zeros
from .watch import address, sample_at

_WORD = np.float32(0)  # copies do not ask for the dtype


def _squares(sample: Any, version: int) -> Loop:
    """Return what copies a grid of squares, each with rows and columns exchanged.

    Of the source and of the target, it is told how far apart the rows of a square are, and the squares down the grid
    and across.
    """

    def squares(integers):  # type: ignore[no-untyped-def]
        source, step, down, across, target, target_step, target_down, target_across, height, width = integers
        for a in range(height):
            for b in range(width):
                place = target + a * target_down + b * target_across
                transpose(sample, source + a * down + b * across, step, place, target_step)
        return version

    return squares


def _multiply(sample: Any, version: int) -> Loop:
    """Return what multiplies some rows with those of a kernel's spectrum."""

    def multiply(integers):  # type: ignore[no-untyped-def]
        rows, spectrum, _, _, length = integers
        for at in range(0, length * ROW, ROW):
            kernel = load(sample, spectrum + at, PIECE, PIECES)
            store(rows + at, PIECE, product(load(sample, rows + at, PIECE, PIECES), kernel))
        return version

    return multiply


def _multiply_own(sample: Any, version: int) -> Loop:
    """Return what multiplies some rows with what becomes of them: of a signal's own frequencies.

    These are conjugated, if need be, and multiplied with a factor for each lane and one for the row.
    """
    kind, size, one = np.zeros(1, sample.dtype), sample.itemsize, sample.real.dtype.type(1)

    def multiply_own(integers):  # type: ignore[no-untyped-def]
        rows, across, along, conjugated, length = integers
        lanes, sign = load(sample, across, PIECE, PIECES), -one if conjugated else one
        for j in range(length):
            x = load(sample, rows + j * ROW, PIECE, PIECES)
            own = times(product(splat_pair(one, sign, x) * x, lanes), sample_at(kind, along + j * size))
            store(rows + j * ROW, PIECE, product(x, own))
        return version

    return multiply_own


def _write(sample: Any, version: int) -> Loop:
    """Return what writes some rows, times a factor."""
    kind = np.zeros(1, sample.dtype)

    def write(integers):  # type: ignore[no-untyped-def]
        rows, out, factor, _, length = integers
        for at in range(0, length * ROW, ROW):
            store(out + at, PIECE, times(load(sample, rows + at, PIECE, PIECES), sample_at(kind, factor)))
        return version

    return write


_SQUARES = by_address(_squares, 10)
_MULTIPLY, _MULTIPLY_OWN, _WRITE = (by_address(make, 5) for make in (_multiply, _multiply_own, _write))


@inner
def _take(squares, panels, height, row, width, length, size, buffer):  # type: ignore[no-untyped-def]
    """Copy a group of rows to the lanes of a buffer, zeros behind them."""
    side, lanes = PIECE // size, ROW // size
    for p in range(-(-width // lanes)):
        tile = panels + (p * height + row) * ROW, ROW, side * ROW, PIECE
        run(squares, (*tile, buffer + p * lanes * ROW, ROW, PIECE, side * ROW, PIECES, PIECES))
    for j in range(width, length):
        store(buffer + j * ROW, PIECE, zeros(_WORD, PIECES))


@inner
def _give(squares, buffer, first, step, outputs, panels, height, row, size, spare):  # type: ignore[no-untyped-def]
    """Copy some of a buffer's rows, from the first on in steps, to a group of rows of the panels."""
    side, lanes = PIECE // size, ROW // size
    valid = min(lanes, height - row)
    whole = valid // side
    for p in range(-(-outputs // lanes)):
        rows, tile = buffer + (first + step * p * lanes) * ROW, panels + (p * height + row) * ROW
        apart = step * ROW, PIECE, side * step * ROW
        run(squares, (rows, *apart, tile, ROW, side * ROW, PIECE, whole, PIECES))
        if whole * side < valid:  # the rows behind them belong to others
            run(squares, (rows + whole * PIECE, *apart, spare, ROW, side * ROW, PIECE, 1, PIECES))
            for r in range(valid - whole * side):
                store(tile + (whole * side + r) * ROW, PIECE, load(_WORD, spare + r * ROW, PIECE, PIECES))


def _compiled(version: int) -> Callable[..., int]:
    """Return `convolve`, compiled anew for each version of what it is made of."""

    @entry(error_model="numpy")
    def convolve(panels, height, width, begin, end, length, size, plan, squares, middle, window):  # type: ignore[no-untyped-def]
        """Do with groups of rows, once transformed, what the middle says; replace them by their outputs, if any."""
        (transform, transform_back, tables), (first, step, outputs) = plan, window
        loop, place, pitch, further, conjugated = middle
        lanes, side = ROW // size, PIECE // size
        rows = length + lanes * (step + 1)
        memory = np.zeros((rows + side) * ROW + PIECE, np.uint8)
        buffer = -(-address(memory) // PIECE) * PIECE
        for group in range(begin, end):
            _take(squares, panels, height, group * lanes, width, length, size, buffer)
            run(transform, (buffer, length, *tables))
            run(loop, (buffer, place + group * pitch, further, conjugated, length))
            if outputs:
                run(transform_back, (buffer, length, *tables))
                spare = buffer + rows * ROW
                _give(squares, buffer, first, step, outputs, panels, height, group * lanes, size, spare)
        return version + 0 * memory.size

    return convolve


convolve = _compiled(VERSION)


class Rows:
    """The transforms of rows of some length, for one precision."""

    def __init__(self, length: int, dtype: np.dtype[Any]) -> None:
        self.length, self._dtype = length, dtype
        self._lanes = ROW // dtype.itemsize
        self._radices, self._factors = np.array(radices(length, MOST), np.int64), factors(length, dtype)
        plan = plan_of(self._radices, self._factors)
        self._plan = length, dtype.itemsize, plan, _SQUARES(dtype, VERSION)

    def empty(self, shape: tuple[int, ...]) -> Array:
        """Return an array for the spectra of panels of a height, the last of a shape."""
        *others, height = shape
        return np.empty((*others, self.groups(height), self.length, self._lanes), self._dtype)

    def groups(self, height: int) -> int:
        """Return how many groups the rows of panels make."""
        return -(-height // self._lanes)

    def spectra(self, panels: Array, width: int, part: slice, scale: float, out: Array) -> None:
        """Fill the spectra of some groups of rows of a width, times a factor."""
        factor = np.array([scale], panels.dtype)
        middle = _WRITE(self._dtype, VERSION), address_of(out), self.length * ROW, address_of(factor), 0
        self._convolve(panels, width, part, middle, (0, 0, 0))

    def turned(self, shift: int) -> Array:
        """Return the factors of the frequencies of samples that are moved behind so many others."""
        return many_roots(shift * column_order(self.length), self.length)

    def convolve(
        self,
        panels: Array,
        width: int,
        part: slice,
        spectrum: Array | OwnSpectrum,
        window: tuple[int, int, int],
    ) -> None:
        """Replace some groups of rows by their outputs: the first one, the step, and how many."""
        if isinstance(spectrum, OwnSpectrum):
            across, along = spectrum.factors
            lanes = np.zeros(self.groups(len(across)) * self._lanes, panels.dtype)
            lanes[: len(across)] = across
            numbers = address_of(lanes), ROW, address_of(along), int(spectrum.conjugated)
            self._convolve(panels, width, part, (_MULTIPLY_OWN(self._dtype, VERSION), *numbers), window)
        else:
            middle = _MULTIPLY(self._dtype, VERSION), address_of(spectrum), self.length * ROW, 0, 0
            self._convolve(panels, width, part, middle, window)

    def _convolve(
        self, panels: Array, width: int, part: slice, middle: tuple[int, ...], window: tuple[int, int, int]
    ) -> None:
        where = address_of(panels), panels.shape[1], width, part.start, part.stop
        convolve(*where, *self._plan, middle, window)


@lru_cache(maxsize=64)
def rows(length: int, dtype: np.dtype[Any]) -> Rows:
    """Return the transforms of rows; the last few are kept."""
    return Rows(length, dtype)
