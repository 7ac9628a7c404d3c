"""One transform of the whole signal: the convolution theorem, y = F⁻¹(F x · F g)."""

from __future__ import annotations

from math import prod

from ..engines.lengths import fast_length, is_fast
from ..engines.protocol import Array
from ..engines.transforms import engine_name
from ..semantics.problem import Axis, Problem
from . import spectral
from .protocol import Costs, Estimate, Settings
from .tiles import Tile, tile_steps

# Samples that are transformed in one call where the batch is large: they stay in the second-level cache.
_BATCH = 1 << 16


class FFT:
    """The shortest transform without wrap-around; on a `wrap` axis one of the signal's own length."""

    name = "fft"

    def reject(self, problem: Problem) -> str | None:
        """Serve all numbers."""
        return spectral_reason(problem)

    def estimate(self, problem: Problem, costs: Costs, max_bytes: int | None) -> Estimate:
        """Return the transform lengths, and the price of the transforms."""
        circular = tuple(_is_circular(axis) for axis in problem.axes)
        lengths = tuple(_length(axis, c) for axis, c in zip(problem.axes, circular, strict=True))
        tile = tile_steps(problem, tuple(a.count for a in problem.axes), _BATCH, prod(lengths))
        samples = prod(lengths) * (problem.batch + problem.signal_batch)
        engine = engine_name(samples, spectral.transform_dtype(problem))
        return spectral_estimate(problem, costs, Settings(tile, engine, lengths, circular), tiles=1)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> spectral.Spectra:
        """Return the kernel's spectrum."""
        return spectral.prepare(kernel, problem, settings)

    def block(self, state: spectral.Spectra, problem: Problem, settings: Settings, tile: Tile, signal: Array) -> Array:
        """Return one tile of the result: all of the convolved axes, some of the batch."""
        return spectral.block(state, problem, settings, tile, signal)

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        words = {"engine": settings.engine, "length": " × ".join(map(str, settings.lengths))}
        return words | ({"circular": "yes"} if any(settings.circular) else {})


def spectral_reason(problem: Problem) -> str | None:
    """Return why no transform can serve a problem, or None."""
    return "Python objects have no transform" if problem.result_dtype.kind == "O" else None


def spectral_estimate(problem: Problem, costs: Costs, settings: Settings, tiles: int) -> Estimate:
    """Return the price of some tiles for each convolution of the batch."""
    seconds = spectral.transform_seconds(costs, problem, settings, tiles)
    kernel = prod(settings.lengths) * problem.kernel_batch
    seconds += costs.transform(settings.engine, spectral.transform_dtype(problem), kernel, prod(settings.lengths))
    calls = tiles * -(-problem.batch // max(1, _batch_of(settings, problem)))
    shared = spectral.spectrum_bytes(problem, settings, problem.kernel_batch)
    return Estimate(
        settings, seconds + costs.call + 3 * costs.tile * calls, shared, spectral.work_bytes(problem, settings)
    )


def _batch_of(settings: Settings, problem: Problem) -> int:
    return prod(t for i, t in enumerate(settings.tile) if i not in problem.positions)


def _padded_length(axis: Axis) -> int:
    return fast_length(spectral.alias_free_length(axis, axis.count))


def _is_circular(axis: Axis) -> bool:
    """Return whether a transform of the signal's own length serves: for `wrap`, which is periodic by itself.

    Lengths with a large prime factor have slow transforms; there a padded one is faster unless it is much longer.
    """
    return axis.boundary == "wrap" and (is_fast(axis.signal) or _padded_length(axis) > 4 * axis.signal)


def _length(axis: Axis, circular: bool) -> int:
    return axis.signal if circular else _padded_length(axis)
