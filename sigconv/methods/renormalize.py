"""The weights of `boundary="renormalize"`: (Σ kernel)/(Σ of the taps that met a sample), for each output.

Both sums are taken over plain ranges of taps, by cumulative sums from the end where the range begins, so that a small
partial sum is not the difference of two large ones; away from the edges the weight is exactly 1. Where it is large, the
sums that it multiplies are done again directly (see again.py).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..engines.protocol import Array
from ..errors import ArgumentValueError
from ..semantics.dtypes import working_dtype
from ..semantics.problem import Axis, Problem
from .again import Sums, least, sum_again
from .scaling import near_one
from .tiles import Tile, strip_sizes, tiles

# Outputs whose weights are computed at once, and how many arrays of their size, and of the kernel's, that takes.
_AT_ONCE, _ARRAYS = 1 << 15, 6


class Weights:
    """The kernel summed over the axes that don't renormalise, ready to give the weights of any tile."""

    def __init__(self, kernel: Array, problem: Problem, again: Sums | None = None) -> None:
        self.axes = tuple(axis for axis in problem.axes if axis.boundary == "renormalize")
        self._problem, self._positions, self._again = problem, problem.positions, again
        others = tuple(p for p in problem.positions if p not in {a.position for a in self.axes})
        wide = widened(kernel, problem)
        check_sum(kernel, problem, "boundary='renormalize'")
        self._taps = wide.sum(axis=others, keepdims=True)
        self._magnitudes = abs(wide).sum(axis=others, keepdims=True)
        self._tolerance = tolerance(kernel, problem)
        if again is not None:
            samples = prod([axis.signal for axis in problem.axes])
            total = abs(wide.sum(axis=problem.positions, keepdims=True))
            with np.errstate(all="ignore"):  # of taps that are not finite
                self._largest = np.maximum(1, total / least(wide, samples, problem))

    def of(self, tile: Tile) -> Array | None:
        """Return the weights of a tile, or None where all are 1."""
        taps, magnitudes = (tile.batch(a, self._positions) for a in (self._taps, self._magnitudes))
        met = [_taps_met(axis, tile.slices[axis.position]) for axis in self.axes]
        if all(low.max() == 0 and high.min() == axis.taps for axis, (low, high) in zip(self.axes, met, strict=True)):
            return None
        total = taps
        for axis, (low, high) in zip(self.axes, met, strict=True):
            taps = range_sums(taps, axis.position, low, high)
            magnitudes = range_sums(magnitudes, axis.position, low, high)
            total = range_sums(total, axis.position, np.array([0]), np.array([axis.taps]))
        return quotients(total, taps, abs(taps) <= self._tolerance * magnitudes)

    def weigh(self, tile: Tile, signal: Array, block: Array, target: Array) -> None:
        """Write a tile of sums times its weights, of some outputs at a time."""
        for piece in tiles(block.shape, strip_sizes(block.shape, _AT_ONCE)):
            pairs = zip(tile.slices, piece.slices, strict=True)
            part = Tile(tuple(slice(t.start + s.start, t.start + s.stop) for t, s in pairs))
            weights = self.of(part)
            place: tuple[Any, ...] = (*piece.slices, ...)
            if weights is not None:
                self._sum_again(weights, part, signal, block[place])
            target[place] = block[place] if weights is None else block[place] * weights

    def _sum_again(self, weights: Array, tile: Tile, signal: Array, sums: Array) -> None:
        """Do those sums of a tile again that have few digits left once they are multiplied by their weights."""
        if self._again is None:
            return
        weak = np.broadcast_to(abs(weights) > tile.batch(self._largest, self._positions), sums.shape)
        if weak.any():
            sum_again(weak, tile, self._problem, [(self._again, signal, sums)])


def renormalizes(problem: Problem) -> bool:
    """Return whether a boundary renormalises."""
    return "renormalize" in [axis.boundary for axis in problem.axes]


