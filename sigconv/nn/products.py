"""Direct sums of layers: products of matrices over channels and taps, in blocks of outputs that stay in cache.

The windows are never written out. What a tile reads lies in one piece of memory, for a stride s as its s phases, so
that every tap of every channel meets the outputs as one run of neighbours, from an offset on (polyphase
decomposition: P. P. Vaidyanathan, Multirate Systems and Filter Banks, ch. 4). At the ends of rows the runs hold a few
sums that are no outputs; they are left out when the tile is stored.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..engines.forks import load
from ..engines.protocol import Array
from ..engines.transforms import installed
from ..methods.orientation import orient
from ..methods.protocol import Costs, Estimate, Settings
from ..methods.tiles import Reach, Tile, count_tiles, gather, reach_of
from ..methods.workers import available_workers, run_tiles
from ..semantics.problem import Axis
from .polyphase import fill_phases
from .problem import INPUTS, Problem

# Bytes of what a tile reads and writes: so many that the Python around it counts for little, and that the sums, which
# are copied to their places, are still in the cache; and its outputs at least.
_TILE_BYTES, _LEAST = 1 << 21, 256
# Above this many products Numba repays being imported; its loops serve these dtypes.
_COMPILED, _COMPILED_DTYPES = 1 << 21, "fd"
_SLACK = 512  # bytes behind the samples of a tile: its loops read at least so many at once


class Products:
    """y[o, k] = Σ_c Σ_j ext(x_c)[k − j] g[o, c, j] as products of matrices."""

    def reject(self, problem: Problem) -> str | None:
        """Serve everything."""
        return None

    def estimate(self, problem: Problem, costs: Costs) -> Estimate:
        """Return tiles that stay in cache, and the price of all products and copies."""
        dtype = problem.convolutions.working_dtype
        compiled = problem.products > _COMPILED and dtype.char in _COMPILED_DTYPES and installed("numba")
        engine, steps = "numba" if compiled else "numpy", _steps(problem)
        tile = (1, 1, problem.outputs, 1, *steps)
        reads = problem.inputs * prod(_extents(problem, steps))
        count = count_tiles(problem.sums_shape, tile)
        seconds = costs.call + costs.tile * count + costs.products(f"matrices {engine}", dtype, problem.products)
        seconds += costs.passes(2 * dtype.itemsize * (count * reads + 2 * prod(problem.sums_shape)))
        shared = prod(problem.convolutions.kernel_shape) * dtype.itemsize
        return Estimate(Settings(tile, engine), seconds, shared, (reads + 2 * prod(tile)) * dtype.itemsize)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> Any:
        """Return the weights of each group, as the loops read them or as a matrix for each tap."""
        columns = orient(kernel, problem.convolutions)[0]
        if settings.engine == "numba":
            panels = load("channels").Panels
            return [panels(group.reshape(problem.outputs, -1)) for group in columns]
        apart = columns.reshape(problem.groups, problem.outputs, problem.inputs, -1)
        return np.ascontiguousarray(np.moveaxis(apart, -1, 1))

    def run(self, state: Any, problem: Problem, settings: Settings, signal: Array, out: Array) -> None:
        """Write the sums tile by tile; NumPy's matrix products have threads of their own."""
        workers = available_workers(None) if settings.engine == "numba" else 1

        def fill(tile: Tile) -> None:
            with np.errstate(all="ignore"):
                _fill(state, problem, tile, signal, out[tile.slices])

        run_tiles(fill, problem.sums_shape, settings.tile, workers, None)

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"matrix products": settings.engine, "tile": " × ".join(map(str, settings.tile[INPUTS + 1 :]))}


