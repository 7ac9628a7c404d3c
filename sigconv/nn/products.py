"""Direct sums of layers: products of matrices over channels and taps.

Compiled loops gather the windows of a few columns at a time where they stay in the cache, or read them where they lie;
NumPy multiplies with the samples of each tap.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array
from ..engines.transforms import installed
from ..methods.orientation import orient
from ..methods.protocol import Costs, Estimate, Settings
from ..methods.tiles import Reach, Tile, count_tiles, gather, reach_of
from ..methods.workers import available_workers, run_tiles
from ..semantics.problem import Axis
from .problem import INPUTS, Problem

# Products of a tile: so many that the Python around it counts for little; between these, a share that threads divide.
_LEAST, _MOST, _SHARE = 1 << 25, 1 << 27, 8
# A tile of so few columns or rows is not cut further: blocks would have too much at their ends.
_COLUMNS, _ROWS = 384, 256
# Above this many products Numba repays being imported; its loops serve these dtypes.
_COMPILED, _COMPILED_DTYPES = 1 << 21, "fd"
# Gathering the windows takes as long as this many rows of products; so many bytes are held, and for each line so many.
_GATHERING, _HELD, _HELD_OF_LINE = 5, 1 << 20, 1 << 9


class Products:
    """y[o, k] = Σ_c Σ_j ext(x_c)[k − j] g[o, c, j] as products of matrices."""

    def reject(self, problem: Problem) -> str | None:
        """Serve everything."""
        return None

    def estimate(self, problem: Problem, costs: Costs) -> Estimate:
        """Return tiles that stay in cache, and the price of all products and copies."""
        dtype = problem.convolutions.working_dtype
        compiled = repays_loading(problem) and dtype.char in _COMPILED_DTYPES and installed("numba")
        engine = "numba" if compiled else "numpy"
        tile, taps = _tile(problem, compiled), prod(axis.taps for axis in problem.convolutions.axes)
        reads = problem.inputs * prod(_extents(problem, tile[INPUTS + 1 :]))
        count = count_tiles(problem.sums_shape, tile)
        products = problem.products * (1 + _GATHERING / problem.outputs) if compiled else problem.products
        seconds = costs.call + costs.tile * count + costs.products(f"matrices {engine}", dtype, products)
        seconds += costs.passes(2 * dtype.itemsize * (prod(tile[:2]) * count * reads + 2 * prod(problem.sums_shape)))
        shared = prod(problem.convolutions.kernel_shape) * dtype.itemsize
        held = _HELD + _HELD_OF_LINE * (taps + problem.outputs) if compiled else reads * dtype.itemsize
        return Estimate(Settings(tile, engine), seconds, shared, held + 2 * prod(tile) * dtype.itemsize)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> Any:
        """Return the weights of each group, as the loops read them or as a matrix for each tap."""
        if settings.engine == "numba":
            products, weights = load("channels").Products, kernel.reshape(*kernel.shape[1 : INPUTS + 1], -1)
            rows = range(0, problem.outputs, settings.tile[2])
            return [{row: products(group[row : row + settings.tile[2]]) for row in rows} for group in weights]
        apart = orient(kernel, problem.convolutions).reshape(*kernel.shape[1 : INPUTS + 1], -1)
        return np.ascontiguousarray(np.moveaxis(apart, -1, 1))

    def run(self, state: Any, problem: Problem, settings: Settings, signal: Array, out: Array) -> bool:
        """Write the sums tile by tile; NumPy's matrix products have threads of their own."""
        compiled = settings.engine == "numba"
        workers, multiply = (available_workers(None), _compiled) if compiled else (1, _plain)

        def fill(tile: Tile) -> None:
            with np.errstate(all="ignore"):
                multiply(state, problem, tile, signal, out[tile.slices])

        run_tiles(fill, problem.sums_shape, settings.tile, workers, None)
        return True

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"matrix products": settings.engine, "tile": " × ".join(map(str, settings.tile[INPUTS + 1 :]))}


def repays_loading(problem: Problem) -> bool:
    """Return whether there are so many products that compiled loops are worth the import of Numba."""
    return problem.products > _COMPILED


def _tile(problem: Problem, compiled: bool) -> tuple[int, ...]:
    """Return the sizes of a tile: halves of halves of everything, of one sample and group for NumPy."""
    sizes = [problem.batch if compiled else 1, *(axis.count for axis in problem.convolutions.axes)]
    outputs, groups = problem.outputs, problem.groups if compiled else 1
    terms = problem.products // prod(problem.sums_shape)
    most = min(max(_LEAST, problem.products // _SHARE), _MOST)
    while prod(sizes) * outputs * terms * groups > most:
        if groups > 1:
            groups = -(-groups // 2)
        elif prod(sizes) >= 2 * _COLUMNS:
            first = next(i for i, size in enumerate(sizes) if size > 1)
            sizes[first] = -(-sizes[first] // 2)
        elif compiled and outputs >= 2 * _ROWS:
            outputs = -(-outputs // 16) * 8
        else:
            break
    return (sizes[0], groups, outputs, 1, *sizes[1:])


def _extents(problem: Problem, steps: tuple[int, ...]) -> list[int]:
    """Return how many samples a tile reads on each convolved axis."""
    return [axis.stride * (step - 1) + axis.span for axis, step in zip(problem.convolutions.axes, steps, strict=True)]


def lines_of(tile: Tile, signal: Array, out: Array) -> tuple[Array, Array]:
    """Return what a tile reads of a signal, aligned, and its outputs: (batch, groups, channels, *space) of both."""
    read = signal[tile.slices[0], tile.slices[1], 0]
    return read if read.flags.aligned else read.copy(), out[:, :, :, 0]


def _compiled(state: Any, problem: Problem, tile: Tile, signal: Array, out: Array) -> None:
    """Write one tile by compiled loops, group by group: in place if its planes are whole."""
    _, groups, rows = tile.slices[:3]
    axes, flip = problem.convolutions.axes, problem.convolutions.flip
    parts = tuple(_part(axis, tile.slices[axis.position], flip) for axis in axes)
    read, target = lines_of(tile, signal, out)
    whole = target[0, 0, 0].flags.c_contiguous
    sums = (target if whole else np.empty(target.shape, target.dtype)).reshape(*target.shape[:3], -1)
    for i, products in enumerate(state[groups]):
        products[rows.start].fill(read[:, i], parts, sums[:, i])
    if not whole:
        target[...] = sums.reshape(target.shape)


def _part(axis: Axis, wanted: slice, flip: bool) -> tuple[Axis, int, int, int]:
    """Return where the first tap as passed meets the first output, how far apart the taps lie, how many outputs."""
    first, step = axis.start + axis.stride * wanted.start, -axis.dilation if flip else axis.dilation
    return axis, first - (0 if flip else step * (axis.taps - 1)), step, wanted.stop - wanted.start


def _plain(state: Any, problem: Problem, tile: Tile, signal: Array, out: Array) -> None:
    """Write one tile, of one sample and one group, by NumPy's matrix products."""
    sample, group = tile.slices[:2]
    axes = problem.convolutions.axes
    reaches = [reach_of(axis, tile.slices[axis.position], (0, axis.taps)) for axis in axes]
    piece = gather(signal[sample, group], problem.convolutions, reaches)[0, 0, 0]
    _multiply_plain(state[group.start], piece, reaches, out[0, 0, :, 0])


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
