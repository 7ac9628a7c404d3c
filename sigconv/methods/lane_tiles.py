"""Blocks of two or three axes through transforms of our own: real and complex floats, every output of the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache, partial
from math import inf, prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import installed
from ..semantics.dtypes import FLOATS, DType
from ..semantics.problem import Problem
from .lanes import alike, lost, preparing
from .orientation import dilated
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
    kernels_in,
    lines_of_kernel,
    numbers_outside,
    part_of_bank,
    reach_of,
    tile_steps,
    transforms_of,
    trimmed,
)
from .transform_method import best_of_few, spectra_by, spectra_seconds, with_shared
from .workers import sharing

_LENGTHS = (32, *sorted(odd << bits for odd in (1, 3, 5) for bits in range(10) if 64 <= odd << bits <= 512))
# Samples of a block of two and of three axes: with the kernel's spectrum it stays in the second-level cache, or nearly.
_LARGEST = {2: 1 << 17, 3: 1 << 20}
_SHORTEST = {2: 64, 3: 32}
_LOOKED_AT = 2  # lengths of blocks of which all is estimated
# So many samples of the first of three axes collide in the second-level cache, if their planes lie so far apart, and
# take so many times as long.
_APART, _PLANE, _COLLIDING = 64, 1024, 1.35
# Outputs for which loading compiled code is out of the question.
_FEW = 1 << 14
# Seconds of a tile of many entries of the batch: far more than a tile's own time.
_TILE_SECONDS = 2e-3


def serves(problem: Problem) -> bool:
    """Return whether these transforms can serve."""
    several = len(problem.axes) in _LARGEST and all(axis.stride == 1 for axis in problem.axes)
    return several and prod(problem.shape) >= _FEW and problem.working_dtype.char in FLOATS and installed("numba")


def estimates(problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
    """Return the cost of the best lengths that fit in memory, or of those that take the least; or nothing."""

    def of(blocks: _Blocks, max_bytes: int | None) -> list[Estimate]:
        return with_shared(_estimate(problem, costs, blocks, max_bytes), problem, costs, _shared_seconds, blocks)

    return best_of_few(_ranked(problem, costs), of, limits, _LOOKED_AT)


class _Blocks(NamedTuple):
    """Blocks of some lengths: what each gives on every axis, how many there are; how many are transformed together, and
    the seconds that this takes.

    Beside the seconds of all of them, `begun` are those of what comes before: the call, and the kernels' spectra.
    """

    lengths: tuple[int, ...]
    outputs: tuple[int, ...]
    counts: tuple[int, ...]
    parts: int
    together: float
    begun: float

    @classmethod
    def of(cls, problem: Problem, costs: Costs, lengths: tuple[int, ...]) -> _Blocks:
        """Return the blocks of a problem."""
        dtype, hops = problem.working_dtype, outputs(problem, lengths)
        counts = tuple([-(-axis.count // hop) for axis, hop in zip(problem.axes, hops, strict=True)])
        together = _seconds(costs, dtype, lengths)
        begun = costs.call + _preparing(problem, costs)
        begun += spectra_seconds(problem, costs, prod(lengths), together)
        return cls(lengths, hops, counts, 1 if dtype.kind == "c" else 2, together, begun)

    def bands(self, costs: Costs) -> int:
        """Return how many bands of blocks along the first axis a tile has: all, if that is too little to be shared."""
        worth = prod(self.counts) * self.together / self.parts > 2 * (costs.wake + costs.tile * costs.workers)
        return -(-self.counts[0] // costs.workers) if worth else self.counts[0]


def _seconds(costs: Costs, dtype: DType, lengths: Sequence[int]) -> float:
    """Return the seconds that a complex block of some lengths takes, or two real ones, there and back.

    The kernel's spectrum is as large.
    """
    size, complex_dtype = prod(lengths), spectrum_dtype(dtype)
    if len(lengths) > 2:
        collide = lengths[0] > _APART and size // lengths[0] % _PLANE == 0
        return costs.volume(complex_dtype, size) * (_COLLIDING if collide else 1.0)
    return costs.transform("blocks", complex_dtype, 2 * size, 2 * size)


@lru_cache(maxsize=256)
def _lost(problem: Problem) -> tuple[int, ...]:
    """Return how many samples of a block on each axis are no outputs: along the last one whole vectors."""
    *above, last = problem.axes
    return *map(tail, above), lost(last, problem.working_dtype)


@lru_cache(maxsize=256)
def _counts(problem: Problem) -> list[dict[int, float]]:
    """Return how many blocks of each length an axis takes, one axis after the other."""
    lost = zip(problem.axes, _lost(problem), strict=True)
    return [{n: -(-axis.count // (n - less)) if n > less else inf for n in _LENGTHS} for axis, less in lost]


@lru_cache(maxsize=16)
def _grid(costs: Costs, dtype: DType, ndim: int) -> tuple[Array, Array]:
    """Return all lengths of blocks that are not too large, by their numbers, and the seconds that such blocks take."""
    numbers = np.indices((len(_LENGTHS),) * ndim).reshape(ndim, -1)
    lengths = np.array(_LENGTHS)[numbers]
    held = (lengths.min(axis=0) >= _SHORTEST[ndim]) & (lengths.prod(axis=0) <= _LARGEST[ndim])
    return numbers[:, held], np.array([_seconds(costs, dtype, block) for block in lengths[:, held].T.tolist()])


def least_seconds(problem: Problem, costs: Costs) -> float:
    """Return that of a tile, with the best length of each axis by itself, if a sample takes what it takes at least."""
    ndim = len(problem.axes)
    samples = prod([min([n * c for n, c in counts.items() if n >= _SHORTEST[ndim]]) for counts in _counts(problem)])
    work = samples * transforms_of(problem) * least_sample(costs, problem.working_dtype, ndim)
    return costs.call + _preparing(problem, costs) + _python(problem, costs, 1) + shared(work, costs)


@lru_cache(maxsize=16)
def least_sample(costs: Costs, dtype: DType, ndim: int) -> float:
    """Return the least seconds that a complex sample of blocks of some axes takes, there and back."""
    numbers, seconds = _grid(costs, dtype, ndim)
    return float((seconds / np.array(_LENGTHS)[numbers].prod(axis=0)).min())


def _ranked(problem: Problem, costs: Costs) -> Iterator[tuple[float, _Blocks]]:
    """Yield blocks of which not all is lost, first those that likely take the least time.

    They come with the least that they may take in all. Likely the workers share whole transforms.
    """
    numbers, together = _grid(costs, problem.working_dtype, len(problem.axes))
    blocks: Any = 1.0
    for number, counts in zip(numbers, _counts(problem), strict=True):
        blocks = blocks * np.array(list(counts.values()))[number]
    transforms, kernels = blocks * transforms_of(problem), problem.kernel_batch
    each = np.ceil(transforms / costs.workers) + kernels / (2 * min(kernels, costs.workers))
    seconds = together * each
    moved = costs.passes(problem.working_dtype.itemsize * prod(problem.shape))
    alone = _python(problem, costs, 1) + moved / costs.workers
    while seconds[place := int(seconds.argmin())] < inf:
        seconds[place] = inf
        found = _Blocks.of(problem, costs, tuple([_LENGTHS[i] for i in numbers[:, place].tolist()]))
        yield alone + found.begun + shared(float(transforms[place]) * found.together, costs), found


def _estimate(problem: Problem, costs: Costs, blocks: _Blocks, max_bytes: int | None) -> Estimate:
    """Return the cost of blocks in tiles of some whole bands of them along the first axis."""
    dtype, size, band = problem.working_dtype, prod(blocks.lengths), prod(blocks.counts[1:])
    item, others = spectrum_dtype(dtype).itemsize, [axis.count for axis in problem.axes[1:]]
    shared_bytes, bands, left, bank = item * size * problem.kernel_batch, blocks.bands(costs), inf, bank_of(problem)
    held = (3 if bank > 1 else 2) * item * size
    if max_bytes is not None:
        left = (max_bytes - shared_bytes - held) / (2 * dtype.itemsize * prod(others) * blocks.outputs[0])
        bands = max(1, min(bands, int(left)))
    few = _TILE_SECONDS * blocks.parts / (band * blocks.together)  # bands of blocks
    if bank > 1:  # rather few bands than few of its kernels
        bands = max(1, min(bands, int(few / bank)))
    together = min(left / bands, max(few / bands, bank if bank > 1 else 0))
    tile = tile_steps(problem, (bands * blocks.outputs[0], *others), max(1.0, together), 1)
    entries = lines_of_kernel(tile, problem)
    full, rest = divmod(blocks.counts[0], bands)
    largest = -(-bands * band * entries // blocks.parts)
    transforms = full * largest + -(-rest * band * entries // blocks.parts)
    tiles = count_tiles(problem.shape, tile)
    share = max(share_of(tiles, costs.workers), largest / transforms * entries / problem.batch)
    work = blocks.together * transforms * -(-problem.batch // entries) * part_of_bank(kernels_in(tile, problem))
    work += costs.passes(dtype.itemsize * prod(problem.shape))
    seconds = blocks.begun + _python(problem, costs, tiles) + waking(tiles, costs) + work * share
    settings = Settings(tile, "lanes", blocks.lengths, (False,) * len(blocks.lengths), paired=blocks.parts > 1)
    worker = held + 2 * dtype.itemsize * prod(tile)
    return Estimate(settings, seconds, shared_bytes, worker, _needs(dtype))


def _shared_seconds(problem: Problem, costs: Costs, blocks: _Blocks) -> float:
    """Return the time of one tile, whose blocks the workers share."""
    entries = lines_of_kernel(problem.shape, problem)
    transforms = -(-prod(blocks.counts) * entries // blocks.parts) * (problem.batch // entries)
    work = blocks.together * transforms * part_of_bank(bank_of(problem))
    work += costs.passes(problem.working_dtype.itemsize * prod(problem.shape))
    return blocks.begun + _python(problem, costs, 1) + costs.wake + work * share_of(transforms, costs.workers)


def _preparing(problem: Problem, costs: Costs) -> float:
    """Return the time of what Python does for the kernels' spectra: on several axes twice as much."""
    return 2 * preparing(problem, costs)


