"""Blocks of one axis through transforms of our own: real and complex floats, every output of the window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from math import ceil, inf, prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import installed
from ..semantics.dtypes import FLOATS
from ..semantics.problem import Axis, Problem
from .protocol import Costs, Estimate, Index, Limits, Runner, Settings
from .shares import share_of, shared, waking
from .spectral import Spectra, tail, taps_needed
from .tiles import (
    Reach,
    Tile,
    bank_of,
    convolved_last,
    count_tiles,
    first_of_every,
    gather,
    is_known_to_loops,
    kernels_in,
    last_axis,
    lines_of_kernel,
    numbers_outside,
    part_of_bank,
    reach_of,
    tile_steps,
    transforms_of,
)
from .transform_method import best_of_few, least_samples, spectra_by, spectra_seconds, with_shared
from .workers import sharing

_LONGEST = 1 << 16
_LOOKED_AT = 3  # lengths of blocks of which all is estimated
# Outputs for which loading compiled code is out of the question.
_FEW = 1 << 12
# Which part of the time of a kernel's spectrum there is where a result is done in one go.
IN_ONE_GO = 0.5
# Bytes of the outputs of a tile; one of a bank has many lines, and Python has something to do for each.
_TILE = 1 << 21
_LARGER = 4
# Bytes of the frequencies that are kept for a bank of kernels: they stay in the second-level cache, with room beside.
_KEPT = 1 << 18
# The lengths of blocks, in squares of the vectors' lengths.
_SQUARES = tuple(sorted(odd << bits for odd in (1, 3, 5) for bits in range(11)))


def serves(problem: Problem) -> bool:
    """Return whether these transforms can serve."""
    one = len(problem.axes) == 1 and problem.axes[0].stride == 1 and prod(problem.shape) >= _FEW
    return one and problem.working_dtype.char in FLOATS and installed("numba")


def estimates(problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
    """Return the cost of the best block length that fits in memory, or of the one that takes the least; or nothing."""
    ranked = sorted(_ranked(problem, costs, limits.max_bytes))
    if not ranked:
        return []
    size = _tile_outputs(problem, costs, ranked[0][0])

    def of(blocks: _Blocks, max_bytes: int | None) -> list[Estimate]:
        apart = _estimate(problem, costs, blocks, size, max_bytes)
        return with_shared(apart, problem, costs, _shared_seconds, blocks) if problem.batch == 1 else [apart]

    blocks = (_Blocks.of(problem, costs, length) for _, length in ranked)
    return best_of_few(((_least(problem, costs, b), b) for b in blocks), of, limits, _LOOKED_AT)


@lru_cache(maxsize=256)
def alike(problem: Problem) -> bool:
    """Return whether a tile of the whole result may be done in one go: floats of one dtype, and no batch."""
    dtypes = {problem.signal_dtype, problem.kernel_dtype, problem.result_dtype, problem.working_dtype}
    plain = not problem.componentwise and "renormalize" not in [axis.boundary for axis in problem.axes]
    one = len(dtypes) == 1 and len(problem.shape) == len(problem.axes)
    rounded = any(axis.trimmed for axis in problem.axes)  # sums for integers, which are not done in one go
    return one and plain and not rounded and problem.working_dtype.char in FLOATS


class _Blocks(NamedTuple):
    """Blocks of some length: how many outputs each gives, how many a line has, the seconds of one.

    Beside the seconds of all of them, `begun` are those of what comes before: the call, and the kernels' spectra.
    """

    length: int
    outputs: int
    in_line: int
    one: float
    begun: float

    @classmethod
    def of(cls, problem: Problem, costs: Costs, length: int) -> _Blocks:
        """Return the blocks of a problem."""
        axis, dtype = problem.axes[0], problem.working_dtype
        hop, one = _outputs(length, axis, dtype), costs.block(spectrum_dtype(dtype), length)
        begun = costs.call + preparing(problem, costs) + spectra_seconds(problem, costs, length, one)
        return cls(length, hop, -(-axis.count // hop), one, begun)

    def seconds(self, problem: Problem) -> float:
        """Return the seconds of all blocks, of all entries of the batch."""
        return self.one * self.in_line * transforms_of(problem)


def _lanes(dtype: np.dtype[Any]) -> int:
    """Return how many numbers of the precision of a dtype a vector of 64 bytes holds."""
    return 128 // spectrum_dtype(dtype).itemsize


def lost(axis: Axis, dtype: np.dtype[Any]) -> int:
    """Return how many samples along the rows of a block are no outputs: whole rows, which its wrap-around reaches."""
    lanes = _lanes(dtype)
    return -(-tail(axis) // lanes) * lanes


def _outputs(length: int, axis: Axis, dtype: np.dtype[Any]) -> int:
    """Return how many outputs a block gives."""
    return length - lost(axis, dtype)


def _ranked(problem: Problem, costs: Costs, max_bytes: int | None) -> Iterator[tuple[float, int]]:
    """Yield lengths of which less than three quarters are lost, up to one that holds all outputs.

    Each comes with the time of its transforms, and of its tiles if memory is limited.
    """
    dtype, wanted, spectra = problem.working_dtype, problem.axes[0].count, problem.kernel_batch / 2
    less, each = lost(problem.axes[0], dtype), transforms_of(problem) / costs.workers
    tiles = (costs.tile + costs.batch["lanes"]) * problem.batch * wanted
    for length, one in _blocks(costs, dtype):
        outputs = length - less
        if 4 * outputs < length:
            continue
        if length > _LONGEST:
            return
        seconds = (spectra + ceil(-(-wanted // outputs) * each)) * one
        if max_bytes is not None:
            seconds += tiles / max(2 * outputs, _held(problem, length, max_bytes))
        yield seconds, length
        if outputs >= wanted:
            return


def _least(problem: Problem, costs: Costs, blocks: _Blocks) -> float:
    """Return the least that some blocks may take in all: in one tile, or shared by the workers."""
    return blocks.begun + _python(problem, costs, 1) + shared(blocks.seconds(problem), costs)


def preparing(problem: Problem, costs: Costs) -> float:
    """Return the time of what Python does for the kernels' spectra."""
    return costs.spectrum * (IN_ONE_GO if alike(problem) else 1.0)


