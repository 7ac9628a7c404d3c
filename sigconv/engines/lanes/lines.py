"""Tiles of lines as blocks of transforms: what is read in place, what is copied first, and where everything stands.

Arrays come with the convolved axis last. A block reads L·r samples before those that its outputs begin with, whole rows
of them, so many that no wrap-around reaches its outputs.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of
from ..bands import KEPT, flat
from ..protocol import Array
from ..rows import CopyTable, Span, copied, copy_table, is_direct
from .columns import Lines, convolve, spectra_of
from .line_tables import lanes_of
from .shares import Share, alone


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
    signal: Array,
    spectra: Array,
    out: Array,
    place: Place,
    length: int,
    bank: int = 0,
    together: int = 1,
    share: Share = alone,
) -> None:
    """Fill lines of outputs with signals convolved by kernels, whose leading axes broadcast.

    The signals lack the last `bank` of these axes: each meets all kernels there, and the frequencies of some blocks
    `together` are kept for them. Where the last axes share a kernel, their blocks of real samples are paired.
    The last block ends where the line ends: it gives some of its neighbour's outputs once more, or outputs before the
    line, which are dropped. Threads may share the blocks of one line.
    """
    dtype, width, batch = out.dtype, out.shape[-1], out.shape[:-1]
    signals = batch[: len(batch) - bank]
    hop = outputs_of(length, place.tail, dtype)
    target = out if width >= hop and is_direct(out, dtype) else np.empty((*batch, max(width, hop)), dtype)
    cut = cut_of(place, width, length, dtype)
    layout = signal.shape, signal.strides, signal.itemsize, is_direct(signal, dtype), signals
    reads = reads_of(*layout, cut, place.boundary, dtype.itemsize)
    sources, _held = sources_of(signal, reads, dtype, place.fill)
    own = len(batch) if bank else max((i + 1 for i in range(len(batch)) if spectra.shape[i] > 1), default=0)
    kernels = _lines(spectra[(slice(None),) * own + (0,) * (len(batch) - own)], batch[:own])
    each = prod(batch[len(signals) :])
    targets, kernels = _lines(target, batch).reshape(-1, each), kernels.reshape(-1, each)
    lines = Lines(sources, reads.cuts, targets, cut.blocks, hop * dtype.itemsize, cut.last * dtype.itemsize)
    convolve(lines, _shared(kernels), dropped_rows(place.tail, dtype), length, dtype, together, share)
    if target is not out:
        out[...] = target[..., -width:]


def _shared(kernels: Array) -> Array:
    """Return rows of kernels, or the one row that all signals have."""
    return kernels[:1] if len(kernels) > 1 and (kernels == kernels[0]).all() else kernels


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


class _Copy(NamedTuple):
    """What some blocks read in a copy: where its samples come from, and where lines would begin in it, in bytes."""

    table: CopyTable
    begins: Array


class _Reads(NamedTuple):
    """What the blocks of lines read: before and behind two cuts copies, if anything, between them the signal itself.

    `begins` says where the lines would begin in the signal, in bytes.
    """

    cuts: tuple[int, int]
    before: _Copy | None
    begins: Array
    behind: _Copy | None


def cut_of(place: Place, width: int, length: int, dtype: np.dtype[Any]) -> _Cut:
    """Return how lines of some outputs are cut."""
    hop = outputs_of(length, place.tail, dtype)
    last = max(width - hop, 0)
    return _Cut(place.first + width - length - last, length, hop, last)


@lru_cache(maxsize=KEPT)
def reads_of(
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    itemsize: int,
    direct: bool,
    batch: tuple[int, ...],
    cut: _Cut,
    boundary: str,
    sums_itemsize: int,
) -> _Reads:
    """Return what the blocks read of a signal of some layout: itself, where no ghosts are met and it can be read."""
    samples, blocks = shape[-1], cut.blocks
    first, last = cut.up_to(-cut.start - 1), cut.up_to(samples - cut.length - cut.start)
    cuts = (first, last) if direct and first < last else (blocks, blocks)

    def copy(begin: int, end: int) -> _Copy | None:
        if begin >= end:
            return None
        start, stop = cut.span(begin, end)
        spans = (Span(start, stop, samples, boundary),)
        table = copy_table(shape, strides, itemsize, spans, 1, cut.length, sums_itemsize)
        steps = [sums_itemsize * prod(table.shape[axis + 1 :]) for axis in range(len(shape))]
        begins = _offsets(table.shape, tuple(steps), batch)
        return _Copy(table, begins + (cut.start - start) * sums_itemsize)

    begins = _offsets(shape, strides, batch) + cut.start * itemsize
    return _Reads(cuts, copy(0, cuts[0]), begins, copy(cuts[1], blocks))


def sources_of(signal: Array, reads: _Reads, dtype: np.dtype[Any], fill: Any) -> tuple[Array, list[Array]]:
    """Return where the lines would begin before, between and behind the cuts; and the copies."""
    sources, held, place = np.empty((3, reads.begins.size), np.int64), list[Array](), address_of(signal)
    np.add(reads.begins, place, out=sources[1])
    for row, copy in ((0, reads.before), (2, reads.behind)):
        if copy:
            held.append(copied(signal, place, copy.table, dtype, fill))
            np.add(copy.begins, address_of(held[-1]), out=sources[row])
    return sources, held


def _lines(array: Array, batch: tuple[int, ...]) -> Array:
    """Return where the lines of an array begin that is broadcast over a batch."""
    return _offsets(array.shape, array.strides, batch) + address_of(array)


@lru_cache(maxsize=KEPT)
def _offsets(shape: tuple[int, ...], strides: tuple[int, ...], batch: tuple[int, ...]) -> Array:
    """Return how far the lines of an array that is broadcast over a batch stand behind its first sample, in bytes."""
    steps = [stride if size > 1 else 0 for size, stride in zip(shape[:-1], strides[:-1], strict=True)]
    return flat(batch, ([0] * len(batch) + steps)[len(steps) :])


def warm_up(signal_dtype: np.dtype[Any], dtype: np.dtype[Any], kernels: int = 1) -> None:
    """Compile or load what convolves signals of a dtype in the dtype of the sums, with one kernel or with several."""
    length = lanes_of(dtype) ** 2
    spectra, out = spectra_of(np.ones((kernels, 1), dtype), length), np.empty((kernels, length), dtype)
    bank = kernels > 1
    signal = np.zeros(1 if bank else (1, 1), signal_dtype)
    convolve_lines(signal, spectra, out, Place(0, 0, "zero", 0), length, int(bank))
