"""What the methods that use transforms share: they differ in their lengths and tiles alone."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..engines.lengths import fast_length
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import needed
from ..semantics.dtypes import is_exact
from ..semantics.problem import Axis, Problem
from . import spectral
from .protocol import Costs, Estimate, Settings
from .tiles import Tile, count_tiles


class TransformMethod:
    """A method whose tiles are products of spectra."""

    def reject(self, problem: Problem) -> str | None:
        """Serve all numbers."""
        return "Python objects have no transform" if problem.result_dtype.kind == "O" else None

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> spectral.Spectra:
        """Return the kernel's spectrum."""
        return spectral.prepare(kernel, problem, settings)

    def fill(
        self, state: spectral.Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array
    ) -> None:
        """Write one tile of the result to `out`."""
        out[...] = spectral.block(state, problem, settings, tile, signal)


def whole_length(axis: Axis) -> int:
    """Return the transform length that holds the whole window of an axis."""
    return fast_length(spectral.alias_free_length(axis, axis.count))


def estimate(problem: Problem, costs: Costs, settings: Settings, blocks: int) -> Estimate:
    """Return the price of some blocks for each convolution of the batch: transforms, products, calls."""
    dtype, length = spectral.transform_dtype(problem, settings.paired), prod(settings.lengths)
    shared = 2 if settings.paired else 1  # blocks in a transform
    batch = max(1, prod(t for i, t in enumerate(settings.tile) if i not in problem.positions))
    tiles = count_tiles(problem.shape, settings.tile)
    transforms = _limbs(problem) * -(-blocks // shared) * (problem.signal_batch + problem.batch) + problem.kernel_batch
    batches = -(-blocks // settings.blocks) * -(-problem.batch // batch)
    seconds = costs.call + costs.spectrum + costs.tile * tiles + costs.batch * batches
    seconds += costs.transform(settings.engine, dtype, transforms * length, length)
    spectrum = length * _spectrum_item(dtype)
    seconds += costs.passes(5 * spectrum * problem.batch * blocks // shared)
    # A worker holds samples and spectra of both transforms, and what its tile reads and gives.
    worker = 5 * spectrum * batch * -(-settings.blocks // shared) + 3 * prod(settings.tile) * dtype.itemsize
    return Estimate(settings, seconds, spectrum * problem.kernel_batch, worker, _needs(problem, settings))


def _needs(problem: Problem, settings: Settings) -> frozenset[str]:
    """Return what a process loads for some settings."""
    packing = {"numba", f"packing {spectral.transform_dtype(problem).char}"} if settings.compiled else set()
    return needed(settings.engine) | packing


def _limbs(problem: Problem) -> int:
    """Return how many transforms an integer problem takes in place of one: a guess, since values decide."""
    return 3 if is_exact(problem.result_dtype) and problem.signal_dtype.itemsize > 2 else 1


def _spectrum_item(dtype: np.dtype[Any]) -> int:
    """Return the bytes of a spectrum for each sample of a transform."""
    return spectrum_dtype(dtype).itemsize // (1 if dtype.kind == "c" else 2)
