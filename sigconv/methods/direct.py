"""Direct sums, by the definition: every tap meets every output."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from math import prod

import numpy as np

from ..engines.plain_loops import convolve_line, sum_taps
from ..engines.protocol import Array
from ..engines.transforms import installed
from ..semantics.dtypes import is_exact
from ..semantics.problem import Axis, Problem
from .exact import LimbKernel, combine, limb_bits, limb_count, peak, split
from .protocol import Costs, Estimate, Settings
from .tiles import Reach, Tile, count_tiles, gather, reach_of, tile_steps, trimmed

# Outputs of a tile: with their input they stay in the second-level cache.
_TILE = 1 << 16
_ROW = 1 << 12
# Above this many products Numba repays being imported: numpy.convolve serves whole lines well, NumPy's sums over taps
# of several axes pass through memory once a tap.
_COMPILED_LINES, _COMPILED_TAPS = 1 << 23, 1 << 20
_COMPILED_DTYPES = "fdFD"  # and integers, which are summed in int64


class Direct:
    """y[k] = Σ_j ext(x)[k − j] g[j], as it stands."""

    name = "direct"

    def reject(self, problem: Problem) -> str | None:
        """Serve everything."""
        return None

    def estimate(self, problem: Problem, costs: Costs, max_bytes: int | None) -> Estimate:
        """Return tiles that stay in cache, and the price of all products."""
        tile = tile_steps(problem, _conv_steps(problem), _TILE)
        products = prod(problem.shape) * prod(_taps_met(a, tile[a.position]) for a in problem.axes)
        engine = _engine(problem, products)
        loop = "numpy taps" if engine == "numpy" and not _is_lines(problem) else engine
        seconds = costs.products(loop, problem.working_dtype, products)
        seconds += costs.tile * count_tiles(problem.shape, tile) + costs.call
        itemsize = problem.working_dtype.itemsize
        extended = prod(_extended(problem, tile)) * itemsize
        shared = prod(problem.kernel_shape) * itemsize
        return Estimate(Settings(tile, engine), seconds, shared, 2 * extended + 2 * prod(tile) * itemsize)

    def prepare(self, kernel: Array, problem: Problem, settings: Settings) -> Array:
        """Return the kernel in the dtype of the sums; integers stay as they are until their size is known."""
        return kernel if is_exact(problem.result_dtype) else kernel.astype(problem.working_dtype)

    def block(self, state: Array, problem: Problem, settings: Settings, tile: Tile, signal: Array) -> Array:
        """Return one tile of the result."""
        reaches = [reach_of(axis, tile.slices[axis.position]) for axis in problem.axes]
        if any(r.low >= r.high for r in reaches):
            return np.zeros(1, problem.working_dtype)  # broadcasts over the tile
        piece = gather(tile.batch(signal, problem.positions), problem, reaches)
        kernel = trimmed(tile.batch(state, problem.positions), reaches)
        sums = partial(_sums, reaches=reaches, engine=settings.engine)
        if is_exact(problem.result_dtype):
            return _exact_sums(piece, kernel, problem, sums)
        return sums(piece.astype(problem.working_dtype, copy=False), kernel)

    def describe(self, settings: Settings) -> dict[str, str]:
        """Return the settings in words."""
        return {"loops": settings.engine, "tile": " × ".join(map(str, settings.tile)) or "1"}


def _conv_steps(problem: Problem) -> tuple[int, ...]:
    """Return tile sizes on the convolved axes: rows that suit the inner loop, as many as the cache holds.

    Where the kernel is longer than the signal, small tiles keep the taps that meet no sample out of the sums.
    """
    left, steps = _TILE, []
    for axis in reversed(problem.axes):
        step = min(axis.count, _ROW if len(problem.axes) > 1 else _TILE, left)
        if axis.silent and axis.span > axis.signal:
            step = min(step, max(axis.signal, 256))
        steps.append(max(1, step))
        left //= max(1, step)
    return tuple(reversed(steps))


def _taps_met(axis: Axis, step: int) -> int:
    """Return how many taps a tile of some outputs multiplies."""
    if not axis.silent:
        return axis.taps
    return min(axis.taps, -(-(axis.signal + step * axis.stride) // axis.dilation))


def _extended(problem: Problem, tile: tuple[int, ...]) -> list[int]:
    """Return the shape of what a tile reads."""
    shape = list(tile)
    for axis in problem.axes:
        shape[axis.position] = axis.stride * (tile[axis.position] - 1) + axis.span
    return shape


def _is_lines(problem: Problem) -> bool:
    """Return whether numpy.convolve can serve: one axis, every tap and every output."""
    return len(problem.axes) == 1 and problem.axes[0].stride == problem.axes[0].dilation == 1


def _engine(problem: Problem, products: float) -> str:
    known = is_exact(problem.result_dtype) or problem.working_dtype.char in _COMPILED_DTYPES
    worth = bool(problem.axes) and products >= (_COMPILED_LINES if _is_lines(problem) else _COMPILED_TAPS)
    return "numba" if known and worth and installed("numba") else "numpy"


def _exact_sums(piece: Array, kernel: Array, problem: Problem, sums: partial[Array]) -> Array:
    """Return the exact integer sums of a tile, in as many limbs as its values need."""
    limbs = LimbKernel(kernel, lambda part: part)
    terms = prod(kernel.shape[p] for p in problem.positions)
    signal_peak = peak(piece)
    bits = limb_bits(signal_peak, limbs.peak, (2**62) // terms)
    columns: list[Array] = []
    for i, x in enumerate(split(piece, bits, limb_count(signal_peak, bits))):
        for j, g in enumerate(limbs.limbs(bits)):
            if i + j == len(columns):
                columns.append(sums(x, g))
            else:
                columns[i + j] += sums(x, g)
    return combine(columns, bits, problem.result_dtype)


def _sums(piece: Array, kernel: Array, reaches: list[Reach], engine: str) -> Array:
    """Return the sums of a tile: the convolved axes are moved last, and every kernel of the batch takes its signals."""
    if not reaches:
        return piece * kernel
    positions = [r.axis.position for r in reaches]
    last = tuple(range(piece.ndim - len(positions), piece.ndim))
    piece, kernel = np.moveaxis(piece, positions, last), np.moveaxis(kernel, positions, last)
    split_at = piece.ndim - len(positions)
    batch = np.broadcast_shapes(piece.shape[:split_at], kernel.shape[:split_at])
    counts = tuple((r.last - r.first) // r.axis.stride + 1 for r in reaches)
    out = np.empty((*batch, *counts), piece.dtype)
    add = _compiled_rows if engine == "numba" else _plain_rows
    for index in np.ndindex(kernel.shape[:split_at]):
        add(_batch_part(piece, kernel, index), kernel[index], _batch_part(out, kernel, index), reaches)
    return np.moveaxis(out, last, positions)


def _batch_part(array: Array, kernel: Array, index: tuple[int, ...]) -> Array:
    """Return the part of an array that belongs to one kernel of the batch."""
    return array[
        tuple(
            slice(i, i + 1) if kernel.shape[axis] > 1 and array.shape[axis] > 1 else slice(None)
            for axis, i in enumerate(index)
        )
    ]


def _plain_rows(piece: Array, kernel: Array, out: Array, reaches: list[Reach]) -> None:
    """Fill `out` in NumPy."""
    if len(reaches) == 1 and reaches[0].axis.stride == reaches[0].axis.dilation == 1:
        for index in np.ndindex(piece.shape[:-1]):
            out[index] = convolve_line(piece[index], kernel)
        return
    sum_taps(_windows(piece, kernel, out, reaches), kernel.reshape(-1), out)


def _windows(piece: Array, kernel: Array, out: Array, reaches: list[Reach]) -> list[Array]:
    """Return one view of the piece for each tap, of the shape of the output."""
    first_conv = piece.ndim - len(reaches)
    index = [slice(None)] * first_conv
    views = []
    for tap in np.ndindex(kernel.shape):
        begins = [r.axis.dilation * (r.high - r.low - 1 - t) for r, t in zip(reaches, tap, strict=True)]
        ends = [b + r.last - r.first + 1 for b, r in zip(begins, reaches, strict=True)]
        steps = [slice(b, e, r.axis.stride) for b, e, r in zip(begins, ends, reaches, strict=True)]
        views.append(piece[(*index, *steps)])
    return views


def _compiled_rows(piece: Array, kernel: Array, out: Array, reaches: list[Reach]) -> None:
    """Fill `out` by the compiled loop, which walks rows of the last axis through a flat copy of the piece.

    With a stride s on that axis the copy is sorted into its s phases, so that every row is contiguous.
    """
    stride = reaches[-1].axis.stride
    data = _phases(piece, stride)
    phase, *strides, last = (s // data.itemsize for s in data.strides)
    steps = [*(1,) * (piece.ndim - len(reaches)), *(r.axis.stride for r in reaches[:-1])]
    bases = _flat([np.arange(n) * s for n, s in zip(out.shape[:-1], steps, strict=True)], strides)
    *rows, within = (r.axis.dilation * np.arange(r.high - r.low - 1, -1, -1) for r in reaches)
    along = (within % stride) * phase + (within // stride) * last
    offsets = _flat([*rows, along], [*strides[len(steps) - len(rows) :], 1])
    sums = np.empty((bases.size, out.shape[-1]), out.dtype)
    loops = import_module("..engines.loops", __package__)
    loops.sum_rows(data.reshape(-1), bases, offsets, np.ascontiguousarray(kernel).reshape(-1), sums)
    out[...] = sums.reshape(out.shape)


def _phases(piece: Array, stride: int) -> Array:
    """Return a contiguous copy with a leading axis of the `stride` phases of the last axis."""
    length = -(-piece.shape[-1] // stride)
    if length * stride != piece.shape[-1]:
        piece = np.pad(piece, [(0, 0)] * (piece.ndim - 1) + [(0, length * stride - piece.shape[-1])])
    return np.ascontiguousarray(np.moveaxis(piece.reshape(*piece.shape[:-1], length, stride), -1, 0))


def _flat(indices: list[Array], strides: list[int]) -> Array:
    """Return the flat indices of all combinations of the indices of each axis, in C order."""
    total = np.zeros(1, np.intp)
    for index, stride in zip(indices, strides, strict=True):
        total = np.add.outer(total, index * stride).reshape(-1)
    return total