def _python(problem: Problem, costs: Costs, tiles: int) -> float:
    """Return the time of what Python does for some tiles, which the workers do not share."""
    return costs.batch["lanes"] * tiles + (0.0 if tiles == 1 and alike(problem) else costs.tile * tiles)


def least_seconds(problem: Problem, costs: Costs) -> float:
    """Return that of a tile, with transforms of no more samples than the window needs, in the cheapest blocks."""
    work = least_samples(problem) * transforms_of(problem) * least_sample(costs, problem.working_dtype)
    return costs.call + preparing(problem, costs) + _python(problem, costs, 1) + shared(work, costs)


@lru_cache(maxsize=16)
def least_sample(costs: Costs, dtype: np.dtype[Any], ndim: int = 1) -> float:
    """Return the least seconds that a complex sample takes, there and back."""
    return min([seconds / length for length, seconds in _blocks(costs, dtype) if length <= _LONGEST])


@lru_cache(maxsize=16)
def _blocks(costs: Costs, dtype: np.dtype[Any]) -> list[tuple[int, float]]:
    """Return the lengths that blocks may have, each with the seconds of a block."""
    lengths = [square * _lanes(dtype) ** 2 for square in _SQUARES]
    return [(length, costs.block(spectrum_dtype(dtype), length)) for length in lengths]


