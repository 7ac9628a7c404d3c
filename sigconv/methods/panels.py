"""One transform too large for the cache, in three passes over memory, each shared by the workers.

The first axis is transformed in panels: some columns at a time, which stay in cache. Every frequency of it then is a
convolution along the other axes by itself: along the last axis some rows at a time (transformed, multiplied with the
kernel's spectrum, and back), and in the same three passes if there are axes between. Then the panels are transformed
back. The zeros beside the signal are not stored, and only the outputs that are wanted come back.

A single axis is folded into rows first, N = N₁·N₂, with twiddles between the passes (D. H. Bailey, FFTs in external or
hierarchical memory, J. Supercomputing 4 (1990) 23–35). Frequencies stay in the order in which they come out, since the
kernel's have the same.

Real samples are transformed in pairs: modulo t^C − i, sample j + C is the imaginary part of sample j. With weights wʲ,
w^C = i, this is a cyclic convolution of C complex samples (R. Crandall and B. Fagin, Discrete weighted transforms and
large-integer arithmetic, Math. Comp. 62 (1994) 305–324); what wraps around 2C changes its sign, and is not wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np

from ..engines.forks import load
from ..engines.lengths import column_length, fold_length
from ..engines.own_spectrum import OwnSpectrum
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import installed
from ..semantics.dtypes import FLOATS
from ..semantics.problem import Problem
from .direct_tiles import extended
from .layout import local_window
from .nest import LEAST_ROWS, SLAB, Nest, Shape, Step, Window, convolve, transform
from .orientation import dilated
from .protocol import PANELS, Costs, Estimate, Runner, Settings
from .shares import share_of, shared, waking
from .spectral import alias_free_length, taps_needed, transform_dtype
from .tiles import Reach, Tile, clipped, gather, reach_of, tile_steps, trimmed
from .workers import in_steps

PASSES = 3
# A pass is done in a few steps for each worker, whoever does them: fewer where they would end before a thread wakes. By
# then Python's lock would be taken again, and the thread would wait in vain, step after step.
_STEPS = 4
# The largest row of a panel in bytes.
_ROW = 256


class Spectra(NamedTuple):
    """The prepared kernel: a spectrum for each entry of its batch, and the taps of each axis that they hold."""

    taps: tuple[tuple[int, int], ...]
    spectra: Array | Sequence[OwnSpectrum]


def serves(problem: Problem, least: int) -> bool:
    """Return whether panels can serve a problem whose transforms have some samples at least."""
    return (
        transform_dtype(problem).char in FLOATS
        and installed("numba")
        and bool(problem.axes)
        and prod(_needed(problem)) >= least
    )


def least_seconds(problem: Problem, costs: Costs, samples: float, length: float) -> float:
    """Return the least time of transforming and moving some samples in all, `length` a transform.

    Real ones are paired.
    """
    dtype = transform_dtype(problem)
    parts = 2 if dtype.kind == "f" else 1
    moved = costs.passes(2 * PASSES * samples * dtype.itemsize, compiled=True)
    work = moved + costs.transform(PANELS, spectrum_dtype(dtype), samples / parts, length / parts)
    return costs.call + costs.spectrum + shared(work, costs)


def estimate(problem: Problem, costs: Costs) -> Estimate:
    """Return the transform lengths, and the price: transforms of columns and rows, and what they move."""
    dtype, lengths = transform_dtype(problem), _lengths(problem)
    complex_dtype, size = spectrum_dtype(dtype), prod(lengths) // (2 if dtype.kind == "f" else 1)
    transforms = 2 * problem.batch + problem.kernel_batch
    tile = tile_steps(problem, tuple(axis.count for axis in problem.axes), 1, 1)
    work = sum([costs.transform(PANELS, complex_dtype, transforms * size, length) for length in lengths])
    work += costs.passes(2 * PASSES * transforms * size * complex_dtype.itemsize, compiled=True)
    steps = _steps(work / (PASSES * transforms), costs)
    work += PASSES * steps * costs.batch["panels"] * problem.batch
    seconds = costs.call + costs.spectrum + waking(steps, costs) + share_of(steps, costs.workers) * work
    # What Python does for the planes of three axes takes half the time of a tile there, and as much back; the workers
    # do not share it.
    planes = size // prod(lengths[1:]) if len(problem.axes) > 2 else 0
    seconds += planes * costs.tile * (problem.kernel_batch / 2 + problem.batch)
    # What is read is copied where it is extended, converted or not contiguous, and what is thinned is written before.
    copied = prod(extended(problem, tile)) + (prod(tile) * problem.axes[0].stride if _is_thinned(problem) else 0)
    rows, planes = 4 * _ROW * lengths[-1], LEAST_ROWS * prod(lengths[1:]) * complex_dtype.itemsize
    return Estimate(
        Settings(tile, PANELS, lengths, steps=PASSES * steps),
        seconds,
        size * complex_dtype.itemsize * (1 + problem.kernel_batch) + copied * dtype.itemsize,
        rows + (3 * max(SLAB, planes) if len(lengths) > 2 else 0),
        frozenset({"numba", f"panel_columns {complex_dtype.char}", f"panel_rows {complex_dtype.char}"}),
    )


def _steps(seconds: float, costs: Costs) -> int:
    """Return in how many steps a pass is done that takes some time."""
    return costs.workers * max(1, min(_STEPS, int(seconds / (costs.workers * costs.wake))))


def _is_thinned(problem: Problem) -> bool:
    """Return whether outputs are written to an array of their own first, to be thinned or spread from there."""
    return problem.positions[0] != len(problem.shape) - len(problem.axes) or (
        len(problem.axes) == 1 and problem.axes[0].stride > 1
    )


def _needed(problem: Problem) -> list[int]:
    """Return the least transform lengths."""
    return [alias_free_length(axis, axis.count) for axis in problem.axes]


def _lengths(problem: Problem) -> Shape:
    """Return the transform lengths: of the first axis in samples, which are paired if they are real."""
    first, *others = _needed(problem)
    parts = 2 if transform_dtype(problem).kind == "f" else 1
    if not others:
        columns, row = fold_length(-(-first // parts))
        return parts * columns, row
    *middle, last = others
    return (parts * column_length(-(-first // parts)), *map(column_length, middle), column_length(last))


def prepare(kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Spectra:
    """Return the spectra of the oriented kernel, scaled by one over the transforms' length."""
    taps = tuple(taps_needed(axis) for axis in problem.axes)
    held = [reach_of(axis, slice(0, axis.count), t) for axis, t in zip(problem.axes, taps, strict=True)]
    kernels, nest = _samples(dilated(trimmed(kernel, held), problem), problem), _nest(problem, settings)
    spectra = nest.rows.empty((len(kernels), *(columns.length for columns in nest.columns)))
    for samples, spectrum in zip(kernels, spectra, strict=True):
        shape, share = _levels(samples.shape, settings), partial(_shared, runner, settings)
        transform(nest, samples.reshape(-1), shape, 1 / nest.size, spectrum, share)
    return Spectra(taps, spectra)


