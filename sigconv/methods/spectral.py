"""Convolution by transforms, shared by the methods that use them: g's spectrum, and one tile of the result.

A tile reads a piece of the extended signal; the product of the two spectra is the piece's circular convolution of
the transform's length L, and the outputs of the tile are those that no wrap-around reaches:
L ≥ max(stop, n + m − 1 − start) for outputs [start, stop) of a piece of n samples and m taps.
"""

from __future__ import annotations

from functools import partial
from math import prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..engines.transforms import lease
from ..semantics.dtypes import is_exact
from ..semantics.problem import Axis, Problem
from .bounds import transform_bound
from .exact import LimbKernel, combine, limb_bits, limb_count, peak, split
from .orientation import dilated
from .protocol import Settings
from .tiles import Reach, Tile, clipped, contributing, gather, reach_of, trimmed


class Spectra(NamedTuple):
    """The prepared kernel: its spectrum, or for integers its limbs; and the taps of each axis that it holds."""

    taps: tuple[tuple[int, int], ...]
    spectrum: Array | None
    limbs: LimbKernel | None


def taps_needed(axis: Axis) -> tuple[int, int]:
    """Return the taps [low, high) that any output of the window needs, at least one."""
    low, high = contributing(axis, axis.start, axis.stop - 1)
    return (low, high) if low < high else (0, 1)


def tail(axis: Axis) -> int:
    """Return by how many samples a convolution with the needed taps is longer than its signal."""
    low, high = taps_needed(axis)
    return axis.dilation * (high - low - 1)


def alias_free_length(axis: Axis, outputs: int) -> int:
    """Return the shortest transform length for a tile of some outputs of an axis."""
    if outputs < axis.count:
        return axis.stride * (outputs - 1) + 1 + tail(axis)
    r = clipped(reach_of(axis, slice(0, axis.count), taps_needed(axis)))
    start, stop = local_window(r)
    return max(1, stop, r.stop - r.start + tail(axis) - start)


def local_window(r: Reach) -> tuple[int, int]:
    """Return the outputs [start, stop) of a tile in the full convolution of its piece with the taps it holds."""
    origin = r.start + r.axis.dilation * r.low
    return r.first - origin, r.last - origin + 1


def transform_dtype(problem: Problem) -> np.dtype[Any]:
    """Return the dtype of the samples that are transformed; integers are exact in float64."""
    return np.dtype(np.float64) if is_exact(problem.result_dtype) else problem.working_dtype


def prepare(kernel: Array, problem: Problem, settings: Settings) -> Spectra:
    """Return the spectrum of the oriented kernel, scaled by 1/N; of integers the limbs, transformed on demand."""
    taps = tuple(taps_needed(axis) for axis in problem.axes)
    held = [reach_of(axis, slice(0, axis.count), t) for axis, t in zip(problem.axes, taps, strict=True)]
    spread = dilated(trimmed(kernel, held), problem)
    transform = partial(_kernel_spectrum, problem=problem, settings=settings)
    if is_exact(problem.result_dtype):
        return Spectra(taps, None, LimbKernel(spread, transform))
    return Spectra(taps, transform(spread), None)


def _kernel_spectrum(kernel: Array, problem: Problem, settings: Settings) -> Array:
    """Return the spectrum of a kernel, times 1/N."""
    padded = kernel.astype(transform_dtype(problem))
    for axis, length, circular in zip(problem.axes, settings.lengths, settings.circular, strict=True):
        padded = _wrapped(padded, axis, length) if circular else padded
    with _lease("forward", padded.shape, problem, settings) as transform:
        _fill(transform.input, padded)
        spectrum: Array = transform.run().copy()
    spectrum /= spectrum.real.dtype.type(prod(settings.lengths))
    return spectrum


def _wrapped(kernel: Array, axis: Axis, length: int) -> Array:
    """Return the kernel wound around a circle, turned so that the first output of the window stands at 0."""
    moved = np.moveaxis(kernel, axis.position, 0)
    wound = np.zeros((length, *moved.shape[1:]), kernel.dtype)
    np.add.at(wound, (np.arange(len(moved)) - axis.start) % length, moved)
    return np.moveaxis(wound, 0, axis.position)


def _lease(direction: str, shape: tuple[int, ...], problem: Problem, settings: Settings) -> Any:
    """Lend a transform over the convolved axes of an array with these batch axes."""
    lengths = list(shape)
    for position, length in zip(problem.positions, settings.lengths, strict=True):
        lengths[position] = length
    return lease(settings.engine, direction, tuple(lengths), problem.positions, transform_dtype(problem))


