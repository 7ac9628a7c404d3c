"""Blocks of two or three axes through transforms of our own: real floats, every output of the window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import installed
from ..semantics.dtypes import DType
from ..semantics.problem import Problem
from .orientation import dilated
from .protocol import Costs, Estimate, Index, Settings
from .spectral import Spectra, tail, taps_needed
from .tiles import (
    Reach,
    Tile,
    convolved_last,
    count_tiles,
    first_of_every,
    gather,
    numbers_outside,
    reach_of,
    share_of,
    tile_steps,
    trimmed,
)

_LENGTHS = tuple(sorted(odd << bits for odd in (1, 3, 5) for bits in range(10) if 64 <= odd << bits <= 512))
_THIN = 32  # of blocks of three axes, the shortest
# Samples of a block of two and of three axes: with the kernel's spectrum it stays in the second-level cache, or nearly.
_LARGEST = {2: 1 << 17, 3: 1 << 20}
# Outputs for which loading compiled code is out of the question.
_FEW = 1 << 14
# Seconds of a tile, if there are many blocks: far more than a tile's own time.
_TILE_SECONDS = 2e-3
# Lengths whose tiles are looked at, those with the least work first.
_LOOKED_AT = 4


def serves(problem: Problem) -> bool:
    """Return whether these transforms can serve."""
    several = len(problem.axes) in _LARGEST and all(axis.stride == 1 for axis in problem.axes)
    return several and prod(problem.shape) >= _FEW and problem.working_dtype.char in "fd" and installed("numba")


def estimates(problem: Problem, costs: Costs, max_bytes: int | None) -> list[Estimate]:
    """Return the cost of the best lengths that fit in memory, or of those that take the least; or nothing."""
    blocks = sorted((_Blocks.of(problem, costs, lengths) for lengths in _candidates(problem)), key=_Blocks.total)
    looked_at = blocks if max_bytes is not None else blocks[:_LOOKED_AT]
    found = [_estimate(problem, costs, b, bands) for b in looked_at for bands in b.splits()]
    fitting = [e for e in found if max_bytes is None or e.bytes <= max_bytes]
    if fitting:
        return [min(fitting, key=lambda e: e.seconds)]
    return [min(found, key=lambda e: e.bytes)] if found else []


# A block passes through the vectors once for each axis, the slower the more samples it has; with so many, half as fast.
_CACHE = 1 << 17


class _Blocks(NamedTuple):
    """Blocks of some lengths: what each gives on every axis, how many there are, and the seconds that two take."""

    lengths: tuple[int, ...]
    outputs: tuple[int, ...]
    counts: tuple[int, ...]
    pair: float

    @classmethod
    def of(cls, problem: Problem, costs: Costs, lengths: tuple[int, ...]) -> _Blocks:
        """Return the blocks of a problem."""
        outputs, size = _outputs(problem, lengths), prod(lengths)
        counts = tuple(-(-axis.count // hop) for axis, hop in zip(problem.axes, outputs, strict=True))
        dtype = spectrum_dtype(problem.working_dtype)
        both = (1 + size / _CACHE) * costs.transform("lanes", dtype, 2 * size, size)
        return cls(lengths, outputs, counts, costs.batch["lanes"] + both)

    def total(self) -> float:
        """Return the seconds of all blocks of an entry of the batch."""
        return prod(self.counts) * self.pair / 2

    def splits(self) -> set[int]:
        """Return how many bands of blocks along the first axis a tile may have."""
        bands = self.counts[0]
        return {-(-bands // parts) for parts in (1, 2, 3, 4, 6, 8, round(self.total() / _TILE_SECONDS)) if parts}


def _outputs(problem: Problem, lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many outputs a block gives on each axis: along the last one whole vectors are dropped."""
    lanes = 64 // problem.working_dtype.itemsize
    above = (n - tail(axis) for axis, n in zip(problem.axes[:-1], lengths, strict=False))
    return *above, lengths[-1] - -(-tail(problem.axes[-1]) // lanes) * lanes


def _candidates(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield lengths up to those that hold the whole window, of which not too much is lost."""
    choices = []
    for axis in problem.axes:
        sizes = [n for n in ((_THIN,) if len(problem.axes) == 3 else ()) + _LENGTHS if n > tail(axis)]
        enough = next((n for n in sizes if n >= axis.count + tail(axis)), None)
        choices.append([n for n in sizes if enough is None or n <= enough])
    for lengths in product(*choices):
        if prod(lengths) <= _LARGEST[len(lengths)] and min(_outputs(problem, lengths)) > 0:
            yield lengths


def _estimate(problem: Problem, costs: Costs, blocks: _Blocks, bands: int) -> Estimate:
    """Return the cost of blocks in tiles of some whole bands of them along the first axis."""
    dtype, size, band = problem.working_dtype, prod(blocks.lengths), prod(blocks.counts[1:])
    steps = (bands * blocks.outputs[0], *(axis.count for axis in problem.axes[1:]))
    together = max(1.0, _TILE_SECONDS / (bands * band * blocks.pair / 2))
    tile = tile_steps(problem, steps, together, 1)
    entries = prod(tile[i] for i in problem.batch_positions)
    full, rest = divmod(blocks.counts[0], bands)
    pairs = full * -(-bands * band * entries // 2) + -(-rest * band * entries // 2)
    tiles = count_tiles(problem.shape, tile)
    work = blocks.pair * pairs * -(-problem.batch // entries)
    work += costs.passes(dtype.itemsize * prod(problem.shape))
    # What Python does for a tile and for a spectrum takes the time of two; the workers do not share it.
    seconds = costs.call + 2 * costs.tile * tiles + work * share_of(tiles, costs.workers)
    seconds += (2 * costs.spectrum + blocks.pair / 2) * problem.kernel_batch
    item = spectrum_dtype(dtype).itemsize
    settings = Settings(tile, "lanes", blocks.lengths, (False,) * len(steps), paired=True)
    worker = 2 * item * size + 2 * dtype.itemsize * prod(tile)
    needs = frozenset({"numba", f"blocks {dtype.char}"})
    return Estimate(settings, seconds, item * size * problem.kernel_batch, worker, needs)


def prepare(kernel: Array, problem: Problem, settings: Settings) -> Spectra:
    """Return the spectra of the oriented kernels, one for each entry of their batch."""
    taps = tuple(taps_needed(axis) for axis in problem.axes)
    held = [reach_of(axis, slice(0, axis.count), t) for axis, t in zip(problem.axes, taps, strict=True)]
    spread = dilated(trimmed(kernel, held), problem).astype(problem.working_dtype)
    kernels = spread.transpose(convolved_last(spread.ndim, problem.positions))
    return Spectra(taps, _engine().spectra_of(kernels, settings.lengths))


def fill(state: Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array) -> None:
    """Write one tile of the result to `out`."""
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
    for index in np.ndindex(spectra.shape[:-1]):
        kernel = tuple(slice(i, i + 1) if n > 1 else slice(None) for i, n in zip(index, spectra.shape, strict=False))
        read, written = _part(samples, kernel), target[kernel]
        _engine().convolve(read, spectra[index], spans, tails, settings.lengths, value, written)
    if not direct:
        outputs[...] = target


@lru_cache(maxsize=1024)
def probes(problem: Problem, settings: Settings) -> Index:
    """Return the first outputs of all blocks."""
    return first_of_every(problem, _outputs(problem, settings.lengths))


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