def own(problem: Problem, settings: Settings, conjugated: bool) -> Spectra:
    """Return the spectra of kernels that are the signals themselves, reversed if they are conjugated."""
    nest, shifts = _nest(problem, settings), [(axis.taps - 1) * conjugated for axis in problem.axes]
    outer = [columns.turned(shift) for columns, shift in zip(nest.columns, shifts, strict=False)]
    factors = (*outer, nest.rows.turned(shifts[-1]) / nest.size)
    spectrum = OwnSpectrum(tuple(f.astype(nest.dtype) for f in factors), conjugated)
    return Spectra(tuple(taps_needed(axis) for axis in problem.axes), [spectrum] * problem.batch)


def fill(
    state: Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
) -> None:
    """Write one tile of the result, which is that of one entry of the batch."""
    reaches = [
        clipped(reach_of(axis, slice(0, axis.count), taps)) for axis, taps in zip(problem.axes, state.taps, strict=True)
    ]
    if any(r.empty for r in reaches):
        out[...] = 0
        runner(lambda _: None, settings.steps)
        return
    (samples,) = _samples(gather(tile.samples(signal, problem.positions), problem, reaches), problem)
    nest, windows = _nest(problem, settings), _windows(reaches, settings)
    thinned = reaches[0].axis.stride if len(reaches) == 1 else 1  # a folded axis has all its outputs first
    target = out if thinned == 1 and out.flags.c_contiguous else np.empty(_extent(reaches), out.dtype)
    shape, share = _levels(samples.shape, settings), partial(_shared, runner, settings)
    spectrum = state.spectra[_entry(tile, problem)]
    convolve(nest, samples.reshape(-1), shape, spectrum, windows, target.reshape(-1), share)
    if target is not out:
        out[...] = target[::thinned].reshape(out.shape)


def _nest(problem: Problem, settings: Settings) -> Nest:
    """Return the transforms of all levels."""
    dtype = transform_dtype(problem)
    columns = load("panel_columns").columns
    rows, real = load("panel_rows").rows, dtype.kind == "f"
    *outer, row = settings.lengths
    fold = row if len(problem.axes) == 1 else 0
    levels = [
        columns(n // 2 if real and i == 0 else n, spectrum_dtype(dtype), real and i == 0, fold)
        for i, n in enumerate(outer)
    ]
    return Nest(tuple(levels), rows(row, spectrum_dtype(dtype)), spectrum_dtype(dtype))


def _samples(array: Array, problem: Problem) -> Array:
    """Return an operand with its batch on one leading axis, contiguous, in the dtype that is transformed."""
    batch = [i for i in range(array.ndim) if i not in problem.positions]
    ordered = array.transpose(*batch, *problem.positions)
    held = ordered.reshape(-1, *(array.shape[p] for p in problem.positions))
    return np.ascontiguousarray(held, transform_dtype(problem))


def _levels(shape: Shape, settings: Settings) -> Shape:
    """Return the samples of each level: an axis by itself is folded."""
    return shape if len(shape) > 1 else (-(-shape[0] // settings.lengths[1]), settings.lengths[1])


def _windows(reaches: list[Reach], settings: Settings) -> list[Window]:
    """Return the outputs of each level."""
    starts = [local_window(r)[0] for r in reaches]
    if len(reaches) > 1:
        return [Window(start, r.axis.stride, r.axis.count) for start, r in zip(starts, reaches, strict=True)]
    width = settings.lengths[1]
    return [Window(starts[0] // width, 1, 0, starts[0] % width), Window(0, 1, width)]


def _extent(reaches: list[Reach]) -> Shape:
    """Return the shape of all outputs of the levels."""
    if len(reaches) == 1:
        return (reaches[0].last - reaches[0].first + 1,)
    return tuple(r.axis.count for r in reaches)


def _entry(tile: Tile, problem: Problem) -> int:
    """Return the number of a tile's kernel in the batch."""
    places = [(s.start, n) for i, (s, n) in enumerate(zip(tile.slices, problem.kernel_shape, strict=True))
              if i not in problem.positions]  # fmt: skip
    number = 0
    for start, size in places:
        number = number * size + (start if size > 1 else 0)
    return number


def _shared(runner: Runner, settings: Settings, count: int, work: Step) -> None:
    in_steps(runner, count, settings.steps // PASSES, work)
