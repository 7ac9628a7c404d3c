"""Kernels that are mostly zeros: direct sums of the other taps alone, wherever they stand.

y[k] = Σ_j ext(x)[k − j] g[j] over the taps g[j] ≠ 0, which are found in the kernel's values. A product with zero is
zero unless the sample is not finite; tiles that read such a sample are left to what mends the results of transforms.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..engines.protocol import Array
from ..semantics.dtypes import is_exact
from ..semantics.problem import Problem
from .direct import engine_rows, rows_of, rows_within, steps_of
from .direct_price import loops_for, needed
from .direct_tiles import conv_steps, extended, held_bytes, in_tiles, parts
from .nonfinite import is_finite
from .protocol import Costs, Estimate, Index, Limits, Runner, Settings
from .shares import share_of, waking
from .tiles import (
    Reach,
    Tile,
    convolved_last,
    count_tiles,
    first_of_every,
    gather,
    is_known_to_loops,
    numbers_outside,
    reach_of,
    tile_steps,
)

# Outputs of a tile: the Python around it and its halo count for little.
_TILE, _LEAST = 1 << 20, 1 << 16
# A product beside one of a dense kernel, whose taps share the samples that are loaded.
_DEARER = 3
# Passes over what a tile reads: a look at it, a copy of what it reads at an end, the first touch of that memory.
_PASSES = 3


class Taps(NamedTuple):
    """The taps that are not zero, on the last axis behind the batch, and where they stand on each convolved axis."""

    values: Array
    places: tuple[Array, ...]


class Sparse(NamedTuple):
    """y = Σ x[k − j] g[j] over the taps that are not zero, for kernels that have at most so many."""

    most: int
    name: str = "sparse"

    def reject(self, problem: Problem) -> str | None:
        """Serve floating-point numbers."""
        exact = is_exact(problem.result_dtype) or problem.working_dtype.kind not in "fc"
        return "it sums floating-point numbers" if exact else None

    def least_seconds(self, problem: Problem, costs: Costs) -> float:
        """Return that of a tile, and of the passes over what is read, which is no less than the result."""
        moved = costs.passes(_PASSES * prod(problem.shape) * problem.working_dtype.itemsize)
        return costs.call + costs.tile + moved / costs.workers

    def estimates(self, problem: Problem, costs: Costs, limits: Limits) -> list[Estimate]:
        """Return the tiles and the price of one tap, by each kind of loop."""
        outputs = min(_TILE, max(_LEAST, prod(problem.shape) // 4))
        return in_tiles(partial(_estimates, problem, costs), (outputs,), limits)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings, runner: Runner) -> Taps | None:
        """Return the kernel's taps; None if there are too many, or they are not finite."""
        if np.count_nonzero(kernel) > self.most * problem.kernel_batch:
            return None
        places = np.nonzero((kernel != 0).any(axis=problem.batch_positions))
        selected: tuple[Any, ...] = (..., *places)
        values = kernel.transpose(convolved_last(kernel.ndim, problem.positions))[selected]
        finite = len(places[0]) <= self.most and np.isfinite(values).all()
        return Taps(values.astype(problem.working_dtype), places) if finite else None

    def fill(
        self, state: Taps, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array, runner: Runner
    ) -> None:
        """Write one tile of the result to `out`: NaN, if not all samples that it reads are finite."""
        for part, place in parts(problem, tile):
            if not _fill(state, problem, settings, part, signal, out[place]):
                out[...] = np.nan
                return

    def probes(self, state: Taps, problem: Problem, settings: Settings) -> Index:
        """Look at the first output of each tile."""
        return first_of_every(problem, (settings.tile[position] for position in problem.positions))

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"loops": settings.engine, "tile": " × ".join(map(str, settings.tile))}

    @property
    def condition(self) -> str:
        """Which kernels are served."""
        return f"taken for a kernel that has at most {self.most} taps that are not zero"

    def found(self, state: Taps) -> str:
        """Return what was found in a kernel's values."""
        count = len(state.places[0])
        return f"this kernel has {count} tap{'s' * (count != 1)} that {'are' if count != 1 else 'is'} not zero: sparse"