def _fill(target: Array, source: Array) -> None:
    """Copy an array into the low corner of a larger one, zeros elsewhere."""
    corner = tuple(slice(0, size) for size in source.shape)
    for axis, size in enumerate(source.shape):
        target[(*corner[:axis], slice(size, None))] = 0
    target[corner] = source


def block(state: Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array) -> Array:
    """Return one tile of the result."""
    reaches = [
        _reach(axis, tile.slices[axis.position], taps, circular)
        for axis, taps, circular in zip(problem.axes, state.taps, settings.circular, strict=True)
    ]
    if any(r.empty for r in reaches):
        return np.zeros(1, problem.working_dtype)  # broadcasts over the tile
    piece = gather(tile.batch(signal, problem.positions), problem, reaches)
    cut = partial(_cut, reaches=reaches, settings=settings)
    if state.limbs is not None:
        return _exact_block(state.limbs, problem, settings, tile, piece, cut)
    assert state.spectrum is not None
    spectrum = tile.batch(state.spectrum, problem.positions)
    return _inverse([(_forward(piece, problem, settings), spectrum)], problem, settings, cut)


def _reach(axis: Axis, wanted: slice, taps: tuple[int, int], circular: bool) -> Reach:
    """Return what the tile reads; a circular axis reads the signal once."""
    r = reach_of(axis, wanted, taps)
    return Reach(axis, r.first, r.last, *taps, 0, axis.signal) if circular else clipped(r)


def _forward(piece: Array, problem: Problem, settings: Settings) -> Array:
    """Return the spectrum of a piece of the signal."""
    with _lease("forward", piece.shape, problem, settings) as transform:
        _fill(transform.input, piece)
        spectrum: Array = transform.run().copy()
    return spectrum


def _inverse(pairs: list[tuple[Array, Array]], problem: Problem, settings: Settings, cut: partial[Array]) -> Array:
    """Return the wanted samples of the inverse transform of a sum of products of spectra."""
    shape = np.broadcast_shapes(pairs[0][0].shape, pairs[0][1].shape)
    with _lease("inverse", shape, problem, settings) as transform:
        np.multiply(*pairs[0], out=transform.input)
        for signal, kernel in pairs[1:]:
            transform.input[...] += signal * kernel
        return cut(transform.run()).copy()


def _cut(samples: Array, reaches: list[Reach], settings: Settings) -> Array:
    """Return the outputs of a tile from its circular convolution."""
    for r, length, circular in zip(reaches, settings.lengths, settings.circular, strict=True):
        start, stop = (r.first - r.axis.start, r.last - r.axis.start + 1) if circular else local_window(r)
        if stop <= length:
            samples = samples[(slice(None),) * r.axis.position + (slice(start, stop, r.axis.stride),)]
        else:  # a window longer than the circle goes round it again
            samples = samples.take(np.arange(start, stop, r.axis.stride) % length, axis=r.axis.position)
    return samples


def _exact_block(
    kernel: LimbKernel, problem: Problem, settings: Settings, tile: Tile, piece: Array, cut: partial[Array]
) -> Array:
    """Return one tile of exact integers: limbs so narrow that rounding the transform is proven right."""
    signal_peak = peak(piece)
    bits = limb_bits(signal_peak, kernel.peak, _capacity(kernel.kernel, piece, problem, settings))
    limbs = split(piece, bits, limb_count(signal_peak, bits))
    signal = [_forward(limb, problem, settings) for limb in limbs]
    spectra = [tile.batch(spectrum, problem.positions) for spectrum in kernel.limbs(bits)]
    columns = []
    for s in range(len(signal) + len(spectra) - 1):
        pairs = [(signal[i], spectra[s - i]) for i in range(len(signal)) if 0 <= s - i < len(spectra)]
        columns.append(np.rint(_inverse(pairs, problem, settings, cut)).astype(np.int64))
    return combine(columns, bits, problem.result_dtype)


def _capacity(kernel: Array, piece: Array, problem: Problem, settings: Settings) -> float:
    """Return up to which (max |x|)(max |g|) the transform's error stays below 1/4, and so rounds to the truth.

    ‖x‖₂ ≤ √n max |x|, and likewise for g; a kernel wound around a circle adds up at most ⌈M/L⌉ taps.
    """
    size = sqrt(prod(piece.shape[p] for p in problem.positions) * prod(kernel.shape[p] for p in problem.positions))
    wound = prod(
        -(-kernel.shape[a.position] // n) if c else 1
        for a, n, c in zip(problem.axes, settings.lengths, settings.circular, strict=True)
    )
    return 0.25 / transform_bound(np.dtype(np.float64), prod(settings.lengths), size * wound)
