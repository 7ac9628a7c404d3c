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

from .addresses import address_of
from .by_address import by_address, run
from .entry import Loop, entry
from .lanes.twiddles import many_roots
from .lengths import radices
from .panel_butterflies import (
    MOST,
    PIECES,
    ROW,
    VERSION,
    column_order,
    factors,
    plan_of,
    product,
    row_at,
    times,
)
from .protocol import Array
from .simd import PIECE, every_other, inner, interleave, load, store
from .watch import address, sample_at, samples_at

_HALF = PIECES // 2
# Bytes of the panels that are filled together: the longer the pieces of a row, the better memory serves them.
_TOGETHER = 1 << 19


@inner
def _at_end(kind, data, size, place, count, zeros):  # type: ignore[no-untyped-def]
    """Return where `count` samples are that the array has not, or not all of them: zeros, or a copy behind those."""
    if place >= size:
        return zeros
    spare = zeros + ROW
    copy, samples = samples_at(kind, spare, count), samples_at(kind, data, size)
    for i in range(count):
        copy[i] = samples[place + i] if place + i < size else 0
    return spare


@inner
def _write_some(kind, data, size, place, count, x, spare):  # type: ignore[no-untyped-def]
    """Write the first of the lanes of a row of a panel, as far as the array reaches."""
    store(spare, PIECE, x)
    copy, samples = samples_at(kind, spare, count), samples_at(kind, data, size)
    for i in range(max(0, -place), min(count, size - place)):
        samples[place + i] = copy[i]


def _row(kind: Any, data: Any, size: Any, place: Any, below: Any, weight: Any, zeros: Any) -> Any: ...
def _parts(kind: Any, x: Any, lower: Any, weight: Any) -> Any: ...


@overload(_row)
def _(kind, data, size, place, below, weight, zeros):  # type: ignore[no-untyped-def]
    """Return a row of a panel, of complex samples or of pairs of real ones; some zeros are followed by memory."""
    if isinstance(kind.dtype, types.Complex):

        def whole(kind, data, size, place, below, weight, zeros):  # type: ignore[no-untyped-def]
            lanes, here = ROW // kind.itemsize, data + place * kind.itemsize
            if place + lanes > size:
                here = _at_end(kind, data, size, place, lanes, zeros)
            return load(kind[0], here, PIECE, PIECES)

        return whole

    def pairs(kind, data, size, place, below, weight, zeros):  # type: ignore[no-untyped-def]
        lanes, further = ROW // kind.itemsize // 2, place + below
        here, there = data + place * kind.itemsize, data + further * kind.itemsize
        if place + lanes > size:
            here = _at_end(kind, data, size, place, lanes, zeros)
        even = load(kind[0], here, PIECE, _HALF)
        if further + lanes > size:
            there = _at_end(kind, data, size, further, lanes, zeros)
        return times(interleave(even, load(kind[0], there, PIECE, _HALF)), weight)

    return pairs


@overload(_parts)
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


def _kinds(sample: Any) -> tuple[Array, Array]:
    """Return arrays of the dtypes of samples and of their transform."""
    return np.zeros(1, sample.dtype), np.zeros(1, np.result_type(sample, np.complex64))


def _fill(sample: Any, version: int) -> Loop:
    """Return what fills some panels with the columns of contiguous samples."""
    kind, wide = _kinds(sample)
    width_of, lanes = wide.itemsize, ROW // wide.itemsize

    def fill(integers):  # type: ignore[no-untyped-def]
        data, size, width, weights, length, panels, first, last, zeros = integers
        for j in range(length):
            weight = sample_at(wide, weights + j * width_of)
            for p in range(first, last):
                x = _row(kind, data, size, j * width + p * lanes, length * width, weight, zeros)
                store(panels + (p * length + j) * ROW, PIECE, x)
        return version

    return fill


def _give(sample: Any, version: int) -> Loop:
    """Return what copies the columns of some panels to a contiguous array, from some row on, in steps."""
    kind, wide = _kinds(sample)
    width_of, lanes = wide.itemsize, ROW // wide.itemsize

    def give(integers):  # type: ignore[no-untyped-def]
        data, size, width, row, step, start, weights, length, panels, first, last, spare = integers
        for j in range(row, length if kind.itemsize == width_of else 2 * length, step):
            below, at = j >= length, j % length
            weight = sample_at(wide, weights + at * width_of)
            for p in range(first, last):
                x = _parts(kind, load(wide[0], panels + (p * length + at) * ROW, PIECE, PIECES), below, weight)
                place, count = start + p * lanes, min(lanes, width - p * lanes)
                if count == lanes and place >= 0 and place + count <= size:
                    store(data + place * kind.itemsize, PIECE, x)
                else:
                    _write_some(kind, data, size, place, count, x, spare)
            start += width
            if start >= size:
                break
        return version

    return give


@inner
def _turn_row(place, factor, row, kind):  # type: ignore[no-untyped-def]
    """Multiply a row of a panel with a factor, and with another row."""
    store(place, PIECE, product(times(row_at(place, kind), factor), row_at(row, kind)))


