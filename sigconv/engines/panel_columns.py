"""Transforms of the columns of an array, panel by panel, as compiled loops that do not hold the interpreter's lock.

A panel holds some neighbouring columns and is transformed where it lies; it stays in cache while that is done. Arrays
are given by the address of their first sample and the width of a row. A row may lie on behind the array's end: what is
not there counts as zero, and is not written.
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
from .simd import PIECE, every_other, inner, interleave, load, store
from .watch import address, samples_at

_HALF = PIECES // 2
# Bytes of the panels that are filled together: the longer the pieces of a row, the better memory serves them.
_TOGETHER = 1 << 19
VERSION = simd.version("panel_butterflies.py")


def _row_in(kind: Any, place: Any) -> Any: ...
def _weighted(kind: Any, place: Any, below: Any, weight: Any) -> Any: ...
def _unweighted(kind: Any, x: Any, lower: Any, weight: Any) -> Any: ...


@overload(_row_in)
def _(kind, place):  # type: ignore[no-untyped-def]
    """Return the samples of a row of a panel: half as many bytes of real ones."""
    if isinstance(kind.dtype, types.Complex):
        return lambda kind, place: load(kind[0], place, PIECE, PIECES)
    return lambda kind, place: load(kind[0], place, PIECE, _HALF)


@overload(_weighted)
def _(kind, place, below, weight):  # type: ignore[no-untyped-def]
    """Return a row of a panel, of complex samples or of pairs of real ones."""
    if isinstance(kind.dtype, types.Complex):
        return lambda kind, place, below, weight: _row_in(kind, place)
    return lambda kind, place, below, weight: times(interleave(_row_in(kind, place), _row_in(kind, below)), weight)


@overload(_unweighted)
def _(kind, x, lower, weight):  # type: ignore[no-untyped-def]
    """Return the samples of a row of a panel: complex ones, or real or imaginary parts."""
    if isinstance(kind.dtype, types.Complex):
        return lambda kind, x, lower, weight: x

    def parts(kind, x, lower, weight):  # type: ignore[no-untyped-def]
        z = times(x, weight.conjugate())
        if lower:
            return every_other(z, 1)
        return every_other(z, 0)

    return parts


@inner
def _present(kind, data, size, place, count, zeros, spare):  # type: ignore[no-untyped-def]
    """Return where `count` samples are: in the array, or copied where it ends among them; zeros lie behind its end."""
    if place + count <= size:
        return data + place * kind.itemsize
    if place >= size:
        return zeros
    copy, samples = samples_at(kind, spare, count), samples_at(kind, data, size)
    for i in range(count):
        copy[i] = samples[place + i] if place + i < size else 0
    return spare


@inner
def _write(kind, data, size, place, count, lanes, x, spare):  # type: ignore[no-untyped-def]
    """Write the first of the lanes of a row of a panel, as far as the array reaches."""
    if count == lanes and place >= 0 and place + count <= size:
        store(data + place * kind.itemsize, PIECE, x)
        return
    store(spare, PIECE, x)
    copy, samples = samples_at(kind, spare, count), samples_at(kind, data, size)
    for i in range(max(0, -place), min(count, size - place)):
        samples[place + i] = copy[i]


@inner
def _spare():  # type: ignore[no-untyped-def]
    """Return memory for three rows, zeros at first."""
    return np.zeros(3 * ROW, np.uint8)


def _compiled(version: int) -> tuple[Callable[..., int], Callable[..., int]]:
    """Return `forward` and `backward`, compiled anew for each version of what they are made of."""

    @entry(error_model="numpy")
    def forward(  # type: ignore[no-untyped-def]
        kind, data, size, width, weights, radices, table, near, far, panels, begin, end, together
    ):
        length, lanes, spare = weights.size, ROW // table.itemsize, _spare()
        zeros = address(spare)
        for first in range(begin, end, together):
            last = min(first + together, end)
            for j in range(length):
                for p in range(first, last):
                    place = j * width + p * lanes
                    here = _present(kind, data, size, place, lanes, zeros, zeros + ROW)
                    below = _present(kind, data, size, place + length * width, lanes, zeros, zeros + 2 * ROW)
                    store(panels + (p * length + j) * ROW, PIECE, _weighted(kind, here, below, weights[j]))
            for p in range(first, last):
                panel = panels + p * length * ROW
                transform(panel, length, radices, table)
                for j in range(length if near.size else 0):
                    x = times(row_at(panel + j * ROW, table), far[p, j])
                    store(panel + j * ROW, PIECE, product(x, row_at(address(near) + j * ROW, table)))
        return version

    @entry(error_model="numpy")
    def backward(  # type: ignore[no-untyped-def]
        kind, data, size, width, row, step, skip, weights, radices, table, near, far, panels, begin, end, together
    ):
        length, lanes, spare = weights.size, ROW // table.itemsize, _spare()
        rows = length if kind.itemsize == table.itemsize else 2 * length
        for first in range(begin, end, together):
            last = min(first + together, end)
            for p in range(first, last):
                panel = panels + p * length * ROW
                for j in range(length if near.size else 0):
                    x = times(row_at(panel + j * ROW, table), far[p, j].conjugate())
                    x = product(x, row_at(address(near) + (length + j) * ROW, table))
                    store(panel + j * ROW, PIECE, x)
                transform_back(panel, length, radices, table)
            start = -skip
            for j in range(row, rows, step):
                below, at = j >= length, j % length
                for p in range(first, last):
                    x = row_at(panels + (p * length + at) * ROW, table)
                    parts = _unweighted(kind, x, below, weights[at])
                    count = min(lanes, width - p * lanes)
                    _write(kind, data, size, start + p * lanes, count, lanes, parts, address(spare))
                start += width
                if start >= size:
                    break
        return version

    return forward, backward


forward, backward = _compiled(VERSION)


class Columns:
    """The transforms of columns of some length, there and back (times the length), for one precision.

    Of real samples, `length` rows further down are the imaginary parts, and each row is multiplied with a weight: wʲ,
    w^C = i for C complex samples. A folded axis, whose rows of `fold` samples follow one another, has twiddles for its
    next level: e^(−2πi jk/N) for column j and frequency k, N = C · fold; the weights' turn them by a quarter of k = 1.
    """

    def __init__(self, length: int, dtype: np.dtype[Any], real: bool, fold: int) -> None:
        self.length = length
        self.lanes = ROW // dtype.itemsize
        self._weights = many_roots(-np.arange(length) * real, 4 * length).astype(dtype)
        self._plan = self._weights, np.array(radices(length, MOST), np.int64), factors(length, dtype)
        self._turns, self._period = 4 * column_order(length) - real, 4 * length * max(1, fold)
        self._twiddles = self._factors(fold)
        self._together = min(8, max(4, _TOGETHER // (length * ROW)))

    def count(self, width: int) -> int:
        """Return how many panels hold an array of some width."""
        return -(-width // self.lanes)

    def empty(self, width: int) -> Array:
        """Return an array for panels: their number, the length, the lanes. A group of rows may be read behind it."""
        shape = (self.count(width), self.length, self.lanes)
        size = shape[0] * self.length * ROW
        memory = np.empty(size + self.lanes * ROW + _ALIGNED, np.uint8)
        memory[size:] = 0
        start = -address_of(memory) % _ALIGNED
        panels: Array = memory[start : start + size].view(self._weights.dtype).reshape(shape)
        return panels

    def turned(self, shift: int) -> Array:
        """Return the factors of the frequencies of samples that are moved behind so many others."""
        return many_roots(shift * self._turns, self._period)

    def _factors(self, fold: int) -> tuple[Array, Array]:
        """Return the factors of a panel's columns, there and back, and of the first column of each panel."""

        def table(columns: Array) -> Array:
            return many_roots(np.multiply.outer(columns, self._turns), self._period)

        lanes, firsts = np.arange(self.lanes if fold else 0), np.arange(self.count(fold)) * self.lanes
        near, dtype = table(lanes).T.reshape(-1), self._weights.dtype
        return np.concatenate([near, near.conj()]).astype(dtype), table(firsts).astype(dtype)

    def forward(self, data: Array, width: int, panels: Array, part: slice) -> None:
        """Fill some of the panels with the transformed columns of contiguous samples."""
        source = _kind(data.dtype), address_of(data), data.size, width
        numbers = address_of(panels), part.start, part.stop, self._together
        forward(*source, *self._plan, *self._twiddles, *numbers)

    def backward(self, panels: Array, part: slice, data: Array, width: int, window: tuple[int, int, int]) -> None:
        """Transform some of the panels back and copy their columns to a contiguous array.

        It begins with the row `window[0]`, without the first `window[2]` samples, and has every `window[1]`-th row.
        """
        target = _kind(data.dtype), address_of(data), data.size, width
        numbers = address_of(panels), part.start, part.stop, self._together
        backward(*target, *window, *self._plan, *self._twiddles, *numbers)


_ALIGNED = 64


@lru_cache(maxsize=64)
def columns(length: int, dtype: np.dtype[Any], real: bool = False, fold: int = 0) -> Columns:
    """Return the transforms of columns; the last few are kept."""
    return Columns(length, dtype, real, fold)


@lru_cache
def _kind(dtype: np.dtype[Any]) -> Array:
    """Return an array of a dtype, by which the compiled loops know it."""
    return np.zeros(1, dtype)
