"""What the methods that use transforms share: they differ in their lengths and tiles alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from math import inf, prod
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..engines.forks import load
from ..engines.lengths import fast_length
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import engine_names, needed, priced_as
from ..semantics.problem import Axis, Problem
from . import spectral
from .protocol import PANELS, Components, Costs, Estimate, Index, Limits, Runner, Settings
from .renormalize import renormalizes
from .shares import share_of, shared, waking
from .tiles import Tile, count_tiles, first_of_every
from .workers import in_steps

# Passes over the samples and spectra of blocks, beside their transforms.
COPIES = 5
# Samples of kernels' blocks whose transforms are worth another thread.
_SHARED = 1 << 18
# Just larger ones than those that fit in a cache, whatever the dtype.
_BEYOND = tuple([(1 << bits) + 1 for bits in range(10, 19)])
# Tiles for each worker, up to which the workers may rather share one.
_FEW = 2

T = TypeVar("T")
# Seconds for a sample of transforms of a dtype, of some samples over some axes, whose lengths are mixed or not.
Price = Callable[[Costs, np.dtype[Any], int, int, bool], float]


class TransformMethod:
    """A method whose tiles are products of spectra."""

    def reject(self, problem: Problem) -> str | None:
        """Serve all numbers."""
        return "Python objects have no transform" if problem.result_dtype.kind == "O" else None

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Any:
        """Return the kernel's spectrum."""
        return spectral.prepare(kernel, problem, settings)

    def fill(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`."""
        out[...] = spectral.block(state, problem, settings, tile, signal)

    def probes(self, state: Any, problem: Problem, settings: Settings) -> Index:
        """Look at one output of a transform: frequency zero, the sum of its samples, has a part in each of them."""
        return first_outputs(problem, settings)


@lru_cache(maxsize=1024)
def first_outputs(problem: Problem, settings: Settings) -> Index:
    """Return the first outputs of all blocks."""
    if settings.engine == PANELS:
        return first_of_every(problem, (axis.count for axis in problem.axes))
    lengths = zip(problem.axes, settings.lengths, settings.circular, strict=True)
    return first_of_every(problem, (a.count if c else spectral.block_outputs(a, n) for a, n, c in lengths))


class Along(NamedTuple):
    """An axis: by how much blocks overlap, the length that the whole window needs, its outputs and their stride."""

    tail: int
    needed: int
    outputs: int
    stride: int


@lru_cache(maxsize=256)
def along(problem: Problem) -> list[Along]:
    """Return what decides the lengths of transforms, one axis after the other."""
    return [Along(spectral.tail(a), spectral.alias_free_length(a, a.count), a.count, a.stride) for a in problem.axes]


@lru_cache(maxsize=256)
def least_samples(problem: Problem) -> int:
    """Return how many samples the transforms for a window have in all at least: one that holds it, or the period."""
    samples = 1
    for axis, each in zip(problem.axes, along(problem), strict=True):
        samples *= min(each.needed, axis.signal) if axis.boundary == "wrap" else each.needed
    return samples


@lru_cache(maxsize=1024)
def least_from(bits: int, price: Price, costs: Costs, dtype: np.dtype[Any], axes: int) -> float:
    """Return the least seconds for a sample of transforms of at least 2^bits samples, each at some price."""
    sizes = [1 << bits, *[size for size in _BEYOND if size > 1 << bits]]
    return min([price(costs, dtype, size, axes, mixed) for size in sizes for mixed in (False, True)])


def fastest(costs: Costs, dtype: np.dtype[Any], size: int, axes: int, mixed: bool) -> float:
    """Return the seconds for a sample of transforms of some samples, by the engine that takes the least.

    The lengths of `mixed` ones are not all powers of two.
    """
    return min([costs.transform(priced_as(name, axes, mixed), dtype, 1, size) for name in engine_names(dtype)])


def least_of(work: float, costs: Costs) -> float:
    """Return the least time of work in tiles that transforms take in all, by one worker, or by all once they wake."""
    return costs.call + costs.spectrum + costs.tile + shared(work, costs)


def whole_length(axis: Axis) -> int:
    """Return the transform length that holds the whole window of an axis."""
    return fast_length(spectral.alias_free_length(axis, axis.count))


def steps_of(kernels: int, length: int) -> int:
    """Return in how many steps workers share the transforms of some kernels, each of some length."""
    return min(kernels, -(-kernels * length // _SHARED))


def spectra_seconds(problem: Problem, costs: Costs, size: int, block: float) -> float:
    """Return the time of the kernels' spectra, from that of a block of some samples, there and back."""
    return share_of(steps_of(problem.kernel_batch, size), costs.workers) * problem.kernel_batch * block / 2


def spectra_by(fill: Callable[[Array, Array], None], kernels: Array, size: int, runner: Runner) -> Array:
    """Return the spectra of kernels in lanes, one to a row of so many frequencies, which workers fill together."""
    spectra: Array = load("lanes.line_tables").empty_spectra(len(kernels), size, kernels.dtype)
    in_steps(runner, len(kernels), steps_of(len(kernels), size), lambda part: fill(kernels[part], spectra[part]))
    return spectra


def best_of_few(
    ranked: Iterable[tuple[float, T]], estimates: Callable[[T, int | None], list[Estimate]], limits: Limits, few: int
) -> list[Estimate]:
    """Return the estimates of those of the first few blocks that are fastest of what fits in memory.

    Where none fit, these are those of least bytes. Blocks are ranked by what likely takes the least time. What they
    come with is less than any of their estimates: after the first, blocks that surely take too long are not estimated.
    Estimates keep to a limit on memory where those that heed none don't fit.
    """
    found, best, below, left = list[list[Estimate]](), list[Estimate](), inf, few
    for least, blocks in ranked:
        slower = best and limits.max_bytes is None and least >= min(limits.below, below)
        groups = [] if slower else [estimates(blocks, None)]
        if groups and not any(map(limits.fit, groups[0])):
            groups.append(estimates(blocks, limits.max_bytes))
        found += groups
        for group in groups:
            fastest = min([e.seconds for e in group if limits.fit(e)], default=inf)
            if fastest < below:
                best, below = group, fastest
        left -= bool(slower or any(map(limits.fit, [e for group in groups for e in group])))
        if not left:
            break
    return best or sorted([e for group in found for e in group], key=lambda e: e.bytes)[:1]


def with_shared(
    apart: Estimate, problem: Problem, costs: Costs, seconds: Callable[[Problem, Costs, T], float], blocks: T
) -> list[Estimate]:
    """Return an estimate, and where workers have few tiles each also that of one tile, whose blocks they share.

    The function gives its seconds. The workers end together, whenever each begins. What a tile reads and gives is in
    memory once. Workers share no more than the blocks: what is not read and written in place is better done tile by
    tile.
    """
    in_place = problem.signal_dtype == problem.working_dtype == problem.result_dtype and not renormalizes(problem)
    many = count_tiles(problem.shape, apart.settings.tile) > _FEW * costs.workers
    if many or costs.workers == 1 or not in_place or apart.seconds < 2 * costs.wake:
        return [apart]
    item, size = 2 * problem.working_dtype.itemsize, prod(problem.shape)
    shared_bytes = apart.shared_bytes + item * size
    worker_bytes = apart.worker_bytes - item * prod(apart.settings.tile)
    settings = apart.settings._replace(tile=problem.shape, steps=costs.workers)
    return [apart, Estimate(settings, seconds(problem, costs, blocks), shared_bytes, worker_bytes, apart.needs)]


class Work(NamedTuple):
    """What some settings take of any engine: samples in transforms, bytes moved between them, and what is beside.

    Of the times, `alone` is that of one thread, and tiles share the rest.
    """

    settings: Settings
    dtype: np.dtype[Any]
    length: int
    kernels: int
    transforms: int
    moved: float
    alone: float
    tiles: float
    batches: int
    shared_bytes: int
    worker_bytes: int
    last_bytes: int
    share: float

    def seconds(self, costs: Costs, engine: str, compiled: bool = False) -> float:
        """Return the time with an engine, and copies by compiled loops or not."""
        one = self._one(costs, engine)
        tiles = self.tiles + self.batches * costs.batch[engine] + self.transforms * one
        tiles += costs.passes(self.moved, compiled)
        return self.alone + self.kernels * one + self.share * tiles

    def _one(self, costs: Costs, engine: str) -> float:
        """Return the time of a transform."""
        name = priced_as(engine, len(self.settings.lengths), self.length & (self.length - 1) > 0)
        return costs.transform(name, self.dtype, self.length, self.length)

    def estimate(self, costs: Costs, engine: str, compiled: bool = False) -> Estimate:
        """Return the estimate with an engine, and copies by compiled loops or not."""
        tile, _, lengths, circular, blocks, paired, *_ = self.settings
        settings = Settings(tile, engine, lengths, circular, blocks, paired, compiled)
        memory = self.shared_bytes, self.worker_bytes + self.last_bytes
        if engine == "numpy" and self.dtype.char in "fF":  # which NumPy transforms in double precision
            memory = 2 * memory[0], 2 * memory[1]
        return Estimate(settings, self.seconds(costs, engine, compiled), *memory, self.needs(engine, compiled))

    def needs(self, engine: str, compiled: bool = False) -> Components:
        """Return what a process loads for an engine, and for loops that pack samples, if they do."""
        return _needs(engine, self.dtype.char.lower() if compiled else "")

    @property
    def bytes(self) -> int:
        """Working memory with one worker."""
        return self.shared_bytes + self.worker_bytes + self.last_bytes


def work(problem: Problem, costs: Costs, settings: Settings, blocks: int) -> Work:
    """Return what some blocks for each convolution of the batch take: transforms, products, calls."""
    dtype, length = spectral.transform_dtype(problem, settings.paired), prod(settings.lengths)
    shared = 2 if settings.paired else 1  # blocks in a transform
    pairs, entries = -(-blocks // shared), prod([settings.tile[i] for i in problem.batch_positions])
    count = count_tiles(problem.shape, settings.tile)
    # Each part of a bank of kernels that a tile holds has the signal transformed once more.
    forward = problem.signal_batch * prod(
        [-(-problem.shape[i] // settings.tile[i]) for i in problem.batch_positions if problem.signal_shape[i] == 1]
    )
    spectrum = length * _spectrum_item(dtype)
    shared_bytes, worker_bytes, last_bytes = _bytes(problem, settings, spectrum, max(1, entries))
    return Work(
        settings,
        dtype,
        length,
        kernels=problem.kernel_batch,
        transforms=pairs * (forward + problem.batch),
        moved=COPIES * spectrum * problem.batch * blocks / shared,
        alone=costs.call + costs.spectrum + waking(count, costs),
        tiles=costs.tile * count,
        batches=-(-blocks // settings.blocks) * -(-problem.batch // max(1, entries)),
        shared_bytes=shared_bytes,
        worker_bytes=worker_bytes,
        last_bytes=last_bytes,
        share=share_of(count, costs.workers),
    )


def _bytes(problem: Problem, settings: Settings, spectrum: int, entries: int) -> tuple[int, int, int]:
    """Return the bytes of all kernels' spectra, of a worker, and of its last transforms beside the others.

    Several kernels are transformed at once, from a buffer of all to another. A worker holds samples and spectra of both
    transforms, and what its tile reads and gives. The last batch or tile may be a smaller one, with its own transforms.
    """
    each = spectrum * entries * -(-settings.blocks // (2 if settings.paired else 1))
    # What a tile reads on the axis that is cut into blocks; beside it the transforms reach over all.
    along = [axis.stride * settings.tile[axis.position] + settings.lengths[0] for axis in problem.axes[:1]]
    samples = entries * prod([*along, *settings.lengths[1:]]) + 2 * prod(settings.tile)
    kernels = problem.kernel_batch * (3 if problem.kernel_batch > 1 else 1)
    return spectrum * kernels, 5 * each + samples * problem.working_dtype.itemsize, 4 * (each - spectrum)


@cache
def _needs(engine: str, packed: str) -> frozenset[str]:
    """Return what a process loads for an engine, and for loops that pack samples of a dtype."""
    return needed(engine) | ({"numba", f"packing {packed}"} if packed else set())


@cache
def _spectrum_item(dtype: np.dtype[Any]) -> int:
    """Return the bytes of a spectrum for each sample of a transform."""
    return spectrum_dtype(dtype).itemsize // (1 if dtype.kind == "c" else 2)
