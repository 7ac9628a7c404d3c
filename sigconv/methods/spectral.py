"""Convolution by transforms, shared by the methods that use them: g's spectrum, and one tile of the result.

A tile reads a piece of the extended signal; the product of the two spectra is the piece's circular convolution of
the transform's length L, and the outputs of the tile are those that no wrap-around reaches:
L ≥ max(stop, n + m − 1 − start) for outputs [start, stop) of a piece of n samples and m taps.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from itertools import groupby
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array, Transform, spectrum_dtype, spectrum_shape
from ..engines.transforms import lease
from ..semantics.problem import Axis, Problem
from .layout import Blocks, Layout, Whole, fill_corner, local_window
from .orientation import dilated
from .paired import PairedBlocks, multiply_rows
from .protocol import Settings
from .tiles import Reach, Tile, clipped, contributing, gather, reach_of, trimmed


class Spectra(NamedTuple):
    """The prepared kernel: its spectrum, and the taps of each axis that it holds."""

    taps: tuple[tuple[int, int], ...]
    spectrum: Array


@lru_cache(maxsize=1024)
def taps_needed(axis: Axis) -> tuple[int, int]:
    """Return the taps [low, high) that any output of the window needs, at least one."""
    low, high = contributing(axis, axis.start, axis.stop - 1)
    return (low, high) if low < high else (0, 1)


@lru_cache(maxsize=1024)
def tail(axis: Axis) -> int:
    """Return by how many samples a convolution with the needed taps is longer than its signal."""
    low, high = taps_needed(axis)
    return axis.dilation * (high - low - 1)


@lru_cache(maxsize=1024)
def alias_free_length(axis: Axis, outputs: int) -> int:
    """Return the shortest transform length for a tile of some outputs of an axis."""
    if outputs < axis.count:
        return axis.stride * (outputs - 1) + 1 + tail(axis)
    low, high = taps = taps_needed(axis)
    r = clipped(reach_of(axis, slice(0, axis.count), taps))
    start, stop = local_window(r)
    return max(1, stop, r.stop - r.start + axis.dilation * (high - low - 1) - start)


def transform_dtype(problem: Problem, paired: bool = False) -> np.dtype[Any]:
    """Return the dtype of the samples that are transformed; pairs are complex."""
    return spectrum_dtype(problem.working_dtype) if paired else problem.working_dtype


def block_outputs(axis: Axis, length: int) -> int:
    """Return how many outputs of an axis a block of some length gives: all of them, if it holds the whole window."""
    if length >= alias_free_length(axis, axis.count):
        return axis.count
    return _cut_outputs(axis, length)


def _cut_outputs(axis: Axis, length: int) -> int:
    """Return how many outputs of an axis a block of some length gives that others stand beside."""
    return (length - tail(axis) - 1) // axis.stride + 1


def prepare(kernel: Array, problem: Problem, settings: Settings) -> Spectra:
    """Return the spectrum of the oriented kernel, scaled by 1/N."""
    taps = tuple(taps_needed(axis) for axis in problem.axes)
    held = [reach_of(axis, slice(0, axis.count), t) for axis, t in zip(problem.axes, taps, strict=True)]
    return Spectra(taps, _kernel_spectrum(dilated(trimmed(kernel, held), problem), problem, settings))


def _kernel_spectrum(kernel: Array, problem: Problem, settings: Settings) -> Array:
    """Return the spectrum of a kernel, times 1/N."""
    dtype = transform_dtype(problem, settings.paired)
    padded, shape = kernel.astype(dtype), list(kernel.shape)
    for axis, length, circular in zip(problem.axes, settings.lengths, settings.circular, strict=True):
        padded = _wrapped(padded, axis, length) if circular else padded
        shape[axis.position] = length
    with lease(settings.engine, "forward", tuple(shape), problem.positions, dtype) as transform:
        fill_corner(transform.input, padded)
        spectrum: Array = transform.run().copy()
    spectrum /= spectrum.real.dtype.type(prod(settings.lengths))
    return spectrum


def _wrapped(kernel: Array, axis: Axis, length: int) -> Array:
    """Return the kernel wound around a circle, turned so that the first output of the window stands at 0."""
    moved = np.moveaxis(kernel, axis.position, 0)
    wound = np.zeros((length, *moved.shape[1:]), kernel.dtype)
    np.add.at(wound, (np.arange(len(moved)) - axis.start) % length, moved)
    return np.moveaxis(wound, 0, axis.position)


class _Work(NamedTuple):
    """One tile at work: what is asked, how, and where its samples and outputs lie."""

    problem: Problem
    settings: Settings
    layout: Layout

    def lease(self, direction: str, shape: tuple[int, ...]) -> AbstractContextManager[Transform]:
        """Lend a transform over the layout's axes of an array that is as long as the blocks there."""
        lengths = dict(zip(self.layout.axes, self.settings.lengths, strict=True))
        whole = tuple(lengths.get(i, n) for i, n in enumerate(shape))
        dtype = transform_dtype(self.problem, self.settings.paired)
        return lease(self.settings.engine, direction, whole, self.layout.axes, dtype)

    def multiply(self, signal: Array, kernel: Array, out: Array) -> None:
        """Fill the product of two spectra."""
        if self.settings.compiled and signal.shape == out.shape and signal.size == kernel.size * len(signal):
            multiply_rows(signal, kernel, out)
        else:
            np.multiply(signal, kernel, out=out)

    def stored(self, outputs: Array | None, samples: Array, rows: slice) -> Array:
        """Return the outputs, made with the first batch, with those of a batch."""
        if outputs is None:
            outputs = self.layout.empty(samples.shape, transform_dtype(self.problem))
        self.layout.store(outputs, samples, rows)
        return outputs