def _python(problem: Problem, costs: Costs, tiles: int) -> float:
    """Return the time of what Python does for some tiles, which the workers do not share.

    For a tile it takes the time of two, of which a result in one go spares most.
    """
    return costs.tile * (0.5 if tiles == 1 and alike(problem) else 2 * tiles)


@cache
def _needs(dtype: DType) -> frozenset[str]:
    """Return what a process loads for blocks of a dtype."""
    return frozenset({"numba", f"blocks {dtype.char}"})


def prepare(kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Spectra:
    """Return the spectra of the oriented kernels, one for each entry of their batch."""
    taps = tuple(taps_needed(axis) for axis in problem.axes)
    held = [reach_of(axis, slice(0, axis.count), t) for axis, t in zip(problem.axes, taps, strict=True)]
    spread = dilated(trimmed(kernel, held), problem).astype(problem.working_dtype)
    kernels = spread.transpose(convolved_last(spread.ndim, problem.positions))
    batch = kernels.shape[: -len(taps)]
    fill = partial(_engine().fill_spectra, lengths=settings.lengths)
    spectra = spectra_by(fill, kernels.reshape(-1, *kernels.shape[len(batch) :]), prod(settings.lengths), runner)
    return Spectra(taps, spectra.reshape(*batch, -1))


def fill(
    state: Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
) -> None:
    """Write one tile of the result to `out`; workers share its blocks."""
    if out.size == 0:
        return
    reaches = [reach_of(a, tile.slices[a.position], taps) for a, taps in zip(problem.axes, state.taps, strict=True)]
    samples, spans = _samples(tile.samples(signal, problem.positions), problem, reaches)
    order = convolved_last(out.ndim, problem.positions)
    batch = tuple(tile.slices[i] for i in order[: -len(reaches)])
    spectra = _part(state.spectrum, batch)
    outputs = out.transpose(order)
    direct = is_direct(outputs, out.dtype)
    target = outputs if direct else np.empty(outputs.shape, out.dtype)
    tails, numbers = tuple(map(tail, problem.axes)), numbers_outside(problem)
    value = numbers.pop() if len(numbers) == 1 else 0
    bank = tuple([i for i in range(len(batch)) if samples.shape[i] == 1 < target.shape[i]])
    own = tuple([i for i in range(len(batch)) if i not in bank])
    spectra, written = spectra.transpose(*own, *bank, -1), target.transpose(*own, *bank, *range(len(batch), out.ndim))
    samples = samples.squeeze(bank)
    share = sharing(runner, settings)
    _engine().convolve(samples, spectra, spans, tails, settings.lengths, value, written, share)
    if not direct:
        outputs[...] = target


@lru_cache(maxsize=1024)
def probes(problem: Problem, settings: Settings) -> Index:
    """Return the first outputs of all blocks."""
    return first_of_every(problem, outputs(problem, settings.lengths))


def outputs(problem: Problem, lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many outputs a block gives on each axis."""
    return tuple([n - less for n, less in zip(lengths, _lost(problem), strict=True)])


def _part(array: Array, batch: tuple[slice, ...]) -> Array:
    """Return a part of the batch, which comes first; axes of size 1 are shared."""
    return array[tuple(s if n > 1 else slice(None) for s, n in zip(batch, array.shape, strict=False))]


def _samples(signal: Array, problem: Problem, reaches: list[Reach]) -> tuple[Array, tuple[Any, ...]]:
    """Return the samples that a tile reads, convolved axes last, and where it reads them: copied if they must be."""
    order = convolved_last(signal.ndim, problem.positions)
    moved, span = signal.transpose(order), _rows().Span
    if len(numbers_outside(problem)) <= 1 and is_direct(moved, problem.working_dtype):
        return moved, tuple(span(r.start, r.stop, r.axis.signal, r.axis.boundary) for r in reaches)
    piece = gather(signal, problem, reaches).transpose(order)
    spans = tuple(span(0, r.stop - r.start, r.stop - r.start, "zero") for r in reaches)
    return np.ascontiguousarray(piece, problem.working_dtype), spans


def is_direct(array: Array, dtype: DType) -> bool:
    """Return whether the engine can read or write an array in place."""
    return bool(_rows().is_direct(array, dtype))


@cache
def _engine() -> Any:
    return load("lanes.tiling")


@cache
def _rows() -> Any:
    return load("rows")
