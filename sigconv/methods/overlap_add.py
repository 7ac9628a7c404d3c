"""Block by block: transforms that stay in cache, along every axis that is worth cutting.

The blocks are cut from the *result* (the overlap-save form): each tile reads its samples and the halo of the kernel,
so any boundary serves, memory is bounded by the tiles in work, and no two tiles write the same output.
Overlap-add cuts the signal and adds the overlaps of the results; it gives the same sums.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..engines.transforms import engine_names
from ..semantics.problem import Problem
from . import engine_blocks, lane_tiles, lanes, spectral
from .protocol import Costs, Estimate, Index, Limits, Runner, Settings
from .shares import shared
from .tiles import Tile, transforms_of
from .transform_method import COPIES, TransformMethod, first_outputs, least_samples

# Samples in blocks of our own for each of the signal: up to so many, no engine's take less time.
_AMPLE = 3
# Lengths of transforms that fit in each cache, and hardly in any.
_PROBED = 1 << 9, 1 << 13, 1 << 16
# What blocks by engines, by transforms of our own mostly take, in their least times.
_USUAL: dict[Any, float] = {engine_blocks: 2.5, lanes: 1.5, lane_tiles: 1.2}


class OverlapAdd(TransformMethod):
    """Blocks whose transforms are a few times as long as the kernel."""

    name = "overlap-add"

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of transforms and copies of no more samples than the window needs, in the cheapest blocks."""
        least, own = engine_blocks.least_seconds(problem, costs), _own(problem)
        if own.serves(problem):
            each = transforms_of(problem) * own.least_sample(costs, problem.working_dtype, len(problem.axes))
            work = shared(least_samples(problem) * each, costs)
            # What Python does for a tile may be spared.
            least = min(least, costs.call + lanes.preparing(problem, costs) + work)
        return least

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return each engine's cheapest block lengths that fit in memory (those that take the least if none fit)."""
        found, own = list[Estimate](), _own(problem)
        parts: list[Any] = [engine_blocks, own] if own.serves(problem) else [engine_blocks]
        leasts = {part: part.least_seconds(problem, costs) for part in parts}
        for part in sorted(parts, key=lambda part: leasts[part] * _USUAL[part]):
            if leasts[part] >= limits.below:
                continue
            offers = part.estimates(problem, costs, limits)
            loaded = [e for e in offers if limits.fit(e) and limits.loaded(e.needs)]
            found += offers
            # A share of loading counts, too, which is far less than the time of a tile.
            limits = limits._replace(below=min([limits.below, *(e.seconds + costs.tile for e in loaded)]))
            if part is own and loaded and limits.max_bytes is None and _beats_engines(loaded[0], problem, costs):
                break
        return found

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Any:
        """Return the kernel's spectrum, as the engine has it."""
        if settings.engine == "lanes":
            return _own(problem).prepare(kernel, problem, settings, runner)
        return super().prepare(kernel, problem, settings, runner)

    def fill(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`; workers share blocks of our own."""
        fill = _own(problem).fill if settings.engine == "lanes" else super().fill
        fill(state, problem, settings, tile, signal, out, runner)

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
