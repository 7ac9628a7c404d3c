"""Block by block: transforms that stay in cache, along every axis that is worth cutting.

The blocks are cut from the *result* (the overlap-save form): each tile reads its samples and the halo of the kernel,
so any boundary serves, memory is bounded by the tiles in work, and no two tiles write the same output.
Overlap-add cuts the signal and adds the overlaps of the results; it gives the same sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ..engines.lengths import fast_length
from ..engines.transforms import engine_name
from ..semantics.problem import Problem
from . import spectral
from .protocol import Costs, Estimate, Settings
from .tiles import tile_steps
from .transform_method import TransformMethod, estimate, whole_length

# A block's samples: enough for the longest kernels that blocks pay for, and small beside any signal.
_LARGEST = 1 << 22
_SMALLEST = 256
_BATCH = 1 << 15


class OverlapAdd(TransformMethod):
    """Blocks whose transforms are a few times as long as the kernel."""

    name = "overlap-add"

    def estimate(self, problem: Problem, costs: Costs, max_bytes: int | None) -> Estimate:
        """Return the cheapest block lengths that fit in memory (the smallest ones if none fit)."""
        found = [_estimate(problem, costs, lengths) for lengths in _candidates(problem)]
        fitting = [e for e in found if max_bytes is None or e.bytes <= max_bytes]
        return min(fitting, key=lambda e: e.seconds) if fitting else min(found, key=lambda e: e.bytes)

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"engine": settings.engine, "block": " × ".join(map(str, settings.lengths))}


def _candidates(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield block lengths: a common multiple of the kernel on every axis, at most the whole window."""
    tails = [spectral.tail(axis) for axis in problem.axes]
    whole = [whole_length(axis) for axis in problem.axes]
    smallest = max(16, round(_SMALLEST ** (1 / max(1, len(whole)))))
    seen: set[tuple[int, ...]] = set()
    for doubling in range(1, 24):
        lengths = tuple(
            min(w, fast_length(max(smallest, (1 << doubling) * (t + 1) // 2 + t)))
            for w, t in zip(whole, tails, strict=True)
        )
        if lengths not in seen and (not seen or prod(lengths) <= _LARGEST):
            seen.add(lengths)
            yield lengths


def _estimate(problem: Problem, costs: Costs, lengths: tuple[int, ...]) -> Estimate:
    """Return the cost of blocks of some lengths."""
    steps = tuple(_outputs(problem, i, length) for i, length in enumerate(lengths))
    tile = tile_steps(problem, steps, _BATCH, prod(lengths))
    blocks = prod(-(-axis.count // max(1, step)) for axis, step in zip(problem.axes, steps, strict=True))
    engine = engine_name(blocks * prod(lengths) * problem.batch, spectral.transform_dtype(problem))
    settings = Settings(tile, engine, lengths, (False,) * len(lengths))
    return estimate(problem, costs, settings, blocks)


def _outputs(problem: Problem, number: int, length: int) -> int:
    """Return how many outputs of an axis a block of some length gives: all of them, if it holds the whole window."""
    axis = problem.axes[number]
    if length >= spectral.alias_free_length(axis, axis.count):
        return axis.count
    return (length - spectral.tail(axis) - 1) // axis.stride + 1
