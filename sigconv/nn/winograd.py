"""Layers with kernels of three taps by minimal filtering: two outputs of an axis by four products instead of six.

Of two axes that is 16 products for four outputs, in place of 36 (A. Lavin and S. Gray, Fast algorithms for
convolutional neural networks, CVPR 2016). Sums and differences of samples stand for these, so that its rounding errors
are relative to all samples of a tile: see `bounds.winograd_factor`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..engines.forks import load
from ..engines.protocol import Array
from ..engines.transforms import installed
from ..methods.orientation import orient
from ..methods.protocol import Costs, Estimate, Settings
from ..methods.scaling import range_of
from ..methods.tiles import Tile, count_tiles
from ..methods.workers import available_workers, run_tiles, runner_of
from ..semantics.problem import Axis
from .problem import INPUTS, Problem
from .products import lines_of, repays_loading

_DTYPES = "fd"
# Products of a tile of the result: so many that the Python around it counts for little, or a worker's share of all.
# Fewer tiles of the filter would not fill the blocks of the matrix products, fewer outputs would not repay the
# transforms of the samples.
_LEAST, _SHARES, _TILES, _OUTPUTS = 1 << 25, 2, 64, 128
# Bytes of a group's transformed samples and sums; a group is a multiple of so many tiles, which fill vectors. In each
# of its lines so many bytes are spare.
_BYTES, _MULTIPLE, _SPARE = 1 << 20, 64, 64
# Transforming a sample, or a sum back, takes as long as so many products.
_TRANSFORMING = 18
# Transforming a weight takes as long as passing so many times through what comes of it.
_WEIGHING = 5
# Rows of weights are filled up to a multiple of a block's, of at most so many.
_ROWS = 8
# Seconds of importing Numba, which few products do not repay.
_LOADING = 0.5
# Weights of an output channel are ordinary if the largest is so many powers of two above the least normal number: what
# underflows in their transform is then far below what is rounded.
_ROOM = 16
_LOUD = 2.0**-64  # a sum of squares by which they surely are
_ROW = Axis(INPUTS + 1, 1, 1, 1, 0, 1, 1, "zero", silent=True), 0, 1  # of an input of one axis


class Winograd:
    """y = Aᵀ [Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B)] A, tile by tile of two by two outputs, or of two."""

    def reject(self, problem: Problem) -> str | None:
        """Serve kernels of 3, 1 × 3 and 3 × 3 taps."""
        axes, dtype = problem.convolutions.axes, problem.result_dtype
        if not installed("numba"):
            return "its loops are compiled by Numba, which is not installed"
        if dtype.char not in _DTYPES:
            return f"its loops compute in float32 and float64, not in {dtype}"
        if any(axis.stride > 1 for axis in axes):
            return "neighbouring outputs share products, and a stride leaves some of them out"
        if any(axis.dilation > 1 for axis in axes):
            return "neighbouring outputs share products, and a dilation sets them apart"
        if tuple(axis.taps for axis in axes) not in ((3,), (1, 3), (3, 3)):
            return "it filters with 3, 1 × 3 or 3 × 3 taps"
        return "it needs several channels to sum over" if problem.inputs == 1 else None

    def estimate(self, problem: Problem, costs: Costs) -> Estimate:
        """Return tiles that workers share, and the price of all products, transforms and copies."""
        dtype, tile, inputs = problem.convolutions.working_dtype, _tile(problem, costs.workers), problem.inputs
        numbers, parts = _numbers(problem), -(-problem.outputs // tile[2])
        each = numbers * (inputs + tile[2] + _ROWS) * dtype.itemsize
        group = max(1, _BYTES // each // _MULTIPLE) * _MULTIPLE
        products = inputs * problem.outputs + _TRANSFORMING * (inputs * parts + problem.outputs)
        products *= (
            numbers * problem.batch * problem.groups * _tiles_of(problem, problem.convolutions.shape[INPUTS + 1 :])
        )
        shared = numbers * problem.groups * inputs * (problem.outputs + _ROWS) * dtype.itemsize
        moved = prod(problem.convolutions.signal_shape) + 2 * prod(problem.sums_shape)
        seconds = costs.call + costs.spectrum + costs.tile * count_tiles(problem.sums_shape, tile)
        seconds += costs.products("matrices numba", dtype, products) + costs.passes(2 * dtype.itemsize * moved)
        seconds += costs.passes(_WEIGHING * shared, compiled=True) + (0 if repays_loading(problem) else _LOADING)
        held = (group + _SPARE // dtype.itemsize) * each + 2 * prod(tile) * dtype.itemsize
        return Estimate(Settings(tile, "numba", blocks=group), seconds, shared, held)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> Any:
        """Return the transformed weights of each group; none if some are too small for that."""
        slid = np.flip(orient(kernel, problem.convolutions), problem.convolutions.positions)
        taps = [1, *(axis.taps for axis in problem.convolutions.axes)][-2:]
        weights = slid.reshape(problem.groups, problem.outputs, problem.inputs, *taps)
        workers, engine = available_workers(None), load("winograd")
        filters = [engine.Filters(group, settings.blocks) for group in weights]
        parts = _parts(problem.outputs, workers, engine.ROWS)
        steps = [(group, rows) for group in range(problem.groups) for rows in parts]
        ordinary = list[bool]()

        def transform(number: int) -> None:
            group, rows = steps[number]
            ordinary.append(_is_ordinary(weights[group, rows.start : rows.stop]))
            filters[group].transform(rows)

        runner_of(workers)(transform, len(steps))
        return filters if all(ordinary) else None

    def run(self, state: Any, problem: Problem, settings: Settings, signal: Array, out: Array) -> bool:
        """Write the sums tile by tile; return whether all are finite: one may be infinite on the way alone."""
        finite, workers = list[bool](), available_workers(None)

        def fill(tile: Tile) -> None:
            with np.errstate(all="ignore"):
                finite.append(_fill(state, problem, tile, signal, out[tile.slices]))

        run_tiles(fill, problem.sums_shape, _tile(problem, workers, load("winograd").ROWS), workers, None)
        return all(finite)

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"tiles in a group": str(settings.blocks)}


def _is_ordinary(weights: Array) -> bool:
    """Return whether what underflows in the transform of some rows is far below what is rounded there."""
    lines = weights.reshape(len(weights), -1)
    if (np.einsum("oi,oi->o", lines, lines) > _LOUD).all():
        return True
    sizes = np.abs(lines).max(axis=1)
    return not ((sizes > 0) & (sizes < 2.0 ** (range_of(weights.dtype).normal + _ROOM))).any()


def _part_of(rows: int, parts: int, block: int) -> int:
    """Return the rows of weights in each of some parts, in whole blocks."""
    return -(-rows // (parts * block)) * block


def _parts(outputs: int, workers: int, block: int) -> list[range]:
    """Return the rows of weights in a part for each worker."""
    step = _part_of(outputs, workers, block)
    return [range(first, min(first + step, outputs)) for first in range(0, outputs, step)]


def _units(problem: Problem) -> list[int]:
    """Return how many outputs a tile of the filter has on each axis."""
    return [2 if axis.taps == 3 else 1 for axis in problem.convolutions.axes]


def _numbers(problem: Problem) -> int:
    """Return how many products a tile of the filter takes for each pair of channels."""
    return prod(4 if unit == 2 else 1 for unit in _units(problem))


def _tiles_of(problem: Problem, sizes: Sequence[int]) -> int:
    """Return how many tiles of the filter cover so many outputs on each axis."""
    return prod(-(-size // unit) for size, unit in zip(sizes, _units(problem), strict=True))


def _tile(problem: Problem, workers: int, block: int = _ROWS) -> tuple[int, ...]:
    """Return the sizes of a tile: halves of halves of everything, in whole tiles of the filter and blocks of rows.

    The sums are the same whatever the tiles are.
    """
    sizes, units = [problem.batch, *(axis.count for axis in problem.convolutions.axes)], [1, *_units(problem)]
    groups, outputs, each = problem.groups, problem.outputs, _numbers(problem) * problem.inputs

    def tiles() -> int:
        return sizes[0] * _tiles_of(problem, sizes[1:])

    most = max(_LEAST, groups * tiles() * outputs * each // max(workers, _SHARES))
    while groups * tiles() * outputs * each > most:
        if groups > 1:
            groups = -(-groups // 2)
        elif tiles() >= 2 * _TILES:
            first = next(i for i, (size, unit) in enumerate(zip(sizes, units, strict=True)) if size > unit)
            sizes[first] = -(-sizes[first] // (2 * units[first])) * units[first]
        elif outputs >= 2 * _OUTPUTS:
            outputs = _part_of(outputs, 2, block)
        else:
            break
    return (sizes[0], groups, outputs, 1, *sizes[1:])


def _fill(filters: Any, problem: Problem, tile: Tile, signal: Array, out: Array) -> bool:
    """Write one tile group by group, in place if its lines are whole; return whether all of it is finite."""
    _, groups, rows = tile.slices[:3]
    read, target = lines_of(tile, signal, out)
    sums = target if target.strides[-1] == target.itemsize else np.empty(target.shape, target.dtype)
    parts = [_ROW, *(_part(axis, tile.slices[axis.position]) for axis in problem.convolutions.axes)]
    data, result = (a[:, :, :, None] if len(parts) == 2 else a for a in (read, sums))
    finite = [f.fill(data[:, i], tuple(parts[-2:]), rows.start, result[:, i]) for i, f in enumerate(filters[groups])]
    if sums is not target:
        target[...] = sums
    return all(finite)


def _part(axis: Axis, wanted: slice) -> tuple[Axis, int, int]:
    """Return where the first tap meets the first output, in sliding order, and how many outputs there are."""
    return axis, axis.start + wanted.start - (axis.taps - 1), wanted.stop - wanted.start
