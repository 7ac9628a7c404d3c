"""One transform of the whole signal: the convolution theorem, y = F⁻¹(F x · F g)."""

from __future__ import annotations

from functools import lru_cache
from math import inf, prod
from typing import Any

from ..engines.lengths import is_fast, spread_rows
from ..engines.protocol import Array, spectrum_dtype
from ..engines.transforms import engine_names
from ..semantics.dtypes import FLOATS
from ..semantics.problem import Axis, Problem
from . import panels
from .protocol import PANELS, Costs, Estimate, Limits, Runner, Settings
from .spectral import transform_dtype
from .tiles import Tile, tile_steps
from .transform_method import (
    COPIES,
    TransformMethod,
    fastest,
    least_from,
    least_of,
    least_samples,
    whole_length,
    work,
)

# Samples that are transformed in one call where the batch is large: they stay in the second-level cache.
_BATCH = 1 << 16
# Samples of a transform from which on panels are considered.
PANELS_FROM = 1 << 18


class FFT(TransformMethod):
    """The shortest transform without wrap-around; on a `wrap` axis one of the signal's own length."""

    name = "fft"

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of transforms and copies of no more samples than the window needs."""
        return min(_least_whole(problem, costs), _least_in_panels(problem, costs))

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return the transform lengths and the price by each engine: of one transform at once, and in panels."""
        size, offers = prod(_lengths(problem)[0]), list[Estimate]()
        if _least_of_size(problem, costs, size) < limits.below:
            offers += self._whole(problem, costs)
        if _least_in_panels(problem, costs) < limits.below and panels.serves(problem, PANELS_FROM):
            offers.append(panels.estimate(problem, costs))
        return offers

    def _whole(self, problem: Problem, costs: Costs) -> list[Estimate]:
        lengths, circular = _lengths(problem)
        tile = tile_steps(problem, tuple(a.count for a in problem.axes), _BATCH, prod(lengths))
        asked = work(problem, costs, Settings(tile, "", lengths, circular), blocks=1)
        return [asked.estimate(costs, engine) for engine in engine_names(asked.dtype)]

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Any:
        """Return the kernel's spectra, for panels or for an engine."""
        prepare = panels.prepare if settings.engine == PANELS else super().prepare
        return prepare(kernel, problem, settings, runner)

    def fill(
        self, state: Any, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`, in panels or by an engine."""
        fill = panels.fill if settings.engine == PANELS else super().fill
        fill(state, problem, settings, tile, signal, out, runner)

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        words = {"engine": settings.engine, "length": " × ".join(map(str, settings.lengths))}
        return words | ({"circular": "yes"} if any(settings.circular) else {})


@lru_cache(maxsize=256)
def _lengths(problem: Problem) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """Return the transform lengths of one transform of all, and which axes are circular."""
    circular = tuple([_is_circular(axis) for axis in problem.axes])
    shortest = tuple([a.signal if c else whole_length(a) for a, c in zip(problem.axes, circular, strict=True)])
    dtype = transform_dtype(problem)
    return spread_rows(shortest, circular, spectrum_dtype(dtype).itemsize, dtype.kind != "c"), circular


def _least_whole(problem: Problem, costs: Costs) -> float:
    """Return the least seconds of transforms that hold the whole window."""
    length = least_samples(problem)
    each = least_from(length.bit_length() - 1, fastest, costs, transform_dtype(problem), len(problem.axes))
    return _least_of(problem, costs, length, each)


def _least_of_size(problem: Problem, costs: Costs, size: int) -> float:
    """Return the least seconds of transforms of some samples each."""
    each = fastest(costs, transform_dtype(problem), size, len(problem.axes), size & (size - 1) > 0)
    return _least_of(problem, costs, size, each)


def _least_of(problem: Problem, costs: Costs, length: int, each: float) -> float:
    """Return the least seconds of transforms, with copies, each sample of which takes some seconds."""
    copies = costs.passes(COPIES * length * problem.batch * transform_dtype(problem).itemsize)
    transforms = problem.kernel_batch + problem.signal_batch + problem.batch
    return least_of(length * transforms * each + copies, costs)


def _least_in_panels(problem: Problem, costs: Costs) -> float:
    """Return the least seconds of panels, of no more samples than the window needs."""
    length = least_samples(problem)
    # Transforms are at most twice as long as a period.
    if transform_dtype(problem).char not in FLOATS or length << len(problem.axes) < PANELS_FROM:
        return inf
    samples = length * (problem.kernel_batch + problem.signal_batch + problem.batch)
    return panels.least_seconds(problem, costs, samples, length)


def _is_circular(axis: Axis) -> bool:
    """Return whether a transform of the signal's own length serves: for `wrap`, which is periodic by itself.

    Lengths with a large prime factor have slow transforms; there a padded one is faster unless it is much longer.
    """
    return axis.boundary == "wrap" and (is_fast(axis.signal) or whole_length(axis) > 4 * axis.signal)
