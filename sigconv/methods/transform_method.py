"""What the methods that use transforms share: they differ in their lengths and tiles alone."""

from __future__ import annotations

from math import prod

from ..engines.lengths import fast_length
from ..engines.protocol import Array, spectrum_dtype
from ..semantics.dtypes import is_exact
from ..semantics.problem import Axis, Problem
from . import spectral
from .protocol import Costs, Estimate, Settings
from .tiles import Tile


class TransformMethod:
    """A method whose tiles are products of spectra."""

    def reject(self, problem: Problem) -> str | None:
        """Serve all numbers."""
        return "Python objects have no transform" if problem.result_dtype.kind == "O" else None

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> spectral.Spectra:
        """Return the kernel's spectrum."""
        return spectral.prepare(kernel, problem, settings)

    def block(self, state: spectral.Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array) -> Array:
        """Return one tile of the result."""
        return spectral.block(state, problem, settings, tile, signal)


def whole_length(axis: Axis) -> int:
    """Return the transform length that holds the whole window of an axis."""
    return fast_length(spectral.alias_free_length(axis, axis.count))


def estimate(problem: Problem, costs: Costs, settings: Settings, tiles: int) -> Estimate:
    """Return the price of some tiles for each convolution of the batch: transforms, products, calls."""
    dtype, length = spectral.transform_dtype(problem), prod(settings.lengths)
    batch = max(1, prod(t for i, t in enumerate(settings.tile) if i not in problem.positions))
    samples = _limbs(problem) * tiles * length * (problem.signal_batch + problem.batch) + length * problem.kernel_batch
    seconds = costs.call + 3 * costs.tile * tiles * -(-problem.batch // batch)
    seconds += costs.transform(settings.engine, dtype, samples, length)
    seconds += costs.passes(3 * _spectrum_bytes(problem, length * problem.batch * tiles))
    # A worker holds the piece, and samples and spectra of both transforms.
    worker = 5 * _spectrum_bytes(problem, length * batch)
    return Estimate(settings, seconds, _spectrum_bytes(problem, length * problem.kernel_batch), worker)


def _limbs(problem: Problem) -> int:
    """Return how many transforms an integer problem takes in place of one: a guess, since values decide."""
    return 3 if is_exact(problem.result_dtype) and problem.signal_dtype.itemsize > 2 else 1


def _spectrum_bytes(problem: Problem, samples: int) -> int:
    dtype = spectral.transform_dtype(problem)
    return samples * spectrum_dtype(dtype).itemsize // (1 if dtype.kind == "c" else 2)
