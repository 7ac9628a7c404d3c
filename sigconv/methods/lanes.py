"""Blocks of one axis through transforms of our own: real and complex floats, every output of the window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import installed
from ..semantics.dtypes import FLOATS
from ..semantics.problem import Axis, Problem
from .protocol import Costs, Estimate, Index, Settings
from .spectral import Spectra, tail, taps_needed
from .tiles import (
    Reach,
    Tile,
    count_tiles,
    first_of_every,
    gather,
    is_known_to_loops,
    numbers_outside,
    reach_of,
    share_of,
    tile_steps,
)

_LONGEST = 1 << 16
# Outputs for which loading compiled code is out of the question.
_FEW = 1 << 12
# Bytes of the outputs of a tile.
_TILE = 1 << 21
# Where blocks take this many times the time of the best ones, longer ones are not considered.
_HOPELESS = 1.5


def serves(problem: Problem) -> bool:
    """Return whether these transforms can serve."""
    one = len(problem.axes) == 1 and problem.axes[0].stride == 1 and prod(problem.shape) >= _FEW
    return one and problem.working_dtype.char in FLOATS and installed("numba")


def estimates(problem: Problem, costs: Costs, max_bytes: int | None) -> list[Estimate]:
    """Return the cost of the best block length that fits in memory, or of the one that takes the least; or nothing."""
    axis, found = problem.axes[0], list[Estimate]()
    sizes = [_TILE] if max_bytes is None else [_TILE, _TILE // 16, 1]
    for length in _lengths(axis, problem.working_dtype):
        found += [_estimate(problem, costs, length, size) for size in sizes]
        if max_bytes is None and found[-1].seconds > _HOPELESS * min(found, key=_seconds).seconds:
            break
    fitting = [e for e in found if max_bytes is None or e.bytes <= max_bytes]
    if fitting:
        return [min(fitting, key=_seconds)]
    return [min(found, key=lambda e: e.bytes)] if found else []


def _seconds(estimate: Estimate) -> float:
    return estimate.seconds


def _lanes(dtype: np.dtype[Any]) -> int:
    """Return how many numbers of the precision of a dtype a vector of 64 bytes holds."""
    return 128 // spectrum_dtype(dtype).itemsize


def _outputs(length: int, axis: Axis, dtype: np.dtype[Any]) -> int:
    """Return how many outputs a block gives: all but those of the whole rows that its wrap-around reaches."""
    return length - -(-tail(axis) // _lanes(dtype)) * _lanes(dtype)


def _lengths(axis: Axis, dtype: np.dtype[Any]) -> Iterator[int]:
    """Yield the lengths of which less than three quarters are lost, up to one that holds all outputs."""
    lanes = _lanes(dtype)
    smallest = lanes * lanes
    for length in sorted(smallest * odd << bits for odd in (1, 3, 5) for bits in range(11)):
        outputs = _outputs(length, axis, dtype)
        if length <= _LONGEST and 4 * outputs >= length:
            yield length
            if outputs >= axis.count:
                return


def _estimate(problem: Problem, costs: Costs, length: int, size: int) -> Estimate:
    """Return the cost of blocks of some length in tiles of about some outputs, all of the same number of blocks."""
    axis, dtype = problem.axes[0], problem.working_dtype
    complex_dtype, paired = spectrum_dtype(dtype), dtype.kind != "c"
    hop = _outputs(length, axis, dtype)
    blocks = -(-axis.count // hop)
    tiles = -(-blocks * hop // max(size // dtype.itemsize, 2 * hop))
    tile = tile_steps(problem, (-(-blocks // (2 * tiles)) * 2 * hop,), size // dtype.itemsize)
    transforms = -(-blocks * problem.batch // (2 if paired else 1))
    one = costs.block(complex_dtype, length)
    count = count_tiles(problem.shape, tile)
    seconds = costs.call + costs.spectrum + problem.kernel_batch * one / 2
    # What blocks read and write comes and goes while they compute.
    moved = costs.passes(dtype.itemsize * (problem.batch + problem.signal_batch) * axis.count)
    shared_seconds = (costs.tile + costs.batch["lanes"]) * count + max(transforms * one, moved)
    seconds += share_of(count, costs.workers) * shared_seconds
    # All share the spectra and the roots; a worker holds a block, and what its tile reads and gives.
    shared = complex_dtype.itemsize * length * (problem.kernel_batch + 2)
    lines = prod(n for i, n in enumerate(tile) if i != axis.position)
    worker = complex_dtype.itemsize * length + 2 * dtype.itemsize * lines * (tile[axis.position] + 2 * length)
    settings = Settings(tile, "lanes", (length,), (False,), 2 if paired else 1, paired)
    return Estimate(settings, seconds, shared, worker, frozenset({"numba", f"columns {dtype.char}"}))


def prepare(kernel: Array, problem: Problem, settings: Settings) -> Spectra:
    """Return the spectra of the oriented kernel."""
    axis = problem.axes[0]
    low, high = taps_needed(axis)
    taps = np.moveaxis(kernel, axis.position, -1)[..., low:high].astype(problem.working_dtype)
    spread = np.zeros((*taps.shape[:-1], tail(axis) + 1), taps.dtype)
    spread[..., :: axis.dilation] = taps
    spectra = _columns().spectra_of(spread.reshape(-1, spread.shape[-1]), settings.lengths[0])
    return Spectra(((low, high),), np.moveaxis(spectra.reshape(*taps.shape[:-1], -1), -1, axis.position))


def fill(state: Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array) -> None:
    """Write one tile of the result to `out`."""
    axis, length, lines = problem.axes[0], settings.lengths[0], _lines()
    if out.size == 0:
        return
    reach = reach_of(axis, tile.slices[axis.position], state.taps[0])
    samples, spectra = tile.samples(signal, problem.positions), tile.batch(state.spectrum, problem.positions)
    fill_value = next(iter(numbers_outside(problem)), 0)
    place = lines.Place(reach.first - axis.dilation * reach.low, tail(axis), axis.boundary, fill_value)
    if not is_known_to_loops(samples):
        first_read = place.first + min(out.shape[axis.position], _outputs(length, axis, out.dtype)) - length
        samples, place = _gathered(samples, problem, reach._replace(start=first_read), place)
    if axis.position != out.ndim - 1:
        samples, spectra, out = (np.moveaxis(array, axis.position, -1) for array in (samples, spectra, out))
    lines.convolve_lines(samples, spectra, out, place, length)


@lru_cache(maxsize=1024)
def probes(problem: Problem, settings: Settings) -> Index:
    """Return the first outputs of all blocks."""
    (axis,) = problem.axes
    return first_of_every(problem, [_outputs(settings.lengths[0], axis, problem.working_dtype)])


def _gathered(samples: Array, problem: Problem, reach: Reach, place: Any) -> tuple[Array, Any]:
    """Return what a tile reaches in the dtype of the sums, and where its outputs lie there."""
    piece = gather(samples, problem, [reach]).astype(problem.working_dtype)
    return piece, place._replace(first=place.first - reach.start, boundary="zero", fill=0)


def _columns() -> Any:
    return load("lanes.columns")


def _lines() -> Any:
    return load("lanes.lines")
