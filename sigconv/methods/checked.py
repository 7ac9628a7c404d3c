"""Transforms whose outputs are taken where they are proven to be close to their own sum; the others are summed.

With B the proven bound of a transform's error, and T the result for |x| and |h| by the same transforms,
Σ|x||h| ≥ T − B. So where B ≤ c m u (T − B), the error of an output is at most c m u Σ|x||h|. Ordinary data and long
kernels pass nearly everywhere; blocks that hold both huge and tiny samples do not, and their outputs are direct sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import pi, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.problem import Problem
from .bounds import ALLOWED, transform_factor, transform_underflow, unit_roundoff
from .direct import Direct
from .direct_price import loops_for, needed
from .norms import CELLS, block_norms, cell_sizes, cells_of, factor_of
from .protocol import Costs, Estimate, Index, Limits, Method, Runner, Settings
from .scaling import range_of
from .tiles import Tile, count_tiles, gather, reach_of, tiles
from .workers import in_order

# Steps in which the outputs that are not taken are summed.
_STEPS = 16
# Passes over the result in double precision that the check makes.
_PASSES = 8
_DIRECT = Direct()


class State(NamedTuple):
    """The kernel, as the transforms have it and its sizes, as direct sums have it, and its norms."""

    values: Any
    sizes: Any
    taps: Any
    norms: Array


class Checked(NamedTuple):
    """A method that serves with componentwise accuracy."""

    method: Method

    @property
    def name(self) -> str:
        """The name of the method that is checked."""
        return self.method.name

    def reject(self, problem: Problem) -> str | None:
        """Serve where some data can pass."""
        taps = prod(axis.taps for axis in problem.axes)
        if _allowed(problem) < transform_factor(problem.working_dtype, 1 << taps.bit_length()):
            return (
                "accuracy='componentwise': its errors are relative to the loudest samples of a block, "
                f"and with {taps} taps too large for the sum of any output"
            )
        return self.method.reject(_normwise(problem))

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of two results."""
        return 2 * self.method.least_seconds(_normwise(problem), costs)

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return the price of two results and of the check, and of direct sums where these are likely."""
        found = self.method.estimates(_normwise(problem), costs, limits._replace(below=limits.below / 2))
        sums = _direct_seconds(problem, costs, limits.max_bytes)
        return [self._estimate(problem, costs, e, sums) for e in found if e.settings.steps == 1]

    def _estimate(self, problem: Problem, costs: Costs, inner: Estimate, sums: float) -> Estimate:
        settings, size, item = inner.settings, prod(problem.shape), problem.working_dtype.itemsize
        samples = prod(axis.signal + sum(axis.halo) for axis in problem.axes)
        read, fails = problem.signal_batch * samples, _fails_on_noise(problem, settings, samples)
        steps = 2 * count_tiles(problem.shape, settings.tile) + _STEPS
        return Estimate(
            settings._replace(tile=tuple(max(1, n) for n in problem.shape), checked=settings.tile, steps=steps),
            2 * inner.seconds + fails * sums + costs.passes(_PASSES * 8 * (size + read)),
            2 * inner.shared_bytes + (item + 17) * size + (3 * 8 + item) * read,
            inner.worker_bytes,
            inner.needs | needed(problem, loops_for(problem)[-1]),
        )

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> State:
        """Return the kernel, its sizes and its norms."""
        inner, asked = _inner(settings), _normwise(problem)
        sizes = np.abs(kernel).astype(problem.working_dtype)
        wide = np.abs(kernel.astype(np.result_type(kernel, np.float64)))
        return State(
            self.method.prepare(kernel, asked, inner, runner),
            self.method.prepare(sizes, asked, inner, runner),
            _DIRECT.prepare(kernel, problem, settings, runner),
            np.sqrt((wide**2).sum(axis=problem.positions, keepdims=True)),
        )

    def fill(
        self, state: State, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write the result to `out`: by transforms, with the sums of sizes beside them, then the direct sums."""
        inner, asked, dtype = _inner(settings), _normwise(problem), problem.working_dtype
        absolute = replace(asked, fill_value=np.abs(np.array(problem.fill_value, dtype)).astype(dtype)[()])
        sizes, sums = np.abs(signal.astype(dtype)).astype(dtype), np.empty(out.shape, dtype)
        parts = list(tiles(problem.shape, inner.tile))

        def transform(step: int) -> None:
            with np.errstate(all="ignore"):
                part = parts[step // 2]
                place: Any = (*part.slices, ...)
                if step % 2:
                    self.method.fill(state.sizes, absolute, inner, part, sizes, sums[place], in_order)
                else:
                    self.method.fill(state.values, asked, inner, part, signal, out[place], in_order)

        runner(transform, 2 * len(parts))
        left = list(_left(problem, inner, _failing(state, problem, inner, signal, sums.real)))
        plain = Settings(problem.shape, loops_for(problem)[-1])

        def add(step: int) -> None:
            with np.errstate(all="ignore"):
                for part in left[step::_STEPS]:
                    place: Any = (*part.slices, ...)
                    _DIRECT.fill(state.taps, problem, plain, part, signal, out[place], in_order)

        runner(add, _STEPS)

    def probes(self, state: State, problem: Problem, settings: Settings) -> Index | None:
        """Look at the outputs that the transforms reach."""
        return self.method.probes(state.values, _normwise(problem), _inner(settings))

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {**self.method.describe(_inner(settings)), "checked": "direct sums where not proven"}


@lru_cache(maxsize=256)
def _direct_seconds(problem: Problem, costs: Costs, max_bytes: int | None) -> float:
    """Return the time of direct sums."""
    return min(e.seconds for e in _DIRECT.estimates(problem, costs, Limits(max_bytes)))


@lru_cache(maxsize=256)
def _normwise(problem: Problem) -> Problem:
    return replace(problem, accuracy="normwise")


def _inner(settings: Settings) -> Settings:
    """Return the settings of the transforms."""
    return settings._replace(tile=settings.checked, checked=(), steps=1)


def _allowed(problem: Problem) -> float:
    """Return c m u."""
    return ALLOWED * prod(axis.taps for axis in problem.axes) * unit_roundoff(problem.working_dtype)


def _fails_on_noise(problem: Problem, settings: Settings, samples: int) -> bool:
    """Return whether Σ|x||h| of normal noise, 2/π m of its deviations, is too small beside ‖x_b‖₂ ‖h‖₂."""
    taps = prod(axis.taps for axis in problem.axes)
    near = min(samples, 2 * prod((2 + 1 / CELLS) * length for length in settings.lengths))
    return 2 / pi * _allowed(problem) < factor_of(problem, settings) * sqrt(near / taps)


def _failing(state: State, problem: Problem, settings: Settings, signal: Array, sums: Array) -> Array:
    """Return where the outputs are not proven to be close enough, from the sums of the sizes."""
    reaches = [reach_of(axis, slice(0, axis.count)) for axis in problem.axes]
    wide = np.result_type(sums, np.float64)
    sizes = np.abs(gather(signal, problem, reaches)).astype(wide)
    # A square that underflows is off by less than the smallest normal number.
    squares = sizes * sizes + np.where(sizes > 0, np.finfo(wide).tiny, 0)
    norms = block_norms(squares, problem, settings, reaches) * (1 + 2.0**-20)  # these few sums round too
    length, dtype = prod(settings.lengths), problem.working_dtype
    floor = transform_underflow(dtype, length, float(state.norms.max(initial=0)))
    bounds = np.where(norms > 0, factor_of(problem, settings) * norms * state.norms + floor, 0)
    least = bounds * (1 + 1 / _allowed(problem))
    for reach, size in zip(reaches, cell_sizes(settings, reaches), strict=True):
        position = reach.axis.position
        least = least.take(cells_of(reach, size, least.shape[position]), axis=position)
    failing: Array = ~((sums >= least) & (sums < range_of(dtype).loudest))
    return failing


def _left(problem: Problem, settings: Settings, failing: Array) -> Sequence[Tile]:
    """Return tiles that hold all failing outputs: few large ones if they are many, else of a block each."""
    if not failing.any():
        return []
    many = 4 * np.count_nonzero(failing) > failing.size
    sizes = list(failing.shape) if many else [1] * failing.ndim
    for axis, length in zip(problem.axes, settings.lengths, strict=True):
        sizes[axis.position] = axis.count if many else max(1, length // 4)
    if many:
        first = problem.axes[0]
        sizes[first.position] = -(-first.count // _STEPS)
        return list(tiles(failing.shape, tuple(sizes)))
    starts = [np.arange(0, n, size) for n, size in zip(failing.shape, sizes, strict=True)]
    held = failing
    for i, start in enumerate(starts):
        held = np.logical_or.reduceat(held, start, axis=i)
    places = [starts[i][index].tolist() for i, index in enumerate(np.nonzero(held))]
    return [
        Tile(tuple(slice(a, min(a + size, n)) for a, size, n in zip(place, sizes, failing.shape, strict=True)))
        for place in zip(*places, strict=True)
    ]
