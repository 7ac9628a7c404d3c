"""Transforms of the rows of panels, as many rows at a time as there are lanes, as compiled loops.

A group of rows is copied out of all panels, transposed, so that each row is a lane; it is transformed there, multiplied
with the kernel's spectrum, transformed back, and its outputs are copied to the panels. No interpreter's lock is held.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from . import simd
from .addresses import address_of
from .entry import entry
from .lanes.twiddles import many_roots
from .lengths import radices
from .own_spectrum import OwnSpectrum
from .panel_butterflies import (
    MOST,
    PIECES,
    ROW,
    column_order,
    factors,
    product,
    row_at,
    times,
    transform,
    transform_back,
)
from .protocol import Array
from .simd import PIECE, inner, load, splat_pair, store, transpose
from .watch import address

VERSION = simd.version("panel_butterflies.py")


@inner
def _buffer(rows):  # type: ignore[no-untyped-def]
    """Return memory for some rows, and an aligned address in it."""
    memory = np.zeros(rows * ROW + PIECE, np.uint8)
    return memory, -(-address(memory) // PIECE) * PIECE


@inner
def _take(panels, height, row, width, length, table, buffer):  # type: ignore[no-untyped-def]
    """Copy a group of rows to the lanes of a buffer, zeros behind them."""
    side, lanes = PIECE // table.itemsize, ROW // table.itemsize
    for p in range(-(-width // lanes)):
        tile, rows = panels + (p * height + row) * ROW, buffer + p * lanes * ROW
        for a in range(PIECES):
            for b in range(PIECES):
                transpose(table[0], tile + a * side * ROW + b * PIECE, ROW, rows + b * side * ROW + a * PIECE, ROW)
    for j in range(width, length):
        x = row_at(buffer + j * ROW, table)
        store(buffer + j * ROW, PIECE, x - x)


@inner
def _give(buffer, first, step, outputs, panels, height, row, table):  # type: ignore[no-untyped-def]
    """Copy some of a buffer's rows, from the first on in steps, to a group of rows of the panels."""
    side, lanes = PIECE // table.itemsize, ROW // table.itemsize
    valid = min(lanes, height - row)
    memory, spare = _buffer(side)
    for p in range(-(-outputs // lanes)):
        tile, rows = panels + (p * height + row) * ROW, buffer + (first + step * p * lanes) * ROW
        for a in range(-(-valid // side)):
            for b in range(PIECES):
                source, target = rows + b * side * step * ROW + a * PIECE, tile + a * side * ROW + b * PIECE
                if (a + 1) * side <= valid:
                    transpose(table[0], source, step * ROW, target, ROW)
                    continue
                transpose(table[0], source, step * ROW, spare, PIECE)
                for r in range(valid - a * side):  # the rows behind them belong to others
                    store(target + r * ROW, PIECE, load(table[0], spare + r * PIECE, PIECE, 1))
    return memory.size


def _kernel_row(x: Any, spectrum: Any, group: Any, row: Any, length: Any, table: Any) -> Any: ...


@overload(_kernel_row)
def _(x, spectrum, group, row, length, table):  # type: ignore[no-untyped-def]
    """Return a row of a group of the kernel's frequencies: what stands at an address, or what becomes of the signal's.

    These are conjugated where the sign is −1, and multiplied with a factor for each lane and one for the row.
    """
    if isinstance(spectrum, types.Integer):
        return lambda x, spectrum, group, row, length, table: row_at(spectrum + (group * length + row) * ROW, table)

    def own(x, spectrum, group, row, length, table):  # type: ignore[no-untyped-def]
        across, along, sign = spectrum
        return times(product(splat_pair(abs(sign), sign, x) * x, row_at(across + group * ROW, table)), along[row])

    return own


def _compiled(version: int) -> Callable[..., int]:
    """Return `convolve`, compiled anew for each version of what it is made of."""

    @entry(error_model="numpy")
    def convolve(  # type: ignore[no-untyped-def]
        panels, height, width, begin, end, length, radices, table, spectrum, first, step, outputs, scale, out
    ):
        """Replace groups of rows by their outputs; or write their spectra, times a factor, to an address."""
        lanes = ROW // table.itemsize
        memory, buffer = _buffer(length + lanes * (step + 1))
        for group in range(begin, end):
            _take(panels, height, group * lanes, width, length, table, buffer)
            transform(buffer, length, radices, table)
            for j in range(length):
                x = row_at(buffer + j * ROW, table)
                if out:
                    store(out + (group * length + j) * ROW, PIECE, times(x, scale[0]))
                else:
                    store(buffer + j * ROW, PIECE, product(x, _kernel_row(x, spectrum, group, j, length, table)))
            if not out:
                transform_back(buffer, length, radices, table)
                _give(buffer, first, step, outputs, panels, height, group * lanes, table)
        return version + 0 * memory.size

    return convolve


convolve = _compiled(VERSION)


class Rows:
    """The transforms of rows of some length, for one precision."""

    def __init__(self, length: int, dtype: np.dtype[Any]) -> None:
        self.length = length
        self._lanes = ROW // dtype.itemsize
        self._one = np.ones(1, dtype)
        self._plan = length, np.array(radices(length, MOST), np.int64), factors(length, dtype)

    def empty(self, shape: tuple[int, ...]) -> Array:
        """Return an array for the spectra of panels of a height, the last of a shape."""
        *others, height = shape
        dtype = self._plan[2].dtype
        return np.empty((*others, self.groups(height), self.length, self._lanes), dtype)

    def groups(self, height: int) -> int:
        """Return how many groups the rows of panels make."""
        return -(-height // self._lanes)

    def spectra(self, panels: Array, width: int, part: slice, scale: float, out: Array) -> None:
        """Fill the spectra of some groups of rows of a width, times a factor."""
        where = address_of(panels), panels.shape[1], width, part.start, part.stop
        convolve(*where, *self._plan, 0, 0, 0, 0, np.array([scale], panels.dtype), address_of(out))

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
        where = address_of(panels), panels.shape[1], width, part.start, part.stop
        if isinstance(spectrum, OwnSpectrum):
            across, along = spectrum.factors
            lanes = np.zeros(self.groups(len(across)) * self._lanes, panels.dtype)
            lanes[: len(across)] = across
            sign = along.real.dtype.type(-1 if spectrum.conjugated else 1)
            convolve(*where, *self._plan, (address_of(lanes), along, sign), *window, self._one, 0)
        else:
            convolve(*where, *self._plan, address_of(spectrum), *window, self._one, 0)


@lru_cache(maxsize=64)
def rows(length: int, dtype: np.dtype[Any]) -> Rows:
    """Return the transforms of rows; the last few are kept."""
    return Rows(length, dtype)
