"""Blocks by an engine's transforms: how long they may be, how many are transformed together, what they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import inf, prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.lengths import block_length, fast_length, spread_rows, tile_length
from ..engines.protocol import spectrum_dtype
from ..engines.transforms import engine_names, installed
from ..semantics.problem import Problem
from . import spectral
from .protocol import Costs, Estimate, Limits, Settings
from .tiles import tile_steps
from .transform_method import COPIES, Work, along, fastest, least_from, least_of, least_samples, work

# A block's samples: enough for the longest kernels that blocks pay for, and small beside any signal.
_LARGEST = 1 << 22
# The shortest blocks: of one axis, and of each of several.
_SMALLEST, _SHORTEST = 256, 16
# Outputs of a block, in quarters of the kernel.
_QUARTERS = (4, 6, *(1 << i for i in range(3, 26)))
# Samples that are transformed together, and how many such batches a tile has.
_BATCH = 1 << 17
_TILE = 2
_MOST_BYTES = 64_000_000  # of a worker, unless the shortest blocks take more

Way = tuple[str, bool]  # an engine, and whether compiled loops copy
_Order = tuple[bool, float]


@lru_cache(maxsize=256)
def least_seconds(problem: Problem, costs: Costs) -> float:
    """Return that of transforms and copies of no more samples than the window needs, in the cheapest blocks."""
    smallest, least = _smallest(problem), 1
    for axis in along(problem):
        least *= min(axis.needed, max(smallest, 2 * axis.tail + 1))
    dtype = spectral.transform_dtype(problem)
    each = least_from(least.bit_length() - 1, _sample, costs, dtype, len(problem.axes))
    return least_of(least_samples(problem) * (problem.signal_batch + problem.batch) * each, costs)


@lru_cache(maxsize=4096)
def _sample(costs: Costs, dtype: np.dtype[Any], size: int, axes: int, mixed: bool) -> float:
    """Return the seconds for a sample, there or back with copies, by the fastest engine in blocks of some samples."""
    pairs, copies = spectrum_dtype(dtype), costs.passes(COPIES * dtype.itemsize, dtype.char in "fd") / 2
    shares = {dtype: 1.0, pairs: dtype.itemsize / pairs.itemsize}
    return min([share * fastest(costs, kind, size, axes, mixed) for kind, share in shares.items()]) + copies


def estimates(problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
    """Return each engine's cheapest block lengths, of those that may be the best within the limits.

    The first of them take the least at least. The shortest blocks may take more memory than others.
    """
    batches = [_BATCH] if limits.max_bytes is None else [_BATCH, _BATCH // 8, 1]
    ways, best = {paired: _ways(problem, paired) for paired in (False, True)}, dict[Way, tuple[_Order, Work]]()
    cuts = [_cut(problem, lengths) for lengths in block_lengths(problem)]
    limited, losing = limits.max_bytes is not None, inf
    for least, number in sorted([(_least_seconds(problem, costs, c), number) for number, c in enumerate(cuts)]):
        if least >= (losing if limited else min(limits.below, losing)):
            break
        sized = [_work(problem, costs, cuts[number], batch) for batch in batches]
        if number and sized[-1].worker_bytes > _MOST_BYTES:
            continue
        for asked in sized:
            for way in ways[asked.settings.paired]:
                order = _order(asked, costs, way, limits.max_bytes)
                if way not in best or order < best[way][0]:
                    best[way] = order, asked
        losing = _losing(best, costs, limits)
    return [asked.estimate(costs, *way) for way, (order, asked) in best.items() if limited or order[1] <= losing]


def _losing(best: Mapping[Way, tuple[_Order, Work]], costs: Costs, limits: Limits) -> float:
    """Return the time from which on blocks lose by all engines: that of the slowest one, or of any that is loaded.

    Within a limit on memory all of them count, and each must fit.
    """
    slowest = max([order[1] for order, _ in best.values()])
    if limits.max_bytes is not None:
        return inf if any(order[0] for order, _ in best.values()) else slowest
    # A share of loading counts, too, which is far less than the time of a tile.
    loaded = [order[1] for way, (order, asked) in best.items() if limits.loaded(asked.needs(*way))]
    return min(slowest, min(loaded, default=inf) + costs.tile)


def _ways(problem: Problem, paired: bool) -> list[Way]:
    """Return the engines, each without compiled copies, and the faster one also with them."""
    dtype = spectral.transform_dtype(problem)
    engines = engine_names(dtype)
    ways = [(engine, False) for engine in engines]
    packed = paired and dtype.char in "fd" and all(axis.stride == 1 for axis in problem.axes)
    return [*ways, (engines[-1], True)] if packed and installed("numba") else ways


def _order(work: Work, costs: Costs, way: Way, max_bytes: int | None) -> _Order:
    """Return what makes one way better than another: that it fits in memory, then its time, or else its memory."""
    if max_bytes is not None and work.bytes > max_bytes:
        return True, work.bytes
    return False, work.seconds(costs, *way)


def _smallest(problem: Problem) -> int:
    """Return the shortest length of blocks, on an axis that has so many samples."""
    return _SMALLEST if len(problem.axes) < 2 else _SHORTEST


def block_lengths(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield block lengths: a common multiple of the kernel on every axis, at most the whole window."""
    ends = [(axis.tail, fast_length(axis.needed)) for axis in along(problem)]
    whole = [most for _, most in ends]
    smallest = _smallest(problem)
    fast = block_length if len(whole) == 1 else tile_length
    itemsize = spectrum_dtype(spectral.transform_dtype(problem)).itemsize
    last: list[int] | None = None
    for quarters in _QUARTERS:
        lengths = []
        for tail, most in ends:
            wanted = max(smallest, quarters * (tail + 1) // 4 + tail)
            lengths.append(most if most <= wanted else min(most, fast(wanted)))
        if lengths == last:
            continue
        if last is not None and prod(lengths) > _LARGEST:
            return
        last = lengths
        yield _spread(tuple(lengths), itemsize)
        if lengths == whole:
            return


def _spread(lengths: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return lengths for pairs and for single blocks: neither may have columns that collide."""
    if len(lengths) < 2:
        return lengths
    for halved in (False, True):
        lengths = spread_rows(lengths, (False,) * len(lengths), itemsize, halved)
    return lengths


class _Cuts(NamedTuple):
    """Blocks of some lengths: how many outputs each gives on every axis, and how many blocks there are."""

    lengths: tuple[int, ...]
    outputs: list[int]
    counts: list[int]


def _cut(problem: Problem, lengths: tuple[int, ...]) -> _Cuts:
    """Return the blocks of a problem."""
    outputs, counts = [], []
    for (tail, needed, count, stride), length in zip(along(problem), lengths, strict=True):
        outputs.append(count if length >= needed else (length - tail - 1) // stride + 1)
        counts.append(-(-count // outputs[-1]))
    return _Cuts(lengths, outputs, counts)


def _least_seconds(problem: Problem, costs: Costs, cuts: _Cuts) -> float:
    """Return what blocks take at least, by any engine."""
    size = prod(cuts.lengths)
    each = _sample(costs, spectral.transform_dtype(problem), size, len(cuts.lengths), size & (size - 1) > 0)
    return least_of(size * prod(cuts.counts) * (problem.signal_batch + problem.batch) * each, costs)


def _work(problem: Problem, costs: Costs, cuts: _Cuts, batch: int) -> Work:
    """Return what some blocks take, of which about `batch` samples are transformed together."""
    axes, (lengths, outputs, counts), size = problem.axes, cuts, prod(cuts.lengths)
    cut = bool(counts) and counts[0] > 1
    read = size // lengths[0] * max(lengths[0], outputs[0] * axes[0].stride) if cut else size
    paired = cut and "c" not in (problem.signal_dtype.kind, problem.kernel_dtype.kind) and read <= max(size, batch)
    blocks = _together(min(counts[0], batch // read), paired) if cut else 1
    if cut:
        first = outputs[0] * max(blocks, _TILE * batch // read // blocks * blocks)
        outputs = [first, *outputs[1:]]
    tile = tile_steps(problem, outputs, batch, blocks * size)
    return work(problem, costs, Settings(tile, "", lengths, (False,) * len(lengths), blocks, paired), prod(counts))


def _together(blocks: int, paired: bool) -> int:
    """Return how many blocks are transformed together: an even number if two share a transform."""
    return max(2, blocks - blocks % 2) if paired else max(1, blocks)