def _together(length: int, dtype: np.dtype[Any]) -> int:
    """Return how many transforms of blocks are kept for a bank."""
    return max(1, _KEPT // (spectrum_dtype(dtype).itemsize * length))


def _held(problem: Problem, length: int, max_bytes: int | None) -> float:
    """Return how many outputs memory leaves for a tile, which holds what it reads beside them."""
    if max_bytes is None:
        return inf
    left = max_bytes - _shared_bytes(problem, length) - spectrum_dtype(problem.working_dtype).itemsize * length
    return left / (2 * problem.working_dtype.itemsize) - 4 * length


def _shared_bytes(problem: Problem, length: int) -> int:
    """Return the bytes of the spectra and of the roots, which all share."""
    return spectrum_dtype(problem.working_dtype).itemsize * length * (problem.kernel_batch + 2)


def _tile_outputs(problem: Problem, costs: Costs, seconds: float) -> int:
    """Return how many outputs a tile has: so many tiles that the workers end together, if so much work is worth it."""
    total = problem.batch * problem.axes[0].count
    most = _TILE * (_LARGER if bank_of(problem) > 1 else 1)
    fewest = -(-total * problem.working_dtype.itemsize // most)
    even = -(-fewest // costs.workers) * costs.workers
    saved = seconds * (costs.workers * share_of(fewest, costs.workers) - 1)
    begun = waking(even, costs) - waking(fewest, costs)
    worth = saved > begun + (even - fewest) * (costs.tile + costs.batch["lanes"])
    return -(-total // (even if worth else fewest))


def _estimate(problem: Problem, costs: Costs, blocks: _Blocks, size: int, max_bytes: int | None) -> Estimate:
    """Return the cost of some blocks in tiles of about some outputs, all of the same number of blocks."""
    axis, dtype, (length, hop, in_line, one, begun) = problem.axes[0], problem.working_dtype, blocks
    complex_dtype, paired = spectrum_dtype(dtype), dtype.kind != "c"
    held, bank = _held(problem, length, max_bytes), bank_of(problem)
    tiles = -(-axis.count // int(max(2 * hop, min(size / bank, held))))
    outputs = min(axis.count, -(-in_line // (2 * tiles)) * 2 * hop)
    # Equal parts of a bank, each no more than twice as large as other tiles.
    kernels = -(-bank // -(-bank * outputs // (2 * size))) if bank > 1 else 1
    tile = tile_steps(problem, (outputs,), min(max(size, kernels * outputs), held / (1 + 2 * length / outputs)))
    alike, kernels = lines_of_kernel(tile, problem), kernels_in(tile, problem)
    transforms = -(-in_line * alike // (2 if paired else 1)) * -(-problem.batch // alike)
    tiles = count_tiles(problem.shape, tile)
    # What blocks read and write comes and goes while they compute.
    moved = costs.passes(dtype.itemsize * (problem.batch + problem.signal_batch) * axis.count)
    work = share_of(tiles, costs.workers) * max(transforms * one * part_of_bank(kernels), moved)
    seconds = begun + _python(problem, costs, tiles) + waking(tiles, costs) + work
    # A worker holds a block, the frequencies of some for a bank, and what its tile reads and gives.
    lines, kept = prod(tile) // tile[axis.position], _together(length, dtype) if bank > 1 else 0
    worker = complex_dtype.itemsize * length * (1 + kept)
    worker += 2 * dtype.itemsize * lines * (tile[axis.position] + 2 * length)
    settings = Settings(tile, "lanes", (length,), (False,), 2 if paired else 1, paired)
    needs = {"numba", f"columns {dtype.char}"}
    return Estimate(settings, seconds, _shared_bytes(problem, length), worker, frozenset(needs))


def _shared_seconds(problem: Problem, costs: Costs, blocks: _Blocks) -> float:
    """Return the time of one tile, whose transforms the workers share."""
    transforms, dtype = -(-blocks.in_line // (1 if problem.working_dtype.kind == "c" else 2)), problem.working_dtype
    moved = costs.passes(2 * dtype.itemsize * problem.axes[0].count) / costs.workers
    work = max(transforms * blocks.one * share_of(transforms, costs.workers), moved)
    return blocks.begun + _python(problem, costs, 1) + costs.wake + work


def prepare(kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Spectra:
    """Return the spectra of the oriented kernel."""
    axis, position, length = problem.axes[0], problem.axes[0].position, settings.lengths[0]
    low, high = taps_needed(axis)
    taps = last_axis(kernel, position)[..., low:high].astype(problem.working_dtype, copy=False)
    fill = partial(load("lanes.columns").fill_spectra, length=length, dilation=axis.dilation)
    spectra = spectra_by(fill, taps.reshape(-1, high - low), length, runner)
    return Spectra(((low, high),), last_axis(spectra.reshape(*taps.shape[:-1], -1), position, back=True))


def fill(
    state: Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
) -> None:
    """Write one tile of the result to `out`; workers share its blocks."""
    axis, length, lines = problem.axes[0], settings.lengths[0], load("lanes.lines")
    if out.size == 0:
        return
    reach = reach_of(axis, tile.slices[axis.position], state.taps[0])
    samples, spectra = tile.samples(signal, problem.positions), tile.batch(state.spectrum, problem.positions)
    fill_value = next(iter(numbers_outside(problem)), 0)
    place = lines.Place(reach.first - axis.dilation * reach.low, tail(axis), axis.boundary, fill_value)
    if not is_known_to_loops(samples):
        first_read = place.first + min(out.shape[axis.position], _outputs(length, axis, out.dtype)) - length
        samples, place = _gathered(samples, problem, reach._replace(start=first_read), place)
    if out.ndim == 1:
        lines.convolve_lines(samples, spectra, out, place, length, share=sharing(runner, settings))
        return
    samples, spectra, out = (last_axis(array, axis.position) for array in (samples, spectra, out))
    bank = tuple([i for i in range(out.ndim - 1) if samples.shape[i] == 1 < out.shape[i]])
    common = tuple([i for i in range(out.ndim - 1) if spectra.shape[i] == 1])
    order = convolved_last(out.ndim, (*(bank or common), out.ndim - 1))
    samples = samples.squeeze(bank) if bank else samples.transpose(order)
    spectra, out = spectra.transpose(order), out.transpose(order)
    together, share = _together(length, out.dtype), sharing(runner, settings)
    lines.convolve_lines(samples, spectra, out, place, length, len(bank), together, share)


@lru_cache(maxsize=1024)
def probes(problem: Problem, settings: Settings) -> Index:
    """Return the first outputs of all blocks."""
    return first_of_every(problem, outputs(problem, settings.lengths))


def outputs(problem: Problem, lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many outputs a block gives."""
    return (_outputs(lengths[0], problem.axes[0], problem.working_dtype),)


def _gathered(samples: Array, problem: Problem, reach: Reach, place: Any) -> tuple[Array, Any]:
    """Return what a tile reaches in the dtype of the sums, and where its outputs lie there."""
    piece = gather(samples, problem, [reach]).astype(problem.working_dtype)
    return piece, place._replace(first=place.first - reach.start, boundary="zero", fill=0)