def _steps(problem: Problem) -> tuple[int, ...]:
    """Return the outputs of a tile on the convolved axes: whole rows where they fit."""
    channels = problem.inputs + problem.outputs
    left = max(_LEAST, _TILE_BYTES // (channels * problem.convolutions.working_dtype.itemsize))
    steps: list[int] = []
    for axis in reversed(problem.convolutions.axes):
        steps.append(max(1, min(axis.count, left)))
        left //= steps[-1]
    return tuple(reversed(steps))


def _extents(problem: Problem, steps: tuple[int, ...]) -> list[int]:
    """Return how many samples a tile reads on each convolved axis."""
    return [axis.stride * (step - 1) + axis.span for axis, step in zip(problem.convolutions.axes, steps, strict=True)]


def _fill(state: Any, problem: Problem, tile: Tile, signal: Array, out: Array) -> None:
    """Write one tile: of one sample and one group."""
    sample, group = tile.slices[:2]
    axes = problem.convolutions.axes
    reaches = [reach_of(axis, tile.slices[axis.position], (0, axis.taps)) for axis in axes]
    piece = _extended(signal[sample, group], problem, reaches)[0, 0, 0]
    multiply = _multiply_plain if isinstance(state, np.ndarray) else _multiply_compiled
    multiply(state[group.start], piece, reaches, out[0, 0, :, 0])


def _extended(signal: Array, problem: Problem, reaches: list[Reach]) -> Array:
    """Return the extended samples that a tile reads; zeros are written and samples copied in one pass."""
    ends = [np.clip((r.start, r.stop), 0, r.axis.signal).tolist() for r in reaches]
    inside, lengths = [slice(*pair) for pair in ends], [r.stop - r.start for r in reaches]
    samples = signal[(slice(None),) * (INPUTS + 1) + tuple(inside)]
    if not all(r.axis.silent for r in reaches) or samples.shape[INPUTS + 1 :] == tuple(lengths):
        return gather(signal, problem.convolutions, reaches)
    piece = np.zeros((*signal.shape[: INPUTS + 1], *lengths), signal.dtype)
    places = (slice(s.start - r.start, s.stop - r.start) for s, r in zip(inside, reaches, strict=True))
    piece[(slice(None),) * (INPUTS + 1) + tuple(places)] = samples
    return piece


def _multiply_plain(weights: Array, piece: Array, reaches: list[Reach], target: Array) -> None:
    """Fill the target (outputs, *space) with NumPy's matrix products, tap by tap."""
    total: Any = 0
    for matrix, tap in zip(weights, np.ndindex(*(r.axis.taps for r in reaches)), strict=True):
        window: list[slice] = []
        for r, j, count in zip(reaches, tap, target.shape[1:], strict=True):
            first = r.axis.dilation * (r.axis.taps - 1 - j)
            window.append(slice(first, first + r.axis.stride * (count - 1) + 1, r.axis.stride))
        total = total + np.tensordot(matrix, piece[(slice(None), *window)], axes=1)
    target[...] = total


def _multiply_compiled(panels: Any, piece: Array, reaches: list[Reach], target: Array) -> None:
    """Fill the target (outputs, *space) from compiled loops: in place if its planes are whole."""
    run = _run_of(piece, reaches)
    item = piece.itemsize
    last = sum((n - 1) * pitch for n, pitch in zip(target.shape[1:], run.pitches, strict=True))
    width = max(last + item, panels.block)
    if target[0].flags.c_contiguous and len(run.pitches) <= 2:
        kept = target.shape[-1] * item, run.pitches[0] if len(run.pitches) == 2 else width
        panels.multiply(run.samples, run.offsets, target.reshape(panels.rows, -1), len(piece), width, *kept)
        return
    sums = np.empty((panels.rows, width // item), target.dtype)
    panels.multiply(run.samples, run.offsets, sums, len(piece), width, width, width)
    target[...] = as_strided(sums, target.shape, (sums.strides[0], *run.pitches))


class _Run(NamedTuple):
    """What a tile reads: where each tap of each channel meets the first output, and how far apart the outputs lie.

    `offsets` are counted from the first of the samples, `pitches` are those of the convolved axes; in bytes.
    """

    samples: Array
    offsets: Array
    pitches: tuple[int, ...]


def _run_of(piece: Array, reaches: list[Reach]) -> _Run:
    """Return the extended samples (inputs, *space) as they are, or in their phases where a stride skips some."""
    axes = tuple(r.axis for r in reaches)
    strides = tuple(axis.stride for axis in axes)
    if prod(strides) == 1 and _is_run(piece, reaches):
        steps = piece.strides[1:]
        return _Run(piece, _offsets(piece.strides[0], len(piece), axes, (0,) * len(strides), steps), steps)
    rows = tuple(-(-n // s) for n, s in zip(piece.shape[1:], strides, strict=True))
    shape = (len(piece), *strides, *rows)
    flat = np.zeros(prod(shape) + _SLACK // piece.itemsize, piece.dtype)
    phases = flat[: prod(shape)].reshape(shape)
    fill_phases(phases, piece, strides)
    between, steps = phases.strides[1 : 1 + len(strides)], phases.strides[1 + len(strides) :]
    return _Run(flat, _offsets(phases.strides[0], len(piece), axes, between, steps), steps)


def _is_run(piece: Array, reaches: list[Reach]) -> bool:
    """Return whether the loops can read the samples where they lie: row behind row, and enough of them."""
    space = piece[0]
    extents = [n * step for n, step in zip(space.shape, space.strides, strict=True)]
    in_order = all(outer >= inner for outer, inner in zip(space.strides, extents[1:], strict=False))
    length = sum((r.last - r.first) * step for r, step in zip(reaches, space.strides, strict=True))
    return space.strides[-1] == piece.itemsize and in_order and piece.flags.aligned and length >= _SLACK


@lru_cache(maxsize=64)
def _offsets(
    channel: int, channels: int, axes: tuple[Axis, ...], between: tuple[int, ...], steps: tuple[int, ...]
) -> Array:
    """Return where the taps of each channel meet the first output; `between` phases, `steps` within one."""
    places = [channel * np.arange(channels)]
    for axis, jump, step in zip(axes, between, steps, strict=True):
        first = axis.dilation * np.arange(axis.taps - 1, -1, -1)
        places.append(first % axis.stride * jump + first // axis.stride * step)
    total: Array = reduce(np.add.outer, places)
    return total.reshape(-1)
