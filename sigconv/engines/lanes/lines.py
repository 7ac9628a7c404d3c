"""Tiles of lines as blocks of transforms: what is read in place, what is copied first, and where everything stands.

Arrays come with the convolved axis last. A block reads L·r samples before those that its outputs begin with, whole rows
of them, so many that no wrap-around reaches its outputs.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..protocol import Array
from ..rows import Span, address_of, is_direct, rows_of
from . import banks
from .columns import Lines, convolve, lanes_of, spectra_of


class Place(NamedTuple):
    """Where lines of outputs lie: output i is the sum of the taps g[t] times the samples at `first` + i − t.

    The samples of a line are extended by a boundary, or by a number; `tail` is the last t.
    """

    first: int
    tail: int
    boundary: str
    fill: Any


def dropped_rows(tail: int, dtype: np.dtype[Any]) -> int:
    """Return how many rows of a block its wrap-around reaches."""
    return -(-tail // lanes_of(dtype))


def outputs_of(length: int, tail: int, dtype: np.dtype[Any]) -> int:
    """Return how many outputs a block of some length gives; not one where that is not positive."""
    return length - dropped_rows(tail, dtype) * lanes_of(dtype)


def convolve_lines(
    signal: Array, spectra: Array, out: Array, place: Place, length: int, bank: int = 0, together: int = 1
) -> None:
    """Fill lines of outputs with signals convolved by kernels, whose leading axes broadcast.

    The signals lack the last `bank` of these axes: each meets all kernels there, and the frequencies of some blocks
    `together` are kept for them.
    The last block ends where the line ends: it gives some of its neighbour's outputs once more, or outputs before the
    line, which are dropped.
    """
    dtype, width, batch = out.dtype, out.shape[-1], out.shape[:-1]
    signals = batch[: len(batch) - bank]
    hop = outputs_of(length, place.tail, dtype)
    target = out if width >= hop and is_direct(out, dtype) else np.empty((*batch, max(width, hop)), dtype)
    cut = _Cut(place.first + width - length - max(width - hop, 0), length, hop, max(width - hop, 0))
    sources, cuts, _held = _sources(signal, signals, cut, place, dtype)
    kernels = _lines(spectra, batch) if spectra.size > spectra.shape[-1] else np.array([address_of(spectra)])
    lines = Lines(sources, cuts, _lines(target, batch), cut.blocks, hop * dtype.itemsize, cut.last * dtype.itemsize)
    dropped = dropped_rows(place.tail, dtype)
    if bank:
        lines, kernels = _by_signal(lines, kernels, prod(batch[len(signals) :]))
        banks.convolve(lines, kernels, dropped, length, dtype, together)
    else:
        convolve(lines, kernels, dropped, length, dtype)
    if target is not out:
        out[...] = target[..., -width:]


def _by_signal(lines: Lines, kernels: Array, bank: int) -> tuple[Lines, Array]:
    """Return lines and kernels by the signals: a row for each signal, or one row of kernels that all have."""
    targets, kernels = (places.reshape(-1, bank) for places in (lines.targets, kernels))
    return lines._replace(targets=targets), kernels[:1] if (kernels == kernels[0]).all() else kernels


class _Cut(NamedTuple):
    """How a line is cut: block b reads `length` samples from `start` + min(b · hop, last) on."""

    start: int
    length: int
    hop: int
    last: int

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return self.up_to(self.last) if self.last % self.hop == 0 else self.last // self.hop + 2

    def up_to(self, shift: int) -> int:
        """Return how many blocks begin at most some samples behind the first one."""
        if shift >= self.last:
            return self.last // self.hop + 1 + (self.last % self.hop > 0)
        return max(0, shift // self.hop + 1)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return what the blocks from the first to the one before the last read."""
        begins = (self.start + min(b * self.hop, self.last) for b in (first, last - 1))
        start, stop = begins
        return start, stop + self.length


def _sources(
    signal: Array, batch: tuple[int, ...], cut: _Cut, place: Place, dtype: np.dtype[Any]
) -> tuple[Array, tuple[int, int], list[Array]]:
    """Return where the lines' blocks would begin in the samples before, between and behind two cuts; and the copies.

    Between the cuts the signal is read in place, which is where no ghosts are met.
    """
    samples, blocks = signal.shape[-1], cut.blocks
    first, last = cut.up_to(-cut.start - 1), cut.up_to(samples - cut.length - cut.start)
    cuts = (first, last) if is_direct(signal, dtype) and first < last else (blocks, blocks)
    held, rows = [], []
    for begin, end in ((0, cuts[0]), (cuts[1], blocks)):
        start, stop = cut.span(begin, end) if begin < end else (cut.start, cut.start)
        copy = (
            rows_of(signal, (Span(start, stop, samples, place.boundary),), 1, cut.length, dtype, place.fill).samples
            if begin < end
            else signal
        )
        held.append(copy)
        rows.append(_lines(copy, batch) + (cut.start - start) * dtype.itemsize)
    rows.insert(1, _lines(signal, batch) + cut.start * dtype.itemsize)
    return np.stack(rows), cuts, held


def _lines(array: Array, batch: tuple[int, ...]) -> Array:
    """Return where the lines of an array begin that is broadcast over a batch."""
    places = np.array([address_of(array)])
    lead = len(batch) + 1 - array.ndim
    for axis, count in enumerate(batch):
        if count > 1:
            stride = array.strides[axis - lead] if axis >= lead and array.shape[axis - lead] > 1 else 0
            places = np.add.outer(places, stride * np.arange(count)).reshape(-1)
    return places


def warm_up(signal_dtype: np.dtype[Any], dtype: np.dtype[Any], kernels: int = 1) -> None:
    """Compile or load what convolves signals of a dtype in the dtype of the sums, with one kernel or with several."""
    length = lanes_of(dtype) ** 2
    spectra, out = spectra_of(np.ones((kernels, 1), dtype), length), np.empty((kernels, length), dtype)
    bank = kernels > 1
    signal = np.zeros(1 if bank else (1, 1), signal_dtype)
    convolve_lines(signal, spectra, out, Place(0, 0, "zero", 0), length, int(bank))