def _turn(sample: Any, version: int) -> Loop:
    """Return what multiplies the rows of a panel with a factor for each, conjugated or not, and with others' rows."""
    kind, size = np.zeros(1, sample.dtype), sample.itemsize

    def turn(integers):  # type: ignore[no-untyped-def]
        panel, rows, factors, conjugated, length = integers
        if conjugated:
            for j in range(length):
                _turn_row(panel + j * ROW, sample_at(kind, factors + j * size).conjugate(), rows + j * ROW, kind)
        else:
            for j in range(length):
                _turn_row(panel + j * ROW, sample_at(kind, factors + j * size), rows + j * ROW, kind)
        return version

    return turn


_FILL, _GIVE, _TURN = by_address(_fill, 9), by_address(_give, 12), by_address(_turn, 5)


def _compiled(version: int) -> tuple[Callable[..., int], Callable[..., int]]:
    """Return `forward` and `backward`, compiled anew for each version of what they are made of."""

    @entry(error_model="numpy")
    def forward(fill, source, weights, length, plan, turns, panels, begin, end, together):  # type: ignore[no-untyped-def]
        memory, (transform, _, tables), (turn, near, far, pitch) = np.zeros(2 * ROW, np.uint8), plan, turns
        zeros = address(memory)
        for first in range(begin, end, together):
            last = min(first + together, end)
            run(fill, (*source, weights, length, panels, first, last, zeros))
            for p in range(first, last):
                panel = panels + p * length * ROW
                run(transform, (panel, length, *tables))
                if near:
                    run(turn, (panel, near, far + p * pitch, 0, length))
        return version + 0 * memory.size

    @entry(error_model="numpy")
    def backward(give, target, weights, length, plan, turns, panels, begin, end, together):  # type: ignore[no-untyped-def]
        memory, (_, transform_back, tables), (turn, near, far, pitch) = np.empty(ROW, np.uint8), plan, turns
        for first in range(begin, end, together):
            last = min(first + together, end)
            for p in range(first, last):
                panel = panels + p * length * ROW
                if near:
                    run(turn, (panel, near + length * ROW, far + p * pitch, 1, length))
                run(transform_back, (panel, length, *tables))
            run(give, (*target, weights, length, panels, first, last, address(memory)))
        return version + 0 * memory.size

    return forward, backward


forward, backward = _compiled(VERSION)


class Columns:
    """The transforms of columns of some length, there and back (times the length), for one precision.

    Of real samples, `length` rows further down are the imaginary parts, and each row is multiplied with a weight: wʲ,
    w^C = i for C complex samples. A folded axis, whose rows of `fold` samples follow one another, has twiddles for its
    next level: e^(−2πi jk/N) for column j and frequency k, N = C · fold; the weights' turn them by a quarter of k = 1.
    """

    def __init__(self, length: int, dtype: np.dtype[Any], real: bool, fold: int) -> None:
        self.length, self._dtype = length, dtype
        self.lanes = ROW // dtype.itemsize
        self._weights = many_roots(-np.arange(length) * real, 4 * length).astype(dtype)
        self._radices, self._table = np.array(radices(length, MOST), np.int64), factors(length, dtype)
        self._turns, self._period = 4 * column_order(length) - real, 4 * length * max(1, fold)
        self._near, self._far = self._factors(fold)
        near = address_of(self._near) if fold else 0
        turns = _TURN(dtype, VERSION), near, address_of(self._far), self._far.strides[0]
        self._plan = address_of(self._weights), length, plan_of(self._radices, self._table), turns
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
        panels: Array = memory[start : start + size].view(self._dtype).reshape(shape)
        return panels

    def turned(self, shift: int) -> Array:
        """Return the factors of the frequencies of samples that are moved behind so many others."""
        return many_roots(shift * self._turns, self._period)

    def _factors(self, fold: int) -> tuple[Array, Array]:
        """Return the factors of a panel's columns, there and back, and of the first column of each panel."""

        def table(columns: Array) -> Array:
            return many_roots(np.multiply.outer(columns, self._turns), self._period)

        lanes, firsts = np.arange(self.lanes if fold else 0), np.arange(self.count(fold)) * self.lanes
        near = table(lanes).T.reshape(-1)
        return np.concatenate([near, near.conj()]).astype(self._dtype), table(firsts).astype(self._dtype)

    def forward(self, data: Array, width: int, panels: Array, part: slice) -> None:
        """Fill some of the panels with the transformed columns of contiguous samples."""
        source = address_of(data), data.size, width
        numbers = address_of(panels), part.start, part.stop, self._together
        forward(_FILL(data.dtype, VERSION), source, *self._plan, *numbers)

    def backward(self, panels: Array, part: slice, data: Array, width: int, window: tuple[int, int, int]) -> None:
        """Transform some of the panels back and copy their columns to a contiguous array.

        It begins with the row `window[0]`, without the first `window[2]` samples, and has every `window[1]`-th row.
        """
        row, step, skip = window
        target = address_of(data), data.size, width, row, step, -skip
        numbers = address_of(panels), part.start, part.stop, self._together
        backward(_GIVE(data.dtype, VERSION), target, *self._plan, *numbers)


_ALIGNED = 64


@lru_cache(maxsize=64)
def columns(length: int, dtype: np.dtype[Any], real: bool = False, fold: int = 0) -> Columns:
    """Return the transforms of columns; the last few are kept."""
    return Columns(length, dtype, real, fold)
