"""Block by block: transforms that stay in cache, along every axis that is worth cutting.

The blocks are cut from the *result* (the overlap-save form): each tile reads its samples and the halo of the kernel,
so any boundary serves, memory is bounded by the tiles in work, and no two tiles write the same output.
Overlap-add cuts the signal and adds the overlaps of the results; it gives the same sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import inf, prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.lengths import block_length, fast_length, spread_rows, tile_length
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import engine_names, installed, mixed
from ..semantics.problem import Problem
from . import lane_tiles, lanes, spectral
from .protocol import Components, Costs, Estimate, Index, Limits, Runner, Settings
from .tiles import Tile, tile_steps, transforms_of
from .transform_method import (
    COPIES,
    TransformMethod,
    Work,
    first_outputs,
    least_of,
    least_samples,
    whole_length,
    work,
)

# A block's samples: enough for the longest kernels that blocks pay for, and small beside any signal.
_LARGEST = 1 << 22
_SMALLEST = 256
# Outputs of a block, in quarters of the kernel.
_QUARTERS = (4, 6, *(1 << i for i in range(3, 26)))
# Samples that are transformed together, and how many such batches a tile has.
_BATCH = 1 << 17
_TILE = 2
_MOST_BYTES = 64_000_000  # of a worker, unless the shortest blocks take more

# Samples in blocks of our own for each of the signal: up to so many, no engine's take less time.
_AMPLE = 3
# Lengths of transforms that fit in each cache, and hardly in any.
_PROBED = 1 << 9, 1 << 13, 1 << 16

# What blocks by engines, by transforms of our own mostly take, in their least times.
_USUAL = {None: 2.5, lanes: 1.5, lane_tiles: 1.2}

Way = tuple[str, bool]  # an engine, and whether compiled loops copy
_Order = tuple[bool, float]


class OverlapAdd(TransformMethod):
    """Blocks whose transforms are a few times as long as the kernel."""

    name = "overlap-add"

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of transforms and copies of no more samples than the window needs, in the cheapest blocks."""
        least, own = _by_engines_at_least(problem, costs), _own(problem)
        if own.serves(problem):
            each = own.least_sample(costs, problem.working_dtype, len(problem.axes))
            least = min(least, least_samples(problem) * transforms_of(problem) * each)
        return least_of(least, costs)

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return each engine's cheapest block lengths that fit in memory (those that take the least if none fit)."""
        found, below = list[Estimate](), limits.below
        for least, part in sorted(_parts(problem, costs), key=lambda p: p[0] * _USUAL[p[1]]):
            if least >= below:
                continue
            offers = (_by_engines if part is None else part.estimates)(problem, costs, limits._replace(below=below))
            loaded = [e for e in offers if limits.fit(e) and limits.loaded(e.needs)]
            found += offers
            # A share of loading counts, too, which is far less than the time of a tile.
            below = min([below, *(e.seconds + costs.tile for e in loaded)])
            if part is not None and loaded and limits.max_bytes is None and _beats_engines(loaded[0], problem, costs):
                break
        return found

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Any:
        """Return the kernel's spectrum, as the engine has it."""
        if settings.engine == "lanes":
            return _own(problem).prepare(kernel, problem, settings, runner)
        return super().prepare(kernel, problem, settings, runner)

    def fill(self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array) -> None:
        """Write one tile of the result to `out`."""
        if settings.engine == "lanes":
            _own(problem).fill(state, problem, settings, tile, signal, out)
        else:
            super().fill(state, problem, settings, tile, signal, out)

    def fill_shared(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`; workers share blocks of our own."""
        if settings.engine == "lanes":
            _own(problem).fill(state, problem, settings, tile, signal, out, runner)
        else:
            self.fill(state, problem, settings, tile, signal, out)

    def probes(self, state: Any, problem: Problem, settings: Settings) -> Index:
        """Look at one output of each block."""
        if settings.engine != "lanes":
            return first_outputs(problem, settings)
        index: Index = _own(problem).probes(problem, settings)
        return index

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"engine": settings.engine, "block": " × ".join(map(str, settings.lengths))}


def _own(problem: Problem) -> Any:
    """Return the module of the transforms of our own: for one axis, or for several."""
    return lanes if len(problem.axes) == 1 else lane_tiles


def _parts(problem: Problem, costs: Costs) -> list[tuple[float, Any]]:
    """Return the least seconds of blocks by engines, and by the module of our own transforms if that serves."""
    own, engines = _own(problem), (least_of(_by_engines_at_least(problem, costs), costs), None)
    return [engines, (own.least_seconds(problem, costs), own)] if own.serves(problem) else [engines]


def _by_engines_at_least(problem: Problem, costs: Costs) -> float:
    """Return the least seconds of transforms and copies by an engine, of as many samples as the window needs."""
    length, samples = least_samples(problem), problem.signal_batch + problem.batch
    return length * samples * _least_sample(costs, spectral.transform_dtype(problem)) if length > _SMALLEST else 0.0


@lru_cache(maxsize=64)
def _least_sample(costs: Costs, dtype: np.dtype[Any]) -> float:
    """Return the least seconds for a sample, there or back, in blocks of an engine."""
    return min([_sample(costs, dtype, size, several) for size in (_SMALLEST, *_PROBED) for several in (False, True)])


@lru_cache(maxsize=4096)
def _sample(costs: Costs, dtype: np.dtype[Any], size: int, several: bool) -> float:
    """Return the seconds for a sample, there or back with copies, by the fastest engine in blocks of some samples.

    Some are of `several` axes whose lengths have other prime factors than two.
    """
    pairs, copies = spectrum_dtype(dtype), costs.passes(COPIES * dtype.itemsize, dtype.char in "fd") / 2
    shares = {dtype: 1.0, pairs: dtype.itemsize / pairs.itemsize}
    engines = [mixed(name) if several else name for name in engine_names(dtype)]
    return min(share * costs.transform(e, k, 1, size) for e in engines for k, share in shares.items()) + copies


def _beats_engines(own: Estimate, problem: Problem, costs: Costs) -> bool:
    """Return whether transforms of our own are faster than an engine's of any length.

    Their lengths are among the engines', whose blocks are copied more often.
    """
    samples, lengths = 1, own.settings.lengths
    for axis, hop, length in zip(problem.axes, _own(problem).outputs(problem, lengths), lengths, strict=True):
        samples *= -(-axis.count // hop) * length
    # Else an engine's blocks may waste less, or its many spectra take less.
    ample = samples <= _AMPLE * problem.extent and problem.kernel_batch == 1
    several, dtype = len(problem.axes) > 1, spectral.transform_dtype(problem, paired=True)
    return ample and _are_faster(costs, several, dtype)


@lru_cache(maxsize=64)
def _are_faster(costs: Costs, several: bool, dtype: np.dtype[Any]) -> bool:
    """Return whether transforms of our own, of one axis or several, are faster than the engines' with their copies."""
    own = [costs.transform("blocks", dtype, 2, n) if several else costs.block(dtype, n) / n for n in _PROBED]
    return all(
        ours < 2 * costs.transform(engine, dtype, 1, n) + costs.passes(COPIES * dtype.itemsize, compiled=True)
        for engine in engine_names(dtype)
        for ours, n in zip(own, _PROBED, strict=True)
    )


def _by_engines(problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
    """Return each engine's cheapest block lengths, of those that may be the best within the limits.

    The first of them take the least at least. The shortest blocks may take more memory than others.
    """
    batches = [_BATCH] if limits.max_bytes is None else [_BATCH, _BATCH // 8, 1]
    ways, best = {paired: _ways(problem, paired) for paired in (False, True)}, dict[Way, tuple[_Order, Work]]()
    cuts = [_cut(problem, lengths) for lengths in block_lengths(problem)]
    losing = inf
    for least, number in sorted([(_least_seconds(problem, costs, c), number) for number, c in enumerate(cuts)]):
        if limits.max_bytes is None and least >= min(limits.below, losing):
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
    all_ways = limits.max_bytes is not None
    return [asked.estimate(costs, *way) for way, (order, asked) in best.items() if all_ways or order[1] <= losing]


def _losing(best: Mapping[Way, tuple[_Order, Work]], costs: Costs, limits: Limits) -> float:
    """Return the time from which on blocks lose by all engines: that of the slowest one, or of any that is loaded."""
    # A share of loading counts, too, which is far less than the time of a tile.
    fitting = {way: order[1] for way, (order, _) in best.items() if not order[0]}
    loaded = [seconds + costs.tile for way, seconds in fitting.items() if limits.loaded(best[way][1].needs(*way))]
    return min([max(fitting.values(), default=inf), *loaded])


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


def block_lengths(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield block lengths: a common multiple of the kernel on every axis, at most the whole window."""
    ends = [(along.tail, fast_length(along.needed)) for along in _along(problem)]
    whole = [most for _, most in ends]
    smallest = max(16, round(_SMALLEST ** (1 / max(1, len(whole)))))
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


class _Along(NamedTuple):
    """An axis: by how much blocks overlap, the length that the whole window needs, its outputs and their stride."""

    tail: int
    needed: int
    count: int
    stride: int


@lru_cache(maxsize=256)
def _along(problem: Problem) -> list[_Along]:
    """Return what decides the blocks of each axis."""
    return [
        _Along(spectral.tail(a), spectral.alias_free_length(a, a.count), a.count, a.stride) for a in problem.axes
    ]


class _Cuts(NamedTuple):
    """Blocks of some lengths: how many outputs each gives on every axis, and how many blocks there are."""

    lengths: tuple[int, ...]
    outputs: list[int]
    counts: list[int]


def _cut(problem: Problem, lengths: tuple[int, ...]) -> _Cuts:
    """Return the blocks of a problem."""
    outputs, counts = [], []
    for (tail, needed, count, stride), length in zip(_along(problem), lengths, strict=True):
        outputs.append(count if length >= needed else (length - tail - 1) // stride + 1)
        counts.append(-(-count // outputs[-1]))
    return _Cuts(lengths, outputs, counts)


def _least_seconds(problem: Problem, costs: Costs, cuts: _Cuts) -> float:
    """Return what blocks take at least, by any engine."""
    size = prod(cuts.lengths)
    each = _sample(costs, spectral.transform_dtype(problem), size, len(cuts.lengths) > 1 and size & (size - 1) > 0)
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
