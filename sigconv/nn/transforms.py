"""Layers by transforms: at every frequency, the channels meet in a product of matrices.

Y[o, f] = Σ_c G[o, c, f] X[c, f]: every input channel is transformed once, every output channel once back, whatever the
number of products between them (M. Mathieu, M. Henaff and Y. LeCun, Fast training of convolutional networks through
FFTs, ICLR 2014). Strides are taken out before: see `polyphase`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from ..engines.lengths import spread_rows
from ..engines.protocol import Array, spectrum_dtype, spectrum_shape
from ..engines.transforms import engine_names, lease
from ..methods import spectral
from ..methods.engine_blocks import block_lengths
from ..methods.layout import fill_corner, local_window
from ..methods.orientation import orient
from ..methods.protocol import Costs, Estimate, Settings
from ..methods.tiles import Reach, Tile, clipped, count_tiles, gather, reach_of
from ..methods.transform_method import whole_length
from ..methods.workers import available_workers, run_tiles
from ..semantics.dtypes import DType
from . import polyphase
from .problem import INPUTS, Problem

# Frequencies of all channels that are worked on at once, and blocks that meet the kernel's spectrum together.
_BATCH, _BLOCKS = 1 << 19, 64
_SMALL = 1 << 15  # samples
# A frequency's matrix product costs about as much as this many products with their sums beside its own.
_CALL_PRODUCTS = 2048


class Transforms:
    """Spectra of whole signals, or of blocks of them."""

    def __init__(self, blockwise: bool) -> None:
        self._blockwise = blockwise

    def reject(self, problem: Problem) -> str | None:
        """Serve all numbers."""
        return "Python objects have no transform" if problem.result_dtype.kind == "O" else None

    def estimate(self, problem: Problem, costs: Costs) -> Estimate:
        """Return the cheapest transform lengths."""
        flat = _unstrided(problem)
        convolutions = flat.convolutions
        whole = tuple(whole_length(axis) for axis in convolutions.axes)
        itemsize = spectrum_dtype(convolutions.working_dtype).itemsize
        lengths = spread_rows(whole, (False,) * len(whole), itemsize, convolutions.working_dtype.kind != "c")
        found = [_estimate(flat, costs, n) for n in (block_lengths(convolutions) if self._blockwise else [lengths])]
        return min(found, key=lambda e: e.seconds)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> _Spectra:
        """Return the kernel's spectrum, by group and frequency a matrix (outputs × inputs)."""
        flat, kernel = _unstrided(problem), orient(kernel, problem.convolutions)
        if flat is not problem:
            kernel = polyphase.kernel_phases(kernel, problem)
        spectra = spectral.prepare(kernel, flat.convolutions, settings)
        assert spectra.spectrum is not None
        by_frequency = spectra.spectrum[0].reshape(*spectra.spectrum.shape[1 : INPUTS + 1], -1)
        return _Spectra(spectra.taps, np.ascontiguousarray(np.moveaxis(by_frequency, -1, 1)))

    def run(self, state: _Spectra, problem: Problem, settings: Settings, signal: Array, out: Array) -> bool:
        """Write the sums tile by tile."""
        flat = _unstrided(problem)
        if flat is not problem:
            signal = polyphase.signal_phases(signal, problem)

        def fill(tile: Tile) -> None:
            with np.errstate(all="ignore"):
                _fill(state, flat, settings, tile, signal, out[tile.slices])

        run_tiles(fill, flat.sums_shape, settings.tile, available_workers(None), None)
        return True

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        name = "block" if self._blockwise else "length"
        return {"engine": settings.engine, name: " × ".join(map(str, settings.lengths))}


class _Spectra(NamedTuple):
    """The taps of each axis that the spectrum holds, and the spectrum (groups, frequencies, outputs, inputs)."""

    taps: tuple[tuple[int, int], ...]
    matrices: Array


def _unstrided(problem: Problem) -> Problem:
    """Return the problem itself where it has no strides, else that of its phases."""
    strided = any(axis.stride > 1 for axis in problem.convolutions.axes)
    return polyphase.unstrided(problem) if strided else problem