def seconds_of_tap(problem: Problem, costs: Costs, settings: Settings) -> float:
    """Return the time of each further tap."""
    loops, products = settings.engine, prod(problem.shape)
    share = share_of(count_tiles(problem.shape, settings.tile), costs.workers)
    rate = "numpy taps" if loops == "numpy" else loops
    return share * (1 if loops == "numpy" else _DEARER) * costs.products(rate, problem.working_dtype, products)


def _estimates(problem: Problem, costs: Costs, outputs: int) -> list[Estimate]:
    """Return the price of one tap by each kind of loop, with tiles of about so many outputs."""
    tile = tile_steps(problem, conv_steps(problem, outputs), outputs)
    count, read = count_tiles(problem.shape, tile), prod(extended(problem, tile)) * problem.working_dtype.itemsize
    seconds = (
        costs.call
        + waking(count, costs)
        + share_of(count, costs.workers) * count * (costs.tile + costs.passes(_PASSES * read))
    )
    memory = prod(problem.kernel_shape), held_bytes(problem, tile)
    return [
        Estimate(
            settings, seconds + seconds_of_tap(problem, costs, settings), *memory, needed(problem, settings.engine)
        )
        for settings in (Settings(tile, loops) for loops in loops_for(problem))
    ]


def _fill(state: Taps, problem: Problem, settings: Settings, tile: Tile, signal: Array, out: Array) -> bool:
    """Write a part of a tile; return whether all samples that it reads are finite."""
    reaches = [reach_of(axis, tile.slices[axis.position]) for axis in problem.axes]
    if out.size == 0 or any(r.low >= r.high for r in reaches):
        out[...] = 0
        return True
    samples, taps = tile.batch(signal, problem.positions), _met(state, problem, tile, reaches)
    fill = _fill_compiled if settings.engine == "numba" else _fill_plain
    return fill(samples, taps, problem, reaches, out.transpose(convolved_last(out.ndim, problem.positions)))


def _met(state: Taps, problem: Problem, tile: Tile, reaches: list[Reach]) -> Taps:
    """Return the taps that the reaches hold, of the kernels of a tile, counted back from the last one."""
    held = np.logical_and.reduce([(r.low <= p) & (p < r.high) for r, p in zip(reaches, state.places, strict=True)])
    sizes = zip(problem.batch_positions, state.values.shape[:-1], strict=True)
    batch = tuple(slice(None) if size == 1 else tile.slices[i] for i, size in sizes)
    back = tuple(r.high - 1 - p[held] for r, p in zip(reaches, state.places, strict=True))
    return Taps(state.values[(*batch, held)], back)


def _fill_compiled(signal: Array, taps: Taps, problem: Problem, reaches: list[Reach], out: Array) -> bool:
    """Fill `out`, which has the convolved axes last, by the compiled loops; return whether all samples are finite."""
    fills, order = numbers_outside(problem), convolved_last(out.ndim, problem.positions)
    if len(fills) <= 1 and is_known_to_loops(signal):
        asked = reaches, out.shape[-1], problem.working_dtype, next(iter(fills), 0)
        rows = rows_of(signal.transpose(order), *asked)
    else:
        rows = rows_within(_gathered(signal, problem, reaches).transpose(order), reaches, out.shape[-1])
    if not is_finite(rows.samples):
        return False
    if taps.values.shape[-1]:
        engine_rows().fill_some(rows, taps.values, taps.places, out, steps_of(reaches))
    else:
        out[...] = 0
    return True


def _fill_plain(signal: Array, taps: Taps, problem: Problem, reaches: list[Reach], out: Array) -> bool:
    """Do the same in NumPy."""
    piece = _gathered(signal, problem, reaches).transpose(convolved_last(out.ndim, problem.positions))
    out[...] = 0
    for number, places in enumerate(zip(*taps.places, strict=True)):
        begins = [r.axis.dilation * int(p) for r, p in zip(reaches, places, strict=True)]
        ends = [b + r.last - r.first + 1 for b, r in zip(begins, reaches, strict=True)]
        window = tuple(slice(b, e, r.axis.stride) for b, e, r in zip(begins, ends, reaches, strict=True))
        tap = taps.values[..., number]
        out += tap.reshape(*tap.shape, *(1,) * len(window)) * piece[(slice(None),) * tap.ndim + window]
    return is_finite(piece)


def _gathered(signal: Array, problem: Problem, reaches: list[Reach]) -> Array:
    return gather(signal, problem, reaches).astype(problem.working_dtype, copy=False)