def block(state: Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array) -> Array:
    """Return one tile of the result."""
    reaches = [
        _reach(axis, tile.slices[axis.position], taps, circular)
        for axis, taps, circular in zip(problem.axes, state.taps, settings.circular, strict=True)
    ]
    if any(r.empty for r in reaches):
        return np.zeros(1, problem.working_dtype)  # broadcasts over the tile
    layout = _blocks(problem, settings, tile, reaches, state.taps) or Whole(reaches, settings)
    piece = gather(tile.samples(signal, problem.positions), problem, layout.reaches)
    work = _Work(problem, settings, layout)
    return _product(work, piece, tile.batch(state.spectrum, problem.positions))


def _blocks(
    problem: Problem, settings: Settings, tile: Tile, reaches: list[Reach], taps: tuple[tuple[int, int], ...]
) -> Blocks | None:
    """Return the layout of a tile that is cut into blocks along its first axis; None if one holds the axis."""
    if not problem.axes or settings.circular[0]:
        return None
    first = problem.axes[0]
    if block_outputs(first, settings.lengths[0]) >= first.count and not settings.paired:
        return None
    hop = min(first.count, _cut_outputs(first, settings.lengths[0]))
    with_halo = reach_of(first, tile.slices[first.position], taps[0])
    reaches = [with_halo, *reaches[1:]]
    if settings.compiled:
        return PairedBlocks(reaches, settings, hop, transform_dtype(problem))
    return Blocks(reaches, settings, hop)


def _reach(axis: Axis, wanted: slice, taps: tuple[int, int], circular: bool) -> Reach:
    """Return what the tile reads; a circular axis reads the signal once."""
    r = reach_of(axis, wanted, taps)
    return Reach(axis, r.first, r.last, *taps, 0, axis.signal) if circular else clipped(r)


def _product(work: _Work, piece: Array, kernel: Array) -> Array:
    """Return the tile's outputs: there, times the kernel's spectrum, and back."""
    outputs, view = None, work.layout.view(piece)
    for _, batches in groupby(work.layout.batches(), key=lambda rows: rows.stop - rows.start):
        outputs = _products(work, view, kernel, outputs, list(batches))
    assert outputs is not None
    return work.layout.joined(outputs)


def _products(work: _Work, view: Array, kernel: Array, outputs: Array | None, batches: list[slice]) -> Array:
    """Return the outputs with those of some batches of one size, which use the same two transforms."""
    buffer = work.layout.shape(view, batches[0])
    spectrum = spectrum_shape(buffer, work.layout.axes, transform_dtype(work.problem, work.settings.paired))
    product = np.broadcast_shapes(spectrum, kernel.shape)
    with work.lease("forward", buffer) as forward, work.lease("inverse", product) as inverse:
        for rows in batches:
            work.layout.fill(forward.input, view, rows)
            work.multiply(forward.run(), kernel, inverse.input)
            outputs = work.stored(outputs, inverse.run(), rows)
    assert outputs is not None
    return outputs