def weighing_bytes(problem: Problem, tile: tuple[int, ...]) -> int:
    """Return what a worker takes where sums are not results: a tile, and sums of taps and weights of some outputs."""
    sums = prod(tile) * problem.working_dtype.itemsize
    if not renormalizes(problem):
        return sums if is_rounded(problem) else 0
    return sums + _ARRAYS * 8 * (min(prod(tile), _AT_ONCE) + prod(problem.kernel_shape))


def is_rounded(problem: Problem) -> bool:
    """Return whether sums have another dtype than results, float32 for float16."""
    return problem.working_dtype != problem.result_dtype


def quotients(total: Array, met: Array, vanishing: Array) -> Array:
    """Return (Σ of all taps)/(Σ of those that met a sample), NaN where the latter vanishes."""
    with np.errstate(all="ignore"):  # taps that are not finite are the caller's: the result shows them
        weights: Array = np.asarray(total / np.where(vanishing, 1, met))  # an array, also of no axis
    np.copyto(weights, np.nan, where=vanishing)
    return weights


def widened(kernel: Array, problem: Problem) -> Array:
    """Return the taps, times a power of two, in the dtype of their sums: double, or as precise as the result."""
    if problem.working_dtype.kind == "O":
        return kernel.astype(object)
    wide = np.result_type(kernel, np.longdouble if problem.working_dtype.char in "gG" else np.float64)
    return near_one(kernel.astype(wide))


def tolerance(kernel: Array, problem: Problem) -> float:
    """Return 4mε: a sum of taps vanishes if it is no more than this times the sum of their magnitudes.

    ε is that of the dtype in which such taps are summed, float32 for float16.
    """
    if kernel.dtype.kind == "O":
        return 0.0
    epsilon = np.finfo(working_dtype(kernel.dtype) if kernel.dtype.kind in "fc" else np.float64).eps
    return 4 * prod([axis.taps for axis in problem.axes]) * float(epsilon)


def check_sum(kernel: Array, problem: Problem, option: str) -> None:
    """Raise if the sum of an oriented kernel vanishes, so that nothing can be scaled to it."""
    wide = widened(kernel, problem)
    # The size of one Python number is no array.
    total, size = (np.asarray(a).sum(axis=problem.positions) for a in (wide, abs(wide)))
    if np.any(abs(total) <= tolerance(kernel, problem) * size):
        raise ArgumentValueError(
            f"{option} with a kernel whose sum vanishes (as Sobel's and Laplace's do): there is nothing to scale to; "
            f"use another {option.partition('=')[0]}="
        )


def _taps_met(axis: Axis, wanted: slice) -> tuple[Array, Array]:
    """Return the taps [low, high) that meet a sample, for each output of a tile."""
    output = axis.start + axis.stride * np.arange(wanted.start, wanted.stop)
    low = np.maximum(0, -((axis.signal - 1 - output) // axis.dilation))
    return low, np.maximum(low, np.minimum(axis.taps, output // axis.dilation + 1))


def range_sums(values: Array, axis: int, low: Array, high: Array) -> Array:
    """Return Σ values[low … high) along an axis, for each pair of bounds.

    >>> range_sums(np.array([1, 2, 4, 8]), 0, np.array([0, 1, 2]), np.array([2, 3, 4])).tolist()
    [3, 6, 12]
    """
    moved = np.moveaxis(values, axis, 0)
    zero = np.zeros((1, *moved.shape[1:]), values.dtype)
    from_low = np.concatenate([zero, np.cumsum(moved, axis=0)])
    from_high = np.concatenate([np.cumsum(moved[::-1], axis=0)[::-1], zero])
    sums = np.where(_column(low == 0, moved), from_low[high], from_high[low])
    for i in np.flatnonzero((low > 0) & (high < len(moved))):
        sums[i] = moved[low[i] : high[i]].sum(axis=0)
    return np.moveaxis(sums, 0, axis)


def _column(mask: Array, like: Array) -> Array:
    return mask.reshape(-1, *(1,) * (like.ndim - 1))