def _hops(problem: Problem, lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many outputs a block has on each axis."""
    axes = problem.convolutions.axes
    return tuple(min(a.count, spectral.block_outputs(a, n)) for a, n in zip(axes, lengths, strict=True))


def _estimate(problem: Problem, costs: Costs, lengths: tuple[int, ...]) -> Estimate:
    """Return the price of blocks of some lengths: transforms of every channel, and a matrix product a frequency."""
    dtype, size = problem.convolutions.working_dtype, prod(lengths)
    hops = _hops(problem, lengths)
    blocks = prod(-(-axis.count // hop) for axis, hop in zip(problem.convolutions.axes, hops, strict=True))
    frequencies = prod(spectrum_shape(lengths, tuple(range(len(lengths))), dtype))
    inputs, outputs, groups = problem.inputs, problem.outputs, problem.groups
    together = max(1, min(_BLOCKS, _BATCH // (frequencies * max(inputs, outputs))))
    rows = max(1, min(together, -(-problem.convolutions.axes[0].count // hops[0])))
    samples = max(1, min(problem.batch, together // rows))
    tile = (samples, 1, outputs, 1, hops[0] * rows, *hops[1:])
    engine = _engine(blocks * size * problem.batch * groups * (inputs + outputs), dtype)
    transforms = groups * (problem.batch * blocks * (inputs + outputs) + inputs * outputs)
    seconds = costs.call + costs.spectrum + costs.transform(engine, dtype, transforms * size, size)
    products = problem.batch * blocks * groups * frequencies * inputs * outputs
    tiles = count_tiles(problem.sums_shape, tile)
    spectrum_item = spectrum_dtype(dtype).itemsize
    products += _CALL_PRODUCTS * frequencies * tiles
    seconds += costs.products("matrices numpy", spectrum_dtype(dtype), products)
    shared = groups * inputs * outputs * frequencies * spectrum_item
    worker = 2 * rows * samples * (inputs + outputs) * frequencies * spectrum_item
    seconds += costs.passes(2 * shared + tiles * (shared // max(1, groups) + worker)) + costs.tile * tiles
    return Estimate(Settings(tile, engine, lengths, (False,) * len(lengths)), seconds, shared, worker)


def _engine(samples: int, dtype: DType) -> str:
    """Return the engine for some samples in all: for a few, another one than NumPy's is not worth its import."""
    names = engine_names(dtype)
    return names[0] if samples <= _SMALL else names[-1]


def _fill(state: _Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array) -> None:
    """Write one tile: some blocks of some samples, all channels of one group."""
    batch, dtype = signal[tile.slices[:2]], problem.convolutions.working_dtype
    blocks = [(block, _reaches(problem, state, block)) for block in _blocks(problem, settings, tile)]
    rows = len(batch) * len(blocks)
    axes = tuple(range(2, 2 + len(settings.lengths)))
    buffer, results = ((rows, channels, *settings.lengths) for channels in (problem.inputs, problem.outputs))
    with lease(settings.engine, "forward", buffer, axes, dtype) as forward:
        for i, (_, reaches) in enumerate(blocks):
            piece = gather(batch, problem.convolutions, reaches)[:, 0, 0]
            fill_corner(forward.input[i * len(batch) : (i + 1) * len(batch)], piece)
        spectra = np.ascontiguousarray(forward.run().reshape(rows, problem.inputs, -1).transpose(2, 1, 0))
    sums = np.matmul(state.matrices[tile.slices[1].start], spectra).transpose(2, 1, 0)
    target = out[:, 0, :, 0]
    with lease(settings.engine, "inverse", results, axes, dtype) as inverse:
        inverse.input[...] = sums.reshape(inverse.input.shape)
        samples = inverse.run().reshape(len(blocks), len(batch), *results[1:])
        for part, (block, reaches) in zip(samples, blocks, strict=True):
            window = tuple(slice(*local_window(r)) for r in reaches)
            target[_ALL + _within(tile, block)] = part[_ALL + window]


_ALL = (slice(None), slice(None))  # samples and channels


def _blocks(problem: Problem, settings: Settings, tile: Tile) -> Iterator[tuple[slice, ...]]:
    """Yield the blocks of a tile: one slice for each convolved axis."""
    hops = _hops(problem, settings.lengths)
    cuts = [
        [slice(a, min(a + hop, s.stop)) for a in range(s.start, s.stop, hop)]
        for s, hop in zip(tile.slices[INPUTS + 1 :], hops, strict=True)
    ]
    yield from product(*cuts)


def _within(tile: Tile, block: tuple[slice, ...]) -> tuple[slice, ...]:
    """Return where a block lies in its tile."""
    begins = (s.start for s in tile.slices[INPUTS + 1 :])
    return tuple(slice(s.start - begin, s.stop - begin) for s, begin in zip(block, begins, strict=True))


def _reaches(problem: Problem, state: _Spectra, block: tuple[slice, ...]) -> list[Reach]:
    """Return what a block reads on each axis."""
    axes = problem.convolutions.axes
    return [clipped(reach_of(axis, s, taps)) for axis, s, taps in zip(axes, block, state.taps, strict=True)]
