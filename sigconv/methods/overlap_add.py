"""Block by block: transforms that stay in cache, along every axis that is worth cutting.

The blocks are cut from the *result* (the overlap-save form): each tile reads its samples and the halo of the kernel,
so any boundary serves, memory is bounded by the tiles in work, and no two tiles write the same output.
Overlap-add cuts the signal and adds the overlaps of the results; it gives the same sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ..engines.lengths import block_length, spread_rows, tile_length
from ..engines.protocol import spectrum_dtype
from ..engines.transforms import engine_names, installed
from ..semantics.problem import Problem
from . import spectral
from .protocol import Costs, Estimate, Settings
from .tiles import tile_steps
from .transform_method import TransformMethod, estimate, whole_length

# A block's samples: enough for the longest kernels that blocks pay for, and small beside any signal.
_LARGEST = 1 << 22
_SMALLEST = 256
# Outputs of a block, in quarters of the kernel.
_QUARTERS = (2, 4, 6, *(1 << i for i in range(3, 26)))
# Samples that are transformed together, and how many such batches a tile has.
_BATCH = 1 << 17
_TILE = 2


class OverlapAdd(TransformMethod):
    """Blocks whose transforms are a few times as long as the kernel."""

    name = "overlap-add"

    def estimates(self, problem: Problem, costs: Costs, max_bytes: int | None) -> list[Estimate]:
        """Return each engine's cheapest block lengths that fit in memory (those that take the least if none fit)."""
        batches = [_BATCH] if max_bytes is None else [_BATCH, _BATCH // 8, 1]
        sizes = [(lengths, batch) for lengths in _candidates(problem) for batch in batches]
        best = []
        for engine in engine_names(spectral.transform_dtype(problem)):
            found = [_estimate(problem, costs, engine, *size) for size in sizes]
            fitting = [e for e in found if max_bytes is None or e.bytes <= max_bytes]
            best.append(min(fitting, key=lambda e: e.seconds) if fitting else min(found, key=lambda e: e.bytes))
        return best

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"engine": settings.engine, "block": " × ".join(map(str, settings.lengths))}


def _candidates(problem: Problem) -> Iterator[tuple[int, ...]]:
    """Yield block lengths: a common multiple of the kernel on every axis, at most the whole window."""
    tails = [spectral.tail(axis) for axis in problem.axes]
    whole = [whole_length(axis) for axis in problem.axes]
    smallest = max(16, round(_SMALLEST ** (1 / max(1, len(whole)))))
    fast = block_length if len(whole) == 1 else tile_length
    itemsize = spectrum_dtype(spectral.transform_dtype(problem)).itemsize
    seen: set[tuple[int, ...]] = set()
    for quarters in _QUARTERS:
        lengths = tuple(
            min(w, fast(max(smallest, quarters * (t + 1) // 4 + t))) for w, t in zip(whole, tails, strict=True)
        )
        for halved in (False, True):  # pairs and single blocks: neither may have columns that collide
            lengths = spread_rows(lengths, (False,) * len(lengths), itemsize, halved)
        if lengths not in seen and (not seen or prod(lengths) <= _LARGEST):
            seen.add(lengths)
            yield lengths


def _estimate(problem: Problem, costs: Costs, engine: str, lengths: tuple[int, ...], batch: int) -> Estimate:
    """Return the cost of blocks of some lengths, of which about `batch` samples are transformed together."""
    outputs = [spectral.block_outputs(axis, length) for axis, length in zip(problem.axes, lengths, strict=True)]
    counts = [-(-axis.count // step) for axis, step in zip(problem.axes, outputs, strict=True)]
    size, total = prod(lengths), prod(counts)
    cut = bool(counts) and counts[0] > 1
    paired = cut and "c" not in (problem.signal_dtype.kind, problem.kernel_dtype.kind)
    blocks = _together(min(counts[0], batch // size), paired) if cut else 1
    if cut:
        outputs[0] *= max(blocks, _TILE * batch // size // blocks * blocks)
    tile = tile_steps(problem, tuple(outputs), batch, blocks * size)
    compiled = paired and engine == "fftw" and installed("numba") and all(a.stride == 1 for a in problem.axes)
    settings = Settings(tile, engine, lengths, (False,) * len(lengths), blocks, paired, compiled)
    return estimate(problem, costs, settings, total)


def _together(blocks: int, paired: bool) -> int:
    """Return how many blocks are transformed together: an even number if two share a transform."""
    return max(2, blocks - blocks % 2) if paired else max(1, blocks)
